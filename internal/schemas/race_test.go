package schemas

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Connectors that register one subject at the same time all use the same id and
// version, whatever the registry told each of them when it registered.
func TestRegisteredByManyAtOnce(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		s := r.entry("orders", oneField, auto)
		var all []*running
		for range 8 {
			all = append(all, r.start(s))
		}
		for _, a := range all {
			a.ready()
		}
		want := r.latest("orders")
		for i, a := range all {
			if got, _ := a.uses("orders"); !got.Is(want) {
				t.Errorf("%d: uses id %d version %d; the registry has id %d version %d", i, got.ID, got.Version, want.ID, want.Version)
			}
		}
	})
}

// Two connectors with two definitions: the second becomes version 2, and each
// encodes by its own.
func TestRegisteredDifferentlyAtOnce(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		r.broker.Script(devbroker.Fault{Method: "RegisterSchema", Delay: time.Minute})
		slow := r.start(r.entry("orders", twoFields, auto))
		if err := pause(t.Context(), time.Second); err != nil { // it has found nothing, and is registering
			t.Fatal(err)
		}
		fast := r.start(r.entry("orders", oneField, auto))
		fast.ready()
		slow.ready()
		fast.wants("orders", 1, oneField)
		slow.wants("orders", 2, twoFields)
	})
}

// racing is the real registry, as who loses a race sees it: the real one takes no
// lock (docs: protocol, 6.3).
type racing struct {
	Registry

	mu sync.Mutex
	// lose answers that many registrations without keeping them, and registers what
	// the winner does.
	lose   int
	winner func()
	// stale answers that many looks with what was overwritten since.
	stale int
	// looks and registrations count the calls.
	looks, registrations int
}

func (r *racing) RegisterSchema(ctx context.Context, s registry.Schema, by string) (registry.Schema, error) {
	r.mu.Lock()
	r.registrations++
	lost := r.registrations <= r.lose
	r.mu.Unlock()
	if lost {
		r.winner()
		s.ID, s.Version, s.Fingerprint = 1000, 1, "sha256:lost"
		return s, nil
	}
	made, err := r.Registry.RegisterSchema(ctx, s, by)
	made.ID += 500 // another registrant's id is the one that stays
	return made, err
}

func (r *racing) LatestSchema(ctx context.Context, subject string) (registry.Schema, error) {
	r.mu.Lock()
	r.looks++
	stale := r.looks <= r.stale
	r.mu.Unlock()
	s, err := r.Registry.LatestSchema(ctx, subject)
	if stale {
		s.ID += uint64(r.looks)
	}
	return s, err
}

func (r *rig) startOn(reg Registry, s config.Schema) *Actor {
	a := New(Settings{
		Entries: []config.Schema{s}, Registry: reg, Connector: "test", Compile: compile,
		Backoff: time.Second, MaxBackoff: time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("Serve = %v", err)
		}
	})
	return a
}

// What the registry answered to a registration is not what is used.
func TestAnswerOfARegistrationIsNotBelieved(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		reg := &racing{Registry: r.Client}
		a := r.startOn(reg, r.entry("orders", oneField, auto))
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := a.Use("/default/orders"); !got.Schema.Is(r.latest("orders")) {
			t.Errorf("uses id %d, the registry has %d", got.Schema.ID, r.latest("orders").ID)
		}
	})
}

// A definition that another registrant overwrote is registered again.
func TestOverwrittenDefinitionIsRegisteredAgain(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		reg := &racing{Registry: r.Client, lose: 2, winner: func() { r.register("orders", oneField) }}
		a := r.startOn(reg, r.entry("orders", twoFields, auto))
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, _ := a.Use("/default/orders")
		if got.Schema.Version != 2 || !got.Schema.Is(r.latest("orders")) || reg.registrations != 3 {
			t.Errorf("uses %+v after %d registrations", got.Schema, reg.registrations)
		}
	})
}

// What changes from one look to the next is looked at again, but not for ever.
func TestUnsteadyRegistryIsLookedAtAgain(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		r.register("orders", oneField)
		reg := &racing{Registry: r.Client, stale: 5}
		a := r.startOn(reg, r.entry("orders", oneField, nil))
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := a.Use("/default/orders"); !got.Schema.Is(r.latest("orders")) {
			t.Errorf("uses id %d, the registry has %d", got.Schema.ID, r.latest("orders").ID)
		}
		reg = &racing{Registry: r.Client, stale: 1000}
		began := time.Now()
		unsettled := r.startOn(reg, r.entry("orders", oneField, nil))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := unsettled.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < 30*time.Second {
			t.Errorf("a registry that says something else 1000 times was believed after %v", waited)
		}
	})
}

// lenient is a registry that takes every definition for the version it has.
type lenient struct{ Registry }

func (l lenient) RegisterSchema(ctx context.Context, s registry.Schema, _ string) (registry.Schema, error) {
	return l.LatestSchema(ctx, s.Subject)
}

// What the registry takes for one version is one version, however it is written:
// its parsers know more of Avro, say, than we look at.
func TestRegistryDecidesWhatIsTheSame(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		r.register("orders", oneField)
		a := r.startOn(lenient{r.Client}, r.entry("orders", twoFields, auto))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := a.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		got, _ := a.Use("/default/orders")
		if got.Schema.Version != 1 || got.Codec.(text).definition != twoFields {
			t.Errorf("uses version %d, encoded by %v", got.Schema.Version, got.Codec)
		}
	})
}

// Of a subject that was forgotten, what another registrant put there first is no
// longer what is in use: that is said, as any change is.
func TestForgottenSubjectIsTakenByAnother(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		reg := &racing{Registry: r.Client}
		a := r.startOn(reg, r.entry("orders", oneField, auto))
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		reg.mu.Lock()
		reg.lose, reg.winner = reg.registrations+1, func() { r.register("orders", twoFields) }
		reg.mu.Unlock()
		r.forget()
		time.Sleep(time.Minute)
		synctest.Wait()
		a.mu.Lock()
		said := strings.Join(a.status.Notes, "; ")
		a.mu.Unlock()
		if !strings.Contains(said, "keeping version 1: from version 1 to version 1: added b (integer)") {
			t.Errorf("it says %q of a registry that has %+v", said, r.latest("orders"))
		}
	})
}
