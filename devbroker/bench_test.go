package devbroker_test

import (
	"strings"
	"testing"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// BenchmarkSend is one producer with 128 requests in flight over loopback TCP,
// client and broker in one process: most of the cost is the client's.
func BenchmarkSend(b *testing.B) {
	broker, err := devbroker.Start(devbroker.Settings{})
	if err != nil {
		b.Fatal(err)
	}
	defer broker.Close()
	c := (&world{Broker: broker, t: b}).client(0)
	id := c.producer(topicT, "p")
	payload := strings.Repeat("x", 1024)
	b.ReportAllocs()
	b.SetParallelism(64)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := c.trySend(sending(topicT, id, payload)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkConsume is one consumer that acknowledges each message as it comes.
func BenchmarkConsume(b *testing.B) {
	broker, err := devbroker.Start(devbroker.Settings{Window: 1000})
	if err != nil {
		b.Fatal(err)
	}
	defer broker.Close()
	c := (&world{Broker: broker, t: b}).client(0)
	id := c.producer(topicT, "p")
	k := c.exclusive(topicT)
	b.ReportAllocs()
	b.ResetTimer()
	sent := async(func() error {
		for range b.N {
			if err := c.trySend(sending(topicT, id, "x")); err != nil {
				return err
			}
		}
		return nil
	})
	k.readAcking(b.N)
	if err := <-sent; err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkStart is a broker in memory from Start to Close, what each test of
// somebody else's pays.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		broker, err := devbroker.Start(devbroker.Settings{Network: devbroker.NewNetwork()})
		if err != nil {
			b.Fatal(err)
		}
		_ = broker.Close()
	}
}
