package devbroker_test

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// cluster is two brokers: /default/a, /default/c at 0 and /default/b at 1.
var cluster = devbroker.Settings{
	Listen: []string{"one:6650", "two:6650"},
	Topics: []string{"/default/a", "/default/b", "/default/c"},
}

var lookups = map[string]struct {
	listener int
	topic    string
	kind     wire.TopicLookupResponse_LookupType
	url      string
	code     codes.Code
}{
	"own topic":        {0, "/default/a", wire.TopicLookupResponse_Connect, "http://one:6650", codes.OK},
	"at the other":     {0, "/default/b", wire.TopicLookupResponse_Redirect, "http://two:6650", codes.OK},
	"asked the other":  {1, "/default/c", wire.TopicLookupResponse_Redirect, "http://one:6650", codes.OK},
	"missing":          {0, "/default/zzz", 0, "", codes.NotFound},
	"bad name":         {0, "default", 0, "", codes.InvalidArgument},
	"piece of another": {0, "/default/", wire.TopicLookupResponse_Redirect, "http://one:6650", codes.OK},
}

func TestLookup(t *testing.T) {
	t.Parallel()
	w := start(t, cluster)
	for name, row := range lookups {
		t.Run(name, func(t *testing.T) {
			out, err := w.client(row.listener).lookup(row.topic)
			wantStatus(t, err, row.code, "")
			if err != nil {
				return
			}
			if out.ResponseType != row.kind || out.ConnectUrl != row.url || out.BrokerUrl != row.url || out.Proxy {
				t.Errorf("got %v; want %v to %s", out, row.kind, row.url)
			}
			if out.RequestId != 3 {
				t.Errorf("request id %d; want 3", out.RequestId)
			}
		})
	}
}

func TestLookupOfATopicNotLoadedRedirectsToTheOwner(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	c := w.client(0)
	_, err := c.tryProducer(producing(topicT, "p"))
	wantStatus(t, err, codes.Unavailable, "metadata was created")
	out, err := c.lookup(topicT)
	if err != nil || out.ResponseType != wire.TopicLookupResponse_Redirect || out.ConnectUrl != w.URL() {
		t.Errorf("before it is loaded: %v, %v; want a Redirect to itself", out, err)
	}
	c.producer(topicT, "p")
	out, err = c.lookup(topicT)
	if err != nil || out.ResponseType != wire.TopicLookupResponse_Connect {
		t.Errorf("once it is loaded: %v, %v; want Connect", out, err)
	}
}

func TestLookupCreatesNothing(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	_, err := w.client(0).lookup(topicT)
	wantStatus(t, err, codes.NotFound, topicT)
	if got := w.Topics(); got != nil {
		t.Errorf("topics are %v", got)
	}
}

var partitionLists = map[string]struct {
	ask  string
	want []string
}{
	"plain topic":         {"/default/plain", []string{"/default/plain"}},
	"order of the names":  {"/default/p", []string{"/default/p-part-0", "/default/p-part-1", "/default/p-part-10", "/default/p-part-2", "/default/plain"}},
	"nothing":             {"/default/none", nil},
	"no boundary":         {"/default/q", []string{"/default/q2", "/default/q2-part-0"}},
	"a partition":         {"/default/p-part-10", []string{"/default/p-part-10"}},
	"start of partitions": {"/default/p-part-1", []string{"/default/p-part-1"}},
}

func TestTopicPartitions(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{Topics: []string{
		"/default/p-part-2", "/default/p-part-10", "/default/p-part-0", "/default/p-part-1",
		"/default/plain", "/default/q2", "/default/q2-part-0",
	}}).client(0)
	for name, row := range partitionLists {
		t.Run(name, func(t *testing.T) {
			out := must[wire.TopicPartitionsResponse](c, wire.TopicPartitions, &wire.TopicLookupRequest{RequestId: 4, Topic: row.ask})
			wantEqual(t, "partitions", out.Partitions, row.want)
			if out.RequestId != 4 {
				t.Errorf("request id %d; want 4", out.RequestId)
			}
		})
	}
	_, err := try[wire.TopicPartitionsResponse](c, wire.TopicPartitions, &wire.TopicLookupRequest{Topic: "/default"})
	wantStatus(t, err, codes.InvalidArgument, "invalid format")
}
