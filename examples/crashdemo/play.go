package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

const topic = "/default/numbers"

// play is one runtime with one broker that is killed, and what came of it.
type play struct {
	commitAfter string
	flush       time.Duration
	records     int
	network     *devbroker.Network // nil: TCP

	acknowledged int // messages the broker had taken when it was killed
	forgotten    int // of them, what it did not have any more when it was back
	again        int // records the source was asked for again
	committed    int // records, in the end
	held         int // messages the broker holds in the end
	duplicates   int // of them
	missing      int // records that are committed and not held
}

// margin is settle_margin: its default is a fifth of the brokers' default.
func (p *play) margin() time.Duration { return p.flush / 5 }

// run returns when everything is committed, or ctx ends.
func (p *play) run(ctx context.Context, stderr io.Writer) error {
	settings := devbroker.Settings{Topics: []string{topic}, Flush: p.flush, Network: p.network}
	broker, err := devbroker.Start(settings)
	if err != nil {
		return err
	}
	defer broker.Close() //nolint:errcheck // always nil
	cfg := config.Defaults()
	cfg.DanubeServiceURL, cfg.ConnectorName = broker.URL(), "crashdemo-"+p.commitAfter
	cfg.Delivery.CommitAfter, cfg.Delivery.SettleMargin = p.commitAfter, p.margin()
	cfg.Commit.Interval = p.flush / 10
	opts := supervisor.Options{}
	if p.network != nil {
		opts.Dial = p.network.Dial
	}
	source := &numbers{last: p.records, pause: 5 * p.flush / (5 * time.Duration(p.records) / 2), done: make(chan struct{})}
	runtime := supervisor.New(source, cfg, opts)
	stop, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- runtime.Run(stop) }()
	defer cancel()

	p.kill(ctx, broker)
	_, _ = fmt.Fprintf(stderr, "%-12s  the broker was killed: it had acknowledged %d messages, and forgot %d\n", p.commitAfter, p.acknowledged, p.forgotten)
	select {
	case <-source.done:
	case err := <-ended:
		return fmt.Errorf("%s: the runtime ended early: %w", p.commitAfter, err)
	case <-ctx.Done():
	}
	cancel()
	if err := <-ended; err != nil {
		return fmt.Errorf("%s: %w", p.commitAfter, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.count(broker, source)
	return nil
}

// kill kills the broker once it has taken three fifths of the records, which is
// about half a flush interval after it has written.
func (p *play) kill(ctx context.Context, broker *devbroker.Broker) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !p.ripe(broker) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
	p.forgotten = broker.Crash()[topic]
}

// ripe reports whether there is enough at the broker, some of it not written yet.
func (p *play) ripe(broker *devbroker.Broker) bool {
	p.acknowledged = int(broker.Topics()[0].Accepted) //nolint:gosec // thousands
	if p.acknowledged < p.records*3/5 {
		return false
	}
	unwritten := 0
	for m := range broker.Log(topic) {
		if !m.Flushed {
			unwritten++
		}
	}
	return unwritten > p.records/50
}

// count takes the broker's log for what has arrived.
func (p *play) count(broker *devbroker.Broker, source *numbers) {
	seen := map[string]bool{}
	for m := range broker.Log(topic) {
		p.held++
		seen[string(m.Payload)] = true
	}
	p.duplicates = p.held - len(seen)
	p.again, p.committed = source.counts()
	for n := 1; n <= p.committed; n++ {
		if !seen[payload(n)] {
			p.missing++
		}
	}
}
