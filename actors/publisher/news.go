package publisher

import (
	"context"
	"log/slog"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// news deals with one event of a session.
func (a *Actor) news(e *flow.SessionEvent, now time.Time) {
	p := a.partitions[e.Partition]
	s := &p.session
	switch e.Kind {
	case flow.Opened:
		a.stats.Sessions.Add(1)
		same := e.Session == s.id
		if !same {
			a.begun(p, e.Session, e.Flush)
		}
		s.opened(e.Session, now)
		a.settings.Transport.Adopt(p.index, e.Session)
		a.touch(p)
		a.settings.Logger.Debug("session opened", slog.String("topic", a.settings.Topic),
			slog.Int("partition", p.index), slog.Bool("same", same))
	case flow.Failed:
		a.fail(p, e.Err, now)
	case flow.Trying:
		s.cause = e.Err
		if a.settings.Report != nil {
			a.settings.Report(p.index, s.state, e.Err)
		}
	case flow.Alive:
		a.alive(p, e)
	case flow.Quiet:
		a.quiet(p, e, now)
	case flow.Closed:
		p.probing = false
		a.touch(p)
		if s.closed(e.Session, now) {
			p.asked = false
		}
	}
}

// fail gives a topic partition up; the first cause is reported.
func (a *Actor) fail(p *partition, err error, now time.Time) {
	if p.session.state != Failed {
		a.fatal.session(err)
	}
	p.session.failed(err, now)
	a.touch(p)
}

// withdrawal asks a publisher to let go of an epoch.
type withdrawal struct {
	// Epoch: its records, and those of older ones, are meant.
	Epoch uint64
	// Drain sends what is queued; otherwise it is taken back unsent.
	Drain bool
	// done is closed when nothing of the epoch is left.
	done chan struct{}
}

// Withdraw lets go of everything of an epoch and older ones: what is queued is
// taken back unsent, or sent when drain is set; what is in flight is awaited and,
// if it fails, taken back too. It returns when nothing is left, or with ctx's
// cause. The actor must be running, and intake of the epoch must have ended.
func (a *Actor) Withdraw(ctx context.Context, epoch uint64, drain bool) error {
	select {
	case <-a.LetGo(epoch, drain):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// LetGo is Withdraw for who does not wait: the channel is closed when nothing is
// left.
func (a *Actor) LetGo(epoch uint64, drain bool) <-chan struct{} {
	w := withdrawal{Epoch: epoch, Drain: drain, done: make(chan struct{})}
	a.commands.Put(w)
	return w.done
}

// obey carries withdrawals out.
func (a *Actor) obey() {
	for _, w := range a.commands.Take(nil) {
		a.asked = append(a.asked, w)
		if w.Drain || a.retains() || w.Epoch <= a.withdrawn {
			continue
		}
		a.withdrawn = w.Epoch
		for _, p := range a.partitions {
			p.withdraw(w.Epoch, func(m *flow.Message) {
				a.withdraw(&m.Parcel)
				a.recycle(m)
			})
			a.touch(p)
		}
	}
}

// answer tells those who asked for a withdrawal that nothing is left.
func (a *Actor) answer() {
	if len(a.asked) == 0 || !a.dry() {
		return
	}
	for _, w := range a.asked {
		close(w.done)
	}
	a.asked = nil
}
