package chaos

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// fault is one kind of trouble. What it may cost in duplicates is part of it.
type fault struct {
	name   string
	weight int
	wrong  string           // of some records, from the start; such a fault is drawn apart
	fits   func(*plan) bool // nil: always
	once   bool             // at most once a run
	// rewinds says that the source may have to go back, so that what was read
	// ahead of the commit is sent again.
	rewinds bool
	make    func(*rand.Rand, *plan) event
}

var faults []*fault

func replays(p *plan) bool { return p.class.replays() }

func told(p *plan) bool { return p.class == retaining || p.class == pruning || p.class == gated }

// halts: what happens once to a record that is right must not cost it.
func halts(p *plan) bool { return replays(p) && p.rule(isBad, "") == halt }

func init() {
	faults = []*fault{
		// Brokers.
		{name: "broker refuses", weight: 4, rewinds: true, make: refuse},
		{name: "broker forgets producers", weight: 4, rewinds: true, make: func(*rand.Rand, *plan) event {
			return event{says: "brokers restart and keep all data", begin: func(w *world) { w.broker.Forget() }}
		}},
		{name: "broker crashes", weight: 6, rewinds: true, fits: (*plan).crashes, make: func(*rand.Rand, *plan) event {
			return event{says: "brokers crash", begin: func(w *world) { w.forgot(w.broker.Crash()) }}
		}},
		{name: "broker dies", weight: 3, rewinds: true, fits: (*plan).crashes, make: die},
		{name: "topic moves", weight: 4, rewinds: true, fits: func(p *plan) bool { return p.brokers > 1 }, make: move},
		{name: "topic stalls", weight: 3, make: stall},
		{name: "send refused", weight: 4, make: script("SendMessage", "refuses to publish", []answer{
			{code: codes.Unavailable, text: "try again"},
			{code: codes.PermissionDenied, text: "unable to publish the message: topic is draining or closed"},
			{code: codes.PermissionDenied, text: "unable to publish the message: WAL error: I/O error"},
			{code: codes.ResourceExhausted, text: "too many requests"},
		}, 20)},
		{name: "session lost", weight: 2, rewinds: true, make: script("SendMessage", "does not know the producer", []answer{
			{code: codes.NotFound, text: "producer does not exist"},
		}, 3)},
		{name: "answer lost", weight: 5, rewinds: true, make: script("SendMessage", "publishes and does not say so", []answer{
			{applied: true, disconnect: true},
			{applied: true, code: codes.Unavailable, text: "lost"},
			{applied: true, code: codes.DeadlineExceeded, text: "late"},
		}, 4)},
		{name: "handler dies", weight: 2, once: true, make: script("SendMessage", "dies of a message", []answer{
			{reset: true}, {code: codes.Internal, text: "odd"}, {applied: true, reset: true},
		}, 2)},
		{name: "sends slow", weight: 3, make: slowSends},
		{name: "opening fails", weight: 4, make: script("CreateProducer", "opens no producer", []answer{
			{code: codes.Unavailable, text: "no leader"},
			{code: codes.Internal, text: "no Raft leader"},
			{disconnect: true},
			{applied: true, disconnect: true},
		}, 4)},
		{name: "lookup fails", weight: 3, make: script("TopicLookup", "finds no topic", []answer{
			{code: codes.Unavailable, text: "no leader"}, {code: codes.Internal, text: "odd"}, {disconnect: true},
		}, 4)},
		{name: "health check fails", weight: 3, rewinds: true, make: script("HealthCheck", "says nothing of its health", []answer{
			{code: codes.Unavailable, text: "busy"}, {disconnect: true}, {code: codes.Internal, text: "odd"},
		}, 4)},

		// The network.
		{name: "connections cut", weight: 5, rewinds: true, make: func(*rand.Rand, *plan) event {
			return event{says: "all connections are cut", begin: func(w *world) { w.network.cut() }}
		}},
		{name: "black hole", weight: 3, rewinds: true, make: func(r *rand.Rand, _ *plan) event {
			return event{
				says: "nothing comes through", length: between(r, time.Second, 50*time.Second),
				begin: func(w *world) { w.network.swallow(true) }, end: func(w *world) { w.network.swallow(false) },
			}
		}},
		{name: "latency", weight: 2, make: func(r *rand.Rand, _ *plan) event {
			by := between(r, 5*time.Millisecond, 300*time.Millisecond)
			return event{
				says: fmt.Sprintf("every write takes %v", by), length: between(r, time.Second, 20*time.Second),
				begin: func(w *world) { w.network.slow(by) }, end: func(w *world) { w.network.slow(0) },
			}
		}},

		// The source.
		{name: "poll fails", weight: 4, rewinds: true, make: calls("Poll or Stream fails", 8, func(s *system) *atomic.Int64 { return &s.pollFails })},
		{name: "poll panics", weight: 3, rewinds: true, make: calls("Poll or Stream panics", 2, func(s *system) *atomic.Int64 { return &s.pollPanics })},
		{name: "initialize fails", weight: 2, make: calls("Initialize fails from now on", 4, func(s *system) *atomic.Int64 { return &s.initFails })},
		{name: "initialize panics", weight: 1, make: calls("Initialize panics from now on", 2, func(s *system) *atomic.Int64 { return &s.initPanics })},
		{name: "shutdown fails", weight: 1, make: calls("Shutdown fails from now on", 2, func(s *system) *atomic.Int64 { return &s.downFails })},
		{name: "commit fails", weight: 4, fits: told, make: calls("Commit fails", 6, func(s *system) *atomic.Int64 { return &s.commitFails })},
		{name: "commit panics", weight: 2, fits: told, make: calls("Commit panics", 2, func(s *system) *atomic.Int64 { return &s.commitPanics })},
		{name: "commit slow", weight: 2, fits: told, make: during("Commit takes 3 s", 10*time.Second, func(s *system) *atomic.Bool { return &s.slowCommit })},
		{name: "poll slow", weight: 2, make: during("Poll takes 2 s longer", 10*time.Second, func(s *system) *atomic.Bool { return &s.slowPoll })},
		{name: "source deaf", weight: 2, make: deaf},
		{name: "source unhealthy", weight: 2, rewinds: true, make: during("health checks fail", 20*time.Second, func(s *system) *atomic.Bool { return &s.sick })},
		{name: "position goes back", weight: 1, once: true, rewinds: true, fits: replays, make: calls("an offset goes back", 1, func(s *system) *atomic.Int64 { return &s.backward })},
		{name: "bad record", weight: 4, once: true, rewinds: true, fits: halts, make: calls("a record makes no sense", 1, func(s *system) *atomic.Int64 { return &s.bad })},

		// Records that can never be delivered, and the topic their letters go to.
		{name: "bad records", wrong: isBad},
		{name: "records not encodable", wrong: isNotJSON},
		{name: "records refused", wrong: isRefused},
		{name: "records the handler dies of", wrong: isReset},
		{name: "letters refused", weight: 10, fits: letters, make: boxFault(devbroker.Fault{Method: "SendMessage", Code: codes.Unavailable}, "every send is refused by ", false)},
		{name: "letters stall", weight: 10, fits: letters, make: boxFault(devbroker.Fault{Method: "SendMessage", Stall: true, Applied: true}, "every send hangs, applied, at ", false)},
		{name: "letter topic absent", weight: 10, fits: letters, make: boxFault(devbroker.Fault{Method: "CreateProducer", Code: codes.Unavailable}, "no producer is opened by ", false)},
		{name: "letters crash", weight: 10, rewinds: true, fits: lettersCrash, make: boxFault(devbroker.Fault{Method: "SendMessage", Delay: time.Second, Applied: true}, "sends are slow, and then brokers crash: ", true)},

		// The process.
		{name: "process killed", weight: 4, rewinds: true, fits: func(p *plan) bool { return p.class != oneWay }, make: restart(true)},
		{name: "process stopped", weight: 3, rewinds: true, fits: func(p *plan) bool { return p.class != oneWay }, make: restart(false)},

		{name: "paused", weight: 3, make: func(r *rand.Rand, _ *plan) event {
			return event{says: "paused", length: between(r, time.Second, 20*time.Second), begin: (*world).pause, end: (*world).resume}
		}},

		// The disk that the offset store is on.
		{name: "disk fails", weight: 12, fits: func(p *plan) bool { return p.class == ownStore && diskFaults != nil }, make: disk},
	}
}

