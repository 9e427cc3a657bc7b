package session

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/schemas"
)

const (
	// window is how many messages of a topic the development broker hands out
	// before it waits for acknowledgements.
	window = 1000
	// ackers is how many acknowledgements of a topic are under way at once.
	ackers = 8
	// silence is how long nothing may arrive before await gives the rest up.
	silence = 5 * time.Second
)

// audience is a consumer of every topic. It prints what it receives.
type audience struct {
	client    *danube.Client
	reader    *schemas.Reader
	consumers []*danube.Consumer
	to        io.Writer

	ctx     context.Context // ends when it leaves
	cancel  context.CancelFunc
	reading sync.WaitGroup
	leaving sync.Once

	mu   sync.Mutex
	next map[string]uint64 // by topic: the offset above the highest that has arrived
	came chan struct{}     // closed and replaced whenever next has changed
}

// seat subscribes to the topics; whatever is sent from then on will be printed.
func seat(ctx context.Context, url string, topics []string, to io.Writer) (*audience, error) {
	client, err := danube.New(danube.Settings{URL: url})
	if err != nil {
		return nil, err
	}
	a := &audience{client: client, reader: schemas.NewReader(client, schemas.Form{}), to: to, next: map[string]uint64{}, came: make(chan struct{})}
	for _, topic := range topics {
		c, err := client.Subscribe(ctx, danube.Subscription{Topic: topic, Name: "audience"})
		if err != nil {
			client.Close()
			return nil, err
		}
		a.consumers = append(a.consumers, c)
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	for _, c := range a.consumers {
		a.reading.Go(func() { a.read(c) })
	}
	return a, nil
}

// read prints in order and acknowledges in any.
func (a *audience) read(c *danube.Consumer) {
	printed := make(chan danube.Message)
	var acking sync.WaitGroup
	defer acking.Wait()
	defer close(printed)
	for range ackers {
		acking.Go(func() {
			for m := range printed {
				_ = c.Ack(a.ctx, m) // what was not acknowledged comes again
			}
		})
	}
	for {
		m, err := c.Receive(a.ctx)
		if err != nil {
			return
		}
		a.print(m)
		printed <- m // the ackers take everything until printed is closed
	}
}

// print writes one line and notes how far the topic has come.
func (a *audience) print(m danube.Message) {
	_, _ = io.WriteString(a.to, line(a.decoded(m)))
	a.mu.Lock()
	defer a.mu.Unlock()
	if m.Offset >= a.next[m.Topic] {
		a.next[m.Topic] = m.Offset + 1
		close(a.came)
		a.came = make(chan struct{})
	}
}

// received counts the different messages that have arrived.
func (a *audience) received() (n uint64, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, next := range a.next {
		n += next
	}
	return n, a.came
}

// await returns when so many messages have arrived, when ctx ends, or when nothing
// has come for a while.
func (a *audience) await(ctx context.Context, published uint64) {
	for {
		n, changed := a.received()
		if n >= published {
			return
		}
		quiet := time.NewTimer(silence)
		select {
		case <-changed:
		case <-quiet.C:
			return
		case <-ctx.Done():
			return
		}
		quiet.Stop()
	}
}

// leave returns when nothing more is printed. It may be called twice.
func (a *audience) leave() {
	a.leaving.Do(func() {
		a.cancel()
		a.reading.Wait()
		a.client.Close()
	})
}
