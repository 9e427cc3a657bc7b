package devbroker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func pair() (client, server net.Conn) { return newPipe(memoryAddr("c:1"), memoryAddr("s:1")) }

func TestPipeCarriesBytesBothWays(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	for i := range 2 {
		a, b := pair()
		if i == 1 {
			a, b = b, a
		}
		sent := make([]byte, 3*pipeBuffer+7)
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		for j := range sent {
			sent[j] = byte(random.Uint32())
		}
		done := make(chan error, 1)
		go func() {
			for rest := sent; len(rest) > 0; {
				n := min(1+random.IntN(100_000), len(rest))
				if _, err := a.Write(rest[:n]); err != nil {
					done <- err
					return
				}
				rest = rest[n:]
			}
			done <- a.Close()
		}()
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("seed %d: read %d bytes, %v; want the %d sent", seed, len(got), err, len(sent))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestPipeIsBuffered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := pair()
		if n, err := a.Write(make([]byte, pipeBuffer)); n != pipeBuffer || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
		blocked := true
		go func() {
			_, _ = a.Write([]byte{1})
			blocked = false
		}()
		synctest.Wait()
		if !blocked {
			t.Error("a full pipe takes more")
		}
		if _, err := io.ReadFull(b, make([]byte, pipeBuffer+1)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if blocked {
			t.Error("the writer still waits")
		}
	})
}

func TestPipeEnds(t *testing.T) {
	t.Parallel()
	a, b := pair()
	if _, err := a.Write([]byte("left")); err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
	_ = a.Close()
	buf := make([]byte, 10)
	if n, err := b.Read(buf); n != 4 || err != nil {
		t.Errorf("what was written before the end: %d, %v", n, err)
	}
	if n, err := b.Read(buf); n != 0 || err != io.EOF {
		t.Errorf("after it: %d, %v; want EOF", n, err)
	}
	if _, err := b.Write(buf); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing to nobody: %v; want EPIPE", err)
	}
	if _, err := a.Read(buf); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading one's own closed end: %v", err)
	}
	if _, err := a.Write(buf); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing one's own closed end: %v", err)
	}
}

func TestPipeResetLosesWhatIsBuffered(t *testing.T) {
	t.Parallel()
	a, b := pair()
	if _, err := a.Write([]byte("lost")); err != nil {
		t.Fatal(err)
	}
	if err := a.(*pipe).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
	if n, err := b.Read(make([]byte, 10)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Read: %d, %v; want ECONNRESET", n, err)
	}
}

func TestPipeCloseWakesWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, near := range []bool{true, false} {
			a, b := pair()
			errs := make(chan error, 2)
			go func() {
				_, err := a.Read(make([]byte, 1))
				errs <- err
			}()
			go func() {
				_, err := a.Write(make([]byte, 2*pipeBuffer))
				errs <- err
			}()
			synctest.Wait()
			if near {
				_ = a.Close()
			} else {
				_ = b.Close()
			}
			for range 2 {
				if err := <-errs; err == nil {
					t.Error("no error")
				}
			}
		}
	})
}

func TestPipeDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := pair()
		buf := make([]byte, 2*pipeBuffer)
		expect := func(what string, want time.Duration, call func([]byte) (int, error)) {
			t.Helper()
			began := time.Now()
			_, err := call(buf)
			var timeout net.Error
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%s: %v; want a timeout", what, err)
			}
			if took := time.Since(began); took != want {
				t.Errorf("%s took %v; want %v", what, took, want)
			}
		}
		_ = a.SetReadDeadline(time.Now().Add(time.Second))
		expect("read", time.Second, a.Read)
		expect("read past it", 0, a.Read)
		_ = a.SetWriteDeadline(time.Now().Add(2 * time.Second))
		expect("write", 2*time.Second, a.Write)
		_ = a.SetDeadline(time.Now().Add(-time.Second))
		expect("read in the past", 0, a.Read)
		expect("write in the past", 0, a.Write)

		// Moved while somebody waits, and taken away.
		_ = a.SetDeadline(time.Time{})
		go func() {
			time.Sleep(time.Second)
			_ = a.SetReadDeadline(time.Now().Add(time.Second))
		}()
		expect("moved read", 2*time.Second, a.Read)
		_ = a.SetDeadline(time.Time{})
		go func() {
			time.Sleep(time.Hour)
			_, _ = b.Write([]byte("x"))
		}()
		if n, err := a.Read(buf); n != 1 || err != nil {
			t.Errorf("without a deadline: %d, %v", n, err)
		}
		_, _ = a.Close(), b.Close()
	})
}

func TestNetworkDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		ctx := t.Context()
		if _, err := n.Dial(ctx, "a:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody there: %v; want ECONNREFUSED", err)
		}
		l, err := n.listen("a:1")
		if err != nil {
			t.Fatal(err)
		}
		c, err := n.Dial(ctx, "a:1")
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if c.RemoteAddr().String() != "a:1" || s.LocalAddr().String() != "a:1" ||
			c.LocalAddr().String() != s.RemoteAddr().String() || c.LocalAddr().Network() != "memory" {
			t.Errorf("addresses are %v-%v and %v-%v", c.LocalAddr(), c.RemoteAddr(), s.LocalAddr(), s.RemoteAddr())
		}
		// A full backlog makes the next one wait.
		var waiting []net.Conn
		for range backlog {
			w, err := n.Dial(ctx, "a:1")
			if err != nil {
				t.Fatal(err)
			}
			waiting = append(waiting, w)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := n.Dial(short, "a:1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a full backlog: %v", err)
		}
		_, _ = l.Close(), l.Close()
		if _, err := waiting[0].Read(make([]byte, 1)); err == nil {
			t.Error("a connection nobody accepted outlives the listener")
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept on a closed listener: %v", err)
		}
		if _, err := n.Dial(ctx, "a:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("closed: %v; want ECONNREFUSED", err)
		}
		if _, err := n.listen("a:1"); err != nil {
			t.Errorf("the address is not free again: %v", err)
		}
	})
}

func TestNetworkPorts(t *testing.T) {
	t.Parallel()
	n := NewNetwork()
	seen := map[string]bool{}
	for range 5 {
		l, err := n.listen("h:0")
		if err != nil {
			t.Fatal(err)
		}
		if addr := l.Addr().String(); seen[addr] || addr == "h:0" {
			t.Errorf("address %s", addr)
		} else {
			seen[addr] = true
		}
	}
	if _, err := n.listen("no port"); err == nil {
		t.Error("listens without a port")
	}
}
