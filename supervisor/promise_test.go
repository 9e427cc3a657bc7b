package supervisor_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// teller is a streaming source that can go back.
type teller struct {
	stream
	again  func(n int, e connect.Epoch) error
	commit func([]connect.Offset) error

	mu        sync.Mutex
	committed uint64
}

func (s *teller) Initialize(_ context.Context, e connect.Epoch) error {
	s.inits++
	if s.again != nil {
		return s.again(s.inits, e)
	}
	return nil
}

func (s *teller) Commit(_ context.Context, offsets []connect.Offset) error {
	if s.commit != nil {
		if err := s.commit(offsets); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = offsets[0].Value
	return nil
}

func (s *teller) upTo() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.committed
}

func tells(topic string, stream func(context.Context, connect.Sender) error) *teller {
	s := &teller{}
	s.topics, s.stream.stream = []string{topic}, stream
	return s
}

func numbered(topic string, n uint64) connect.Envelope {
	return connect.RawJSON(topic, []byte(`{"p":"a","n":1}`)).At(connect.Offset{Partition: "a", Value: n})
}

// After an invalid record nothing more is taken, or a commit would pass it.
func TestSendBehindAnInvalidRecord(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		var bad, good error
		source := tells(topic, func(ctx context.Context, out connect.Sender) error {
			if err := out.Send(ctx, numbered(topic, 1)); err != nil {
				return err
			}
			bad = out.Send(ctx, connect.RawJSON(topic, []byte(`{`)).At(connect.Offset{Partition: "a", Value: 2}))
			good = out.Send(ctx, numbered(topic, 3))
			<-ctx.Done()
			return nil
		})
		err := s.start(source, s.config("")).wait()
		if !errors.Is(bad, connect.ClassInvalid) || !errors.Is(good, connect.ErrStopped) || !errors.Is(err, connect.ClassInvalid) {
			t.Errorf("Send = %v, then %v; Run = %v; want invalid, stopped, invalid", bad, good, err)
		}
		if source.upTo() != 1 {
			t.Errorf("committed up to %d, want 1: 2 is the invalid record", source.upTo())
		}
	})
}

// A stop finds a streamer blocked in Send, whose error it hands on: that is an end,
// not a failure, and everything taken is committed.
func TestStopWhileSending(t *testing.T) {
	for range 20 {
		faulty(t, devbroker.Settings{}, func(s *stand) {
			topic := s.topic()
			s.broker.Script(devbroker.Fault{Method: "SendMessage", Delay: 50 * time.Millisecond, Times: devbroker.Keep})
			source := tells(topic, func(ctx context.Context, out connect.Sender) error {
				for n := uint64(1); ; n++ {
					if err := out.Send(ctx, numbered(topic, n)); err != nil {
						return err
					}
				}
			})
			r := s.start(source, s.config("[processing]\nbatch_size = 64\n[delivery]\nwindow_records = 64\n"))
			s.pass(5 * time.Second)
			err := r.stop()
			if got := r.Totals(); err != nil || got.Withdrawn > 0 || got.Read != got.Committed {
				t.Errorf("stop = %v, totals %+v; want everything committed", err, got)
			}
		})
	}
}

// A fatal Commit ends the runtime at once, and is its only cause.
func TestFatalCommit(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		cause := errors.New("gone")
		source := tells(topic, func(ctx context.Context, out connect.Sender) error {
			defer func() { <-ctx.Done() }()
			return out.Send(ctx, numbered(topic, 1))
		})
		var failed time.Time
		source.commit = func([]connect.Offset) error { failed = time.Now(); return connect.Fatal(cause) }
		err := s.start(source, s.config("")).wait()
		if !errors.Is(err, cause) || contains(err, "last commit") {
			t.Errorf("Run = %v, want the cause alone", err)
		}
		if d := time.Since(failed); d > 5*time.Second {
			t.Errorf("the runtime ended %v after its fatal error", d)
		}
	})
}

// Whoever waits in Deliver is let go when no outcome can come any more.
func TestDeliverEndsWithTheRuntime(t *testing.T) {
	for name, end := range map[string]func(*running){"kill": (*running).Kill, "deadline": func(r *running) { r.cancel() }} {
		t.Run(name, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				topic := s.topic()
				s.broker.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})
				answer := make(chan error, 1)
				source := &stream{topics: []string{topic}, stream: func(ctx context.Context, out connect.Sender) error {
					var handlers sync.WaitGroup
					handlers.Go(func() {
						e := connect.RawJSON(topic, []byte(`{"p":"s","n":1}`)).Envelope()
						answer <- out.Deliver(context.Background(), connect.Acknowledged, e)
					})
					<-ctx.Done()
					handlers.Wait() // what http.Server.Shutdown does
					return nil
				}}
				r := s.start(source, s.config(""))
				s.pass(2 * time.Second)
				end(r)
				if err := r.wait(); err == nil || contains(err, "stuck") {
					t.Errorf("Run = %v, want an error that does not call the source stuck", err)
				}
				if err := <-answer; !errors.Is(err, connect.ErrStopped) {
					t.Errorf("Deliver = %v, want ErrStopped", err)
				}
			})
		})
	}
}

// Flush in Initialize has nothing to wait for, in whatever epoch.
func TestFlushInInitialize(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		flushed := make(chan int, 10)
		source := tells(topic, func(ctx context.Context, out connect.Sender) error {
			if err := out.Send(ctx, numbered(topic, 1)); err != nil {
				return err
			}
			return errors.New("connection lost")
		})
		source.again = func(n int, e connect.Epoch) error {
			err := e.Flush(context.Background())
			flushed <- n
			return err
		}
		cfg := s.config("")
		cfg.Retry.RetryBackoffMS = 10
		r := s.start(source, cfg)
		for range 3 {
			<-flushed
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

// What an epoch is asked after it has ended is answered at once.
func TestAskingAnEpochThatIsOver(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		topic := s.topic()
		s.broker.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})
		var epoch connect.Epoch
		waiting := make(chan error, 1)
		source := tells(topic, func(ctx context.Context, out connect.Sender) error {
			if err := out.Send(ctx, numbered(topic, 1)); err != nil {
				return err
			}
			go func() { waiting <- epoch.Flush(context.Background()) }()
			<-ctx.Done()
			return nil
		})
		source.again = func(_ int, e connect.Epoch) error { epoch = e; return nil }
		r := s.start(source, s.config(""))
		s.pass(2 * time.Second)
		_ = r.stop() // names what was not drained
		late := epoch.Declare(t.Context(), connect.Producer{Topic: "/default/late"})
		for what, err := range map[string]error{"a waiting Flush": <-waiting, "a late Flush": epoch.Flush(t.Context()), "a late Declare": late} {
			if !errors.Is(err, connect.ErrStopped) {
				t.Errorf("%s = %v, want ErrStopped", what, err)
			}
		}
	})
}

// Flush does not wait for the commit interval.
func TestFlushCommitsAtOnce(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		var epoch connect.Epoch
		took := make(chan time.Duration, 1)
		source := tells(topic, func(ctx context.Context, out connect.Sender) error {
			began := time.Now()
			err := errors.Join(out.Send(ctx, numbered(topic, 1)), epoch.Flush(ctx))
			took <- time.Since(began)
			<-ctx.Done()
			return err
		})
		source.again = func(_ int, e connect.Epoch) error { epoch = e; return nil }
		r := s.start(source, s.config("[commit]\ninterval = \"10m\"\n"))
		if d := <-took; d > 20*time.Second {
			t.Errorf("Flush took %v with a commit interval of 10 minutes", d)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}
