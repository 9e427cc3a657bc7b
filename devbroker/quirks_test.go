package devbroker_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// Each quirk is tested on and off: what it is for is the difference.

func TestQuirkLiveRing(t *testing.T) {
	for name, row := range map[string]struct {
		quirks devbroker.Quirks
		want   []string
	}{
		"off": {devbroker.Quirks{}, numbered(2, 4)},
		"on":  {devbroker.Quirks{LiveRing: true}, numbered(144, 146)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{Window: 2, Quirks: row.quirks})
				p := s.join("c", exclusive)
				s.send(numbered(0, 400)...)
				wantEqual(t, "first", p.ackAll(), numbered(0, 2))
				wantEqual(t, "then", p.take(), row.want)
				s.Forget()
				synctest.Wait()
				// The cursor could not pass the hole, and a resumed subscription
				// reads everything.
				wantEqual(t, "after a restart", s.join("c", exclusive).take(), numbered(2, 4))
			})
		})
	}
}

func TestQuirkOffsetReset(t *testing.T) {
	for name, row := range map[string]struct {
		quirks devbroker.Quirks
		offset uint64
		want   []string
	}{
		"off": {devbroker.Quirks{}, 10, append([]string{"8", "9"}, numbered(100, 112)...)},
		"on":  {devbroker.Quirks{OffsetReset: true}, 0, numbered(108, 112)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{Window: 100, Quirks: row.quirks})
				p := s.join("c", exclusive)
				s.send(numbered(0, 10)...)
				for _, m := range p.here()[:8] {
					p.ack(m)
				}
				s.Forget()
				synctest.Wait()
				s.id = s.producer(topicT, "p")
				again := s.join("c", exclusive)
				s.send(numbered(100, 112)...)
				wantEqual(t, "received", again.take(), row.want)
				var last devbroker.Message
				for m := range s.Log(topicT) {
					last = m
				}
				if want := row.offset + 11; last.Offset != want {
					t.Errorf("last offset is %d; want %d", last.Offset, want)
				}
			})
		})
	}
}

func TestQuirkLazyCursor(t *testing.T) {
	lazy := devbroker.Quirks{LazyCursor: true}
	for name, row := range map[string]struct {
		quirks devbroker.Quirks
		wait   time.Duration // before the acks
		want   []string
	}{
		"off":               {devbroker.Quirks{}, 0, []string{"3", "between"}},
		"on, acks too soon": {lazy, 0, nil},
		"on, acks later":    {lazy, 10 * time.Second, []string{"1", "2", "3", "between"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{Quirks: row.quirks})
				p := s.join("c", exclusive)
				s.send(numbered(0, 4)...)
				time.Sleep(row.wait)
				for _, m := range p.here()[:3] { // the first saves, the others are too soon after it
					p.ack(m)
				}
				s.Forget()
				synctest.Wait()
				s.id = s.producer(topicT, "p")
				s.send("between")
				wantEqual(t, "received", s.join("c", exclusive).take(), row.want)
			})
		})
	}
}

func TestLazyCursorIsSavedWhenTheLastStreamEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{Quirks: devbroker.Quirks{LazyCursor: true}})
		p := s.join("c", exclusive)
		s.send(numbered(0, 4)...)
		for _, m := range p.here()[:3] {
			p.ack(m)
		}
		p.end()
		synctest.Wait()
		s.Forget()
		synctest.Wait()
		wantEqual(t, "received", s.join("c", exclusive).take(), []string{"3"})
	})
}

