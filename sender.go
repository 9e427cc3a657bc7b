package connect

import (
	"context"
	"fmt"
)

// Sender is how a Streamer hands records over. It is safe for concurrent use.
// The envelopes of one call are admitted together or not at all; the order of
// calls that overlap is not defined.
type Sender interface {
	// Send returns when the runtime has taken the envelopes: it blocks while the
	// budgets are spent, and from then on the runtime retries for as long as it
	// takes. An error means that nothing was taken: ctx ended, ErrStopped, or an
	// error of ClassInvalid when an envelope is wrong and the error policy is to
	// halt. One that is skipped or becomes a dead letter by that policy is taken.
	Send(ctx context.Context, envelopes ...Envelope) error

	// Deliver is Send that waits until every envelope has reached level: what a
	// webhook does before it answers 2xx. It returns nil, or a *DeliveryError that
	// says which envelopes did not get there, or, for a level that is not available
	// (Settled, with commit_after = "acknowledged"), a plain error of ClassConfig:
	// nothing was taken then. An invalid envelope is told to the caller instead of
	// the error policy. When ctx ends while records are under way, they stay under
	// way.
	Deliver(ctx context.Context, level Level, envelopes ...Envelope) error
}

// Level is how far a record has come.
type Level uint8

const (
	// Acknowledged: the broker has answered OK.
	Acknowledged Level = iota + 1
	// Settled: the broker process that answered OK is known to have lived long
	// enough to have written the record to its log, some flush_interval and 2.5
	// settle_margin after its OK (7.5 s by default). On topics that are not reliable,
	// and with a flush interval of 0, an OK is final, and Settled is Acknowledged.
	// If the broker ends before that, a source that cannot go back waits on: its
	// record is sent again. Of one that can, the entry leads to ErrStopped: the
	// record is read again if the source goes back to its last commit, else it must
	// be sent again.
	Settled
)

// String names the level.
func (l Level) String() string {
	switch l {
	case Acknowledged:
		return "acknowledged"
	case Settled:
		return "settled"
	}
	return fmt.Sprintf("level %d", uint8(l))
}

// DeliveryError is returned by Sender.Deliver when not every envelope reached
// the level asked for.
type DeliveryError struct {
	// Level is what was asked for.
	Level Level
	// Errs holds one entry per envelope of the call, in order: nil for those that
	// reached the level, else why not. An entry that is ctx's error or ErrStopped
	// says that the outcome is not known: the record may still be delivered.
	Errs []error
}

// Error counts the failures and gives the first one.
func (e *DeliveryError) Error() string {
	failed, first := 0, error(nil)
	for _, err := range e.Errs {
		if err != nil {
			if first == nil {
				first = err
			}
			failed++
		}
	}
	return fmt.Sprintf("%d of %d records not %s: %v", failed, len(e.Errs), e.Level, first)
}

// Unwrap returns the causes, for errors.Is and errors.As.
func (e *DeliveryError) Unwrap() []error {
	var causes []error
	for _, err := range e.Errs {
		if err != nil {
			causes = append(causes, err)
		}
	}
	return causes
}
