package supervisor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// on faults at certain calls and is nil at others.
func on(calls ...int) func(int) bool {
	return func(n int) bool { return slices.Contains(calls, n) }
}

func TestRetryablePollIsAskedAgain(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		bad := on(2, 3, 5, 6, 7)
		l.poll = func(n int) ([]connect.Envelope, error) {
			if bad(n) {
				return nil, connect.Retryable(errors.New("rate limit"))
			}
			return nil, nil
		}
		cfg := s.config("")
		cfg.Retry.RetryBackoffMS = 10
		if d := s.complete(s.start(l, cfg), l, time.Minute); d != 0 {
			t.Errorf("%d duplicates", d)
		}
		if l.inits != 1 {
			t.Errorf("the source was initialized %d times; up to max_retries (3) failures in a row are tried again in place", l.inits)
		}
	})
}

// Envelopes beside an error are taken first.
func TestEnvelopesBesideAnError(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n == 2 {
				return l.take(), errors.New("connection lost half-way")
			}
			return nil, nil
		}
		cfg := s.config("")
		cfg.Retry.RetryBackoffMS = 10
		if d := s.complete(s.start(l, cfg), l, time.Minute); d != 0 {
			t.Errorf("%d duplicates", d)
		}
	})
}

func TestTooManyFailuresReopen(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		bad := on(3, 4, 5, 6, 9, 10, 11, 12)
		l.poll = func(n int) ([]connect.Envelope, error) {
			if bad(n) {
				return nil, errors.New("connection lost")
			}
			return nil, nil
		}
		cfg := s.config("")
		cfg.Retry.RetryBackoffMS = 10
		s.complete(s.start(l, cfg), l, time.Minute)
		if l.inits != 3 || l.downs != 3 {
			t.Errorf("Initialize %d times, Shutdown %d times; want 3 and 3", l.inits, l.downs)
		}
	})
}

func TestFatalStopsInOrder(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		cause := errors.New("password rejected")
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n == 4 {
				return l.take(), connect.Fatal(cause)
			}
			return nil, nil
		}
		r := s.start(l, s.config(""))
		err := r.wait()
		if !errors.Is(err, cause) || connect.ClassOf(err) != connect.ClassFatal {
			t.Errorf("Run = %v, want the cause, fatal", err)
		}
		if got := r.Totals(); got.Committed != got.Read || got.Read != uint64(l.offered) || got.Read < 180 {
			t.Errorf("totals = %+v, want all %d records that were taken committed", got, l.offered)
		}
		if l.downs != 1 {
			t.Errorf("Shutdown was called %d times, want once", l.downs)
		}
		if s.broker != nil {
			s.judge(l)
		}
	})
}

func TestFatalInitialize(t *testing.T) {
	for _, class := range []func(error) error{connect.Fatal, func(err error) error { return connect.ConfigError("%w", err) }} {
		plain(t, func(s *stand) {
			l := newLedger(s.topic())
			cause := errors.New("no such table")
			l.initialize = func(int) error { return class(cause) }
			if err := s.start(l, s.config("")).wait(); !errors.Is(err, cause) {
				t.Errorf("Run = %v, want the cause", err)
			}
			if l.inits != 1 || l.downs != 1 {
				t.Errorf("Initialize %d times, Shutdown %d times; want 1 and 1", l.inits, l.downs)
			}
		})
	}
}

func TestFirstInitializeIsTriedAgain(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.initialize = func(n int) error {
			if n < 4 {
				return errors.New("connection refused")
			}
			return nil
		}
		cfg := s.config("")
		cfg.Retry.RetryBackoffMS = 10
		if d := s.complete(s.start(l, cfg), l, time.Minute); d != 0 {
			t.Errorf("%d duplicates", d)
		}
	})
}

// A record the connector itself found bad halts: what came before its position is
// committed, it and what follows is not.
func TestBadRecordHalts(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.partitions = []string{"p0"}
		cause := errors.New("not a row")
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n != 2 {
				return nil, nil
			}
			all := l.take()
			all[7] = connect.Bad(all[7].Offset, []byte("canary-payload"), cause)
			return all, nil
		}
		r := s.start(l, s.config(""))
		err := r.wait()
		if !errors.Is(err, cause) || !errors.Is(err, connect.ClassInvalid) || connect.ClassOf(err) != connect.ClassFatal {
			t.Errorf("Run = %v, want the cause, of an invalid record, fatal", err)
		}
		if !contains(err, "p0@28") || contains(err, "canary-payload") {
			t.Errorf("error must name the offset p0@28 and not show the payload: %v", err)
		}
		if committed, _ := l.state(); committed["p0"] != 27 {
			t.Errorf("committed up to %d, want 27", committed["p0"])
		}
		if s.broker != nil {
			s.judge(l)
		}
	})
}

// marshals panics.
type marshals struct{}

func (marshals) MarshalJSON() ([]byte, error) { panic("user code") }

