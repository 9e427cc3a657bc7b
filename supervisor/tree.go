package supervisor

import (
	"log/slog"
	"math"
	"time"

	"github.com/thejerf/suture/v4"
)

// tree is the suture tree of one runtime: one supervisor per kind of actor, so
// that one that flaps does not spend its neighbours' patience.
type tree struct {
	root, source, publishers, commit, health *suture.Supervisor
}

// patience is how long the tree waits, once everything is over, for an actor that
// does not come back. The ordered stop has waited before.
const patience = time.Second

func newTree(name string, log *slog.Logger) *tree {
	spec := suture.Spec{
		EventHook: hook(log),
		// The pace of restarts is kept by child, so suture's own never engages.
		FailureThreshold: math.MaxFloat64,
		Timeout:          patience,
		// No verdict of a child ever ends the tree.
		DontPropagateTermination: true,
	}
	t := &tree{
		source:     suture.New("source", spec),
		publishers: suture.New("publishers", spec),
		commit:     suture.New("commit", spec),
		health:     suture.New("health", spec),
	}
	spec.Timeout = 2 * patience
	t.root = suture.New(name, spec)
	for _, s := range []*suture.Supervisor{t.commit, t.publishers, t.health, t.source} {
		t.root.Add(s)
	}
	return t
}

// hook tells suture's events to log. It runs on a supervisor's goroutine, and so
// never calls back into one.
func hook(log *slog.Logger) suture.EventHook {
	return func(e suture.Event) {
		level := slog.LevelWarn
		switch e.Type() {
		case suture.EventTypeServiceTerminate:
			level = slog.LevelDebug // child has told it with its cause
		case suture.EventTypeStopTimeout, suture.EventTypeServicePanic:
			level = slog.LevelError
		case suture.EventTypeResume:
			level = slog.LevelInfo
		}
		log.Log(noContext, level, "supervision: "+eventNames[e.Type()], slog.String("event", e.String()))
	}
}

var eventNames = map[suture.EventType]string{
	suture.EventTypeStopTimeout:      "an actor did not end in time",
	suture.EventTypeServicePanic:     "an actor panicked",
	suture.EventTypeServiceTerminate: "an actor ended",
	suture.EventTypeBackoff:          "restarts are paused",
	suture.EventTypeResume:           "restarts go on",
}
