package handover

import (
	"strconv"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// versioned writes its version as the payload, and lets something happen while it
// does.
type versioned struct {
	version   uint32
	meanwhile func()
}

func (v versioned) Encode(connect.Record) ([]byte, error) {
	v.meanwhile()
	return strconv.AppendUint(nil, uint64(v.version), 10), nil
}

// A record is stamped with the version it was encoded by, also when that changes
// while it is encoded; the next record has the next version.
func TestSwitchIsAtomic(t *testing.T) {
	t.Parallel()
	const name = "/default/versions"
	r := open()
	pipe := flow.NewPipe[flow.Parcel]()
	topic := &Topic{Producer: connect.Producer{Topic: name}, Index: 2, Measure: measure, Pipe: pipe}
	var next uint32
	var change func()
	change = func() {
		next++
		topic.Switch(versioned{next, change}, &flow.Schema{ID: 7, Version: next})
	}
	topic.Encoder, topic.Schema = versioned{0, change}, &flow.Schema{ID: 7}
	r.Declare(topic)
	e := connect.JSON(name, 1).Envelope()
	r.handAll(t, e, e, e)
	r.handAll(t, e)
	for i, p := range pipe.Take(nil) {
		if want := strconv.Itoa(i); string(p.Payload) != want || p.Schema.Version != uint32(i) {
			t.Errorf("record %d: encoded by version %s, stamped with %d", i, p.Payload, p.Schema.Version)
		}
	}
}
