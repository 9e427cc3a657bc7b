package offset

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	connect "github.com/danube-messaging/danube-connect-go"
)

// model is what a Store must be like.
type model struct {
	epoch, generation uint64
	begun             bool
	at                map[string]connect.Offset
	epochs            map[string]uint64
	revoked           map[string]bool
}

func (m *model) clone() *model {
	c := *m
	c.at, c.epochs, c.revoked = maps.Clone(m.at), maps.Clone(m.epochs), maps.Clone(m.revoked)
	return &c
}

// commit returns the model after a commit, nil if it must be refused.
func (m *model) commit(epoch uint64, offsets []connect.Offset) *model {
	if !m.begun || epoch != m.epoch {
		return nil
	}
	c, changed := m.clone(), false
	named := map[string]bool{}
	for _, o := range offsets {
		if o.Partition == "" || named[o.Partition] || !m.revoked[o.Partition] && m.epochs[o.Partition] == epoch && o.Value < m.at[o.Partition].Value {
			return nil
		}
		named[o.Partition] = true
		changed = changed || m.revoked[o.Partition] || m.epochs[o.Partition] != epoch || m.at[o.Partition] != o
		c.at[o.Partition], c.epochs[o.Partition] = o, epoch
		delete(c.revoked, o.Partition)
	}
	if changed {
		c.generation++
	}
	return c
}

// sorted is what Resume must return.
func (m *model) sorted() []connect.Offset {
	all := make([]connect.Offset, 0, len(m.at))
	for _, name := range slices.Sorted(maps.Keys(m.at)) {
		all = append(all, m.at[name])
	}
	return all
}

// machine drives a Store and its model through the same life.
type machine struct {
	path  string
	store *Store
	model *model
}

func (m *machine) open(t *rapid.T) {
	var err error
	if m.store, err = Open(m.path, Settings{Connector: "orders"}); err != nil {
		t.Fatalf("open: %v", err)
	}
	m.model.begun, m.model.revoked = false, map[string]bool{}
}

func (m *machine) close(t *rapid.T) {
	if err := m.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func (m *machine) check(t *rapid.T) {
	shot := m.store.Snapshot()
	if shot.Epoch != m.model.epoch || shot.Generation != m.model.generation || m.store.Epoch() != m.model.epoch {
		t.Fatalf("epoch %d, generation %d; want %d, %d", shot.Epoch, shot.Generation, m.model.epoch, m.model.generation)
	}
	if diff := cmp.Diff(m.model.sorted(), m.store.Resume()); diff != "" {
		t.Fatalf("resume (-want +have):\n%s", diff)
	}
}

var (
	someOffset = rapid.Custom(func(t *rapid.T) connect.Offset {
		return connect.Offset{
			Partition: rapid.SampledFrom([]string{"a", "b", "c", "d", "\xff", "", "long/" + string(make([]byte, 900))}).Draw(t, "partition"),
			Value:     rapid.Uint64Range(0, 40).Draw(t, "value"),
			Metadata:  rapid.SampledFrom([]string{"", "m", string(make([]byte, 3000))}).Draw(t, "metadata"),
		}
	})
	someOffsets = rapid.SliceOfNDistinct(someOffset, 0, 5, func(o connect.Offset) string { return o.Partition + fmt.Sprint(o.Value%8) })
)

// expect compares what a step returned with what the model says of it.
func (m *machine) expect(t *rapid.T, err error, next *model) {
	switch {
	case next == nil && err == nil:
		t.Fatal("must have been refused")
	case next != nil && err != nil:
		t.Fatalf("refused: %v", err)
	case next != nil:
		m.model = next
	}
}

func (m *machine) begin(t *rapid.T) {
	epoch := rapid.Uint64Range(0, m.model.epoch+3).Draw(t, "epoch")
	var next *model
	switch {
	case m.model.begun && epoch == m.model.epoch:
		next = m.model
	case epoch > m.model.epoch:
		next = m.model.clone()
		next.epoch, next.begun, next.revoked = epoch, true, map[string]bool{}
		next.generation++
	}
	m.expect(t, m.store.Begin(t.Context(), epoch), next)
}

func (m *machine) commit(t *rapid.T) {
	epoch := m.model.epoch + rapid.SampledFrom([]uint64{0, 0, 0, 0, 1, ^uint64(0)}).Draw(t, "ahead")
	offsets := someOffsets.Draw(t, "offsets")
	m.expect(t, m.store.Commit(t.Context(), epoch, offsets), m.model.commit(epoch, offsets))
}

func (m *machine) revoke(t *rapid.T) {
	var next *model
	name := someOffset.Draw(t, "offset").Partition
	epoch := m.model.epoch + rapid.SampledFrom([]uint64{0, 0, 0, 1, ^uint64(0)}).Draw(t, "ahead")
	if m.model.begun && epoch == m.model.epoch {
		next = m.model.clone()
		next.revoked[name] = true
	}
	m.expect(t, m.store.Revoke(t.Context(), epoch, name), next)
}

func (m *machine) edit(t *rapid.T) {
	generation := m.model.generation + rapid.SampledFrom([]uint64{0, 0, 0, 1}).Draw(t, "ahead")
	var next *model
	if rapid.Bool().Draw(t, "reset") {
		if !m.model.begun && generation == m.model.generation {
			next = m.model.clone()
			clear(next.at)
			clear(next.epochs)
			next.epoch, next.generation = next.epoch+1, next.generation+1
		}
		m.expect(t, m.store.Reset(t.Context(), generation), next)
		return
	}
	o := someOffset.Draw(t, "offset")
	if !m.model.begun && generation == m.model.generation && o.Partition != "" {
		next = m.model.clone()
		next.epoch, next.generation = next.epoch+1, next.generation+1
		next.at[o.Partition], next.epochs[o.Partition] = o, next.epoch
	}
	m.expect(t, m.store.Set(t.Context(), generation, o), next)
}

func (m *machine) reopen(t *rapid.T) {
	m.close(t)
	m.open(t)
}

// crash cuts the power in the middle of a commit. The file is then what it was
// before or what it would have become, and nothing in between.
func (m *machine) crash(t *rapid.T) {
	before, err := os.ReadFile(m.path)
	if err != nil {
		t.Fatal(err)
	}
	old := m.model.clone()
	if rapid.Bool().Draw(t, "in begin") {
		m.begin(t)
	} else {
		m.commit(t)
	}
	after, err := os.ReadFile(m.path)
	m.close(t)
	m.path += "+"
	if err = errors.Join(err, os.WriteFile(m.path, powerCut(t, before, after), 0o600)); err != nil {
		t.Fatal(err)
	}
	m.open(t)
	if m.store.Snapshot().Generation == old.generation {
		m.model = old
		m.model.begun, m.model.revoked = false, map[string]bool{}
	}
	m.check(t)
}

// TestStoreIsItsModel goes through random lives, with crashes.
func TestStoreIsItsModel(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := &machine{
			path:  filepath.Join(dir, fmt.Sprint(n)),
			model: &model{at: map[string]connect.Offset{}, epochs: map[string]uint64{}},
		}
		m.open(t)
		defer func() { _ = m.store.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "commit": m.commit, "commit more": m.commit, "revoke": m.revoke, "edit": m.edit, "reopen": m.reopen, "crash": m.crash, "": m.check,
		})
	})
}