// answer is what a broker does instead of answering.
type answer struct {
	code                       codes.Code
	text                       string
	applied, disconnect, reset bool
}

func (a answer) String() string {
	s := a.code.String()
	switch {
	case a.disconnect:
		s = "connection closed"
	case a.reset:
		s = "stream reset"
	}
	if a.applied {
		s += " after it was done"
	}
	return s
}

// script lets some calls of a method fail.
func script(method, says string, answers []answer, most int) func(*rand.Rand, *plan) event {
	return func(r *rand.Rand, p *plan) event {
		a := pick(r, answers...)
		f := devbroker.Fault{
			Method: method, Times: 1 + r.IntN(most), After: r.IntN(20), Applied: a.applied,
			Code: a.code, Text: a.text, Disconnect: a.disconnect, Reset: a.reset,
		}
		return event{
			says:  fmt.Sprintf("a broker %s, %d times after %d (%s)", says, f.Times, f.After, a),
			begin: func(w *world) { w.broker.Script(f) },
		}
	}
}

// calls lets the next few calls go wrong.
func calls(says string, most int, which func(*system) *atomic.Int64) func(*rand.Rand, *plan) event {
	return func(r *rand.Rand, _ *plan) event {
		n := 1 + r.IntN(most)
		return event{
			says:  fmt.Sprintf("%s, %d times", says, n),
			begin: func(w *world) { which(w.system).Store(int64(n)) },
		}
	}
}

