package schemas

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// realBroker names a real broker to test against.
var realBroker = os.Getenv("DANUBE_SERVICE_URL")

// rig is a registry, and a directory for the files that are held against it.
type rig struct {
	*danube.Client
	t       *testing.T
	broker  *devbroker.Broker // nil: a real one
	network *devbroker.Network
	dir     string
	prefix  string // of subjects
}

// scripted runs f against a development broker whose faults it scripts.
func scripted(t *testing.T, f func(*testing.T, *rig)) {
	t.Helper()
	if realBroker != "" {
		t.Skipf("%s scripts the faults of a development broker; DANUBE_SERVICE_URL names a real one", t.Name())
	}
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := devbroker.NewNetwork()
		b := startBroker(t, network)
		r := newRig(t, b, danube.Settings{URL: b.URL(), Dial: network.Dial})
		r.network = network
		f(t, r)
	})
}

func startBroker(t *testing.T, network *devbroker.Network) *devbroker.Broker {
	t.Helper()
	b, err := devbroker.Start(devbroker.Settings{Network: network, Listen: []string{"broker:6650"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// forget puts another broker in the place of the one there: its registry is empty.
func (r *rig) forget() {
	r.t.Helper()
	if err := r.broker.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.broker = startBroker(r.t, r.network)
}

// anyBroker runs f against a real broker if there is one.
func anyBroker(t *testing.T, f func(*testing.T, *rig)) {
	t.Helper()
	if realBroker == "" {
		scripted(t, f)
		return
	}
	t.Parallel()
	f(t, newRig(t, nil, danube.Settings{URL: realBroker}))
}

func newRig(t *testing.T, b *devbroker.Broker, s danube.Settings) *rig {
	t.Helper()
	c, err := danube.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &rig{Client: c, t: t, broker: b, dir: t.TempDir(), prefix: fmt.Sprintf("schemas-test-%x-", rand.Uint64())}
}

// subject returns the name of a subject that is this test's own.
func (r *rig) subject(name string) string { return r.prefix + name }

// entry writes a file and returns an entry for it.
func (r *rig) entry(name, definition string, change func(*config.Schema)) config.Schema {
	r.t.Helper()
	s := config.Schema{
		Topic: "/default/" + name, Subject: r.subject(name), SchemaType: "json_schema",
		SchemaFile: filepath.Join(r.dir, name+".json"), Place: "c.toml:" + fmt.Sprint(len(name)),
		CheckInterval: 2 * time.Second,
	}
	if change != nil {
		change(&s)
	}
	if err := os.WriteFile(s.SchemaFile, []byte(definition), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return s
}

// register registers a definition as somebody else.
func (r *rig) register(name, definition string) registry.Schema {
	r.t.Helper()
	return r.registerAs(name, "json_schema", definition)
}

func (r *rig) registerAs(name, schemaType, definition string) registry.Schema {
	r.t.Helper()
	s, err := r.RegisterSchema(r.t.Context(), registry.Schema{Subject: r.subject(name), Type: schemaType, Definition: []byte(definition)}, "somebody")
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// latest returns what the registry has of a subject.
func (r *rig) latest(name string) registry.Schema {
	r.t.Helper()
	s, err := r.LatestSchema(r.t.Context(), r.subject(name))
	if err != nil && !errors.Is(err, registry.ErrAbsent) {
		r.t.Fatal(err)
	}
	return s
}

// running is an actor at work, and what it has told.
type running struct {
	*Actor
	t      *testing.T
	cancel context.CancelFunc
	ended  chan struct{}
	err    error

	mu      sync.Mutex
	status  Status
	changes []string
}

// start starts an actor for entries.
func (r *rig) start(entries ...config.Schema) *running {
	a := &running{t: r.t, ended: make(chan struct{})}
	a.Actor = New(Settings{
		Entries: entries, Registry: r.Client, Connector: "test", Compile: compile,
		Backoff: time.Second, MaxBackoff: 10 * time.Second,
		Changed: func(topic string, u Use) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.changes = append(a.changes, fmt.Sprintf("%s version %d: %s", topic, u.Schema.Version, u.Codec.(text).definition))
		},
		Report: func(s Status) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.status = s
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	go func() {
		defer close(a.ended)
		a.err = a.Serve(ctx)
	}()
	r.t.Cleanup(func() { cancel(); <-a.ended })
	return a
}

// ready waits until the actor is.
func (a *running) ready() {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	select {
	case <-a.Actor.ready:
	case <-a.ended:
		a.t.Fatalf("Serve = %v", a.err)
	case <-ctx.Done():
		a.t.Fatal("not ready after an hour")
	}
}

// fails waits for the end and returns why.
func (a *running) fails() error {
	a.t.Helper()
	select {
	case <-a.ended:
	case <-a.Actor.ready:
		a.t.Fatal("ready, and something is wrong")
	}
	return a.err
}

// says returns the status in one text.
func (a *running) says() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return fmt.Sprintf("ready %t, trouble %v, notes %s", a.status.Ready, a.status.Trouble, strings.Join(a.status.Notes, "; "))
}

// told returns and forgets what Changed was told.
func (a *running) told() (all []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, a.changes = a.changes, nil
	return all
}

// uses returns the version and the definition in use for a topic.
func (a *running) uses(name string) (registry.Schema, string) {
	a.t.Helper()
	u, ok := a.Use("/default/" + name)
	if !ok {
		a.t.Fatalf("nothing is known of %s", name)
	}
	return u.Schema, u.Codec.(text).definition
}

// wants checks the version and the definition in use.
func (a *running) wants(name string, version uint32, definition string) {
	a.t.Helper()
	got, encodes := a.uses(name)
	if got.Version != version || encodes != definition {
		a.t.Errorf("%s: version %d, encoded by %s; want version %d and %s", name, got.Version, encodes, version, definition)
	}
}

// later lets time pass until the registry was looked at again.
func (a *running) later() { time.Sleep(3 * time.Second) }

// until waits for a text in the status.
func (a *running) until(what string) {
	a.t.Helper()
	for range 200 {
		if strings.Contains(a.says(), what) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	a.t.Fatalf("it never says %q: %s", what, a.says())
}
