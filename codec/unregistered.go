package codec

import connect "github.com/danube-messaging/danube-connect-go"

func unregistered(schemaType string) error {
	return connect.ConfigError("schema_type %q needs the schema registry, which this version does not do; "+
		"must be string, number or bytes, or no schema", schemaType)
}
