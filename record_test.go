package connect_test

import (
	"slices"
	"sync"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

type reading struct{ Celsius float64 }

var constructors = []struct {
	name   string
	record connect.Record
	kind   connect.Kind
	raw    string
	value  any
}{
	{"JSON", connect.JSON("/a/b", reading{21.5}), connect.KindJSON, "", reading{21.5}},
	{"JSON of nil", connect.JSON("/a/b", nil), connect.KindJSON, "", nil},
	{"RawJSON", connect.RawJSON("/a/b", []byte(` {"a":1} `)), connect.KindRawJSON, ` {"a":1} `, nil},
	{"RawJSON that is none", connect.RawJSON("/a/b", []byte(`{`)), connect.KindRawJSON, `{`, nil},
	{"String", connect.String("/a/b", "grüße"), connect.KindString, "grüße", nil},
	{"empty String", connect.String("/a/b", ""), connect.KindString, "", nil},
	{"Number", connect.Number("/a/b", 42), connect.KindNumber, "42", nil},
	{"Bytes", connect.Bytes("/a/b", []byte{0, 255}), connect.KindBytes, "\x00\xff", nil},
	{"nil Bytes", connect.Bytes("/a/b", nil), connect.KindBytes, "", nil},
}

func TestConstructors(t *testing.T) {
	t.Parallel()
	for _, c := range constructors {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := c.record
			if r.Topic() != "/a/b" || r.Kind() != c.kind || string(r.Raw()) != c.raw || r.Value() != c.value {
				t.Errorf("%s %v %q %v, want /a/b %v %q %v", r.Topic(), r.Kind(), r.Raw(), r.Value(), c.kind, c.raw, c.value)
			}
			if key, ok := r.Key(); ok || key != "" {
				t.Errorf("has the key %q; nobody set one", key)
			}
			if len(r.Attributes()) != 0 {
				t.Errorf("has the attributes %v; nobody set any", r.Attributes())
			}
		})
	}
}

func TestRawIsNotACopy(t *testing.T) {
	t.Parallel()
	payload := []byte("payload")
	for _, r := range []connect.Record{connect.Bytes("/a/b", payload), connect.RawJSON("/a/b", payload)} {
		if &r.Raw()[0] != &payload[0] {
			t.Errorf("%v: the payload was copied on the way", r.Kind())
		}
	}
}

