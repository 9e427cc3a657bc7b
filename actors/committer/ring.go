package committer

import "math/bits"

// ring is the watermark of one source partition: for the slots from low to next
// it keeps whether each is resolved and what committing past it would say. It
// grows with the span in use, which the budget bounds, and costs a few
// nanoseconds per slot whatever the order of the receipts.
type ring struct {
	low, next uint64
	done      []uint64 // a bit per slot, by slot modulo the capacity
	entries   []entry
}

// entry is what one slot says when it is the newest resolved one.
type entry struct {
	value    uint64
	metadata string
	joined   bool // the position goes on in the next slot
	mark     bool // no record: nothing to count
}

const leastRing = 64 // one word of bits

func (r *ring) admit(slot uint64, e entry) {
	if slot-r.low >= uint64(len(r.entries)) {
		r.grow(slot - r.low + 1)
	}
	i := slot & uint64(len(r.entries)-1)
	r.entries[i] = e
	r.done[i/64] &^= 1 << (i % 64)
	r.next = slot + 1
	if e.mark {
		r.resolve(slot)
	}
}

// resolve notes that slot is resolved; it reports false for a slot that is not
// open, which a receipt can name only once.
func (r *ring) resolve(slot uint64) bool {
	if slot < r.low || slot >= r.next {
		return false
	}
	i := slot & uint64(len(r.entries)-1)
	bit := uint64(1) << (i % 64)
	if r.done[i/64]&bit != 0 {
		return false
	}
	r.done[i/64] |= bit
	return true
}

// advance moves low past every resolved slot, calling pass for each, and reports
// whether it moved.
func (r *ring) advance(pass func(e *entry)) bool {
	from := r.low
	for r.low < r.next {
		i := r.low & uint64(len(r.entries)-1)
		word := r.done[i/64] >> (i % 64)
		run := min(uint64(bits.TrailingZeros64(^word)), 64-i%64, r.next-r.low)
		if run == 0 {
			break
		}
		for k := range run {
			pass(&r.entries[i+k])
		}
		r.low += run
	}
	return r.low != from
}

// grow makes room for span slots.
func (r *ring) grow(span uint64) {
	size := uint64(max(len(r.entries), leastRing))
	for size < span {
		size *= 2
	}
	old := *r
	r.entries, r.done = make([]entry, size), make([]uint64, size/64)
	for slot := old.low; slot < old.next; slot++ {
		from, to := slot&uint64(len(old.entries)-1), slot&(size-1)
		r.entries[to] = old.entries[from]
		r.done[to/64] |= old.done[from/64] >> (from % 64) & 1 << (to % 64)
	}
}
