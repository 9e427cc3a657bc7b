package codec

import (
	"errors"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

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
	if kind != r.Kind().String() || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), " must ") {
		t.Errorf("%q; want %q, %q and what would be right", err, r.Kind(), says)
	}
	if raw := string(r.Raw()); len(raw) > 3 && strings.Contains(err.Error(), raw) {
		t.Errorf("shows the payload: %v", err)
	}
}

func TestNoCodecForOtherTypes(t *testing.T) {
	t.Parallel()
	for schemaType, want := range map[string]string{
		"json_schema": "has no schema", "avro": "has no schema", "protobuf": "has no schema",
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