// during lets something be wrong for a while.
func during(says string, most time.Duration, which func(*system) *atomic.Bool) func(*rand.Rand, *plan) event {
	return func(r *rand.Rand, _ *plan) event {
		return event{
			says: says, length: between(r, time.Second, most),
			begin: func(w *world) { which(w.system).Store(true) }, end: func(w *world) { which(w.system).Store(false) },
		}
	}
}

func deaf(r *rand.Rand, _ *plan) event {
	return event{
		says: "Poll and Stream do not return, whatever their context says", length: between(r, time.Second, 10*time.Second),
		begin: func(w *world) { w.system.deaf.Store(true) }, end: func(w *world) { w.system.hear() },
	}
}

func refuse(r *rand.Rand, p *plan) event {
	i := r.IntN(p.brokers)
	return event{
		says: fmt.Sprintf("broker %d refuses connections", i), length: between(r, 100*time.Millisecond, 40*time.Second),
		begin: func(w *world) { w.must(w.broker.Refuse(i, true)) }, end: func(w *world) { w.must(w.broker.Refuse(i, false)) },
	}
}

func die(r *rand.Rand, p *plan) event {
	i := r.IntN(p.brokers)
	failover := between(r, time.Second, 24*time.Second)
	return event{
		says: fmt.Sprintf("broker %d is killed, its topics fail over after %v", i, failover), length: between(r, time.Second, 60*time.Second),
		begin: func(w *world) { w.must(w.broker.Kill(i, failover)) }, end: func(w *world) { w.must(w.broker.Revive(i)) },
	}
}

func move(r *rand.Rand, p *plan) event {
	topic, to := r.IntN(p.topics*max(p.split, 1)), r.IntN(p.brokers)
	phase := pick(r, 0, 200*time.Millisecond, 3*time.Second)
	return event{
		says: fmt.Sprintf("topic number %d moves to broker %d, with phases of %v", topic, to, phase),
		begin: func(w *world) {
			if all := w.broker.Topics(); len(all) > 0 {
				w.must(w.broker.Move(all[topic%len(all)].Name, to, phase))
			}
		},
	}
}

func stall(r *rand.Rand, p *plan) event {
	f := devbroker.Fault{
		Method: "SendMessage", Topic: topicName(r.IntN(p.topics)), Stall: true, Applied: r.IntN(2) == 0, Times: devbroker.Keep,
	}
	var scene *devbroker.Scene
	return event{
		says: fmt.Sprintf("every send to %s hangs (applied: %v)", f.Topic, f.Applied), length: between(r, time.Second, 40*time.Second),
		begin: func(w *world) { scene = w.broker.Script(f) }, end: func(*world) { scene.Lift() },
	}
}

func slowSends(r *rand.Rand, _ *plan) event {
	f := devbroker.Fault{
		Method: "SendMessage", Delay: between(r, 20*time.Millisecond, 10*time.Second), Applied: r.IntN(2) == 0, Times: 1 + r.IntN(100),
	}
	return event{
		says:  fmt.Sprintf("%d sends take %v (applied: %v)", f.Times, f.Delay, f.Applied),
		begin: func(w *world) { w.broker.Script(f) },
	}
}

func restart(kill bool) func(*rand.Rand, *plan) event {
	return func(r *rand.Rand, _ *plan) event {
		says := "the process is asked to stop"
		if kill {
			says = "the process is killed"
		}
		rest := between(r, 0, 10*time.Second)
		return event{
			says:  fmt.Sprintf("%s, and is started again after %v", says, rest),
			begin: func(w *world) { w.restart(kill, rest) },
		}
	}
}

func disk(r *rand.Rand, _ *plan) event {
	k := diskFaults[r.IntN(len(diskFaults))]
	return event{
		says: "writing to the disk: " + k.name, length: between(r, time.Second, 30*time.Second),
		begin: func(w *world) { w.jam(k) }, end: (*world).unjam,
	}
}
