package publisher

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	proofFlush  = 5 * time.Second
	proofMargin = time.Second
)

// at is so many milliseconds after dawn.
func at(ms int) time.Time { return dawn.Add(time.Duration(ms) * time.Millisecond) }

// saying is one thing a proof is told: an OK sent and answered at, by a send or a
// health check; or, with answered alone, the acknowledgement of a record; or neither,
// a refusal.
type saying struct {
	sent, answered int
	send           bool
}

// proofs say what is proven in the end, in ms; with 0 nothing is.
var proofs = []struct {
	name   string
	said   []saying
	proven int
}{
	{"nothing said", nil, 0},
	{"one OK, however late", []saying{{sent: 60_000, answered: 60_001}}, 0},
	{"two a margin apart", []saying{{sent: 7000, answered: 7010}, {sent: 8010, answered: 8020}}, 1000},
	{"two closer than a margin", []saying{{sent: 7000, answered: 7010}, {sent: 8009, answered: 8500}}, 0},
	{"a margin after the first was sent, not answered", []saying{{sent: 7000, answered: 7900}, {sent: 8000, answered: 8100}}, 0},
	{"counted from the first's send, not its answer", []saying{{sent: 7000, answered: 9000}, {sent: 10_000, answered: 10_001}}, 1000},
	{"what comes in between does not push the first away", []saying{{sent: 7000, answered: 7010}, {sent: 7500, answered: 7510}, {sent: 8010, answered: 8011}}, 1000},
	{"the second is the next first", []saying{
		{sent: 7000, answered: 7000}, {sent: 8000, answered: 8000}, {sent: 9000, answered: 9000}, {sent: 9500, answered: 9500},
	}, 2000},
	{"a second that is older than the first", []saying{{sent: 9000, answered: 9010}, {sent: 7000, answered: 12_000}, {sent: 10_010, answered: 10_020}}, 3000},
	{"health checks after a refused send", []saying{{sent: 7000, answered: 7010}, {}, {sent: 9000, answered: 9010}, {sent: 60_000, answered: 60_000}}, 0},
	{"a send that succeeds ends the doubt", []saying{
		{sent: 7000, answered: 7010}, {}, {sent: 9000, answered: 9010}, {sent: 10_000, answered: 10_010, send: true},
	}, 1000},
}

func newProof() *proof { return &proof{flush: proofFlush, margin: proofMargin} }

func (p *proof) hear(s saying) bool {
	if s == (saying{}) {
		p.refused()
		return false
	}
	return p.ok(at(s.sent), at(s.answered), s.send)
}

func TestProof(t *testing.T) {
	t.Parallel()
	for _, c := range proofs {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, proven := newProof(), time.Time{}
			for _, s := range c.said {
				if p.hear(s) != p.proven.After(proven) {
					t.Errorf("%+v: proven is %v after %v, and that was not reported", s, p.proven, proven)
				}
				proven = p.proven
			}
			want := at(c.proven)
			if c.proven == 0 {
				want = time.Time{}
			}
			if !proven.Equal(want) {
				t.Errorf("proven up to %v, want %d ms", proven.Sub(dawn), c.proven)
			}
		})
	}
}

// book is the rule, written down with its own words and nothing left out.
type book struct {
	f, m            time.Duration
	lastAck, proven *time.Time
	mark            *[2]time.Time // sent, answered
	doubt           bool
}

func (b *book) ok(sent, now time.Time, send bool) (emit bool) {
	switch {
	case !send && b.doubt: // after a refused send, health OKs prove nothing until the next send OK
		return false
	case send:
		b.doubt = false
	}
	if b.mark == nil { // no mark → mark = (s, now)
		b.mark = &[2]time.Time{sent, now}
		return false
	}
	if sent.Sub(b.mark[1]) < b.m { // else if s ≥ mark.answered + M
		return false
	}
	through := b.mark[0].Add(-(b.f + b.m)) // proven = max(proven, mark.sent − F − M)
	b.mark = &[2]time.Time{sent, now}
	if b.proven == nil || through.After(*b.proven) {
		b.proven = &through
		return true
	}
	return false
}

