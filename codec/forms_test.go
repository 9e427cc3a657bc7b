package codec

import (
	"encoding/json"
	"math"

	connect "github.com/danube-messaging/danube-connect-go"
)

// forms is every record on the left, and its wire form under each codec; a form
// that begins with "! " is what the error must say.
type forms struct {
	name                        string
	record                      connect.Record
	none, text, number, asBytes string
}

const (
	noNumber = "! is not a number"
	noBytes  = "! holds no bytes"
	noUTF8   = "! is not UTF-8"
	noForm   = "! NaN and the infinities have no JSON form"
)

// point has a number no float64 holds, and characters that HTML escaping would
// change.
type point struct {
	ID   int64       `json:"id"`
	Text string      `json:"text"`
	N    json.Number `json:"n"`
}

var records = []forms{
	{
		"struct", connect.JSON("t", point{9007199254740993, "<&>é\u2028", "1.10"}),
		`{"id":9007199254740993,"text":"<&>é\u2028","n":1.10}`, `{"id":9007199254740993,"text":"<&>é\u2028","n":1.10}`, noNumber, noBytes,
	},
	{
		"map", connect.JSON("t", map[string]any{"b": 1, "a": uint64(math.MaxUint64)}),
		`{"a":18446744073709551615,"b":1}`, `{"a":18446744073709551615,"b":1}`, noNumber, noBytes,
	},
	{"JSON string", connect.JSON("t", `say "hi"`), `"say \"hi\""`, `say "hi"`, noNumber, noBytes},
	{"JSON string of base64", connect.JSON("t", "AP8="), `"AP8="`, `AP8=`, noNumber, "\x00\xff"},
	{"JSON bytes", connect.JSON("t", []byte{0, 255}), `"AP8="`, `AP8=`, noNumber, "\x00\xff"},
	{"JSON data", connect.JSON("t", map[string]any{"data": "AP8=", "more": 1}), `{"data":"AP8=","more":1}`, `{"data":"AP8=","more":1}`, noNumber, "\x00\xff"},
	{"JSON data that is none", connect.JSON("t", map[string]any{"data": 5}), `{"data":5}`, `{"data":5}`, noNumber, noBytes},
	{"JSON integer", connect.JSON("t", int64(math.MinInt64)), `-9223372036854775808`, `-9223372036854775808`, `-9223372036854775808`, noBytes},
	{"JSON number", connect.JSON("t", json.Number("1e400")), `1e400`, `1e400`, `1e400`, noBytes},
	{"JSON null", connect.JSON("t", nil), `null`, `null`, noNumber, noBytes},
	{"JSON true", connect.JSON("t", true), `true`, `true`, noNumber, noBytes},
	{"JSON list", connect.JSON("t", []int{1}), `[1]`, `[1]`, noNumber, noBytes},
	{"JSON channel", connect.JSON("t", make(chan int)), "! a chan int has no JSON form", "! chan int", "! chan int", "! chan int"},
	{"JSON NaN", connect.JSON("t", math.NaN()), "! without a JSON form", "! without a JSON form", "! without a JSON form", "! without a JSON form"},
	{"JSON bad text", connect.JSON("t", "a\xffb"), "! holds text that is not UTF-8", "! UTF-8", "! UTF-8", "! UTF-8"},
	{"JSON replacement", connect.JSON("t", "a\ufffdb"), "\"a\ufffdb\"", "a\ufffdb", noNumber, noBytes},

	{"raw object", connect.RawJSON("t", []byte(" {\"n\": 9007199254740993 }\n")), " {\"n\": 9007199254740993 }\n", " {\"n\": 9007199254740993 }\n", noNumber, noBytes},
	{"raw string", connect.RawJSON("t", []byte(" \"AP8=\"\r\n")), " \"AP8=\"\r\n", "AP8=", noNumber, "\x00\xff"},
	{"raw escapes", connect.RawJSON("t", []byte(`"\ud83d\ude00\\ud800\u00e9\n"`)), `"\ud83d\ude00\\ud800\u00e9\n"`, "😀\\ud800é\n", noNumber, noBytes},
	{"raw half pair", connect.RawJSON("t", []byte(`"a\uDE00"`)), `"a\uDE00"`, "! half a surrogate pair", noNumber, "! half a surrogate pair"},
	{"raw half pair first", connect.RawJSON("t", []byte(`"\ud83dx\ude00"`)), `"\ud83dx\ude00"`, "! half a surrogate pair", noNumber, "! half a surrogate pair"},
	{"raw data", connect.RawJSON("t", []byte(`{"data":"AP8="}`)), `{"data":"AP8="}`, `{"data":"AP8="}`, noNumber, "\x00\xff"},
	{"raw number", connect.RawJSON("t", []byte("\t-1.50e3 ")), "\t-1.50e3 ", "\t-1.50e3 ", "-1.50e3", noBytes},
	{"raw nothing", connect.RawJSON("t", nil), "! not JSON at byte 0 of 0", "! not JSON", "! not JSON", "! not JSON"},
	{"raw two values", connect.RawJSON("t", []byte(`{} {}`)), "! not JSON at byte 4 of 5", "! not JSON", "! not JSON", "! not JSON"},
	{"raw NaN", connect.RawJSON("t", []byte(`NaN`)), "! not JSON at byte 1 of 3", "! not JSON", "! not JSON", "! not JSON"},
	{"raw bad text", connect.RawJSON("t", []byte("\"\xff\"")), noUTF8, noUTF8, noUTF8, noUTF8},

	{"string", connect.String("t", "5 < 6"), `"5 < 6"`, `5 < 6`, noNumber, noBytes},
	{"string to escape", connect.String("t", "a\"\\\n\x00é"), `"a\"\\\n\u0000é"`, "a\"\\\n\x00é", noNumber, noBytes},
	{"empty string", connect.String("t", ""), `""`, ``, noNumber, ``},
	{"digits", connect.String("t", "42"), `"42"`, `42`, noNumber, noBytes},
	{"base64", connect.String("t", "AP8="), `"AP8="`, `AP8=`, noNumber, "\x00\xff"},
	{"base64 unpadded", connect.String("t", "AP8"), `"AP8"`, `AP8`, noNumber, noBytes},
	{"base64 with spare bits", connect.String("t", "AP9="), `"AP9="`, `AP9=`, noNumber, noBytes},
	{"base64 for URLs", connect.String("t", "_-8="), `"_-8="`, `_-8=`, noNumber, noBytes},
	{"string bad text", connect.String("t", "a\xff"), noUTF8, noUTF8, noNumber, noBytes},

	{"integer", connect.Number("t", int64(math.MaxInt64)), `9223372036854775807`, `9223372036854775807`, `9223372036854775807`, noBytes},
	{"unsigned", connect.Number("t", uint64(math.MaxUint64)), `18446744073709551615`, `18446744073709551615`, `18446744073709551615`, noBytes},
	{"float", connect.Number("t", 0.1), `0.1`, `0.1`, `0.1`, noBytes},
	{"large float", connect.Number("t", 1e21), `1e+21`, `1e+21`, `1e+21`, noBytes},
	{"small float", connect.Number("t", float32(1e-7)), `1e-07`, `1e-07`, `1e-07`, noBytes},
	{"NaN", connect.Number("t", math.NaN()), noForm, noForm, noForm, noBytes},
	{"infinity", connect.Number("t", math.Inf(-1)), noForm, noForm, noForm, noBytes},

	{"bytes", connect.Bytes("t", []byte{0, 255}), "\x00\xff", noUTF8, noNumber, "\x00\xff"},
	{"bytes of text", connect.Bytes("t", []byte("5")), "5", "5", noNumber, "5"},
	{"no bytes", connect.Bytes("t", nil), "", "", noNumber, ""},
	{"no record", connect.Record{}, "! has no payload", "! has no payload", "! has no payload", "! has no payload"},
}
