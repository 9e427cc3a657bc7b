package danube

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestLeash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type mark struct{}
		one := &session{ctx: context.WithValue(context.Background(), mark{}, 1)}
		two := &session{ctx: context.WithValue(context.Background(), mark{}, 2)}
		var l leash
		first := l.hold(one, time.Second)
		if first.Value(mark{}) != 1 {
			t.Error("the context is not the session's")
		}
		time.Sleep(900 * time.Millisecond)
		if l.let() {
			t.Error("time had run out before it had")
		}
		time.Sleep(time.Hour)
		if first.Err() != nil {
			t.Error("a call that has returned was cut")
		}
		if again := l.hold(one, time.Second); again != first {
			t.Error("the context of a session is made anew for every call")
		}
		if l.let() {
			t.Error("time had run out at once")
		}
		other := l.hold(two, time.Second)
		if other.Value(mark{}) != 2 || first.Err() == nil {
			t.Error("another session must have a context of its own, and the old one be let go of")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if other.Err() == nil || !l.let() {
			t.Error("time has not run out")
		}
		fresh := l.hold(two, time.Second)
		if fresh.Err() != nil {
			t.Error("a call begins with its time run out")
		}
		l.let()
		l.drop()
		l.drop()
		if fresh.Err() == nil {
			t.Error("a context was not let go of")
		}
	})
}

func TestLate(t *testing.T) {
	gone := status.Error(codes.NotFound, "producer with id 1 does not exist")
	if err := late(gone); !errors.Is(err, gone) {
		t.Errorf("an answer that came in time is taken for none: %v", err)
	}
	err := late(status.Error(codes.Canceled, "context canceled while waiting for connections to become ready"))
	if got := sent(err); got.String() != "unknown" {
		t.Errorf("a call that never had a connection is %s, want unknown", got)
	}
	if got := sent(late(status.Error(codes.Canceled, "context canceled"))); got.String() != "stalled" {
		t.Errorf("a call that was not answered is %s, want stalled", got)
	}
}
