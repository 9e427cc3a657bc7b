package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ten is a file with ten different mistakes.
const ten = `danube_service_url = "kafka://broker:9092"
connector_name = "my source"

[procesing]
batch_size = 10

[retry]
max_retries = 101

[delivery]
drain_timeout = 30
lanes = 4.9

[topics."default/orders"]
lanes = 3

[[schemas]]
topic = "/default/orders"
schema_type = "strin"
schema_file = "nowhere.json"

[my_source]
external_host = "a"
external_host = "b"
`

func TestTenMistakesAreTenLines(t *testing.T) {
	t.Parallel()
	_, err := Parse[guideConfig]("c.toml", []byte(ten), nil)
	want := []string{
		`c.toml:1:1: danube_service_url: has the scheme "kafka"; must be "http://host:port", or "https://host:port" for TLS`,
		`c.toml:2:1: connector_name: "my source" has other characters; must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -`,
		`c.toml:4:2: procesing: unknown key; must be danube_service_url, connector_name, processing, retry, danube, delivery, commit, errors, ` +
			`http, offsets, topics, schemas or my_source (did you mean "processing"?)`,
		`c.toml:8:1: retry.max_retries: 101 is out of range; must be an integer from 0 to 100 tries`,
		`c.toml:11:1: delivery.drain_timeout: is an integer; must be a duration from "100ms" to "1h"`,
		`c.toml:12:1: delivery.lanes: is a float, 4.9; must be an integer from 1 to 65536 requests`,
		`c.toml:14:9: topics."default/orders": topic "default/orders" has the wrong shape; must be /namespace/topic, each part of [A-Za-z0-9_-]`,
		`c.toml:19:1: schemas[0].schema_type: "strin" is not one of its values; must be "string", "bytes", "number", "json_schema", "avro" or "protobuf" (did you mean "string"?)`,
		`c.toml:20:1: schemas[0].schema_file: "nowhere.json" cannot be found: no such file or directory; must be a file; ` +
			`a relative path begins at the directory of the configuration file`,
		`c.toml:24:1: my_source.external_host: is set twice, first on line 23; must be set once`,
	}
	if len(want) != 10 {
		t.Fatalf("%d mistakes, want ten", len(want))
	}
	if diff := cmp.Diff(want, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
}

// mistake is a part of a file that is wrong, and the lines it must come to. The
// part begins on line 3, behind the two lines of minimal.
type mistake struct {
	name, file string
	want       []string
}

var mistakes = []mistake{
	{"key of another table", "batch_size = 1", []string{
		`3:1: batch_size: unknown key; belongs in [processing] (did you mean "processing.batch_size"?)`,
	}},
	{"key of a feature to come", "[delivery]\nspool = \"disk\"", []string{
		`4:1: delivery.spool: unknown key; must be ordering, lanes, window_records, budget_bytes, drain_timeout, commit_after, flush_interval, ` +
			`settle_margin, max_unsettled or stamp`,
	}},
	{"commits that wait for nothing known", "[delivery]\ncommit_after = \"setled\"", []string{
		`4:1: delivery.commit_after: "setled" is not one of its values; must be "settled" or "acknowledged" (did you mean "settled"?)`,
	}},
	{"flush of no length", "[delivery]\nflush_interval = \"soon\"", []string{
		`4:1: delivery.flush_interval: "soon" is neither; must be "auto", or a duration from "0s" to "1h" such as "5s"`,
	}},
	{"flush before it began", "[delivery]\nflush_interval = \"-1s\"", []string{
		`4:1: delivery.flush_interval: -1s is out of range; must be "auto", or a duration from "0s" to "1h" such as "5s"`,
	}},
	{"no margin at all", "[delivery]\nsettle_margin = \"0s\"", []string{
		`4:1: delivery.settle_margin: 0s is out of range; must be a duration from "10ms" to "1m"`,
	}},
	{"nothing may be unsettled", "[delivery]\nmax_unsettled = 0", []string{
		`4:1: delivery.max_unsettled: 0 is out of range; must be an integer from 1 to 1000000000 records`,
	}},
	{"own table nobody asked for", "[orders]\na = 1\n[orders.b]\n[[orders.c]]\nd = 2", []string{
		`3:2: orders: unknown key; must be danube_service_url, connector_name, processing, retry, danube, delivery, commit, errors, http, offsets, topics or schemas`,
	}},
	{"letters of another size", "[Retry]\n", []string{
		`3:2: Retry: unknown key; must be danube_service_url, connector_name, processing, retry, danube, delivery, commit, errors, http, offsets, topics or schemas (did you mean "retry"?)`,
	}},
	{"table that is a value", "retry = 5", []string{`3:1: retry: is an integer; must be a table`}},
	{"list that is a table", "[schemas]\ntopic = 1", []string{`3:2: schemas: is a table; must be a list, each of it a table`}},
	{"zero batch", "[processing]\nbatch_size = 0", []string{
		`4:1: processing.batch_size: 0 is out of range; must be an integer from 1 to 1000000 records`,
	}},
	{"port of 17 bits", "[processing]\nmetrics_port = 99090", []string{
		`4:1: processing.metrics_port: 99090 is out of range; must be an integer from 0 to 65535`,
	}},
	{"level", "[processing]\nlog_level = \"wran\"", []string{
		`4:1: processing.log_level: "wran" is not one of its values; must be "debug", "info", "warn" or "error" (did you mean "warn"?)`,
	}},
	{"batch beyond the window", "processing.batch_size = 2049", []string{
		`3:12: processing.batch_size: 2049 is more than delivery.window_records, 2048; must be at most that, for the window holds whole batches; or raise delivery.window_records`,
	}},
	{"window below the batch", "[delivery]\nwindow_records = 999", []string{
		`4:1: delivery.window_records: 999 is less than processing.batch_size, 1000; must be at least that, for the window holds whole batches; or lower processing.batch_size`,
	}},
	{"backoff beyond its end", "[retry]\nretry_backoff_ms = 30001", []string{
		`4:1: retry.retry_backoff_ms: 30001 is more than retry.max_backoff_ms, 30000; must be at most that; or raise retry.max_backoff_ms`,
	}},
	{"longest below the first", "[retry]\nmax_backoff_ms = 999", []string{
		`4:1: retry.max_backoff_ms: 999 is less than retry.retry_backoff_ms, 1000; must be at least that; or lower retry.retry_backoff_ms`,
	}},
	{"milliseconds as text", "[retry]\nmax_backoff_ms = \"30s\"", []string{
		`4:1: retry.max_backoff_ms: is a string; must be an integer from 1 to 3600000 milliseconds`,
	}},
	{"short drain", "[delivery]\ndrain_timeout = \"99ms\"", []string{
		`4:1: delivery.drain_timeout: 99ms is out of range; must be a duration from "100ms" to "1h"`,
	}},
	{"small budget", "[delivery]\nbudget_bytes = \"1kB\"", []string{
		`4:1: delivery.budget_bytes: 1000B is out of range; must be a size from "4KiB" to "1024GiB"`,
	}},
	{"negative budget", "[delivery]\nbudget_bytes = -1", []string{
		`4:1: delivery.budget_bytes: -1 is out of range; must be a size from "4KiB" to "1024GiB"`,
	}},
	{"no such policy", "[errors]\non_invalid = \"drop\"", []string{
		`4:1: errors.on_invalid: "drop" is not one of its values; must be "halt", "skip" or "dead_letter"`,
	}},
	{"a share above one", "[errors]\nmax_ratio = 1.5", []string{
		`4:1: errors.max_ratio: 1.5 is out of range; must be a number from 0 to 1`,
	}},
	{"no share at all", "[errors]\nmax_ratio = nan", []string{
		`4:1: errors.max_ratio: NaN is out of range; must be a number from 0 to 1`,
	}},
	{"dead letters to no topic", "[errors]\ndead_letter_topic = \"letters\"\n[topics.\"/a/b\"]\ndead_letter_topic = \"/x\"", []string{
		`4:1: errors.dead_letter_topic: topic "letters" has the wrong shape; must be /namespace/topic, each part of [A-Za-z0-9_-]`,
		`6:1: topics."/a/b".dead_letter_topic: topic "/x" has the wrong shape; must be /namespace/topic, each part of [A-Za-z0-9_-]`,
	}},
	{"bind with a port", "[http]\nbind = \"127.0.0.1:80\"", []string{
		`4:1: http.bind: "127.0.0.1:80" is not an address; must be an IP address without a port, such as "127.0.0.1", or "localhost"`,
	}},
	{"topic of no namespace", "[topics.\"/orders\"]", []string{
		`3:9: topics."/orders": topic "/orders" has the wrong shape; must be /namespace/topic, each part of [A-Za-z0-9_-]`,
	}},
	{"lanes of a topic", "[topics.\"/a/b\"]\nlanes = 0\nordering = \"\"", []string{
		`4:1: topics."/a/b".lanes: 0 is out of range; must be an integer from 1 to 65536 requests`,
		`5:1: topics."/a/b".ordering: "" is not one of its values; must be "key", "partition" or "none"`,
	}},
	{"seeds", "[danube]\nseeds = [\"b:6650\", \"https://c:1\", \"http://u:hunter2@d:1\", \"http://e:0\", \"http:///\", \"http://f/p\", \"http://%zz\"]", []string{
		`4:10: danube.seeds[0]: has the scheme "b"; must be "http://host:port", or "https://host:port" for TLS`,
		`4:20: danube.seeds[1]: has another scheme than danube_service_url; must be http, or https, for all of them`,
		`4:35: danube.seeds[2]: holds a user or a password; must be "http://host:port", or "https://host:port" for TLS; a token goes into DANUBE_TOKEN or danube.token_file`,
		`4:59: danube.seeds[3]: has no host, or a port that is not from 1 to 65535; must be "http://host:port", or "https://host:port" for TLS`,
		`4:73: danube.seeds[4]: has no host, or a port that is not from 1 to 65535; must be "http://host:port", or "https://host:port" for TLS`,
		`4:85: danube.seeds[5]: has more than a host and a port; must be "http://host:port", or "https://host:port" for TLS`,
		`4:99: danube.seeds[6]: is not a URL; must be "http://host:port", or "https://host:port" for TLS`,
	}},
	{"override", "[danube]\nconnect_override = \"https://localhost:1\"", []string{
		`4:1: danube.connect_override: has another scheme than danube_service_url; must be http, or https, for all of them`,
	}},
	{"TLS without TLS", "[danube]\nca_file = \"testdata/guide.toml\"\nserver_name = \"b\"\ntoken_file = \"testdata/guide.toml\"", []string{
		`4:1: danube.ca_file: is of use with TLS alone; must come with an https:// danube_service_url, or be left out`,
		`5:1: danube.server_name: is of use with TLS alone; must come with an https:// danube_service_url, or be left out`,
		`6:1: danube.token_file: would travel in the clear; must come with an https:// danube_service_url, or be left out`,
	}},
	{"token in the file", "[danube]\ntoken = \"hunter2\"", []string{
		`4:1: danube.token: is a secret that is not read from a file; must be set in the environment variable DANUBE_TOKEN`,
	}},
	{"schema of nothing", "[[schemas]]", []string{
		`3:3: schemas[0].topic: is missing; must be the topic, /namespace/topic`,
		`3:3: schemas[0].schema_type: is missing; must be "string", "bytes", "number", "json_schema", "avro" or "protobuf"`,
	}},
	{"two schemas of a topic", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"string\"\n[[schemas]]\nschema_type = \"bytes\"\ntopic = \"/a/b\"", []string{
		`8:1: schemas[1].topic: "/a/b" has an entry already, schemas[0]; must have one entry`,
	}},
	{"schema file that is a directory", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"bytes\"\nschema_file = \"testdata\"", []string{
		`6:1: schemas[0].schema_file: "testdata" is a directory; must be a file`,
	}},
	{"avro without what it needs", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"avro\"", []string{
		`3:3: schemas[0].subject: is missing; must be the name of the schema in the registry`,
		`3:3: schemas[0].schema_file: is missing; must be the file with the schema`,
	}},
	{"registry without a subject", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"string\"\nauto_register = true\nversion_strategy = { pinned = 2 }\ncheck_interval = \"1m\"\non_change = \"halt\"", []string{
		`6:1: schemas[0].auto_register: is about the registry, and the entry has no subject; must come with a subject, or be left out`,
		`7:1: schemas[0].version_strategy: is about the registry, and the entry has no subject; must come with a subject, or be left out`,
		`8:1: schemas[0].check_interval: is about the registry, and the entry has no subject; must come with a subject, or be left out`,
		`9:1: schemas[0].on_change: is about the registry, and the entry has no subject; must come with a subject, or be left out`,
	}},
	{"form of another type", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"number\"\nencoding = \"ocf\"\nmessage = \"a.B\"\nrefs = [\"testdata/guide.toml\"]", []string{
		`6:1: schemas[0].encoding: "ocf" is no form of "number"; must be "json" or "binary"`,
		`7:1: schemas[0].message: is set, and "number" has no messages; must be left out`,
		`8:1: schemas[0].refs: is set, and "number" has no schema that could refer to them; must be left out`,
	}},
	{"form of a type that has one", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"bytes\"\nencoding = \"json\"", []string{
		`6:1: schemas[0].encoding: is set, and "bytes" has one form; must be left out`,
	}},
	{"form nobody knows", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"number\"\nencoding = \"binari\"", []string{
		`6:1: schemas[0].encoding: "binari" is not one of its values; must be "json", "datum", "ocf", "single_object" or "binary" (did you mean "binary"?)`,
	}},
	{"files, subject and times of a schema", "[[schemas]]\ntopic = \"/a/b\"\nsubject = \"a/b\"\nschema_type = \"protobuf\"\nschema_file = \"testdata/guide.toml\"\nrefs = [\"testdata\"]\ncheck_interval = \"1ms\"\non_change = \"hold\"", []string{
		`5:1: schemas[0].subject: "a/b" has a slash; must have none: the registry splits its names there`,
		`8:9: schemas[0].refs[0]: "testdata" is a directory; must be a file`,
		`9:1: schemas[0].check_interval: 1ms is out of range; must be a duration from "1s" to "24h"`,
		`10:1: schemas[0].on_change: "hold" is not one of its values; must be "keep", "follow" or "halt"`,
	}},
	{"routes", "[my_source]\nroutes = [\n{ from = \"a/#/b\", to = \"/a/b\" },\n{ from = \"\", to = \"a/b\", partitions = -1 },\n{ from = \"x\", to = \"/a/b\", partitions = 2 },\n]", []string{
		`5:3: my_source.routes[0].from: "a/#/b": "#" must be the whole last level`,
		`6:3: my_source.routes[1].from: is empty; must be a pattern such as "input/*" or "sensors/+/temperature"`,
		`6:14: my_source.routes[1].to: topic "a/b" has the wrong shape; must be /namespace/topic, each part of [A-Za-z0-9_-]`,
		`6:26: my_source.routes[1].partitions: -1 is out of range; must be an integer from 0 (a plain topic) to 4096`,
		`7:1: my_source.routes[2]: has other partitions or reliable_dispatch for /a/b than my_source.routes[0]; must be the same for all routes to a topic`,
	}},
	{"route of another type", "[[my_source.routes]]\nfrom = \"a\"\nto = \"/a/b\"\npartitions = 5000000000.5", []string{
		`6:1: my_source.routes[0].partitions: is a float, 5000000000.5; must be an integer`,
	}},
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, tt := range mistakes {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, minimal+tt.file, tt.want)
		})
	}
}

