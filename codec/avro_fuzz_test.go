package codec

import (
	"bytes"
	"encoding/json"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var avroSeeds = []string{
	full, `{"device": "d", "seq": 1}`, `{"device": "\ud83d\ude00", "seq": -9223372036854775808, "value": {"double": 1e21}}`,
	`{"device": "", "seq": 1, "prior": {"device": "", "seq": 2}}`, `{"device": "", "seq": 1, "at": 253402300800000, "price": 0.1}`,
	`{"device": "", "seq": 1, "tags": {"a": "", "": "b"}, "path": ["ON", "OFF"], "ratio": 16777216, "value": 1152921504606846976}`,
	`{"device": "", "seq": 1, "seq": 2}`, `{"device": "\ud83d", "seq": 1}`, `null`, `[]`, `{`,
}

// FuzzAvroJSON: JSON is refused, or becomes a message that the library reads and
// whose JSON becomes the same message again; and a Go map of it does.
func FuzzAvroJSON(f *testing.F) {
	for _, seed := range avroSeeds {
		f.Add([]byte(seed))
	}
	codecs := map[string]*avroCodec{}
	for _, encoding := range []string{"json", "datum", "ocf", "single_object"} {
		codecs[encoding] = avroOf(f, encoding, sensorSchema)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for encoding, c := range codecs {
			message, err := c.Encode(connect.RawJSON("t", data))
			if err != nil {
				if connect.ClassOf(err) != connect.ClassInvalid {
					t.Errorf("%s: %v", encoding, err)
				}
				continue
			}
			text, err := c.Decode(message)
			if err != nil {
				t.Fatalf("%s: %x is not read back: %v", encoding, message, err)
			}
			if again, err := c.Encode(connect.RawJSON("t", text)); err != nil || !bytes.Equal(again, message) {
				t.Errorf("%s: %s is %x, %v; want %x", encoding, text, again, err, message)
			}
		}
		var object map[string]any
		if json.Unmarshal(data, &object) != nil {
			return
		}
		short, shortErr := codecs["datum"].Encode(connect.JSON("t", object))
		long, longErr := codecs["datum"].Encode(connect.JSON("t", &object))
		if !bytes.Equal(short, long) || (shortErr == nil) != (longErr == nil) {
			t.Errorf("a map is %x, %v; its JSON %x, %v", short, shortErr, long, longErr)
		}
	})
}

// FuzzAvroMessages: any bytes are refused, or have a JSON that is valid; where
// that is encoded again, it reads back as the same.
func FuzzAvroMessages(f *testing.F) {
	codecs := map[string]*avroCodec{}
	for _, encoding := range []string{"datum", "ocf", "single_object"} {
		c := avroOf(f, encoding, sensorSchema)
		codecs[encoding] = c
		for _, seed := range avroSeeds {
			if message, err := c.Encode(connect.RawJSON("t", []byte(seed))); err == nil {
				f.Add(message)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for encoding, c := range codecs {
			text, err := c.Decode(data)
			if err != nil {
				continue
			}
			if !json.Valid(text) {
				t.Fatalf("%s: %q is not JSON", encoding, text)
			}
			message, err := c.Encode(connect.RawJSON("t", text))
			if err != nil {
				continue // what other writers may write: NaN, UUIDs that are none, decimals out of range
			}
			if again, err := c.Decode(message); err != nil || !bytes.Equal(again, text) {
				t.Errorf("%s: %s reads back as %s, %v", encoding, text, again, err)
			}
		}
	})
}
