package offset_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// child is what a process does with offsets until its stdin ends: hold them, or
// commit for ever and say so.
func child(role, path string) int {
	ctx := context.Background()
	s, err := offset.Open(path, offset.Settings{Connector: "orders"})
	if err != nil {
		return fail(err)
	}
	epoch := s.Epoch() + 1
	if err := s.Begin(ctx, epoch); err != nil {
		return fail(err)
	}
	fmt.Println("epoch", epoch)
	if role == "fill" {
		return fill(s, epoch)
	}
	from := resume(s)
	for i := from + 1; role == "commit"; i++ {
		fmt.Println("about", i)
		if err := s.Commit(ctx, epoch, []connect.Offset{at("a", i), {Partition: "b", Value: i, Metadata: strings.Repeat("m", int(i%5000))}}); err != nil {
			return fail(err)
		}
		fmt.Println("stored", i)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Close(); err != nil {
		return fail(err)
	}
	return 0
}

// resume returns the position that all partitions of a "commit" child have, or a
// value that no test expects.
func resume(s *offset.Store) uint64 {
	all := s.Resume()
	if len(all) == 0 {
		return 0
	}
	if len(all) != 2 || all[0].Value != all[1].Value {
		return 1 << 62
	}
	return all[0].Value
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	p := start(t, "hold", path)
	if line := p.line(t); line != "epoch 1" {
		t.Fatalf("the child says %q", line)
	}
	for _, open := range []func() error{
		func() error { _, err := offset.Open(path, offset.Settings{Connector: "orders", Wait: 1}); return err },
		func() error { _, err := offset.Inspect(path); return err },
	} {
		err := open()
		refused(t, err, connect.ClassFatal, path, "another process", "a name and a file each")
		if !errors.Is(err, offset.ErrLocked) {
			t.Errorf("%v is not ErrLocked", err)
		}
	}
	p.end(t)
	s := opened(t, path)
	if s.Epoch() != 1 {
		t.Errorf("epoch %d", s.Epoch())
	}
	q := start(t, "hold", path)
	if line := q.line(t); !strings.Contains(line, offset.ErrLocked.Error()) {
		t.Errorf("a process that came second says %q", line)
	}
}

// TestKilledWhileCommitting is kill -9 at any moment: what was said to be stored
// is, and what was not begun is not.
func TestKilledWhileCommitting(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := fresh(t)
	var stored, about uint64
	for life := range 15 {
		p := start(t, "commit", path)
		if want, line := fmt.Sprintf("epoch %d", life+1), p.line(t); line != want {
			t.Fatalf("life %d says %q", life, line)
		}
		var lines []string
		for range random.IntN(40) {
			lines = append(lines, p.line(t))
		}
		for _, line := range append(lines, p.kill()...) {
			_, _ = fmt.Sscanf(line, "about %d", &about)
			_, _ = fmt.Sscanf(line, "stored %d", &stored)
		}
		s, err := offset.Open(path, offset.Settings{Connector: "orders"})
		must(t, err)
		if at := resume(s); at < stored || at > max(about, stored) {
			t.Fatalf("life %d: at %d, while %d was stored and %d begun", life, at, stored, about)
		}
		must(t, s.Close())
	}
	if stored == 0 {
		t.Error("no commit was ever stored")
	}
}

// TestManyMakeTheFile starts everybody at once where there is no file: one wins,
// and the others are told, or come after it.
func TestManyMakeTheFile(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	var wg sync.WaitGroup
	stores := make([]*offset.Store, 8)
	errs := make([]error, len(stores))
	for i := range stores {
		wg.Go(func() {
			stores[i], errs[i] = offset.Open(path, offset.Settings{Connector: "orders"})
		})
	}
	wg.Wait()
	var winner *offset.Store
	for i, s := range stores {
		switch {
		case s != nil && winner == nil:
			winner = s
		case s != nil:
			t.Error("two have the file at a time")
		case !errors.Is(errs[i], offset.ErrLocked):
			t.Error(errs[i])
		}
	}
	if winner == nil {
		t.Fatal("each was in the way of another")
	}
	must(t, winner.Begin(t.Context(), 1))
	must(t, winner.Close())
	if s := opened(t, path); s.Epoch() != 1 {
		t.Errorf("epoch %d", s.Epoch())
	}
}

// fill commits more and more with a limit on the size of files, which the kernel
// answers as it does a full disk: nothing is lost, and once there is room it goes on.
func fill(s *offset.Store, epoch uint64) int {
	ctx := context.Background()
	free, err := limitFileSize(40 << 10)
	if err != nil {
		return fail(err)
	}
	var kept []connect.Offset
	for {
		more := connect.Offset{Partition: fmt.Sprintf("p%03d", len(kept)), Metadata: strings.Repeat("m", 300)}
		if err = s.Commit(ctx, epoch, []connect.Offset{more}); err != nil {
			break
		}
		kept = append(kept, more)
	}
	fmt.Println(len(kept), connect.ClassOf(err), err)
	for range 3 {
		big := connect.Offset{Partition: "big", Metadata: strings.Repeat("m", 60000)}
		if err := s.Commit(ctx, epoch, []connect.Offset{big}); connect.ClassOf(err) != connect.ClassRetryable {
			return fail(fmt.Errorf("while there is no room: %w", err))
		}
	}
	if !slices.Equal(s.Resume(), kept) {
		return fail(errors.New("not what was committed"))
	}
	if err := free(); err != nil {
		return fail(err)
	}
	if err := s.Commit(ctx, epoch, []connect.Offset{at("big", 1)}); err != nil {
		return fail(err)
	}
	fmt.Println("room again", len(s.Resume()))
	if err := s.Close(); err != nil {
		return fail(err)
	}
	return 0
}

// TestDiskRunsFull is a disk that is full and then is not.
func TestDiskRunsFull(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the size of files cannot be limited on this system")
	}
	path := fresh(t)
	p := start(t, "fill", path)
	if line := p.line(t); line != "epoch 1" {
		t.Fatalf("the child says %q", line)
	}
	line := p.line(t)
	for _, words := range []string{" retryable ", path, "the last commit still stands", "file too large"} {
		if !strings.Contains(line, words) {
			t.Errorf("%q does not say %q", line, words)
		}
	}
	var before, after int
	_, _ = fmt.Sscanf(line, "%d", &before)
	if _, err := fmt.Sscanf(p.line(t), "room again %d", &after); err != nil || before < 2 || after != before+1 {
		t.Errorf("%d partitions, then %d, %v", before, after, err)
	}
	p.end(t)
	if all := opened(t, path).Resume(); len(all) != after {
		t.Errorf("%d partitions in the file, want %d", len(all), after)
	}
}
