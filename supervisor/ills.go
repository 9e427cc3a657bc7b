package supervisor

import "github.com/danube-messaging/danube-connect-go/actors/health"

// ills is what is wrong with the source at the moment, by where it was seen: a poll
// that succeeds says nothing about a health check that fails.
type ills [2]error

const (
	ofPoll = iota
	ofHealth
)

// ill notes the outcome of a poll or a health check, nil when it was good, and puts
// what is wrong on the board, if it is about the newest epoch. While no epoch is open,
// the board says how opening one goes.
func (k *keeper) ill(number uint64, where int, err error) {
	if !k.open.Load() {
		return
	}
	k.mu.Lock()
	if number == k.number.Load() { // else well comes later, or has come
		k.ills[where] = err
	}
	k.mu.Unlock()
	v := k.rt.valve
	v.mu.Lock()
	defer v.mu.Unlock()
	k.show(v.mode)
}

// show puts on the board how the source is doing in a mode; valve.mu is held, so
// that what the board says changes with the mode.
func (k *keeper) show(m mode) {
	if !k.open.Load() {
		return
	}
	k.mu.Lock()
	worst := k.ills[ofHealth]
	if worst == nil {
		worst = k.ills[ofPoll]
	}
	k.mu.Unlock()
	if worst == nil {
		worst = k.caution()
	}
	switch {
	case m == paused:
		k.rt.board.Set(sourceName, health.Paused, worst)
	case worst == nil:
		k.rt.board.Set(sourceName, health.Running, nil)
	default:
		k.rt.board.Set(sourceName, health.Degraded, worst)
	}
}

// well begins an epoch in good health.
func (k *keeper) well() {
	k.mu.Lock()
	k.ills = ills{}
	k.mu.Unlock()
	k.ill(k.number.Load(), ofPoll, nil)
}
