package danube_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

const benchLanes = 128

// BenchmarkSend compares the transport with a bare loop over grpc-go, both with
// 128 messages of 1 KiB under way. Client and broker share the process, so only
// the difference means something; cpu-µs/op is of both.
func BenchmarkSend(b *testing.B) {
	b.Run("raw", benchRaw)
	b.Run("transport", benchTransport)
}

func benchBroker(b *testing.B) *devbroker.Broker {
	broker, err := devbroker.Start(devbroker.Settings{Standalone: true, Retain: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = broker.Close() })
	return broker
}

// cpu reports the processor time per operation.
func cpu(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op") }
}

func benchTransport(b *testing.B) {
	c, err := danube.New(danube.Settings{URL: benchBroker(b).URL()})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	transport, err := c.Transport(danube.Topic{Producer: reliable("/default/t"), Connector: "bench", Lanes: benchLanes, Stamp: true})
	if err != nil {
		b.Fatal(err)
	}
	l := &line{Transport: transport, t: b, limit: patient}
	id := l.open(0)
	payload := strings.Repeat("x", 1<<10)
	b.ReportAllocs()
	b.ResetTimer()
	defer cpu(b)()
	started, ended := 0, 0
	for ; started < min(b.N, benchLanes); started++ {
		l.Start(message(0, id, payload))
	}
	var results []flow.Result
	for ended < b.N {
		<-l.Results().Wake()
		results = l.Results().Take(results)
		for _, r := range results {
			if r.Outcome != flow.OK {
				b.Fatal(r.Err)
			}
			if ended++; started < b.N {
				started++
				l.Start(r.Message)
			}
		}
	}
}

func benchRaw(b *testing.B) {
	broker := benchBroker(b)
	cc, err := grpc.NewClient(strings.TrimPrefix(broker.URL(), "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cc.Close() }()
	var p wire.ProducerResponse
	question := &wire.ProducerRequest{ProducerName: "p", TopicName: "/default/t", DispatchStrategy: wire.DispatchStrategy_Reliable}
	if err := cc.Invoke(context.Background(), wire.CreateProducer, question, &p); err != nil {
		b.Fatal(err)
	}
	payload := []byte(strings.Repeat("x", 1<<10))
	left := make(chan struct{}, b.N)
	for range b.N {
		left <- struct{}{}
	}
	close(left)
	done := make(chan error, benchLanes)
	b.ReportAllocs()
	b.ResetTimer()
	defer cpu(b)()
	for range benchLanes {
		go func() {
			var err error
			for range left {
				m := &wire.StreamMessage{
					RequestId: 1, MsgId: &wire.MsgID{ProducerId: p.ProducerId, TopicName: "/default/t", BrokerAddr: broker.URL()},
					Payload: payload, PublishTime: uint64(time.Now().UnixMilli()), ProducerName: "p",
					RoutingKey: new("k"),
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				err = cc.Invoke(ctx, wire.SendMessage, m, new(wire.MessageResponse), grpc.StaticMethod())
				cancel()
			}
			done <- err
		}()
	}
	for range benchLanes {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}
