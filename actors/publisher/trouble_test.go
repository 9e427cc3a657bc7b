package publisher_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// troubles are answers every SendMessage gets while a broker elects, restarts or sits
// behind a proxy that does.
var troubles = map[string]devbroker.Fault{
	"every stream is reset": {Method: "SendMessage", Reset: true},
	"no leader":             {Method: "SendMessage", Code: codes.Internal, Text: "no leader"},
	"protocol error":        {Method: "SendMessage", Code: codes.Internal, Text: "h2 protocol error: broken"},
	"election":              {Method: "SendMessage", Code: codes.Aborted, Text: "raft: leadership transferred"},
	"proxy":                 {Method: "SendMessage", Code: codes.Unknown, Text: "Service was not ready: transport error"},
}

// Trouble that befalls every record alike ends nothing, however many attempts it
// takes: the topic stands still, is probed, and goes on.
func TestBrokerTroubleIsNotFatal(t *testing.T) {
	t.Parallel()
	for name, fault := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p *plant
			inPlant(t, devbroker.Settings{}, publisher.Settings{Lanes: 16, MaxRetries: 3}, []connect.Producer{plain}, func(made *plant) {
				p = made
				p.send(plain.Topic, 20, 0, 100)
				synctest.Wait()
				fault.Times = devbroker.Keep
				scene := p.broker.Script(fault)
				for i := range 10 {
					p.send(plain.Topic, 20, 100+10*i, 10)
					time.Sleep(time.Minute)
				}
				if hits := scene.Hits(); hits < 20 || hits > 16+60 {
					t.Errorf("%d requests in ten minutes, want one for each lane and then a probe every half minute or so", hits)
				}
				scene.Lift()
				time.Sleep(2 * time.Minute)
				p.ledger(plain, 200)
			})
			p.settled(plain.Topic, 200)
		})
	}
}
