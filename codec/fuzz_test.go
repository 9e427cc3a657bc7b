package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// FuzzEncode: whatever is handed over, a codec passes it on exactly or refuses
// it; what it passes on is in the wire form, and reads back as what it was.
func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", `"AP8="`, `{"data":"AP8="}`, "42", "-1.5e3", `"\ud83d\ude00\ud800"`, "\xff", `"\ufffd"`, " [1, 2] ", "null"} {
		f.Add([]byte(seed))
	}
	all := codecs(f)
	accepting, refusing := schemaOf(f, `{"not": {"const": "accepted by nobody"}}`), schemaOf(f, `{"not": {}, "items": {"pattern": "^x"}, "uniqueItems": true}`)
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		for _, r := range []connect.Record{
			connect.RawJSON("t", data), connect.String("t", string(data)), connect.Bytes("t", data),
			connect.JSON("t", string(data)), connect.JSON("t", json.RawMessage(data)), connect.JSON("t", map[string]any{"data": data}),
		} {
			for schemaType, c := range all {
				got, err := c.Encode(r)
				if err != nil {
					if connect.ClassOf(err) != connect.ClassInvalid || got != nil {
						t.Errorf("%v with %q: %v", r.Kind(), schemaType, err)
					}
					continue
				}
				checkForm(t, schemaType, r, got)
			}
		}
		if !bytes.Equal(data, given) {
			t.Error("the record's memory was changed")
		}
		checkRoundTrips(t, all, data)
		checkSchema(t, accepting, refusing, data)
	})
}

// checkSchema takes data through a schema that accepts all and one that accepts
// nothing: the first changes nothing, the second shows nothing.
func checkSchema(t *testing.T, accepting, refusing Codec, data []byte) {
	t.Helper()
	got, err := accepting.Encode(connect.RawJSON("t", data))
	if valid := json.Valid(data) && utf8.Valid(data) && !hugeNumber(data); valid != (err == nil) || valid && !bytes.Equal(got, data) {
		t.Errorf("%q became %q, %v", data, got, err)
	}
	value := "\x00" + string(data) + "\x00" // occurs nowhere in a text of ours
	for _, r := range []connect.Record{connect.RawJSON("t", data), connect.JSON("t", value), connect.JSON("t", []string{value, value})} {
		got, err := refusing.Encode(r)
		if got != nil || connect.ClassOf(err) != connect.ClassInvalid || strings.Contains(err.Error(), value) {
			t.Errorf("%v: %q, %v", r.Kind(), got, err)
		}
	}
}

func checkForm(t *testing.T, schemaType string, r connect.Record, got []byte) {
	t.Helper()
	switch {
	case schemaType == "string" && !utf8.Valid(got):
		t.Errorf("%v as a string is not UTF-8: %q", r.Kind(), got)
	case schemaType == "" && r.Kind() != connect.KindBytes && (!json.Valid(got) || !utf8.Valid(got)):
		t.Errorf("%v as JSON is not JSON: %q", r.Kind(), got)
	case schemaType == "number":
		var n json.Number
		if err := json.Unmarshal(got, &n); err != nil || got[0] == '"' || n.String() != string(got) {
			t.Errorf("%v as a number is none: %q", r.Kind(), got)
		}
	}
}

// checkRoundTrips takes data through every codec that can carry it, and back.
func checkRoundTrips(t *testing.T, all map[string]Codec, data []byte) {
	t.Helper()
	same := func(name string, got []byte, err error) {
		t.Helper()
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, data)
		}
	}
	got, err := all["bytes"].Encode(connect.JSON("t", map[string]any{"data": data}))
	same("bytes in data", got, err)
	got, err = all["bytes"].Encode(connect.String("t", base64.StdEncoding.EncodeToString(data)))
	same("bytes in base64", got, err)
	if json.Valid(data) && utf8.Valid(data) {
		got, err = all[""].Encode(connect.RawJSON("t", data))
		same("JSON text", got, err)
	}
	if !utf8.Valid(data) {
		return
	}
	quoted, err := all[""].Encode(connect.String("t", string(data)))
	if err != nil {
		t.Errorf("%q: %v", data, err)
		return
	}
	var text string
	err = json.Unmarshal(quoted, &text)
	same("string in quotes", []byte(text), err)
	got, err = all["string"].Encode(connect.RawJSON("t", quoted))
	same("string out of quotes", got, err)
	got, err = all["string"].Encode(connect.JSON("t", string(data)))
	same("string value", got, err)
}

// FuzzNumbers: every integer of 64 bits keeps all of them, every float reads back
// as itself.
func FuzzNumbers(f *testing.F) {
	f.Add(int64(9007199254740993), uint64(1<<63), 0.1, float32(0.1))
	all := codecs(f)
	f.Fuzz(func(t *testing.T, i int64, u uint64, d float64, s float32) {
		for schemaType, c := range all {
			if schemaType == "bytes" {
				continue
			}
			check(t, c, connect.Number("t", i), i)
			check(t, c, connect.Number("t", u), u)
			check(t, c, connect.JSON("t", i), i)
			check(t, c, connect.JSON("t", u), u)
			if d-d == 0 {
				check(t, c, connect.Number("t", d), d)
			}
			if s-s == 0 {
				check(t, c, connect.Number("t", s), s)
			}
		}
	})
}

func check[N comparable](t *testing.T, c Codec, r connect.Record, want N) {
	t.Helper()
	text, err := c.Encode(r)
	var got N
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || got != want {
		t.Errorf("%v became %s, %v", want, text, err)
	}
}
