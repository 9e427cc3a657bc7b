package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// A source behind a tap runs only while the tap is open, and says when it waits.
func TestTap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tap := newTap()
		var passed atomic.Int64
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for tap.pass(ctx) {
				passed.Add(1)
				time.Sleep(time.Millisecond)
			}
		}()
		synctest.Wait()
		if n := passed.Load(); n != 0 {
			t.Fatalf("passed %d times through a new tap, which is shut", n)
		}
		for round := range 3 {
			tap.open()
			tap.open() // once is enough
			time.Sleep(10*time.Millisecond + time.Microsecond)
			parked := tap.shut()
			if closed(parked) {
				t.Fatalf("round %d: parked while it is at work", round)
			}
			before := passed.Load()
			time.Sleep(10 * time.Millisecond)
			if !closed(parked) || !closed(tap.shut()) {
				t.Fatalf("round %d: not parked after the tap was shut", round)
			}
			if n := passed.Load(); n != before || n != 11*int64(round+1) {
				t.Fatalf("round %d: passed %d times, then %d; want %d and no more", round, before, n, 11*(round+1))
			}
		}
		cancel()
		<-ended
	})
}

// A context that ends lets nobody through a shut tap, and is not asked by an open one.
func TestTapWithoutAContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tap := newTap()
	if tap.pass(ctx) {
		t.Error("passed through a shut tap")
	}
	tap.open()
	if !tap.pass(ctx) {
		t.Error("did not pass through an open tap; the runtime tells its source to stop by other means")
	}
}
