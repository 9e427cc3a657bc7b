package main

import (
	"context"
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// startBroker starts a broker, as a run does, for one test.
func startBroker(t *testing.T, delay time.Duration) *child {
	t.Helper()
	b, err := startChild(delay)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func testMould(t *testing.T) mould {
	t.Helper()
	m, err := newMould(100)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// received asks until the broker has counted n messages of a contestant.
func received(t *testing.T, b *child, name string, n uint64) {
	t.Helper()
	for {
		r, err := b.ask(wordReport)
		if err != nil {
			t.Error(err)
			return
		}
		if r.Tallies[name].Received >= n {
			return
		}
	}
}

// Every contestant sends while it is run and at no other time, keeps the order of
// its lanes, and claims exactly what the broker has received.
func TestContestants(t *testing.T) {
	t.Parallel()
	b := startBroker(t, 0)
	for _, e := range entrants() {
		t.Run(e.name, func(t *testing.T) {
			c, err := e.make(e.name, course{broker: b.address, mould: testMould(t), lanes: 16, window: 64})
			if err != nil {
				t.Fatal(err)
			}
			var claimed uint64
			for round := range 3 {
				n, err := driven(c, func() { received(t, b, e.name, claimed+50) })
				if err != nil {
					t.Fatal(err)
				}
				claimed += n
				r, err := b.ask(wordRest)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := r.Tallies[e.name], (tally{Received: claimed}); got != want {
					t.Errorf("round %d: the broker counts %+v; want %+v, as claimed", round, got, want)
				}
			}
			if err := c.close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// A broker that is gone ends a run with an error, not with a count.
func TestContestantsWithoutABroker(t *testing.T) {
	t.Parallel()
	b, err := startChild(0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newRaw(nameRaw, course{broker: b.address, mould: testMould(t)}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	if n, err := c.run(nil); err == nil {
		t.Errorf("sent %d messages to a broker that is gone", n)
	}
	if _, err := slice(t.Context(), b, nameRaw, c, time.Millisecond); err == nil {
		t.Error("a slice was measured without a broker")
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
	if _, err := newRaw(nameRaw, course{broker: b.address, mould: testMould(t)}, 4); err == nil {
		t.Error("a producer was created at a broker that is gone")
	}
}

// The runtime's part of a run ends with the runtime's own cause.
func TestRuntimeThatEnds(t *testing.T) {
	t.Parallel()
	source := records{tap: newTap(), mould: testMould(t), keys: keysFor(1), topics: []string{"no topic at all"}}
	s := stand(source.source(), settings(course{broker: "127.0.0.1:1", lanes: 1}, source), source.tap)
	_, err := s.run(nil)
	if !errors.Is(err, errEnded) || !errors.Is(err, connect.ClassConfig) {
		t.Errorf("run ended with %v; want errEnded and a config error", err)
	}
	if err := s.close(); connect.ClassOf(err) != connect.ClassConfig {
		t.Errorf("close returned %v; want the cause", err)
	}
}

// The broker's delay is part of every call.
func TestBrokerDelays(t *testing.T) {
	t.Parallel()
	const delay = 20 * time.Millisecond
	b := startBroker(t, delay)
	c, err := newRaw(nameSeq, course{broker: b.address, mould: testMould(t)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	begun := time.Now()
	for range 3 {
		if err := c.deliver(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took < 3*delay {
		t.Errorf("3 calls took %v; the broker delays each by %v", took, delay)
	}
}

// What is not one of our messages is refused, and not counted.
func TestBrokerRefusesStrangers(t *testing.T) {
	t.Parallel()
	b := startBroker(t, 0)
	c, err := newRaw(nameRaw, course{broker: b.address, mould: testMould(t)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	good := c.lanes[0].mould
	c.lanes[0].mould = mould{[]byte("{}" + string(good.text[2:]))[:leastPayload]}
	c.lanes[0].seq = 1 << 40
	if err := c.deliver(context.Background(), 0); err == nil {
		t.Error("a number out of all proportion was accepted")
	}
	c.lanes[0].mould, c.lanes[0].seq = good, 0
	c.lanes[0].message.MsgId.ProducerId = 99
	if err := c.deliver(context.Background(), 0); err == nil {
		t.Error("a message of an unknown producer was accepted")
	}
	r, err := b.ask(wordReport)
	if err != nil || r.Tallies[nameRaw].Missing != 0 {
		t.Errorf("tallies %+v, %v; want nothing missing", r.Tallies, err)
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
}

// Every lane gets a key, and a publisher puts each key into another lane.
func TestKeysFillEveryLane(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 128, 512} {
		taken := map[uint64]string{}
		for _, key := range keysFor(n) {
			lane := flow.HashKey(key) % uint64(n)
			if other, ok := taken[lane]; ok {
				t.Errorf("%d lanes: %q and %q share lane %d", n, key, other, lane)
			}
			taken[lane] = key
		}
		if len(taken) != n {
			t.Errorf("%d of %d lanes have a key", len(taken), n)
		}
	}
}

// Records go round the lanes, then the topics, and are numbered by both.
func TestRecordsGoRound(t *testing.T) {
	t.Parallel()
	r := newRecords("x", course{mould: testMould(t), lanes: 2, topics: 2}, polled, nil)
	want := []struct {
		topic string
		lane  int
		seq   uint64
	}{
		{"/x/0", 0, 0},
		{"/x/0", 1, 0},
		{"/x/1", 0, 0},
		{"/x/1", 1, 0},
		{"/x/0", 0, 1},
		{"/x/0", 1, 1},
	}
	for i, e := range r.batch(len(want)) {
		w := want[i]
		lane, seq, err := identify(e.Record.Raw())
		key, keyed := e.Record.Key()
		if err != nil || e.Record.Topic() != w.topic || lane != w.lane || seq != w.seq || !keyed || key != r.keys[w.lane] {
			t.Errorf("record %d: topic %s, lane %d, number %d, key %q, %v; want %+v", i, e.Record.Topic(), lane, seq, key, err, w)
		}
		if e.Offset != (connect.Offset{Partition: sourcePartition, Value: uint64(i + 1)}) {
			t.Errorf("record %d has offset %v", i, e.Offset)
		}
	}
}
