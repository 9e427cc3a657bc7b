package devbroker

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

type streamMessage = wire.StreamMessage

// rpcs is every unary RPC by service.
var rpcs = map[string][]grpc.MethodDesc{
	wire.DiscoveryService: {
		unary("TopicLookup", topicLookup, lookupRequest),
		unary("TopicPartitions", topicPartitions, lookupRequest),
	},
	wire.ProducerService: {
		unary("CreateProducer", createProducer, createProducerRequest),
		unary("SendMessage", sendMessage, sendRequest),
	},
	wire.HealthCheckService: {
		unary("HealthCheck", healthCheck, healthRequest),
	},
	wire.ConsumerService: {
		unary("Subscribe", subscribe, subscribeRequest),
		unary("Ack", ack, ackRequest),
		unary("Nack", nack, nackRequest),
	},
	wire.SchemaRegistryService: {
		unary("RegisterSchema", registerSchema, noTopic),
		unary("GetSchema", schemaByID, noTopic),
		unary("GetLatestSchema", latestSchema, noTopic),
		unary("ListVersions", listVersions, noTopic),
		unary("CheckCompatibility", checkCompatibility, noTopic),
		unary("SetCompatibilityMode", setCompatibilityMode, noTopic),
		unary("DeleteSchemaVersion", deleteSchemaVersion, noTopic),
		unary("ListSubjects", listSubjects, noTopic),
		unary("ConfigureTopicSchema", configureTopicSchema, configureRequest),
		unary("UpdateTopicValidationPolicy", updateTopicValidationPolicy, policyRequest),
		unary("GetTopicSchemaConfig", topicSchemaConfig, configRequest),
	},
}

// receiveMessages is the one stream.
const receiveMessages = "ReceiveMessages"

// methodNames returns the names a Fault may have.
func methodNames() []string {
	names := []string{receiveMessages}
	for methods := range maps.Values(rpcs) {
		for _, m := range methods {
			names = append(names, m.MethodName)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// register serves all of them. The service descriptions are written by hand
// because the generated names must not be Danube's; see package wire.
func (b *Broker) register(server *grpc.Server) {
	for name, methods := range rpcs {
		desc := &grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil), Methods: methods}
		if name == wire.ConsumerService {
			desc.Streams = []grpc.StreamDesc{{StreamName: receiveMessages, Handler: receive, ServerStreams: true}}
		}
		server.RegisterService(desc, b)
	}
}

// message is a pointer to a generated message.
type message[T any] interface {
	*T
	proto.Message
}

// unary makes a gRPC method of an RPC: do runs on the owner's goroutine, describe
// tells faults what the request is about.
func unary[In, Out any, PIn message[In], POut message[Out]](
	name string,
	do func(*state, *call, PIn) (POut, error),
	describe func(*state, PIn) Request,
) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(server any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in PIn = new(In)
		r := request{Message: in}
		if err := decode(&r); err != nil {
			return nil, err
		}
		if err := r.check(); err != nil {
			return nil, err
		}
		var out POut
		c := &call{ctx: ctx, broker: server.(*Broker), method: name}
		c.request = func(s *state) Request { return describe(s, in) }
		c.apply = func(s *state) (err error) {
			out, err = do(s, c, in)
			return err
		}
		if err := c.run(); err != nil {
			return nil, err
		}
		return out, nil
	}}
}

// noTopic describes requests that are about no topic.
func noTopic[T any](*state, T) Request { return Request{} }
