// Package danube is this project's own client of Danube brokers, over grpc-go.
//
// A [Client] holds the connections. A [Transport] publishes to one topic and all
// its partitions: it makes one attempt at a time for each message, in a session
// its caller has named and adopted, and opens sessions with a patience that no
// outage of a broker exhausts. A [Consumer] reads a topic, for tests, examples
// and the command. The Client itself asks the schema registry.
//
// What a gRPC status means is decided in status.go, and for the registry in
// status_registry.go, and nowhere else.
package danube
