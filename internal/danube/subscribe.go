package danube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// Subscription is what a Consumer reads.
type Subscription struct {
	// Topic is a plain topic, a partition, or the base name of a partitioned
	// topic.
	Topic string
	// Partitions is the number of partitions; 0 means to ask the broker, which
	// tells those that exist by now.
	Partitions int
	// Name names the subscription. The broker keeps its place; a new one begins
	// with what is sent after it.
	Name string
	// Consumer names the consumer; empty means Name. Another consumer of that
	// name in the subscription is taken over.
	Consumer string
	// Type says how consumers of the subscription share it; the zero value is
	// Exclusive.
	Type wire.ConsumerRequest_SubscriptionType
	// Wait waits for topics that do not exist yet, until the ctx of Subscribe
	// ends. Consumers never create topics.
	Wait bool
}

// ErrNoTopic is the cause when the topic of a subscription does not exist.
var ErrNoTopic = errors.New("no such topic; it is created by its first producer")

// Subscribe subscribes to a topic and all its partitions and returns once every
// one is subscribed to: what is sent from then on will be received. Trouble that
// may pass is waited for until ctx ends. Afterwards the consumer subscribes again
// whenever a broker lets go of it, until it is closed; ctx has no part in that.
func (c *Client) Subscribe(ctx context.Context, s Subscription) (*Consumer, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.Consumer == "" {
		s.Consumer = s.Name
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ctx, func() { cancel(errClosed) })()
	topics, err := c.topics(ctx, s)
	if err != nil {
		return nil, err
	}
	made := &Consumer{client: c, sub: s, messages: make(chan Message)}
	made.ctx, made.cancel = context.WithCancelCause(c.ctx)
	err = made.start(ctx, topics)
	if err == nil {
		err = c.adopt(made)
	}
	if err != nil {
		made.Close()
		return nil, err
	}
	return made, nil
}

// check returns an error of ClassConfig when s cannot be right.
func (s Subscription) check() error {
	if err := (connect.Producer{Topic: s.Topic, Partitions: s.Partitions}).Validate(); err != nil {
		return fmt.Errorf("subscription: %w", err)
	}
	if s.Name == "" {
		return connect.ConfigError("subscription to %s has no name", s.Topic)
	}
	return nil
}

// topics returns the topics s stands for.
func (c *Client) topics(ctx context.Context, s Subscription) ([]string, error) {
	if s.Partitions > 0 {
		p := connect.Producer{Topic: s.Topic, Partitions: s.Partitions}
		var all []string
		for i := range s.Partitions {
			all = append(all, PartitionTopic(p, i))
		}
		return all, nil
	}
	asking := c.asking(nil)
	patience, pauses := s.patience(), newBackOff()
	for {
		found, err := c.listPartitions(ctx, s.Topic, asking)
		if err == nil && len(found) > 0 {
			return found, nil
		}
		v := opened(err)
		if err == nil {
			v, err = absent, fmt.Errorf("topic %s: %w", s.Topic, ErrNoTopic)
		}
		if err := s.hold(ctx, &patience, v, err, pauses.NextBackOff()); err != nil {
			return nil, err
		}
	}
}

// listPartitions asks the brokers in turn which topics base stands for, and takes
// out of the answer those that merely begin alike.
func (c *Client) listPartitions(ctx context.Context, base string, asking *asking) ([]string, error) {
	var silent error
	for _, asked := range asking.round() {
		question := &wire.TopicLookupRequest{RequestId: c.requests.Add(1), Topic: base}
		var answer wire.TopicPartitionsResponse
		err := c.ask(ctx, "list partitions", base, at(asked), wire.TopicPartitions, question, &answer)
		if err == nil {
			return slices.DeleteFunc(answer.GetPartitions(), func(name string) bool {
				return name != base && !isPartition(name, base)
			}), nil
		}
		if silent = err; answered(err) {
			break
		}
	}
	return nil, silent
}

// patience is that of a first subscription.
func (s Subscription) patience() patience { return patience{first: true} }

// hold pauses before the next attempt to subscribe, or returns why there is none.
func (s Subscription) hold(ctx context.Context, p *patience, v verdict, err error, d time.Duration) error {
	if v == absent {
		if !errors.Is(err, ErrNoTopic) {
			err = fmt.Errorf("%w: %w", err, ErrNoTopic)
		}
		if s.Wait {
			v = transient
		}
	}
	next, err := p.judge(time.Now(), v, err)
	switch {
	case next == giveUp:
		return err
	case next == backOff && !pause(ctx.Done(), d), ctx.Err() != nil:
		return fmt.Errorf("%w; last failure: %w", context.Cause(ctx), err)
	}
	return nil
}
