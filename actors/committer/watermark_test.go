package committer

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// naive is the slow reference for watermark: every notice of the epoch is kept, and
// positions are computed from the beginning each time.
type naive struct {
	epoch   uint64
	sources map[int32]*naiveSource
	next    int32
	slots   map[string]uint64 // of former lives
	gone    []gone
}

type naiveSource struct {
	name     string
	before   uint64
	slots    []naiveSlot
	reported int // slots passed when it was last told
}

type naiveSlot struct {
	entry
	resolved bool
}

// position computes where the source has come to, and how many slots are passed.
func (s *naiveSource) position(epoch uint64, id int32) (Position, int) {
	p := Position{Epoch: epoch, Source: id, Slots: s.before}
	passed, records := 0, uint64(0)
	for passed < len(s.slots) && s.slots[passed].resolved {
		e := s.slots[passed]
		passed++
		p.Slots++
		if !e.mark {
			records++
		}
		if !e.joined {
			p.Offset = connect.Offset{Partition: s.name, Value: e.value, Metadata: e.metadata}
			p.Records = records
		}
	}
	return p, passed
}

// marathon drives both through the same notices.
type marathon struct {
	naive
	core watermark
}

func (m *marathon) tell(n flow.Notice) { m.core.step(&n) }

func (m *marathon) begin(t *rapid.T) {
	if m.epoch > 0 && rapid.IntRange(0, 9).Draw(t, "now") > 0 {
		t.Skip("not now")
	}
	m.naive = naive{epoch: m.epoch + 1, sources: map[int32]*naiveSource{}, slots: map[string]uint64{}}
	m.tell(flow.Notice{Kind: flow.Begun, Epoch: m.epoch})
}

func (m *marathon) name(t *rapid.T) {
	name := rapid.SampledFrom([]string{"p", "q", "r"}).Draw(t, "name")
	for _, s := range m.sources {
		if s.name == name {
			t.Skip("is named already")
		}
	}
	m.sources[m.next] = &naiveSource{name: name, before: m.slots[name]}
	m.tell(flow.Notice{Kind: flow.Named, Epoch: m.epoch, Source: m.next, Name: name, Slot: m.slots[name]})
	m.next++
}

// any draws one of the sources that live.
func (m *marathon) any(t *rapid.T) (int32, *naiveSource) {
	if len(m.sources) == 0 {
		t.Skip("there is no source")
	}
	var ids []int32
	for id := range m.next {
		if m.sources[id] != nil {
			ids = append(ids, id)
		}
	}
	id := rapid.SampledFrom(ids).Draw(t, "source")
	return id, m.sources[id]
}

func (m *marathon) admit(t *rapid.T) {
	id, s := m.any(t)
	for range rapid.IntRange(1, 5).Draw(t, "slots") {
		e := entry{value: uint64(len(s.slots)), joined: rapid.Bool().Draw(t, "joined"), mark: rapid.IntRange(0, 4).Draw(t, "mark") == 0}
		if rapid.Bool().Draw(t, "metadata") {
			e.metadata = "m"
		}
		s.slots = append(s.slots, naiveSlot{e, e.mark})
		m.tell(flow.Notice{
			Kind: flow.Admitted, Epoch: m.epoch, Source: id, Slot: uint64(len(s.slots) - 1),
			Value: e.value, Metadata: e.metadata, Joined: e.joined, Mark: e.mark,
		})
	}
}

func (m *marathon) resolve(t *rapid.T) {
	id, s := m.any(t)
	if len(s.slots) == 0 {
		t.Skip("it has no slots")
	}
	for range rapid.IntRange(1, 4).Draw(t, "receipts") {
		slot := rapid.IntRange(0, len(s.slots)-1).Draw(t, "slot")
		s.slots[slot].resolved = true
		m.tell(flow.Notice{Kind: flow.Resolved, Epoch: m.epoch, Source: id, Slot: uint64(slot)})
	}
}

func (m *marathon) revoke(t *rapid.T) {
	id, s := m.any(t)
	if rapid.IntRange(0, 3).Draw(t, "now") > 0 {
		t.Skip("not now")
	}
	m.slots[s.name] = s.before + uint64(len(s.slots))
	m.gone = append(m.gone, gone{s.name, m.epoch, id, m.slots[s.name]})
	m.tell(flow.Notice{Kind: flow.Revoked, Epoch: m.epoch, Source: id, Slot: m.slots[s.name]})
	delete(m.sources, id)
}

