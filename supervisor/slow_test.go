package supervisor_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/offset"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// steadily offers numbered records, some at a time, and keeps no place of its own.
type steadily struct {
	forgetful
	some int
}

func (s *steadily) Poll(ctx context.Context) (all []connect.Envelope, err error) {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	for range s.some {
		e, err := s.forgetful.Poll(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, e...)
	}
	return all, nil
}

// A disk that takes seconds for each fsync slows commits down and nothing else, up to
// max_unsettled; one that hangs is said to, and reading comes to a stop there.
func TestSlowStore(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		path := filepath.Join(t.TempDir(), "offsets.db")
		cfg := s.config("[danube]\nrequest_timeout = \"5s\"\n[delivery]\nmax_unsettled = 2000\nwindow_records = 1000\n[offsets]\npath = \"" + path + "\"\n")
		source := &steadily{forgetful{topic: s.topic(), last: 20_000}, 5}
		disk := &supervisor.SlowDisk{}
		r := s.prepare(source, cfg, s.options())
		disk.Under(r.Runtime)
		r.serve()

		disk.Delay.Store(int64(3 * time.Second)) // within the patience of a commit
		s.pass(time.Minute)
		slow := r.Totals()
		if slow.Read < 10_000 || slow.Committed < 8000 {
			t.Errorf("%+v after a minute: want some 15 000 read, and commits a few seconds behind", slow)
		}
		disk.Delay.Store(int64(time.Hour))
		s.pass(time.Minute)
		stuck := r.Totals()
		if !r.says("/readyz", "deadline exceeded") || !r.says("/readyz", "degraded") {
			t.Errorf("nothing says that the disk hangs:\n%s", r.page("/readyz"))
		}
		s.pass(time.Minute)
		if still := r.Totals(); still.Read != stuck.Read || still.Read-still.Committed > 2000+5 || still.Committed > slow.Committed+2000 {
			t.Errorf("%+v a minute after %+v: want reading to stand still at max_unsettled", still, stuck)
		}
		disk.Delay.Store(0)
		if err := r.wait(); err != nil {
			t.Errorf("Run = %v", err)
		}
		snapshot, err := offset.Inspect(path)
		if err != nil || len(snapshot.Positions) != 1 || snapshot.Positions[0].Offset.Value != source.last {
			t.Errorf("the file holds %+v (%v), want a at %d", snapshot, err, source.last)
		}
		if n := len(s.received(source.topic)); n != int(source.last) {
			t.Errorf("the topic holds %d messages, want %d", n, source.last)
		}
		s.reconcile(r)
	})
}
