package devbroker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// Keep as Fault.Times lets a fault happen until it is lifted.
const Keep = -1

// Fault is what goes wrong with requests it names. All conditions must hold; the
// zero value of each names every request.
//
// At most one of Code, Reset, Disconnect and Stall says what happens instead of
// the answer; with none, the request is only delayed. They happen instead of the
// request, or after it was carried out when Applied is set:
//
//	Fault{Method: "SendMessage", Code: codes.Unavailable}         refuse one
//	Fault{Method: "SendMessage", Applied: true, Disconnect: true} append one, lose the answer
//	Fault{Topic: "/default/t", Applied: true, Stall: true, Times: devbroker.Keep}
type Fault struct {
	// Method is the name of the RPC as in the protocol, such as "SendMessage".
	Method string
	// Topic is the topic of the request; the name of a partitioned topic stands
	// for all its partitions. Requests of the registry have none.
	Topic string
	// Match looks closer. It is called by the broker's owner: it must return at
	// once and must not call the Broker.
	Match func(Request) bool
	// After lets that many requests pass first.
	After int
	// Times is how many requests it happens to: 0 means one, Keep means all.
	Times int

	// Delay waits before the request is carried out; with Applied, after.
	Delay time.Duration
	// Applied carries the request out first.
	Applied bool
	// Code answers with a status, in the words of Text.
	Code codes.Code
	Text string
	// Reset resets the stream, as the panic of a handler looks: the caller sees
	// CANCELLED, the connection lives.
	Reset bool
	// Disconnect closes the caller's connection.
	Disconnect bool
	// Stall does not answer until the caller gives up or the fault is lifted,
	// which lets the request go on.
	Stall bool
}

// Request is what Fault.Match is shown. What does not apply to the method is
// empty. It must not be changed.
type Request struct {
	Method string
	Topic  string
	// Listener is the one that acts: the one dialled, or the broker named in the
	// header of a proxy.
	Listener int
	// Producer is the producer's name, or the consumer's.
	Producer   string
	Key        string
	Payload    []byte
	Attributes map[string]string
}

// check panics when the fault cannot be meant: it is a mistake in a test.
func (f Fault) check() {
	if f.Method != "" && !slices.Contains(methodNames(), f.Method) {
		panic(fmt.Sprintf("devbroker: Fault.Method = %q; must be one of %s", f.Method, strings.Join(methodNames(), ", ")))
	}
	endings := 0
	for _, set := range []bool{f.Code != codes.OK, f.Reset, f.Disconnect, f.Stall} {
		if set {
			endings++
		}
	}
	if endings > 1 {
		panic("devbroker: Fault has more than one of Code, Reset, Disconnect and Stall; must have one, or only a Delay")
	}
	if endings == 0 && f.Delay == 0 {
		panic("devbroker: Fault does nothing; must have one of Delay, Code, Reset, Disconnect and Stall")
	}
}

// names reports whether the fault is about r.
func (f *Fault) names(r Request) bool {
	return (f.Method == "" || f.Method == r.Method) &&
		(f.Topic == "" || f.Topic == r.Topic || isPartition(f.Topic, r.Topic)) &&
		(f.Match == nil || f.Match(r))
}

func isPartition(base, name string) bool {
	b, ok := partitionOf(name)
	return ok && b == base
}
