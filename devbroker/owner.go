package devbroker

import "time"

// step is something the owner does to the state.
type step struct {
	do   func(*state)
	done chan struct{} // capacity 1
}

// burst is how many steps the owner takes before it looks at the clock again.
const burst = 128

// own is the goroutine that owns s, until quit is closed.
func (b *Broker) own(s *state) {
	defer close(b.ended)
	for {
		select {
		case first := <-b.steps:
			b.take(s, first)
		case <-s.agenda.C():
			s.agenda.run(s, time.Now())
		case <-b.quit:
			s.agenda.stop()
			return
		}
	}
}

// take runs a step and those that wait behind it.
func (b *Broker) take(s *state, next *step) {
	for range burst {
		next.do(s)
		next.done <- struct{}{}
		select {
		case next = <-b.steps:
		default:
			return
		}
	}
	next.do(s)
	next.done <- struct{}{}
}

// ask has the owner do something and waits for it. It reports false when the
// broker ended first; what was asked may then be done or not.
func (b *Broker) ask(do func(*state)) bool {
	one := b.free.Get().(*step)
	one.do = do
	select {
	case b.steps <- one:
	case <-b.ended:
		return false
	}
	select {
	case <-one.done:
		one.do = nil
		b.free.Put(one)
		return true
	case <-b.ended:
		return false
	}
}
