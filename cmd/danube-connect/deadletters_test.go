package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

const letterTopic = "/default/test-dead-letters"

// spoiled is a source of one record that can be delivered and two that cannot.
type spoiled struct{ numbers }

func (s *spoiled) Commit(context.Context, []connect.Offset) error { return nil }

func (s *spoiled) Poll(context.Context) ([]connect.Envelope, error) {
	at := func(n uint64) connect.Offset { return connect.Offset{Partition: "orders.csv", Value: n} }
	return []connect.Envelope{
		connect.Bad(at(1), []byte("a;b;c"), errors.New("line has 3\tfields")),
		connect.Number(topic, 2).At(at(2)),
		connect.RawJSON(topic, []byte(`{"n":`)).WithKey("k").WithAttribute("mine", "kept").WithAttribute("danube.connect.seq", "9").At(at(3)),
	}, connect.ErrEnd
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	ctx := limited(t)
	b, err := devbroker.Start(devbroker.Settings{Topics: []string{topic, letterTopic}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	read := func(subscription string, args ...string) *show {
		args = append([]string{"deadletters"}, args...)
		return watchVerb(ctx, t, nil, nil, append(args, "-danube", b.URL(), "-topic", letterTopic, "-subscription", subscription, "-count", "2")...)
	}
	list, peek, full := read("list", "list", "-ack"), read("show", "list"), (*show)(nil)

	cfg := config.Defaults()
	cfg.ConnectorName, cfg.DanubeServiceURL, cfg.Errors.OnInvalid = "test", b.URL(), "dead_letter"
	if err := supervisor.Run(ctx, &spoiled{}, cfg, supervisor.Options{}); err != nil {
		t.Fatal(err)
	}
	stdout, _ := list.ends(t, done)
	lines := strings.Split(stdout, "\n")
	slices.Sort(lines[1 : len(lines)-1]) // two records without a common key have no order
	if len(lines) != 4 || lines[0] != "LAST\tCLASS\tTOPIC\tPARTITION\tPOSITION\tATTEMPTS\tERROR" ||
		!strings.Contains(stdout, "\tbad\t-\torders.csv\t1\t0\t\"line has 3\\tfields\"\n") || !strings.Contains(stdout, "\tattributes\t"+topic+"\torders.csv\t3\t0\t") ||
		strings.Contains(stdout, "a;b;c") {
		t.Errorf("list prints\n%s", stdout)
	}
	if _, err := time.Parse(time.RFC3339Nano, strings.SplitN(lines[1], "\t", 2)[0]); err != nil {
		t.Error(err)
	}
	if kept, _ := peek.ends(t, done); strings.Count(kept, "\n") != 3 {
		t.Errorf("list prints\n%s", kept)
	}

	full = read("show", "show") // what was not acknowledged is there again
	stdout, _ = full.ends(t, done)
	found := map[string]letter{}
	for text := range strings.Lines(stdout) {
		var l letter
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		found[l.Class] = l
	}
	if l := found["bad"]; l.Payload != "a;b;c" || l.Topic != "" || l.Key != nil || l.Source["partition"] != "orders.csv" || l.Source["connector"] != "test" {
		t.Errorf("show prints %+v", l)
	}
	if l := found["attributes"]; l.Payload != `{"n":` || l.Topic != topic || l.Key == nil || *l.Key != "k" ||
		l.Attributes["mine"] != "kept" || l.Attributes["danube.connect.seq"] != "9" || len(l.Attributes) != 2 || l.Source["position"] != "3" || l.Attempts != "0" {
		t.Errorf("show prints %+v", l)
	}
}

// Without -ack, reading ends when the broker hands out again what was printed, long
// before it would block the subscription; nothing is printed twice, and all is there
// for the next reader.
func TestDeadLettersEndWhenTheyComeAgain(t *testing.T) {
	t.Parallel()
	ctx := limited(t)
	b := start(t, devbroker.Settings{AckTimeout: 3 * time.Second})
	read := func(args ...string) *show {
		args = append([]string{"deadletters"}, args...)
		return watchVerb(ctx, t, nil, nil, append(args, "-danube", b.URL(), "-topic", topic, "-subscription", "s")...)
	}
	first := read("show")
	publish(ctx, t, b.URL(), 3, unchanged)
	if stdout, stderr := first.ends(t, done); stdout != printedNumbers(0, 3) || !strings.Contains(stderr, "3 messages: without -ack") {
		t.Errorf("show prints\n%s\nand says\n%s", stdout, stderr)
	}
	short := read("show", "-count", "4")
	if stdout, stderr := short.ends(t, failed); stdout != printedNumbers(0, 3) || !strings.Contains(stderr, "3 of 4 messages: without -ack") {
		t.Errorf("show -count 4 prints\n%s\nand says\n%s", stdout, stderr)
	}
	taken := read("show", "-ack", "-count", "3")
	if stdout, _ := taken.ends(t, done); stdout != printedNumbers(0, 3) {
		t.Errorf("show -ack prints\n%s", stdout)
	}
}

// What is no dead letter is printed as what it is.
func TestNoDeadLetter(t *testing.T) {
	t.Parallel()
	ctx := limited(t)
	b := start(t, devbroker.Settings{})
	list := watchVerb(ctx, t, nil, nil, "deadletters", "list", "-danube", b.URL(), "-topic", topic, "-subscription", "list", "-count", "1")
	full := watchVerb(ctx, t, nil, nil, "deadletters", "show", "-danube", b.URL(), "-topic", topic, "-subscription", "show", "-count", "1")
	publish(ctx, t, b.URL(), 1, unchanged)
	if stdout, _ := list.ends(t, done); !strings.HasSuffix(stdout, "\n-\t-\t-\t-\t-\t-\t-\n") {
		t.Errorf("list prints\n%s", stdout)
	}
	if stdout, _ := full.ends(t, done); stdout != printedNumbers(0, 1) {
		t.Errorf("show prints\n%s", stdout)
	}
}
