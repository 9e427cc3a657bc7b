package publisher

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// refuse hands over a record in a lane of its own for each number, and has all of
// them refused.
func (g *stage) refuse(t testing.TB, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		p := text(fmt.Sprint("poison ", i))
		p.Lane, p.Stamp = uint64(i), flow.Stamp{Partition: "p", Position: uint64(i)}
		g.put(p)
	}
	g.tick(0)
	for i := from; i < to; i++ {
		g.reply(t, fmt.Sprint("poison ", i), flow.Refused)
	}
	g.tick(0)
}

// The first record is named and the others of the same step are counted; a topic
// partition that fails beside them is named as well.
func TestFirstRefusedRecordIsNamed(t *testing.T) {
	t.Parallel()
	for others, want := range map[int]string{0: "", 1: " … and 1 more record", 99: " … and 99 more records"} {
		g := newStage(t, Settings{})
		g.begin()
		g.refuse(t, 1, 2+others)
		g.sessions.Put(flow.SessionEvent{Kind: flow.Failed, Err: connect.ConfigError("other partitions")})
		g.tick(0)
		err := g.fatalities()
		if !errors.Is(err, connect.ClassFatal) || !errors.Is(err, connect.ClassConfig) || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "more") != (others > 0) {
			t.Errorf("%v, want it to end in %q", err, want)
		}
		for _, word := range []string{"p@1 ", "other partitions"} {
			if strings.Count(err.Error(), word) != 1 {
				t.Errorf("%v does not name %q once", err, word)
			}
		}
		if strings.Contains(err.Error(), "p@2") {
			t.Errorf("%v names a second record", err)
		}
		if err := g.fatalities(); err != nil {
			t.Errorf("reported twice: %v", err)
		}
	}
}

// However many lanes come to a record that is refused, Serve returns two errors: one
// for the first, one with their number when all is done.
func TestServeCountsLaterRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, Settings{})
		g.opened(0, 7)
		for i := range 20 {
			p := text(fmt.Sprint(i))
			p.Lane = uint64(i)
			g.put(p)
		}
		done := g.run(t.Context())
		g.reply(t, "0", flow.Refused)
		if err := <-done; connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), "cannot be published") {
			t.Fatalf("Serve = %v, want the first record's error", err)
		}
		done = g.run(t.Context())
		g.stop()
		for i := 1; i < 20; i++ {
			synctest.Wait()
			if len(done) > 0 {
				t.Fatalf("Serve = %v with %d records to be sent", <-done, 20-i)
			}
			o := flow.Refused
			if i%4 == 0 {
				o = flow.OK
			}
			g.reply(t, fmt.Sprint(i), o)
		}
		err := <-done
		if want := "15 more records for /default/t cannot be published"; connect.ClassOf(err) != connect.ClassFatal || err.Error() != want {
			t.Errorf("Serve = %v, want fatal: %s", err, want)
		}
		if err := g.Serve(t.Context()); err != nil {
			t.Errorf("Serve once more = %v, want nil", err)
		}
		g.totals(flow.Totals{Read: 20, Published: 4, InFlight: 16})
	})
}
