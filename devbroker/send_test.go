package devbroker_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// sends are the answers to SendMessage by the producer of /default/a, on a broker
// that also has /default/b, with at most 100 bytes of payload.
var sends = map[string]struct {
	change func(*wire.StreamMessage)
	code   codes.Code
	text   string
}{
	"fine":            {func(*wire.StreamMessage) {}, codes.OK, ""},
	"at the limit":    {func(m *wire.StreamMessage) { m.Payload = make([]byte, 100) }, codes.OK, ""},
	"above the limit": {func(m *wire.StreamMessage) { m.Payload = make([]byte, 101) }, codes.InvalidArgument, "exceeds maximum allowed"},
	"unknown producer": {
		func(m *wire.StreamMessage) { m.MsgId.ProducerId++ },
		codes.NotFound, "does not exist",
	},
	"another topic": {
		func(m *wire.StreamMessage) { m.MsgId.TopicName = "/default/b" },
		codes.PermissionDenied, "Unable to publish the message: producer",
	},
	"another topic, unattached": {
		func(m *wire.StreamMessage) { m.MsgId.TopicName = "/default/b" },
		codes.PermissionDenied, "not attached to topic",
	},
	"unknown topic": {
		func(m *wire.StreamMessage) { m.MsgId.TopicName = "/default/none" },
		codes.PermissionDenied, "Unable to publish the message: Topic /default/none not found in registry",
	},
	"without msg_id": {
		func(m *wire.StreamMessage) { m.MsgId = nil },
		codes.Canceled, "stream terminated by RST_STREAM with error code: CANCEL",
	},
	"above 4 MiB": {
		func(m *wire.StreamMessage) { m.Payload = make([]byte, 4<<20) },
		codes.OutOfRange, "decoded message length too large",
	},
	"schema id on a topic without a subject": {
		func(m *wire.StreamMessage) { m.SchemaId = proto.Uint64(99) },
		codes.OK, "",
	},
}

func TestSendMessage(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{MaxMessageSize: 100, Topics: []string{"/default/a", "/default/b"}})
	c := w.client(0)
	id := c.producer("/default/a", "p")
	for name, row := range sends {
		t.Run(name, func(t *testing.T) {
			m := sending("/default/a", id, "x")
			row.change(m)
			out, err := try[wire.MessageResponse](c, wire.SendMessage, m)
			wantStatus(t, err, row.code, row.text)
			if err == nil && out.RequestId != m.RequestId {
				t.Errorf("request id %d; want %d", out.RequestId, m.RequestId)
			}
		})
	}
	if got := slices.Collect(w.Log("/default/b")); len(got) != 0 {
		t.Errorf("/default/b holds %v", got)
	}
}

func TestSizeLimitIsOfTheWholeMessage(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	c := w.client(0)
	id := c.producer(topicT, "p")
	for _, over := range []int{0, 1} {
		m := sending(topicT, id, "")
		m.Payload = make([]byte, 4<<20-proto.Size(m)-5) // 5: tag and length of the payload
		m.Payload = append(m.Payload, make([]byte, over)...)
		if got := proto.Size(m); got != 4<<20+over {
			t.Fatalf("message of %d bytes; want %d", got, 4<<20+over)
		}
		want := []codes.Code{codes.OK, codes.OutOfRange}[over]
		wantStatus(t, c.trySend(m), want, "")
	}
}

func TestConnectionSurvivesAReset(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, devbroker.Settings) *world{"memory": start, "tcp": startTCP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, devbroker.Settings{})
			c := w.client(0)
			id := c.producer(topicT, "p")
			k := c.exclusive(topicT)
			for i := range 20 {
				wantStatus(t, c.trySend(&wire.StreamMessage{}), codes.Canceled, "RST_STREAM")
				c.send(topicT, id, numbered(i, i+1)...)
			}
			wantEqual(t, "received", k.readAcking(20), numbered(0, 20))
		})
	}
}

func TestResetsBetweenOtherAnswers(t *testing.T) {
	t.Parallel()
	w := startTCP(t, devbroker.Settings{})
	c := w.client(0)
	id := c.producer(topicT, "p")
	const each = 200
	good := async(func() error {
		for range each {
			if err := c.trySend(sending(topicT, id, strings.Repeat("x", 50_000))); err != nil {
				return err
			}
		}
		return nil
	})
	for range each {
		wantStatus(t, c.trySend(&wire.StreamMessage{}), codes.Canceled, "RST_STREAM")
	}
	if err := <-good; err != nil {
		t.Error(err)
	}
}

