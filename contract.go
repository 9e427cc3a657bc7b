package connect

// Contractor is a Source that says what it can do and what it needs, so that the
// runtime derives from it what to do when things break, and refuses at start a
// configuration under which the promise cannot be kept. A Source that is none
// counts as Replayable if it is a Committer or [offsets] path is set, and declares
// nothing else.
type Contractor interface {
	// Contract is asked once, when the runtime is made. It must not depend on
	// Initialize, and not change.
	Contract() Contract
}

// Contract is what a source declares of itself. The zero Contract is that of a source
// that cannot offer anything again: what it has handed over is sent before it is
// re-opened.
type Contract struct {
	// Replayable: what was not committed is offered again after the source is
	// re-opened, and after a restart. It needs somebody to keep the offsets: Commit,
	// or [offsets] path. When the source is re-opened, what is unsent is taken back
	// instead of waited for; and what a broker may have forgotten is read again.
	Replayable bool

	// PrunesOnAck: what Commit has been given is gone for good in the external
	// system. Committing what the broker has only in memory is refused
	// ([delivery] commit_after = "acknowledged"): a crash of the broker would lose
	// it at both ends. A topic that is not reliable promises nothing to begin with, so
	// commits do not wait for it.
	PrunesOnAck bool

	// AckGatesProgress: the external system sends no more until it is told how far
	// delivery has come, and forgets that it was told when the source is re-opened.
	// What was last committed is then given to Commit again after Initialize, and
	// after a restart what the offset store holds; the source is not asked for
	// records before.
	AckGatesProgress bool

	// OrderedBy is the order the source keeps and its consumers count on. Topics
	// whose ordering is "none" would lose it, and are refused.
	OrderedBy Order

	// Transactional: only the ends of transactions are offsets one can resume from.
	// Records of a transaction that goes on in a later call carry the offset of the
	// transaction before, the last one its own; so a commit covers whole
	// transactions by the ordinary rule. What the runtime enforces is that no record
	// is outside of that rule: a call that ends in records without an offset, which
	// no commit would wait for, is refused.
	Transactional bool

	// MaxUnacked is how many records the external system hands out before it must
	// see a commit; 0 means any number. The window, and what is read ahead of the
	// commit, keep to it: a source that makes several records of one, to be handed
	// over together, declares as many times more.
	MaxUnacked int
}

// Order is what the order of a source's records is about.
type Order uint8

// The orders. The zero Order is none.
const (
	// OrderByKey: records of one partition of the source with the same key.
	OrderByKey Order = iota + 1
	// OrderByPartition: all records of one partition of the source. Those with
	// different keys keep it only on topics whose ordering is "partition".
	OrderByPartition
)

// String names the order: "none", "key" or "partition".
func (o Order) String() string {
	switch o {
	case OrderByKey:
		return "key"
	case OrderByPartition:
		return "partition"
	}
	return "none"
}
