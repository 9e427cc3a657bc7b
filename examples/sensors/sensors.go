package main

import (
	"context"
	"sync/atomic"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
)

// file is the configuration: what every connector has, and the connector's own.
type file struct {
	config.Connector `toml:",inline" koanf:",squash"`
	Sensors          struct {
		Names  []string        `toml:"names" koanf:"names"`
		Routes []connect.Route `toml:"routes" koanf:"routes"`
	} `toml:"sensors" koanf:"sensors"`
}

// reading is what the records are made of. What it may hold is in
// schemas/sensor.json.
type reading struct {
	Sensor   string    `json:"sensor"`
	Time     time.Time `json:"time"`
	Celsius  float64   `json:"celsius"`
	Humidity float64   `json:"humidity_percent"`
}

// damp is the reading whose humidity no air has.
const damp = 7

// sensors is a source that reads one sensor after the other.
type sensors struct {
	names  []string
	router *connect.Router
	count  uint64 // how many readings there are
	every  time.Duration

	at        uint64        // of the last reading
	committed atomic.Uint64 // Commit comes from another goroutine than Poll
}

// Initialize begins after the last reading that was committed.
func (s *sensors) Initialize(context.Context, connect.Epoch) error {
	s.at = s.committed.Load()
	return nil
}

// Producers names the topics of the routes.
func (s *sensors) Producers() []connect.Producer { return s.router.Producers() }

// Poll waits for the next reading. Where it goes its sensor's name decides.
func (s *sensors) Poll(ctx context.Context) ([]connect.Envelope, error) {
	if s.at == s.count {
		return nil, connect.ErrEnd
	}
	next := time.NewTimer(s.every)
	defer next.Stop()
	select {
	case <-next.C:
	case <-ctx.Done():
		return nil, nil
	}
	s.at++
	name := s.names[(s.at-1)%uint64(len(s.names))]
	route, ok := s.router.Match("sensors/" + name)
	if !ok {
		return nil, nil // nobody wants to hear of it
	}
	record := connect.JSON(route.To, read(name, s.at)).WithKey(name)
	return []connect.Envelope{record.At(connect.Offset{Partition: "readings", Value: s.at})}, nil
}

// read asks a sensor. These are made up, and one is broken now and then.
func read(name string, n uint64) reading {
	r := reading{Sensor: name, Time: time.Now().UTC().Truncate(time.Millisecond), Celsius: 18 + float64(n%5)/2, Humidity: 40 + float64(n%9)}
	if n == damp {
		r.Humidity = 250
	}
	return r
}

// Commit remembers how far delivery has come, for as long as this process lives.
func (s *sensors) Commit(_ context.Context, offsets []connect.Offset) error {
	s.committed.Store(offsets[0].Value) // there is one source partition, "readings"
	return nil
}
