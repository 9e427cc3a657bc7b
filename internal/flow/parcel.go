package flow

import connect "github.com/danube-messaging/danube-connect-go"

// NoSource is the Source of a parcel that has no place in the source: a record
// without an offset, never covered by a commit.
const NoSource int32 = -1

// Parcel is one record on its way to one topic: routed, encoded, measured,
// admitted and stamped by the hand-over. It does not change afterwards.
type Parcel struct {
	// Payload is the message's payload, ready to send. The runtime owns it.
	Payload []byte
	// Key is the routing key; Keyed tells an empty key from none.
	Key   string
	Keyed bool
	// Schema is the version Payload was encoded by; nil for none.
	Schema *Schema
	// Letter says that this is the dead letter of a record (law 7): when it lands,
	// the record counts as dead-lettered.
	Letter bool
	// Attributes are the connector's own, and what a dead letter says; the
	// runtime's others are in Stamp.
	Attributes []connect.Attribute
	// Stamp identifies the record to consumers.
	Stamp Stamp
	// Epoch is the life of the source the record was read in; it is set when
	// NoSource as well.
	Epoch uint64
	// Source is the interned source partition, or NoSource.
	Source int32
	// Lane keeps records without a key in order: those of equal Lane are sent one
	// after the other. It is the hash of the source partition's name, so that it
	// is the same in all lives of the partition, and 0 for a record that counts for none.
	Lane uint64
	// Slot is the record's place in its source partition's sequence of this
	// epoch, counted from 0 without gaps; it is what a receipt resolves.
	Slot uint64
	// Size is what the record holds of the byte budget, in bytes.
	Size int
	// Waiter is told what becomes of the record; nil unless it was handed over by
	// Deliver.
	Waiter Waiter
}

// Schema is a version of a subject in the broker's registry. Parcels of one
// version share one Schema.
type Schema struct {
	ID      uint64
	Version uint32
}

// Stamp is the identity a message carries in its danube.connect.* attributes.
type Stamp struct {
	// Partition is the name of the source partition, empty when there is none.
	Partition string
	// Position is the offset's value; it means something if Partition is set.
	Position uint64
	// Epoch is the life of the source, greater than 0 when stamping is on.
	Epoch uint64
	// Seq counts per epoch, source partition and topic, from 0.
	Seq uint64
}

// Waiter is the other end of a Deliver call.
type Waiter interface {
	// Resolve says that the parcel given out with this waiter is published (nil)
	// or why it is not. It is called exactly once per parcel, never blocks, and
	// may be called from any goroutine.
	Resolve(err error)
	// Settles reports whether published means settled to it, or acknowledged will do.
	Settles() bool
}
