package danube_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

func TestMessageArrives(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		id := l.open(0)
		c := r.subscribe(danube.Subscription{Topic: name, Name: "s"})
		m := message(0, id, `{"n":1}`)
		m.Parcel.Key, m.Parcel.Keyed = "user-1", true
		m.Parcel.Attributes = []connect.Attribute{{Key: "trace", Value: "ключ"}, {Key: "empty"}}
		m.Parcel.Stamp = flow.Stamp{Partition: "orders:7", Position: 1<<64 - 1, Epoch: 12, Seq: 3}
		before := time.Now().Truncate(time.Millisecond)
		if result := l.send(m); result.Outcome != flow.OK || result.Err != nil {
			t.Fatalf("send: %s: %v", result.Outcome, result.Err)
		}
		have := r.receive(c)
		if have.Published.Before(before) || have.Published.After(time.Now()) {
			t.Errorf("published at %s, sent after %s", have.Published, before)
		}
		have.Published = time.Time{}
		want := danube.Message{
			Topic: name, Producer: danube.ProducerName("test", name), Key: "user-1", Keyed: true, Payload: []byte(`{"n":1}`),
			Attributes: map[string]string{
				"trace": "ключ", "empty": "",
				"danube.connect.connector": "test", "danube.connect.epoch": "12", "danube.connect.partition": "orders:7",
				"danube.connect.position": "18446744073709551615", "danube.connect.seq": "3",
			},
		}
		if diff := cmp.Diff(want, have, cmp.FilterPath(func(p cmp.Path) bool {
			return p.String() == "id" || p.String() == "from"
		}, cmp.Ignore())); diff != "" {
			t.Errorf("received (-want +have):\n%s", diff)
		}
	})
}

func TestWithoutStampNothingIsAdded(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name := topic()
		l := r.lineOf(danube.Topic{Producer: connect.Producer{Topic: name}, Connector: "test", Name: "mine"})
		id := l.open(0)
		c := r.subscribe(danube.Subscription{Topic: name, Name: "s"})
		l.want(flow.OK, 0, id, "x")
		if m := r.receive(c); len(m.Attributes) != 0 || m.Keyed || m.Producer != "mine" || m.Offset != 0 {
			t.Errorf("received %+v", m)
		}
	})
}

func TestPartitionsAreTopicsOfTheirOwn(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name := topic()
		const n = 3
		l := r.line(connect.Producer{Topic: name, Partitions: n, Reliable: true})
		ids := map[uint64]bool{}
		for i := range n {
			ids[l.open(i)] = true
		}
		if len(ids) != n {
			t.Fatalf("%d sessions for %d partitions", len(ids), n)
		}
		c := r.subscribe(danube.Subscription{Topic: name, Name: "s"})
		want := map[string]string{}
		for i := range n {
			id := l.open(i) // the same name again: the same session
			if !ids[id] {
				t.Fatalf("partition %d: another session for the same producer", i)
			}
			payload := string(rune('a' + i))
			l.want(flow.OK, i, id, payload)
			want[name+"-part-"+string(rune('0'+i))] = payload
		}
		have := map[string]string{}
		for range n {
			m := r.receive(c)
			have[m.Topic] = string(m.Payload)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("received (-want +have):\n%s", diff)
		}
	})
}

func TestOnlyTheAdoptedSessionSends(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		l.want(flow.Unadopted, 0, 0, "before anything")
		l.Open(0)
		e := l.outcome(0)
		if e.Kind != flow.Opened || e.Err != nil || e.Answered.Before(e.Sent) {
			t.Fatalf("event %+v", e)
		}
		l.want(flow.Unadopted, 0, e.Session, "opened, not adopted")
		l.Adopt(0, e.Session+1)
		l.want(flow.Unadopted, 0, e.Session+1, "adopted, never opened")
		l.Adopt(0, e.Session)
		l.want(flow.OK, 0, e.Session, "adopted")
		l.want(flow.Unadopted, 0, e.Session+1, "another")
	})
}

func TestTooLargeIsRefused(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		id := l.open(0)
		l.want(flow.OK, 0, id, strings.Repeat("x", 4<<20-512))
		result := l.want(flow.Refused, 0, id, strings.Repeat("x", 4<<20))
		if !errors.Is(result.Err, connect.ClassInvalid) {
			t.Errorf("class %s, want invalid: %v", connect.ClassOf(result.Err), result.Err)
		}
		l.want(flow.OK, 0, id, "after it")
	})
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		id := l.open(0)
		m := message(0, id, "x")
		m.Parcel.Key, m.Parcel.Keyed = "\xff", true
		if result := l.send(m); result.Outcome != flow.Refused {
			t.Errorf("a key that is not UTF-8: %s: %v", result.Outcome, result.Err)
		}
		l.want(flow.OK, 0, id, "after it")
	})
}

func TestUnknownSessionIsLost(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		id := l.open(0)
		l.want(flow.OK, 0, id, "x")
		l.Probe(0)
		if e := l.news(flow.Alive); e.Session != id || e.Err != nil {
			t.Errorf("probe: %+v", e)
		}
	})
}

func TestStrategyConflictIsConfiguration(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name := topic()
		r.line(reliable(name)).open(0)
		l := r.line(connect.Producer{Topic: name})
		l.Open(0)
		e := l.outcome(0)
		if e.Kind != flow.Failed || !errors.Is(e.Err, connect.ClassConfig) || !strings.Contains(e.Err.Error(), name) {
			t.Errorf("%s: class %s: %v", e.Kind, connect.ClassOf(e.Err), e.Err)
		}
	})
}

func TestMissingNamespaceIsConfigurationAfterAGrace(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		l := r.line(reliable("/nowhere-to-be-found/t"))
		began := time.Now()
		l.Open(0)
		e := l.outcome(0)
		if e.Kind != flow.Failed || !errors.Is(e.Err, connect.ClassConfig) || !strings.Contains(e.Err.Error(), "namespace") {
			t.Errorf("%s: class %s: %v", e.Kind, connect.ClassOf(e.Err), e.Err)
		}
		if took := time.Since(began); took < 10*time.Second || took > 20*time.Second {
			t.Errorf("it took %s to say so", took)
		}
	})
}

func TestTransportRefusesAWrongProducer(t *testing.T) {
	t.Parallel()
	c := newClient(t, danube.Settings{URL: "http://127.0.0.1:1"})
	if _, err := c.Transport(danube.Topic{Producer: connect.Producer{Topic: "orders"}}); !errors.Is(err, connect.ClassConfig) {
		t.Errorf("error %v", err)
	}
	c.Close()
	if _, err := c.Transport(danube.Topic{Producer: reliable("/default/t")}); err == nil {
		t.Error("a closed client makes transports")
	}
}
