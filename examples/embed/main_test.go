package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

// show is the service, running in this process.
type show struct {
	*testing.T
	ctx            context.Context
	stdout, stderr *stage.Screen
	signals        chan os.Signal
	ended          chan int
	address        string
}

func begin(t *testing.T, args ...string) *show {
	t.Helper()
	s := &show{T: t, stdout: new(stage.Screen), stderr: new(stage.Screen), signals: make(chan os.Signal, 2), ended: make(chan int, 1)}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	go func() {
		s.ended <- run(s.signals, append([]string{"-listen", "127.0.0.1:0"}, args...), s.stdout, s.stderr)
	}()
	var err error
	if s.address, err = s.stderr.After(s.ctx, "msg=serving address="); err != nil {
		t.Fatal(err)
	}
	return s
}

// request returns status and body.
func (s *show) request(method, path, body string) (int, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.ctx, method, s.address+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// again tries until try is done, with a breath in between.
func (s *show) again(try func() (done bool)) {
	s.Helper()
	breath := time.NewTicker(5 * time.Millisecond)
	defer breath.Stop()
	for !try() {
		select {
		case <-breath.C:
		case <-s.ctx.Done():
			s.Fatal(s.ctx.Err())
		}
	}
}

// order orders until it is taken: the runtime may just have begun.
func (s *show) order(body string) {
	s.Helper()
	s.again(func() bool {
		code, text := s.request(http.MethodPost, "/orders?customer=ada", body)
		if code != http.StatusAccepted && code != http.StatusServiceUnavailable {
			s.Fatalf("an order is answered with %d: %s", code, text)
		}
		return code == http.StatusAccepted
	})
}

// shows waits until a page has a text.
func (s *show) shows(page, text string) {
	s.Helper()
	s.again(func() bool {
		_, shown := s.request(http.MethodGet, page, "")
		return strings.Contains(shown, text)
	})
}

var sums = regexp.MustCompile(`^orders read=2 published=2 committed=0 in_flight=0\nvitals read=(\d+) published=(\d+) committed=0 in_flight=0\n$`)

func TestTwoConnectorsInOneService(t *testing.T) {
	t.Parallel()
	broker, err := devbroker.Start(devbroker.Settings{Topics: []string{ordersTopic}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	client, err := danube.New(danube.Settings{URL: broker.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	consumer, err := client.Subscribe(t.Context(), danube.Subscription{Topic: ordersTopic, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s := begin(t, "-danube", broker.URL())
	for _, body := range []string{`{"item": "tea"}`, `"milk"`} {
		s.order(body)
		m, err := consumer.Receive(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Payload) != body || m.Key != "ada" {
			t.Errorf("received %s with the key %q, want %s", m.Payload, m.Key, body)
		}
	}
	if code, text := s.request(http.MethodPost, "/orders", "tea, please"); code != http.StatusBadRequest || !strings.Contains(text, "JSON") {
		t.Errorf("an order in no JSON is answered with %d: %s", code, text)
	}
	for name, want := range map[string]string{
		"orders": `danube_connect_records_published_total{connector="orders"} 2`,
		"vitals": `danube_connect_records_read_total{connector="vitals"}`,
	} {
		if code, text := s.request(http.MethodGet, "/connectors/"+name+"/metrics", ""); code != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("the page of %s is %d: %s", name, code, text)
		}
		if code, text := s.request(http.MethodGet, "/connectors/"+name+"/livez", ""); code != http.StatusOK {
			t.Errorf("%s: %d: %s", name, code, text)
		}
	}
	s.signals <- syscall.SIGTERM
	if code := <-s.ended; code != 0 {
		t.Errorf("exit code %d: %s", code, s.stderr)
	}
	m := sums.FindStringSubmatch(s.stdout.String())
	if m == nil || m[1] != m[2] || m[1] == "0" {
		t.Errorf("stdout has %q", s.stdout)
	}
}

func TestTheServiceHasABrokerOfItsOwn(t *testing.T) {
	t.Parallel()
	s := begin(t, "-for", "500ms")
	if code := <-s.ended; code != 0 || strings.Count(s.stdout.String(), "\n") != 2 {
		t.Errorf("exit code %d with %q: %s", code, s.stdout, s.stderr)
	}
}

// One connector's failure is not the other's, nor the service's.
func TestAConnectorThatFailsFailsAlone(t *testing.T) {
	t.Parallel()
	broker, err := devbroker.Start(devbroker.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	broker.Script(devbroker.Fault{Method: "CreateProducer", Topic: vitalsTopic, Code: codes.Unauthenticated, Text: "no entry", Times: devbroker.Keep})
	s := begin(t, "-danube", broker.URL())
	if _, err := s.stderr.After(s.ctx, `msg="fatal error; stopping" connector=vitals`); err != nil {
		t.Fatal(err)
	}
	s.order("1")
	s.order("2")
	s.signals <- syscall.SIGINT
	if code := <-s.ended; code != 0 || !strings.HasPrefix(s.stdout.String(), "orders read=2 published=2 ") {
		t.Errorf("exit code %d with %q: %s", code, s.stdout, s.stderr)
	}
}

func TestTheSecondSignalEndsTheServiceAtOnce(t *testing.T) {
	t.Parallel()
	broker, err := devbroker.Start(devbroker.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	broker.Script(devbroker.Fault{Method: "SendMessage", Topic: vitalsTopic, Stall: true, Times: devbroker.Keep})
	s := begin(t, "-danube", broker.URL())
	s.shows("/connectors/vitals/metrics", `danube_connect_records_in_flight{connector="vitals"} 1`)
	s.signals <- syscall.SIGINT
	if _, err := s.stderr.After(s.ctx, "msg=stopping connector=vitals"); err != nil {
		t.Fatal(err)
	}
	s.signals <- syscall.SIGINT
	if code := <-s.ended; code != 1 || !strings.Contains(s.stderr.LastLine(), "second signal") {
		t.Errorf("exit code %d: %s", code, s.stderr)
	}
}

func TestTheServiceRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for want, args := range map[int][]string{
		0: {"-help"},
		1: {"-listen", taken.Addr().String()},
		2: {"-danube", "tcp://x"},
	} {
		var stdout, stderr stage.Screen
		if code := run(nil, args, &stdout, &stderr); code != want {
			t.Errorf("%q: exit code %d, want %d: %s", args, code, want, stderr.String())
		}
	}
}
