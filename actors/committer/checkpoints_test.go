package committer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// to is a source partition at a value, having passed one slot.
func to(name string, value uint64) (string, moved) {
	return name, moved{Position{Epoch: 1, Source: int32(name[0]), Offset: connect.Offset{Partition: name, Value: value}}, 1}
}

// until is a need of session of topic 0, up to so many ms.
func until(session uint64, ms int) []need {
	return []need{{session: session, at: at0(ms)}}
}

func at0(ms int) time.Time { return dawn.Add(time.Duration(ms) * time.Millisecond) }

// put adds at so many ms.
func (c *checkpoints) put(ms int, name string, value uint64, needs []need) {
	name, m := to(name, value)
	c.add(at0(ms), name, m, needs)
}

// out releases, and says what came, each source partition's in its order.
func (c *checkpoints) out() (came []string) {
	c.release(func(name string, m moved) {
		came = append(came, fmt.Sprintf("%s@%d+%d", name, m.Offset.Value, m.passed))
	})
	slices.SortStableFunc(came, func(x, y string) int { return strings.Compare(x[:1], y[:1]) })
	return came
}

// count returns how many wait.
func (c *checkpoints) count() (n int) {
	for _, line := range c.lines {
		n += len(line)
	}
	return n
}

func TestCheckpointsGroupByTime(t *testing.T) {
	t.Parallel()
	var c checkpoints
	c.put(0, "p", 1, until(7, 0))
	c.put(100, "p", 2, until(7, 100))
	c.put(199, "q", 5, until(8, 199))
	c.put(200, "p", 3, until(7, 200))
	if len(c.lines["p"]) != 2 || len(c.lines["q"]) != 1 || len(c.lines["p"][0].needs) != 1 {
		t.Fatalf("%v; want two of p and one of q, with a need each", c.lines)
	}
	c.strike(0, 0, 7, at0(99)) // not yet
	if came := c.out(); came != nil {
		t.Errorf("released %q with a need of 100 ms open", came)
	}
	c.strike(0, 0, 7, at0(100))
	if came := c.out(); !slices.Equal(came, []string{"p@2+2"}) {
		t.Errorf("released %q, want the newest of p's first 200 ms", came)
	}
	c.strike(0, 0, 7, at0(200))
	c.strike(0, 0, 8, at0(199))
	if came := c.out(); !slices.Equal(came, []string{"p@3+1", "q@5+1"}) || c.count() != 0 || len(c.lines) != 0 {
		t.Errorf("released %q, %d left", came, c.count())
	}
}

// A source partition waits for nothing but its own needs, also while another has as
// many checkpoints as may be, behind a topic whose broker is away.
func TestCheckpointsWaitForTheirOwn(t *testing.T) {
	t.Parallel()
	var c checkpoints
	dead := []need{{topic: 1, session: 9, at: at0(0)}}
	for n := range 2 * mostCheckpoints {
		c.put(200*n, "p", uint64(n), dead)
	}
	for n := range 100 {
		c.put(20_000+200*n, "q", uint64(n), until(7, 20_000+200*n))
		c.strike(0, 0, 7, at0(20_000+200*n))
		if came := c.out(); len(came) != 1 || !strings.HasPrefix(came[0], "q@"+strconv.Itoa(n)+"+") {
			t.Fatalf("released %q, want q at %d", came, n)
		}
	}
}

// A proof of one topic partition, or one session, is none of another; all come out in
// the order in which they went in.
func TestCheckpointsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var c checkpoints
	c.put(0, "p", 1, []need{{topic: 1, session: 7, at: at0(0)}})
	c.put(300, "p", 2, []need{{partition: 1, session: 7, at: at0(0)}})
	c.put(600, "p", 3, nil)
	c.strike(0, 0, 7, at0(900))
	c.strike(0, 1, 6, at0(900))
	c.strike(0, 1, 7, at0(900))
	if came := c.out(); came != nil {
		t.Errorf("released %q behind one that needs proof", came)
	}
	c.strike(1, 0, 7, at0(900))
	if came := c.out(); !slices.Equal(came, []string{"p@1+1", "p@2+1", "p@3+1"}) {
		t.Errorf("released %q, want all", came)
	}
}

