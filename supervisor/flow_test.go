package supervisor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/thejerf/suture/v4"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

var errDoNotRestart = suture.ErrDoNotRestart

func TestRecordsFlow(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic(), s.topic())
		r := s.start(l, s.config(""))
		if d := s.complete(r, l, 30*time.Second); d != 0 {
			t.Errorf("%d duplicates without a fault", d)
		}
		want := supervisor.Totals{Read: 600, Published: 600, Committed: 600}
		if got := r.Totals(); got != want {
			t.Errorf("totals = %+v, want %+v", got, want)
		}
		if l.inits != 1 || l.downs != 1 {
			t.Errorf("Initialize %d times, Shutdown %d times; want 1 and 1", l.inits, l.downs)
		}
	})
}

func TestOrderings(t *testing.T) {
	for _, ordering := range []string{"key", "partition"} {
		t.Run(ordering, func(t *testing.T) {
			plain(t, func(s *stand) {
				l := newLedger(s.topic())
				cfg := s.config("")
				cfg.Delivery.Ordering = ordering
				if d := s.complete(s.start(l, cfg), l, time.Minute); d != 0 {
					t.Errorf("%d duplicates", d)
				}
			})
		})
	}
}

func TestEndOfSource(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.end = true
		r := s.start(l, s.config(""))
		if err := r.wait(); err != nil {
			t.Errorf("Run = %v after the end of the source, want nil", err)
		}
		if _, n := l.state(); n != l.all() {
			t.Errorf("%d of %d records committed when the runtime ended", n, l.all())
		}
		if s.broker != nil {
			s.judge(l)
		}
	})
}

func TestStopUnderLoad(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 5000, time.Millisecond
		r := s.start(l, s.config(""))
		s.eventually("some hundred records", 30*time.Second, func() bool { return r.Totals().Published > 300 })
		if err := r.stop(); err != nil {
			t.Fatalf("stop: %v", err)
		}
		got := r.Totals()
		if got.InFlight != 0 || got.Read != got.Committed || got.Read == uint64(l.all()) {
			t.Errorf("after a stop under load: %+v; want all that was read committed, and not everything read", got)
		}
		again := s.start(l, s.config(""))
		if d := s.complete(again, l, 5*time.Minute); d != 0 {
			t.Errorf("%d duplicates after a clean stop", d)
		}
	})
}

func TestStreaming(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		sent := make(chan error, 1)
		source := &stream{topics: []string{topic}, stream: func(ctx context.Context, out connect.Sender) error {
			for n := 1; n <= 50; n++ {
				e := connect.RawJSON(topic, []byte(`{"p":"s","n":1}`)).WithKey("k").Envelope()
				if err := out.Send(ctx, e); err != nil {
					return err
				}
			}
			last := connect.RawJSON(topic, []byte(`{"p":"s","n":2}`)).WithKey("k").Envelope()
			sent <- out.Deliver(ctx, connect.Acknowledged, last, last)
			<-ctx.Done()
			return nil
		}}
		r := s.start(source, s.config(""))
		if err := <-sent; err != nil {
			t.Errorf("Deliver = %v", err)
		}
		if got := r.Totals().Published; got != 52 {
			t.Errorf("published = %d when Deliver returned, want 52: its key is in order", got)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		if s.broker != nil && len(s.received(topic)) != 52 {
			t.Errorf("the topic holds %d messages, want 52", len(s.received(topic)))
		}
	})
}

// stream is a streaming source that cannot go back.
type stream struct {
	topics     []string
	stream     func(context.Context, connect.Sender) error
	initialize func(connect.Epoch) error
	inits      int
}

func (s *stream) Initialize(_ context.Context, e connect.Epoch) error {
	s.inits++
	if s.initialize != nil {
		return s.initialize(e)
	}
	return nil
}

func (s *stream) Producers() []connect.Producer {
	var all []connect.Producer
	for _, t := range s.topics {
		all = append(all, connect.Producer{Topic: t, Reliable: true})
	}
	return all
}

func (s *stream) Stream(ctx context.Context, out connect.Sender) error { return s.stream(ctx, out) }

// tellOffsets is a stream that keeps its offsets.
type tellOffsets struct {
	stream
	committed chan []connect.Offset
}

func (s *tellOffsets) Commit(_ context.Context, offsets []connect.Offset) error {
	s.committed <- offsets
	return nil
}

