// Package connect is the vocabulary of danube-connect-go: what the author of a
// source connector says, and nothing else. It imports the standard library only.
//
// A connector is a [Source] that is also a [Poller] (the runtime asks it for
// records) or a [Streamer] (it tells the runtime). It hands over [Envelope]
// values: a [Record] bound for a Danube topic and, when the external system has
// such a thing, the [Offset] from which reading could resume. The runtime
// (package supervisor) does the rest: encoding, batching, ordered and retried
// publishing, offset commits, health, metrics and an orderly stop.
//
// # Delivery
//
// Delivery is at least once. An offset is committed only when every record
// handed over before it in its source partition is resolved; duplicates are
// possible after a crash and every order promise is per source partition and
// record key.
//
// # Errors
//
// What an error means is its [Class], set by [Retryable], [Fatal], [Invalid] or
// [ConfigError] and read by [ClassOf]. An error nobody marked is retryable.
package connect
