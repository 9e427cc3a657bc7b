package flow

import (
	"fmt"
	"time"
)

// Message is one parcel as a publisher gives it to the transport: one attempt, in
// a named session of a topic partition. Between Transport.Start and its Result it
// belongs to the transport, which only reads it.
type Message struct {
	Parcel Parcel
	// Partition is the index of the topic partition; 0 for a plain topic.
	Partition int
	// Session is the producer id the attempt is made under. If it is not the
	// adopted one, the transport answers Unadopted without sending.
	Session uint64
	// Lane is the publisher's own note, unread by the transport.
	Lane int
	// Attempts counts the outcomes that blamed this record; the publisher's own.
	Attempts int
	// Blamed is when an outcome first blamed it; the publisher's own.
	Blamed time.Time
	// Passed is how many records the broker had taken when an attempt last ended in
	// a way that may blame this one; the publisher's own.
	Passed uint64
	// Doubt is the round of doubt its outcomes have a part in; the publisher's own.
	Doubt uint64
	// First is when the first OK to the record came, and Acked when that of the
	// running session did, of a message that is retained until it is settled; the
	// publisher's own.
	First, Acked time.Time
	// Next links messages in a publisher's lane; the publisher's own.
	Next *Message
}

// Result is the outcome of one attempt. Every Start has exactly one.
type Result struct {
	Message *Message
	Outcome Outcome
	// Sent is read before the message was handed to the network, Answered after
	// the outcome was known; both carry a monotonic reading.
	Sent, Answered time.Time
	// Err is nil for OK, else the cause, naming the topic and the broker's words.
	Err error
}

// Outcome is what one attempt to send came to. The table that turns a gRPC status
// into an Outcome is in internal/danube/status.go.
type Outcome uint8

const (
	// OK: the broker answered OK in the session named.
	OK Outcome = iota + 1
	// Unknown: the connection broke. The message may have been applied; the
	// session is suspect until CreateProducer has answered.
	Unknown
	// Reset: the broker reset this one stream while the connection lives, which
	// is what a panic of its handler looks like. May have been applied. Again and
	// again for one record while others pass, it is the record's fault.
	Reset
	// Stalled: our own deadline ran out. May have been applied; the topic may be
	// held up by a consumer that does not read.
	Stalled
	// Lost: the broker does not know the producer (it restarted, or the topic
	// moved). Not stored; the session is lost.
	Lost
	// Busy: trouble inside the broker (its log, its write buffer). Back off and
	// send again in the same session.
	Busy
	// Refused: the record can never be accepted as it is.
	Refused
	// Unclear: words nobody knows. As with Reset, it is the record's fault only
	// again and again while others pass.
	Unclear
	// Denied: token or permission.
	Denied
	// Unadopted: the message's session is not the adopted one; nothing was sent.
	Unadopted
)

var outcomes = [...]string{"none", "ok", "unknown", "reset", "stalled", "lost", "busy", "refused", "unclear", "denied", "unadopted"}

// String names the outcome as metrics and logs do.
func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// SessionEvent is news about the session of one topic partition, told by the
// transport to the publisher.
type SessionEvent struct {
	Partition int
	Kind      SessionKind
	// Session is the producer id; it means something for Opened, Alive and Closed.
	Session uint64
	// Sent and Answered bracket the call the news comes from.
	Sent, Answered time.Time
	// Flush is the flush interval the broker announces, negative when it
	// announces none; only for Opened.
	Flush time.Duration
	// Err is the cause of Trying, Closed, Quiet and Failed.
	Err error
}

// SessionKind is what happened to a session.
type SessionKind uint8

const (
	// Opened: CreateProducer answered OK. The same id as before is the same
	// session. It must be adopted before it is used.
	Opened SessionKind = iota + 1
	// Trying: an attempt to open failed and will be repeated; for the board only.
	Trying
	// Failed: the session cannot be opened as configured, or access is denied for
	// good. Err is of ClassConfig or ClassFatal.
	Failed
	// Alive: a health check answered OK for Session.
	Alive
	// Closed: a health check answered CLOSE: the broker does not know Session.
	Closed
	// Quiet: a health check found no answer.
	Quiet
)

var sessionKinds = [...]string{"none", "opened", "trying", "failed", "alive", "closed", "quiet"}

// String names the kind.
func (k SessionKind) String() string {
	if int(k) < len(sessionKinds) {
		return sessionKinds[k]
	}
	return fmt.Sprintf("session kind %d", uint8(k))
}
