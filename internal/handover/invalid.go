package handover

import (
	"errors"
	"fmt"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// fault is an error that says of one record that it can never be delivered as it
// is. Any other error is about the call or the configuration, and no policy helps.
type fault struct {
	class letters.Class
	err   error
}

// Error is the cause's own text.
func (f *fault) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *fault) Unwrap() error { return f.err }

func faulty(class letters.Class, format string, args ...any) error {
	return &fault{class, fmt.Errorf(format, args...)}
}

// divert does to an envelope that cannot be delivered what the error policy says: it
// is skipped, or becomes a dead letter in its own place in the source's order. Where
// the policy is to halt, or there is no way out, the error it returns says so.
func (g *Gate) divert(at *epoch, it *item, e *connect.Envelope, err error) error {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return err
	}
	rule, meant := g.settings.Invalid, (*g.topics.Load())[e.Record.Topic()]
	if meant != nil {
		rule = meant.Invalid
	}
	if rule.Policy == letters.Halt {
		return letters.Halted(err)
	}
	if many := g.settings.Tolerance.Fail(g.place(at, e)); many != nil {
		return connect.Invalid(fmt.Errorf("%w; the last: %w", many, err))
	}
	payload := it.parcel.Payload
	*it = item{offset: e.Offset, meant: meant}
	if rule.Policy == letters.Skip {
		it.skipped = true
	} else if wrong := g.letter(it, e, rule.Topic, f, payload); wrong != nil {
		return connect.Invalid(fmt.Errorf("%w; %w", err, wrong))
	}
	if g.settings.Diverted != nil {
		g.settings.Diverted(rule.Policy, err)
	}
	return nil
}

// place says where an envelope stands, and in which life of its source partition.
func (g *Gate) place(at *epoch, e *connect.Envelope) (place letters.Place, number uint64, source int32) {
	place = letters.Place{Topic: e.Record.Topic(), Partition: e.Offset.Partition, Position: e.Offset.Value}
	source = flow.NoSource
	g.mu.Lock()
	defer g.mu.Unlock()
	if at == g.epoch && !at.shut && !e.Offset.IsZero() {
		source = g.source(at, e.Offset.Partition).id
	}
	return place, at.number, source
}

// untaken says of those that were diverted that their call was not admitted: its
// caller may hand them over again.
func (g *Gate) untaken(at *epoch, b *batch, envelopes []connect.Envelope) {
	for i := range b.items {
		if it := &b.items[i]; it.skipped || it.parcel.Letter {
			g.settings.Tolerance.Again(g.place(at, &envelopes[i]))
		}
	}
}

// letter makes the item the dead letter of a record: the bytes it was handed over
// with, or was encoded to, or the JSON of its value; none for a value that could not be
// marshalled.
func (g *Gate) letter(it *item, e *connect.Envelope, topic string, f *fault, payload []byte) error {
	t := (*g.topics.Load())[topic]
	if t == nil {
		return fmt.Errorf("there is no dead-letter topic %s", topic)
	}
	if payload == nil {
		payload = e.Record.Raw()
	}
	if payload == nil && g.settings.Plain != nil && e.Record.Kind() == connect.KindJSON {
		// Why there is no JSON of it is what f says.
		payload, _ = encode(g.settings.Plain, e.Record)
	}
	now := time.Now()
	it.topic = t
	p := &it.parcel
	p.Letter = true
	p.Payload = payload
	p.Key, p.Keyed = e.Record.Key()
	p.Key = letters.Text(p.Key)
	p.Attributes = letters.Letter{Topic: e.Record.Topic(), Class: f.class, Err: f.err, First: now, Last: now}.Write(e.Record.Attributes())
	p.Stamp.Partition, p.Stamp.Position = letters.Text(e.Offset.Partition), e.Offset.Value
	p.Source = flow.NoSource
	p.Size = t.Measure(p)
	if limit := g.limit(); p.Size > limit {
		return fmt.Errorf("its dead letter would measure %d bytes; the most is %d", p.Size, limit)
	}
	return nil
}

// limit is the most bytes a message may measure.
func (g *Gate) limit() int { return min(g.settings.MaxMessage, g.settings.Budget.Limits().Bytes) }

// skip counts the items that were skipped, once they are handed over.
func (g *Gate) skip(items []item) {
	for i := range items {
		it := &items[i]
		switch {
		case !it.skipped:
		case it.meant != nil:
			g.settings.Budget.Skip(it.meant.Index, 1)
		default:
			g.settings.Budget.Skip(-1, 1)
		}
	}
}
