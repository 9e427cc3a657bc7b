package devbroker_test

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// A broker on a free port, and one that is asked to misbehave.
func ExampleStart() {
	broker, err := devbroker.Start(devbroker.Settings{Flush: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer broker.Close()

	// Clients are configured with broker.URL(). The third message of /default/t is
	// stored and its answer lost; lookups are refused until the scene is lifted.
	lost := broker.Script(devbroker.Fault{
		Method: "SendMessage", Topic: "/default/t", After: 2,
		Applied: true, Disconnect: true,
	})
	refused := broker.Script(devbroker.Fault{
		Method: "TopicLookup", Times: devbroker.Keep,
		Code: codes.Unavailable, Text: "no leader",
	})
	refused.Lift()
	fmt.Println(lost.Hits(), "lost,", refused.Hits(), "refused")

	// A crash forgets what was acknowledged since the last flush.
	fmt.Println(len(broker.Crash()), "topics lost messages")
	for m := range broker.Log("/default/t") {
		fmt.Println(m.Offset, string(m.Payload))
	}
	// Output:
	// 0 lost, 0 refused
	// 0 topics lost messages
}

// In a testing/synctest bubble, broker and client share a network in memory, and
// with it a clock that jumps.
func ExampleNetwork() {
	network := devbroker.NewNetwork()
	broker, err := devbroker.Start(devbroker.Settings{Network: network, Listen: []string{"broker:6650"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer broker.Close()
	conn, err := network.Dial(context.Background(), "broker:6650") // what grpc.WithContextDialer is given
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(broker.URL(), conn.RemoteAddr())
	// Output: http://broker:6650 broker:6650
}
