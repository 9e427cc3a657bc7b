package danube_test

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// fakes are brokers that say whatever a test wants, at addresses of their own.
type fakes struct {
	t      testing.TB
	lookup func(asked string, topic string) (*wire.TopicLookupResponse, error)
	create func(asked string, r *wire.ProducerRequest) (*wire.ProducerResponse, error)
	health func(asked string, r *wire.HealthCheckRequest) (*wire.HealthCheckResponse, error)

	mu        sync.Mutex
	listeners map[string]*bufconn.Listener
	dialled   []string
	open      map[string]int // connections
	calls     []heard
}

// heard is a call a fake broker was asked to answer.
type heard struct {
	at, method, proxied string // proxied: the header for proxies
}

// newFakes starts a fake broker at every address.
func newFakes(t testing.TB, addresses ...string) *fakes {
	f := &fakes{t: t, listeners: map[string]*bufconn.Listener{}, open: map[string]int{}}
	f.health = func(string, *wire.HealthCheckRequest) (*wire.HealthCheckResponse, error) {
		return &wire.HealthCheckResponse{}, nil
	}
	f.create = func(string, *wire.ProducerRequest) (*wire.ProducerResponse, error) {
		return &wire.ProducerResponse{ProducerId: 1<<64 - 1}, nil
	}
	for _, address := range addresses {
		l := bufconn.Listen(1 << 16)
		f.listeners[address] = l
		s := grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}))
		f.serve(s, address)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = s.Serve(l)
		}()
		t.Cleanup(func() {
			s.Stop()
			<-done
		})
	}
	return f
}

// dial connects to a fake broker, and to nobody else.
func (f *fakes) dial(ctx context.Context, address string) (net.Conn, error) {
	f.mu.Lock()
	f.dialled = append(f.dialled, address)
	l := f.listeners[address]
	f.mu.Unlock()
	if l == nil {
		return nil, syscall.ECONNREFUSED
	}
	c, err := l.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	f.count(address, 1)
	return &counted{Conn: c, close: sync.OnceFunc(func() { f.count(address, -1) })}, nil
}

// counted is a connection that tells when it is closed.
type counted struct {
	net.Conn
	close func()
}

func (c *counted) Close() error {
	c.close()
	return c.Conn.Close()
}

func (f *fakes) count(address string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[address] += n
}

// connections returns how many are open to an address.
func (f *fakes) connections(address string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open[address]
}

// heardOf returns the calls of a method, in the order they came in.
func (f *fakes) heardOf(method string) (calls []heard) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.method == method {
			calls = append(calls, c)
		}
	}
	return calls
}

// unary is one method of a fake broker.
func unary[Q any, A any](f *fakes, address, path string, answer func(*Q) (A, error)) grpc.MethodDesc {
	name := path[len(path)-lastPart(path):]
	handler := func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		question := new(Q)
		if err := decode(question); err != nil {
			return nil, err
		}
		c := heard{at: address, method: path}
		if md, _ := metadata.FromIncomingContext(ctx); len(md.Get(wire.BrokerURLHeader)) > 0 {
			c.proxied = md.Get(wire.BrokerURLHeader)[0]
		}
		f.mu.Lock()
		f.calls = append(f.calls, c)
		f.mu.Unlock()
		return answer(question)
	}
	return grpc.MethodDesc{MethodName: name, Handler: handler}
}

func lastPart(path string) (n int) {
	for path[len(path)-1-n] != '/' {
		n++
	}
	return n
}

func (f *fakes) serve(s *grpc.Server, at string) {
	s.RegisterService(&grpc.ServiceDesc{ServiceName: wire.DiscoveryService, Methods: []grpc.MethodDesc{
		unary(f, at, wire.TopicLookup, func(q *wire.TopicLookupRequest) (*wire.TopicLookupResponse, error) {
			return f.lookup(at, q.Topic)
		}),
	}}, nil)
	s.RegisterService(&grpc.ServiceDesc{ServiceName: wire.ProducerService, Methods: []grpc.MethodDesc{
		unary(f, at, wire.CreateProducer, func(q *wire.ProducerRequest) (*wire.ProducerResponse, error) {
			return f.create(at, q)
		}),
		unary(f, at, wire.SendMessage, func(q *wire.StreamMessage) (*wire.MessageResponse, error) {
			if q.GetRequestId() == 0 || q.GetPublishTime() != uint64(time.Now().UnixMilli()) {
				f.t.Errorf("request id %d, published at %d", q.GetRequestId(), q.GetPublishTime())
			}
			return &wire.MessageResponse{RequestId: q.RequestId}, nil
		}),
	}}, nil)
	s.RegisterService(&grpc.ServiceDesc{ServiceName: wire.HealthCheckService, Methods: []grpc.MethodDesc{
		unary(f, at, wire.CheckHealth, func(q *wire.HealthCheckRequest) (*wire.HealthCheckResponse, error) {
			return f.health(at, q)
		}),
	}}, nil)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: wire.ConsumerService,
		Methods: []grpc.MethodDesc{
			unary(f, at, wire.Subscribe, func(*wire.ConsumerRequest) (*wire.ConsumerResponse, error) {
				return &wire.ConsumerResponse{ConsumerId: 5}, nil
			}),
		},
		// A stream on which nothing ever comes.
		Streams: []grpc.StreamDesc{{StreamName: "ReceiveMessages", ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			<-s.Context().Done()
			return s.Context().Err()
		}}},
	}, nil)
}
