package supervisor_test

import (
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// The broker forgets while a commit is under way that takes long: the source is
// re-opened when that is answered, also when it takes longer than the end of an epoch
// has time for, and goes on from it.
func TestRewindAwaitsTheCommitUnderWay(t *testing.T) {
	for _, takes := range []time.Duration{2 * time.Second, 12 * time.Second, 75 * time.Second} {
		t.Run(takes.String(), func(t *testing.T) {
			faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
				l := newLedger(s.topic(), s.topic())
				l.limit, l.batch, l.every = 2000, 2, 20*time.Millisecond
				begun := make(chan struct{})
				l.commitErr = func(n int) error {
					if n == 1 {
						close(begun)
						pause := time.NewTimer(takes)
						defer pause.Stop()
						<-pause.C
					}
					return nil
				}
				resumed := -1
				l.initialize = func(n int) error {
					if n == 2 {
						resumed = 0
						for _, v := range l.committed {
							resumed += int(v)
						}
					}
					return nil
				}
				r := s.start(l, s.config(""))
				<-begun
				forgotten := 0
				for _, n := range s.broker.Crash() {
					forgotten += n
				}
				if forgotten == 0 {
					t.Fatal("the crash forgot nothing; the test shows nothing")
				}
				d := s.complete(r, l, time.Hour)
				if resumed <= 0 {
					t.Errorf("the second epoch began at %d, before the commit under way was answered", resumed)
				}
				t.Logf("went back to %d, %d duplicates", resumed, d)
			})
		})
	}
}
