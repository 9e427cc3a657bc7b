package supervisor

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
)

// lettered returns a runtime that dead-letters: records of /default/own to
// /default/box, all others to the default topic.
func lettered(t *testing.T, more map[string]config.Topic) *Runtime {
	t.Helper()
	rt := standing(t, &idle{}, new(written))
	rt.cfg.Errors.OnInvalid = "dead_letter"
	rt.cfg.Topics = map[string]config.Topic{"/default/own": {DeadLetterTopic: "/default/box"}}
	maps.Copy(rt.cfg.Topics, more)
	rt.topics.mailboxes = mailboxes(&rt.cfg)
	return rt
}

// A dead-letter topic keeps what it is given, and its letters; whoever declares one
// that would not, or in another way than it was made, is told what would be right.
func TestDeclaredMailboxes(t *testing.T) {
	t.Parallel()
	const usual = "/default/test-dead-letters"
	for _, c := range []struct {
		name    string
		topics  map[string]config.Topic
		before  []connect.Producer
		declare connect.Producer
		says    []string // none: it is accepted
	}{
		{name: "with partitions", declare: connect.Producer{Topic: usual, Reliable: true, Partitions: 3}},
		{name: "not reliable", declare: connect.Producer{Topic: usual}, says: []string{usual, "reliable = false", "declare it reliable"}},
		{name: "not reliable, of one topic", declare: connect.Producer{Topic: "/default/box"}, says: []string{"/default/box", "declare it reliable"}},
		{name: "not reliable, and takes none", declare: connect.Producer{Topic: "/default/own"}},
		{
			name: "too late", before: []connect.Producer{reliable("/default/a")}, declare: connect.Producer{Topic: usual, Reliable: true, Partitions: 3},
			says: []string{usual, "partitions = 3", "declare it before"},
		},
		{
			name: "with one of its own", topics: map[string]config.Topic{"/default/box": {DeadLetterTopic: "/default/other"}}, declare: reliable("/default/box"),
			says: []string{`[topics."/default/box"] dead_letter_topic = "/default/other"`, "leave the key out"},
		},
		{name: "with itself", topics: map[string]config.Topic{"/default/box": {DeadLetterTopic: "/default/box"}}, declare: reliable("/default/box")},
	} {
		rt := lettered(t, c.topics)
		if c.before != nil {
			if err := rt.topics.declare(c.before...); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		err := rt.topics.declare(c.declare)
		if (err == nil) != (c.says == nil) || err != nil && (connect.ClassOf(err) != connect.ClassConfig || !says(err, c.says...)) {
			t.Errorf("%s: %v, want a mistake that says %q", c.name, err, c.says)
		}
	}
}

// Letters of a dead-letter topic's own records stay in it, whatever [errors] says: two
// that fed each other would never both be dry.
func TestLettersStayInTheirTopic(t *testing.T) {
	t.Parallel()
	rt := lettered(t, nil)
	for topic, want := range map[string]string{
		"/default/a": "/default/test-dead-letters", "/default/own": "/default/box",
		"/default/box": "/default/box", "/default/test-dead-letters": "/default/test-dead-letters",
	} {
		if got := rt.topics.rule(topic).Topic; got != want {
			t.Errorf("letters of %s go to %s, want %s", topic, got, want)
		}
	}
}

// Settings that no file was read for are held to the same: a dead-letter topic follows
// no schema.
func TestMailboxWithASchema(t *testing.T) {
	t.Parallel()
	cfg := settings()
	cfg.Errors.OnInvalid = "dead_letter"
	cfg.Schemas = []config.Schema{{Topic: cfg.DeadLetterTopic(), SchemaType: "number", Subject: "letters"}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := New(&idle{}, cfg, Options{Dial: nobody}).Run(ctx)
	if connect.ClassOf(err) != connect.ClassConfig || !says(err, "schemas[0].topic", "errors.dead_letter_topic", "/default/test-dead-letters") {
		t.Errorf("Run = %v, want a mistake in the configuration that names both keys", err)
	}
}

// A table of a topic that nobody declares is most likely a slip of the pen.
func TestTablesOfNoTopic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log written
		cfg := settings()
		cfg.Topics = map[string]config.Topic{"/default/orders": {Lanes: 3}, "/default/odrers": {OnInvalid: "skip"}}
		rt := New(&idle{topics: []string{"/default/orders"}}, cfg, Options{Logger: loud(&log), Dial: nobody})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- rt.Run(ctx) }()
		time.Sleep(time.Second)
		cancel()
		if err := <-ended; err != nil || !log.has("level=WARN", "not declared", "[/default/odrers]") {
			t.Errorf("Run = %v; the log says\n%s", err, log.String())
		}
	})
}
