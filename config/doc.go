// Package config reads the TOML file a user writes for a connector: the core
// fields every connector has (type [Connector]) and the connector's own table
// beside them, in one struct:
//
//	type Config struct {
//		config.Connector `toml:",inline" koanf:",squash"`
//		MySource         Settings `toml:"my_source" koanf:"my_source"`
//	}
//
//	cfg, err := config.Load[Config]("") // the file CONNECTOR_CONFIG_PATH names
//
// A file is taken as a whole or not at all. Unknown keys, wrong types, numbers
// that do not fit and names that cannot be right are errors, and every mistake
// is reported at once, each with its place: see [Error]. Tables of the
// connector's own get the same treatment, and may add checks of their own: see
// [Invalid].
//
// # Struct tags
//
// A field is set by the key its toml tag names; the koanf tag, if there is one,
// must say the same. A field without a tag goes by its name in lower case.
// Embedded structs without a name are part of the table around them. Fields may
// be of any type that toml files can express, of time.Duration (written "30s"),
// [Size] ("64MiB"), [Secret], [connect.Route], or any type that implements
// encoding.TextUnmarshaler.
//
// # Environment
//
// DANUBE_SERVICE_URL and CONNECTOR_NAME override the two core fields. A field of
// type Secret with a tag such as `env:"API_KEY"` is filled from that variable,
// which wins over the file; with `env:"API_KEY,only"` the file must not hold it
// at all. An empty variable counts as not set. Nothing else can be overridden.
//
// # Paths
//
// A relative path in one of Connector's keys that end in _file begins at the
// directory of the configuration file, and holds the joined path after loading. A
// connector's own keys are left as they are.
package config
