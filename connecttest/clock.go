package connecttest

import "time"

// event is something that happens in a simulated world at its time.
type event struct {
	at  time.Duration
	seq uint64 // of two at the same time, the one that was made first
	do  func()
}

// agenda is a heap of events, the earliest first.
type agenda struct {
	events []event
	seq    uint64
}

func (a *agenda) before(i, j int) bool {
	x, y := &a.events[i], &a.events[j]
	return x.at < y.at || x.at == y.at && x.seq < y.seq
}

func (a *agenda) push(at time.Duration, do func()) {
	a.seq++
	a.events = append(a.events, event{at, a.seq, do})
	for i := len(a.events) - 1; i > 0; {
		up := (i - 1) / 2
		if !a.before(i, up) {
			return
		}
		a.events[i], a.events[up] = a.events[up], a.events[i]
		i = up
	}
}

func (a *agenda) pop() event {
	first := a.events[0]
	n := len(a.events) - 1
	a.events[0] = a.events[n]
	a.events[n] = event{}
	a.events = a.events[:n]
	for i := 0; ; {
		least := i
		for _, down := range [...]int{2*i + 1, 2*i + 2} {
			if down < n && a.before(down, least) {
				least = down
			}
		}
		if least == i {
			return first
		}
		a.events[i], a.events[least] = a.events[least], a.events[i]
		i = least
	}
}
