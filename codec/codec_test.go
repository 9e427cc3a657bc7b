package codec

import (
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"

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
	{"struct", connect.JSON("t", point{9007199254740993, "<&>é\u2028", "1.10"}),
		`{"id":9007199254740993,"text":"<&>é\u2028","n":1.10}`, `{"id":9007199254740993,"text":"<&>é\u2028","n":1.10}`, noNumber, noBytes},
	{"map", connect.JSON("t", map[string]any{"b": 1, "a": uint64(math.MaxUint64)}),
		`{"a":18446744073709551615,"b":1}`, `{"a":18446744073709551615,"b":1}`, noNumber, noBytes},
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

// codecs is one of each, by schema type.
func codecs(t testing.TB) map[string]Codec {
	t.Helper()
	all := map[string]Codec{}
	for _, schemaType := range []string{"", "string", "number", "bytes"} {
		c, err := For(Settings{SchemaType: schemaType})
		if err != nil {
			t.Fatal(err)
		}
		all[schemaType] = c
	}
	return all
}

func TestWireForms(t *testing.T) {
	t.Parallel()
	all := codecs(t)
	for _, tt := range records {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for schemaType, want := range map[string]string{"": tt.none, "string": tt.text, "number": tt.number, "bytes": tt.asBytes} {
				got, err := all[schemaType].Encode(tt.record)
				if says, fails := strings.CutPrefix(want, "! "); fails {
					checkInvalid(t, tt.record, err, says)
				} else if err != nil || string(got) != want {
					t.Errorf("schema_type %q: %q, %v; want %q", schemaType, got, err, want)
				}
			}
		})
	}
}

// checkInvalid checks the class of an error, that it says what is wrong and what
// would be right, and that it does not show the payload.
func checkInvalid(t *testing.T, r connect.Record, err error, says string) {
	t.Helper()
	if err == nil || connect.ClassOf(err) != connect.ClassInvalid {
		t.Errorf("%v is of class %v, want invalid", err, connect.ClassOf(err))
		return
	}
	kind, _, _ := strings.Cut(err.Error(), ": ")
	if kind != r.Kind().String() || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "; must ") {
		t.Errorf("%q; want %q, %q and what would be right", err, r.Kind(), says)
	}
	if raw := string(r.Raw()); len(raw) > 3 && strings.Contains(err.Error(), raw) {
		t.Errorf("shows the payload: %v", err)
	}
}

func TestNoCodecForOtherTypes(t *testing.T) {
	t.Parallel()
	for schemaType, want := range map[string]string{
		"json_schema": "needs the schema registry", "avro": "needs the schema registry", "protobuf": "needs the schema registry",
		"json": "is unknown", "String": "is unknown",
	} {
		c, err := For(Settings{SchemaType: schemaType})
		if c != nil || connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "; must be ") {
			t.Errorf("%q: %v, %v", schemaType, c, err)
		}
	}
}

// A payload in its wire form is passed through: the very same memory.
func TestPassThroughSharesMemory(t *testing.T) {
	t.Parallel()
	all := codecs(t)
	for schemaType, r := range map[string]connect.Record{
		"": connect.RawJSON("t", []byte(`{"a":1}`)), "string": connect.String("t", "text"),
		"number": connect.Number("t", 42), "bytes": connect.Bytes("t", []byte("data")),
	} {
		got, err := all[schemaType].Encode(r)
		if err != nil || &got[0] != &r.Raw()[0] {
			t.Errorf("schema_type %q: a copy, or %v", schemaType, err)
		}
	}
}

