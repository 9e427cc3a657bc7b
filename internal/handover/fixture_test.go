package handover

import (
	"bytes"
	"errors"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

const (
	topicA = "/default/a"
	topicB = "/default/b"
	topicL = "/default/letters"
)

// plain encodes bytes as they are, except for payloads that go wrong.
type plain struct{}

var errPoison = connect.Invalid(errors.New("poison"))

func (plain) Encode(r connect.Record) ([]byte, error) {
	switch raw := r.Raw(); {
	case bytes.HasPrefix(raw, []byte("poison")):
		return nil, errPoison
	case string(raw) == "panic":
		panic("marshaller")
	}
	return r.Raw(), nil
}

// overhead is what a message measures beside its payload.
const overhead = 10

func measure(p *flow.Parcel) int { return len(p.Payload) + overhead }

// rig is a gate with two topics, one for dead letters, and everything around it that can be looked into.
type rig struct {
	*Gate
	budget *flow.Budget
	notes  *flow.Pipe[flow.Notice]
	pipes  map[string]*flow.Pipe[flow.Parcel]
}

func newRig(s Settings, limits flow.Limits) *rig {
	r := &rig{budget: flow.NewBudget(limits), notes: flow.NewPipe[flow.Notice](), pipes: map[string]*flow.Pipe[flow.Parcel]{}}
	s.Budget, s.Tracker = r.budget, r.notes
	r.Gate = New(s)
	for _, name := range []string{topicA, topicB, topicL} {
		r.pipes[name] = flow.NewPipe[flow.Parcel]()
		r.declare(name, letters.Rule{})
	}
	return r
}

var indices = map[string]int32{topicA: 0, topicB: 1, topicL: 2}

// declare declares a topic, or gives it another error policy.
func (r *rig) declare(name string, invalid letters.Rule) {
	r.Declare(&Topic{Producer: connect.Producer{Topic: name}, Index: indices[name], Encoder: plain{}, Measure: measure, Pipe: r.pipes[name], Invalid: invalid})
}

// open returns a rig in its first epoch, with room for everything.
func open() *rig {
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 100, Commits: true}, flow.Limits{Records: 1000, Bytes: 100000})
	r.Begin(1)
	return r
}

// payloads takes what is in a topic's pipe.
func (r *rig) payloads(topic string) []string {
	var all []string
	for _, p := range r.pipes[topic].Take(nil) {
		all = append(all, string(p.Payload))
	}
	return all
}

// admitted takes the notices and returns those of admissions.
func (r *rig) admitted() []flow.Notice {
	var all []flow.Notice
	for _, n := range r.notes.Take(nil) {
		if n.Kind == flow.Admitted {
			all = append(all, n)
		}
	}
	return all
}

// kinds takes the notices and returns what they are.
func (r *rig) kinds() []flow.NoticeKind {
	var all []flow.NoticeKind
	for _, n := range r.notes.Take(nil) {
		all = append(all, n.Kind)
	}
	return all
}

// at makes an envelope for topic A at an offset; a partition of "" means none.
func at(partition string, value uint64, payload string) connect.Envelope {
	return connect.Bytes(topicA, []byte(payload)).At(connect.Offset{Partition: partition, Value: value, Metadata: payload})
}

// handAll hands over what must be taken.
func (r *rig) handAll(t *testing.T, envelopes ...connect.Envelope) {
	t.Helper()
	if err := r.HandAll(t.Context(), envelopes); err != nil {
		t.Fatalf("HandAll: %v", err)
	}
}
