package danube_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

const (
	redirect = wire.TopicLookupResponse_Redirect
	here     = wire.TopicLookupResponse_Connect
	failed   = wire.TopicLookupResponse_Failed
)

// finds are what a lookup may say, and where the producer is then created.
var finds = map[string]struct {
	answer  *wire.TopicLookupResponse
	code    codes.Code
	change  func(*danube.Settings)
	at      string // address of CreateProducer, SendMessage and HealthCheck
	proxied string // the broker they name to the proxy
}{
	"connect": {
		answer: &wire.TopicLookupResponse{ResponseType: here, ConnectUrl: "http://seed:1", BrokerUrl: "http://seed:1"}, at: "seed:1",
	},
	"redirect": {
		answer: &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://owner:1", BrokerUrl: "http://owner:1"}, at: "owner:1",
	},
	"all addresses": {
		answer: &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://0.0.0.0:2", BrokerUrl: "http://0.0.0.0:2"}, at: "seed:2",
	},
	"empty answer": {answer: &wire.TopicLookupResponse{}, at: "seed:1"},
	"failed": {
		answer: &wire.TopicLookupResponse{ResponseType: failed, ConnectUrl: "http://owner:1"}, at: "seed:1",
	},
	"an address nobody can dial": {
		answer: &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "tcp://owner"}, at: "seed:1",
	},
	"not found":        {code: codes.NotFound, at: "seed:1"},
	"invalid argument": {code: codes.InvalidArgument, at: "seed:1"},
	"internal":         {code: codes.Internal, at: "seed:1"},
	"proxy": {
		answer: &wire.TopicLookupResponse{ResponseType: here, ConnectUrl: "http://owner:1", BrokerUrl: "http://b-7.internal:6650/", Proxy: true},
		at:     "owner:1", proxied: "http://b-7.internal:6650/",
	},
	"a difference without a proxy": {
		answer: &wire.TopicLookupResponse{ResponseType: here, ConnectUrl: "http://owner:1", BrokerUrl: "http://b-7.internal:6650"}, at: "owner:1",
	},
	"override": {
		answer: &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://owner:1", BrokerUrl: "http://owner:1"},
		change: func(s *danube.Settings) { s.ConnectOverride = "seed:2" }, at: "seed:2",
	},
	"override behind a proxy": {
		answer: &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://owner:1", BrokerUrl: "http://b", Proxy: true},
		change: func(s *danube.Settings) { s.ConnectOverride = "http://seed:2" }, at: "seed:2", proxied: "http://b",
	},
}

func TestLookup(t *testing.T) {
	for name, tc := range finds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakes(t, "seed:1", "seed:2", "owner:1")
				f.lookup = func(string, string) (*wire.TopicLookupResponse, error) {
					if tc.code != codes.OK {
						return nil, status.Error(tc.code, "words")
					}
					return tc.answer, nil
				}
				s := danube.Settings{URL: "http://seed:1", Dial: f.dial, HealthInterval: time.Hour}
				if tc.change != nil {
					tc.change(&s)
				}
				r := &rig{Client: newClient(t, s), t: t, url: "fake"}
				l := r.line(reliable("/default/t"))
				id := l.open(0)
				if id != 1<<64-1 {
					t.Errorf("session %d: the upper bits are lost", id)
				}
				l.want(flow.OK, 0, id, "x")
				l.Probe(0)
				l.news(flow.Alive)
				want := []heard{{at: tc.at, proxied: tc.proxied}}
				for _, method := range []string{wire.CreateProducer, wire.SendMessage, wire.CheckHealth} {
					want[0].method = method
					if have := f.heardOf(method); !slices.Equal(have, want) {
						t.Errorf("heard %+v, want %+v", have, want)
					}
				}
				if have := f.heardOf(wire.TopicLookup); len(have) != 1 || have[0].proxied != "" || have[0].at != "seed:1" {
					t.Errorf("lookups %+v", have)
				}
				// A proxy's connections belong to a broker each; otherwise one
				// address is one connection.
				slices.Sort(f.dialled)
				if len(slices.Compact(slices.Clone(f.dialled))) != len(f.dialled) && tc.proxied == "" {
					t.Errorf("dialled %v", f.dialled)
				}
			})
		})
	}
}

