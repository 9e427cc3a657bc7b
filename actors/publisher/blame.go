package publisher

import "github.com/danube-messaging/danube-connect-go/internal/flow"

// verdict returns what the outcome of an attempt means for its topic partition,
// and counts it.
//
// A stream that is reset and words nobody knows are what a record looks like that
// the broker cannot handle, and also what a broker looks like that has trouble of
// its own: an election, a proxy that restarts. What tells them apart is the others:
// an attempt blames its record only if the broker has taken another record of the
// topic partition since this one was last blamed, or first sent. Otherwise it is
// the broker that is Busy, and it is probed for as long as that takes. So a record
// the broker cannot handle is probed for ever while nothing else passes, because
// there is nothing else to send or because all of it waits in the one lane behind
// this record: that costs time and shows as a stall, whereas giving up would let a
// minute's trouble end the runtime. So is one that the broker has taken before, and that
// is sent again because it may be forgotten: there is nothing wrong with it.
func (p *partition) verdict(r *flow.Result) flow.Outcome {
	switch r.Outcome {
	case flow.OK:
		p.passed++
	case flow.Reset, flow.Unclear:
		before := r.Message.Passed
		if r.Message.Passed = p.passed; before == p.passed || !r.Message.First.IsZero() {
			return flow.Busy
		}
	}
	return r.Outcome
}
