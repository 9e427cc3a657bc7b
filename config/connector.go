package config

import (
	"log/slog"
	"time"
)

// Connector is the part of the file that every connector shares: the core fields
// at the root and the tables beside them. The zero Connector is not usable: start
// from [Defaults] in code, or from [Load]. What each key means, its unit, default
// and range is in the reference, docs/config.md.
type Connector struct {
	// DanubeServiceURL is the broker to ask first: http://host:port, or https.
	DanubeServiceURL string `toml:"danube_service_url" koanf:"danube_service_url"`
	// ConnectorName names the producers; it must be stable.
	ConnectorName string `toml:"connector_name" koanf:"connector_name"`

	Processing Processing `toml:"processing" koanf:"processing"`
	Retry      Retry      `toml:"retry" koanf:"retry"`
	Danube     Danube     `toml:"danube" koanf:"danube"`
	Delivery   Delivery   `toml:"delivery" koanf:"delivery"`
	Commit     Commit     `toml:"commit" koanf:"commit"`
	Errors     Errors     `toml:"errors" koanf:"errors"`
	HTTP       HTTP       `toml:"http" koanf:"http"`
	Offsets    Offsets    `toml:"offsets" koanf:"offsets"`

	// Topics holds what is different for one topic, by its name. See TopicFor.
	Topics map[string]Topic `toml:"topics" koanf:"topics"`
	// Schemas holds at most one entry per topic. See SchemaFor.
	Schemas []Schema `toml:"schemas" koanf:"schemas"`
}

// TopicFor returns the settings of a topic, with those of [delivery] and [errors]
// wherever [topics] says nothing.
func (c Connector) TopicFor(topic string) Topic {
	t := c.Topics[topic]
	if t.Ordering == "" {
		t.Ordering = c.Delivery.Ordering
	}
	if t.Lanes == 0 {
		t.Lanes = c.Delivery.Lanes
	}
	if t.OnInvalid == "" {
		t.OnInvalid = c.Errors.OnInvalid
	}
	if t.DeadLetterTopic == "" {
		t.DeadLetterTopic = c.DeadLetterTopic()
	}
	return t
}

// DeadLetterTopic returns the topic dead letters go to where [topics] names no
// other: that of [errors], or the one named for the connector.
func (c Connector) DeadLetterTopic() string {
	if c.Errors.DeadLetterTopic != "" {
		return c.Errors.DeadLetterTopic
	}
	return "/default/" + c.ConnectorName + "-dead-letters"
}

// SchemaFor returns the [[schemas]] entry of a topic and whether there is one.
func (c Connector) SchemaFor(topic string) (Schema, bool) {
	for _, s := range c.Schemas {
		if s.Topic == topic {
			return s, true
		}
	}
	return Schema{}, false
}

// Processing is the [processing] table.
type Processing struct {
	// BatchSize is the most records that travel together.
	BatchSize int `toml:"batch_size" koanf:"batch_size"`
	// BatchTimeoutMS is accepted for the sake of existing files and has no effect:
	// an idle lane never waits for a batch.
	BatchTimeoutMS int64 `toml:"batch_timeout_ms" koanf:"batch_timeout_ms"`
	// PollIntervalMS is in milliseconds; see PollInterval.
	PollIntervalMS int64 `toml:"poll_interval_ms" koanf:"poll_interval_ms"`
	// MetricsPort is the port of the listener: nil means no listener, 0 any free
	// port.
	MetricsPort *uint16 `toml:"metrics_port" koanf:"metrics_port"`
	// HealthCheckIntervalMS is in milliseconds; see HealthCheckInterval.
	HealthCheckIntervalMS int64 `toml:"health_check_interval_ms" koanf:"health_check_interval_ms"`
	// HealthCheckFailureThreshold is how many failures in a row re-open a source.
	HealthCheckFailureThreshold int `toml:"health_check_failure_threshold" koanf:"health_check_failure_threshold"`
	// LogLevel is the least severe level that is logged.
	LogLevel slog.Level `toml:"log_level" koanf:"log_level"`
}

// BatchTimeout is the longest a part-filled batch waits.
func (p Processing) BatchTimeout() time.Duration { return milliseconds(p.BatchTimeoutMS) }

// PollInterval is the pause after an empty poll.
func (p Processing) PollInterval() time.Duration { return milliseconds(p.PollIntervalMS) }

// HealthCheckInterval is the time between two health checks of the source.
func (p Processing) HealthCheckInterval() time.Duration {
	return milliseconds(p.HealthCheckIntervalMS)
}

// Retry is the [retry] table: patience in place, before an actor is restarted.
type Retry struct {
	// MaxRetries bounds failed polls before a re-open, and outcomes that blame a
	// record.
	MaxRetries int `toml:"max_retries" koanf:"max_retries"`
	// RetryBackoffMS is in milliseconds; see Backoff.
	RetryBackoffMS int64 `toml:"retry_backoff_ms" koanf:"retry_backoff_ms"`
	// MaxBackoffMS is in milliseconds; see MaxBackoff.
	MaxBackoffMS int64 `toml:"max_backoff_ms" koanf:"max_backoff_ms"`
}

// Backoff is the pause after the first failure.
func (r Retry) Backoff() time.Duration { return milliseconds(r.RetryBackoffMS) }

// MaxBackoff is the longest pause between two tries.
func (r Retry) MaxBackoff() time.Duration { return milliseconds(r.MaxBackoffMS) }

