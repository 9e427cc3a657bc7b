package codec

import (
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

func TestDefinitionsStandAlone(t *testing.T) {
	t.Parallel()
	s := Settings{
		SchemaType: "avro", Name: "c.avsc", Encoding: "datum",
		Schema: []byte(`{"type": "record", "name": "x.C", "fields": [{"name": "a", "type": "A"}, {"name": "b", "type": "x.A"}]}`),
		Refs:   []Ref{{"a.avsc", []byte(`{"type": "enum", "name": "x.A", "symbols": ["ONE", "TWO"]}`)}},
	}
	text, err := Definition(s)
	if err != nil {
		t.Fatal(err)
	}
	r := connect.RawJSON("t", []byte(`{"a": "ONE", "b": "TWO"}`))
	want, err := avroOf(t, "datum", string(s.Schema), s.Refs...).Encode(r)
	if got, alone := avroOf(t, "datum", string(text)).Encode(r); err != nil || alone != nil || string(got) != string(want) {
		t.Errorf("%s writes %x, %v; want %x, %v", text, got, alone, want, err)
	}
	s.Refs[0].Schema = []byte("{}")
	if text, err := Definition(s); text != nil || connect.ClassOf(err) != connect.ClassConfig {
		t.Errorf("%s, %v", text, err)
	}
	for _, s := range []Settings{
		{SchemaType: "avro", Schema: []byte(` "int" `)},
		{SchemaType: "protobuf", Schema: []byte(sensorProto), Refs: []Ref{{"shared/place.proto", []byte(placeProto)}}},
		{SchemaType: "string"},
	} {
		if text, err := Definition(s); err != nil || string(text) != string(s.Schema) {
			t.Errorf("%s: %s, %v", s.SchemaType, text, err)
		}
	}
}
