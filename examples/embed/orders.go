package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
)

const (
	ordersTopic = "/default/orders"
	maxOrder    = 64 << 10
)

// orders is a source that is told: every request hands over one record.
type orders struct {
	mu     sync.Mutex
	sender connect.Sender  // nil while the runtime takes nothing
	using  *sync.WaitGroup // the requests that use sender
}

var _ connect.Streamer = (*orders)(nil)

func newOrders() *orders { return &orders{} }

// Initialize has nothing to connect to.
func (o *orders) Initialize(context.Context, connect.Epoch) error { return nil }

// Producers names the topic.
func (o *orders) Producers() []connect.Producer {
	return []connect.Producer{{Topic: ordersTopic, Reliable: true}}
}

// Stream lends the sender to the requests until ctx ends, and waits for those that
// use it.
func (o *orders) Stream(ctx context.Context, s connect.Sender) error {
	using := new(sync.WaitGroup)
	o.lend(s, using)
	<-ctx.Done()
	o.lend(nil, nil)
	using.Wait()
	return nil
}

func (o *orders) lend(s connect.Sender, using *sync.WaitGroup) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sender, o.using = s, using
}

// borrow returns the sender until giveBack is called; false while there is none.
func (o *orders) borrow() (s connect.Sender, giveBack func(), ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sender == nil {
		return nil, nil, false
	}
	o.using.Add(1)
	return o.sender, o.using.Done, true
}

// ServeHTTP takes an order: JSON, and who ordered as the key. 202 means that the
// broker has it; 400, or 413 if it is too large, that it never will; 503 that nobody knows, so try again.
func (o *orders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	sender, giveBack, ok := o.borrow()
	if !ok {
		http.Error(w, "not taking orders", http.StatusServiceUnavailable)
		return
	}
	defer giveBack()
	record := connect.RawJSON(ordersTopic, body).WithKey(r.URL.Query().Get("customer"))
	err = sender.Deliver(r.Context(), connect.Acknowledged, record.Envelope())
	switch {
	case err == nil:
		w.WriteHeader(http.StatusAccepted)
	case errors.Is(err, connect.ClassInvalid):
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}
