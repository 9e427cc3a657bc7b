package main

import (
	"fmt"
	"strings"
	"sync"
)

// mostLanes bounds the lanes of one producer, so that a payload that is not ours
// cannot make the ledger grow without end.
const mostLanes = 1 << 16

// tally is what the receiver saw of one contestant. The order promised is that of
// a lane, so all but Received are sums over lanes.
type tally struct {
	// Received counts messages.
	Received uint64 `json:"received"`
	// Inversions counts messages that came after a later one of their lane.
	Inversions uint64 `json:"inversions"`
	// Duplicates counts messages that had come before.
	Duplicates uint64 `json:"duplicates"`
	// Missing counts messages that have not come although a later one has.
	Missing uint64 `json:"missing"`
}

func (t *tally) add(other tally) {
	t.Received += other.Received
	t.Inversions += other.Inversions
	t.Duplicates += other.Duplicates
	t.Missing += other.Missing
}

// ledger counts what arrives, by producer. It is safe for concurrent use.
type ledger struct {
	mu    sync.RWMutex
	books []*book // by producer id, from 1
}

// open begins the book of a new producer of a topic and returns the producer's id.
// Topics of one namespace are one contestant.
func (l *ledger) open(topic string) uint64 {
	namespace, _, _ := strings.Cut(strings.TrimPrefix(topic, "/"), "/")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.books = append(l.books, &book{contestant: namespace})
	return uint64(len(l.books))
}

// book returns the book of a producer, nil when there is no such producer.
func (l *ledger) book(producer uint64) *book {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if producer == 0 || producer > uint64(len(l.books)) {
		return nil
	}
	return l.books[producer-1]
}

// tallies returns what was counted so far, by contestant.
func (l *ledger) tallies() map[string]tally {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := map[string]tally{}
	for _, b := range l.books {
		sum := all[b.contestant]
		sum.add(b.tally())
		all[b.contestant] = sum
	}
	return all
}

// book counts what one producer sent.
type book struct {
	contestant string

	mu    sync.Mutex
	sum   tally
	lanes []lane
}

// lane is what has come of one lane: everything below next but for missing.
type lane struct {
	next    uint64
	missing map[uint64]struct{}
}

// enter counts one message.
func (b *book) enter(at int, seq uint64) error {
	if at < 0 || at >= mostLanes {
		return fmt.Errorf("lane %d; there are at most %d", at, mostLanes)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for at >= len(b.lanes) {
		b.lanes = append(b.lanes, lane{})
	}
	b.sum.Received++
	l := &b.lanes[at]
	if seq == l.next {
		l.next++
		return nil
	}
	return l.stray(seq, &b.sum)
}

// stray counts a message that is not the next of its lane.
func (l *lane) stray(seq uint64, sum *tally) error {
	if seq < l.next {
		if _, late := l.missing[seq]; !late {
			sum.Duplicates++
			return nil
		}
		delete(l.missing, seq)
		sum.Missing--
		sum.Inversions++
		return nil
	}
	const most = 1 << 16
	if skipped := seq - l.next; skipped > most || uint64(len(l.missing))+skipped > most {
		return fmt.Errorf("number %d comes where %d was expected, with %d missing before; no sender is that far ahead", seq, l.next, len(l.missing))
	}
	if l.missing == nil {
		l.missing = map[uint64]struct{}{}
	}
	for ; l.next < seq; l.next++ {
		l.missing[l.next] = struct{}{}
		sum.Missing++
	}
	l.next++
	return nil
}

func (b *book) tally() tally {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sum
}
