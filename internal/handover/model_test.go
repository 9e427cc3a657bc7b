package handover

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// world is a gate with a naive source, publisher and tracker around it.
type world struct {
	*rig
	epoch  uint64
	calls  int
	value  map[string]uint64  // the newest value of each partition, as the source knows it
	lives  map[string]*life   // of the running epoch
	seqs   map[string]uint64  // by partition and topic, of the running epoch
	number map[string]uint64  // of each record among those, by its payload
	skips  uint64             // records that were skipped
	flying []parcel           // handed over and not resolved
	slots  map[int32]*tracked // what the tracker was told, of the running epoch
}

// life is what the source has handed over for a partition since it was last
// revoked, in order.
type life struct {
	entries []*handed
	refused []place // of what was not handed over although its call was
}

type place struct {
	call  int
	value uint64
}

type handed struct {
	place
	id       string // the payload
	offset   bool   // it has one of its own
	topic    string
	resolved bool
}

// tracked is a source partition as the notices tell it.
type tracked struct {
	name  string
	slots []trackedSlot
}

type trackedSlot struct {
	flow.Notice
	resolved bool
}

// parcel is one under way, and where to.
type parcel struct {
	flow.Parcel
	index int32
}

func newWorld() *world {
	w := &world{rig: newRig(Settings{MaxMessage: 1000, BatchSize: 4, Commits: true}, flow.Limits{Records: 1 << 30, Bytes: 1 << 40})}
	w.declare(topicA, letters.Rule{Policy: letters.Skip})
	w.declare(topicB, letters.Rule{Policy: letters.DeadLetter, Topic: topicL})
	w.number = map[string]uint64{}
	w.begin()
	return w
}

func (w *world) begin() {
	w.epoch++
	w.value, w.lives, w.seqs, w.slots = map[string]uint64{}, map[string]*life{}, map[string]uint64{}, map[int32]*tracked{}
	w.Begin(w.epoch)
}

func (w *world) life(partition string) *life {
	if w.lives[partition] == nil {
		w.lives[partition] = &life{}
	}
	return w.lives[partition]
}

// draw makes the envelopes of a call; with wrong, one of them is.
func (w *world) draw(t *rapid.T, wrong bool) []connect.Envelope {
	var all []connect.Envelope
	value := map[string]uint64{}
	for range rapid.IntRange(1, 10).Draw(t, "envelopes") {
		o := connect.Offset{Partition: rapid.SampledFrom([]string{"", "p", "p", "q"}).Draw(t, "partition")}
		if !o.IsZero() {
			value[o.Partition] = max(value[o.Partition], w.value[o.Partition]) + uint64(rapid.IntRange(0, 2).Draw(t, "step"))
			o.Value = value[o.Partition]
		}
		if !o.IsZero() && rapid.IntRange(0, 5).Draw(t, "mark") == 0 {
			all = append(all, connect.Mark(o))
			continue
		}
		topic := rapid.SampledFrom([]string{topicA, topicB}).Draw(t, "topic")
		all = append(all, connect.Bytes(topic, []byte(rapid.SampledFrom([]string{"", "", "", "poison "}).Draw(t, "payload"))).At(o))
	}
	if wrong {
		i := rapid.IntRange(0, len(all)-1).Draw(t, "wrong")
		all[i] = connect.Bad(all[i].Offset, nil, errPoison)
	}
	return all
}

// hand makes one call and writes down what must have been taken of it.
func (w *world) hand(t *rapid.T) {
	wrong := rapid.IntRange(0, 3).Draw(t, "is one wrong") == 0
	envelopes := w.draw(t, wrong)
	w.calls++
	for i := range envelopes {
		if e := &envelopes[i]; !e.IsMark() && e.Err() == nil {
			*e = connect.Bytes(e.Record.Topic(), fmt.Appendf(e.Record.Raw(), "%d.%d", w.calls, i)).At(e.Offset)
		}
	}
	taken := len(envelopes)
	var err error
	if rapid.Bool().Draw(t, "all at once") {
		err = w.Hand(t.Context(), envelopes, nil)
		if wrong {
			taken = 0
		}
	} else {
		err = w.HandAll(t.Context(), envelopes)
		if wrong {
			taken = before(envelopes)
		}
	}
	if (err != nil) != wrong {
		t.Fatalf("handing over %v: %v", envelopes, err)
	}
	w.note(envelopes, taken)
}

