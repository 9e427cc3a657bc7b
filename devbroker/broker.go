package devbroker

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Broker is a running development broker, or several of one cluster. All methods
// are safe for concurrent use; after Close they do nothing.
type Broker struct {
	hosts   []*host // fixed; what changes in them is the owner's
	proxy   bool
	server  *grpc.Server
	token   atomic.Pointer[digest]
	steps   chan *step
	free    sync.Pool     // of *step
	closing chan struct{} // closed first: handlers that wait give up
	quit    chan struct{} // closed when no handler is left: the owner ends
	ended   chan struct{} // closed by the owner
	serving sync.WaitGroup
	once    sync.Once
}

// Start listens and serves; when it returns, clients can connect. An error says
// which setting or address is wrong, and nothing is left running.
func Start(settings Settings) (*Broker, error) {
	settings = settings.withDefaults()
	if err := settings.check(); err != nil {
		return nil, err
	}
	hosts, err := listen(settings)
	if err != nil {
		return nil, err
	}
	b := &Broker{
		hosts:   hosts,
		proxy:   settings.Proxy,
		steps:   make(chan *step, burst),
		free:    sync.Pool{New: func() any { return &step{done: make(chan struct{}, 1)} }},
		closing: make(chan struct{}),
		quit:    make(chan struct{}),
		ended:   make(chan struct{}),
	}
	b.SetToken(settings.Token)
	creds := insecure.NewCredentials()
	if settings.TLS != nil {
		creds = credentials.NewTLS(settings.TLS)
	}
	b.server = grpc.NewServer(
		grpc.Creds(shake{creds}),
		grpc.ForceServerCodecV2(codec{}),
		grpc.MaxRecvMsgSize(maxReceive),
		grpc.WaitForHandlers(true),
		// The real broker does not mind how often a client pings.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Millisecond, PermitWithoutStream: true}),
	)
	b.register(b.server)
	go b.own(newState(settings, hosts))
	for _, h := range hosts {
		// The error of Serve is that of the listener being closed.
		b.serving.Go(func() { _ = b.server.Serve(h.gate) })
		settings.Logger.Info("development broker listens", "url", h.url)
	}
	return b, nil
}

// listen opens every listener, or none.
func listen(settings Settings) (hosts []*host, err error) {
	open := func(address string) (net.Listener, error) { return net.Listen("tcp", address) }
	if settings.Network != nil {
		open = settings.Network.listen
	}
	scheme := "http"
	if settings.TLS != nil {
		scheme = "https"
	}
	for i, address := range settings.Listen {
		l, err := open(address)
		if err != nil {
			for _, h := range hosts {
				_ = h.gate.Close()
			}
			return nil, fmt.Errorf("devbroker: listen on %s: %w", address, err)
		}
		h := &host{index: i, gate: newGate(l), url: scheme + "://" + l.Addr().String()}
		h.name = h.url
		if settings.Proxy {
			h.name = hostName(scheme, i)
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

// URL is the address of the first listener as a client is configured with it,
// such as http://127.0.0.1:43210.
func (b *Broker) URL() string { return b.hosts[0].url }

// URLs are the addresses of all listeners, in the order of Settings.Listen.
func (b *Broker) URLs() []string {
	urls := make([]string, len(b.hosts))
	for i, h := range b.hosts {
		urls[i] = h.url
	}
	return urls
}

// Close stops listening, cuts every connection and returns when every goroutine
// of the broker has ended. What it held is gone. It is safe to call twice, and
// from several goroutines; it always returns nil.
func (b *Broker) Close() error {
	b.once.Do(func() {
		close(b.closing)
		b.server.Stop() // waits for the handlers
		b.serving.Wait()
		close(b.quit)
		<-b.ended
	})
	return nil
}
