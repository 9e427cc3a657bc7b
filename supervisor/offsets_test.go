package supervisor_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// forgetful offers numbered records and keeps no place of its own.
type forgetful struct {
	topic string
	last  uint64
	epoch uint64
	at    uint64
}

func (f *forgetful) Initialize(_ context.Context, e connect.Epoch) error {
	f.at, f.epoch = 0, e.Number()
	for _, o := range e.Resume() {
		f.at = o.Value
	}
	return nil
}

func (f *forgetful) Producers() []connect.Producer {
	return []connect.Producer{{Topic: f.topic, Reliable: true}}
}

func (f *forgetful) Poll(context.Context) ([]connect.Envelope, error) {
	if f.at == f.last {
		return nil, connect.ErrEnd
	}
	f.at++
	return []connect.Envelope{numbered(f.topic, f.at)}, nil
}

// A source that keeps no offsets gets it by one line of the configuration.
func TestOffsetStore(t *testing.T) {
	plain(t, func(s *stand) {
		path := filepath.Join(t.TempDir(), "offsets.db")
		cfg := s.config("[delivery]\ncommit_after = \"acknowledged\"\n[offsets]\npath = \"" + path + "\"\n")
		topic, epoch := s.topic(), uint64(0)
		for _, last := range []uint64{20, 20, 50} {
			source := &forgetful{topic: topic, last: last}
			r := s.start(source, cfg)
			if err := r.wait(); err != nil {
				t.Fatal(err)
			}
			if source.epoch <= epoch {
				t.Errorf("epoch %d follows %d; numbers grow across runs", source.epoch, epoch)
			}
			epoch = source.epoch
		}
		if s.broker != nil && len(s.received(topic)) != 50 {
			t.Errorf("the topic holds %d messages after three runs, want each of 50 records once", len(s.received(topic)))
		}
		snapshot, err := offset.Inspect(path)
		if err != nil || len(snapshot.Positions) != 1 || snapshot.Positions[0].Offset.Value != 50 || snapshot.Epoch != epoch {
			t.Errorf("the file holds %+v (%v), want a at 50 in epoch %d", snapshot, err, epoch)
		}
	})
}

// Two runtimes never share a place: the second one is refused, the first goes on.
func TestOffsetStoreIsLocked(t *testing.T) {
	plain(t, func(s *stand) {
		path := filepath.Join(t.TempDir(), "offsets.db")
		cfg := s.config("[offsets]\npath = \"" + path + "\"\n")
		l := newLedger(s.topic())
		first := s.start(l, cfg)
		s.eventually("the first at work", time.Minute, func() bool { return first.Totals().Published > 0 })
		err := s.start(&forgetful{topic: l.topics[0], last: 1}, cfg).wait()
		if !errors.Is(err, offset.ErrLocked) {
			t.Errorf("Run = %v, want ErrLocked", err)
		}
		s.complete(first, l, time.Minute)
	})
}
