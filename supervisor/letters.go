package supervisor

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// ruleOf is the error policy of records that are for no declared topic.
func ruleOf(c *config.Connector) letters.Rule {
	return letters.Rule{Policy: letters.PolicyOf(c.Errors.OnInvalid), Topic: c.DeadLetterTopic()}
}

// ruleFor is the error policy of a declared topic's records.
func ruleFor(c *config.Connector, topic string) letters.Rule {
	t := c.TopicFor(topic)
	return letters.Rule{Policy: letters.PolicyOf(t.OnInvalid), Topic: t.DeadLetterTopic}
}

// rule is ruleFor, but that the letters of a dead-letter topic's own records stay in
// it: were they for another, no order of stopping would let both become dry.
func (t *topics) rule(topic string) letters.Rule {
	r := ruleFor(&t.rt.cfg, topic)
	if t.mailboxes[topic] {
		r.Topic = topic
	}
	return r
}

// checkMailbox refuses what a dead-letter topic cannot be: one whose OK promises
// nothing, and one with a dead-letter topic of its own.
func (t *topics) checkMailbox(p connect.Producer) error {
	if !t.mailboxes[p.Topic] {
		return nil
	}
	var errs []error
	if !p.Reliable {
		errs = append(errs, connect.ConfigError("topic %s is declared with reliable = false and takes dead letters: the broker drops what nobody is reading, and the offsets would not wait for it; declare it reliable, or name another dead_letter_topic", p.Topic))
	}
	if other := t.rt.cfg.Topics[p.Topic].DeadLetterTopic; other != "" && other != p.Topic {
		errs = append(errs, connect.ConfigError("[topics.%q] dead_letter_topic = %q: the topic takes dead letters itself, and those of its own records stay in it; leave the key out", p.Topic, other))
	}
	return errors.Join(errs...)
}

// disagree is the error of a topic that is declared in two ways.
func (t *topics) disagree(p, before connect.Producer) error {
	hint := ""
	if t.mailboxes[p.Topic] {
		hint = "; a dead-letter topic nobody has declared is made with the first topics, so declare it before them or with them"
	}
	return connect.ConfigError("topic %s is declared with partitions = %d, reliable = %t, and was declared with partitions = %d, reliable = %t; they must agree%s",
		p.Topic, p.Partitions, p.Reliable, before.Partitions, before.Reliable, hint)
}

func toleranceOf(c *config.Connector) *letters.Tolerance {
	e := c.Errors
	return letters.NewTolerance(letters.Limits{Max: e.Max, Ratio: e.MaxRatio, Window: e.Window})
}

// mailboxes names every topic that dead letters may go to.
func mailboxes(c *config.Connector) map[string]bool {
	all := map[string]bool{}
	rules := []letters.Rule{ruleOf(c)}
	for topic := range c.Topics {
		rules = append(rules, ruleFor(c, topic))
	}
	for _, r := range rules {
		if r.Policy == letters.DeadLetter {
			all[r.Topic] = true
		}
	}
	return all
}

// withMailboxes adds to producers the dead-letter topics that they need and nobody
// declares, and puts all dead-letter topics first: the others are made with a way to
// theirs. topics.mu is held.
func (t *topics) withMailboxes(producers []connect.Producer) []connect.Producer {
	var first, rest []connect.Producer
	declared := map[string]bool{}
	for _, p := range producers {
		declared[p.Topic] = true
		if t.mailboxes[p.Topic] {
			first = append(first, p)
		} else {
			rest = append(rest, p)
		}
	}
	need := func(r letters.Rule) {
		_, known := t.find(nil, r.Topic)
		if r.Policy == letters.DeadLetter && !known && !declared[r.Topic] {
			declared[r.Topic] = true
			first = append(first, connect.Producer{Topic: r.Topic, Reliable: true})
		}
	}
	need(ruleOf(&t.rt.cfg))
	for _, p := range producers {
		need(t.rule(p.Topic))
	}
	return append(first, rest...)
}

// invalid is the error policy of a topic as its publisher takes it; box is the one of
// a dead-letter topic, if there is one.
func (t *topics) invalid(rule letters.Rule, box *topic) publisher.Invalid {
	inv := publisher.Invalid{Policy: rule.Policy, Tolerance: t.rt.tolerance, Report: t.rt.diverted.note}
	if rule.Policy == letters.DeadLetter {
		inv.Letters = publisher.Mailbox{
			Topic: rule.Topic, Index: box.handed.Index, Parcels: box.handed.Pipe, Measure: box.handed.Measure,
			Limit: min(wire.MaxMessageSize, t.rt.budget.Limits().Bytes),
		}
	}
	return inv
}

// release lets the session of a dead-letter topic be opened once the source's topics
// are known and every one whose name begins its name has been open. The broker (0.15.1) looks for partitions by
// prefix without a boundary, so it does not create a plain /default/orders once there
// is a /default/orders-dead-letters. topics.mu is held.
func (t *topics) release() {
	if !t.known {
		return
	}
	for _, box := range t.all {
		if box.opening == nil || isClosed(box.opening) {
			continue
		}
		clear := true
		for _, other := range t.all {
			s := other.states[0]
			clear = clear && (!begins(other, box) || s.open || s.state == publisher.Failed)
		}
		if clear {
			close(box.opening)
		}
	}
}

// begins reports whether the name of a plain topic begins that of another.
func begins(plain, other *topic) bool {
	a, b := plain.producer, other.producer.Topic
	return a.Partitions == 0 && a.Topic != b && strings.HasPrefix(b, a.Topic)
}

// warn says which new topics the broker may refuse to create.
func (t *topics) warn(fresh []*topic) {
	for _, f := range fresh {
		for _, box := range t.all {
			if box.opening != nil && isClosed(box.opening) && begins(f, box) {
				t.rt.log.Warn("the broker may not create a topic whose name begins that of a dead-letter topic; declare it at the start, or set [errors] dead_letter_topic",
					slog.String("topic", f.producer.Topic), slog.String("dead_letter_topic", box.producer.Topic))
			}
		}
	}
}

// diverted logs records that were skipped or became dead letters: the first at once,
// and then no more than one a while, with the number of the others. Every one is
// counted elsewhere.
type diverted struct {
	log *slog.Logger

	mu     sync.Mutex
	last   time.Time
	unsaid int
}

// quiet is how long the log is silent about such records after it named one.
const quiet = 10 * time.Second

func (d *diverted) note(p letters.Policy, err error) {
	d.mu.Lock()
	now := time.Now()
	if !d.last.IsZero() && now.Sub(d.last) < quiet {
		d.unsaid++
		d.mu.Unlock()
		return
	}
	unsaid := d.unsaid
	d.last, d.unsaid = now, 0
	d.mu.Unlock()
	d.log.Warn("a record cannot be delivered", slog.String("policy", p.String()), slog.Any("error", err),
		slog.Int("others_since_last_said", unsaid))
}

// halting makes an invalid record fatal: the gate has asked the error policy, and is
// left with what that does not help against.
func halting(err error) error {
	if connect.ClassOf(err) != connect.ClassInvalid {
		return err
	}
	return connect.Fatal(err)
}
