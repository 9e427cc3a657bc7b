package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
)

// teller is a runtime whose records are delivered one by one, each by a caller
// that waits for the acknowledgement: what a webhook does.
type teller struct {
	*standing
	sender connect.Sender

	mu      sync.Mutex
	records records
}

func newTeller(name string, c course) (*teller, error) {
	r := newRecords(name, c, streamed, nil)
	source := &lender{records: r, lent: make(chan connect.Sender, 1)}
	t := &teller{standing: stand(source, settings(c, r), nil), records: r}
	select {
	case t.sender = <-source.lent:
		return t, nil
	case <-t.ended:
		return nil, fmt.Errorf("%s: %w", name, errors.Join(errEnded, t.err))
	}
}

// deliver hands the next record over and waits; the source counts by itself.
func (t *teller) deliver(ctx context.Context, _ int) error {
	t.mu.Lock()
	envelope := t.records.next()
	envelope.Offset = connect.Offset{} // concurrent calls have no order to give offsets
	t.mu.Unlock()
	return t.sender.Deliver(ctx, connect.Acknowledged, envelope)
}

// lender is a source that lends its Sender to others.
type lender struct {
	records
	lent chan connect.Sender
}

// Stream lends s until the runtime stops.
func (l *lender) Stream(ctx context.Context, s connect.Sender) error {
	select {
	case l.lent <- s:
	case <-ctx.Done():
		return nil
	}
	<-ctx.Done()
	return nil
}
