package config

import "time"

// The longest times that make sense; they also keep sums of them far from
// overflow.
const (
	hourMS = int64(time.Hour / time.Millisecond)
	dayMS  = 24 * hourMS
)

// keys is every key of the file that is not a connector's own, in the order of
// the reference. Defaults of the keys the reference runtime has too are the
// reference runtime's (docs: protocol).
var keys = append(append(coreKeys, runtimeKeys...), topicKeys...)

var coreKeys = []key{
	{
		path: "danube_service_url", required: true, variable: "DANUBE_SERVICE_URL",
		doc:  `The broker to ask first, as "http://host:port", or "https://host:port" for TLS.`,
		edge: "Without a port, 80 or 443. No path, no user and no password: credentials go into a token.",
	},
	{
		path: "connector_name", required: true, variable: "CONNECTOR_NAME",
		doc:  "The name of the connector. It names its producers on the broker, so it must stay the same from run to run and differ between connectors.",
		edge: "1 to 64 letters A–Z and a–z, digits, `_` and `-`.",
	},

	{
		path: "processing.batch_size", value: 1000, unit: "records", min: 1, max: 1_000_000,
		doc:  "The most records that travel together between actors, and the most one poll's answer is cut into.",
		edge: "1 sends every record on by itself. It must not exceed `delivery.window_records`.",
	},
	{
		path: "processing.batch_timeout_ms", value: 1000, unit: "milliseconds", max: hourMS,
		doc:  "Accepted, and without effect: files of other Danube connectors have it. An idle lane never waits for a batch to fill; batches form under load by themselves.",
		edge: "It must be in range all the same.",
	},
	{
		path: "processing.poll_interval_ms", value: 100, unit: "milliseconds", max: hourMS,
		doc:  "The pause after an empty poll. After a poll that had records there is none.",
		edge: "0: the source is asked again at once, which suits only a source that waits by itself.",
	},
	{
		path: "processing.metrics_port", value: nil, note: "none: no listener", unit: "", max: 65535,
		doc:  "The port of the listener for `/livez`, `/readyz` and `/metrics`. A service that embeds the runtime leaves it out and mounts the handler itself.",
		edge: "0: any free port, shown at start.",
	},
	{
		path: "processing.health_check_interval_ms", value: 30000, unit: "milliseconds", min: 1, max: dayMS,
		doc:  "The time between two health checks of the source, and the longest one may take.",
		edge: "A source without a health check is not asked.",
	},
	{
		path: "processing.health_check_failure_threshold", value: 3, unit: "failures", min: 1, max: 1_000_000,
		doc:  "So many failed health checks in a row make the source unhealthy, and it is opened anew.",
		edge: "1: the first failure does.",
	},
	{
		path: "processing.log_level", value: "info", oneOf: []string{"debug", "info", "warn", "error"},
		doc:  "The least severe level that is logged.",
		edge: "Read as log/slog reads levels: \"INFO\" and \"info+1\" are levels too.",
	},

	{
		path: "retry.max_retries", value: 3, unit: "tries", max: 100,
		doc:  "After so many failed polls in a row the source is opened anew; after so many outcomes that blame a record the record is invalid. A send whose outcome can still change and a commit are tried for ever.",
		edge: "0: the first failure counts.",
	},
	{
		path: "retry.retry_backoff_ms", value: 1000, unit: "milliseconds", min: 1, max: hourMS,
		doc:  "The pause after the first failure; it grows from there.",
		edge: "It must not exceed `retry.max_backoff_ms`.",
	},
	{
		path: "retry.max_backoff_ms", value: 30000, unit: "milliseconds", min: 1, max: hourMS,
		doc:  "The longest pause between two tries.",
		edge: "Equal to `retry.retry_backoff_ms`, the pause does not grow.",
	},
}
