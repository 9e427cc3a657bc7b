package config

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/google/go-cmp/cmp"
)

// guideConfig is the struct of the source connector guide.
type guideConfig struct {
	Connector `toml:",inline" koanf:",squash"`
	MySource  guideSource `toml:"my_source" koanf:"my_source"`
}

type guideSource struct {
	ExternalHost string          `toml:"external_host" koanf:"external_host"`
	APIKey       Secret          `toml:"api_key" koanf:"api_key" env:"API_KEY"`
	Routes       []connect.Route `toml:"routes" koanf:"routes"`
}

// minimal is the shortest file that is whole.
const minimal = `danube_service_url = "http://127.0.0.1:6650"
connector_name = "orders"
`

// variables is an environment.
func variables(all ...string) func() []string { return func() []string { return all } }

// errorLines returns the lines of an error, which must be a config error.
func errorLines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); !ok || connect.ClassOf(err) != connect.ClassConfig || !errors.Is(err, connect.ClassConfig) {
		t.Fatalf("%T of class %v, want *config.Error of class config: %v", err, connect.ClassOf(err), err)
	}
	return strings.Split(err.Error(), "\n")
}

func readGuide(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/guide.toml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGuideFileLoadsExactly(t *testing.T) {
	t.Parallel()
	got, err := Parse[guideConfig]("testdata/guide.toml", readGuide(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := guideConfig{Connector: Defaults(), MySource: guideSource{
		ExternalHost: "system.example.com",
		Routes:       []connect.Route{{From: "input/*", To: "/data/events", Partitions: 4, ReliableDispatch: new(true)}},
	}}
	want.DanubeServiceURL, want.ConnectorName = "http://danube-broker:6650", "my-source"
	want.Processing.MetricsPort = new(uint16(9090))
	want.Schemas = []Schema{{
		Topic: "/data/events", Subject: "events-v1", SchemaType: "json_schema",
		SchemaFile: filepath.Join("testdata", "schemas", "events.json"), AutoRegister: true, Place: "testdata/guide.toml:9",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What an entry leaves out is as the reference page says.
func TestSchemaDefaults(t *testing.T) {
	t.Parallel()
	got := Schema{}.WithDefaults()
	if got.CheckInterval != 30*time.Second || got.OnChange != "keep" {
		t.Errorf("%+v", got)
	}
	set := Schema{CheckInterval: time.Minute, OnChange: "halt"}
	if got := set.WithDefaults(); got.CheckInterval != time.Minute || got.OnChange != "halt" {
		t.Errorf("%+v, and that was set", got)
	}
}

func TestDefaultsAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	want := Connector{
		Processing: Processing{
			BatchSize: 1000, BatchTimeoutMS: 1000, PollIntervalMS: 100,
			HealthCheckIntervalMS: 30000, HealthCheckFailureThreshold: 3, LogLevel: slog.LevelInfo,
		},
		Retry:  Retry{MaxRetries: 3, RetryBackoffMS: 1000, MaxBackoffMS: 30000},
		Danube: Danube{Seeds: []string{}, RequestTimeout: 30 * time.Second, HealthInterval: 5 * time.Second},
		Delivery: Delivery{
			Ordering: "key", Lanes: 128, WindowRecords: 2048, BudgetBytes: 64 << 20,
			DrainTimeout: 30 * time.Second, Stamp: true,
			CommitAfter: "settled", FlushInterval: "auto", SettleMargin: time.Second, MaxUnsettled: 1_000_000,
		},
		Commit: Commit{Interval: time.Second},
		Errors: Errors{OnInvalid: "halt", Window: time.Hour},
		HTTP:   HTTP{Bind: "127.0.0.1"},
	}
	if diff := cmp.Diff(want, Defaults()); diff != "" {
		t.Error(diff)
	}
	got, err := Parse[Connector]("c.toml", []byte(minimal), nil)
	want.DanubeServiceURL, want.ConnectorName = "http://127.0.0.1:6650", "orders"
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("a minimal file: %v\n%s", err, diff)
	}
}

// everything has every key of ours at a value that is not its default.
const everything = minimal + `
[processing]
batch_size = 1_0
batch_timeout_ms = 0
poll_interval_ms = 0x10
metrics_port = 0
health_check_interval_ms = 1
health_check_failure_threshold = 1
log_level = "debug"
[retry]
max_retries = 0
retry_backoff_ms = 5
max_backoff_ms = 5
[danube]
seeds = ["http://b:6650", "http://c"]
connect_override = "localhost:7000"
request_timeout = "1m30s"
health_interval = "100ms"
[delivery]
ordering = "none"
lanes = 1
window_records = 10
budget_bytes = 4096
drain_timeout = "1h"
commit_after = "acknowledged"
flush_interval = "250ms"
settle_margin = "2s"
max_unsettled = 1
stamp = false
[commit]
interval = "10ms"
every = 7
[errors]
on_invalid = "skip"
dead_letter_topic = "/default/letters"
max = 5
window = "2m"
max_ratio = 0.25
[http]
bind = "::1"
[topics."/default/orders"]
ordering = "partition"
on_invalid = "dead_letter"
dead_letter_topic = "/default/order-letters"
[topics."/default/other"]
lanes = 3
[[schemas]]
topic = "/default/logs"
schema_type = "string"
[[schemas]]
topic = "/default/counts"
schema_type = "number"
auto_register = false
version_strategy = "latest"
encoding = "binary"
[[schemas]]
topic = "/default/bids"
subject = "bids-v1"
schema_type = "protobuf"
schema_file = "parse_test.go"
auto_register = true
version_strategy = { minimum = 3 }
message = "bids.Bid"
refs = ["error.go"]
check_interval = "5m"
on_change = "follow"
`

func TestEveryKeyIsRead(t *testing.T) {
	t.Parallel()
	got, err := Parse[Connector]("c.toml", []byte(everything), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Connector{
		DanubeServiceURL: "http://127.0.0.1:6650", ConnectorName: "orders",
		Processing: Processing{
			BatchSize: 10, PollIntervalMS: 16, MetricsPort: new(uint16(0)),
			HealthCheckIntervalMS: 1, HealthCheckFailureThreshold: 1, LogLevel: slog.LevelDebug,
		},
		Retry: Retry{RetryBackoffMS: 5, MaxBackoffMS: 5},
		Danube: Danube{
			Seeds: []string{"http://b:6650", "http://c"}, ConnectOverride: "localhost:7000",
			RequestTimeout: 90 * time.Second, HealthInterval: 100 * time.Millisecond,
		},
		Delivery: Delivery{
			Ordering: "none", Lanes: 1, WindowRecords: 10, BudgetBytes: 4096, DrainTimeout: time.Hour,
			CommitAfter: "acknowledged", FlushInterval: "250ms", SettleMargin: 2 * time.Second, MaxUnsettled: 1,
		},
		Commit: Commit{Interval: 10 * time.Millisecond, Every: 7},
		Errors: Errors{OnInvalid: "skip", DeadLetterTopic: "/default/letters", Max: 5, Window: 2 * time.Minute, MaxRatio: 0.25},
		HTTP:   HTTP{Bind: "::1"},
		Topics: map[string]Topic{
			"/default/orders": {Ordering: "partition", OnInvalid: "dead_letter", DeadLetterTopic: "/default/order-letters"},
			"/default/other":  {Lanes: 3},
		},
		Schemas: []Schema{
			{Topic: "/default/logs", SchemaType: "string", Place: "c.toml:49"},
			{Topic: "/default/counts", SchemaType: "number", Encoding: "binary", Place: "c.toml:52"},
			{
				Topic: "/default/bids", Subject: "bids-v1", SchemaType: "protobuf", SchemaFile: "parse_test.go", AutoRegister: true,
				VersionStrategy: VersionStrategy{Minimum: 3}, Message: "bids.Bid", Refs: []string{"error.go"},
				CheckInterval: 5 * time.Minute, OnChange: "follow", Place: "c.toml:58",
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTimesAndLookups(t *testing.T) {
	t.Parallel()
	c, err := Parse[Connector]("c.toml", []byte(everything), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]time.Duration{
		"batch timeout":  {c.Processing.BatchTimeout(), 0},
		"poll interval":  {c.Processing.PollInterval(), 16 * time.Millisecond},
		"health check":   {c.Processing.HealthCheckInterval(), time.Millisecond},
		"first backoff":  {c.Retry.Backoff(), 5 * time.Millisecond},
		"longest pause":  {c.Retry.MaxBackoff(), 5 * time.Millisecond},
		"default of one": {Defaults().Retry.MaxBackoff(), 30 * time.Second},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
	if flush, announced := c.Delivery.Flush(); flush != 250*time.Millisecond || announced {
		t.Errorf("a flush interval that is set is %v, announced %t", flush, announced)
	}
	if flush, announced := Defaults().Delivery.Flush(); flush != 5*time.Second || !announced {
		t.Errorf("the default flush interval is %v, announced %t", flush, announced)
	}
	for topic, want := range map[string]Topic{
		"/default/orders": {Ordering: "partition", Lanes: 1, OnInvalid: "dead_letter", DeadLetterTopic: "/default/order-letters"},
		"/default/other":  {Ordering: "none", Lanes: 3, OnInvalid: "skip", DeadLetterTopic: "/default/letters"},
		"/default/third":  {Ordering: "none", Lanes: 1, OnInvalid: "skip", DeadLetterTopic: "/default/letters"},
	} {
		if got := c.TopicFor(topic); got != want {
			t.Errorf("TopicFor(%s) = %+v, want %+v", topic, got, want)
		}
	}
	c.Errors.DeadLetterTopic = ""
	if got := c.TopicFor("/default/third").DeadLetterTopic; got != "/default/orders-dead-letters" {
		t.Errorf("dead letters go to %s by default", got)
	}
	if s, ok := c.SchemaFor("/default/counts"); !ok || s.SchemaType != "number" {
		t.Errorf("SchemaFor = %+v, %t", s, ok)
	}
	if s, ok := c.SchemaFor("/default/none"); ok {
		t.Errorf("SchemaFor a topic without an entry = %+v", s)
	}
}
