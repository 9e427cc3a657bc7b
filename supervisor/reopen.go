package supervisor

import (
	"errors"
	"log/slog"

	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// errReopen is why intake was asked to end while the runtime goes on.
type errReopen struct {
	cause error
	// rewind: nothing is wrong with the source; it is asked to go back to the last
	// commit, at once.
	rewind bool
}

// Error says what made the source go down.
func (e *errReopen) Error() string { return "source is re-opened: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *errReopen) Unwrap() error { return e.cause }

// Reopen ends intake of an epoch; the source is shut down and begun again. What is
// said of an epoch that is over is no reason to: the next one has begun in good health.
func (k *keeper) Reopen(number uint64, cause error) {
	if number != k.number.Load() {
		return
	}
	k.ill(number, ofHealth, cause)
	k.rt.board.Set(sourceName, health.Unhealthy, cause)
	k.again(number, &errReopen{cause: cause})
}

// Rewind is Reopen because the broker may have forgotten what it acknowledged in
// the epoch. Where that keeps happening before anything is committed, reading goes
// less far ahead each time, and the board says why.
func (k *keeper) Rewind(number uint64) {
	if number != k.number.Load() {
		return
	}
	k.rt.budget.Rewound()
	cause := k.caution()
	if cause == nil {
		cause = errors.New("the broker may have forgotten what it acknowledged; going back to the last commit")
	}
	k.rt.log.Warn("rewinding", slog.Any("cause", cause))
	k.rt.board.Set(sourceName, health.Degraded, cause)
	k.again(number, &errReopen{cause: cause, rewind: true})
}

func (k *keeper) again(number uint64, why *errReopen) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reopen == nil || number != k.current.number {
		return
	}
	k.reopen(why)
	if k.replayable() {
		k.current.intake().Shut() // what waits for room will be read again
	}
}
