package devbroker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

var tokens = map[string]struct {
	header []string
	code   codes.Code
	text   string
}{
	"right":           {[]string{"authorization", "Bearer secret"}, codes.OK, ""},
	"lower case":      {[]string{"authorization", "bearer secret"}, codes.OK, ""},
	"missing":         {nil, codes.Unauthenticated, "missing"},
	"wrong":           {[]string{"authorization", "Bearer other"}, codes.Unauthenticated, "invalid"},
	"bare":            {[]string{"authorization", "secret"}, codes.Unauthenticated, "invalid"},
	"empty":           {[]string{"authorization", ""}, codes.Unauthenticated, "invalid"},
	"longer":          {[]string{"authorization", "Bearer secrets"}, codes.Unauthenticated, "invalid"},
	"internal broker": {[]string{"x-danube-internal-broker", "anything"}, codes.Unauthenticated, "missing"},
}

func TestToken(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Token: "secret", Topics: []string{topicT}})
	for name, row := range tokens {
		t.Run(name, func(t *testing.T) {
			c := w.client(0)
			c.header = row.header
			_, err := c.lookup(topicT)
			wantStatus(t, err, row.code, row.text)
			_, err = c.latest("none")
			if row.code != codes.OK {
				wantStatus(t, err, row.code, row.text)
			}
			_, err = (&consumerOf{c: c, id: 1}).reopen()
			want := row.code
			if want == codes.OK {
				want = codes.NotFound
			}
			wantStatus(t, err, want, "")
		})
	}
}

func TestTokenRotation(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Token: "old", Topics: []string{topicT}})
	c := w.client(0)
	c.header = []string{"authorization", "Bearer old"}
	id := c.producer(topicT, "p")
	w.SetToken("new")
	wantStatus(t, c.trySend(sending(topicT, id, "x")), codes.Unauthenticated, "invalid or expired")
	c.header = []string{"authorization", "Bearer new"}
	c.send(topicT, id, "x")
	w.SetToken("")
	c.header = nil
	c.send(topicT, id, "y")
}

// certificate makes one for 127.0.0.1 and the pool that trusts it.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "devbroker"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	settings := devbroker.Settings{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}, Token: "secret"}
	for name, start := range map[string]func(testing.TB, devbroker.Settings) *world{"memory": start, "tcp": startTCP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, settings)
			if !strings.HasPrefix(w.URL(), "https://") {
				t.Errorf("URL is %s", w.URL())
			}
			trusting := credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
			c := w.client(0, grpc.WithTransportCredentials(trusting))
			c.header = []string{"authorization", "Bearer secret"}
			id := c.producer(topicT, "p")
			k := c.exclusive(topicT)
			c.send(topicT, id, numbered(0, 5)...)
			wantEqual(t, "received", k.readAcking(5), numbered(0, 5))
			// A reset goes between the frames under the encryption.
			wantStatus(t, c.trySend(&wire.StreamMessage{}), codes.Canceled, "RST_STREAM")
			w.Script(devbroker.Fault{Method: "SendMessage", Disconnect: true})
			wantStatus(t, c.trySend(sending(topicT, id, "x")), codes.Unavailable, "")
			wantEqual(t, "log", w.payloads(topicT), numbered(0, 5))
			out, err := w.client(0).lookup(topicT) // plaintext
			if err == nil {
				t.Errorf("plaintext client got %v", out)
			}
		})
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	settings := cluster
	settings.Proxy = true
	w := start(t, settings)
	c := w.client(0)
	for topic, broker := range map[string]string{
		"/default/a": "http://broker-0.internal:6650",
		"/default/b": "http://broker-1.internal:6650",
	} {
		out, err := c.lookup(topic)
		if err != nil {
			t.Fatal(err)
		}
		if !out.Proxy || out.ConnectUrl != w.URLs()[0] || out.BrokerUrl != broker {
			t.Errorf("lookup of %s: %v; want the proxy %s for %s", topic, out, w.URLs()[0], broker)
		}
		through := w.client(0)
		_, err = through.tryProducer(producing(topic, "p"))
		wantStatus(t, err, codes.InvalidArgument, "x-danube-broker-url")
		through.header = []string{"x-danube-broker-url", out.BrokerUrl}
		id := through.producer(topic, "p")
		k := through.exclusive(topic)
		through.send(topic, id, "x")
		wantEqual(t, "received", k.readAcking(1), []string{"x"})
		if !through.healthy(id) {
			t.Error("the producer is CLOSE")
		}
		through.header[1] = "http://broker-9.internal:6650"
		wantStatus(t, through.trySend(sending(topic, id, "x")), codes.Unavailable, "no broker")
	}
	// Calls any broker can answer need no name.
	if _, err := c.latest("none"); err == nil {
		t.Error("there is a subject")
	} else {
		wantStatus(t, err, codes.NotFound, "none")
	}
	if got := must[wire.TopicPartitionsResponse](c, wire.TopicPartitions, &wire.TopicLookupRequest{Topic: "/default/b"}); len(got.Partitions) != 1 {
		t.Errorf("partitions are %v", got)
	}
}

func TestProxyToAnotherBrokerIsRefusedThere(t *testing.T) {
	t.Parallel()
	settings := cluster
	settings.Proxy = true
	c := start(t, settings).client(0)
	c.header = []string{"x-danube-broker-url", "http://broker-0.internal:6650"}
	_, err := c.tryProducer(producing("/default/b", "p"))
	wantStatus(t, err, codes.Unavailable, "served by another broker")
}
