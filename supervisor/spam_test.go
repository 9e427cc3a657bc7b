package supervisor_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// deed is one call of a history: what was asked and answered, and when.
type deed struct {
	what         string // pause, resume, stop, look
	began, ended int64  // ticks of a common counter
	answer       string // of look: paused or not; of the others: done or stopped
	hasHappened  bool   // scratch of the search
}

// history collects deeds of several goroutines.
type history struct {
	mu    sync.Mutex
	clock int64
	deeds []deed
}

func (h *history) tick() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	return h.clock
}

func (h *history) do(what string, f func() string) {
	began := h.tick()
	answer := f()
	ended := h.tick()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deeds = append(h.deeds, deed{what: what, began: began, ended: ended, answer: answer})
}

// linearizable searches for an order of the deeds, each at one instant between its
// beginning and its end, that explains all answers by a register: taking, paused,
// or stopped for good.
func linearizable(deeds []deed, state string, seen map[string]bool) bool {
	key := []byte(state)
	first := int64(1) << 62
	for i := range deeds {
		if deeds[i].hasHappened {
			key = append(key, '1')
			continue
		}
		key = append(key, '0')
		first = min(first, deeds[i].ended)
	}
	if first == 1<<62 {
		return true
	}
	if seen[string(key)] {
		return false
	}
	seen[string(key)] = true
	for i := range deeds {
		d := &deeds[i]
		if d.hasHappened || d.began > first {
			continue
		}
		next, ok := d.after(state)
		if d.what == "pause" && d.answer == "stopped" && state != "stopped" {
			// It took place, and a stop came before it was drained.
			next, ok = "paused", slices.ContainsFunc(deeds, func(o deed) bool { return o.what == "stop" && o.began < d.ended })
		}
		if !ok {
			continue
		}
		d.hasHappened = true
		if linearizable(deeds, next, seen) {
			return true
		}
		d.hasHappened = false
	}
	return false
}

// after is what the register holds after d, false if d's answer does not fit.
func (d *deed) after(state string) (string, bool) {
	switch {
	case d.what == "stop":
		return "stopped", true
	case d.what == "look":
		return state, state == "stopped" || d.answer == state
	case d.answer == "stopped":
		return state, state == "stopped"
	case state == "stopped":
		return state, false
	case d.what == "pause":
		return "paused", true
	}
	return "taking", true
}

// The judge itself must be able to say no.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		deeds []deed
		want  bool
	}{
		{"one after the other", []deed{{what: "pause", began: 1, ended: 2, answer: "done"}, {what: "look", began: 3, ended: 4, answer: "paused"}, {what: "resume", began: 5, ended: 6, answer: "done"}, {what: "look", began: 7, ended: 8, answer: "taking"}}, true},
		{"seen before it was asked", []deed{{what: "look", began: 1, ended: 2, answer: "paused"}, {what: "pause", began: 3, ended: 4, answer: "done"}}, false},
		{"not seen after it was done", []deed{{what: "pause", began: 1, ended: 2, answer: "done"}, {what: "look", began: 3, ended: 4, answer: "taking"}}, false},
		{"at the same time, either", []deed{{what: "pause", began: 1, ended: 5, answer: "done"}, {what: "look", began: 2, ended: 3, answer: "paused"}, {what: "look", began: 4, ended: 6, answer: "paused"}}, true},
		{"there and back again", []deed{{what: "pause", began: 1, ended: 9, answer: "done"}, {what: "look", began: 2, ended: 3, answer: "paused"}, {what: "look", began: 4, ended: 5, answer: "taking"}}, false},
		{"stopped while it waited", []deed{{what: "pause", began: 1, ended: 6, answer: "stopped"}, {what: "look", began: 2, ended: 3, answer: "paused"}, {what: "stop", began: 4, ended: 5, answer: "done"}}, true},
		{"resumed after the stop", []deed{{what: "stop", began: 1, ended: 2, answer: "done"}, {what: "resume", began: 3, ended: 4, answer: "done"}}, false},
		{"stopped before the stop", []deed{{what: "resume", began: 1, ended: 2, answer: "stopped"}, {what: "stop", began: 3, ended: 4, answer: "done"}}, false},
	} {
		if got := linearizable(c.deeds, "taking", map[string]bool{}); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}

// Pause, Resume, stop and Kill from several goroutines at random, while records flow
// and the broker comes and goes: what is answered and shown is linearizable, nothing
// is lost, and (by the bubble) nothing is left running.
func TestPauseSpam(t *testing.T) {
	for range 6 {
		seed := rand.Uint64()
		faulty(t, devbroker.Settings{}, func(s *stand) { spam(s, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func spam(s *stand, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	l := newLedger(s.topic())
	l.limit, l.every = 3000, 10*time.Millisecond
	r := s.start(l, s.config("[delivery]\ncommit_after = \"acknowledged\"\ndrain_timeout = \"10s\"\n"))
	s.eventually("running", time.Minute, func() bool { return r.Totals().Published > 0 })
	h := &history{}
	var wait sync.WaitGroup
	for range 4 {
		mine := rand.New(rand.NewPCG(seed, random.Uint64()))
		wait.Go(func() { spammer(s, r, h, mine) })
	}
	end := time.Duration(random.IntN(3000)) * time.Millisecond
	kill := random.IntN(4) == 0
	if random.IntN(3) == 0 {
		must(s.t, s.broker.Refuse(0, true))
		s.pass(end / 2)
		must(s.t, s.broker.Refuse(0, false))
	}
	s.pass(end)
	h.do("stop", func() string {
		if kill {
			r.Kill()
		} else {
			r.cancel()
		}
		_ = r.wait()
		return "done"
	})
	wait.Wait()
	if !kill && r.err != nil && !errors.Is(r.err, errDoNotRestart) {
		s.t.Errorf("stop = %v", r.err)
	}
	slices.SortFunc(h.deeds, func(a, b deed) int { return int(a.began - b.began) })
	if !linearizable(h.deeds, "taking", map[string]bool{}) {
		s.t.Errorf("no order explains %+v", h.deeds)
	}
	s.judge(l)
	s.reconcile(r)
}

// spammer does some twelve things to a runtime.
func spammer(s *stand, r *running, h *history, random *rand.Rand) {
	for range 12 {
		s.pass(time.Duration(random.IntN(300)) * time.Millisecond)
		switch random.IntN(3) {
		case 0:
			h.do("pause", func() string {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(2000))*time.Millisecond)
				defer cancel()
				return answered(r.Pause(ctx))
			})
		case 1:
			h.do("resume", func() string { return answered(r.Resume()) })
		case 2:
			h.do("look", func() string {
				if r.says("/readyz", "paused") {
					return "paused"
				}
				return "taking"
			})
		}
	}
}

// answered tells a refusal from the rest: a pause that was given up or resumed in
// between has taken place.
func answered(err error) string {
	if errors.Is(err, connect.ErrStopped) {
		return "stopped"
	}
	return "done"
}
