package connect_test

import (
	"context"
	"errors"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// readings is a source whose second line makes no sense.
type readings struct{ committed []connect.Offset }

func (r *readings) Initialize(context.Context, connect.Epoch) error { return nil }

func (r *readings) Producers() []connect.Producer {
	return []connect.Producer{{Topic: "/default/readings", Reliable: true}}
}

func (r *readings) Poll(context.Context) ([]connect.Envelope, error) {
	var all []connect.Envelope
	for i, line := range []string{`{"celsius":21.5}`, `celsius 21.7`, `{"celsius":21.6}`} {
		at := connect.Offset{Partition: "readings.log", Value: uint64(i + 1)}
		if line[0] == '{' {
			all = append(all, connect.RawJSON("/default/readings", []byte(line)).At(at))
		} else {
			all = append(all, connect.Bad(at, []byte(line), errors.New("line is not JSON")))
		}
	}
	return all, connect.ErrEnd
}

func (r *readings) Commit(_ context.Context, offsets []connect.Offset) error {
	r.committed = offsets
	return nil
}

// A record the connector cannot make sense of is handed over with Bad. With
// on_invalid = "dead_letter" it becomes a dead letter; the records around it are
// published, and the commit passes it once the letter has landed.
func ExampleBad_deadLetter() {
	broker, err := devbroker.Start(devbroker.Settings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer broker.Close()
	cfg := config.Defaults()
	cfg.DanubeServiceURL, cfg.ConnectorName = broker.URL(), "sensors"
	cfg.Errors.OnInvalid = "dead_letter"

	source := &readings{}
	if err := supervisor.Run(context.Background(), source, cfg, supervisor.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	for m := range broker.Log("/default/readings") {
		fmt.Printf("published %s\n", m.Payload)
	}
	for m := range broker.Log("/default/sensors-dead-letters") {
		fmt.Printf("dead letter %s\n", m.Payload)
		for _, name := range []string{"dlq.class", "dlq.error", "partition", "position"} {
			fmt.Printf("  %s: %s\n", name, m.Attributes["danube.connect."+name])
		}
	}
	fmt.Println("committed", source.committed)
	// Output:
	// published {"celsius":21.5}
	// published {"celsius":21.6}
	// dead letter celsius 21.7
	//   dlq.class: bad
	//   dlq.error: line is not JSON
	//   partition: readings.log
	//   position: 2
	// committed [readings.log@3]
}
