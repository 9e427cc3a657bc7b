package connecttest

import (
	"encoding/binary"
	"fmt"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
)

// source is a model of the system records are read from. It outlives processes of
// the runtime.
type source struct {
	plan    *plan
	parts   []sourcePart
	failing int // faults at work
	next    int // the partition that is asked first
}

type sourcePart struct {
	name   string
	ids    [][]Record // by position, from 1: none is a mark, several a fan-out
	stored uint64     // committed
	cursor uint64     // read in the running epoch
	told   uint64     // pushing: delivered up to here
	busy   bool       // pushing: a call to Deliver has not come back
}

const recordSize = 100

func newSource(w *world) *source {
	s := &source{plan: &w.plan}
	id := uint64(0)
	for i := range w.plan.sources {
		p := sourcePart{name: fmt.Sprintf("p%d", i), ids: make([][]Record, w.plan.each+1)}
		for n := 1; n <= w.plan.each; n++ {
			count := pick(w.rng, 1, 1, 1, 1, 1, 1, 1, 1, 0, 2)
			if w.plan.kind == pushing || n == w.plan.each {
				count = 1
			}
			for range count {
				id++
				p.ids[n] = append(p.ids[n], s.record(w, id, p.name, uint64(n)))
			}
		}
		s.parts = append(s.parts, p)
	}
	return s
}

// record draws topic and key, and says what order they promise.
func (s *source) record(w *world, id uint64, part string, position uint64) Record {
	t := &w.plan.topics[w.rng.IntN(len(w.plan.topics))]
	r := Record{ID: id, Partition: part, Position: position, Topic: t.Topic}
	key := ""
	if w.plan.keys > 0 {
		key = fmt.Sprintf("k%d", w.rng.IntN(w.plan.keys))
	}
	switch {
	case t.ordering == publisher.Unordered:
	case key != "":
		r.Group = part + "/" + key
	case t.Partitions <= 1:
		r.Group = part
	}
	w.keys[id] = key
	if why := w.poisonFor(); why != sound {
		w.poisons[id] = why
	}
	if s.plan.kind == pushing {
		r.Partition, r.Position = "", 0
	}
	return r
}

// envelope is a record as the source hands it over.
func (w *world) envelope(r Record) connect.Envelope {
	payload := binary.BigEndian.AppendUint64(nil, r.ID)
	if w.poisons[r.ID] == bad {
		return connect.Bad(connect.Offset{Partition: r.Partition, Value: r.Position}, payload, &poisoned{r.ID})
	}
	e := connect.Bytes(r.Topic, payload)
	if key := w.keys[r.ID]; key != "" {
		e = e.WithKey(key)
	}
	if r.Partition == "" {
		return e.Envelope()
	}
	return e.At(connect.Offset{Partition: r.Partition, Value: r.Position})
}

func recordID(payload []byte) uint64 { return binary.BigEndian.Uint64(payload) }

// open begins an epoch behind the last commit.
func (s *source) open() {
	for i := range s.parts {
		s.parts[i].cursor = s.parts[i].stored
	}
}

// available is the last position that exists by now.
func (s *source) available(now time.Duration) uint64 {
	return uint64(min(int(now/s.plan.gap), s.plan.each))
}

// poll returns the next positions of one partition.
func (s *source) poll(now time.Duration) (part int, positions []uint64) {
	for range s.parts {
		i := s.next
		s.next = (s.next + 1) % len(s.parts)
		p := &s.parts[i]
		last := s.available(now)
		if s.plan.kind == gated {
			last = min(last, p.stored+uint64(s.plan.batch))
		}
		for n := 0; p.cursor < last && n < s.plan.batch; n++ {
			p.cursor++
			positions = append(positions, p.cursor)
		}
		if len(positions) > 0 {
			return i, positions
		}
	}
	return 0, nil
}

// commit stores offsets.
func (s *source) commit(offsets []connect.Offset) {
	for _, o := range offsets {
		for i := range s.parts {
			if p := &s.parts[i]; p.name == o.Partition {
				p.stored = o.Value
			}
		}
	}
}

// done reports whether everything is committed, or delivered.
func (s *source) done() bool {
	for i := range s.parts {
		p := &s.parts[i]
		if max(p.stored, p.told) < uint64(s.plan.each) {
			return false
		}
	}
	return true
}
