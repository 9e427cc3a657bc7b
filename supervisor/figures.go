package supervisor

import (
	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Totals counts the records of a runtime since it began. At any instant
// Read = Published + DeadLettered + Skipped + Parked + Withdrawn + InFlight.
type Totals struct {
	// Read counts the records taken from the source.
	Read uint64
	// Published counts those the broker has acknowledged, Withdrawn those taken
	// back unsent because their epoch ended.
	Published, DeadLettered, Skipped, Parked, Withdrawn uint64
	// InFlight counts those that are not resolved yet.
	InFlight uint64
	// Committed counts those covered by a commit of the source's offsets.
	Committed uint64
	// Retained counts those of the published records that are kept until they are
	// settled, to be sent again should the broker forget them, because the source
	// cannot offer them again.
	Retained uint64
}

// Totals returns the counts at this instant. It may be called at any time, also
// after Serve has returned.
func (rt *Runtime) Totals() Totals { return Totals(rt.budget.Totals()) }

func (rt *Runtime) figures() health.Figures {
	held, waiting := rt.budget.Held()
	f := health.Figures{
		Connector: rt.cfg.ConnectorName, Epoch: rt.keeper.number.Load(), Totals: rt.budget.Totals(),
		Held: held, Retained: rt.budget.Retained(), Limit: rt.budget.Limits().Bytes, Waiting: waiting, Components: rt.board.Components(),
	}
	for i, t := range rt.topics.snapshot() {
		stats := t.publisher.Stats()
		tf := health.TopicFigures{
			Topic: t.producer.Topic, Totals: rt.budget.Topic(int32(i)),
			Attempts: stats.Attempts.Load(), Sessions: stats.Sessions.Load(), Outcomes: map[flow.Outcome]uint64{},
		}
		for o := range stats.Outcomes {
			tf.Outcomes[flow.Outcome(o)] = stats.Outcomes[o].Load()
		}
		f.Topics = append(f.Topics, tf)
	}
	return f
}
