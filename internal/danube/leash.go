package danube

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// leash is the deadline of one sending goroutine. A context with a deadline for
// every message would cost six allocations and a header each; this one is kept
// from message to message, and made anew when it has run out or the session is
// another. The zero leash holds nothing.
type leash struct {
	session *session
	ctx     context.Context
	cancel  context.CancelFunc
	timer   *time.Timer
}

// hold returns the context of one call in session s, which ends after d. Nothing
// else ends it (law 9) but the connection being closed.
func (l *leash) hold(s *session, d time.Duration) context.Context {
	if l.session != s {
		l.drop()
		l.session = s
		l.ctx, l.cancel = context.WithCancel(s.ctx)
		l.timer = time.AfterFunc(d, l.cancel)
		return l.ctx
	}
	l.timer.Reset(d)
	return l.ctx
}

// let is said when the call has returned; it reports whether time had run out.
func (l *leash) let() (ranOut bool) {
	if l.timer.Stop() {
		return false
	}
	l.drop()
	return true
}

// drop lets go of the context.
func (l *leash) drop() {
	if l.session != nil {
		l.timer.Stop()
		l.cancel()
	}
	*l = leash{}
}

// late says of a call that its time ran out, in whose midst it was cancelled.
func late(err error) error {
	s := status.Convert(err)
	if s.Code() != codes.Canceled {
		return err
	}
	return status.Error(codes.DeadlineExceeded, s.Message()+": no answer within the request timeout")
}
