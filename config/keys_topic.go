package config

// orderings is what ordering may be.
var orderings = []string{"key", "partition", "none"}

// policies is what on_invalid may be.
var policies = []string{"halt", "skip", "dead_letter"}

// schemaTypes is what schema_type may be; the first three need no registry.
var schemaTypes = []string{"string", "bytes", "number", "json_schema", "avro", "protobuf"}

var topicKeys = []key{
	{
		path: "topics.*.ordering", note: "as in [delivery]", value: "", oneOf: orderings, optional: true,
		doc:  "`delivery.ordering` for this topic. The table is named for the topic: `[topics.\"/default/orders\"]`.",
		edge: "Leave it out for that of [delivery].",
	},
	{
		path: "topics.*.lanes", note: "as in [delivery]", value: 0, unit: "requests", min: 1, max: 65536, optional: true,
		doc:  "`delivery.lanes` for this topic.",
		edge: "Leave it out for that of [delivery].",
	},
	{
		path: "topics.*.on_invalid", note: "as in [errors]", value: "", oneOf: policies, optional: true,
		doc:  "`errors.on_invalid` for records of this topic.",
		edge: "Leave it out for that of [errors], which alone decides on records of no declared topic.",
	},
	{
		path: "topics.*.dead_letter_topic", note: "as in [errors]", value: "",
		doc:  "`errors.dead_letter_topic` for records of this topic.",
		edge: "Leave it out for that of [errors].",
	},

	{
		path: "schemas.*.topic", required: true, value: "",
		doc:  "The topic, `/namespace/name`.",
		edge: "One entry per topic.",
	},
	{
		path: "schemas.*.subject", value: "",
		doc:  "The name of the schema in the registry.",
		edge: "Needs the schema registry, which this version does not do: an error until then.",
	},
	{
		path: "schemas.*.schema_type", required: true, value: "", oneOf: schemaTypes,
		doc:  "The form of the topic's messages. \"string\": UTF-8 text; \"number\": one JSON number; \"bytes\": raw bytes. A topic without an entry carries JSON.",
		edge: "\"json_schema\", \"avro\" and \"protobuf\" need the schema registry: an error until then.",
	},
	{
		path: "schemas.*.schema_file", value: "",
		doc:  "The file that holds the schema.",
		edge: "Required for \"json_schema\", \"avro\" and \"protobuf\"; when it is given, it must exist.",
	},
	{
		path: "schemas.*.auto_register", value: false,
		doc:  "Register the schema when the registry does not have it.",
		edge: "true needs the schema registry: an error until then.",
	},
	{
		path: "schemas.*.version_strategy", note: `"latest"`,
		doc:  "Which version of the schema to use: \"latest\", { pinned = N } or { minimum = N }.",
		edge: "Anything but \"latest\" needs the schema registry: an error until then.",
	},
	{
		path: "schemas.*.version_strategy.pinned", value: 0, note: "none", unit: "", min: 1, max: 1<<32 - 1, optional: true,
		doc:  "The one version to use.",
		edge: "Not together with `minimum`.",
	},
	{
		path: "schemas.*.version_strategy.minimum", value: 0, note: "none", unit: "", min: 1, max: 1<<32 - 1, optional: true,
		doc:  "The oldest version to use.",
		edge: "Not together with `pinned`.",
	},
}
