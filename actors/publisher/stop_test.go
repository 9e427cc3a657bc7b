package publisher

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// A stop waits until what is acknowledged is proven, by probes of its own, and no
// longer than there is something to wait for.
func TestStopAwaitsProof(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, g *stage)
		want      time.Duration
	}{
		"proven": {func(*testing.T, *stage) {}, proofFlush + 2*proofMargin},
		"lost":   {func(_ *testing.T, g *stage) { g.quietly(); g.opened(0, 8) }, time.Second},
		"refused": {func(t *testing.T, g *stage) {
			odd, other := text("2"), text("3")
			odd.Waiter = new(ear)
			odd.Lane, other.Lane = 2, 3
			g.put(odd, other)
			synctest.Wait()
			g.reply(t, "3", flow.OK)
			synctest.Wait()
			g.reply(t, "2", flow.Unclear) // while another passes: given up, and nothing else is to be sent
		}, proofFlush + 2*proofMargin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newStage(t, settling())
				g.prober = func(i int) {
					g.sessions.Put(flow.SessionEvent{Kind: flow.Alive, Partition: i, Session: 7, Sent: time.Now(), Answered: time.Now()})
				}
				g.clock = time.Now()
				g.put(text("1"))
				done := g.run(t.Context())
				g.opened(0, 7)
				synctest.Wait()
				g.reply(t, "1", flow.OK)
				synctest.Wait()
				began := time.Now()
				g.stop()
				time.Sleep(time.Second)
				if len(done) > 0 {
					t.Fatal("ended before the record was settled")
				}
				c.meanwhile(t, g)
				if err := <-done; err != nil || time.Since(began) != c.want {
					t.Errorf("Serve = %v after %v, want nil after %v", err, time.Since(began), c.want)
				}
			})
		})
	}
}

// quietly tells of a health check of session 7 that found nobody, without a step.
func (g *stage) quietly() {
	g.sessions.Put(flow.SessionEvent{Kind: flow.Quiet, Session: 7, Err: errDown})
}

// With everything settled and nothing to do, the publisher sleeps: it is not woken by
// a timer of its own.
func TestSettledPublisherSleeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, settling())
		probes := 0
		g.prober = func(i int) {
			probes++
			g.sessions.Put(flow.SessionEvent{Kind: flow.Alive, Partition: i, Session: 7, Sent: time.Now(), Answered: time.Now()})
		}
		g.clock = time.Now()
		g.put(text("1"))
		done := g.run(t.Context())
		g.opened(0, 7)
		synctest.Wait()
		g.reply(t, "1", flow.OK)
		time.Sleep(time.Hour)
		synctest.Wait()
		if probes != 2 {
			t.Errorf("%d probes in an hour, want the two that settle the record", probes)
		}
		if steps := g.steps(); steps > 20 {
			t.Errorf("%d steps in an hour for one record", steps)
		}
		g.stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
