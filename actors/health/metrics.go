package health

import (
	"slices"
	"strings"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Figures are the numbers of a runtime at one instant.
type Figures struct {
	Connector string
	Epoch     uint64
	Totals    flow.Totals
	// Held and Limit are bytes of the budget, Retained those of Held that are
	// acknowledged; Waiting counts hand-overs that wait for room.
	Held, Retained, Limit, Waiting int
	// Topics may come in any order, Components as Board.Components returns them.
	Topics     []TopicFigures
	Components []Component
}

// TopicFigures are the numbers of one topic.
type TopicFigures struct {
	Topic    string
	Totals   flow.Totals
	Attempts uint64
	Sessions uint64
	Outcomes map[flow.Outcome]uint64
}

const prefix = "danube_connect_"

// text renders f. Names and labels are part of what users build on, and so is
// their order: topics and components come by name.
func (f *Figures) text(b build) []byte {
	e := &exposition{}
	me := label{"connector", f.Connector}
	name := prefix + "build_info"
	e.family(name, "gauge", "1 for what the connector is built from.")
	e.sample(name, 1, me, label{"version", b.module}, label{"go_version", b.goes})
	f.records(e, me)
	f.topics(e, me)
	f.states(e, me)
	return e.Bytes()
}

func (f *Figures) records(e *exposition, me label) {
	t := f.Totals
	for _, c := range []struct {
		name, help string
		value      uint64
	}{
		{"records_read_total", "Records admitted; equals the sum of their fates and records_in_flight.", t.Read},
		{"records_published_total", "Records the broker has acknowledged.", t.Published},
		{"records_dead_lettered_total", "Records whose dead letter the broker has acknowledged.", t.DeadLettered},
		{"records_skipped_total", "Records skipped by policy.", t.Skipped},
		{"records_parked_total", "Records parked in a local store.", t.Parked},
		{"records_withdrawn_total", "Records taken back unsent, to be read again or answered to their sender.", t.Withdrawn},
		{"records_committed_total", "Records covered by a commit of the source's offsets.", t.Committed},
	} {
		e.family(prefix+c.name, "counter", c.help)
		e.sample(prefix+c.name, float64(c.value), me)
	}
	for _, g := range []struct {
		name, help string
		value      float64
	}{
		{"records_in_flight", "Records admitted and not yet resolved.", float64(t.InFlight)},
		{"records_retained", "Published records kept until they are settled, to be sent again should the broker forget them.", float64(t.Retained)},
		{"budget_bytes", "Bytes held of the byte budget.", float64(f.Held)},
		{"retained_bytes", "Bytes of the byte budget held by retained records.", float64(f.Retained)},
		{"budget_limit_bytes", "The byte budget.", float64(f.Limit)},
		{"handovers_waiting", "Hand-overs that wait for room in the budget.", float64(f.Waiting)},
		{"epoch", "Number of the source's running epoch.", float64(f.Epoch)},
	} {
		e.family(prefix+g.name, "gauge", g.help)
		e.sample(prefix+g.name, g.value, me)
	}
}

func (f *Figures) topics(e *exposition, me label) {
	sorted := slices.SortedFunc(slices.Values(f.Topics), func(x, y TopicFigures) int { return strings.Compare(x.Topic, y.Topic) })
	each := func(name, kind, help string, value func(*TopicFigures) float64) {
		e.family(prefix+name, kind, help)
		for i := range sorted {
			e.sample(prefix+name, value(&sorted[i]), me, label{"topic", sorted[i].Topic})
		}
	}
	each("topic_records_published_total", "counter", "Records of a topic the broker has acknowledged.",
		func(t *TopicFigures) float64 { return float64(t.Totals.Published) })
	each("topic_records_dead_lettered_total", "counter", "Dead letters a topic has taken, whatever topic their records were meant for.",
		func(t *TopicFigures) float64 { return float64(t.Totals.DeadLettered) })
	each("topic_records_skipped_total", "counter", "Records of a topic that were skipped by policy.",
		func(t *TopicFigures) float64 { return float64(t.Totals.Skipped) })
	each("topic_records_in_flight", "gauge", "Records of a topic admitted and not yet resolved.",
		func(t *TopicFigures) float64 { return float64(t.Totals.InFlight) })
	each("topic_sessions_total", "counter", "Sessions opened for a topic, the first of each partition included.",
		func(t *TopicFigures) float64 { return float64(t.Sessions) })
	each("topic_attempts_total", "counter", "Sends started for a topic.",
		func(t *TopicFigures) float64 { return float64(t.Attempts) })
	name := prefix + "topic_outcomes_total"
	e.family(name, "counter", "What the sends of a topic came to.")
	for _, t := range sorted {
		for o := flow.OK; o <= flow.Unadopted; o++ {
			if n := t.Outcomes[o]; n > 0 || o == flow.OK {
				e.sample(name, float64(n), me, label{"topic", t.Topic}, label{"outcome", o.String()})
			}
		}
	}
}

func (f *Figures) states(e *exposition, me label) {
	state, since, starts := prefix+"component_state", prefix+"component_state_seconds", prefix+"component_starts_total"
	e.family(state, "gauge", "1 for the state a component is in.")
	for _, c := range f.Components {
		e.sample(state, 1, me, label{"component", c.Name}, label{"state", c.State.String()})
	}
	e.family(since, "gauge", "How long a component has been in its state, in seconds.")
	for _, c := range f.Components {
		e.sample(since, time.Since(c.Since).Seconds(), me, label{"component", c.Name})
	}
	e.family(starts, "counter", "How often a component was started.")
	for _, c := range f.Components {
		e.sample(starts, float64(c.Starts), me, label{"component", c.Name})
	}
}
