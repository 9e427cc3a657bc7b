package flow

// Totals counts records since the runtime began. At any instant
// Read = Published + DeadLettered + Skipped + Parked + Withdrawn + InFlight: each
// is counted where it happens, and none is derived from the others.
type Totals struct {
	Read, Published, DeadLettered, Skipped, Parked, Withdrawn, InFlight uint64
	// Committed counts the records that a commit covers. It stands apart: it is
	// about the source's offsets, not about where a record is.
	Committed uint64
	// Retained counts those of the published and dead-lettered records that hold their bytes until they
	// are settled, to be sent again should the broker forget them.
	Retained uint64
}

// Fate is how a record was resolved.
type Fate uint8

const (
	// Published: the broker acknowledged it.
	Published Fate = iota + 1
	// Withdrawn: taken back unsent because its epoch ended, to be read again; or
	// refused and answered to the caller of Deliver.
	Withdrawn
	// DeadLettered: the broker acknowledged its dead letter.
	DeadLettered
	// Skipped: passed over by policy.
	Skipped
)

func (t *Totals) admit(n uint64) {
	t.Read += n
	t.InFlight += n
}

func (t *Totals) resolve(f Fate, n uint64) {
	t.InFlight -= n
	switch f {
	case Published:
		t.Published += n
	case Withdrawn:
		t.Withdrawn += n
	case DeadLettered:
		t.DeadLettered += n
	case Skipped:
		t.Skipped += n
	}
}

func (t *Totals) retain(f Fate, n uint64) {
	t.resolve(f, n)
	t.Retained += n
}
