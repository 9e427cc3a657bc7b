package flow

import "time"

// Notice is what the tracker is told. Hand-over and publishers put their notices
// into one pipe, so what one of them says arrives in the order it was said; an
// admission therefore always comes before the receipt that resolves it.
type Notice struct {
	Kind   NoticeKind
	Epoch  uint64
	Source int32
	// Slot is the slot admitted or resolved; for Named, how many slots source
	// partitions of that name had before in this epoch; for Revoked, how many they
	// have had by then.
	Slot uint64
	// Name is the source partition's name; only for Named.
	Name string
	// Value and Metadata are the slot's offset; only for Admitted.
	Value    uint64
	Metadata string
	// Joined says that the position goes on in the next slot, so that it cannot be
	// committed yet; only for Admitted.
	Joined bool
	// Mark says that the slot carries no record and is resolved at once; only for
	// Admitted.
	Mark bool
	// Topic and Partition name the topic partition whose session At is about; only
	// for Resolved, Proven, SessionBegun and SessionLost. Session is its producer
	// id; 0 in a receipt that needs no proof.
	Topic, Partition int32
	Session          uint64
	// At is when the OK was received (Resolved), or up to when whatever the session
	// said OK to is settled (Proven).
	At time.Time
	// Reply is closed once everything before this notice has been dealt with; only
	// for Sync.
	Reply chan<- struct{}
}

// NoticeKind says what a Notice tells.
type NoticeKind uint8

const (
	// Begun: a new epoch; every source partition of an older one is forgotten.
	Begun NoticeKind = iota + 1
	// Named: Source stands for the partition Name from now on.
	Named
	// Admitted: Slot holds a record or a mark.
	Admitted
	// Resolved: the record in Slot needs no more work.
	Resolved
	// Revoked: Source is forgotten; late receipts for it are ignored.
	Revoked
	// Sync asks for Reply to be closed.
	Sync
	// Proven: the broker process behind Session has lived long enough to have
	// written everything it said OK to up to At.
	Proven
	// SessionBegun: a topic partition has another session.
	SessionBegun
	// SessionLost: the session ended with OKs that were not proven, given to records
	// of Epoch: they may be forgotten.
	SessionLost
)