// When there are as many as may be, the newest takes in what follows and keeps its
// birth: as soon as there is room again, the next one begins.
func TestCheckpointsAreBounded(t *testing.T) {
	t.Parallel()
	var c checkpoints
	n := 0
	for ; n < 3*mostCheckpoints; n++ {
		c.put(200*n, "p", uint64(n), until(7, 200*n))
	}
	if c.count() != mostCheckpoints {
		t.Fatalf("%d checkpoints, want %d", c.count(), mostCheckpoints)
	}
	newest := c.lines["p"][mostCheckpoints-1]
	if want := at0(200 * (mostCheckpoints - 1)); !newest.born.Equal(want) || len(newest.needs) != 1 || !newest.needs[0].at.Equal(at0(200*(n-1))) {
		t.Errorf("the newest was born %v, needs %v; want its first birth and its last need", newest.born.Sub(dawn), newest.needs)
	}
	c.strike(0, 0, 7, at0(0))
	c.out()
	c.put(200*n-199, "p", uint64(n), until(7, 200*n))
	if c.count() != mostCheckpoints {
		t.Errorf("%d checkpoints, want a new one in the place of the one released", c.count())
	}
	c.clear()
	if came := c.out(); came != nil {
		t.Errorf("released %q after all was cleared", came)
	}
}

func TestCheckpointsForgetTheRevoked(t *testing.T) {
	t.Parallel()
	var c checkpoints
	c.put(0, "p", 1, until(7, 0))
	c.put(0, "q", 1, nil)
	c.put(300, "p", 2, nil)
	c.forget(gone{name: "p", epoch: 1, source: 'q'}) // another life
	c.forget(gone{name: "p", epoch: 2, source: 'p'})
	if c.count() != 3 {
		t.Errorf("%d positions left, want all three", c.count())
	}
	c.forget(gone{name: "p", epoch: 1, source: 'p'})
	c.strike(0, 0, 7, at0(0))
	if came := c.out(); !slices.Equal(came, []string{"q@1+1"}) {
		t.Errorf("released %q, want q alone", came)
	}
}

// words are what an evidence is told, and whether more is proven by it.
var words = []struct {
	kind      flow.NoticeKind
	partition int32
	session   uint64
	ms        int
	more      bool
}{
	{flow.Proven, 0, 7, 5, false}, // of a session nobody knows
	{flow.SessionBegun, 0, 7, 0, false},
	{flow.Proven, 0, 7, 5, true},
	{flow.Proven, 0, 7, 5, false},
	{flow.Proven, 0, 7, 4, false},
	{flow.Proven, 0, 6, 9, false},
	{flow.Proven, 1, 7, 9, false},
	{flow.SessionBegun, 1, 7, 0, false},
	{flow.Proven, 1, 7, 3, true},
	{flow.Resolved, 0, 7, 99, false},
	{flow.SessionBegun, 0, 8, 0, false},
	{flow.Proven, 0, 7, 20, false},
	{flow.Proven, 0, 8, 2, true},
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	var e evidence
	for _, w := range words {
		n := &flow.Notice{Kind: w.kind, Partition: w.partition, Session: w.session, At: at0(w.ms)}
		if more := e.step(n); more != w.more {
			t.Errorf("%+v: more is proven: %t", w, more)
		}
	}
	got := e.open([]need{
		{partition: 0, session: 8, at: at0(2)},
		{partition: 0, session: 8, at: at0(3)},
		{partition: 0, session: 7, at: at0(1)},
		{partition: 1, session: 7, at: at0(3)},
		{topic: 1, session: 7, at: at0(1)},
	})
	want := []need{{partition: 0, session: 8, at: at0(3)}, {partition: 0, session: 7, at: at0(1)}, {topic: 1, session: 7, at: at0(1)}}
	if !slices.Equal(got, want) {
		t.Errorf("open needs %v, want %v", got, want)
	}
}
