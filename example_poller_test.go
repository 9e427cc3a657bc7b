package connect_test

import (
	"context"
	"errors"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
)

// countdown is about the smallest source there is: it is polled for a number a
// time and says where it stands.
type countdown struct {
	next  uint64
	saved uint64
}

func (c *countdown) Initialize(context.Context, connect.Epoch) error {
	c.next = c.saved + 1 // after what was last given to Commit
	return nil
}

func (c *countdown) Producers() []connect.Producer {
	return []connect.Producer{{Topic: "/default/countdown", Reliable: true}}
}

func (c *countdown) Poll(context.Context) ([]connect.Envelope, error) {
	if c.next > 3 {
		return nil, connect.ErrEnd
	}
	n := c.next
	c.next++
	record := connect.Number("/default/countdown", 3-n).WithKey("t")
	return []connect.Envelope{record.At(connect.Offset{Partition: "countdown", Value: n})}, nil
}

func (c *countdown) Commit(_ context.Context, offsets []connect.Offset) error {
	c.saved = offsets[0].Value
	return nil
}

var (
	_ connect.Poller    = (*countdown)(nil)
	_ connect.Committer = (*countdown)(nil)
)

// A polled source. What follows its definition is a runtime of a few lines: it
// initializes the source, polls until the end, and commits after each record.
func ExamplePoller() {
	ctx, source := context.Background(), &countdown{}
	if err := source.Initialize(ctx, nil); err != nil {
		fmt.Println(err)
	}
	for {
		envelopes, err := source.Poll(ctx)
		for _, e := range envelopes {
			key, _ := e.Record.Key()
			fmt.Printf("%s %s=%s (%v)\n", e.Record.Topic(), key, e.Record.Raw(), e.Offset)
			if err := source.Commit(ctx, []connect.Offset{e.Offset}); err != nil {
				fmt.Println(err)
			}
		}
		if errors.Is(err, connect.ErrEnd) {
			fmt.Println("ended, saved", source.saved)
			return
		}
	}
	// Output:
	// /default/countdown t=2 (countdown@1)
	// /default/countdown t=1 (countdown@2)
	// /default/countdown t=0 (countdown@3)
	// ended, saved 3
}