func TestInvalidRecords(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(topic string) connect.Record
		says string
	}{
		{"undeclared topic", func(string) connect.Record { return connect.String("/default/other", "x") }, "not declared"},
		{"no constructor", func(string) connect.Record { return connect.Record{} }, "constructor"},
		{"reserved attribute", func(t string) connect.Record {
			return connect.String(t, "x").WithAttribute("danube.connect.seq", "1")
		}, "belong to the runtime"},
		{"a key that is not UTF-8", func(t string) connect.Record { return connect.String(t, "x").WithKey("\xff") }, "UTF-8"},
		{"not JSON", func(t string) connect.Record { return connect.RawJSON(t, []byte("{")) }, "JSON"},
		{"a marshaller that panics", func(t string) connect.Record { return connect.JSON(t, marshals{}) }, "panicked"},
		{"too large", func(t string) connect.Record { return connect.Bytes(t, make([]byte, 4<<20)) }, "4 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain(t, func(s *stand) {
				topic := s.topic()
				var sent, delivered error
				source := &stream{topics: []string{topic}}
				source.stream = func(ctx context.Context, out connect.Sender) error {
					good := connect.RawJSON(topic, []byte(`{"p":"a","n":1}`)).Envelope()
					delivered = out.Deliver(ctx, connect.Acknowledged, good, c.make(topic).Envelope())
					sent = out.Send(ctx, good, c.make(topic).Envelope())
					<-ctx.Done()
					return nil
				}
				err := s.start(source, s.config("")).wait()
				if !errors.Is(sent, connect.ClassInvalid) || !errors.Is(err, connect.ClassInvalid) || !contains(err, c.says) {
					t.Errorf("Send = %v, Run = %v; want both to say %q, invalid", sent, err, c.says)
				}
				de, ok := errors.AsType[*connect.DeliveryError](delivered)
				if !ok || len(de.Errs) != 2 || !contains(de.Errs[1], c.says) {
					t.Errorf("Deliver = %v, want a *DeliveryError whose second entry says %q", delivered, c.says)
				}
				if s.broker != nil && len(s.received(topic)) != 0 {
					t.Error("part of a call with an invalid envelope was published")
				}
			})
		})
	}
}

func TestOffsetGoesBack(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger(s.topic())
		l.partitions = []string{"p0"}
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n == 3 {
				return []connect.Envelope{l.record("p0", 41), l.record("p0", 12)}, nil
			}
			return nil, nil
		}
		err := s.start(l, s.config("")).wait()
		if !errors.Is(err, connect.ClassInvalid) || !contains(err, "p0@12") {
			t.Errorf("Run = %v, want an invalid record at p0@12", err)
		}
		if committed, _ := l.state(); committed["p0"] != 40 {
			t.Errorf("committed up to %d, want 40", committed["p0"])
		}
	})
}

func TestPanics(t *testing.T) {
	for _, where := range []string{"Poll", "Initialize", "Commit", "HealthCheck"} {
		t.Run(where, func(t *testing.T) {
			plain(t, func(s *stand) {
				l := newLedger(s.topic())
				var count atomic.Int64
				burst := func() {
					if count.Add(1) == 2 {
						panic("user code in " + where)
					}
				}
				switch where {
				case "Poll":
					l.poll = func(int) ([]connect.Envelope, error) { burst(); return nil, nil }
				case "Initialize":
					count.Store(1)
					l.initialize = func(int) error { burst(); return nil }
				case "Commit":
					// The first: where commits wait for settling, there may be no second.
					count.Store(1)
					l.commitErr = func(int) error { burst(); return nil }
					l.every = 50 * time.Millisecond
				case "HealthCheck":
					l.healthy = func() error { burst(); return nil }
					l.every = 50 * time.Millisecond
				}
				cfg := s.config("")
				cfg.Retry.RetryBackoffMS = 10
				cfg.Processing.HealthCheckIntervalMS = 100
				cfg.Commit.Interval = 20 * time.Millisecond
				r := s.start(l, cfg)
				s.eventually("the panic", time.Minute, func() bool { return count.Load() >= 2 })
				l.inside.Store(0)
				s.complete(r, l, time.Minute)
			})
		})
	}
}

func TestBlocksPastItsContext(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		release := make(chan struct{})
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n == 3 {
				<-release // deaf to its context
			}
			return nil, nil
		}
		cfg := s.config("")
		cfg.Delivery.DrainTimeout = 10 * time.Second
		r := s.start(l, cfg)
		s.eventually("commits", time.Minute, func() bool { _, n := l.state(); return n == 120 })
		began := time.Now()
		err := r.stop()
		if d := time.Since(began); d > 15*time.Second {
			t.Errorf("stop took %v with a drain timeout of 10 s", d)
		}
		if !contains(err, "stuck") || !contains(err, "Poll") {
			t.Errorf("Run = %v, want it to say that the source is stuck in Poll", err)
		}
		if l.downs != 0 {
			t.Error("Shutdown was called beside a Poll that had not returned")
		}
		close(release)
		s.judge(l)
	})
}