var kindNames = map[connect.Kind]string{
	0: "empty record", connect.KindJSON: "JSON value", connect.KindRawJSON: "JSON text",
	connect.KindString: "string", connect.KindNumber: "number", connect.KindBytes: "bytes", 99: "empty record",
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	for kind, want := range kindNames {
		if got := kind.String(); got != want {
			t.Errorf("kind %d is called %q, want %q", kind, got, want)
		}
	}
	if kind := (connect.Record{}).Kind(); kind != 0 {
		t.Errorf("a record nobody made is of kind %v", kind)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	base := connect.String("/a/b", "x")
	keyed, empty := base.WithKey("k"), base.WithKey("")
	if key, ok := keyed.Key(); key != "k" || !ok {
		t.Errorf("key %q, %v; want k", key, ok)
	}
	if key, ok := empty.Key(); key != "" || !ok {
		t.Errorf("key %q, %v; an empty key is a key", key, ok)
	}
	if key, ok := keyed.WithKey("other").Key(); key != "other" || !ok {
		t.Errorf("key %q, %v; want other", key, ok)
	}
	if _, ok := base.Key(); ok {
		t.Error("WithKey changed its receiver")
	}
}

func TestPlacedRecord(t *testing.T) {
	t.Parallel()
	o := connect.Offset{Partition: "p", Value: 7, Metadata: "m"}
	r := connect.String("/a/b", "x").WithKey("k")
	at, without := r.At(o), r.Envelope()
	if at.Offset != o || !without.Offset.IsZero() {
		t.Errorf("offsets %v and %v, want %v and none", at.Offset, without.Offset, o)
	}
	for _, e := range []connect.Envelope{at, without} {
		if key, _ := e.Record.Key(); key != "k" || e.IsMark() || e.Err() != nil {
			t.Errorf("envelope %+v is not of the record", e)
		}
	}
}

var attributeCases = []struct {
	name  string
	pairs [][]connect.Attribute // one WithAttributes each
	want  []connect.Attribute
}{
	{"none", [][]connect.Attribute{{}}, nil},
	{"in the order set", [][]connect.Attribute{{{"b", "1"}, {"a", "2"}}, {{"c", "3"}}}, []connect.Attribute{{"b", "1"}, {"a", "2"}, {"c", "3"}}},
	{"replaced in place", [][]connect.Attribute{{{"a", "1"}, {"b", "2"}}, {{"a", "3"}}}, []connect.Attribute{{"a", "3"}, {"b", "2"}}},
	{"twice in one call", [][]connect.Attribute{{{"a", "1"}, {"a", "2"}}}, []connect.Attribute{{"a", "2"}}},
	{"empty key and value", [][]connect.Attribute{{{"", ""}}}, []connect.Attribute{{"", ""}}},
	{"replaced and added", [][]connect.Attribute{{{"a", "1"}}, {{"b", "2"}, {"a", "3"}, {"b", "4"}}}, []connect.Attribute{{"a", "3"}, {"b", "4"}}},
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	for _, c := range attributeCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := connect.String("/a/b", "x")
			for _, pairs := range c.pairs {
				r = r.WithAttributes(pairs...)
			}
			if !slices.Equal(r.Attributes(), c.want) {
				t.Errorf("attributes %v, want %v", r.Attributes(), c.want)
			}
			for _, a := range c.want {
				if value, ok := r.Attribute(a.Key); !ok || value != a.Value {
					t.Errorf("attribute %q is %q, %v; want %q", a.Key, value, ok, a.Value)
				}
			}
			if value, ok := r.Attribute("absent"); ok || value != "" {
				t.Errorf("an attribute nobody set is %q", value)
			}
		})
	}
}

func TestCopiesShareNoAttributes(t *testing.T) {
	t.Parallel()
	// The base has room to spare behind its attributes: two pairs were asked for
	// and one came of it.
	base := connect.String("/a/b", "x").WithAttributes(connect.Attribute{Key: "k", Value: "base"}, connect.Attribute{Key: "k", Value: "base"})
	one := base.WithAttribute("k", "one").WithAttribute("only", "one")
	two := base.WithAttribute("only", "two")
	for _, c := range []struct {
		record connect.Record
		want   []connect.Attribute
	}{
		{base, []connect.Attribute{{"k", "base"}}},
		{one, []connect.Attribute{{"k", "one"}, {"only", "one"}}},
		{two, []connect.Attribute{{"k", "base"}, {"only", "two"}}},
	} {
		if !slices.Equal(c.record.Attributes(), c.want) {
			t.Errorf("attributes %v, want %v", c.record.Attributes(), c.want)
		}
	}
}

func TestOneBaseForManyGoroutines(t *testing.T) {
	t.Parallel()
	base := connect.String("/a/b", "x").WithAttribute("k", "base")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			want := string(rune('a' + i))
			for range 100 {
				r := base.WithKey(want).WithAttribute("k", want).WithAttribute("n", want)
				key, _ := r.Key()
				k, _ := r.Attribute("k")
				n, _ := r.Attribute("n")
				if key+k+n != want+want+want {
					t.Errorf("goroutine %s sees %s, %s, %s", want, key, k, n)
				}
			}
		})
	}
	wg.Wait()
}

// TestSeveralAttributesCostOneAllocation is not parallel: it counts the
// allocations of the process.
func TestSeveralAttributesCostOneAllocation(t *testing.T) {
	base := connect.Bytes("/a/b", nil).WithAttribute("a", "1")
	pairs := []connect.Attribute{{"b", "2"}, {"c", "3"}, {"a", "4"}}
	var kept connect.Record
	if n := testing.AllocsPerRun(100, func() { kept = base.WithAttributes(pairs...) }); n != 1 {
		t.Errorf("%v allocations, want 1", n)
	}
	if len(kept.Attributes()) != 3 {
		t.Errorf("attributes %v, want three", kept.Attributes())
	}
}
