package codec

import (
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

const floatProto = `syntax = "proto2";
import "google/protobuf/struct.proto";
import "google/protobuf/any.proto";
import "google/protobuf/wrappers.proto";
message A {
  optional double wide = 1;
  optional float narrow = 2;
  optional int64 id = 3;
  repeated double list = 4;
  map<string, float> by = 5;
  optional A inner = 6;
  optional google.protobuf.Struct more = 7;
  optional google.protobuf.DoubleValue box = 8;
  optional google.protobuf.Any any = 9;
  repeated google.protobuf.Value values = 10;
  extensions 100 to 200;
}
extend A { optional double far = 100; }
`

// Protobuf's JSON rounds whole numbers into its floats without a word; they are
// refused, wherever they stand, and what is held exactly or is a fraction is not.
func TestProtobufChangesNoWholeNumber(t *testing.T) {
	t.Parallel()
	c := protobufOf(t, Settings{SchemaType: "protobuf", Schema: []byte(floatProto), Name: "a.proto", Message: "A"})
	const odd = "9007199254740993" // 2^53+1
	for text, path := range map[string]string{
		`{"wide": ` + odd + `}`:                                                     "/wide",
		`{"wide": "` + odd + `"}`:                                                   "/wide",
		`{"wide": 9.007199254740993e15}`:                                            "/wide",
		`{"narrow": 16777217}`:                                                      "/narrow",
		`{"list": [1, -` + odd + `]}`:                                               "/list/1",
		`{"by": {"secret-canary": 16777217}}`:                                       "/by/*",
		`{"inner": {"inner": {"wide": ` + odd + `}}}`:                               "/inner/inner/wide",
		`{"more": {"secret-canary": [0, ` + odd + `]}}`:                             "/more/*/1",
		`{"box": ` + odd + `}`:                                                      "/box",
		`{"values": [null, {"secret-canary": ` + odd + `}]}`:                        "/values/1/*",
		`{"any": {"@type": "x/A", "wide": ` + odd + `}}`:                            "/any/wide",
		`{"any": {"@type": "x/google.protobuf.DoubleValue", "value": ` + odd + `}}`: "/any/value",
		`{"[far]": ` + odd + `}`:                                                    "/[far]",

		`{"id": ` + odd + `, "wide": 9007199254740992, "narrow": 16777216}`:                     "",
		`{"id": ` + odd + `, "wide": 0.12345678901234567890, "narrow": 0.123456789}`:            "",
		`{"wide": 1e22, "narrow": "Infinity", "list": ["NaN", 123456789012], "box": 1e300}`:     "",
		`{"more": {"a": "` + odd + `", "b": null}, "any": {}, "values": ["` + odd + `", true]}`: "",
		`{"any": {"@type": "x/google.protobuf.StringValue", "value": "` + odd + `"}}`:           "",
	} {
		r := connect.RawJSON("t", []byte(text))
		_, err := c.Encode(r)
		switch {
		case path == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case path != "":
			checkInvalid(t, r, err, `"`+path+`" (type): must be a number that `)
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("%s shows the payload: %v", text, err)
			}
		}
	}
}

// A message without a float is not looked at twice.
func TestProtobufWithoutFloats(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]bool{
		`message A { A a = 1; int64 n = 2; }`:                                                      false,
		`message A { B b = 1; } message B { map<int32, C> c = 1; } message C { float f = 1; }`:     true,
		`import "google/protobuf/struct.proto"; message A { google.protobuf.ListValue l = 1; }`:    true,
		`import "google/protobuf/timestamp.proto"; message A { google.protobuf.Timestamp t = 1; }`: false,
		`import "google/protobuf/any.proto"; message A { google.protobuf.Any any = 1; }`:           true,
	} {
		c := protobufOf(t, Settings{SchemaType: "protobuf", Schema: []byte(`syntax = "proto3"; ` + schema), Name: "a.proto", Message: "A"})
		if c.exact.floats != want {
			t.Errorf("%s: %v", schema, c.exact.floats)
		}
	}
}
