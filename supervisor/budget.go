package supervisor

import (
	"errors"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// BudgetSettings say how much runtimes that share a Budget hold together.
type BudgetSettings struct {
	// Bytes is the most bytes in flight, those kept to be sent again included; at
	// least 4 KiB.
	Bytes int
	// Records is the most records in flight; 0 means no bound but each runtime's
	// own [delivery] window_records.
	Records int
}

// Budget is what several runtimes of one process may hold together. Make it once and
// put it into the Options of each. A runtime counts from the moment it is served
// until it has ended; among those present, each may hold its share, by weight, and
// borrow what the others do not use, up to its own [delivery] budget_bytes and
// window_records. While one that is below its share waits, none borrows further:
// what was borrowed is not taken back, it is not replaced as it resolves. Nothing is
// ever dropped.
type Budget struct {
	settings BudgetSettings
	pool     *flow.Pool
}

// NewBudget returns a budget to be shared. What is wrong with s is returned by the
// Serve of each runtime that shares it.
func NewBudget(s BudgetSettings) *Budget {
	return &Budget{settings: s, pool: flow.NewPool(s.Bytes, s.Records)}
}

// Held returns what the runtimes that share the budget hold at the moment.
func (b *Budget) Held() (bytes, records int) { return b.pool.Held() }

// The bounds of a shared budget: what a runtime's own must hold too, and weights
// that multiply without overflow.
const (
	minBudget = 4 << 10
	maxWeight = 1 << 20
)

// checkBudget says what is wrong with how a budget is to be shared.
func (o Options) checkBudget() error {
	var errs []error
	if o.Weight < 0 || o.Weight > maxWeight {
		errs = append(errs, connect.ConfigError("supervisor.Options.Weight = %d; must be from 1 to %d, or 0 for 1", o.Weight, maxWeight))
	}
	if o.Budget == nil {
		if o.Weight > 0 {
			errs = append(errs, connect.ConfigError("supervisor.Options.Weight = %d without a Budget; a weight is a share of one", o.Weight))
		}
		return errors.Join(errs...)
	}
	if s := o.Budget.settings; s.Bytes < minBudget {
		errs = append(errs, connect.ConfigError("supervisor.BudgetSettings.Bytes = %d; must be at least %d", s.Bytes, minBudget))
	}
	if s := o.Budget.settings; s.Records < 0 {
		errs = append(errs, connect.ConfigError("supervisor.BudgetSettings.Records = %d; must be at least 1, or 0 for no bound", s.Records))
	}
	return errors.Join(errs...)
}

// capped returns what a runtime may hold at most.
func (o Options) capped(l flow.Limits) flow.Limits {
	if o.Budget == nil {
		return l
	}
	return o.Budget.pool.Cap(l)
}

// share begins to count for the shared budget, if there is one, until leave.
func (rt *Runtime) share() (leave func()) {
	if b := rt.opts.Budget; b != nil {
		rt.budget.Join(b.pool, max(rt.opts.Weight, 1))
	}
	return rt.budget.Leave
}
