package devbroker

import "slices"

// Scene is a set of faults scripted together.
type Scene struct {
	broker *Broker
	armed  []*armed
}

// armed is a fault that waits for its requests. Its numbers are the owner's.
type armed struct {
	Fault
	seen, hits int
	lifted     chan struct{} // closed when lifted
}

// Script lets faults happen from now on. A request suffers the first that
// applies, in the order they were scripted. It panics on a Fault nobody can mean:
// an unknown Method, no effect, two effects.
func (b *Broker) Script(faults ...Fault) *Scene {
	scene := &Scene{broker: b}
	for _, f := range faults {
		f.check()
		scene.armed = append(scene.armed, &armed{Fault: f, lifted: make(chan struct{})})
	}
	b.ask(func(s *state) { s.armed = append(s.armed, scene.armed...) })
	return scene
}

// Lift takes the faults of the scene away; what they stall or delay goes on. It
// may be called again.
func (s *Scene) Lift() {
	s.broker.ask(func(st *state) { st.lift(s.armed) })
}

// Hits is how many requests the scene's faults have happened to.
func (s *Scene) Hits() (n int) {
	s.broker.ask(func(*state) {
		for _, a := range s.armed {
			n += a.hits
		}
	})
	return n
}

// Lift takes all faults of all scenes away.
func (b *Broker) Lift() {
	b.ask(func(s *state) { s.lift(slices.Clone(s.everArmed())) })
}

// everArmed returns the faults that may still act on a request, those included
// whose Times are used up while they stall one.
func (s *state) everArmed() []*armed { return append(slices.Clone(s.armed), s.spent...) }

func (s *state) lift(gone []*armed) {
	for _, a := range gone {
		select {
		case <-a.lifted:
		default:
			close(a.lifted)
		}
	}
	isGone := func(a *armed) bool { return slices.Contains(gone, a) }
	s.armed = slices.DeleteFunc(s.armed, isGone)
	s.spent = slices.DeleteFunc(s.spent, isGone)
}

// suffer returns the fault that happens to the request, nil when none does.
func (s *state) suffer(r func() Request) *armed {
	if len(s.armed) == 0 {
		return nil
	}
	request := r()
	for i, a := range s.armed {
		if !a.names(request) {
			continue
		}
		if a.seen++; a.seen <= a.After {
			continue
		}
		a.hits++
		if a.Times != Keep && a.hits >= max(a.Times, 1) {
			s.armed = slices.Delete(s.armed, i, i+1)
			s.retire(a)
		}
		s.log.Debug("fault", "method", request.Method, "topic", request.Topic, "listener", request.Listener)
		return a
	}
	return nil
}

// retire keeps a used-up fault where Lift finds it while it may hold a request.
func (s *state) retire(a *armed) {
	if a.Stall || a.Delay > 0 {
		s.spent = append(s.spent, a)
	}
}
