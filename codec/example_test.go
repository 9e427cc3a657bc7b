package codec_test

import (
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec"
)

func Example() {
	for _, schemaType := range []string{"", "string", "bytes"} {
		c, err := codec.For(codec.Settings{SchemaType: schemaType})
		if err != nil {
			fmt.Println(err)
			return
		}
		payload, err := c.Encode(connect.String("/default/notes", "aGVsbG8="))
		fmt.Printf("%q: %s %v\n", schemaType, payload, err)
	}
	// Output:
	// "": "aGVsbG8=" <nil>
	// "string": aGVsbG8= <nil>
	// "bytes": hello <nil>
}

// What cannot be encoded without changing it is invalid, and is not shown.
func ExampleCodec() {
	c, err := codec.For(codec.Settings{SchemaType: "number"})
	if err != nil {
		fmt.Println(err)
		return
	}
	exact, err := c.Encode(connect.Number("/default/counts", uint64(18446744073709551615)))
	fmt.Println(string(exact), err)
	_, err = c.Encode(connect.JSON("/default/counts", map[string]int{"n": 1}))
	fmt.Println(err)
	// Output:
	// 18446744073709551615 <nil>
	// JSON value: is not a number, which schema_type "number" asks for; must be one JSON number
}

// The schema that is registered decodes what was sent.
func ExampleDecoderFor() {
	settings := codec.Settings{
		SchemaType: "avro", Encoding: "datum", Name: "reading.avsc",
		Schema: []byte(`{"type": "record", "name": "Reading", "fields": [
			{"name": "device", "type": "string"},
			{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
			{"name": "celsius", "type": ["null", "double"], "default": null}]}`),
	}
	c, err := codec.For(settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := codec.DecoderFor(settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, err := c.Encode(connect.RawJSON("/iot/sensors", []byte(`{"device": "kitchen", "at": "2026-11-25T18:00:00Z"}`)))
	fmt.Println(len(payload), "bytes", err)
	text, err := d.Decode(payload)
	fmt.Println(string(text), err)
	_, err = c.Encode(connect.RawJSON("/iot/sensors", []byte(`{"device": "kitchen", "at": 0, "celsius": "warm"}`)))
	fmt.Println(err)
	// Output:
	// 15 bytes <nil>
	// {"device":"kitchen","at":"2026-11-25T18:00:00Z","celsius":null} <nil>
	// JSON text: does not match reading.avsc: at "/celsius" (type): must be an Avro double, is a string
}
