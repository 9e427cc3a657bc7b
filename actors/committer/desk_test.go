package committer

import (
	"errors"
	"slices"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// TestDesk plays the deciding half of the committer on a clock of the test's own.
func TestDesk(t *testing.T) {
	t.Parallel()
	var told []map[int32]uint64
	var reports []error
	latest := NewLatest()
	a := New(Settings{
		Latest: latest, Progress: NewProgress(), Interval: 10 * time.Second, Every: 5,
		Pause:     func(failures int) time.Duration { return time.Duration(failures) * time.Minute },
		Committed: func(_ uint64, records map[int32]uint64) { told = append(told, records) },
		Report:    func(err error) { reports = append(reports, err) },
	})
	pass := func(value, slots uint64) {
		latest.put("p", Position{Epoch: 1, Offset: connect.Offset{Partition: "p", Value: value}, Records: value}, slots)
	}
	now := time.Unix(1000, 0)
	after := func(d time.Duration, asked bool) *Attempt {
		now = now.Add(d)
		attempt, _ := a.Due(now, asked)
		return attempt
	}
	due := func(want time.Duration) {
		t.Helper()
		if at, wake := a.Due(now, false); at != nil || wake.Sub(now) != want {
			t.Errorf("commits %v or looks again after %v, want %v", at, wake.Sub(now), want)
		}
	}
	a.Restart(now)
	due(10 * time.Second)
	if at := after(10*time.Second, false); at != nil {
		t.Fatalf("commits %v, and nothing has come", at)
	}
	if _, wake := a.Due(now, false); !wake.IsZero() {
		t.Errorf("looks again at %v, for nothing", wake)
	}
	pass(1, 1)
	due(10 * time.Second)
	pass(2, 1)
	due(10 * time.Second) // the first to come says when
	at := after(10*time.Second, false)
	if at == nil || at.Epoch != 1 || len(at.Offsets) != 1 || at.Offsets[0].Value != 2 {
		t.Fatalf("commits %v, want p@2 of epoch 1", at)
	}
	if err := a.Done(now, at, errDown); !errors.Is(err, errDown) || err.Error() == errDown.Error() {
		t.Errorf("%v does not say what failed", err)
	}
	pass(9, 7)
	due(time.Minute) // plenty has come, and the pause is kept
	if at = after(time.Minute, false); at == nil || at.Offsets[0].Value != 9 {
		t.Fatalf("tries %v again, want the newest", at)
	}
	_ = a.Done(now, at, errDown)
	due(2 * time.Minute)
	if at = after(time.Second, true); at == nil {
		t.Fatal("nothing is tried for who asks")
	}
	if err := a.Done(now, at, nil); err != nil || len(told) != 1 || told[0][0] != 9 || len(reports) != 3 {
		t.Errorf("%v, told %v, reports %v", err, told, reports)
	}
	pass(14, 5)
	if at = after(0, false); at == nil || at.Offsets[0].Value != 14 {
		t.Fatalf("commits %v by count, want p@14", at)
	}
	if err := a.Done(now, at, ErrStale); err != nil || len(told) != 1 {
		t.Errorf("an epoch that is over: %v, told %v", err, told)
	}
	if at = after(time.Hour, true); at != nil {
		t.Errorf("commits %v, which belonged to an epoch that is over", at)
	}
}

// No commit begins for a partition once it is revoked, although the tracker has not
// said so yet: it may be somebody else's by now.
func TestNothingRevokedIsCommitted(t *testing.T) {
	t.Parallel()
	latest, over := NewLatest(), map[int32]bool{}
	a := New(Settings{Latest: latest, Progress: NewProgress(), Revoked: func(epoch uint64, source int32) bool { return epoch == 1 && over[source] }})
	pass := func(name string, source int32, value uint64) {
		latest.put(name, Position{Epoch: 1, Source: source, Offset: connect.Offset{Partition: name, Value: value}}, 1)
	}
	now := time.Unix(1000, 0)
	want := func(offsets ...string) {
		t.Helper()
		at, _ := a.Due(now, true)
		var got []string
		if at != nil {
			for _, o := range at.Offsets {
				got = append(got, o.String())
			}
			_ = a.Done(now, at, errDown) // held, to be tried again
		}
		if !slices.Equal(got, offsets) {
			t.Errorf("commits %q, want %q", got, offsets)
		}
	}
	pass("p", 0, 5)
	pass("q", 1, 7)
	want("p@5", "q@7")
	over[0] = true
	want("q@7")
	pass("p", 2, 3) // a new life of it
	want("p@3", "q@7")
}
