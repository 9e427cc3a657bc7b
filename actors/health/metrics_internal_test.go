package health

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// update writes the golden file anew.
var update = flag.Bool("update", false, "write testdata/metrics.golden anew")

// canary is in every cause, and belongs on no page of figures.
const canary = "canary-7f3a"

// figures of a runtime with something of everything: two topics, one of which has
// sent nothing yet, and a name that needs escapes.
func figures() Figures {
	b := NewBoard(nil)
	for _, name := range []string{"source", "broker", `publisher /default/"odd"`} {
		b.Start(name)
		b.Set(name, Running, nil)
	}
	time.Sleep(90 * time.Second)
	b.Set("broker", Degraded, errors.New(canary))
	b.Set("source", Failing, errors.New(canary))
	b.Start("source")
	time.Sleep(1500 * time.Millisecond)
	return Figures{
		Connector: "orders", Epoch: 1786000000000001,
		Totals: flow.Totals{Read: 4000000, Published: 3999000, DeadLettered: 1, Skipped: 2, Parked: 3, Withdrawn: 4, InFlight: 990, Committed: 3990000, Retained: 5000},
		Held:   123456, Retained: 120000, Limit: 64 << 20, Waiting: 2,
		Topics: []TopicFigures{
			{Topic: `/default/"odd"`, Totals: flow.Totals{InFlight: 990}},
			{
				Topic: "/default/a", Totals: flow.Totals{Published: 3999000, DeadLettered: 1, Skipped: 2}, Attempts: 3999020, Sessions: 3,
				Outcomes: map[flow.Outcome]uint64{flow.OK: 3999000, flow.Stalled: 0, flow.Lost: 16, flow.Unadopted: 4},
			},
		},
		Components: b.Components(),
	}
}

// What is here is what dashboards and alerts are built on: a change of the golden
// file is a change users will notice.
func TestMetricsGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := figures()
		got := f.text(build{module: "v1.2.3", goes: "go1.26"})
		path := filepath.Join("testdata", "metrics.golden")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("figures differ from %s (go test -update writes it anew):\n%s", path, got)
		}
	})
}

func TestMetricsAreWellFormed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, f := range map[string]Figures{"full": figures(), "empty": {}} {
			families, err := parse(string(f.text(build{})))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, m := range families {
				if !strings.HasPrefix(m.name, prefix) || strings.HasSuffix(m.name, "_total") != (m.kind == "counter") {
					t.Errorf("%s: %s is a %s; counters, and only they, end in _total", name, m.name, m.kind)
				}
				for _, s := range m.samples {
					if len(s.labels) == 0 || s.labels[0] != (label{"connector", f.Connector}) {
						t.Errorf("%s: %s does not say of which connector it is: %v", name, m.name, s.labels)
					}
				}
			}
		}
	})
}

// The same figures are the same text, in whatever order the topics come, and
// rendering leaves them as they are.
func TestMetricsAreStable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := figures()
		want := string(f.text(build{}))
		slices.Reverse(f.Topics)
		first := f.Topics[0].Topic
		for range 20 {
			if got := string(f.text(build{})); got != want {
				t.Fatalf("the text changes from one time to the next:\n%s", got)
			}
		}
		if f.Topics[0].Topic != first {
			t.Error("rendering has sorted its caller's topics")
		}
	})
}

// Causes quote other systems, which quote what they were sent.
func TestMetricsHoldNoCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := figures()
		if !slices.ContainsFunc(f.Components, func(c Component) bool { return strings.Contains(c.Cause, canary) }) {
			t.Fatal("no component has the canary in its cause; this test says nothing")
		}
		if strings.Contains(string(f.text(build{})), canary) {
			t.Error("the cause of a state is among the figures")
		}
	})
}

// value finds one sample by family and labels.
func value(t *testing.T, families []family, name string, labels ...string) float64 {
	t.Helper()
	for _, f := range families {
		for _, s := range f.samples {
			if f.name != prefix+name {
				continue
			}
			found := 0
			for i := 0; i < len(labels); i += 2 {
				if slices.Contains(s.labels, label{labels[i], labels[i+1]}) {
					found += 2
				}
			}
			if found == len(labels) {
				return s.value
			}
		}
	}
	t.Errorf("no %s with %v", name, labels)
	return -1
}

// Each figure is under its own name: a scraper sees law 12 hold.
func TestMetricsReconcile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := figures()
		families, err := parse(string(f.text(build{})))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, fate := range []string{"published_total", "dead_lettered_total", "skipped_total", "parked_total", "withdrawn_total", "in_flight"} {
			sum += value(t, families, "records_"+fate)
		}
		if read := value(t, families, "records_read_total"); read != sum || read != 4000000 {
			t.Errorf("read %v, and %v in all fates", read, sum)
		}
		sent := value(t, families, "topic_attempts_total", "topic", "/default/a")
		for _, o := range []flow.Outcome{flow.OK, flow.Lost, flow.Unadopted} {
			sent -= value(t, families, "topic_outcomes_total", "topic", "/default/a", "outcome", o.String())
		}
		if sent != 0 {
			t.Errorf("attempts and outcomes of /default/a differ by %v", sent)
		}
		for component, state := range map[string]string{"broker": "degraded", "source": "starting"} {
			if value(t, families, "component_state", "component", component, "state", state) != 1 {
				t.Errorf("%s is not shown as %s", component, state)
			}
			if got := value(t, families, "component_state_seconds", "component", component); got != 1.5 {
				t.Errorf("%s is %s for %v s, want 1.5", component, state, got)
			}
		}
		if got := value(t, families, "component_starts_total", "component", "source"); got != 2 {
			t.Errorf("source was started %v times, want 2", got)
		}
	})
}

var builds = []struct {
	name string
	info *debug.BuildInfo
	want build
}{
	{"nothing known", nil, build{"unknown", "unknown"}},
	{"no versions", &debug.BuildInfo{Main: debug.Module{Path: modulePath}}, build{"unknown", "unknown"}},
	{
		"its own binary",
		&debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Path: modulePath, Version: "(devel)"}},
		build{"(devel)", "go1.26"},
	},
	{
		"built into another",
		&debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Path: "host", Version: "v9.0.0"}, Deps: []*debug.Module{
			{Path: "other", Version: "v2.0.0"}, {Path: modulePath, Version: "v1.2.3"},
		}},
		build{"v1.2.3", "go1.26"},
	},
	{
		"replaced",
		&debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Path: "host"}, Deps: []*debug.Module{
			{Path: modulePath, Version: "v1.2.3", Replace: &debug.Module{Path: "fork", Version: "v1.2.4"}},
		}},
		build{"v1.2.4", "go1.26"},
	},
	{
		"without this module",
		&debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Path: "host", Version: "v9.0.0"}},
		build{"unknown", "go1.26"},
	},
}

func TestBuilds(t *testing.T) {
	t.Parallel()
	for _, c := range builds {
		if got := readBuild(c.info, c.info != nil); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := builtFrom(); !strings.HasPrefix(got.goes, "go") {
		t.Errorf("this binary is built by %q", got.goes)
	}
}
