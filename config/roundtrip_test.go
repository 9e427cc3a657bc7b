package config

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyConnector draws a Connector that Check takes.
func anyConnector(t *rapid.T) Connector {
	inRange := func(path string) int64 {
		k := keyOf(path)
		return rapid.Int64Range(k.min, k.max).Draw(t, path)
	}
	c := Connector{
		DanubeServiceURL: rapid.SampledFrom([]string{"http://b:6650", "http://[::1]:1"}).Draw(t, "url"),
		ConnectorName:    rapid.StringMatching(`[A-Za-z0-9_-]{1,64}`).Draw(t, "name"),
		Processing: Processing{
			BatchSize: int(inRange("processing.batch_size")), BatchTimeoutMS: inRange("processing.batch_timeout_ms"),
			PollIntervalMS: inRange("processing.poll_interval_ms"), HealthCheckIntervalMS: inRange("processing.health_check_interval_ms"),
			HealthCheckFailureThreshold: int(inRange("processing.health_check_failure_threshold")),
		},
		Retry:  Retry{MaxRetries: int(inRange("retry.max_retries")), RetryBackoffMS: inRange("retry.retry_backoff_ms")},
		Danube: Danube{Seeds: rapid.SliceOfN(rapid.Just("http://c:1"), 0, 3).Draw(t, "seeds")},
		Delivery: Delivery{
			Ordering: rapid.SampledFrom(orderings).Draw(t, "ordering"), Lanes: int(inRange("delivery.lanes")),
			BudgetBytes: Size(inRange("delivery.budget_bytes")), Stamp: rapid.Bool().Draw(t, "stamp"),
			CommitAfter:   rapid.SampledFrom([]string{"settled", "acknowledged"}).Draw(t, "commit after"),
			FlushInterval: rapid.SampledFrom([]string{"auto", "0s", "250ms", "1h"}).Draw(t, "flush"),
			MaxUnsettled:  int(inRange("delivery.max_unsettled")),
		},
		Commit: Commit{Every: int(inRange("commit.every"))},
		Errors: Errors{
			OnInvalid: rapid.SampledFrom(policies).Draw(t, "policy"), Max: int(inRange("errors.max")),
			DeadLetterTopic: rapid.SampledFrom([]string{"", "/default/letters"}).Draw(t, "letters"),
			MaxRatio:        rapid.Float64Range(0, 1).Draw(t, "ratio"),
		},
		HTTP:   HTTP{Bind: rapid.SampledFrom([]string{"::", "127.0.0.1", "localhost"}).Draw(t, "bind")},
		Topics: map[string]Topic{},
	}
	c.Retry.MaxBackoffMS = rapid.Int64Range(c.Retry.RetryBackoffMS, hourMS).Draw(t, "max backoff")
	c.Delivery.WindowRecords = rapid.IntRange(c.Processing.BatchSize, 1<<24).Draw(t, "window")
	for path, d := range map[string]*time.Duration{
		"danube.request_timeout": &c.Danube.RequestTimeout, "danube.health_interval": &c.Danube.HealthInterval,
		"delivery.drain_timeout": &c.Delivery.DrainTimeout, "delivery.settle_margin": &c.Delivery.SettleMargin, "commit.interval": &c.Commit.Interval,
		"errors.window": &c.Errors.Window,
	} {
		*d = time.Duration(inRange(path))
	}
	if rapid.Bool().Draw(t, "listens") {
		c.Processing.MetricsPort = new(rapid.Uint16().Draw(t, "port"))
	}
	for _, name := range rapid.SliceOfN(rapid.StringMatching(`/[A-Za-z0-9_-]{1,9}/[A-Za-z0-9_-]{1,9}`), 0, 4).Draw(t, "topics") {
		c.Topics[name] = Topic{
			Lanes: rapid.IntRange(1, 65536).Draw(t, "topic lanes"), Ordering: rapid.SampledFrom(orderings).Draw(t, "topic ordering"),
			OnInvalid: rapid.SampledFrom(policies).Draw(t, "topic policy"), DeadLetterTopic: "/default/other-letters",
		}
	}
	return c
}