func TestLogHoldsWhatWasSent(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Flush: time.Hour})
	c := w.client(0)
	id := c.producer(topicT, "p")
	m := sending(topicT, id, "payload")
	m.Attributes = map[string]string{"a": "b"}
	m.RoutingKey = proto.String("")
	m.SchemaId, m.SchemaVersion = proto.Uint64(7), proto.Uint32(2)
	if err := c.trySend(m); err != nil {
		t.Fatal(err)
	}
	c.send(topicT, id, "second", "second") // no duplicates are known
	got := slices.Collect(w.Log(topicT))
	want := devbroker.Message{
		Topic: topicT, Payload: []byte("payload"), Attributes: map[string]string{"a": "b"},
		Keyed: true, Producer: "p", ProducerID: id, PublishTime: time.UnixMilli(1234),
		SchemaID: 7, SchemaVersion: 2,
	}
	wantEqual(t, "first message", got[0], want)
	for i, m := range got {
		if m.Offset != uint64(i) {
			t.Errorf("message %d has offset %d", i, m.Offset)
		}
	}
	if len(got) != 3 || got[1].Keyed {
		t.Errorf("log holds %v; want three, the second without a key", got)
	}
	for m := range w.Log(topicT) { // stopping early is fine
		if m.Offset > 0 {
			t.Error("the loop goes on after its end")
		}
		break
	}
	topics := w.Topics()
	if topics[0].Accepted != 3 || topics[0].Kept != 3 {
		t.Errorf("topic is %+v; want 3 accepted and kept", topics[0])
	}
}

func TestRetentionDropsTheOldest(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]devbroker.Settings{
		"by count": {Retain: 3},
		"by bytes": {RetainBytes: 6}, // three payloads of two bytes
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, settings)
			c := w.client(0)
			id := c.producer(topicT, "p")
			c.send(topicT, id, numbered(10, 20)...)
			wantEqual(t, "log", w.payloads(topicT), numbered(17, 20))
			for m := range w.Log(topicT) {
				if m.Offset != 7 {
					t.Errorf("first offset is %d; want 7", m.Offset)
				}
				break
			}
		})
	}
}

func TestOneMessageAboveTheByteLimitIsKept(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{RetainBytes: 1})
	c := w.client(0)
	id := c.producer(topicT, "p")
	c.send(topicT, id, "first", "second")
	wantEqual(t, "log", w.payloads(topicT), []string{"second"})
}

func TestSubjectOfTheTopicMakesUnknownSchemasRefused(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	c := w.client(0)
	c.producer(topicT, "plain")
	registered := must[wire.RegisterSchemaResponse](c, wire.RegisterSchema, &wire.RegisterSchemaRequest{Subject: "s", SchemaType: "string"})
	in := producing(topicT, "p")
	in.SchemaRef = &wire.SchemaReference{Subject: "s", VersionRef: &wire.SchemaReference_PinnedVersion{PinnedVersion: 77}}
	out, err := c.tryProducer(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		id   *uint64
		code codes.Code
	}{
		{nil, codes.OK},
		{&registered.SchemaId, codes.OK},
		{proto.Uint64(registered.SchemaId + 1), codes.PermissionDenied},
	} {
		m := sending(topicT, out.ProducerId, "x")
		m.SchemaId = row.id
		err := c.trySend(m)
		if row.code == codes.OK {
			wantStatus(t, err, codes.OK, "")
			continue
		}
		wantStatus(t, err, row.code, "Unable to publish the message: Schema ID 2 not found in registry")
	}
}

func TestHealthCheck(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := c.producer(topicT, "p")
		if !c.healthy(id) {
			t.Error("a producer that lives is CLOSE")
		}
		if c.healthy(id + 1) {
			t.Error("an unknown producer is OK")
		}
		_, err := try[wire.HealthCheckResponse](c, wire.CheckHealth, &wire.HealthCheckRequest{Client: 9, Id: id})
		wantStatus(t, err, codes.InvalidArgument, "client type")
		w.Forget()
		synctest.Wait()
		if c.healthy(id) {
			t.Error("a forgotten producer is OK")
		}
	})
}
