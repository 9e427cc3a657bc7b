package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// What is wrong with a poisoned record, in the words of its dead letter.
const (
	isBad     = "bad"      // the connector makes no sense of it
	isNotJSON = "encoding" // it is said to be JSON and is not
	isRefused = "refused"  // the broker never takes it
	isReset   = "reset"    // the broker's handler dies of it, until the broker is mended
)

// What becomes of such a record.
const (
	halt       = "halt"
	skip       = "skip"
	deadLetter = "dead_letter"
)

// poison is what is wrong with one record in so many, each time it is offered.
type poison struct {
	wrong string
	step  int
}

// policy is what a plan says of records that cannot be delivered.
type policy struct {
	poisons []poison
	global  string            // empty: halt
	byTopic map[string]string // where it is another
}

// poisoned draws what is wrong with records, and what becomes of them.
func (p *plan) poisoned(r *rand.Rand) {
	may := []string{halt, skip, deadLetter, deadLetter}
	poisoned := r.IntN(2) == 0
	if p.class == oneWay && poisoned {
		may = may[1:] // what was read behind a record that halts is lost with the process
	}
	p.global, p.byTopic = pick(r, may...), map[string]string{}
	for i := range p.topics {
		if r.IntN(3) == 0 {
			p.byTopic[topicName(i)] = pick(r, may...)
		}
	}
	if !poisoned {
		return
	}
	var all []*fault
	for _, f := range faults {
		if f.wrong != "" {
			all = append(all, f)
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, f := range all[:pick(r, 1, 1, 2)] {
		step := pick(r, 100, 100, 10, 1)
		if f.wrong == isReset {
			step = 100 // it is the others that pass which show what is wrong
		}
		p.poisons = append(p.poisons, poison{f.wrong, min(step, p.records/3)})
		e := event{fault: f, says: fmt.Sprintf("one record in %d: %s", step, f.name), begin: func(*world) {}}
		if f.wrong == isReset {
			e.length, e.end = between(r, 20*time.Second, time.Minute), func(w *world) { w.deadly.Lift() }
		}
		p.events = append(p.events, e)
	}
}

// errors writes the policy as the configuration does.
func (p *plan) errors() string {
	if p.global == "" {
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, "[errors]\non_invalid = %q\n", p.global)
	for i := range p.topics {
		if name := topicName(i); p.byTopic[name] != "" {
			fmt.Fprintf(&text, "[topics.%q]\non_invalid = %q\ndead_letter_topic = %q\n", name, p.byTopic[name], p.box("", name))
		}
	}
	return text.String()
}

// rule is what becomes of a record of a topic; a bad one has none.
func (p *plan) rule(wrong, topic string) string {
	rule := p.global
	if own := p.byTopic[topic]; own != "" && wrong != isBad {
		rule = own
	}
	if rule == "" {
		return halt
	}
	return rule
}

// box is where the letter of such a record goes.
func (p *plan) box(wrong, topic string) string {
	if p.byTopic[topic] != "" && wrong != isBad {
		return "/default/letters-of-" + strings.TrimPrefix(topic, "/default/")
	}
	return "/default/chaos-dead-letters"
}

func isBox(topic string) bool { return strings.Contains(topic, "letters") }

// boxes are the topics that letters of the plan may go to, none if there are no letters.
func (p *plan) boxes() (all []string) {
	for _, wrong := range p.poisons {
		for i := range p.topics {
			if p.class != webhook && p.rule(wrong.wrong, topicName(i)) == deadLetter {
				all = append(all, p.box(wrong.wrong, topicName(i)))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// wrong is what is wrong with a record from the start; empty for nothing.
func (p *plan) wrong(id identity) string {
	for i, x := range p.poisons {
		if (id.n*31+int(id.partition[1])+i*17)%x.step == 0 {
			return x.wrong
		}
	}
	return ""
}

// wrong is what is wrong with a record now: those that have stopped the runtime are
// repaired, one by one, or all at once where all are poisoned.
func (l *ledger) wrong(id identity) string {
	wrong := l.plan.wrong(id)
	if wrong == "" {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.repaired[id] || l.repairedAll[wrong] && l.plan.rule(wrong, l.plan.topic(id)) == halt {
		return ""
	}
	return wrong
}

// spoil makes an envelope what is wrong with it.
func (r record) spoil(wrong string, e connect.Envelope) connect.Envelope {
	switch wrong {
	case isBad:
		return connect.Bad(e.Offset, []byte(r.payload), errFault)
	case isNotJSON:
		e.Record = connect.RawJSON(r.topic, []byte(r.payload+"{")).WithAttribute("note", r.note)
		if r.key != "" {
			e.Record = e.Record.WithKey(r.key)
		}
	}
	return e
}

// refuses lets the brokers have their trouble with what is poisoned; once they are
// mended no handler dies any more.
func (w *world) refuses(mended bool) {
	if len(w.plan.poisons) == 0 {
		return
	}
	match := func(wrong string) func(devbroker.Request) bool {
		return func(r devbroker.Request) bool {
			id, err := identify(r.Payload)
			return err == nil && !isBox(r.Topic) && w.ledger.wrong(id) == wrong
		}
	}
	w.broker.Script(devbroker.Fault{
		Method: "SendMessage", Match: match(isRefused), Times: devbroker.Keep,
		Code: codes.PermissionDenied, Text: "Unable to publish the message: Payload validation failed: odd",
	})
	if !mended {
		w.deadly = w.broker.Script(devbroker.Fault{Method: "SendMessage", Match: match(isReset), Times: devbroker.Keep, Reset: true})
	}
}

// step is how many records there are to one that is wrong so.
func (p *plan) step(wrong string) int {
	for _, x := range p.poisons {
		if x.wrong == wrong {
			return x.step
		}
	}
	return 0
}

// boxFault lets the sends to a dead-letter topic, or its opening, go wrong for a while.
func boxFault(f devbroker.Fault, says string, crash bool) func(*rand.Rand, *plan) event {
	return func(r *rand.Rand, p *plan) event {
		f := f
		f.Topic, f.Times = pick(r, p.boxes()...), devbroker.Keep
		var scene *devbroker.Scene
		return event{
			says: says + f.Topic, length: between(r, time.Second, 40*time.Second),
			begin: func(w *world) { scene = w.broker.Script(f) },
			end: func(w *world) {
				if crash {
					w.forgot(w.broker.Crash())
				}
				scene.Lift()
			},
		}
	}
}

func letters(p *plan) bool { return len(p.boxes()) > 0 }

func lettersCrash(p *plan) bool { return p.crashes() && letters(p) }