func TestDeclareFlushRevoke(t *testing.T) {
	plain(t, func(s *stand) {
		first, late := s.topic(), s.topic()
		epochs := make(chan connect.Epoch, 1)
		result := make(chan error, 1)
		source := &tellOffsets{committed: make(chan []connect.Offset, 100)}
		source.topics = []string{first}
		source.initialize = func(e connect.Epoch) error { epochs <- e; return nil }
		at := func(topic string, n uint64) connect.Envelope {
			return connect.RawJSON(topic, []byte(`{"p":"a","n":1}`)).At(connect.Offset{Partition: "a", Value: n})
		}
		source.stream.stream = func(ctx context.Context, out connect.Sender) error {
			e := <-epochs
			result <- func() error {
				if err := e.Declare(ctx, connect.Producer{Topic: late, Reliable: true}); err != nil {
					return err
				}
				err := e.Declare(ctx, connect.Producer{Topic: late})
				if connect.ClassOf(err) != connect.ClassConfig {
					return errors.Join(errors.New("declaring a topic in two ways is not refused"), err)
				}
				if err := out.Send(ctx, at(first, 7), at(late, 8)); err != nil {
					return err
				}
				if err := e.Flush(ctx, "a"); err != nil {
					return err
				}
				e.Revoke("a")
				if err := out.Send(ctx, at(first, 3)); err != nil { // lower, in a new life of a
					return err
				}
				return e.Flush(ctx)
			}()
			<-ctx.Done()
			return nil
		}
		r := s.start(source, s.config(""))
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		close(source.committed)
		var got []uint64
		for offsets := range source.committed {
			got = append(got, offsets[0].Value)
		}
		if len(got) < 2 || got[0] != 8 && got[0] != 7 || got[len(got)-1] != 3 {
			t.Errorf("commits of a = %v, want one at 8 and, after Revoke, one at 3", got)
		}
	})
}

func TestKill(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 1<<20, time.Millisecond
		r := s.start(l, s.config(""))
		s.eventually("records", 30*time.Second, func() bool { return r.Totals().Published > 100 })
		began := time.Now()
		r.Kill()
		if err := r.wait(); err == nil {
			t.Error("Run = nil after Kill")
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("Kill took %v", d)
		}
		if s.broker != nil {
			s.judge(l)
		}
		s.reconcile(r)
	})
}

// Two runtimes in one host's tree: the fatal end of one leaves the other alone.
func TestHostTree(t *testing.T) {
	plain(t, func(s *stand) {
		good, bad := newLedger(s.topic()), newLedger(s.topic())
		cause := errors.New("the table is gone")
		bad.poll = func(n int) ([]connect.Envelope, error) {
			if n == 3 {
				return nil, connect.Fatal(cause)
			}
			return nil, nil
		}
		s.pace(good)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		host := suture.New("host", suture.Spec{Timeout: time.Minute, EventHook: func(suture.Event) {}})
		one, two := supervisor.New(good, s.config(""), s.options()), supervisor.New(bad, s.config(""), s.options())
		host.Add(one)
		host.Add(two)
		ended := host.ServeBackground(ctx)
		s.eventually("everything of the good source", time.Minute, func() bool {
			_, n := good.state()
			return n == good.all()
		})
		if _, n := bad.state(); n == bad.all() || bad.downs != 1 {
			t.Errorf("the failed source: %d committed, shut down %d times", n, bad.downs)
		}
		if bad.inits != 1 {
			t.Errorf("the failed runtime was started %d times; the host must let it rest", bad.inits)
		}
		cancel()
		<-ended
		if s.broker == nil {
			s.eventually("everything received", time.Minute, func() bool { return s.arrived(good) >= good.all() })
		}
		if d := s.judge(good); d != 0 {
			t.Errorf("%d duplicates at the neighbour", d)
		}
	})
}

// What is wrong before anything runs is told at once, as a mistake in the
// configuration.
func TestWrongFromTheStart(t *testing.T) {
	ok := config.Defaults()
	ok.DanubeServiceURL, ok.ConnectorName = "http://127.0.0.1:1", "test"
	noName := ok
	noName.ConnectorName = ""
	for _, c := range []struct {
		name   string
		source connect.Source
		cfg    config.Connector
	}{
		{"no source", nil, ok},
		{"neither mode", neither{}, ok},
		{"both modes", both{newLedger("/default/t")}, ok},
		{"no name", newLedger("/default/t"), noName},
		{"zero configuration", newLedger("/default/t"), config.Connector{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := supervisor.Run(t.Context(), c.source, c.cfg, supervisor.Options{})
			if connect.ClassOf(err) != connect.ClassConfig {
				t.Errorf("Run = %v, want an error of class config", err)
			}
		})
	}
}

type neither struct{}

func (neither) Initialize(context.Context, connect.Epoch) error { return nil }
func (neither) Producers() []connect.Producer                   { return nil }

type both struct{ *ledger }

func (both) Stream(context.Context, connect.Sender) error { return nil }

func TestServedOnce(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.end = true
		r := s.start(l, s.config(""))
		if err := r.wait(); err != nil {
			t.Fatal(err)
		}
		if err := r.Serve(t.Context()); connect.ClassOf(err) != connect.ClassConfig || !errors.Is(err, suture.ErrDoNotRestart) {
			t.Errorf("a second Serve = %v, want an error of class config that suture does not restart for", err)
		}
	})
}

func TestOffsetsNobodyKeeps(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		source := &stream{topics: []string{topic}, stream: func(ctx context.Context, out connect.Sender) error {
			return out.Send(ctx, connect.String(topic, "x").At(connect.Offset{Partition: "a", Value: 1}))
		}}
		err := s.start(source, s.config("")).wait()
		if connect.ClassOf(err) != connect.ClassConfig {
			t.Errorf("Run = %v, want an error of class config", err)
		}
	})
}