// TestEverySeedIsAsked has seeds that refuse, and one that knows.
func TestEverySeedIsAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(t, "third:1", "owner:1")
		f.lookup = func(string, string) (*wire.TopicLookupResponse, error) {
			return &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://owner:1"}, nil
		}
		s := danube.Settings{URL: "http://first:1", Seeds: []string{"http://second:1", "http://third:1", "http://first:1"}, Dial: f.dial}
		r := &rig{Client: newClient(t, s), t: t, url: "fake"}
		began := time.Now()
		r.line(reliable("/default/t")).open(0)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if err := r.Ping(t.Context()); err != nil {
			t.Errorf("ping: %v", err)
		}
	})
}

// TestStaleBrokerIsNotAskedForEver has a first seed that names a dead owner and
// a second that knows better.
func TestStaleBrokerIsNotAskedForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(t, "stale:1", "fresh:1", "owner:1")
		f.lookup = func(asked, _ string) (*wire.TopicLookupResponse, error) {
			if asked == "stale:1" {
				return &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://dead:1"}, nil
			}
			return &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://owner:1"}, nil
		}
		s := danube.Settings{URL: "http://stale:1", Seeds: []string{"http://fresh:1"}, Dial: f.dial}
		l := (&rig{Client: newClient(t, s), t: t, url: "fake"}).line(reliable("/default/t"))
		began := time.Now()
		l.open(0)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestHomeIsAskedFirst opens a session again: the broker it lived at is asked
// before the others, until it does not answer.
func TestHomeIsAskedFirst(t *testing.T) {
	for name, seeds := range map[string][]string{"a seed": {"http://second:1"}, "no seed": {"http://third:1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakes(t, "first:1", "second:1", "third:1")
				var down atomic.Bool
				f.lookup = func(string, string) (*wire.TopicLookupResponse, error) {
					return &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://second:1"}, nil
				}
				f.create = func(asked string, _ *wire.ProducerRequest) (*wire.ProducerResponse, error) {
					if asked == "second:1" && down.Load() {
						return nil, status.Error(codes.Unavailable, "error reading from server: EOF")
					}
					return &wire.ProducerResponse{ProducerId: 1}, nil
				}
				s := danube.Settings{URL: "http://first:1", Seeds: seeds, Dial: f.dial}
				l := (&rig{Client: newClient(t, s), t: t, url: "fake"}).line(reliable("/default/t"))
				l.open(0)
				l.open(0)
				if have := asked(f); !slices.Equal(have, []string{"first:1", "second:1"}) {
					t.Errorf("asked %v, want the first seed and then the topic's home", have)
				}
				down.Store(true)
				l.Open(0)
				l.news(flow.Trying)
				down.Store(false)
				l.outcome(0)
				if have := asked(f); len(have) != 4 || have[2] != "second:1" || have[3] == "second:1" {
					t.Errorf("asked %v, want somebody else once the home did not answer", have)
				}
			})
		})
	}
}

// asked returns who was asked for a topic, in order.
func asked(f *fakes) (addresses []string) {
	for _, c := range f.heardOf(wire.TopicLookup) {
		addresses = append(addresses, c.at)
	}
	return addresses
}

// TestWhoAnswersIsAskedToo has a broker that is no seed and does not own the
// topic, but is the only one left that knows who does.
func TestWhoAnswersIsAskedToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(t, "seed:1", "former:1", "owner:1")
		var dead atomic.Bool
		f.lookup = func(asked, _ string) (*wire.TopicLookupResponse, error) {
			switch {
			case asked == "former:1":
				return &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://owner:1"}, nil
			case dead.Load():
				return nil, status.Error(codes.Unavailable, "error reading from server: EOF")
			}
			return &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://former:1"}, nil
		}
		f.create = func(asked string, _ *wire.ProducerRequest) (*wire.ProducerResponse, error) {
			if asked == "former:1" {
				dead.Store(true)
				return nil, status.Error(codes.Unavailable, "The topic exists but is served by another broker, redo the Lookup request")
			}
			return &wire.ProducerResponse{ProducerId: 1}, nil
		}
		l := (&rig{Client: newClient(t, danube.Settings{URL: "http://seed:1", Dial: f.dial}), t: t, url: "fake"}).line(reliable("/default/t"))
		l.open(0)
		if have := f.heardOf(wire.CreateProducer); have[len(have)-1].at != "owner:1" {
			t.Errorf("producer created at %v", have)
		}
	})
}

