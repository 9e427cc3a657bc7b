// Package connecttest is for tests of what runs on this runtime, and of the runtime
// itself. Its Ledger keeps the books of a run independently of everything it
// judges: what the source offered and was told to commit, what senders were told,
// what the broker's log holds. The verdict names every broken invariant of
// docs/guarantees.md.
package connecttest
