package supervisor

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/config"
)

// hand hands a record for a topic over, and returns what the gate says.
func hand(t *testing.T, rt *Runtime, topic string) error {
	t.Helper()
	return rt.gate.HandAll(t.Context(), []connect.Envelope{connect.String(topic, "x").Envelope()})
}

// declared names the topics of a runtime in their order.
func declared(rt *Runtime) string {
	var all []string
	for _, d := range rt.topics.snapshot() {
		all = append(all, d.producer.Topic)
	}
	return strings.Join(all, " ")
}

func reliable(topic string) connect.Producer { return connect.Producer{Topic: topic, Reliable: true} }

// declarations follow one another on one runtime.
var declarations = []struct {
	name      string
	producers []connect.Producer
	wrong     []string // what the error must say; none: it is accepted
	after     string
}{
	{"nothing", nil, nil, ""},
	{"one", []connect.Producer{reliable("/default/a")}, nil, "/default/a"},
	{"the same again, and another", []connect.Producer{reliable("/default/a"), reliable("/default/b")}, nil, "/default/a /default/b"},
	{
		"with other settings",
		[]connect.Producer{{Topic: "/default/a", Reliable: true, Partitions: 3}, reliable("/default/c")},
		[]string{"/default/a", "partitions = 3, reliable = true", "partitions = 0, reliable = true"},
		"/default/a /default/b",
	},
	{
		"twice in one call",
		[]connect.Producer{reliable("/default/c"), {Topic: "/default/c"}},
		[]string{"/default/c", "reliable = false", "must agree"},
		"/default/a /default/b",
	},
	{
		"all that is wrong",
		[]connect.Producer{
			reliable("/default/c"), {Topic: "nowhere"}, {Topic: "/default/d", Partitions: -1}, {Topic: "/default/b"}, reliable("/default/e"), {},
		},
		[]string{"nowhere", "/default/d", "/default/b", "topic"},
		"/default/a /default/b",
	},
	{"what was refused beside it", []connect.Producer{reliable("/default/c")}, nil, "/default/a /default/b /default/c"},
	{"the same twice in one call", []connect.Producer{reliable("/default/d"), reliable("/default/d")}, nil, "/default/a /default/b /default/c /default/d"},
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	var log written
	rt := standing(t, &idle{}, &log)
	for _, d := range declarations {
		err := rt.topics.declare(d.producers...)
		if (err == nil) != (d.wrong == nil) || err != nil && (connect.ClassOf(err) != connect.ClassConfig || !says(err, d.wrong...)) {
			t.Errorf("%s: %v, want a mistake that says %q", d.name, err, d.wrong)
		}
		if got := declared(rt); got != d.after {
			t.Errorf("%s: topics are %q, want %q", d.name, got, d.after)
		}
		for _, p := range d.producers {
			known := strings.Contains(" "+d.after+" ", " "+p.Topic+" ") && p.Topic != ""
			if err := hand(t, rt, p.Topic); (err == nil) != known {
				t.Errorf("%s: a record for %q is answered %v; declared is %t", d.name, p.Topic, err, known)
			}
		}
	}
	for i, d := range rt.topics.snapshot() {
		if d.handed.Index != int32(i) || rt.budget.Topic(int32(i)).InFlight == 0 {
			t.Errorf("%s is number %d with %d records, want %d with some", d.producer.Topic, d.handed.Index, rt.budget.Topic(int32(i)).InFlight, i)
		}
	}
}

// One call names all its mistakes, one to a line.
func TestDeclareNamesEveryMistake(t *testing.T) {
	t.Parallel()
	rt := standing(t, &idle{}, new(written))
	err := rt.topics.declare(connect.Producer{Topic: "one"}, connect.Producer{Topic: "two"}, connect.Producer{Topic: "three"})
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 3 {
		t.Errorf("%d lines for three mistakes: %v", len(lines), err)
	}
}

// A topic whose schema is not known yet takes no records.
func TestDeclareBeforeItsSchemaIsKnown(t *testing.T) {
	t.Parallel()
	rt := standing(t, &idle{}, new(written))
	rt.cfg.Schemas = []config.Schema{{Topic: "/default/a", SchemaType: "string"}}
	if err := rt.topics.declare(reliable("/default/a")); !says(err, "not known yet", "/default/a") {
		t.Errorf("declare = %v", err)
	}
	if got := declared(rt); got != "" {
		t.Errorf("topics are %q", got)
	}
}

// boardStates are what a partition's state is on the board, before and after it has
// been open for the first time.
var boardStates = []struct {
	state         publisher.State
	before, after health.State
}{
	{publisher.Opening, health.Starting, health.Degraded},
	{publisher.Open, health.Running, health.Running},
	{publisher.Probing, health.Stalled, health.Stalled},
	{publisher.Failed, health.Failed, health.Failed},
}

func TestBoardStates(t *testing.T) {
	t.Parallel()
	for _, c := range boardStates {
		for open, want := range map[bool]health.State{false: c.before, true: c.after} {
			if got := (partitionState{state: c.state, open: open}).boardState(); got != want {
				t.Errorf("%s, open before %t: %s, want %s", c.state, open, got, want)
			}
		}
	}
}

// reports of three partitions, one after the other, and what the topic is then.
var reports = []struct {
	partition int
	state     publisher.State
	cause     string
	want      health.State
	why       string
}{
	{0, publisher.Open, "", health.Starting, ""},
	{1, publisher.Open, "", health.Starting, ""},
	{2, publisher.Opening, "no leader", health.Starting, "no leader"},
	{2, publisher.Open, "", health.Running, ""},
	{1, publisher.Opening, "lost", health.Degraded, "lost"},
	{0, publisher.Probing, "no answer", health.Stalled, "no answer"},
	{1, publisher.Open, "", health.Stalled, "no answer"},
	{2, publisher.Opening, "moved", health.Stalled, "no answer"},
	{0, publisher.Open, "", health.Degraded, "moved"},
	{2, publisher.Open, "", health.Running, ""},
	{1, publisher.Failed, "denied", health.Failed, "denied"},
	{0, publisher.Probing, "no answer", health.Failed, "denied"},
}

func TestTopicIsAsItsGravestPartition(t *testing.T) {
	t.Parallel()
	rt := standing(t, &idle{}, new(written))
	if err := rt.topics.declare(connect.Producer{Topic: "/default/a", Reliable: true, Partitions: 3}); err != nil {
		t.Fatal(err)
	}
	topic := rt.topics.snapshot()[0]
	rt.board.Start(topic.publisher.String())
	for i, r := range reports {
		var cause error
		if r.cause != "" {
			cause = errors.New(r.cause)
		}
		rt.topics.report(topic, r.partition, r.state, cause)
		if c := at(rt.board, "publisher /default/a"); c.State != r.want || c.Cause != r.why {
			t.Errorf("report %d (partition %d %s): %s (%s), want %s (%s)", i+1, r.partition, r.state, c.State, c.Cause, r.want, r.why)
		}
	}
}

// An ordering that is by partition leaves one lane whatever is configured.
func TestLanes(t *testing.T) {
	t.Parallel()
	for ordering, want := range map[string]int{"key": 16, "none": 16, "partition": 1} {
		if got := lanesOf(ordering, 16); got != want {
			t.Errorf("%s: %d lanes, want %d", ordering, got, want)
		}
	}
}
