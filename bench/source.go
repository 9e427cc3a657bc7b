package main

import (
	"context"

	connect "github.com/danube-messaging/danube-connect-go"
)

// mode is how a runtime is fed.
type mode uint8

const (
	// polled: batches from Poll, on topics whose payload is opaque bytes, as raw's is.
	polled mode = iota
	// polledJSON: the same text on topics without a schema, where every record is
	// checked to be JSON.
	polledJSON
	// streamed: a Send for each record.
	streamed
)

// pollBatch is how many records one Poll returns.
const pollBatch = 256

// records is a source that never runs dry. Its records go round the lanes of every
// topic in turn; their offsets count them.
type records struct {
	tap    *tap
	mould  mould
	mode   mode
	topics []string
	keys   []string
	made   uint64
}

// Initialize begins where the last epoch stopped: nothing is read again.
func (s *records) Initialize(context.Context, connect.Epoch) error { return nil }

// Producers names the topics.
func (s *records) Producers() []connect.Producer {
	producers := make([]connect.Producer, len(s.topics))
	for i, topic := range s.topics {
		producers[i] = connect.Producer{Topic: topic, Reliable: true}
	}
	return producers
}

// Commit takes every offset: the runtime is to have somebody to commit to.
func (s *records) Commit(context.Context, []connect.Offset) error { return nil }

// next makes the next record. Neighbours differ in lane first, then in topic.
func (s *records) next() connect.Envelope {
	lanes, topics := uint64(len(s.keys)), uint64(len(s.topics))
	lane, topic, seq := s.made%lanes, s.made/lanes%topics, s.made/lanes/topics
	payload := s.mould.payload(int(lane), seq)
	record := connect.Bytes(s.topics[topic], payload)
	if s.mode == polledJSON {
		record = connect.RawJSON(s.topics[topic], payload)
	}
	s.made++
	return record.WithKey(s.keys[lane]).At(connect.Offset{Partition: sourcePartition, Value: s.made})
}

// batch makes n records.
func (s *records) batch(n int) []connect.Envelope {
	made := make([]connect.Envelope, n)
	for i := range made {
		made[i] = s.next()
	}
	return made
}

// poller is records as a polled source.
type poller struct{ records }

// Poll returns a batch, and waits while the tap is shut.
func (p *poller) Poll(ctx context.Context) ([]connect.Envelope, error) {
	if !p.tap.pass(ctx) {
		return nil, nil
	}
	return p.batch(pollBatch), nil
}

// streamer is records as a source that tells.
type streamer struct{ records }

// Stream sends one record at a time, from one goroutine.
func (p *streamer) Stream(ctx context.Context, s connect.Sender) error {
	for p.tap.pass(ctx) {
		if err := s.Send(ctx, p.next()); err != nil {
			return err
		}
	}
	return nil
}

// source wraps r as its mode asks.
func (s records) source() connect.Source {
	if s.mode == streamed {
		return &streamer{s}
	}
	return &poller{s}
}