func TestFailingCommit(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.commitErr = func(n int) error {
			if n <= 20 {
				return errors.New("disk full")
			}
			return nil
		}
		r := s.start(l, s.config(""))
		s.eventually("a failed commit", time.Minute, func() bool { return r.says("/readyz", "disk full") })
		if _, n := l.state(); n != 0 {
			t.Error("something is committed although every commit failed")
		}
		if d := s.complete(r, l, 20*time.Minute); d != 0 {
			t.Errorf("%d duplicates", d)
		}
		if l.inits != 1 {
			t.Error("a failing commit must not re-open the source")
		}
	})
}

func TestUnhealthySourceIsReopened(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.every = time.Second
		var sick atomic.Bool
		l.healthy = func() error {
			if sick.Load() {
				return errors.New("no answer")
			}
			return nil
		}
		l.initialize = func(int) error { sick.Store(false); return nil }
		cfg := s.config("")
		cfg.Processing.HealthCheckIntervalMS = 1000
		r := s.start(l, cfg)
		s.pass(5 * time.Second)
		sick.Store(true)
		s.eventually("a second epoch", time.Minute, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.inits == 2 })
		s.complete(r, l, 10*time.Minute)
	})
}

// Past the drain deadline the runtime says what it could not deliver.
func TestDrainDeadline(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 5000, 5*time.Millisecond
		cfg := s.config("")
		cfg.Delivery.DrainTimeout = 10 * time.Second
		r := s.start(l, cfg)
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 300 })
		must(t, s.broker.Refuse(0, true))
		s.pass(time.Second)
		began := time.Now()
		err := r.stop()
		if d := time.Since(began); d > 13*time.Second {
			t.Errorf("stop took %v with a drain timeout of 10 s", d)
		}
		for _, part := range []string{"not drained within 10s", l.topics[0], "read again"} {
			if !contains(err, part) {
				t.Errorf("error does not say %q: %v", part, err)
			}
		}
		must(t, s.broker.Refuse(0, false))
		s.judge(l)
		s.reconcile(r)
		if d := s.complete(s.start(l, s.config("")), l, 10*time.Minute); d > window {
			t.Errorf("%d duplicates", d)
		}
	})
}

func TestWrongTopicConfiguration(t *testing.T) {
	plain(t, func(s *stand) {
		l := newLedger("/nowhere/orders")
		err := s.start(l, s.config("")).wait()
		if connect.ClassOf(err) != connect.ClassConfig || !contains(err, "/nowhere/orders") {
			t.Errorf("Run = %v, want a config error that names the topic", err)
		}
	})
}

func TestPortInUse(t *testing.T) {
	l := newLedger("/default/t")
	cfg := (&stand{t: t, url: "http://" + free(t), broker: new(devbroker.Broker)}).config("")
	taken := listen(t)
	cfg.Processing.MetricsPort = &taken
	err := supervisor.Run(t.Context(), l, cfg, supervisor.Options{})
	if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), "metrics_port") {
		t.Errorf("Run = %v, want a config error that names metrics_port", err)
	}
}

// A Poll result that finds no room when the deadline comes is left to be read
// again; the source has come back all the same, and is shut down.
func TestDrainDeadlineWithoutRoom(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 1<<20, time.Millisecond
		cfg := s.config("")
		cfg.Delivery.DrainTimeout = 10 * time.Second
		r := s.start(l, cfg)
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 300 })
		must(t, s.broker.Refuse(0, true))
		s.pass(time.Minute) // the window is spent
		err := r.stop()
		if !contains(err, "not drained") || contains(err, "stuck") {
			t.Errorf("Run = %v, want it to say what was not drained, and no more", err)
		}
		if l.downs != 1 {
			t.Errorf("Shutdown was called %d times, want once", l.downs)
		}
		must(t, s.broker.Refuse(0, false))
		s.judge(l)
		s.reconcile(r)
	})
}

// A source that is re-opened while its Poll result waits for room does not wait
// with it.
func TestReopenWithoutRoom(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 3000, time.Millisecond
		var sick atomic.Bool
		l.healthy = func() error {
			if sick.Load() {
				return errors.New("no answer")
			}
			return nil
		}
		l.initialize = func(int) error { sick.Store(false); return nil }
		cfg := s.config("")
		cfg.Processing.HealthCheckIntervalMS = 1000
		r := s.start(l, cfg)
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 300 })
		must(t, s.broker.Refuse(0, true))
		s.pass(time.Minute)
		sick.Store(true)
		s.eventually("a second epoch", 5*time.Minute, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.inits == 2 })
		must(t, s.broker.Refuse(0, false))
		if d := s.complete(r, l, 20*time.Minute); d > window {
			t.Errorf("%d duplicates", d)
		}
	})
}
