// Package supervisor runs a connector: it builds the pipes and the actors, puts
// them under one suture tree, joins them with a client of the Danube broker, and
// ends them in order.
//
//	err := supervisor.Run(ctx, source, cfg, supervisor.Options{Logger: logger})
//
// [Run] is all that most mains need, and [Runtime.Run] does the same for those that
// keep the Runtime, to call Kill or show Totals. [Runtime.Serve] does it as a child
// of a suture tree: it never returns nil, and every answer says "do not restart".
//
// Cancelling ctx is the graceful stop: intake ends, what was taken is published
// and committed, the source is shut down, all within [delivery] drain_timeout.
//
// [Runtime.Pause] ends intake and keeps everything else as it is: Poll is not
// called, Send and Deliver wait at the gate, the source stays initialized and is
// asked for its health, and what was taken is published and committed. The board and
// /readyz say "paused". [Runtime.Resume] lets in what waits. Both may be called at
// any time; a stop wins over a pause.
//
// A source may say what it can do (connect.Contractor); then the runtime goes by
// that, and Run returns an error of connect.ClassConfig for a configuration under
// which it cannot be kept.
//
// # Embedding
//
// A [Runtime] is itself a suture.Service, so a host can put any number of them
// into a tree of its own; each stops by itself and never takes a neighbour along.
// The host's supervisor gives up waiting after its own Timeout (10 s by default):
// set that above drain_timeout, or the host cuts the drain short. A Runtime serves
// once; make a new one to run the source again.
//
// Runtimes of one process can share one memory budget instead of each having its
// own:
//
//	pool := supervisor.NewBudget(supervisor.BudgetSettings{Bytes: 256 << 20})
//	orders := supervisor.New(source, cfg, supervisor.Options{Budget: pool, Weight: 3})
//
// Each may always hold its share by weight of those present; what the others do not
// use may be borrowed, up to its own [delivery] budget_bytes and window_records.
// While a runtime that is below its share waits, nobody borrows further, and what
// was borrowed comes back as it resolves: nothing is dropped for it. A call larger
// than its runtime's share takes its turn; the others make room for it.
package supervisor
