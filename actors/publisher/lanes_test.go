package publisher

import (
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// A key keeps its order and its lane; two keys of different lanes do not wait for
// each other.
func TestLanesKeepEachKeysOrder(t *testing.T) {
	t.Parallel()
	l := newLanes(ByKey, 8)
	var all []*flow.Message
	for i := range 6 {
		m := &flow.Message{Partition: i}
		all = append(all, m)
		l.push(m, uint64(i%2))
	}
	if a, b, c := l.next(), l.next(), l.next(); a != all[0] || b != all[1] || c != nil {
		t.Fatalf("three nexts gave %v, %v, %v; want the heads of two lanes", a, b, c)
	}
	l.keep(all[0], time.Time{}, 0)
	l.resolve(all[1])
	if a, b := l.next(), l.next(); a != all[0] || b != all[3] {
		t.Errorf("next gave %v, %v; want the first again and the second of the other lane", a, b)
	}
}

// Unordered lanes that were all given up keep nobody waiting for them.
func TestLanesAllGivenUpAreDry(t *testing.T) {
	t.Parallel()
	l := newLanes(Unordered, 2)
	for range 5 {
		l.push(&flow.Message{Parcel: flow.Parcel{Epoch: 1}}, 0)
	}
	l.halt(l.next())
	if l.dry() {
		t.Error("dry with a lane that works")
	}
	l.halt(l.next())
	if !l.dry() || l.next() != nil {
		t.Error("not dry although no lane works")
	}
	taken := 0
	l.withdraw(1, func(*flow.Message) { taken++ })
	l.push(&flow.Message{}, 0)
	l.push(&flow.Message{}, 0)
	if taken != 5 || l.next() == nil || l.next() == nil {
		t.Errorf("took %d back, want 5, and both lanes at work again", taken)
	}
}

// The queue of ready lanes does not grow with what has passed through it, also when
// it never runs empty.
func TestReadyLanesAreCompacted(t *testing.T) {
	t.Parallel()
	for _, live := range []int{1, 5, 128} {
		var f fifo
		for i := range live {
			f.push(i)
		}
		for i := range 10_000 {
			f.push(live + i)
			if got, ok := f.pop(); !ok || got != i {
				t.Fatalf("popped %d, %v; want %d", got, ok, i)
			}
			if len(f.items) > 2*(live+1)+1 {
				t.Fatalf("%d numbers are kept for %d", len(f.items), live)
			}
		}
		for i := range live {
			if got, ok := f.pop(); !ok || got != 10_000+i {
				t.Fatalf("popped %d, %v; want %d", got, ok, 10_000+i)
			}
		}
		if _, ok := f.pop(); ok {
			t.Error("popped what was never pushed")
		}
	}
}
