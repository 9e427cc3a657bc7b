package config

import "time"

var runtimeKeys = []key{
	{
		path: "danube.seeds", value: []string{},
		doc:  "Further brokers to ask when the first does not answer, written as `danube_service_url` is.",
		edge: "All of them http, or all of them https, as `danube_service_url` is.",
	},
	{
		path: "danube.connect_override", value: "",
		doc:  "Connect to this `host:port`, or URL, whatever address a broker advertises: for port forwards.",
		edge: "Empty: the advertised address.",
	},
	{
		path: "danube.ca_file", value: "",
		doc:  "A PEM file with the certificates to trust instead of the system's. Verification cannot be turned off.",
		edge: "Needs an https URL; the file must exist.",
	},
	{
		path: "danube.cert_file", value: "",
		doc:  "A PEM file with the client's certificate.",
		edge: "Needs an https URL and `danube.key_file`; the file must exist.",
	},
	{
		path: "danube.key_file", value: "",
		doc:  "A PEM file with the key of the client's certificate.",
		edge: "Needs an https URL and `danube.cert_file`; the file must exist.",
	},
	{
		path: "danube.server_name", value: "",
		doc:  "The name to find in the broker's certificate instead of the URL's host.",
		edge: "Needs an https URL.",
	},
	{
		path: "danube.token_file", value: "",
		doc:  "A file with the token to show to the broker; read again when it changes.",
		edge: "Needs an https URL; the file must exist. Not together with DANUBE_TOKEN.",
	},
	{
		path: "danube.token", variable: "DANUBE_TOKEN", note: "none; from the environment only",
		doc:  "The token to show to the broker. It is a secret, and not a key of the file.",
		edge: "Needs an https URL. Not together with `danube.token_file`. An empty variable counts as not set.",
	},
	{
		path: "danube.request_timeout", value: 30 * time.Second, min: int64(100 * time.Millisecond), max: int64(time.Hour),
		doc:  "The longest one request to a broker may take before its outcome counts as unknown.",
		edge: "A send that times out may have been applied, and is sent again.",
	},
	{
		path: "danube.health_interval", value: 5 * time.Second, min: int64(100 * time.Millisecond), max: int64(time.Hour),
		doc:  "The time between two questions to the broker whether it still knows a producer.",
		edge: "The longer it is, the later a restart of the broker is noticed on a quiet topic.",
	},

	{
		path: "delivery.ordering", value: "key", oneOf: orderings,
		doc:  "What keeps its order: records of one key, and records without a key in the order of their source partition (\"key\"); everything on a topic partition (\"partition\"); nothing (\"none\").",
		edge: "Records without a key that spread over several topic partitions have no order across them. What keeps its order has one request in flight: give keys, or \"none\", for throughput. All records with neither key nor offset count as one.",
	},
	{
		path: "delivery.lanes", value: 128, unit: "requests", min: 1, max: 65536,
		doc:  "The most requests in flight per topic partition.",
		edge: "1 is the order of \"partition\" at the speed of one request at a time.",
	},
	{
		path: "delivery.window_records", value: 2048, unit: "records", min: 1, max: 1 << 24,
		doc:  "The most records of a source partition between read and resolved: how many there are, and how far the newest is ahead of the oldest. Reading pauses when it is spent.",
		edge: "It must hold one batch: at least `processing.batch_size`.",
	},
	{
		path: "delivery.budget_bytes", value: 64 * Size(1<<20), min: 4 << 10, max: 1 << 40,
		doc:  "The most bytes the runtime holds, those kept to be sent again included. Reading pauses when they are spent. An integer counts bytes.",
		edge: "One topic may hold half of it. A record larger than it, or than 4 MiB, is invalid; so is a call larger than it.",
	},
	{
		path: "delivery.drain_timeout", value: 30 * time.Second, min: int64(100 * time.Millisecond), max: int64(time.Hour),
		doc:  "The one deadline of an ordered stop: send what was read, commit, shut down.",
		edge: "What is not resolved by then is named in the error, and read again at the next start.",
	},
	{
		path: "delivery.commit_after", value: "settled", oneOf: []string{"settled", "acknowledged"},
		doc:  "When a record counts for the commit: once the broker that acknowledged it is known to have lived long enough to have written it (\"settled\"), or at once (\"acknowledged\"). A broker that crashes forgets what it acknowledged since its last flush; with \"settled\" that is sent again.",
		edge: "\"settled\" costs commit lag: `flush_interval` and two and a half times `settle_margin`. It applies to reliable topics. Records of sources that cannot go back to a commit hold their bytes of `budget_bytes` so long.",
	},
	{
		path: "delivery.flush_interval", value: "auto",
		doc:  "How long the broker may keep what it acknowledged in memory: its storage.wal.file_sync.interval_ms. \"auto\" takes what the broker announces, and 5 s where it announces nothing. Otherwise a duration.",
		edge: "\"0s\": an acknowledgement is final. With storage that survives the loss of a broker's disk, set it to the interval of its export.",
	},
	{
		path: "delivery.settle_margin", value: time.Second, min: int64(10 * time.Millisecond), max: int64(time.Minute),
		doc:  "How late the broker's log writer may be with a flush.",
		edge: "Less settles sooner; less than the writer's real delay loses what a crash forgets.",
	},
	{
		path: "delivery.max_unsettled", value: 1_000_000, unit: "records", min: 1, max: 1_000_000_000,
		doc:  "The most records read and not yet committed. Reading pauses beyond. They cost no memory; they are what a crash makes the source offer again.",
		edge: "Below rate times commit lag it slows the source down.",
	},
	{
		path: "delivery.stamp", value: true,
		doc:  "Put the `danube.connect.*` attributes on every message: who read it, where it stood in the source, and a count that shows gaps and duplicates.",
		edge: "false: messages carry the connector's own attributes alone.",
	},

	{
		path: "commit.interval", value: time.Second, min: int64(10 * time.Millisecond), max: int64(time.Hour),
		doc:  "Offsets that moved are committed this often.",
		edge: "The longer it is, the more is read again after a crash.",
	},
	{
		path: "commit.every", value: 0, unit: "records", max: 1_000_000_000,
		doc:  "Commit also after this many records.",
		edge: "0: by interval alone.",
	},

	{
		path: "errors.on_invalid", value: "halt", oneOf: policies,
		doc:  "What becomes of a record that can never be delivered as it is: one the connector calls bad, one that cannot be encoded or is too large, one for a topic nobody declared, one the broker refuses for good. \"halt\": the runtime stops in order, and the record's offset is not committed. \"skip\": it is counted and passed over. \"dead_letter\": it is published to the dead-letter topic, and its offset waits for that.",
		edge: "A record handed over by Deliver is answered to its caller instead. An offset that goes back, a mark without an offset and a call larger than the budget always halt. So does a record whose dead letter would be larger than 4 MiB, and a dead letter that its topic refuses for good.",
	},
	{
		path: "errors.dead_letter_topic", value: "", note: "`/default/NAME-dead-letters`, after `connector_name`",
		doc:  "The topic dead letters are published to: a reliable one without partitions, unless the source declares it itself, which it must do as reliable.",
		edge: "Keep it apart from the names of other topics: the broker does not create `/default/orders` while there is a `/default/orders-dead-letters`. Topics declared at the start are created first. It has no subject in [[schemas]]: a dead letter follows no schema.",
	},
	{
		path: "errors.max", value: 0, unit: "records", max: 1_000_000_000,
		doc:  "More such records than this within `errors.window` stop the runtime. One that is read again, because the source was re-opened, counts once.",
		edge: "0: no limit. It is of use with \"skip\" and \"dead_letter\".",
	},
	{
		path: "errors.window", value: time.Hour, min: int64(time.Second), max: int64(720 * time.Hour),
		doc:  "How far back `errors.max` and `errors.max_ratio` look. It moves on in steps of a sixtieth, and begins anew with the process.",
		edge: "What is as old as the window counts for up to a sixtieth of it less.",
	},
	{
		path: "errors.max_ratio", value: 0.0,
		doc:  "A larger share than this of what was read within `errors.window` stops the runtime.",
		edge: "0: no limit; 1: never reached. It is judged once 100 records were read within the window.",
	},

	{
		path: "http.bind", value: "127.0.0.1",
		doc:  "The IP address the listener binds to, or \"localhost\"; the port is `processing.metrics_port`.",
		edge: "\"0.0.0.0\" or \"::\": every interface. The pages ask for no password.",
	},
	{
		path: "offsets.path", value: "",
		doc:  "The file in which the runtime keeps how far delivery has come, for sources whose system cannot; Epoch.Resume hands it back. Its directory must be there; `danube-connect offsets` shows it.",
		edge: "One file a connector, locked while it runs. A relative path begins where the process was started.",
	},
}
