package wire_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

var producer = wire.Producer{
	ID:         1<<63 + 7,
	Topic:      "/default/orders-part-3",
	Name:       "orders--default-orders-3",
	BrokerAddr: "http://127.0.0.1:6650",
	Connector:  "orders",
	Schema:     &wire.Schema{ID: 42, Version: 3},
}

// want builds the generated message that p and m stand for.
func want(p wire.Producer, m wire.Message) *wire.StreamMessage {
	w := &wire.StreamMessage{
		RequestId:    m.RequestID,
		MsgId:        &wire.MsgID{ProducerId: p.ID, TopicName: p.Topic, BrokerAddr: p.BrokerAddr},
		Payload:      m.Payload,
		PublishTime:  m.PublishTime,
		ProducerName: p.Name,
		Attributes:   map[string]string{},
	}
	if len(p.BrokerAddr) > wire.MaxBrokerAddr {
		w.MsgId.BrokerAddr = ""
	}
	for _, a := range m.Attributes {
		w.Attributes[a.Key] = a.Value
	}
	if p.Connector != "" {
		w.Attributes["danube.connect.connector"] = p.Connector
		w.Attributes["danube.connect.epoch"] = strconv.FormatUint(m.Epoch, 10)
		if m.Partition != "" {
			w.Attributes["danube.connect.partition"] = m.Partition
			w.Attributes["danube.connect.position"] = strconv.FormatUint(m.Position, 10)
			w.Attributes["danube.connect.seq"] = strconv.FormatUint(m.Seq, 10)
		}
	}
	if p.Schema != nil {
		w.SchemaId, w.SchemaVersion = new(p.Schema.ID), new(p.Schema.Version)
	}
	if m.Keyed {
		w.RoutingKey = new(m.Key)
	}
	return w
}

// check encodes m and compares the bytes with what the generated type makes of
// the same message.
func check(t *testing.T, p wire.Producer, m wire.Message) {
	t.Helper()
	tmpl, expected := p.Template(), want(p, m)
	const before = "kept"
	encoded := tmpl.Append([]byte(before), &m)
	if string(encoded[:len(before)]) != before {
		t.Fatalf("Append changed what was there before: %q", encoded[:len(before)])
	}
	encoded = encoded[len(before):]
	if size := tmpl.Size(&m); size != len(encoded) {
		t.Errorf("Size = %d, Append wrote %d", size, len(encoded))
	}
	if size := proto.Size(expected); size != len(encoded) {
		t.Errorf("the generated type needs %d bytes, Append wrote %d", size, len(encoded))
	}
	decoded := new(wire.StreamMessage)
	if err := proto.Unmarshal(encoded, decoded); err != nil {
		t.Fatalf("decode: %v", err)
	}
	if diff := cmp.Diff(expected, decoded, protocmp.Transform()); diff != "" {
		t.Errorf("decoded message differs (-want +have):\n%s", diff)
	}
	deterministic := proto.MarshalOptions{Deterministic: true}
	ours, _ := deterministic.Marshal(decoded)
	theirs, _ := deterministic.Marshal(expected)
	if string(ours) != string(theirs) {
		t.Errorf("encoded again: %x, want %x", ours, theirs)
	}
	checkBounds(t, p, m, len(encoded))
}

// checkBounds holds MaxSize against a message of size bytes.
func checkBounds(t *testing.T, p wire.Producer, m wire.Message, size int) {
	t.Helper()
	if most := p.Template().MaxSize(&m); most < size {
		t.Errorf("MaxSize = %d, below the size of %d", most, size)
	}
	widest := p.Widest().Template()
	bound := widest.MaxSize(&m)
	if bound < size {
		t.Errorf("MaxSize for any session = %d, below the size of %d", bound, size)
	}
	m.RequestID, m.PublishTime = math.MaxUint64, math.MaxUint64
	if reached := len(widest.Append(nil, &m)); reached != bound {
		t.Errorf("MaxSize = %d is not reached by the widest message, of %d bytes", bound, reached)
	}
}

