// Package offset keeps the offsets of a source for which the system it reads keeps
// none: how far delivery has come, one [connect.Offset] per source partition.
//
//	store, err := offset.Open("offsets/orders.db", offset.Settings{Connector: "orders"})
//	defer store.Close()
//	err = store.Begin(ctx, epoch)            // when the source is initialized
//	from := store.Resume()                   // where it begins
//	err = store.Commit(ctx, epoch, offsets)  // nil means: on the disk
//
// A file belongs to one connector and, by a lock, to one process at a time. A
// commit is stored as a whole or not at all, also when the machine goes down in
// the middle: the file then opens at the commit before. A file that holds anything
// else than what was committed is refused, never guessed at.
//
// # Epochs and generations
//
// An epoch is one life of the source; its number only grows, also across
// processes. Within an epoch no position goes back, and a commit of an older epoch
// is refused ([ErrFenced]), so whoever is left over from an earlier life can do no
// harm. The generation counts the changes of the file. Who wants to set positions
// by hand names the generation it has seen, and is refused if that is no longer
// true ([ErrChanged]).
//
// # What can go wrong
//
// An error of Commit means that nothing of it counts as stored. One of
// ClassRetryable (no space, a failed write) leaves the store as it was, fit for
// the next try; one of ClassFatal says why no try can succeed.
//
// The file is one of go.etcd.io/bbolt, which is crash-safe by itself but checks
// only two of its pages. So every record has a checksum of its own, the head of
// the file has the sum of them all and the number of the transaction it was
// written by, and the structure of the file is verified before bbolt maps it. A
// flipped bit, a lost page and a missing end are found when the file is opened.
// What nobody can find is an older copy of the file put in its place as a whole.
package offset
