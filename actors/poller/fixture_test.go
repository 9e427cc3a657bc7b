package poller

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// answer is what one Poll does.
type answer struct {
	records int
	err     error
	takes   time.Duration // before it answers, whatever its context says
	waits   bool          // until its context ends
	panics  bool
}

// source answers its polls from a script; behind the end of it every poll is empty.
type source struct {
	script []answer
	begun  time.Time

	mu    sync.Mutex
	polls []string // when each began
}

func (s *source) Initialize(context.Context, connect.Epoch) error { return nil }

func (s *source) Producers() []connect.Producer { return nil }

func (s *source) Poll(ctx context.Context) ([]connect.Envelope, error) {
	s.mu.Lock()
	n := len(s.polls)
	s.polls = append(s.polls, time.Since(s.begun).String())
	s.mu.Unlock()
	var a answer
	if n < len(s.script) {
		a = s.script[n]
	}
	<-time.After(a.takes)
	if a.waits {
		<-ctx.Done()
	}
	if a.panics {
		panic("poll")
	}
	envelopes := make([]connect.Envelope, a.records)
	for i := range envelopes {
		envelopes[i] = connect.String("/default/t", fmt.Sprintf("%d.%d", n, i)).Envelope()
	}
	return envelopes, a.err
}

func (s *source) times() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.polls)
}

// table is a poller with its source and whoever takes the records.
type table struct {
	*Actor
	*source
	stop    context.CancelCauseFunc
	taken   []string
	reports []error
	log     bytes.Buffer
	hand    func(ctx context.Context) error // nil: takes
}

func newTable(t *testing.T, s Settings, script ...answer) *table {
	t.Helper()
	tb := &table{source: &source{script: script, begun: time.Now()}}
	stop, end := context.WithCancelCause(t.Context())
	tb.stop = end
	s.Source, s.Stop = tb.source, stop
	s.Hand = func(ctx context.Context, envelopes []connect.Envelope) error {
		if tb.hand != nil {
			if err := tb.hand(ctx); err != nil {
				return err
			}
		}
		for _, e := range envelopes {
			tb.taken = append(tb.taken, string(e.Record.Raw()))
		}
		return nil
	}
	s.Report = func(err error) { tb.reports = append(tb.reports, err) }
	s.Logger = slog.New(slog.NewTextHandler(&tb.log, nil))
	tb.Actor = New(s)
	return tb
}

// serve runs the poller to its end, which comes after d at the latest.
func (tb *table) serve(t *testing.T, d time.Duration) error {
	t.Helper()
	timer := time.AfterFunc(d, func() { tb.stop(errStop) })
	defer timer.Stop()
	return tb.Serve(t.Context())
}

var (
	errStop = errors.New("told to stop")
	errDown = errors.New("source is down")
)