var messages = map[string]wire.Message{
	"zero": {},
	"plain": {
		RequestID: 1, PublishTime: 1_700_000_000_000, Payload: []byte(`{"a":1}`),
	},
	"key":       {Payload: []byte("x"), Key: "user-1", Keyed: true},
	"empty key": {Payload: []byte("x"), Keyed: true},
	"key not said to be one": {
		Payload: []byte("x"), Key: "ignored",
	},
	"attributes": {Attributes: []connect.Attribute{{Key: "a", Value: "1"}, {Key: "ключ", Value: ""}, {Key: "", Value: "v"}}},
	"stamp": {
		Epoch: 1_763_900_000_000_000, Partition: "orders:7", Position: math.MaxUint64, Seq: 0,
	},
	"stamp without a place": {Epoch: 9, Position: 5, Seq: 5},
	"everything": {
		RequestID: math.MaxUint64, PublishTime: math.MaxUint64,
		Payload: make([]byte, 70_000), Key: strings.Repeat("k", 300), Keyed: true,
		Attributes: []connect.Attribute{{Key: strings.Repeat("a", 200), Value: strings.Repeat("b", 20_000)}},
		Epoch:      10, Partition: strings.Repeat("p", 128), Position: 99, Seq: 100,
	},
}

var producers = map[string]wire.Producer{
	"full":      producer,
	"zero":      {},
	"no stamp":  {ID: 1, Topic: "/a/b", Name: "n", BrokerAddr: "https://b:1/"},
	"schema 0":  {ID: 1, Topic: "/a/b", Name: "n", Connector: "c", Schema: &wire.Schema{}},
	"long addr": {ID: 1, Topic: "/a/b", Name: "n", BrokerAddr: strings.Repeat("h", wire.MaxBrokerAddr+1)},
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for pname, p := range producers {
		for mname, m := range messages {
			t.Run(pname+"/"+mname, func(t *testing.T) {
				t.Parallel()
				if p.ID == 0 && p.Topic == "" && p.BrokerAddr == "" {
					// msg_id is sent even if nothing is in it: the broker
					// does not live without.
					if got := new(wire.StreamMessage); proto.Unmarshal(p.Template().Append(nil, &m), got) != nil || got.MsgId == nil {
						t.Fatal("msg_id is missing")
					}
				}
				check(t, p, m)
			})
		}
	}
}

// TestDigits walks over every power of ten, where the width of a stamp changes.
func TestDigits(t *testing.T) {
	t.Parallel()
	for n := uint64(1); ; n *= 10 {
		for _, v := range []uint64{n - 1, n, n + 1} {
			check(t, producer, wire.Message{Epoch: v, Partition: "p", Position: v, Seq: v})
		}
		if n > math.MaxUint64/10 {
			return
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	m := messages["everything"]
	tmpl := producer.Template()
	buffer := make([]byte, 0, tmpl.Size(&m))
	allocs := testing.AllocsPerRun(100, func() {
		if out := tmpl.Append(buffer, &m); &out[0] != &buffer[:1][0] {
			t.Fatal("Append grew a buffer of the size that Size told")
		}
	})
	if allocs != 0 {
		t.Errorf("Append allocates %v times", allocs)
	}
}

func TestWidestKeepsTheProducer(t *testing.T) {
	t.Parallel()
	p := producer
	p.Widest()
	if diff := cmp.Diff(producer, p); diff != "" || producer.Schema.ID != 42 {
		t.Errorf("Widest changed its receiver: %s", diff)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add(uint64(1), uint64(2), []byte("payload"), "key", true, "a", "1", uint64(3), "part", uint64(4), uint64(5), true, uint32(6))
	f.Add(uint64(0), uint64(0), []byte{}, "", false, "", "", uint64(0), "", uint64(0), uint64(0), false, uint32(0))
	f.Fuzz(func(t *testing.T, request, id uint64, payload []byte, key string, keyed bool, name, value string,
		epoch uint64, partition string, position, seq uint64, stamp bool, version uint32,
	) {
		p := wire.Producer{ID: id, Topic: "/default/t", Name: "n", BrokerAddr: "http://b:6650"}
		if stamp {
			p.Connector = "c"
		}
		if version%2 == 1 {
			p.Schema = &wire.Schema{ID: seq, Version: version}
		}
		m := wire.Message{
			RequestID: request, PublishTime: position, Payload: payload, Key: key, Keyed: keyed,
			Attributes: []connect.Attribute{{Key: name, Value: value}},
			Epoch:      epoch, Partition: partition, Position: position, Seq: seq,
		}
		if m.CheckText() != nil || strings.HasPrefix(name, "danube.connect.") {
			t.Skip("refused at hand-over")
		}
		check(t, p, m)
	})
}

func BenchmarkAppend(b *testing.B) {
	m := wire.Message{
		RequestID: 1 << 20, PublishTime: 1_763_900_000_000, Payload: make([]byte, 1024), Key: "user-1", Keyed: true,
		Epoch: 1_763_900_000_000_000, Partition: "orders:7", Position: 1 << 30, Seq: 1 << 30,
	}
	tmpl := producer.Template()
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = tmpl.Append(buffer[:0], &m)
	}
	b.SetBytes(int64(len(buffer)))
}
