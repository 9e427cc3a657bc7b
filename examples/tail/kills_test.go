package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
)

// siege is a file that is written, a broker that lives in the test and restarts, and
// one process after the other that is killed between them.
type siege struct {
	*testing.T
	ctx    context.Context
	rng    *rand.Rand
	broker *devbroker.Broker
	file   *os.File
	dir    string
	ends   []int64 // where each line ends

	restarts, forgotten int
	bound               int // duplicates there may be
}

// besiege begins one; CHAOS_FIRST repeats what CHAOS_KILLS begins with.
func besiege(t *testing.T) *siege {
	t.Helper()
	s := &siege{T: t, dir: t.TempDir()}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CHAOS_FIRST"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		s.do(err)
	}
	t.Logf("seed %d (CHAOS_FIRST)", seed)
	s.rng = rand.New(rand.NewPCG(seed, 0))
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(t.Context(), 30*time.Minute)
	t.Cleanup(cancel)
	var err error
	s.broker, err = devbroker.Start(devbroker.Settings{Topics: []string{topic}, Flush: 300 * time.Millisecond})
	s.do(err)
	t.Cleanup(func() { _ = s.broker.Close() })
	s.file, err = os.Create(filepath.Join(s.dir, "lines.log"))
	s.do(err)
	t.Cleanup(func() { _ = s.file.Close() })
	return s
}

func (s *siege) do(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// write appends n lines: a key, and a number that counts them all.
func (s *siege) write(n int) {
	s.Helper()
	var b strings.Builder
	at := int64(0)
	if len(s.ends) > 0 {
		at = s.ends[len(s.ends)-1]
	}
	for range n {
		fmt.Fprintf(&b, "key%d %d %s\n", len(s.ends)%keys, len(s.ends), padding)
		s.ends = append(s.ends, at+int64(b.Len()))
	}
	_, err := s.file.WriteString(b.String())
	s.do(err)
}

func (s *siege) tail() *stage.Player {
	s.Helper()
	p, err := stage.Play(nil, "-file", s.file.Name(), "-offsets", filepath.Join(s.dir, "offsets"),
		"-danube", s.broker.URL(), "-key", `^\w+`)
	s.do(err)
	s.Cleanup(p.Kill)
	return p
}

// committed is how many lines the process has committed, by its file.
func (s *siege) committed() int {
	s.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "offsets", "*.json"))
	s.do(err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		s.do(err)
		if m := value.FindSubmatch(text); m != nil {
			at, err := strconv.ParseInt(string(m[1]), 10, 64)
			s.do(err)
			n := sort.Search(len(s.ends), func(i int) bool { return s.ends[i] >= at })
			if n == len(s.ends) || s.ends[n] != at {
				s.Fatalf("byte %d is committed, where no line ends", at)
			}
			return n + 1
		}
	}
	return 0
}

// accepted is how many messages the broker has ever taken: how far reading has come,
// whatever the process was told of it.
func (s *siege) accepted() int { return int(s.broker.Topics()[0].Accepted) }

// published is how many lines have been published at least once: the bound is
// counted from it.
func (s *siege) published() (n int) {
	for m := range s.broker.Log(topic) {
		line, err := number(m.Payload)
		s.do(err)
		n = max(n, line+1)
	}
	return n
}

func number(payload []byte) (int, error) {
	_, rest, _ := strings.Cut(string(payload), " ")
	text, _, _ := strings.Cut(rest, " ")
	return strconv.Atoi(text)
}

func (s *siege) until(what string, done func() bool) {
	s.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-limit.C:
			s.Fatalf("after a minute: %s has not come about; %d lines written, %d committed, %d messages taken", what, len(s.ends), s.committed(), s.accepted())
		case <-s.ctx.Done():
			s.Fatal(context.Cause(s.ctx))
		}
	}
}

// owe adds to the bound what may be sent again from here: all that is published and
// not committed.
func (s *siege) owe() { s.bound += s.published() - s.committed() }

// restart restarts the broker; it may forget what it has not written.
func (s *siege) restart() {
	s.restarts++
	s.owe()
	if s.rng.IntN(2) == 0 {
		s.broker.Forget()
		return
	}
	for _, n := range s.broker.Crash() {
		s.forgotten += n
	}
}

// kill lets a process come so far as chance has it, and kills it there. The first
// ones are one of each kind.
func (s *siege) kill(i int) {
	s.write(50 + s.rng.IntN(500))
	begun, open := s.accepted(), len(s.ends)-s.committed()
	p := s.tail()
	some := func() int { return begun + 1 + s.rng.IntN(open) }
	if i > 4 {
		i = s.rng.IntN(10)
	}
	switch i {
	case 0: // at once
	case 1: // behind a commit
		before := s.committed()
		s.until("a commit", func() bool { return s.committed() > before })
		s.write(200)
		more := s.accepted() + 1 + s.rng.IntN(200)
		s.until("lines behind a commit", func() bool { return s.accepted() >= more })
	case 2, 3: // when the broker has restarted under it
		n := some()
		s.until("some lines", func() bool { return s.accepted() >= n })
		s.restart()
		s.write(10)
		n = s.accepted()
		s.until("lines after a restart", func() bool { return s.accepted() > n })
	default: // somewhere among the lines
		n := some()
		s.until("some lines", func() bool { return s.accepted() >= n })
	}
	p.Kill()
	s.owe()
	if s.rng.IntN(10) == 0 {
		s.restart() // while nobody is there
	}
}

// TestKilledAgainAndAgain kills the program at random moments, and restarts the
// broker at others: no line is missing in the end, and what came twice is within
// what was published and not committed at those moments.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	kills := 8
	if text := os.Getenv("CHAOS_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("CHAOS_KILLS: %v", err)
		}
	}
	s := besiege(t)
	for i := range kills {
		s.kill(i)
	}
	s.write(100)
	last := s.tail()
	s.until("everything committed", func() bool { return s.committed() == len(s.ends) })
	(&scene{T: t, ctx: s.ctx}).ends(last)
	missing, messages, duplicates := s.judge()
	t.Logf("figure: %d kills, %d restarts of the broker that forgot %d messages; %d lines, %d messages: %d missing, %d duplicates of at most %d",
		kills, s.restarts, s.forgotten, len(s.ends), messages, missing, duplicates, s.bound)
	if missing > 0 || duplicates > s.bound {
		t.Errorf("want nothing missing, and at most %d duplicates", s.bound)
	}
}

// judge takes the broker's log for what has arrived: every line, those of a key in
// order but for replays of what came before.
func (s *siege) judge() (missing, messages, duplicates int) {
	s.Helper()
	times := make([]int, len(s.ends))
	newest := map[string]int{}
	for m := range s.broker.Log(topic) {
		n, err := number(m.Payload)
		if err != nil || n >= len(times) || m.Key != fmt.Sprintf("key%d", n%keys) {
			s.Fatalf("the broker holds %q with the key %q", m.Payload, m.Key)
		}
		if before, known := newest[m.Key]; known && n > before && n != before+keys || !known && n >= keys {
			s.Errorf("%s: line %d comes after %d", m.Key, n, before)
		}
		newest[m.Key] = n
		messages++
		times[n]++
	}
	for n, c := range times {
		if c == 0 {
			missing++
			s.Errorf("line %d is missing", n)
		}
		duplicates += max(c-1, 0)
	}
	return missing, messages, duplicates
}