// write writes a Connector as a user would.
func write(c Connector) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("danube_service_url = %q\nconnector_name = %q", c.DanubeServiceURL, c.ConnectorName)
	line("[processing]\nbatch_size = %d\nbatch_timeout_ms = %d", c.Processing.BatchSize, c.Processing.BatchTimeoutMS)
	line("poll_interval_ms = %#x\nhealth_check_interval_ms = %#o", c.Processing.PollIntervalMS, octal(c.Processing.HealthCheckIntervalMS))
	line("health_check_failure_threshold = %+d", c.Processing.HealthCheckFailureThreshold)
	if p := c.Processing.MetricsPort; p != nil {
		line("metrics_port = %d", *p)
	}
	line("[retry]\nmax_retries = %d\nretry_backoff_ms = %d\nmax_backoff_ms = %d", c.Retry.MaxRetries, c.Retry.RetryBackoffMS, c.Retry.MaxBackoffMS)
	line("[danube]\nrequest_timeout = %q\nhealth_interval = %q\nseeds = [", c.Danube.RequestTimeout, c.Danube.HealthInterval)
	for _, s := range c.Danube.Seeds {
		line("  '%s', # a broker", s)
	}
	line("]\n[delivery]\nordering = %q\nlanes = %d\nwindow_records = %d", c.Delivery.Ordering, c.Delivery.Lanes, c.Delivery.WindowRecords)
	line("budget_bytes = %q\ndrain_timeout = %q\nstamp = %t", c.Delivery.BudgetBytes, c.Delivery.DrainTimeout, c.Delivery.Stamp)
	line("commit_after = %q\nflush_interval = %q", c.Delivery.CommitAfter, c.Delivery.FlushInterval)
	line("settle_margin = %q\nmax_unsettled = %d", c.Delivery.SettleMargin, c.Delivery.MaxUnsettled)
	line("[offsets]\npath = %q", c.Offsets.Path)
	line("[commit]\ninterval = %q\nevery = %d\n[http]\nbind = %q", c.Commit.Interval, c.Commit.Every, c.HTTP.Bind)
	line("[errors]\non_invalid = %q\ndead_letter_topic = %q\nmax = %d", c.Errors.OnInvalid, c.Errors.DeadLetterTopic, c.Errors.Max)
	line("window = %q\nmax_ratio = %s", c.Errors.Window, tomlFloat(c.Errors.MaxRatio))
	for name, topic := range c.Topics {
		line("[topics.%q]\nlanes = %d\nordering = '''%s'''", name, topic.Lanes, topic.Ordering)
		line("on_invalid = %q\ndead_letter_topic = %q", topic.OnInvalid, topic.DeadLetterTopic)
	}
	return b.String()
}

// tomlFloat prints a float as TOML writes them.
func tomlFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// octal prints as TOML writes octal numbers.
type octal int64

// Format writes 0o17.
func (o octal) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%O", int64(o)) }

// TestWhatIsWrittenIsRead: any Connector that is right, written as a file, is
// read back as it was. rapid prints the seed of a failure and takes it again.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anyConnector(t)
		if err := want.Check(); err != nil {
			t.Fatalf("drawn wrong: %v", err)
		}
		file := write(want)
		got, err := Parse[Connector]("c.toml", []byte(file), nil)
		if len(want.Topics) == 0 {
			want.Topics = got.Topics
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v\n%s\n%s", err, diff, file)
		}
	})
}

// TestOneWrongLineIsFound breaks one line of a right file, and expects to be told
// about that line and no other.
func TestOneWrongLineIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := strings.Split(strings.TrimSuffix(write(anyConnector(t)), "\n"), "\n")
		i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
		name, _, isKey := strings.Cut(lines[i], " = ")
		if !isKey || name == "seeds" {
			t.Skip("not a line with a key and its value")
		}
		lines[i] = name + rapid.SampledFrom([]string{" = nan", " = ", " = [[]]", " = 1979-05-27", " 1", " = 'a", `x = "y"`, ".a.b = 1"}).Draw(t, "break")
		_, err := Parse[Connector]("c.toml", []byte(strings.Join(lines, "\n")), nil)
		e, ok := err.(*Error)
		if !ok || len(e.Problems) == 0 {
			t.Fatalf("%s is taken: %v", lines[i], err)
		}
		for _, p := range e.Problems {
			missing := p.What == "is missing" && p.Line == 1
			if p.Line != i+1 && !missing && !strings.Contains(p.What, " than ") {
				t.Fatalf("line %d is %s, and not what is wrong here: %v", i+1, lines[i], p)
			}
		}
	})
}
