package connect

import "context"

// Source is what every connector implements, beside Poller or Streamer.
//
// The runtime calls Initialize, Producers, Poll or Stream, and Shutdown from one
// goroutine at a time, in that order, once per epoch. Commit and HealthCheck come
// from goroutines of their own, at most one call of each at a time, concurrent
// with Poll and Stream but never with Initialize or Shutdown.
type Source interface {
	// Initialize begins an epoch: connect to the external system, check that it
	// can be read, forget every cursor of an earlier epoch, and begin after
	// e.Resume (when it is empty: after what was last given to Commit). Fail fast
	// rather than retry inside: a retryable error is tried again with backoff by
	// the runtime, a fatal or config error stops it. A failed Initialize is
	// followed by Shutdown. ctx ends when the runtime stops.
	Initialize(ctx context.Context, e Epoch) error

	// Producers names the topics the source writes to. It is asked once per
	// epoch, after Initialize. Topics learned later are told by Epoch.Declare; a
	// record for a topic nobody declared is invalid.
	Producers() []Producer
}

// Poller is a Source the runtime asks. Mode is a type, not a flag: a Source is
// either a Poller or a Streamer.
type Poller interface {
	Source

	// Poll returns what there is now. It is called again and again from one
	// goroutine: at once after a result that holds records, and after
	// poll_interval_ms after an empty one (which is no error); not while the
	// runtime is paused. ctx ends when the
	// runtime stops taking records; Poll should then return soon, and whatever it
	// returns is still taken. Envelopes beside an error are taken first.
	//
	// What an error does: retryable, and any unmarked error: asked again with
	// backoff; after max_retries failures in a row the source is re-opened.
	// Invalid: counted, then as retryable (name the record with Bad instead).
	// Fatal, config: the runtime stops. ErrEnd: the source is finished for good.
	// A panic re-opens the source.
	Poll(ctx context.Context) ([]Envelope, error)
}

// Streamer is a Source that tells the runtime.
type Streamer interface {
	Source

	// Stream sends until ctx ends, which is when the runtime stops taking
	// records; s may be used by any number of goroutines of the source's own,
	// all of which must have ended when Stream returns. Returning nil after ctx
	// has ended is a clean end; returning nil unasked is a failure like any
	// retryable error: the source is re-opened with backoff. Fatal, config,
	// ErrEnd and panics are as for Poll.
	Stream(ctx context.Context, s Sender) error
}

// Committer is a Source that wants to know how far delivery has come, to save it
// or to tell the external system.
type Committer interface {
	// Commit is given one offset per source partition that moved since the last
	// call: the highest below which every record is resolved. It is called by
	// [commit] interval or count, from one goroutine. An error of any class but
	// fatal and config is tried again with backoff, for ever, newer offsets
	// replacing older ones. ctx is bounded by the request timeout. A nil answer
	// means: durable.
	Commit(ctx context.Context, offsets []Offset) error
}

// HealthChecker is a Source that can say whether it still reaches its system.
type HealthChecker interface {
	// HealthCheck is called every health_check_interval_ms from one goroutine,
	// with a ctx bounded by that interval. After
	// health_check_failure_threshold failures in a row the source is unhealthy
	// and re-opened; failures are never fatal by themselves.
	HealthCheck(ctx context.Context) error
}

// Shutdowner is a Source with something to close.
type Shutdowner interface {
	// Shutdown ends an epoch: unsubscribe, close connections, save what is left.
	// It comes after the last commit. It must be safe to call twice, and without
	// Initialize. ctx is bounded by the drain timeout.
	Shutdown(ctx context.Context) error
}

// Epoch is one life of a source, from Initialize to Shutdown: what the runtime
// tells the source, and what the source may ask. All methods are safe for
// concurrent use. After the epoch has ended they return ErrStopped or do nothing.
type Epoch interface {
	// Number grows with every epoch, also across processes.
	Number() uint64

	// Resume says where to begin, one offset per partition, when the runtime
	// keeps the offsets; it is empty when the source keeps them itself.
	Resume() []Offset

	// Declare adds topics learned while running. It returns when records for them
	// are accepted. A topic declared before with other settings is an error of
	// ClassConfig.
	Declare(ctx context.Context, producers ...Producer) error

	// Flush returns when everything handed over so far in the named source
	// partitions is resolved and committed: what a source does before it gives a
	// partition up. No names means all partitions.
	Flush(ctx context.Context, partitions ...string) error

	// Revoke forgets source partitions that were taken away: late receipts for
	// them are ignored, nothing more is committed for them (a Commit that is under
	// way may still name them), and a lower value may follow when they come back. Their records in flight are still delivered.
	Revoke(partitions ...string)
}
