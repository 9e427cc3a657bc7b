package devbroker

import (
	"container/heap"
	"time"
)

// agenda is what the owner does later: a queue by time, in front of one timer.
type agenda struct {
	queue plans
	timer *time.Timer
	set   time.Time // what the timer is set to; zero when it is not
	count uint64
}

type plan struct {
	at   time.Time
	turn uint64 // plans of one time run in the order they were made
	do   func(*state, time.Time)
}

// C is ready when run has something to do; nil, and so never, on an empty agenda.
func (a *agenda) C() <-chan time.Time {
	if a.timer == nil {
		return nil
	}
	return a.timer.C
}

// at plans do for a time.
func (a *agenda) at(when time.Time, do func(*state, time.Time)) {
	a.count++
	heap.Push(&a.queue, plan{at: when, turn: a.count, do: do})
	a.wind()
}

// run does what is due at now.
func (a *agenda) run(s *state, now time.Time) {
	a.set = time.Time{}
	for len(a.queue) > 0 && !a.queue[0].at.After(now) {
		heap.Pop(&a.queue).(plan).do(s, now)
	}
	a.wind()
}

// wind sets the timer to the first plan.
func (a *agenda) wind() {
	if len(a.queue) == 0 {
		return
	}
	first := a.queue[0].at
	if !a.set.IsZero() && !first.Before(a.set) {
		return
	}
	a.set = first
	if a.timer == nil {
		a.timer = time.NewTimer(time.Until(first))
		return
	}
	a.timer.Reset(time.Until(first))
}

func (a *agenda) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

type plans []plan

func (p plans) Len() int      { return len(p) }
func (p plans) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p plans) Less(i, j int) bool {
	if !p[i].at.Equal(p[j].at) {
		return p[i].at.Before(p[j].at)
	}
	return p[i].turn < p[j].turn
}
func (p *plans) Push(x any) { *p = append(*p, x.(plan)) }
func (p *plans) Pop() any {
	old := *p
	last := old[len(old)-1]
	old[len(old)-1] = plan{}
	*p = old[:len(old)-1]
	return last
}
