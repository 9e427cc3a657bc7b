package publisher_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// Records without a key keep the order of their source partition also when it is
// revoked and read again while some of its first life are still to be sent.
func TestOrderAcrossARevoke(t *testing.T) {
	t.Parallel()
	const n = 40
	inPlant(t, devbroker.Settings{}, publisher.Settings{MaxRetries: 3}, []connect.Producer{plain}, func(p *plant) {
		p.broker.Script(
			devbroker.Fault{Method: "SendMessage", Code: codes.Internal, Text: "odd", Times: 1, After: 2},
			devbroker.Fault{Method: "SendMessage", Delay: 100 * time.Millisecond, Times: devbroker.Keep})
		var want []string
		for life := range 2 {
			for i := range n {
				want = append(want, fmt.Sprintf("%d.%d", life, i))
				r := connect.Bytes(plain.Topic, []byte(want[len(want)-1])).At(connect.Offset{Partition: "a", Value: uint64(i)})
				if err := p.HandAll(p.t.Context(), []connect.Envelope{r}); err != nil {
					p.t.Fatal(err)
				}
			}
			time.Sleep(500 * time.Millisecond)
			p.Revoke("a")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		var got []string
		for m := range p.broker.Log(plain.Topic) {
			got = append(got, string(m.Payload))
		}
		if !slices.Equal(got, want) {
			t.Errorf("the log holds %q, want each life in order, one after the other", got)
		}
	})
}
