package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// inBinary makes the numbers of publish 8 bytes each.
func inBinary(c *config.Connector) {
	c.Schemas = []config.Schema{{Topic: topic, Subject: "numbers", SchemaType: "number", Encoding: "binary", AutoRegister: true}}
}

// watchAs starts consume with a subscription of its own.
func watchAs(ctx context.Context, t *testing.T, subscription string, args ...string) *show {
	t.Helper()
	return watch(ctx, t, nil, nil, append([]string{"-subscription", subscription}, args...)...)
}

func TestConsumeDecodesByTheRegisteredSchema(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	decoded := watch(ctx, t, nil, nil, "-danube", b.URL(), "-count", "3")
	raw := watchAs(ctx, t, "raw", "-danube", b.URL(), "-count", "3", "-raw")
	wrong := watchAs(ctx, t, "wrong", "-danube", b.URL(), "-count", "3", "-encoding", "json")
	publish(ctx, t, b.URL(), 3, inBinary)
	var want strings.Builder
	for i := range 3 {
		fmt.Fprintf(&want, `{"topic":%q,"offset":%d,"key":"k","schema":{"subject":"numbers","version":1,"id":1},"payload":%d}`+"\n", topic, i, i)
	}
	if stdout, stderr := decoded.ends(t, 0); stdout != want.String() || strings.Count(stderr, "\n") != 1 {
		t.Errorf("printed %s, saying %s; want %s", stdout, stderr, &want)
	}
	if stdout, _ := raw.ends(t, 0); strings.Count(stdout, `"schema":{"version":1,"id":1},"payload":"`) != 2 || strings.Count(stdout, `"payload":{"base64":"P/AAAAAAAAA="}`) != 1 {
		t.Errorf("-raw prints %s", stdout)
	}
	stdout, stderr := wrong.ends(t, 0)
	if strings.Count(stdout, `"schema":{"subject":"numbers","version":1,"id":1},"payload":{"base64":"P/AAAAAAAAA="}`) != 1 || strings.Count(stdout, "\n") != 3 ||
		strings.Count(stderr, "is printed as it is: subject numbers version 1: ") != 3 {
		t.Errorf("in another form printed %s, saying %s", stdout, stderr)
	}
}

// What the registry does not say does not keep a message from being printed.
func TestConsumeWithoutARegistry(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	s := watch(ctx, t, nil, nil, "-danube", b.URL(), "-count", "1")
	b.Script(devbroker.Fault{Method: "GetSchema", Code: codes.Unavailable, Text: "not just now", Times: devbroker.Keep})
	publish(ctx, t, b.URL(), 1, inBinary)
	if stdout, stderr := s.ends(t, 0); !strings.Contains(stdout, `"schema":{"version":1,"id":1},"payload":`) || !strings.Contains(stderr, "offset 0 is printed as it is") || !strings.Contains(stderr, "not just now") {
		t.Errorf("printed %s, saying %s", stdout, stderr)
	}
}
