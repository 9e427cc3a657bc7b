package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// standing is a runtime as its users run it: package supervisor, a source, and a
// configuration. Its source has a tap.
type standing struct {
	runtime *supervisor.Runtime
	tap     *tap
	stop    context.CancelFunc
	ended   chan struct{} // closed when the runtime has ended, with err
	err     error
}

func newRuntime(name string, c course, m mode) (*standing, error) {
	t := newTap()
	r := newRecords(name, c, m, t)
	return stand(r.source(), settings(c, r), t), nil
}

// stand starts a runtime; its sessions are opened when there is something to send.
func stand(source connect.Source, cfg config.Connector, t *tap) *standing {
	ctx, stop := context.WithCancel(context.Background())
	s := &standing{runtime: supervisor.New(source, cfg, supervisor.Options{}), tap: t, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = s.runtime.Serve(ctx)
	}()
	return s
}

// newRecords returns the source of a runtime.
func newRecords(name string, c course, m mode, t *tap) records {
	r := records{tap: t, mould: c.mould, mode: m, keys: keysFor(c.lanes)}
	for i := range max(c.topics, 1) {
		r.topics = append(r.topics, topicOf(name, i))
	}
	return r
}

// settings are the defaults but for what the course asks.
func settings(c course, source records) config.Connector {
	cfg := config.Defaults()
	cfg.DanubeServiceURL = "http://" + c.broker
	cfg.ConnectorName = connector
	cfg.Delivery.Lanes = c.lanes
	if c.window > 0 {
		cfg.Delivery.WindowRecords = c.window
		cfg.Processing.BatchSize = min(cfg.Processing.BatchSize, c.window)
		cfg.Delivery.BudgetBytes = 1 << 30 // the window is what is to bound it
	}
	if source.mode != polledJSON {
		for _, topic := range source.topics {
			cfg.Schemas = append(cfg.Schemas, config.Schema{Topic: topic, SchemaType: "bytes"})
		}
	}
	return cfg
}

var errEnded = errors.New("the runtime has ended")

// run opens the tap until stop, then waits until nothing is in flight.
func (s *standing) run(stop <-chan struct{}) (uint64, error) {
	before := s.runtime.Totals().Published
	s.tap.open()
	select {
	case <-stop:
	case <-s.ended:
		return 0, errors.Join(errEnded, s.err)
	}
	if err := s.drain(s.tap.shut()); err != nil {
		return 0, err
	}
	return s.runtime.Totals().Published - before, nil
}

// drain waits until the source is parked and everything it gave is resolved.
func (s *standing) drain(parked <-chan struct{}) error {
	look := time.NewTicker(200 * time.Microsecond)
	defer look.Stop()
	patience := time.NewTimer(30 * time.Second)
	defer patience.Stop()
	for {
		select {
		case <-parked:
			parked = nil
		case <-look.C:
			if parked == nil && s.runtime.Totals().InFlight == 0 {
				return nil
			}
		case <-s.ended:
			return errors.Join(errEnded, s.err)
		case <-patience.C:
			return fmt.Errorf("not idle within 30 s of the end of its slice: %+v", s.runtime.Totals())
		}
	}
}

// close stops the runtime in order.
func (s *standing) close() error {
	s.stop()
	<-s.ended
	// What Serve returns tells a supervision tree not to restart it; the cause, if
	// there is one, is inside.
	return errors.Unwrap(s.err)
}
