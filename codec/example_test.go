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
