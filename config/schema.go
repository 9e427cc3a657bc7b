package config

import (
	"cmp"
	"fmt"
	"time"
)

// Schema is one [[schemas]] entry: the form the messages of a topic take and,
// for types that are registered, where the schema is.
type Schema struct {
	// Topic is the Danube topic, /namespace/name.
	Topic string `toml:"topic" koanf:"topic"`
	// Subject names the schema in the registry.
	Subject string `toml:"subject" koanf:"subject"`
	// SchemaType is "json_schema", "string", "bytes", "number", "avro" or
	// "protobuf".
	SchemaType string `toml:"schema_type" koanf:"schema_type"`
	// SchemaFile holds the schema.
	SchemaFile string `toml:"schema_file" koanf:"schema_file"`
	// AutoRegister registers the schema when the registry does not have it.
	AutoRegister bool `toml:"auto_register" koanf:"auto_register"`
	// VersionStrategy says which version to use; the zero value is the latest.
	VersionStrategy VersionStrategy `toml:"version_strategy" koanf:"version_strategy"`
	// Encoding chooses among the wire forms of avro and number; empty is the
	// first of each.
	Encoding string `toml:"encoding" koanf:"encoding"`
	// Message is the full name of the message of a protobuf schema.
	Message string `toml:"message" koanf:"message"`
	// Refs are further files the schema refers to.
	Refs []string `toml:"refs" koanf:"refs"`
	// CheckInterval is the time between two looks at the registry; see
	// WithDefaults.
	CheckInterval time.Duration `toml:"check_interval" koanf:"check_interval"`
	// OnChange is "keep", "follow" or "halt"; see WithDefaults.
	OnChange string `toml:"on_change" koanf:"on_change"`

	// Place is where the entry stands, file:line; Load fills it in.
	Place string `toml:"-" koanf:"-"`
}

// WithDefaults returns s with the defaults of the keys it leaves out.
func (s Schema) WithDefaults() Schema {
	s.CheckInterval = cmp.Or(s.CheckInterval, keyOf("schemas.*.check_interval").value.(time.Duration))
	s.OnChange = cmp.Or(s.OnChange, keyOf("schemas.*.on_change").value.(string))
	return s
}

// VersionStrategy says which version of a registered schema to use: "latest"
// (the zero value), { pinned = N } or { minimum = N } in the file.
type VersionStrategy struct {
	// Pinned is the one version to use, counted from 1; 0 means not pinned.
	Pinned uint32 `toml:"pinned" koanf:"pinned"`
	// Minimum is the oldest version to use, counted from 1; 0 means any.
	Minimum uint32 `toml:"minimum" koanf:"minimum"`
}

// UnmarshalText accepts "latest", the one strategy that is not a table.
func (v *VersionStrategy) UnmarshalText(text []byte) error {
	if string(text) != "latest" {
		return fmt.Errorf(`%q is not a version strategy; must be "latest", { pinned = N } or { minimum = N }`, text)
	}
	*v = VersionStrategy{}
	return nil
}

// String prints the strategy as the file has it.
func (v VersionStrategy) String() string {
	switch {
	case v.Pinned != 0:
		return fmt.Sprintf("{ pinned = %d }", v.Pinned)
	case v.Minimum != 0:
		return fmt.Sprintf("{ minimum = %d }", v.Minimum)
	}
	return "latest"
}
