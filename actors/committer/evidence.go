package committer

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// evidence is a pure core: which sessions there are, and how far each is proven.
type evidence struct{ sessions map[channel]proven }

// channel is a topic partition.
type channel struct{ topic, partition int32 }

type proven struct {
	session uint64
	through time.Time
}

// step takes a notice about a session, and reports whether more is proven.
func (e *evidence) step(n *flow.Notice) bool {
	if e.sessions == nil {
		e.sessions = map[channel]proven{}
	}
	at := channel{n.Topic, n.Partition}
	switch have := e.sessions[at]; n.Kind {
	case flow.SessionBegun:
		e.sessions[at] = proven{session: n.Session}
	case flow.Proven:
		if have.session == n.Session && n.At.After(have.through) {
			have.through = n.At
			e.sessions[at] = have
			return true
		}
	}
	return false
}

// open returns those needs that are not met yet, in the storage of needs.
func (e *evidence) open(needs []need) []need {
	kept := needs[:0]
	for _, n := range needs {
		have := e.sessions[channel{n.topic, n.partition}]
		if have.session != n.session || n.at.After(have.through) {
			kept = append(kept, n)
		}
	}
	return kept
}
