package danube

import (
	"fmt"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// arm lets poll run an interval from now. Between polls no goroutine waits: a
// runtime may have a thousand topics.
func (t *Transport) arm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.timer = time.AfterFunc(t.client.settings.HealthInterval, func() { t.spawn(t.poll) })
	}
}

// poll checks every adopted session once, and again an interval later: a session
// that is replaced is polled no more.
func (t *Transport) poll() {
	for _, p := range t.partitions {
		if p.beginCheck() {
			t.spawn(func() {
				defer p.endCheck()
				t.check(p)
			})
		}
	}
	t.arm()
}

// beginCheck reports whether p is due for a check: it has a session, and the
// last check has come back.
func (p *partition) beginCheck() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.checked {
		return false
	}
	p.checked = true
	return true
}

// endCheck is the counterpart of beginCheck.
func (p *partition) endCheck() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checked = false
}

// check makes one health check of the adopted session of p and tells what came
// of it.
func (t *Transport) check(p *partition) {
	e := flow.SessionEvent{Partition: p.index, Kind: flow.Quiet, Sent: time.Now()}
	s := p.adopted()
	if s == nil {
		e.Answered, e.Err = e.Sent, errUnadopted
		t.events.Put(e)
		return
	}
	defer s.release()
	question := &wire.HealthCheckRequest{RequestId: t.client.requests.Add(1), Id: s.id}
	var answer wire.HealthCheckResponse
	err := t.client.askOn(t.ctx, s.conn, "health check", p.topic, s.at, wire.CheckHealth, question, &answer)
	e.Answered = time.Now()
	e.Session = s.id
	switch {
	case err != nil:
		e.Err = err // Quiet: what the answer would have been is not known
	case answer.GetStatus() == wire.HealthCheckResponse_OK:
		e.Kind = flow.Alive
	case answer.GetStatus() == wire.HealthCheckResponse_CLOSE:
		e.Kind, e.Err = flow.Closed, fmt.Errorf("topic %s: the broker at %s does not know producer %d", p.topic, s.at.url(), s.id)
	default:
		e.Err = fmt.Errorf("topic %s: the broker at %s answers a health check with %s", p.topic, s.at.url(), answer.GetStatus())
	}
	t.events.Put(e)
}