// before returns how many envelopes stand before the wrong one and all that shares a
// position with it or with what is behind it.
func before(envelopes []connect.Envelope) int {
	offsets := make([]connect.Offset, len(envelopes))
	for i, e := range envelopes {
		offsets[i] = e.Offset
	}
	k := slices.IndexFunc(envelopes, func(e connect.Envelope) bool { return e.Err() != nil })
	for k > 0 && parts(offsets, k) {
		k--
	}
	return k
}

func (w *world) note(envelopes []connect.Envelope, taken int) {
	for i, e := range envelopes {
		isSkipped := e.Record.Topic() == topicA && strings.HasPrefix(string(e.Record.Raw()), "poison")
		if i < taken {
			w.count(e, isSkipped)
		}
		o := e.Offset
		for j := i + 1; o.IsZero() && j < len(envelopes); j++ {
			o = envelopes[j].Offset
		}
		if o.IsZero() {
			continue
		}
		at := place{w.calls, o.Value}
		l := w.life(o.Partition)
		if i >= taken {
			l.refused = append(l.refused, at)
			continue
		}
		h := &handed{place: at, offset: !e.Offset.IsZero(), topic: e.Record.Topic(), resolved: e.IsMark() || isSkipped}
		if !e.IsMark() {
			h.id = string(e.Record.Raw())
		}
		l.entries = append(l.entries, h)
		w.value[o.Partition] = o.Value
	}
}

// count numbers a record that was taken: in its own topic, whatever became of it.
func (w *world) count(e connect.Envelope, isSkipped bool) {
	if isSkipped {
		w.skips++
	}
	if !e.IsMark() && !e.Offset.IsZero() {
		key := e.Offset.Partition + e.Record.Topic()
		w.number[string(e.Record.Raw())] = w.seqs[key]
		w.seqs[key]++
	}
}

func (w *world) revoke(t *rapid.T) {
	name := rapid.SampledFrom([]string{"p", "q"}).Draw(t, "revoked")
	w.Revoke(name)
	delete(w.lives, name)
	delete(w.value, name)
}

// resolve is a receipt for any record under way.
func (w *world) resolve(t *rapid.T) {
	if len(w.flying) == 0 {
		t.Skip("nothing is under way")
	}
	i := rapid.IntRange(0, len(w.flying)-1).Draw(t, "receipt")
	p := w.flying[i]
	w.flying = slices.Delete(w.flying, i, i+1)
	fate := flow.Published
	if p.Letter {
		fate = flow.DeadLettered
	}
	w.budget.Resolve(p.index, fate, 1, p.Size)
	if p.Source != flow.NoSource && p.Epoch == w.epoch {
		if s := w.slots[p.Source]; s != nil {
			s.slots[p.Slot].resolved = true
		}
	}
	for _, l := range w.lives {
		for _, h := range l.entries {
			h.resolved = h.resolved || h.id == string(p.Payload)
		}
	}
}

func TestGateKeepsWhatAnOffsetPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		t.Repeat(map[string]func(*rapid.T){
			"hand":     w.hand,
			"resolve":  w.resolve,
			"resolve2": w.resolve,
			"resolve3": w.resolve,
			"revoke": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "now") == 0 {
					w.revoke(t)
				}
			},
			"begin": func(t *rapid.T) {
				if rapid.IntRange(0, 5).Draw(t, "now") == 0 {
					w.begin()
				}
			},
			"": w.check,
		})
		for len(w.flying) > 0 {
			w.resolve(t)
		}
		w.check(t)
		w.finished(t)
	})
}

// finished: with everything resolved, the last position of each partition that was
// handed over whole is committed.
func (w *world) finished(t *rapid.T) {
	for _, s := range w.slots {
		if n := len(s.slots); n > 0 && (!s.slots[n-1].resolved || s.slots[n-1].Joined) {
			t.Fatalf("%s: everything is resolved, and the last of %d slots is not the end of a position: %+v", s.name, n, s.slots[n-1])
		}
	}
}
