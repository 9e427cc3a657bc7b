package danube

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// TestFrame encodes parcels as the pool does and decodes them as a broker does.
func TestFrame(t *testing.T) {
	t.Parallel()
	template := wire.Producer{ID: 7, Topic: "/default/t", Name: "p", Connector: "c"}.Template()
	for _, size := range []int{0, 1, 1 << 10, 1 << 14, 3 << 20} { // below and above what is pooled
		parcel := flow.Parcel{
			Payload: bytes.Repeat([]byte{'x'}, size), Key: "k", Keyed: true,
			Attributes: []connect.Attribute{{Key: "a", Value: "b"}},
			Stamp:      flow.Stamp{Partition: "s", Position: 1, Epoch: 2, Seq: 3},
		}
		f := frame{template: template}
		fill(&f.message, &parcel)
		codec := sendCodec{mem.DefaultBufferPool()}
		encoded, err := codec.Marshal(&f)
		if err != nil {
			t.Fatal(err)
		}
		var have wire.StreamMessage
		if err := proto.Unmarshal(encoded.Materialize(), &have); err != nil {
			t.Fatal(err)
		}
		encoded.Free()
		a := have.GetAttributes()
		if len(have.GetPayload()) != size || have.GetRoutingKey() != "k" || have.GetMsgId().GetProducerId() != 7 || len(a) != 6 ||
			a["a"] != "b" || a["danube.connect.partition"] != "s" || a["danube.connect.position"] != "1" ||
			a["danube.connect.epoch"] != "2" || a["danube.connect.seq"] != "3" {
			t.Errorf("%d bytes: decoded %d bytes, %v", size, len(have.GetPayload()), a)
		}
		if err := codec.Unmarshal(encoded, &f); err != nil || codec.Name() != "proto" {
			t.Errorf("%s: %v", codec.Name(), err)
		}
	}
}

func TestAnnouncedFlushInterval(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "5000": 5 * time.Second, "1": time.Millisecond,
		"": none, "-1": none, "5s": none, "1e3": none, strings.Repeat("9", 30): none,
	} {
		if have := announced(metadata.Pairs(wire.FlushIntervalHeader, text)); have != want {
			t.Errorf("%q: %s, want %s", text, have, want)
		}
	}
	if have := announced(nil); have != none {
		t.Errorf("no header: %s", have)
	}
	if have := announced(metadata.Pairs(wire.FlushIntervalHeader, "1", wire.FlushIntervalHeader, "2")); have != none {
		t.Errorf("two headers: %s", have)
	}
}
