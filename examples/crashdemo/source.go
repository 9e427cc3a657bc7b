package main

import (
	"context"
	"strconv"
	"sync"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// numbers offers the numbers from 1, at a steady pace, and keeps how far they are
// committed: a system that can go back.
type numbers struct {
	last  int
	pause time.Duration // for each

	mu        sync.Mutex
	at        int
	highest   int
	again     int
	committed int
	done      chan struct{} // closed when all are committed
}

var (
	_ connect.Poller    = (*numbers)(nil)
	_ connect.Committer = (*numbers)(nil)
)

// Initialize goes back to the last commit.
func (s *numbers) Initialize(context.Context, connect.Epoch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.committed
	return nil
}

// Producers names the one topic.
func (s *numbers) Producers() []connect.Producer {
	return []connect.Producer{{Topic: topic, Reliable: true}}
}

// batch is how many numbers there are at a time.
const batch = 10

// Poll waits for the next few numbers.
func (s *numbers) Poll(ctx context.Context) ([]connect.Envelope, error) {
	t := time.NewTimer(batch * s.pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []connect.Envelope
	for len(all) < batch && s.at < s.last {
		s.at++
		if s.at <= s.highest {
			s.again++
		}
		s.highest = max(s.highest, s.at)
		record := connect.Number(topic, s.at).WithKey(strconv.Itoa(s.at % 16))
		all = append(all, record.At(connect.Offset{Partition: "numbers", Value: uint64(s.at)})) //nolint:gosec // from 1
	}
	return all, nil
}

// payload is a number as the broker holds it.
func payload(n int) string { return strconv.Itoa(n) }

// Commit keeps how far delivery has come.
func (s *numbers) Commit(_ context.Context, offsets []connect.Offset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = int(offsets[0].Value) //nolint:gosec // at most last
	if s.committed == s.last {
		select {
		case <-s.done:
		default:
			close(s.done)
		}
	}
	return nil
}

func (s *numbers) counts() (again, committed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.again, s.committed
}