func checkMistake(t *testing.T, file string, want []string) {
	t.Helper()
	var err error
	if strings.Contains(file, "my_source") {
		_, err = Parse[guideConfig]("c.toml", []byte(file), nil)
	} else {
		_, err = Parse[Connector]("c.toml", []byte(file), nil)
	}
	placed := make([]string, len(want))
	for i, line := range want {
		placed[i] = "c.toml:" + line
	}
	if diff := cmp.Diff(placed, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
}

// strategies are version strategies that the registry would understand, or not.
var strategies = []struct {
	value string
	want  VersionStrategy
	wrong string
}{
	{value: `"latest"`},
	{value: `{ pinned = 2 }`, want: VersionStrategy{Pinned: 2}},
	{value: `{ minimum = 1 }`, want: VersionStrategy{Minimum: 1}},
	{value: `"newest"`, wrong: `:7:1: schemas[0].version_strategy: "newest" is not a version strategy; must be "latest", { pinned = N } or { minimum = N }`},
	{value: `3`, wrong: `:7:1: schemas[0].version_strategy: is an integer; must be "latest", { pinned = N } or { minimum = N }`},
	{value: `{}`, wrong: `:7:1: schemas[0].version_strategy: is an empty table; must be "latest", { pinned = N } or { minimum = N }`},
	{value: `{ pinned = 1, minimum = 1 }`, wrong: `:7:1: schemas[0].version_strategy: is pinned and has a minimum; must be "latest", { pinned = N } or { minimum = N }`},
	{value: `{ pinned = 0 }`, wrong: `:7:22: schemas[0].version_strategy.pinned: 0 is out of range; must be an integer from 1 to 4294967295`},
	{value: `{ minimum = 4294967296 }`, wrong: `:7:22: schemas[0].version_strategy.minimum: 4294967296 is out of range; must be an integer from 1 to 4294967295`},
	{value: `{ pinnde = 1 }`, wrong: `:7:22: schemas[0].version_strategy.pinnde: unknown key; must be pinned or minimum (did you mean "pinned"?)`},
}

func TestVersionStrategies(t *testing.T) {
	t.Parallel()
	for _, tt := range strategies {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			file := fmt.Sprintf(minimal+"[[schemas]]\ntopic = \"/a/b\"\nsubject = \"s\"\nschema_type = \"string\"\nversion_strategy = %s\n", tt.value)
			got, err := Parse[Connector]("", []byte(file), nil)
			if tt.wrong != "" {
				if diff := cmp.Diff([]string{"configuration" + tt.wrong}, errorLines(t, err)); diff != "" {
					t.Error(diff)
				}
				return
			}
			if err != nil || got.Schemas[0].VersionStrategy != tt.want {
				t.Errorf("%v, %v; want %v", got.Schemas, err, tt.want)
			}
			if s := tt.want.String(); s != strings.Trim(tt.value, `"`) {
				t.Errorf("prints as %s", s)
			}
		})
	}
}
