package danube

import (
	"bytes"
	"math"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// TestMeasureIsABound measures parcels as hand-over has them, and encodes them in
// the session that makes the most of them.
func TestMeasureIsABound(t *testing.T) {
	t.Parallel()
	for name, topic := range map[string]Topic{
		"plain":       {Producer: connect.Producer{Topic: "/default/t"}, Connector: "c"},
		"stamped":     {Producer: connect.Producer{Topic: "/default/t"}, Connector: "c", Stamp: true},
		"schema":      {Producer: connect.Producer{Topic: "/default/t"}, Schema: &SchemaRef{Subject: "s"}},
		"partitioned": {Producer: connect.Producer{Topic: "/default/t", Partitions: 1001}, Connector: "c", Stamp: true},
	} {
		c, err := New(Settings{URL: "http://b:1"})
		if err != nil {
			t.Fatal(err)
		}
		transport, err := c.Transport(topic)
		if err != nil {
			t.Fatal(err)
		}
		for _, parcel := range []flow.Parcel{
			{},
			{Payload: bytes.Repeat([]byte{1}, 1000), Key: "key", Keyed: true, Stamp: flow.Stamp{Partition: "p", Position: 7}},
			{Attributes: []connect.Attribute{{Key: "a", Value: "b"}}, Stamp: flow.Stamp{Position: 7}},
		} {
			bound := transport.Measure(&parcel)
			parcel.Stamp.Epoch, parcel.Stamp.Seq = math.MaxUint64, math.MaxUint64
			m := wire.Message{RequestID: math.MaxUint64, PublishTime: math.MaxUint64}
			fill(&m, &parcel)
			longest := 0
			for _, p := range transport.partitions {
				size := transport.wireProducer(p, math.MaxUint64, string(bytes.Repeat([]byte{'b'}, wire.MaxBrokerAddr)), &flow.Schema{ID: math.MaxUint64, Version: math.MaxUint32}).Template().Size(&m)
				longest = max(longest, size)
			}
			if bound != longest {
				t.Errorf("%s: measured %d, the longest message has %d", name, bound, longest)
			}
		}
		c.Close()
	}
}
