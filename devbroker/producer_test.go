package devbroker_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// refusals are the answers to CreateProducer at listener 0 of cluster, which has
// also /default/parts-part-0 (at 1), the subject "s1" on /default/a and the
// producer "first" there.
var refusals = map[string]struct {
	topic    string
	strategy wire.DispatchStrategy
	subject  string
	code     codes.Code
	text     string
}{
	"bad name":               {"t", 1, "", codes.InvalidArgument, "invalid format"},
	"dots":                   {"/default/a.b", 1, "", codes.InvalidArgument, "invalid format"},
	"owned elsewhere":        {"/default/b", 1, "", codes.Unavailable, "served by another broker"},
	"new topic":              {"/default/fresh", 1, "", codes.Unavailable, "metadata was created"},
	"namespace missing":      {"/nowhere/t", 1, "", codes.Unavailable, "Unable to find the namespace"},
	"empty namespace":        {"//", 1, "", codes.Unavailable, "Unable to find the namespace"},
	"other strategy":         {"/default/a", 0, "", codes.FailedPrecondition, "dispatch strategy does not match"},
	"unknown strategy":       {"/default/unknown", 9, "", codes.InvalidArgument, "Dispatch strategy is missing"},
	"other subject":          {"/default/a", 1, "s2", codes.FailedPrecondition, "uses schema subject"},
	"unregistered subject":   {"/default/c", 1, "s3", codes.FailedPrecondition, "Failed to assign schema"},
	"base of partitions":     {"/default/parts", 1, "", codes.AlreadyExists, "partitioned topic"},
	"beginning of another":   {"/default/part", 1, "", codes.AlreadyExists, "partitioned topic"},
	"partition of a plain":   {"/default/a-part-0", 1, "", codes.AlreadyExists, "partitioned topic"},
	"limit":                  {"/default/a", 1, "s1", codes.ResourceExhausted, "Producer limit reached"},
	"text before the slash":  {"x/default/t", 1, "", codes.Unavailable, "metadata was created"},
	"letters of any script":  {"/default/ключ", 1, "", codes.Unavailable, "metadata was created"},
	"strategy before schema": {"/default/a", 0, "s2", codes.FailedPrecondition, "dispatch strategy"},
}

func TestCreateProducerRefusals(t *testing.T) {
	t.Parallel()
	settings := cluster
	settings.Topics = append([]string{"/default/parts-part-0"}, settings.Topics...)
	settings.Topics[0], settings.Topics[1] = settings.Topics[1], settings.Topics[0]
	settings.MaxProducers = 1
	w := start(t, settings)
	c := w.client(0)
	for _, subject := range []string{"s1", "s2"} {
		must[wire.RegisterSchemaResponse](c, wire.RegisterSchema, &wire.RegisterSchemaRequest{Subject: subject, SchemaType: "string"})
	}
	wantEqual(t, "owners", owners(w), map[string]int{"/default/a": 0, "/default/parts-part-0": 1, "/default/b": 0, "/default/c": 1})
	if err := w.Move("/default/b", 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.Move("/default/c", 0, 0); err != nil {
		t.Fatal(err)
	}
	first := producing("/default/a", "first")
	first.SchemaRef = &wire.SchemaReference{Subject: "s1"}
	if _, err := c.tryProducer(first); err != nil {
		t.Fatal(err)
	}
	for name, row := range refusals {
		t.Run(name, func(t *testing.T) {
			in := producing(row.topic, "second")
			in.DispatchStrategy = row.strategy
			if row.subject != "" {
				in.SchemaRef = &wire.SchemaReference{Subject: row.subject}
			}
			_, err := c.tryProducer(in)
			wantStatus(t, err, row.code, row.text)
		})
	}
}

func owners(w *world) map[string]int {
	all := map[string]int{}
	for _, topic := range w.Topics() {
		all[topic.Name] = topic.Listener
	}
	return all
}

func TestProducerIsReusedByName(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	c := w.client(0)
	id := c.producer(topicT, "p")
	again, err := c.tryProducer(&wire.ProducerRequest{
		RequestId: 9, TopicName: topicT, ProducerName: "p",
		DispatchStrategy:   wire.DispatchStrategy_Reliable,
		ProducerAccessMode: wire.ProducerAccessMode_Exclusive,
	})
	if err != nil {
		t.Fatal(err)
	}
	if again.ProducerId != id || again.RequestId != 9 || again.ProducerName != "p" {
		t.Errorf("second answer is %v; want id %d, request 9, name p", again, id)
	}
	if other := c.producer(topicT, "q"); other == id {
		t.Error("another name has the same id")
	}
	// A third connection does not make a third producer.
	w.client(0).producer(topicT, "p")
	wantEqual(t, "producers", w.Topics()[0].Producers, []string{"p", "q"})
}

func TestStandaloneAcceptsANewTopicAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Standalone: true, Namespaces: []string{"mine"}})
	c := w.client(0)
	must[wire.RegisterSchemaResponse](c, wire.RegisterSchema, &wire.RegisterSchemaRequest{Subject: "s", SchemaType: "string"})
	in := producing("/mine/t", "p")
	in.SchemaRef = &wire.SchemaReference{Subject: "s"}
	for _, subject := range []string{"", "s"} { // the first call does not bind
		if _, err := c.tryProducer(in); err != nil {
			t.Fatal(err)
		}
		if got := w.Topics()[0].Subject; got != subject {
			t.Errorf("subject is %q; want %q", got, subject)
		}
	}
}

func TestAnUnregisteredSubjectStillCreatesTheTopic(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	c := w.client(0)
	in := producing(topicT, "p")
	in.SchemaRef = &wire.SchemaReference{Subject: "s"}
	_, err := c.tryProducer(in)
	wantStatus(t, err, codes.Unavailable, "metadata was created")
	_, err = c.tryProducer(in)
	wantStatus(t, err, codes.FailedPrecondition, "Failed to assign schema")
	wantEqual(t, "owners", owners(w), map[string]int{topicT: 0})
}

func TestNewTopicsAreSpreadOverTheListeners(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Listen: []string{"a:1", "b:1", "c:1"}})
	c := w.client(0)
	for _, name := range []string{"/default/1", "/default/2", "/default/3", "/default/4"} {
		_, err := c.tryProducer(producing(name, "p"))
		wantStatus(t, err, codes.Unavailable, "metadata was created")
	}
	wantEqual(t, "owners", owners(w), map[string]int{"/default/1": 0, "/default/2": 1, "/default/3": 2, "/default/4": 0})
}

var announcements = map[string]struct {
	flush time.Duration
	want  []string
}{
	"none": {0, []string{"0"}},
	"5 s":  {5 * time.Second, []string{"5000"}},
}

func TestFlushIntervalIsAnnounced(t *testing.T) {
	t.Parallel()
	for name, row := range announcements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, devbroker.Settings{Flush: row.flush, Standalone: true})
			var header metadata.MD
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			out := &wire.ProducerResponse{}
			err := w.client(0).Invoke(ctx, wire.CreateProducer, producing(topicT, "p"), out, grpc.Header(&header))
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "header", header.Get(devbroker.FlushHeader), row.want)
		})
	}
}