// TestUnusedConnectionsAreClosed moves a topic on and on; what it leaves behind
// is closed once its last message is answered. Those to seeds stay.
func TestUnusedConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(t, "seed:1", "a:1", "b:1")
		owner, id := "a:1", uint64(0)
		f.lookup = func(string, string) (*wire.TopicLookupResponse, error) {
			return &wire.TopicLookupResponse{ResponseType: redirect, ConnectUrl: "http://" + owner}, nil
		}
		f.create = func(string, *wire.ProducerRequest) (*wire.ProducerResponse, error) {
			id++
			return &wire.ProducerResponse{ProducerId: id}, nil
		}
		r := &rig{Client: newClient(t, danube.Settings{URL: "http://seed:1", Dial: f.dial}), t: t, url: "fake"}
		l := r.line(reliable("/default/t"))
		for round := range 6 {
			other := owner
			owner = map[string]string{"a:1": "b:1", "b:1": "a:1"}[owner]
			l.want(flow.OK, 0, l.open(0), "x")
			l.Probe(0)
			l.news(flow.Alive)
			synctest.Wait()
			if f.connections(owner) != 1 || f.connections(other) != 0 || f.connections("seed:1") > 1 {
				t.Errorf("round %d: connections %v, the topic is at %s", round, f.open, owner)
			}
		}
		l.Close()
		synctest.Wait()
		if f.connections(owner) != 0 || f.connections("seed:1") != 1 {
			t.Errorf("after the transport was closed: connections %v", f.open)
		}
		r.Client.Close()
		synctest.Wait()
		if f.connections("seed:1") != 0 {
			t.Errorf("after the client was closed: connections %v", f.open)
		}
	})
}

// TestBlackHole is a first seed that takes connections and says nothing.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(t, "hole:1", "fresh:1")
		f.lookup = func(asked, _ string) (*wire.TopicLookupResponse, error) {
			if asked == "hole:1" {
				time.Sleep(time.Minute)
			}
			return nil, status.Error(codes.NotFound, "no such topic")
		}
		s := danube.Settings{URL: "http://hole:1", Seeds: []string{"http://fresh:1"}, Dial: f.dial}
		l := (&rig{Client: newClient(t, s), t: t, url: "fake"}).line(reliable("/default/t"))
		began := time.Now()
		l.open(0)
		if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("it took %s, want one attempt's 5s", took)
		}
		time.Sleep(time.Minute) // the hole's handler
	})
}

// TestARaceIsRunOnceMore creates a topic that somebody else creates meanwhile.
func TestARaceIsRunOnceMore(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]flow.SessionKind{
		"Topic '/default/t' already exists": flow.Opened,
		"Cannot create topic '/default/t': partitioned topics with this base name already exist (found 2 partitions).": flow.Failed,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakes(t, "seed:1")
			f.lookup = func(string, string) (*wire.TopicLookupResponse, error) {
				return nil, status.Error(codes.NotFound, "no such topic")
			}
			asked := 0
			f.create = func(string, *wire.ProducerRequest) (*wire.ProducerResponse, error) {
				if asked++; asked == 1 {
					return nil, status.Error(codes.AlreadyExists, text)
				}
				return &wire.ProducerResponse{ProducerId: 1}, nil
			}
			l := (&rig{Client: newClient(t, danube.Settings{URL: "http://seed:1", Dial: f.dial}), t: t, url: "fake"}).line(reliable("/default/t"))
			began := time.Now()
			l.Open(0)
			e := l.outcome(0)
			if e.Kind != want {
				t.Errorf("%q: %s, want %s: %v", text, e.Kind, want, e.Err)
			}
			if want == flow.Failed && !errors.Is(e.Err, connect.ClassConfig) {
				t.Errorf("class %s", connect.ClassOf(e.Err))
			}
			if e.Flush != -1 && want == flow.Opened {
				t.Errorf("flush interval %s where none is announced", e.Flush)
			}
			if took := time.Since(began); took != 0 {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestPingNamesEveryBroker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(t)
		c := newClient(t, danube.Settings{URL: "http://a:1", Seeds: []string{"http://b:1"}, Dial: f.dial})
		err := c.Ping(t.Context())
		if err == nil || !strings.Contains(err.Error(), "http://a:1") || !strings.Contains(err.Error(), "http://b:1") {
			t.Errorf("error %v", err)
		}
	})
}
