// Package devbroker is a Danube broker inside the process: it speaks the real
// gRPC protocol, so the real client works against it unchanged, and it does what
// a test wants of a broker: fail this request, forget that answer, crash, move a
// topic. It is for development and tests only. It has no disk: everything it
// holds is memory, gone with Close. Production runs on a Danube cluster.
//
//	broker, err := devbroker.Start(devbroker.Settings{})
//	if err != nil { … }
//	defer broker.Close()
//	// broker.URL() is the danube_service_url
//
// # What it models
//
// Producers, consumers, discovery, health checks and the schema registry of
// Danube 0.15.1, with its statuses and the words in them: subjects that topics are
// bound to, the policies none, warn and enforce, payloads checked in the forms that
// broker takes (an Avro container file, a number of 4 or 8 bytes); lenient topic names,
// one producer id per name, topics that answer UNAVAILABLE once while they are
// being created, every refusal of a publish folded into PERMISSION_DENIED,
// OUT_OF_RANGE above 4 MiB, a stream reset where that broker's handler panics,
// the lookups and partition listings that go by the beginning of a name, the
// window, acknowledgements and redelivery of subscriptions. Several listeners
// are several brokers of a cluster: every topic is owned by one of them.
//
// Acknowledged is not written: with [Settings.Flush] set, a [Broker.Crash]
// forgets what was acknowledged since the last flush, as the real broker does.
//
// # What it does not model
//
// Disk, replication, authorisation by role, quotas on rates, the admin service. A
// request above 64 MiB is answered by gRPC itself, with RESOURCE_EXHAUSTED. It is
// better than the real broker in what [Quirks] lists: switches that make it as bad.
//
// # How it is built
//
// One file per RPC. All state belongs to one goroutine, the owner; the
// goroutines of the gRPC server only translate, and hand the owner one step per
// request. Whatever a step changes, it changes at one instant.
package devbroker
