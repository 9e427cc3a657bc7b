package connect

import (
	"errors"
	"fmt"
)

// Offset is a place in the external system from which reading can resume. It
// says: this record, and all handed over before it in this partition.
//
// Order is hand-over order, and Value never decreases within a partition and an
// epoch; a decrease is an invalid envelope. Equal values within one call are one
// position (one Kafka record fanned out to three topics) and commit when the
// last of them resolves. A value equal to one of an earlier call means that the
// resume point has not moved: it may be committed already, and it holds back
// every higher value; so the rows of a transaction too large for one call carry
// the previous position and only the last row the new one.
type Offset struct {
	// Partition names an independent sequence of the source: a Kafka partition,
	// a table, a file. Empty means: no offset.
	Partition string
	// Value is the position. What it counts is the source's business.
	Value uint64
	// Metadata travels beside the position, unread by the runtime, and is handed
	// back with it.
	Metadata string
}

// IsZero reports whether there is no offset: the Partition is empty.
func (o Offset) IsZero() bool { return o.Partition == "" }

// String prints the offset as partition@value.
func (o Offset) String() string {
	if o.IsZero() {
		return "no offset"
	}
	return fmt.Sprintf("%s@%d", o.Partition, o.Value)
}

// Envelope is what a source hands over: a record and where it stands in the
// source. An envelope without an offset is covered by the next one of its call
// that has one; a call in which none follows is never covered by a commit.
//
// [Mark] and [Bad] make the two envelopes that carry no record to publish.
type Envelope struct {
	Record Record
	Offset Offset

	err  error
	mark bool
}

// Mark moves on to an offset without a record: filtered rows, a heartbeat.
func Mark(o Offset) Envelope { return Envelope{Offset: o, mark: true} }

// Bad is a record the connector could not make sense of: its bytes as they came
// and what was wrong. It goes to the error policy and, like every record, holds
// back the commit until that has dealt with it.
func Bad(o Offset, raw []byte, err error) Envelope {
	if err == nil {
		err = errors.New("unspecified")
	}
	return Envelope{Record: Record{kind: KindBytes, raw: raw}, Offset: o, err: Invalid(err)}
}

// IsMark reports whether the envelope was made by Mark.
func (e Envelope) IsMark() bool { return e.mark }

// Err returns what was wrong with an envelope made by Bad, of ClassInvalid, and
// nil for any other.
func (e Envelope) Err() error { return e.err }