// Results do not share memory with those of the next call.
func TestResultsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	c := codecs(t)[""]
	first, err := c.Encode(connect.JSON("t", []string{"first"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Encode(connect.JSON("t", []string{"other"})); err != nil || string(first) != `["first"]` {
		t.Errorf("the next call made it %s, %v", first, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := codecs(t)[""]
	done := make(chan error, 8)
	for i := range cap(done) {
		go func() {
			for n := range 200 {
				want := strings.Repeat(string(rune('a'+i)), n)
				got, err := c.Encode(connect.JSON("t", []string{want}))
				if err == nil && string(got) != `["`+want+`"]` {
					err = errors.New(string(got))
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// shower marshals itself, badly.
type shower struct{ how string }

var errShown = errors.New("cannot marshal secret-canary")

func (s shower) MarshalJSON() ([]byte, error) {
	switch s.how {
	case "error":
		return nil, errShown
	case "panic":
		panic("secret-canary")
	}
	return []byte(s.how), nil
}

func TestValuesThatMarshalThemselves(t *testing.T) {
	t.Parallel()
	c := codecs(t)[""]
	for how, says := range map[string]string{
		"error": "marshal method of codec.shower failed", "panic": "codec.shower panicked", "secret-canary": "marshal method of codec.shower failed",
	} {
		_, err := c.Encode(connect.JSON("t", shower{how}))
		checkInvalid(t, connect.JSON("t", nil), err, says)
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s shows what the method said: %v", how, err)
		}
		if how == "error" && !errors.Is(err, errShown) {
			t.Error("the cause is lost")
		}
	}
	// The codec is as good as before.
	if got, err := c.Encode(connect.JSON("t", shower{`{ "a": 1 }`})); err != nil || string(got) != `{"a":1}` {
		t.Errorf("%s, %v", got, err)
	}
}

type textKey string

type marked struct{ text string }

func (m marked) MarshalText() ([]byte, error) { return []byte(m.text), nil }

type pointerMarked struct{ text string }

func (m *pointerMarked) MarshalText() ([]byte, error) { return []byte(m.text), nil }

// escape is the text encoding/json puts in place of a byte that is not UTF-8,
// here come by honestly.
const escaped = `"\ufffd"`

var utf8Values = []struct {
	name  string
	value any
	ok    bool
}{
	{"raw escape", []any{json.RawMessage(escaped), "é", 1, nil, true}, true},
	{"marshalled escape", shower{escaped}, true},
	{"literal backslash", `\ufffd`, true},
	{"address beside an escape", []any{json.RawMessage(escaped), netip.MustParseAddr("::1")}, true},
	{"nil pointers", []any{json.RawMessage(escaped), (*marked)(nil), (*pointerMarked)(nil), (*string)(nil)}, true},
	{"left out", []any{json.RawMessage(escaped), struct {
		Out    string `json:"-"`
		hidden string
	}{"\xff", "\xff"}}, true},
	{"string", "\xff", false},
	{"in a struct", point{Text: "\xff"}, false},
	{"behind a pointer", &point{Text: "\xff"}, false},
	{"in a slice", []string{"a", "\xff"}, false},
	{"in an array", [2]string{"a", "\xff"}, false},
	{"value of a map", map[string]any{"a": []any{"\xff"}}, false},
	{"key of a map", map[textKey]int{"\xff": 1}, false},
	{"text method", marked{"\xff"}, false},
	{"text method of a pointer", &[]pointerMarked{{"\xff"}}, false},
	{"raw bytes in raw JSON", json.RawMessage("\"\xff\""), false},
}

func TestTextThatIsNotUTF8IsNeverReplaced(t *testing.T) {
	t.Parallel()
	c := codecs(t)[""]
	for _, tt := range utf8Values {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Encode(connect.JSON("t", tt.value))
			if (err == nil) != tt.ok {
				t.Errorf("%s, %v", got, err)
			}
			if !tt.ok {
				checkInvalid(t, connect.JSON("t", nil), err, "not UTF-8")
			}
		})
	}
}

// Buffers that grew for one large value are not kept.
func TestLargeValues(t *testing.T) {
	t.Parallel()
	c := codecs(t)[""]
	large := strings.Repeat("\n", 2*keepBytes)
	for range 3 {
		got, err := c.Encode(connect.String("t", large))
		if err != nil || len(got) != 2*len(large)+2 {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
}
