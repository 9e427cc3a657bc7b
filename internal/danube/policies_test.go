package danube_test

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Every partition that exists says what it is held to; a topic that does not exist
// says nothing, and still does not exist afterwards.
func TestTopicPolicies(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name, absent := topic(), topic()
		l := r.line(connect.Producer{Topic: name, Partitions: 2, Reliable: true})
		l.open(0)
		l.open(1)
		want := []registry.Policy{{Validation: "warn"}, {Validation: "warn"}}
		if got, err := r.TopicPolicies(t.Context(), name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		for range 2 {
			if got, err := r.TopicPolicies(t.Context(), absent); err != nil || len(got) > 0 {
				t.Errorf("a topic that does not exist: %+v, %v", got, err)
			}
		}
	})
}

// A broker that does not say is no error: an older one does not know the question. One
// that is not there is.
func TestTopicPoliciesOfASilentBroker(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		r.line(reliable(name)).open(0)
		r.broker.Script(devbroker.Fault{Method: "GetTopicSchemaConfig", Code: codes.Unimplemented, Times: devbroker.Keep})
		if got, err := r.TopicPolicies(t.Context(), name); err != nil || len(got) > 0 {
			t.Errorf("%+v, %v", got, err)
		}
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		if _, err := r.TopicPolicies(t.Context(), name); connect.ClassOf(err) != connect.ClassRetryable {
			t.Errorf("a broker that is not there: %v", err)
		}
	})
}