// Danube is the [danube] table: how to reach and convince the brokers.
type Danube struct {
	// Seeds are further brokers to ask when the first does not answer.
	Seeds []string `toml:"seeds" koanf:"seeds"`
	// ConnectOverride is dialled instead of what a broker advertises.
	ConnectOverride string `toml:"connect_override" koanf:"connect_override"`
	// CAFile, CertFile and KeyFile are PEM files for TLS.
	CAFile   string `toml:"ca_file" koanf:"ca_file"`
	CertFile string `toml:"cert_file" koanf:"cert_file"`
	KeyFile  string `toml:"key_file" koanf:"key_file"`
	// ServerName is the name to verify instead of the URL's host.
	ServerName string `toml:"server_name" koanf:"server_name"`
	// TokenFile holds the token, and is read again when it changes.
	TokenFile string `toml:"token_file" koanf:"token_file"`
	// Token is DANUBE_TOKEN. It and TokenFile are never both set.
	Token Secret `toml:"token" koanf:"token" env:"DANUBE_TOKEN,only"`
	// RequestTimeout bounds one request.
	RequestTimeout time.Duration `toml:"request_timeout" koanf:"request_timeout"`
	// HealthInterval is the time between two health checks of a producer.
	HealthInterval time.Duration `toml:"health_interval" koanf:"health_interval"`
}

// Delivery is the [delivery] table: order, and what bounds the records under way.
type Delivery struct {
	// Ordering is "key", "partition" or "none".
	Ordering string `toml:"ordering" koanf:"ordering"`
	// Lanes is the most requests in flight per topic partition.
	Lanes int `toml:"lanes" koanf:"lanes"`
	// WindowRecords bounds the records between read and resolved, by count and by
	// span.
	WindowRecords int `toml:"window_records" koanf:"window_records"`
	// BudgetBytes bounds the bytes the runtime holds.
	BudgetBytes Size `toml:"budget_bytes" koanf:"budget_bytes"`
	// DrainTimeout is the one deadline of an ordered stop.
	DrainTimeout time.Duration `toml:"drain_timeout" koanf:"drain_timeout"`
	// CommitAfter is "settled" or "acknowledged".
	CommitAfter string `toml:"commit_after" koanf:"commit_after"`
	// FlushInterval is "auto" or a duration; see Flush.
	FlushInterval string `toml:"flush_interval" koanf:"flush_interval"`
	// SettleMargin is how late the broker's log writer may be.
	SettleMargin time.Duration `toml:"settle_margin" koanf:"settle_margin"`
	// MaxUnsettled is the most records read and not committed.
	MaxUnsettled int `toml:"max_unsettled" koanf:"max_unsettled"`
	// Stamp puts the danube.connect.* attributes on every message.
	Stamp bool `toml:"stamp" koanf:"stamp"`
}

// Commit is the [commit] table: when offsets are committed.
type Commit struct {
	// Interval is the longest a commit waits.
	Interval time.Duration `toml:"interval" koanf:"interval"`
	// Every commits also after so many records; 0 means by interval alone.
	Every int `toml:"every" koanf:"every"`
}

// defaultFlush is the flush interval of a Danube broker as it is delivered
// (storage.wal.file_sync.interval_ms of 0.15.1).
const defaultFlush = 5 * time.Second

// Flush returns the broker's flush interval, and whether one that the broker
// announces takes its place.
func (d Delivery) Flush() (interval time.Duration, announced bool) {
	if d.FlushInterval == "auto" {
		return defaultFlush, true
	}
	interval, _ = time.ParseDuration(d.FlushInterval) // checked when the file was read
	return interval, false
}

// Errors is the [errors] table: what becomes of records that can never be
// delivered as they are.
type Errors struct {
	// OnInvalid is "halt", "skip" or "dead_letter".
	OnInvalid string `toml:"on_invalid" koanf:"on_invalid"`
	// DeadLetterTopic takes the dead letters; see Connector.DeadLetterTopic.
	DeadLetterTopic string `toml:"dead_letter_topic" koanf:"dead_letter_topic"`
	// Max is the most such records in Window; 0 means no limit.
	Max int `toml:"max" koanf:"max"`
	// Window is how far back Max and MaxRatio look.
	Window time.Duration `toml:"window" koanf:"window"`
	// MaxRatio is the largest share of such records in what was read in Window; 0
	// means no limit.
	MaxRatio float64 `toml:"max_ratio" koanf:"max_ratio"`
}

// HTTP is the [http] table: where /livez, /readyz and /metrics are served.
type HTTP struct {
	// Bind is the address to listen on; the port is Processing.MetricsPort.
	Bind string `toml:"bind" koanf:"bind"`
}

// Offsets is the [offsets] table: where the runtime keeps the source's place.
type Offsets struct {
	// Path is the file; empty means that the source keeps its place itself.
	Path string `toml:"path" koanf:"path"`
}

// Topic is what is different for one topic: the table [topics."/ns/topic"].
type Topic struct {
	// Ordering is as in Delivery; empty means as there.
	Ordering string `toml:"ordering" koanf:"ordering"`
	// Lanes is as in Delivery; 0 means as there.
	Lanes int `toml:"lanes" koanf:"lanes"`
	// OnInvalid is as in Errors; empty means as there.
	OnInvalid string `toml:"on_invalid" koanf:"on_invalid"`
	// DeadLetterTopic is as in Errors; empty means as there.
	DeadLetterTopic string `toml:"dead_letter_topic" koanf:"dead_letter_topic"`
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
