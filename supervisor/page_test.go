package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func contains(err error, part string) bool { return err != nil && strings.Contains(err.Error(), part) }

// page returns what the runtime's handler answers.
func (r *running) page(path string) string {
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Result().Status + "\n" + w.Body.String()
}

func (r *running) says(path, what string) bool { return strings.Contains(r.page(path), what) }

// gauge reads a figure of the whole runtime.
func (r *running) gauge(name string) (value float64) {
	r.t.Helper()
	page := r.page("/metrics")
	_, rest, ok := strings.Cut(page, "\ndanube_connect_"+name+"{")
	_, rest, _ = strings.Cut(rest, "} ")
	if n, err := fmt.Sscan(rest, &value); !ok || n != 1 {
		r.t.Fatalf("no %s in %s: %v", name, page, err)
	}
	return value
}

// pair streams several ledgers side by side: what one has no room for does not
// hold the others up.
type pair struct{ ledgers []*ledger }

func (p *pair) Initialize(ctx context.Context, e connect.Epoch) error {
	for _, l := range p.ledgers {
		if err := l.Initialize(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *pair) Producers() (all []connect.Producer) {
	for _, l := range p.ledgers {
		all = append(all, l.Producers()...)
	}
	return all
}

func (p *pair) Stream(ctx context.Context, out connect.Sender) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	for i, l := range p.ledgers {
		wait.Go(func() {
			for ctx.Err() == nil {
				envelopes := l.take()
				for j := range envelopes {
					envelopes[j].Offset.Partition = p.name(i, envelopes[j].Offset.Partition)
				}
				if len(envelopes) == 0 || out.Send(ctx, envelopes...) != nil {
					return
				}
			}
		})
	}
	<-ctx.Done()
	return nil
}

func (p *pair) name(i int, partition string) string { return string(rune('a'+i)) + partition }

func (p *pair) Commit(ctx context.Context, offsets []connect.Offset) error {
	var errs []error
	for i, l := range p.ledgers {
		var own []connect.Offset
		for _, o := range offsets {
			if name, ok := strings.CutPrefix(o.Partition, string(rune('a'+i))); ok {
				o.Partition = name
				own = append(own, o)
			}
		}
		if len(own) > 0 {
			errs = append(errs, l.Commit(ctx, own))
		}
	}
	return errors.Join(errs...)
}

// oversized answers the first poll with 20 records of three partitions each,
// and the third with a record in p0 at n that is larger than the broker takes.
func oversized(topic string, n int) func(int) ([]connect.Envelope, error) {
	at := map[string]int{}
	return func(poll int) ([]connect.Envelope, error) {
		if poll > 3 {
			return []connect.Envelope{}, nil
		}
		var all []connect.Envelope
		for range 20 {
			for _, p := range []string{"p0", "p1", "p2"} {
				at[p]++
				payload := `{"p":"` + p + `","n":` + strconv.Itoa(at[p]) + `}`
				if p == "p0" && at[p] == n {
					payload = `{"p":"` + p + `","n":` + strconv.Itoa(at[p]) + `,"pad":"` + strings.Repeat("x", 200) + `"}`
				}
				key := p + "-" + strconv.Itoa(at[p]%5)
				all = append(all, connect.RawJSON(topic, []byte(payload)).WithKey(key).
					At(connect.Offset{Partition: p, Value: uint64(at[p])}))
			}
		}
		return all, nil
	}
}

// listen takes a port until the test ends.
func listen(t *testing.T) uint16 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return uint16(l.Addr().(*net.TCPAddr).Port)
}
