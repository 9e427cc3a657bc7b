package devbroker

// stall is the quirk ReaderStall: the dispatcher waits for a consumer that does
// not read, and the senders to the topic wait for the dispatcher.
type stall struct {
	on    bool
	woken int           // messages accepted meanwhile
	over  chan struct{} // closed when the dispatcher goes on
}

// stallRoom is how many messages are accepted before senders wait.
const stallRoom = 32

// begin is called when no consumer has room.
func (t *stall) begin(s *state) {
	if s.settings.Quirks.ReaderStall && !t.on {
		*t = stall{on: true, over: make(chan struct{})}
	}
}

// holdBack counts a message appended and returns what its sender has to wait for;
// nil for nothing.
func (t *stall) holdBack() <-chan struct{} {
	if !t.on {
		return nil
	}
	if t.woken++; t.woken <= stallRoom {
		return nil
	}
	return t.over
}

// release lets the dispatcher and the senders go on.
func (t *stall) release() {
	if t.on {
		close(t.over)
		*t = stall{}
	}
}
