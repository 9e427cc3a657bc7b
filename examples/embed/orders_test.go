package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// desk is a runtime that answers every Deliver in the same way.
type desk struct {
	answer   error
	slow     time.Duration
	envelope connect.Envelope
	level    connect.Level
}

func (d *desk) Send(context.Context, ...connect.Envelope) error {
	return errors.New("an order must be delivered before it is answered")
}

func (d *desk) Deliver(ctx context.Context, level connect.Level, envelopes ...connect.Envelope) error {
	d.envelope, d.level = envelopes[0], level
	time.Sleep(d.slow)
	return d.answer
}

func ask(o *orders, body io.Reader) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	o.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/orders?customer=ada", body))
	return w
}

var answers = []struct {
	from error
	want int
}{
	{nil, http.StatusAccepted},
	{&connect.DeliveryError{Level: connect.Acknowledged, Errs: []error{connect.Invalid(errors.New("no JSON"))}}, http.StatusBadRequest},
	{&connect.DeliveryError{Level: connect.Acknowledged, Errs: []error{connect.Fatal(errors.New("refused"))}}, http.StatusServiceUnavailable},
	{&connect.DeliveryError{Level: connect.Acknowledged, Errs: []error{connect.ErrStopped}}, http.StatusServiceUnavailable},
	{connect.ErrStopped, http.StatusServiceUnavailable},
	{context.Canceled, http.StatusServiceUnavailable},
}

func TestAnOrderIsAnsweredByWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	for _, a := range answers {
		synctest.Test(t, func(t *testing.T) {
			o, d := newOrders(), &desk{answer: a.from}
			ctx, cancel := context.WithCancel(t.Context())
			streaming := make(chan error, 1)
			go func() { streaming <- o.Stream(ctx, d) }()
			synctest.Wait()
			if got := ask(o, strings.NewReader(`{"item":"tea"}`)); got.Code != a.want {
				t.Errorf("%v is answered with %d, want %d", a.from, got.Code, a.want)
			}
			if key, _ := d.envelope.Record.Key(); key != "ada" || string(d.envelope.Record.Raw()) != `{"item":"tea"}` || d.level != connect.Acknowledged {
				t.Errorf("delivered %v with the key %q, %v", d.envelope.Record, key, d.level)
			}
			cancel()
			if err := <-streaming; err != nil {
				t.Error(err)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("line dropped") }

func TestWhatIsNoOrderIsNotTaken(t *testing.T) {
	t.Parallel()
	o := newOrders()
	if got := ask(o, strings.NewReader("{}")); got.Code != http.StatusServiceUnavailable {
		t.Errorf("without a runtime: %d", got.Code)
	}
	o.lend(&desk{answer: errors.New("this should not be asked")}, nil)
	if got := ask(o, strings.NewReader(strings.Repeat("x", maxOrder+1))); got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("an order that is too large: %d", got.Code)
	}
	if got := ask(o, broken{}); got.Code != http.StatusBadRequest {
		t.Errorf("an order that was cut off: %d", got.Code)
	}
}

// All that uses the sender has ended when Stream returns.
func TestStreamWaitsForItsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, d := newOrders(), &desk{slow: time.Minute}
		ctx, cancel := context.WithCancel(t.Context())
		streaming := make(chan error, 1)
		go func() { streaming <- o.Stream(ctx, d) }()
		synctest.Wait()
		answered := make(chan int, 1)
		go func() { answered <- ask(o, strings.NewReader("{}")).Code }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got := ask(o, strings.NewReader("{}")); got.Code != http.StatusServiceUnavailable {
			t.Errorf("an order while stopping: %d", got.Code)
		}
		began := time.Now()
		if err := <-streaming; err != nil || time.Since(began) != time.Minute {
			t.Errorf("Stream returned after %v with %v, want after the request", time.Since(began), err)
		}
		if code := <-answered; code != http.StatusAccepted {
			t.Errorf("the request under way is answered with %d", code)
		}
	})
}

func TestVitals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vitals{every: time.Second}
		if err := v.Initialize(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for i := range 3 {
			envelopes, err := v.Poll(t.Context())
			if err != nil || len(envelopes) != 1 || !envelopes[0].Offset.IsZero() {
				t.Fatalf("polled %v, %v", envelopes, err)
			}
			values := envelopes[0].Record.Value().(map[string]any)
			if n, ok := values["goroutines"].(int); !ok || n < 1 {
				t.Errorf("measured %v", values)
			}
			if took := time.Since(began); took != time.Duration(i)*time.Second {
				t.Errorf("measurement %d after %v", i, took)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if envelopes, err := v.Poll(ctx); len(envelopes) > 0 || err != nil {
			t.Errorf("polled %v, %v after the end", envelopes, err)
		}
	})
}
