package handover

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// parts reports whether a cut before index k parts what belongs together: equal
// values of one partition, or a record without an offset from the next that has one.
func parts(offsets []connect.Offset, k int) bool {
	for i := range k {
		if offsets[i].IsZero() {
			j := i + 1
			for j < len(offsets) && offsets[j].IsZero() {
				j++
			}
			if j >= k && j < len(offsets) {
				return true
			}
			continue
		}
		if slices.ContainsFunc(offsets[k:], func(o connect.Offset) bool {
			return o.Partition == offsets[i].Partition && o.Value == offsets[i].Value
		}) {
			return true
		}
	}
	return false
}

// offsets draws the offsets of one call, in which no partition's value decreases.
func drawOffsets(t *rapid.T) []connect.Offset {
	value := map[string]uint64{}
	var all []connect.Offset
	for range rapid.IntRange(0, 14).Draw(t, "envelopes") {
		o := connect.Offset{Partition: rapid.SampledFrom([]string{"", "p", "p", "q", "r"}).Draw(t, "partition")}
		if !o.IsZero() {
			value[o.Partition] += uint64(rapid.SampledFrom([]int{0, 1, 1, 3}).Draw(t, "step"))
			o.Value = value[o.Partition]
		}
		all = append(all, o)
	}
	return all
}

// Cuts never part a position; groups are as large as they may be and no larger; and
// everything that can be handed over is.
func TestCuts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		offsets := drawOffsets(t)
		b := newBatch()
		defer b.free()
		for _, o := range offsets {
			it := item{offset: o}
			it.parcel.Size = rapid.IntRange(0, 10).Draw(t, "size")
			b.items = append(b.items, it)
		}
		whole := rapid.IntRange(0, len(offsets)).Draw(t, "whole")
		records, bytes := rapid.IntRange(1, 6).Draw(t, "records"), rapid.IntRange(1, 30).Draw(t, "bytes")
		fitting := func(from, to int) bool {
			size := 0
			for _, it := range b.items[from:to] {
				size += it.parcel.Size
			}
			return to-from <= records && size <= bytes
		}
		cuts := slices.Clone(b.cuts(whole, records, bytes))
		var safe []int
		for k := 1; k <= whole; k++ {
			if !parts(offsets, k) {
				safe = append(safe, k)
			}
		}
		end := 0
		if len(safe) > 0 {
			end = safe[len(safe)-1]
		}
		from := 0
		for _, to := range cuts {
			if !slices.Contains(safe, to) {
				t.Fatalf("cuts %v of %v: %d parts a position; safe are %v", cuts, offsets, to, safe)
			}
			inside := slices.DeleteFunc(slices.Clone(safe), func(k int) bool { return k <= from || k >= to })
			if !fitting(from, to) && len(inside) > 0 {
				t.Fatalf("cuts %v: group %d–%d is above %d records or %d bytes and could be cut at %v", cuts, from, to, records, bytes, inside)
			}
			if next := slices.IndexFunc(safe, func(k int) bool { return k > to }); next >= 0 && fitting(from, safe[next]) {
				t.Fatalf("cuts %v: group %d–%d could go on to %d", cuts, from, to, safe[next])
			}
			from = to
		}
		if from != end {
			t.Fatalf("cuts %v of %v hand over %d envelopes, want %d", cuts, offsets, from, end)
		}
	})
}

// A record counts as going on in the next slot exactly when its position does.
func TestJoin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := open()
		offsets := drawOffsets(t)
		envelopes := make([]connect.Envelope, len(offsets))
		for i, o := range offsets {
			envelopes[i] = connect.Bytes(topicA, nil).At(o)
		}
		if err := r.Hand(t.Context(), envelopes, nil); err != nil {
			t.Fatal(err)
		}
		var got, want []bool
		for _, n := range r.admitted() {
			got = append(got, n.Joined)
		}
		for i, o := range offsets {
			rest := offsets[i+1:]
			if o.IsZero() {
				if slices.ContainsFunc(rest, func(o connect.Offset) bool { return !o.IsZero() }) {
					want = append(want, true)
				}
				continue
			}
			want = append(want, slices.ContainsFunc(rest, func(next connect.Offset) bool {
				return next.Partition == o.Partition && next.Value == o.Value
			}))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("offsets %v are joined as %v, want %v", offsets, got, want)
		}
	})
}

// A group has at most BatchSize records, a quarter of the byte budget, and no more
// records than the window.
func TestHandAllSizesItsGroups(t *testing.T) {
	t.Parallel()
	const one = overhead + 1
	for _, c := range []struct {
		batch, window, bytes int
		want                 []int
	}{
		{batch: 3, window: 100, bytes: 100 * one, want: []int{3, 6, 7}},
		{batch: 3, window: 100, bytes: 4 * 2 * one, want: []int{2, 4, 6, 7}},
		{batch: 50, window: 5, bytes: 100 * one, want: []int{5, 7}},
	} {
		r := newRig(Settings{MaxMessage: 1000, BatchSize: c.batch, Commits: true}, flow.Limits{Records: c.window, Bytes: c.bytes})
		b := newBatch()
		for i := range 7 {
			e := at("p", uint64(i), "x")
			if err := r.prepare(r.epoch, b, &e, false); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.cuts(b, 7); !slices.Equal(got, c.want) {
			t.Errorf("batch size %d, window %d, %d bytes: cuts %v, want %v", c.batch, c.window, c.bytes, got, c.want)
		}
		b.free()
	}
}
