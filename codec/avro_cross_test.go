package codec

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/linkedin/goavro/v2"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Another implementation reads what is written, to the last byte, and writes the
// same again.
func TestAvroIsReadByGoavro(t *testing.T) {
	t.Parallel()
	other, err := goavro.NewCodec(sensorSchema)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range []string{full, `{"device": "d", "seq": 9007199254740993}`} {
		datum, err := avroOf(t, "datum", sensorSchema).Encode(connect.RawJSON("t", []byte(record)))
		if err != nil {
			t.Fatal(err)
		}
		native, rest, err := other.NativeFromBinary(datum)
		if err != nil || len(rest) > 0 {
			t.Fatalf("%x is left, %v", rest, err)
		}
		var want struct {
			Device string
			Seq    int64
		}
		if err := json.Unmarshal([]byte(record), &want); err != nil {
			t.Fatal(err)
		}
		if got := native.(map[string]any); got["device"] != want.Device || got["seq"] != want.Seq {
			t.Errorf("goavro reads %v and %v", got["device"], got["seq"])
		}
		if again, err := other.BinaryFromNative(nil, native); err != nil || !bytes.Equal(again, datum) {
			t.Errorf("goavro writes %x, %v; want %x", again, err, datum)
		}
	}
}

func TestAvroContainerIsReadByGoavro(t *testing.T) {
	t.Parallel()
	c := avroOf(t, "ocf", sensorSchema)
	first, err := c.Encode(connect.RawJSON("t", []byte(full)))
	if err != nil {
		t.Fatal(err)
	}
	file, err := goavro.NewOCFReader(bytes.NewReader(first))
	if err != nil || !file.Scan() {
		t.Fatal(err)
	}
	record, err := file.Read()
	if err != nil || record.(map[string]any)["seq"] != int64(-1) || file.Scan() || file.Err() != nil {
		t.Errorf("goavro reads %v, %v, %v", record, err, file.Err())
	}
	if second, err := c.Encode(connect.RawJSON("t", []byte(full))); err != nil || !bytes.Equal(first, second) {
		t.Error("equal records are not equal messages")
	}
}

func TestAvroSingleObjectIsReadByGoavro(t *testing.T) {
	t.Parallel()
	schema := small(`["null", "long"]`)
	message, err := avroOf(t, "single_object", schema).Encode(connect.RawJSON("t", []byte(`{"x": 9007199254740993}`)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := goavro.NewCodec(schema)
	if err != nil {
		t.Fatal(err)
	}
	native, rest, err := other.NativeFromSingle(message)
	if err != nil || len(rest) > 0 || native.(map[string]any)["x"].(map[string]any)["long"] != int64(9007199254740993) {
		t.Errorf("goavro reads %v, %x, %v", native, rest, err)
	}
}

// benchSchema and the two maps below are one record: goavro takes unions with
// their branch named, and only Go's own widths.
const benchSchema = `{"type": "record", "name": "Reading", "fields": [
	{"name": "device", "type": "string"}, {"name": "seq", "type": "long"}, {"name": "at", "type": "long"},
	{"name": "temperature", "type": "double"}, {"name": "humidity", "type": "double"}, {"name": "ok", "type": "boolean"},
	{"name": "note", "type": ["null", "string"]},
	{"name": "labels", "type": {"type": "map", "values": "string"}},
	{"name": "samples", "type": {"type": "array", "items": "double"}},
	{"name": "place", "type": {"type": "record", "name": "Place", "fields": [{"name": "lat", "type": "double"}, {"name": "lon", "type": "double"}]}}
]}`

func benchRecord(note any) map[string]any {
	return map[string]any{
		"device": "sensor-17/kitchen", "seq": int64(9007199254740993), "at": int64(1795630000000),
		"temperature": 21.25, "humidity": 0.431, "ok": true, "note": note,
		"labels":  map[string]any{"floor": "2", "room": "kitchen"},
		"samples": []any{0.5, 1.25, 2.125, 3.0625},
		"place":   map[string]any{"lat": 48.137, "lon": 11.575},
	}
}

// encoders are this package and goavro, each encoding the record once from its map.
func encoders(tb testing.TB) (ours, theirs func()) {
	tb.Helper()
	c := avroOf(tb, "datum", benchSchema)
	other, err := goavro.NewCodec(benchSchema)
	if err != nil {
		tb.Fatal(err)
	}
	r := connect.JSON("t", benchRecord("quiet"))
	native := benchRecord(map[string]any{"string": "quiet"})
	ours = func() {
		if _, err := c.Encode(r); err != nil {
			tb.Fatal(err)
		}
	}
	theirs = func() {
		if _, err := other.BinaryFromNative(nil, native); err != nil {
			tb.Fatal(err)
		}
	}
	return ours, theirs
}

// A map is encoded with one allocation: the message. Not parallel: allocations are
// counted for the whole process.
func TestAvroAllocations(t *testing.T) {
	ours, _ := encoders(t)
	if got := testing.AllocsPerRun(200, ours); got > 1 && !raceEnabled {
		t.Errorf("%v allocations, want 1", got)
	}
}
