package chaos

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

var named = regexp.MustCompile(`\b(p\d+)@(\d+)\b`)

// pardon reports whether a poisoned record has stopped the runtime as it should: the
// error names it, and nothing past it is committed. It is repaired.
func (w *world) pardon(err error) bool {
	l, found := w.ledger, false
	for _, m := range named.FindAllStringSubmatch(err.Error(), -1) {
		n, _ := strconv.Atoi(m[2])
		id := identity{m[1], n}
		wrong := l.wrong(id)
		if wrong == "" || w.plan.rule(wrong, w.plan.topic(id)) != halt {
			continue
		}
		found = true
		l.mu.Lock()
		if l.told[id.partition] >= uint64(n) {
			l.mu.Unlock()
			l.problem("I3", "%s@%d stops the runtime, and is committed", id.partition, n)
			l.mu.Lock()
		}
		l.repaired[id] = true
		l.repairedAll[wrong] = l.repairedAll[wrong] || w.plan.step(wrong) == 1
		l.mu.Unlock()
		w.halts++
	}
	return found
}

// letter holds a letter against the record it stands for.
func (l *ledger) letter(r record, m devbroker.Message) {
	id := identity{r.partition, r.n}
	wrong := l.wrong(id)
	if wrong == "" || l.plan.class == webhook || l.plan.rule(wrong, r.topic) != deadLetter || m.Topic != l.plan.box(wrong, r.topic) {
		l.problem("I12", "%s has a letter of %s@%d (%q, %s)", m.Topic, r.partition, r.n, wrong, r.topic)
		return
	}
	l.letters[id]++
	want := []byte(r.payload)
	if wrong == isNotJSON {
		want = append(want, '{')
	}
	at := func(name string) string { return m.Attributes["danube.connect."+name] }
	whole := bytes.Equal(m.Payload, want) && at("dlq.class") == wrong
	if wrong != isBad {
		whole = whole && m.Key == r.key && m.Attributes["note"] == r.note && at("dlq.topic") == r.topic
	}
	if l.plan.class.replays() {
		whole = whole && at("partition") == r.partition && at("position") == strconv.Itoa(r.n)
	}
	if !whole {
		l.problem("I11", "the letter of %s@%d (%s) is not what it should be: %v", r.partition, r.n, wrong, m.Attributes)
	}
}

// settlePoison says of every record that is poisoned whether it has become what it
// should: lettered, skipped, or its sender told. One the handler died of may also have
// arrived, once the brokers were mended.
func (l *ledger) settlePoison(arrived map[identity]bool) {
	for i := range l.plan.sources {
		partition := l.plan.partition(i)
		for n := 1; n <= l.offered[partition]; n++ {
			id := identity{partition, n}
			wrong := l.wrong(id)
			if wrong == "" {
				continue
			}
			rule, r := l.plan.rule(wrong, l.plan.topic(id)), l.plan.record(partition, n)
			switch {
			case arrived[id] && wrong != isReset:
				l.problem("I12", "%s@%d (%s) has arrived", partition, n, wrong)
			case arrived[id], l.letters[id] > 0:
				l.Skip(r.id())
			case l.plan.class == webhook:
				if l.refused[id] {
					l.Skip(r.id())
				}
			case rule == skip && wrong != isReset:
				l.skips++
			}
		}
	}
}

// counts holds what the runtimes have counted against what there is.
func (w *world) counts(letters uint64) {
	l, least := w.ledger, uint64(0)
	for id := range l.letters {
		if w.plan.wrong(id) != isReset { // or it may have arrived, read once more when the letter had no answer
			least++
		}
	}
	if w.lettered > letters || w.lettered < least {
		w.Violations = append(w.Violations, violation("I12", "%d dead letters are counted; the brokers took %d, of %d records at least", w.lettered, letters, least))
	}
	if w.skipped > l.skippable || w.skipped < uint64(l.skips) {
		w.Violations = append(w.Violations, violation("I12", "%d records are counted as skipped; %d had to be, and such were offered %d times", w.skipped, l.skips, l.skippable))
	}
}

// fates counts what became of the poisoned records, by what was wrong with them.
func (w *world) fates() map[string]int {
	l, all := w.ledger, map[string]int{}
	for fate, ids := range map[string]map[identity]bool{"halted": l.repaired, "told": l.refused} {
		for id := range ids {
			all[w.plan.wrong(id)+" "+fate]++
		}
	}
	for id := range l.letters {
		all[w.plan.wrong(id)+" lettered"]++
	}
	all["skipped"] = int(w.skipped)
	return all
}

// deliver hands records over until each is delivered, or its sender was told that it
// never will be, and reports whether that is so. One call with a record that is wrong
// is not taken, so it is made again without it.
func (s *system) deliver(call func(...connect.Envelope) error, records []record) bool {
	for {
		var all []connect.Envelope
		var sent []record
		for _, r := range records {
			if !s.ledger.isRefused(r) {
				sent, all = append(sent, r), append(all, s.ledger.offer(r))
			}
		}
		if len(all) == 0 {
			return true
		}
		err := call(all...)
		if err == nil {
			for _, r := range sent {
				s.ledger.honest(r)
			}
			return true
		}
		if !s.refusals(err, sent) {
			return false
		}
	}
}

// refusals notes which records a sender was told never to send again, and reports
// whether there are any.
func (s *system) refusals(err error, sent []record) (some bool) {
	de, ok := errors.AsType[*connect.DeliveryError](err)
	if !ok {
		return false
	}
	for i, r := range sent {
		switch wrong := s.ledger.wrong(identity{r.partition, r.n}); {
		case de.Errs[i] == nil:
			s.ledger.honest(r)
		case !errors.Is(de.Errs[i], connect.ClassInvalid):
		case wrong == "":
			s.ledger.problem("I8", "what is right is refused: %v", de.Errs[i])
		default:
			some = true
			s.ledger.mu.Lock()
			s.ledger.refused[identity{r.partition, r.n}] = true
			s.ledger.mu.Unlock()
		}
	}
	return some
}

func (l *ledger) isRefused(r record) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused[identity{r.partition, r.n}]
}

// honest: nobody is told that a record is delivered which cannot be.
func (l *ledger) honest(r record) {
	if wrong := l.wrong(identity{r.partition, r.n}); wrong != "" && wrong != isReset {
		l.problem("I2", "%s@%d (%s) is said to be delivered", r.partition, r.n, wrong)
	}
}
