package connect_test

import (
	"context"
	"errors"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
)

// feed is a source that tells: it passes on what arrives on a channel, as a
// subscription to some other system would.
type feed struct{ news <-chan string }

func (f feed) Initialize(context.Context, connect.Epoch) error { return nil }

func (f feed) Producers() []connect.Producer {
	return []connect.Producer{{Topic: "/default/news"}}
}

func (f feed) Stream(ctx context.Context, s connect.Sender) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case text, ok := <-f.news:
			if !ok {
				return connect.ErrEnd
			}
			if err := s.Send(ctx, connect.String("/default/news", text).Envelope()); err != nil {
				return err
			}
		}
	}
}

// printer is a Sender that prints.
type printer struct{}

func (printer) Send(_ context.Context, envelopes ...connect.Envelope) error {
	for _, e := range envelopes {
		fmt.Printf("%s %s\n", e.Record.Topic(), e.Record.Raw())
	}
	return nil
}

func (p printer) Deliver(ctx context.Context, _ connect.Level, envelopes ...connect.Envelope) error {
	return p.Send(ctx, envelopes...)
}

// A streaming source, given a Sender that prints.
func ExampleStreamer() {
	news := make(chan string, 2)
	news <- "rain"
	news <- "sun"
	close(news)
	var source connect.Streamer = feed{news}
	err := source.Stream(context.Background(), printer{})
	fmt.Println("ended:", errors.Is(err, connect.ErrEnd))
	// Output:
	// /default/news rain
	// /default/news sun
	// ended: true
}