// stray is a receipt that is nobody's business: of an old epoch, of a source that was
// revoked or never named, of a record without a source, of a slot not yet admitted.
func (m *marathon) stray(t *rapid.T) {
	n := flow.Notice{Kind: flow.Resolved, Epoch: m.epoch, Slot: rapid.Uint64Range(0, 5).Draw(t, "slot")}
	switch rapid.IntRange(0, 3).Draw(t, "stray") {
	case 0:
		n.Epoch--
		n.Source = rapid.Int32Range(0, max(m.next-1, 0)).Draw(t, "source")
	case 1:
		n.Source = flow.NoSource
	case 2:
		n.Source = m.next + 3
	case 3:
		n.Source = rapid.Int32Range(0, max(m.next-1, 0)).Draw(t, "source")
		if s := m.sources[n.Source]; s != nil {
			n.Slot = uint64(len(s.slots)) + n.Slot
		}
	}
	m.tell(n)
}

// advance compares what both report.
func (m *marathon) advance(t *rapid.T) {
	var lost []gone
	m.core.forgotten(func(g gone) { lost = append(lost, g) })
	if diff := cmp.Diff(m.gone, lost, cmp.AllowUnexported(gone{})); diff != "" {
		t.Fatalf("revoked (-want +got):\n%s", diff)
	}
	m.gone = nil
	want, wantLow := map[string]Position{}, map[int32]uint64{}
	for id, s := range m.sources {
		if p, passed := s.position(m.epoch, id); passed > s.reported {
			want[s.name], wantLow[id] = p, uint64(passed)
		}
	}
	got, low := map[string]Position{}, map[int32]uint64{}
	m.core.advance(func(id int32, passed uint64, at *source) {
		to := at.low
		got[at.name], low[id] = at.position, to
		s := m.sources[id]
		if s == nil || passed != to-uint64(s.reported) {
			t.Fatalf("source %d passed %d slots to %d; it is %+v", id, passed, to, s)
		}
		s.reported = int(to)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("positions (-want +got):\n%s", diff)
	}
	if !maps.Equal(wantLow, low) {
		t.Fatalf("first unresolved slots %v, want %v", low, wantLow)
	}
}

func TestWatermarkAgainstABook(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &marathon{}
		m.begin(t)
		t.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "name": m.name, "name too": m.name, "admit": m.admit, "admit too": m.admit,
			"resolve": m.resolve, "resolve too": m.resolve, "revoke": m.revoke, "stray": m.stray, "advance": m.advance,
		})
		m.advance(t)
	})
}

// notice makes notices of one source in epoch 1.
func notice(kind flow.NoticeKind, slot, value uint64) *flow.Notice {
	return &flow.Notice{Kind: kind, Epoch: 1, Slot: slot, Value: value, Name: "p"}
}

// A position is not reached before the last slot that shares it, and counts all of
// them then.
func TestWatermarkWaitsForTheEndOfAPosition(t *testing.T) {
	t.Parallel()
	var w watermark
	w.step(notice(flow.Begun, 0, 0))
	w.step(notice(flow.Named, 0, 0))
	for slot := range uint64(3) {
		n := notice(flow.Admitted, slot, 7)
		n.Joined = slot < 2
		w.step(n)
	}
	var last Position
	for _, slot := range []uint64{1, 0, 2} {
		if last.Records != 0 {
			t.Errorf("position %+v before slot %d is resolved", last, slot)
		}
		w.step(notice(flow.Resolved, slot, 0))
		w.advance(func(_ int32, _ uint64, s *source) { last = s.position })
	}
	if want := (Position{Epoch: 1, Offset: connect.Offset{Partition: "p", Value: 7}, Slots: 3, Records: 3}); last != want {
		t.Errorf("position %+v, want %+v", last, want)
	}
}

// A receipt of the epoch before must not resolve a slot of this one.
func TestWatermarkIgnoresOldReceipts(t *testing.T) {
	t.Parallel()
	var w watermark
	for epoch := range uint64(2) {
		for _, kind := range []flow.NoticeKind{flow.Begun, flow.Named, flow.Admitted} {
			w.step(&flow.Notice{Kind: kind, Epoch: epoch + 1, Name: "p"})
		}
	}
	w.step(&flow.Notice{Kind: flow.Resolved, Epoch: 1})
	w.advance(func(_ int32, _ uint64, s *source) { t.Errorf("moved to %+v", s.position) })
	w.step(&flow.Notice{Kind: flow.Resolved, Epoch: 2})
	moved := false
	w.advance(func(int32, uint64, *source) { moved = true })
	if !moved {
		t.Error("the receipt of this epoch did not move the watermark")
	}
}
