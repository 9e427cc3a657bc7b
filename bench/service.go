package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// service is the least of a Danube broker that a producer needs, on an ordinary
// gRPC server with its default options: what it costs is gRPC's, not a broker's.
type service struct {
	ledger *ledger
	// url is what it advertises.
	url string
	// delay is how long it takes to answer a message.
	delay time.Duration
}

// register serves s. The descriptions are written by hand because the generated
// names must not be Danube's.
func (s *service) register(server *grpc.Server) {
	for name, methods := range map[string][]grpc.MethodDesc{
		wire.DiscoveryService:   {unary("TopicLookup", (*service).lookup)},
		wire.HealthCheckService: {unary("HealthCheck", (*service).health)},
		wire.ProducerService: {
			unary("CreateProducer", (*service).createProducer),
			unary("SendMessage", (*service).sendMessage),
		},
	} {
		server.RegisterService(&grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil), Methods: methods}, s)
	}
}

// unary makes a method of gRPC from one of s.
func unary[In, Out any](name string, do func(*service, context.Context, *In) (*Out, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(s any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		return do(s.(*service), ctx, in)
	}}
}

func (s *service) lookup(_ context.Context, in *wire.TopicLookupRequest) (*wire.TopicLookupResponse, error) {
	return &wire.TopicLookupResponse{
		RequestId: in.RequestId, ResponseType: wire.TopicLookupResponse_Connect, ConnectUrl: s.url, BrokerUrl: s.url,
	}, nil
}

func (s *service) createProducer(_ context.Context, in *wire.ProducerRequest) (*wire.ProducerResponse, error) {
	return &wire.ProducerResponse{RequestId: in.RequestId, ProducerId: s.ledger.open(in.TopicName), ProducerName: in.ProducerName}, nil
}

func (s *service) health(_ context.Context, in *wire.HealthCheckRequest) (*wire.HealthCheckResponse, error) {
	answer := &wire.HealthCheckResponse{Status: wire.HealthCheckResponse_CLOSE}
	if s.ledger.book(in.Id) != nil {
		answer.Status = wire.HealthCheckResponse_OK
	}
	return answer, nil
}

func (s *service) sendMessage(ctx context.Context, in *wire.StreamMessage) (*wire.MessageResponse, error) {
	b := s.ledger.book(in.GetMsgId().GetProducerId())
	if b == nil {
		return nil, status.Errorf(codes.NotFound, "The producer with id %d does not exist", in.GetMsgId().GetProducerId())
	}
	at, seq, err := identify(in.Payload)
	if err == nil {
		err = b.enter(at, seq)
	}
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "not one of the benchmark's messages: %v", err)
	}
	if s.delay > 0 && !pause(ctx, s.delay) {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return &wire.MessageResponse{RequestId: in.RequestId}, nil
}

// pause waits for d and reports whether ctx has not ended before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
