package danube

import (
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

// sendOptions are the options of every SendMessage call.
func sendOptions() []grpc.CallOption {
	return []grpc.CallOption{grpc.ForceCodecV2(sendCodec{mem.DefaultBufferPool()}), grpc.StaticMethod()}
}

// send is the life of one goroutine of the pool: a job, its result, the next.
func (t *Transport) send(jobs <-chan job, done func()) {
	var f frame
	var l leash
	defer l.drop()
	for j := range jobs {
		result := t.attempt(j, &f, &l)
		j.session.release()
		done()
		t.results.Put(result)
	}
}

// attempt sends one message once.
func (t *Transport) attempt(j job, f *frame, l *leash) flow.Result {
	r := flow.Result{Message: j.message, Sent: time.Now()}
	f.template = j.session.templateFor(schemaOfParcel(&j.message.Parcel))
	fill(&f.message, &j.message.Parcel)
	f.message.RequestID = t.client.requests.Add(1)
	f.message.PublishTime = uint64(r.Sent.UnixMilli())
	err := j.session.conn.Invoke(l.hold(j.session, t.client.settings.RequestTimeout), wire.SendMessage, f, f, t.options...)
	r.Answered = time.Now()
	ranOut := l.let()
	if err == nil {
		r.Outcome = flow.OK
		return r
	}
	if ranOut {
		err = late(err)
	}
	r.Outcome = sent(err)
	r.Err = &callError{topic: t.partitions[j.message.Partition].topic, op: "send", broker: j.session.at.url(), cause: err}
	if r.Outcome == flow.Refused {
		r.Err = connect.Invalid(r.Err)
	}
	return r
}

// schemaOfParcel is what the payload of a parcel was encoded by: a dead letter
// holds what was refused, and says nothing of the sort.
func schemaOfParcel(p *flow.Parcel) *flow.Schema {
	if p.Letter {
		return nil
	}
	return p.Schema
}

// fill sets what of a message comes from its parcel.
func fill(m *wire.Message, p *flow.Parcel) {
	m.Payload = p.Payload
	m.Key, m.Keyed = p.Key, p.Keyed
	m.Attributes = p.Attributes
	m.Epoch = p.Stamp.Epoch
	m.Partition, m.Position, m.Seq = p.Stamp.Partition, p.Stamp.Position, p.Stamp.Seq
}
