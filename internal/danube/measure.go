package danube

import (
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// Measure returns the most bytes the message of a parcel can have on the wire,
// whichever partition and session it will be sent in. A message of more than
// wire.MaxMessageSize can be refused before it is taken.
func (t *Transport) Measure(p *flow.Parcel) int {
	var m wire.Message
	fill(&m, p)
	// What hand-over fills in only when the record is admitted.
	m.Epoch, m.Seq = ^uint64(0), ^uint64(0)
	return t.widest.MaxSize(&m)
}
