package devbroker_test

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
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
	const each = 50
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
	m.RoutingKey = new("")
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
		{new(registered.SchemaId + 1), codes.PermissionDenied},
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

// tap records what a client reads.
type tap struct {
	net.Conn
	mu   sync.Mutex
	read []byte
}

func (c *tap) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = append(c.read, p[:n]...)
	return n, err
}

// byStream returns the types of the frames read, by stream, and the frames of the
// type RST_STREAM.
func (c *tap) byStream() (types map[uint32][]byte, resets [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	types = map[uint32][]byte{}
	for p := c.read; len(p) >= 9; {
		size := 9 + int(p[0])<<16 + int(p[1])<<8 + int(p[2])
		stream := binary.BigEndian.Uint32(p[5:])
		types[stream] = append(types[stream], p[3])
		if p[3] == rstStream {
			resets = append(resets, p[9:size])
		}
		p = p[size:]
	}
	return types, resets
}

const rstStream = 3

func TestAPanicIsOneFrameAndNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		var taps []*tap
		c := w.client(0, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := w.network.Dial(ctx, address)
			taps = append(taps, &tap{Conn: conn})
			return taps[len(taps)-1], err
		}))
		id := c.producer(topicT, "p") // streams 1 and 3
		wantStatus(t, c.trySend(&wire.StreamMessage{}), codes.Canceled, "RST_STREAM")
		c.send(topicT, id, "after")
		if len(taps) != 1 {
			t.Fatalf("%d connections; want one", len(taps))
		}
		types, resets := taps[0].byStream()
		wantEqual(t, "frames of the reset stream", types[5], []byte{rstStream})
		wantEqual(t, "resets", resets, [][]byte{{0, 0, 0, 8}}) // CANCEL
	})
}

func TestPingsAreWelcome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		dials := 0
		c := w.client(0,
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: time.Second, PermitWithoutStream: true}),
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
				dials++
				return w.network.Dial(ctx, address)
			}))
		id := c.producer(topicT, "p")
		k := c.exclusive(topicT)
		time.Sleep(time.Hour)
		c.send(topicT, id, "x")
		wantEqual(t, "received", k.readAcking(1), []string{"x"})
		if dials != 1 {
			t.Errorf("%d connections; want one", dials)
		}
	})
}
