package schemas

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"google.golang.org/grpc/codes"
)

func TestKeep(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, auto))
		a.ready()
		r.register("orders", twoFields)
		a.until("keeping version 1: from version 1 to version 2: added b (integer)")
		a.wants("orders", 1, oneField)
		if told := a.told(); len(told) > 0 {
			t.Errorf("Changed was told %q", told)
		}
		r.register("orders", threeFields)
		a.until("from version 1 to version 3: added b (integer); added c (boolean)")
	})
}

func TestFollow(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, both(auto, follows)))
		a.ready()
		r.register("orders", twoFields)
		a.until("following the registry: from version 1 to version 2: added b (integer)")
		a.wants("orders", 2, twoFields)
		if told := a.told(); len(told) != 1 || told[0] != "/default/orders version 2: "+twoFields {
			t.Errorf("Changed was told %q", told)
		}
	})
}

func TestHalt(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, both(auto, halts)))
		a.ready()
		r.register("orders", twoFields)
		<-a.ended
		const want = `on_change is "halt", and the registry has changed: c.toml:6: [[schemas]] of /default/orders: subject `
		if connect.ClassOf(a.err) != connect.ClassFatal || !strings.Contains(a.err.Error(), want) ||
			!strings.Contains(a.err.Error(), "from version 1 to version 2: added b (integer)") {
			t.Errorf("Serve = %v, of %v", a.err, connect.ClassOf(a.err))
		}
	})
}

// A pinned version does not change.
func TestPinnedStays(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, both(auto, pinnedTo(1), halts)))
		a.ready()
		r.register("orders", twoFields)
		time.Sleep(time.Minute)
		synctest.Wait()
		a.wants("orders", 1, oneField)
		if got := a.says(); got != "ready true, trouble <nil>, notes " {
			t.Errorf("it says %s", got)
		}
	})
}

// What cannot be compiled is not followed, and it is said.
func TestFollowsOnlyWhatCompiles(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, both(auto, follows)))
		a.ready()
		r.register("orders", `{"title":"broken","type":"object","properties":{"a":{"type":"string"}}}`)
		a.until("keeping version 1: version 2 of the registry cannot be used: ")
		a.wants("orders", 1, oneField)
		r.register("orders", twoFields)
		a.until("from version 1 to version 3")
		a.wants("orders", 3, twoFields)
	})
}

// Each entry is looked at by its own interval, and a change is told once.
func TestIntervals(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		every := func(d time.Duration) func(*config.Schema) {
			return both(auto, func(s *config.Schema) { s.CheckInterval = d })
		}
		seen := r.broker.Script(devbroker.Fault{Method: "GetLatestSchema", Delay: time.Nanosecond, Times: devbroker.Keep})
		a := r.start(r.entry("often", oneField, every(time.Second)), r.entry("seldom", oneField, every(10*time.Second)))
		a.ready()
		before := seen.Hits()
		time.Sleep(100*time.Second + 500*time.Millisecond)
		if got := seen.Hits() - before; got < 108 || got > 110 {
			t.Errorf("asked %d times in 100 s, want 100 and 10", got)
		}
	})
}

// A registry that cannot be asked changes nothing, and it is said as long as it
// lasts.
func TestRegistryDownWhileRunning(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, both(auto, follows)))
		a.ready()
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		a.until("refused")
		time.Sleep(time.Hour)
		a.wants("orders", 1, oneField)
		if err := r.broker.Refuse(0, false); err != nil {
			t.Fatal(err)
		}
		a.until("trouble <nil>")
		r.register("orders", twoFields)
		a.until("following")
		a.wants("orders", 2, twoFields)
	})
}

// A permission that is taken away while running is trouble, not the end.
func TestDeniedWhileRunning(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, auto))
		a.ready()
		scene := r.broker.Script(devbroker.Fault{Method: "GetLatestSchema", Code: codes.PermissionDenied, Text: "no binding grants ManageSchema", Times: devbroker.Keep})
		a.until("ManageSchema")
		scene.Lift()
		a.until("trouble <nil>")
	})
}

// A subject that a registry has forgotten is registered again where that is
// allowed, under whatever id it gets now, and missed where it is not.
func TestSubjectGone(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		r.register("kept", oneField)
		a := r.start(r.entry("orders", oneField, both(auto, halts)))
		b := r.start(r.entry("kept", oneField, halts))
		a.ready()
		b.ready()
		before, _ := a.uses("orders")
		r.forget()
		b.until("the subject is no longer in the registry; messages go on carrying version 1")
		b.wants("kept", 1, oneField)
		a.later()
		after, _ := a.uses("orders")
		if after.ID == before.ID || !after.Is(r.latest("orders")) {
			t.Errorf("uses id %d, before %d; the registry has %+v", after.ID, before.ID, r.latest("orders"))
		}
		if told := a.told(); len(told) != 1 || told[0] != "/default/orders version 1: "+oneField {
			t.Errorf("Changed was told %q", told)
		}
		r.register("kept", oneField)
		b.later()
		if got := b.says(); got != "ready true, trouble <nil>, notes " {
			t.Errorf("it says %s", got)
		}
	})
}

// A panic, say, restarts the actor: what it knew it knows.
func TestRestartKeepsWhatIsKnown(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		a := r.start(r.entry("orders", oneField, auto))
		a.ready()
		a.cancel()
		<-a.ended
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		again := &running{Actor: a.Actor, t: t, ended: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer close(again.ended)
			again.err = again.Serve(ctx)
		}()
		again.ready()
		again.wants("orders", 1, oneField)
		cancel()
		<-again.ended
		if again.err != nil {
			t.Errorf("Serve = %v", again.err)
		}
	})
}
