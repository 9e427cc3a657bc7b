package flow

// Pause makes calls wait as if the budget were spent, or lets them in again. What was
// admitted is not touched.
func (b *Budget) Pause(on bool) {
	b.mu.Lock()
	defer b.unlock()
	b.core.paused = on
	b.grant()
}

// Idle returns a channel that is closed once everything that was read is resolved
// and committed.
func (b *Budget) Idle() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	quiet := b.quiet
	if quiet == nil {
		quiet = make(chan struct{})
	}
	if b.core.idle() {
		close(quiet) // then nobody else waits for it
	} else {
		b.quiet = quiet
	}
	return quiet
}
