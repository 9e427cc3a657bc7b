package devbroker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// TestLogAgainstAModel appends, flushes, forgets and drops at random, and compares
// with a list that does the same plainly.
func TestLogAgainstAModel(t *testing.T) {
	t.Parallel()
	type kept struct {
		offset  uint64
		flushed bool
	}
	for range 50 {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 1))
		log := topicLog{most: 1 + random.IntN(20), mostOf: 1 + random.IntN(100)}
		var model []kept
		var next uint64
		size := map[uint64]int{}
		for range 500 {
			switch random.IntN(10) {
			default:
				n := random.IntN(12)
				size[next] = n
				log.append(&wire.StreamMessage{MsgId: &wire.MsgID{}, Payload: make([]byte, n)})
				model = append(model, kept{offset: next})
				next++
				for over(model, size, log.most, log.mostOf) {
					model = model[1:]
				}
			case 0:
				log.flush()
				for i := range model {
					model[i].flushed = true
				}
			case 1:
				before := len(model)
				model = slices.DeleteFunc(model, func(k kept) bool { return !k.flushed })
				if got := log.forget(); got != before-len(model) {
					t.Fatalf("seed %d: forgot %d; want %d", seed, got, before-len(model))
				}
			}
			var got []uint64
			bytes := 0
			for i, e := range log.entries {
				got = append(got, e.offset)
				bytes += len(e.msg.Payload)
				if at := log.at(log.base + uint64(i)); at != e || e.msg.MsgId.TopicOffset != e.offset {
					t.Fatalf("seed %d: position %d holds %v", seed, i, at)
				}
			}
			var want []uint64
			for _, k := range model {
				want = append(want, k.offset)
			}
			if !slices.Equal(got, want) || bytes != log.bytes || log.offsetAt(log.end()) != next {
				t.Fatalf("seed %d: log holds %v, %d bytes (%d counted), next %d; want %v, next %d", seed, got, bytes, log.bytes, log.next, want, next)
			}
		}
	}
}

func over[K interface {
	~struct {
		offset  uint64
		flushed bool
	}
}](model []K, size map[uint64]int, most, mostOf int) bool {
	bytes := 0
	for _, k := range model {
		bytes += size[struct {
			offset  uint64
			flushed bool
		}(k).offset]
	}
	return len(model) > most || bytes > mostOf && len(model) > 1
}

func TestAgendaRunsInOrderAndOnTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var a agenda
		s := &state{}
		began := time.Now()
		var got []string
		note := func(name string) func(*state, time.Time) {
			return func(_ *state, now time.Time) {
				got = append(got, fmt.Sprint(name, "@", now.Sub(began)))
			}
		}
		if a.C() != nil {
			t.Error("an empty agenda has a timer")
		}
		a.at(began.Add(3*time.Second), note("c"))
		a.at(began.Add(time.Second), func(s *state, now time.Time) {
			note("a")(s, now)
			a.at(now.Add(time.Second), note("b")) // before what is planned already
		})
		a.at(began.Add(3*time.Second), note("d"))
		a.at(began.Add(-time.Second), note("past"))
		for len(got) < 5 {
			<-a.C()
			a.run(s, time.Now())
		}
		want := []string{"past@0s", "a@1s", "b@2s", "c@3s", "d@3s"}
		if !slices.Equal(got, want) {
			t.Errorf("ran %v; want %v", got, want)
		}
		a.stop()
	})
}

func TestDelayDoublesUpToAMinute(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	for n := 1; n <= 8; n++ {
		got = append(got, delay(n)/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}; !slices.Equal(got, want) {
		t.Errorf("delays are %v s; want %v", got, want)
	}
}
