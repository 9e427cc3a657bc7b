package danube

import (
	"sync"
)

// partition is what a transport knows about one topic partition.
type partition struct {
	index           int
	topic, producer string

	mu sync.Mutex
	// current is the adopted session, nil before the first.
	current *session
	// offered are the sessions that were opened and wait to be adopted, oldest
	// first.
	offered []*session
	opening bool      // somebody is opening one
	known   bool      // one was open once
	home    *endpoint // where the topic lived last
	closed  bool
	checked bool // a health check of current is under way
}

// mostOffered bounds the sessions that wait; a publisher adopts each one or asks
// again, so more than two are not expected.
const mostOffered = 8

// borrow returns the adopted session if it is the one named, nil otherwise. It
// must be released.
func (p *partition) borrow(id uint64) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.id != id {
		return nil
	}
	return p.current.use()
}

// adopted returns the adopted session, nil if there is none. It must be released.
func (p *partition) adopted() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		return nil
	}
	return p.current.use()
}

// adopt makes the offered session id the current one and lets go of those
// before. An id that was never offered is ignored: its sends stay Unadopted.
func (p *partition) adopt(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.offered) - 1; i >= 0; i-- {
		if p.offered[i].id != id {
			continue
		}
		p.swap(p.offered[i])
		for _, older := range p.offered[:i] {
			older.release()
		}
		p.offered = append([]*session(nil), p.offered[i+1:]...)
		return
	}
}

// offer takes a session just opened. The same id as the current one is the same
// session, found at a place that may be another: it takes over at once.
func (p *partition) offer(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening, p.known = false, true
	p.home = &s.at.endpoint
	switch {
	case p.closed:
		s.release()
	case p.current != nil && p.current.id == s.id:
		p.swap(s)
	default:
		if len(p.offered) == mostOffered {
			p.offered[0].release()
			p.offered = p.offered[1:]
		}
		p.offered = append(p.offered, s)
	}
}

// swap replaces the current session; p.mu is held.
func (p *partition) swap(s *session) {
	if p.current != nil {
		p.current.release()
	}
	p.current = s
}

// begin reports whether the caller is to open a session: nobody is at it.
func (p *partition) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opening || p.closed {
		return false
	}
	p.opening = true
	return true
}

// end is the counterpart of begin when no session came of it.
func (p *partition) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening = false
}

// seen returns what an opening starts from: whether a session was ever open, and
// where the topic lived.
func (p *partition) seen() (known bool, home *endpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known, p.home
}

// close lets go of all sessions; sends are Unadopted from now on.
func (p *partition) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.offered {
		s.release()
	}
	p.offered = nil
	p.swap(nil)
}
