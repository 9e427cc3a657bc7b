package offset

import (
	"context"
	"fmt"
	"sync"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Settings of a Store in a file. Connector is needed unless Existing is set.
type Settings struct {
	// Connector is the name of the connector the offsets belong to: 1 to 255 bytes
	// of UTF-8. A file remembers it; under another name it is refused. Empty means
	// whichever the file says.
	Connector string
	// Existing refuses a missing file instead of making it.
	Existing bool
	// Wait is how long to wait for another process to let go of the file; 0 means
	// 1 s. It is asked for about every 50 ms.
	Wait time.Duration
	// Grace is how long Close waits for a write that hangs; 0 means 5 s.
	Grace time.Duration
}

// Store keeps offsets in a file or, for tests, in memory. Its methods are safe for
// concurrent use; changes are made one after the other.
type Store struct {
	path  string
	disk  disk // nil in memory
	grace time.Duration
	shut  func() error

	// turn has room for whoever changes something.
	turn chan struct{}

	mu     sync.Mutex // state is changed by who has the turn, under mu as well
	state  *state
	closed bool
}

// disk is where changes go; whoever has the turn calls it.
type disk interface {
	// write returns nil once the change is durable, and sets its transaction.
	write(*change) error
	close() error
}

// Open opens the file at path for a connector, and makes it, with its directory,
// if it is missing. It blocks for little more than Settings.Wait.
//
// It refuses a file that is locked (ErrLocked), that does not hold what was written
// to it (ErrDamaged) or is of another format (ErrFormat), all of ClassFatal; and
// one of another connector or that cannot be written, of ClassConfig. Other
// failures are retryable. After a crash in the middle of a commit, also of the
// machine, the file opens at the commit before.
func Open(path string, settings Settings) (*Store, error) {
	if err := checkName(settings.Connector); err != nil && (settings.Connector != "" || !settings.Existing) {
		return nil, connect.ConfigError("offsets %s: %w", path, err)
	}
	f, held, err := open(path, settings)
	if err != nil {
		return nil, err
	}
	s := newStore(held)
	s.path, s.disk, s.shut = f.path, f, sync.OnceValue(f.close)
	if settings.Grace != 0 {
		s.grace = settings.Grace
	}
	return s, nil
}

// Memory returns an empty Store that forgets everything with the process. It need
// not be closed.
func Memory() *Store {
	s := newStore(&state{header: header{connector: "memory"}, positions: map[string]position{}})
	s.path, s.shut = "memory", func() error { return nil }
	return s
}

func newStore(held *state) *Store {
	return &Store{turn: make(chan struct{}, 1), state: held, grace: 5 * time.Second}
}

// Close lets go of the file. A write that is under way is waited for; one that
// hangs for longer than Settings.Grace is an error, and the file stays locked until
// it ends. Closing again does nothing more.
func (s *Store) Close() error {
	grace := time.NewTimer(s.grace)
	defer grace.Stop()
	mine := false
	select {
	case s.turn <- struct{}{}:
		mine = true
	case <-grace.C:
	}
	if !s.end(mine) {
		return connect.Retryable(fmt.Errorf("offsets %s: a write has been under way for %v; the file stays locked until it ends", s.path, s.grace))
	}
	err := s.shut()
	<-s.turn
	return err
}

// end marks the store as closed and reports whether the caller has the turn. If
// not, whoever has it will find the mark.
func (s *Store) end(mine bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if mine {
		return true
	}
	select {
	case s.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

// change takes its turn, plans a change and stores it. The goroutine that writes
// belongs to the Store, and Close waits for it: a disk cannot be told to stop, but
// a caller can.
func (s *Store) change(ctx context.Context, plan func(*state) (*change, error)) error {
	if ctx.Err() != nil {
		return s.late(ctx)
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return s.late(ctx)
	}
	c, err := s.plan(plan)
	if c == nil {
		s.release()
		return err
	}
	done := make(chan error, 1)
	store := func() {
		defer s.release()
		done <- s.write(c)
	}
	if s.disk == nil {
		store()
	} else {
		go store()
	}
	select {
	case err = <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err = <-done:
		return err
	default:
		return s.late(ctx)
	}
}

// plan asks for the change, which is none in a closed store.
func (s *Store) plan(plan func(*state) (*change, error)) (*change, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil, fatal(ErrClosed, "%s", s.path)
	}
	c, err := plan(s.state)
	if err != nil {
		return nil, fmt.Errorf("offsets %s: %w", s.path, err)
	}
	return c, nil
}

// write stores a change and then makes it part of the state.
func (s *Store) write(c *change) error {
	if s.disk != nil {
		if err := s.disk.write(c); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.apply(c)
	return nil
}

// release gives the turn back, after doing what a Close has not waited for.
func (s *Store) release() {
	s.mu.Lock()
	closed := s.closed
	if !closed {
		<-s.turn // under mu: a Close finds the turn free, or leaves its mark in time
	}
	s.mu.Unlock()
	if closed {
		_ = s.shut() // Close has said that the file stays locked for a while
		<-s.turn
	}
}

// late is the answer to who does not wait for the disk any longer.
func (s *Store) late(ctx context.Context) error {
	return connect.Retryable(fmt.Errorf("offsets %s: not known to be stored: %w", s.path, context.Cause(ctx)))
}
