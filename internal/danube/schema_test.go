package danube_test

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// typed is a line for a topic whose messages follow a subject.
func (r *rig) typed(name string, ref *danube.SchemaRef, judge func(registry.Policy) error) *line {
	return r.lineOf(danube.Topic{Producer: reliable(name), Connector: "test", Lanes: 4, Stamp: true, Schema: ref, Judge: judge})
}

// registered registers two versions of a subject of the test's own.
func (r *rig) registered() (first, second registry.Schema) {
	r.t.Helper()
	name := subject()
	for i, definition := range []string{withA, withB} {
		s, err := r.RegisterSchema(r.t.Context(), jsonSchema(name, definition), "test")
		if err != nil {
			r.t.Fatal(err)
		}
		if i == 0 {
			first = s
		}
		second = s
	}
	return first, second
}

func encodedBy(session uint64, s *registry.Schema, payload string) *flow.Message {
	m := message(0, session, payload)
	if s != nil {
		m.Parcel.Schema = &flow.Schema{ID: s.ID, Version: s.Version}
	}
	return m
}

// Each message carries the version it was encoded by, whatever those before it
// carry, and the broker knows the subject.
func TestMessagesCarryTheirVersion(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		first, second := r.registered()
		name := topic()
		l := r.typed(name, &danube.SchemaRef{Subject: first.Subject}, nil)
		session := l.open(0)
		consumer := r.subscribe(danube.Subscription{Topic: name, Name: "test", Wait: true})
		for i, s := range []*registry.Schema{&first, &second, nil, &first} {
			if got := l.send(encodedBy(session, s, `{}`)); got.Outcome != flow.OK {
				t.Fatalf("message %d: %s: %v", i, got.Outcome, got.Err)
			}
			m := r.receive(consumer)
			want := registry.Schema{}
			if s != nil {
				want = *s
			}
			if m.SchemaID != want.ID || m.SchemaVersion != want.Version {
				t.Errorf("message %d carries id %d version %d; want %+v", i, m.SchemaID, m.SchemaVersion, want)
			}
		}
		// Another subject on the same topic is another configuration.
		other, _ := r.registered()
		wrong := r.typed(name, &danube.SchemaRef{Subject: other.Subject}, nil)
		wrong.Open(0)
		if e := wrong.outcome(0); e.Kind != flow.Failed || connect.ClassOf(e.Err) != connect.ClassConfig {
			t.Errorf("%s: %v", e.Kind, e.Err)
		}
	})
}

// A topic without a schema says nothing of one, whatever a parcel carries: dead
// letters keep the parcel of their record.
func TestNoSchemaOnATopicWithout(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.typed(name, nil, nil)
		session := l.open(0)
		if got := l.send(encodedBy(session, &registry.Schema{ID: 99, Version: 3}, "m")); got.Outcome != flow.OK {
			t.Fatal(got.Err)
		}
		for m := range r.broker.Log(name) {
			if m.SchemaID != 0 || m.SchemaVersion != 0 {
				t.Errorf("carries %d, %d", m.SchemaID, m.SchemaVersion)
			}
		}
	})
}

// Nor does a dead letter, on a topic that has one.
func TestNoSchemaOnALetter(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		first, _ := r.registered()
		name := topic()
		l := r.typed(name, &danube.SchemaRef{Subject: first.Subject}, nil)
		m := encodedBy(l.open(0), &first, "refused")
		m.Parcel.Letter = true
		if got := l.send(m); got.Outcome != flow.OK {
			t.Fatal(got.Err)
		}
		for m := range r.broker.Log(name) {
			if m.SchemaID != 0 || m.SchemaVersion != 0 {
				t.Errorf("carries %d, %d", m.SchemaID, m.SchemaVersion)
			}
		}
	})
}

// A broker that is judged unfit is given up, with the reason; one that does not
// say what it holds the topic to is not judged.
func TestJudge(t *testing.T) {
	errWrong := errors.New("would be refused")
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		first, _ := r.registered()
		ref := &danube.SchemaRef{Subject: first.Subject, Minimum: 1}
		var seen []registry.Policy
		judge := func(p registry.Policy) error {
			seen = append(seen, p)
			return errWrong
		}
		name := topic()
		l := r.typed(name, ref, judge)
		l.Open(0)
		e := l.outcome(0)
		if e.Kind != flow.Failed || connect.ClassOf(e.Err) != connect.ClassConfig || !errors.Is(e.Err, errWrong) ||
			!strings.Contains(e.Err.Error(), "topic "+name+" at http://") {
			t.Errorf("%s: %v", e.Kind, e.Err)
		}
		want := registry.Policy{Subject: first.Subject, Validation: "warn"}
		if len(seen) != 1 || seen[0] != want {
			t.Errorf("judged %+v, want %+v", seen, want)
		}
		r.broker.Script(devbroker.Fault{Method: "GetTopicSchemaConfig", Code: codes.PermissionDenied, Times: devbroker.Keep})
		silent := r.typed(topic(), &danube.SchemaRef{Subject: first.Subject, Pinned: 1}, judge)
		silent.open(0)
		if len(seen) != 1 {
			t.Errorf("judged %+v although the broker does not say", seen[1:])
		}
	})
}

// A subject the registry has lost may come back: the session waits for it.
func TestLostSubjectIsWaitedFor(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name, lost := topic(), subject()
		r.line(reliable(name)).open(0)
		l := r.typed(name, &danube.SchemaRef{Subject: lost}, nil)
		l.Open(0)
		if e := l.news(flow.Trying); !strings.Contains(e.Err.Error(), "Failed to assign schema") {
			t.Errorf("%v", e.Err)
		}
		if _, err := r.RegisterSchema(t.Context(), jsonSchema(lost, withA), "test"); err != nil {
			t.Fatal(err)
		}
		if e := l.outcome(0); e.Kind != flow.Opened {
			t.Errorf("%s: %v", e.Kind, e.Err)
		}
	})
}
