package committer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// store is where a source keeps its offsets: it writes down every call, and answers
// what it is told to.
type store struct {
	begun  time.Time
	answer func(ctx context.Context, call int) error // nil: nil

	mu sync.Mutex
	records
}

// records is what the store has seen and was told.
type records struct {
	calls     []string
	busy      bool
	committed []uint64
	reports   []error
}

// seen returns a copy of the records.
func (s *store) seen() records {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records
	r.calls, r.committed, r.reports = slices.Clone(r.calls), slices.Clone(r.committed), slices.Clone(r.reports)
	return r
}

// note changes the records.
func (s *store) note(f func(*records)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.records)
}

func (s *store) commit(ctx context.Context, epoch uint64, offsets []connect.Offset) error {
	var words []string
	for _, o := range offsets {
		words = append(words, o.String())
	}
	call := 0
	s.note(func(r *records) {
		if r.busy {
			panic("called twice at a time")
		}
		r.busy = true
		r.calls = append(r.calls, fmt.Sprintf("%v e%d %s", time.Since(s.begun), epoch, strings.Join(words, " ")))
		call = len(r.calls)
	})
	defer s.note(func(r *records) { r.busy = false })
	if s.answer == nil {
		return nil
	}
	return s.answer(ctx, call)
}

// office is an Actor that runs, with its store. It is to be used in a bubble.
type office struct {
	*Actor
	*store
	latest   *Latest
	progress *Progress
	stop     context.CancelFunc
	done     chan error
}

func newOffice(s Settings) *office {
	o := &office{store: &store{begun: time.Now()}, latest: NewLatest(), progress: NewProgress()}
	s.Latest, s.Progress, s.Commit = o.latest, o.progress, o.store.commit
	s.Committed = o.covered()
	s.Report = func(err error) { o.note(func(r *records) { r.reports = append(r.reports, err) }) }
	o.Actor = New(s)
	return o
}

// covered notes how many records each commit has covered that none had before.
func (o *office) covered() func(uint64, map[int32]uint64) {
	type life struct {
		epoch  uint64
		source int32
	}
	before := map[life]uint64{}
	return func(epoch uint64, by map[int32]uint64) {
		more := uint64(0)
		for source, n := range by {
			more += n - before[life{epoch, source}]
			before[life{epoch, source}] = n
		}
		if more > 0 {
			o.note(func(r *records) { r.committed = append(r.committed, more) })
		}
	}
}

func (o *office) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	o.stop, o.done = stop, make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				o.done <- errPanic
			}
		}()
		o.done <- o.Serve(ctx)
	}()
	synctest.Wait()
}

// pass puts a position as the tracker does: slots and records so far, at an offset.
func (o *office) pass(name string, epoch, value, slots uint64) {
	source := int32(name[0] - 'p')
	o.latest.put(name, Position{Epoch: epoch, Source: source, Offset: connect.Offset{Partition: name, Value: value}, Slots: slots, Records: slots}, 1)
	synctest.Wait()
}

// after lets time pass.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (o *office) want(t *testing.T, calls ...string) {
	t.Helper()
	if got := o.seen().calls; !slices.Equal(got, calls) {
		t.Errorf("commits:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(calls, "\n"))
	}
}

var errDown = errors.New("store is down")