func TestQuirkReaderStall(t *testing.T) {
	for name, quirks := range map[string]devbroker.Quirks{"off": {}, "on": {ReaderStall: true}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{Window: 100, AckTimeout: time.Hour, Quirks: quirks})
				// Connected, and not read from: the broker's end of the stream waits.
				scene := s.Script(devbroker.Fault{Method: "ReceiveMessages", Applied: true, Stall: true})
				p := s.join("c", exclusive)
				synctest.Wait()
				answered := 0
				for answered < 100 {
					if err := s.trySend(sending(topicT, s.id, "x")); err != nil {
						wantStatus(t, err, codes.DeadlineExceeded, "")
						break
					}
					answered++
				}
				want := 100
				if quirks.ReaderStall {
					want = 8 + 32 // the channels, and the wake-ups
				}
				if answered != want {
					t.Errorf("%d sends were answered; want %d", answered, want)
				}
				if quirks.ReaderStall {
					// The one that hung was appended all the same; another hangs
					// until the consumer reads.
					wantEqual(t, "log", len(s.payloads(topicT)), want+1)
					hanging := async(func() error { return s.trySend(sending(topicT, s.id, "x")) })
					synctest.Wait()
					scene.Lift()
					if err := <-hanging; err != nil {
						t.Errorf("after the consumer reads: %v", err)
					}
					want += 2
				}
				scene.Lift()
				if got := p.take(); len(got) != want {
					t.Errorf("%d were received; want %d", len(got), want)
				}
			})
		})
	}
}

func TestReaderStallEndsWithTheConsumer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{Window: 10, Quirks: devbroker.Quirks{ReaderStall: true}})
		s.Script(devbroker.Fault{Method: "ReceiveMessages", Applied: true, Stall: true})
		p := s.join("c", exclusive)
		synctest.Wait()
		s.send(numbered(0, 40)...)
		hanging := async(func() error { return s.trySend(sending(topicT, s.id, "x")) })
		synctest.Wait()
		p.end()
		if err := <-hanging; err != nil {
			t.Error(err)
		}
	})
}

func TestUnreadStreamOfLargeMessagesStallsForReal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{Window: 1000, Quirks: devbroker.Quirks{ReaderStall: true}})
		k := s.exclusive(topicT) // nobody calls Recv: flow control fills up
		large := strings.Repeat("x", 100<<10)
		sent := 0
		for ; sent < 200; sent++ {
			if s.trySend(sending(topicT, s.id, large)) != nil {
				break
			}
		}
		if sent < 32 || sent == 200 {
			t.Fatalf("%d sends were answered; want it to hang after some more than 32", sent)
		}
		if got := len(k.read(sent)); got != sent {
			t.Errorf("%d of %d received", got, sent)
		}
	})
}

func TestQuirkDeafStandby(t *testing.T) {
	for name, row := range map[string]struct {
		quirks devbroker.Quirks
		want   []string
	}{
		"off": {devbroker.Quirks{}, []string{"0"}},
		"on":  {devbroker.Quirks{DeafStandby: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{Quirks: row.quirks})
				a, b := s.join("a", failover), s.join("b", failover)
				synctest.Wait()
				a.end()
				s.send("0")
				wantEqual(t, "standby", b.take(), row.want)
			})
		})
	}
}

func TestQuirkLocalStorage(t *testing.T) {
	for name, row := range map[string]struct {
		quirks devbroker.Quirks
		log    []string
		want   []string
	}{
		"off": {devbroker.Quirks{}, append(numbered(0, 6), numbered(100, 110)...), append(numbered(3, 6), numbered(100, 110)...)},
		"on":  {devbroker.Quirks{LocalStorage: true}, numbered(100, 110), numbered(103, 110)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := start(t, devbroker.Settings{Listen: []string{"one:1", "two:1"}, Topics: []string{topicT}, Window: 100, Quirks: row.quirks})
				one, two := w.client(0), w.client(1)
				id := one.producer(topicT, "p")
				p := one.exclusive(topicT).pump()
				one.send(topicT, id, numbered(0, 6)...)
				for _, m := range p.here()[:3] {
					p.ack(m)
				}
				if err := w.Kill(0, time.Second); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second)
				again := two.exclusive(topicT).pump()
				two.send(topicT, two.producer(topicT, "p"), numbered(100, 110)...)
				wantEqual(t, "log", w.payloads(topicT), row.log)
				wantEqual(t, "received", again.take(), row.want)
			})
		})
	}
}
