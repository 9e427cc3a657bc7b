package publisher

import "time"

// proof is a pure core: what is known of the broker process behind one session. A
// broker's OK is a promise in memory; it is kept once the process has lived a
// flush interval longer. Two OKs a margin apart show that: the first, sent long
// enough after the promise, finds the process alive; the second shows that it was
// not merely answering while its log stood still (docs: guarantees, settled).
//
// One monotonic clock: sends are stamped before the transport has them, OKs after
// they were received. The zero time stands for never.
type proof struct {
	// flush is how long the broker may keep what it acknowledged in memory, margin
	// what its log writer may be late. A flush of 0 makes every OK final.
	flush, margin time.Duration

	lastAck time.Time // of the newest OK to a record
	proven  time.Time // whatever was acknowledged up to here is written
	marked  bool
	sent    time.Time // of the mark: an OK that a second one will turn into proof
	answer  time.Time
	doubted bool // a send was refused since the last that succeeded

	// suspects are records that look, by an outcome since then, as if the broker had
	// trouble, unless it is the record that is wrong. A round ends when a send succeeds.
	suspects int
	round    uint64
}

// needed reports whether acknowledgements need a proof at all.
func (p *proof) needed() bool { return p.flush > 0 }

// dirty reports whether the session holds acknowledgements that are not proven.
func (p *proof) dirty() bool { return p.lastAck.After(p.proven) }

// begin is said when another session begins: nothing is known of it.
func (p *proof) begin() {
	*p = proof{flush: p.flush, margin: p.margin, round: p.round + 1}
}

// forget is said when a new epoch begins: what was not proven is read again.
func (p *proof) forget() { p.lastAck = time.Time{} }

// acknowledged notes the OK to a record.
func (p *proof) acknowledged(answered time.Time) {
	if answered.After(p.lastAck) {
		p.lastAck = answered
	}
}

// ok takes an OK of the session, of a send or of a health check, and reports
// whether more is proven by it.
func (p *proof) ok(sent, answered time.Time, send bool) bool {
	if send {
		p.doubted, p.suspects = false, 0
		p.round++
	} else if p.inDoubt() {
		return false
	}
	if !p.marked {
		p.marked, p.sent, p.answer = true, sent, answered
		return false
	}
	if sent.Before(p.answer.Add(p.margin)) {
		return false
	}
	through := p.sent.Add(-p.flush - p.margin)
	p.sent, p.answer = sent, answered
	if !through.After(p.proven) {
		return false
	}
	p.proven = through
	return true
}

// refused notes that a send was not answered with OK: until one is, a health
// check's OK proves nothing.
func (p *proof) refused() { p.doubted = true }

// suspect is refused by an outcome that may be the fault of its record: should that be
// given up, acquit ends the doubt. It takes what it returned for the record before, and
// 0 the first time.
func (p *proof) suspect(doubt uint64) uint64 {
	if doubt != p.round+1 {
		p.suspects++
	}
	return p.round + 1
}

// acquit is said when a record is given up, which explains what its attempts came to:
// no send of it will succeed and end the doubt, and perhaps no other is to come.
func (p *proof) acquit(doubt uint64) {
	if doubt == p.round+1 {
		p.suspects--
	}
}

func (p *proof) inDoubt() bool { return p.doubted || p.suspects > 0 }

// probeAt returns when a health check would bring the proof on, if nothing is sent
// before; the zero time when there is nothing to prove.
func (p *proof) probeAt() time.Time {
	if !p.needed() || !p.dirty() || p.inDoubt() {
		return time.Time{}
	}
	first := p.lastAck.Add(p.flush + p.margin)
	switch second := p.answer.Add(p.margin); {
	case !p.marked:
		return first
	case !p.sent.Before(first) || second.After(first):
		return second
	}
	return first
}