func (b *book) dirty() bool {
	return b.lastAck != nil && (b.proven == nil || b.lastAck.After(*b.proven))
}

// Whatever is said in whatever order, the core knows what the rule knows.
func TestProofAgainstTheRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := time.Duration(rapid.IntRange(1, 5).Draw(t, "flush")) * time.Second
		m := time.Duration(rapid.IntRange(1, 2000).Draw(t, "margin")) * time.Millisecond
		p, b := &proof{flush: f, margin: m}, &book{f: f, m: m}
		now := 0
		pass := func(t *rapid.T) { now += rapid.SampledFrom([]int{0, 1, 10, 300, 1000, 7000}).Draw(t, "later") }
		ok := func(t *rapid.T) {
			pass(t)
			sent, send := at(now-rapid.SampledFrom([]int{0, 1, 10, 900, 5000}).Draw(t, "took")), rapid.Bool().Draw(t, "send")
			if got, want := p.ok(sent, at(now), send), b.ok(sent, at(now), send); got != want {
				t.Fatalf("an OK of %v proves something: %t, want %t", sent.Sub(dawn), got, want)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"ok": ok, "ok too": ok, "ok again": ok,
			"acknowledged": func(t *rapid.T) {
				pass(t)
				p.acknowledged(at(now))
				b.lastAck = new(at(now))
			},
			"refused": func(t *rapid.T) { p.refused(); b.doubt = true },
			"begin":   func(t *rapid.T) { p.begin(); *b = book{f: f, m: m} },
			"forget":  func(t *rapid.T) { p.forget(); b.lastAck = nil },
			"": func(t *rapid.T) {
				proven := time.Time{}
				if b.proven != nil {
					proven = *b.proven
				}
				if !p.proven.Equal(proven) || p.dirty() != b.dirty() {
					t.Fatalf("proven %v, dirty %t; want %v, %t", p.proven, p.dirty(), proven, b.dirty())
				}
			},
		})
	})
}

// Health checks at the times it asks for prove the newest acknowledgement: two of
// them as a rule, three when one was answered at an awkward moment, and none after.
func TestProbesProve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, now := newProof(), 0
		for range rapid.IntRange(0, 5).Draw(t, "before") {
			now += rapid.IntRange(0, 9000).Draw(t, "later")
			p.ok(at(now-rapid.IntRange(0, 500).Draw(t, "took")), at(now), true)
			p.acknowledged(at(now))
		}
		if now == 0 {
			now = 1
			p.acknowledged(at(now))
		}
		last, took := p.lastAck, rapid.IntRange(0, 2000).Draw(t, "answers take")
		clock, probes := at(now), 0
		for ; p.dirty(); probes++ {
			when := p.probeAt()
			if when.IsZero() {
				t.Fatalf("dirty after %d probes, and no other is asked for", probes)
			}
			if when.After(clock) {
				clock = when
			}
			sent := clock
			clock = clock.Add(time.Duration(took) * time.Millisecond)
			p.ok(sent, clock, false)
		}
		if probes > 3 || !p.probeAt().IsZero() {
			t.Fatalf("%d probes, and another at %v", probes, p.probeAt())
		}
		if most := proofFlush + 3*proofMargin + 2*time.Duration(took)*time.Millisecond; clock.Sub(last) > most {
			t.Fatalf("proven %v after the last acknowledgement, want within %v", clock.Sub(last), most)
		}
	})
}

// Nothing is asked for where it would prove nothing.
func TestNoProbeIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*proof{
		"clean":              newProof(),
		"final by itself":    {margin: proofMargin, lastAck: at(1)},
		"a send is in doubt": {flush: proofFlush, margin: proofMargin, lastAck: at(1), doubted: true},
	} {
		if when := p.probeAt(); !when.IsZero() {
			t.Errorf("%s: asks for a probe at %v", name, when)
		}
	}
}
