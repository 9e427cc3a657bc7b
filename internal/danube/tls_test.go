package danube_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// identity is a self-signed certificate for names, in files and ready to serve.
type identity struct {
	certFile, keyFile string
	server            *tls.Config
}

func newIdentity(t testing.TB, names ...string) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		// In fake time it is the year 2000.
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	id := identity{certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem")}
	for file, block := range map[string]*pem.Block{
		id.certFile: {Type: "CERTIFICATE", Bytes: der}, id.keyFile: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	id.server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return id
}

// handshakes are TLS settings, and whether a broker with a certificate for
// 127.0.0.1 and broker.example can be reached with them.
var handshakes = map[string]struct {
	change func(*danube.Settings, identity)
	words  string // of the error; empty: it works
}{
	"its own authority": {func(s *danube.Settings, id identity) { s.CAFile = id.certFile }, ""},
	"another name": {func(s *danube.Settings, id identity) {
		s.CAFile, s.ServerName = id.certFile, "broker.example"
	}, ""},
	"client certificate": {func(s *danube.Settings, id identity) {
		s.CAFile, s.CertFile, s.KeyFile = id.certFile, id.certFile, id.keyFile
	}, ""},
	"a name it does not carry": {func(s *danube.Settings, id identity) {
		s.CAFile, s.ServerName = id.certFile, "elsewhere.example"
	}, "elsewhere.example"},
	"nobody vouches":   {func(*danube.Settings, identity) {}, "certificate"},
	"plaintext to TLS": {func(s *danube.Settings, _ identity) { s.URL = strings.Replace(s.URL, "https", "http", 1) }, ""},
}

func TestTLS(t *testing.T) {
	for name, tc := range handshakes {
		t.Run(name, func(t *testing.T) {
			id := newIdentity(t, "127.0.0.1", "broker.example")
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := devbroker.NewNetwork()
				b, err := devbroker.Start(devbroker.Settings{Network: network, TLS: id.server})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = b.Close() })
				s := danube.Settings{URL: b.URL(), Dial: network.Dial}
				tc.change(&s, id)
				r := &rig{Client: newClient(t, s), t: t, url: "fake"}
				l := r.line(reliable("/default/t"))
				l.Open(0)
				if name == "plaintext to TLS" {
					// Nothing tells this from an outage: it is waited for.
					for range 5 {
						l.news(flow.Trying)
					}
					return
				}
				e := l.outcome(0)
				if tc.words == "" {
					if e.Kind != flow.Opened {
						t.Fatalf("%s: %v", e.Kind, e.Err)
					}
					l.Adopt(0, e.Session)
					l.want(flow.OK, 0, e.Session, "x")
					return
				}
				if e.Kind != flow.Failed || !errors.Is(e.Err, connect.ClassConfig) || !strings.Contains(e.Err.Error(), tc.words) {
					t.Errorf("%s: class %s: %v", e.Kind, connect.ClassOf(e.Err), e.Err)
				}
			})
		})
	}
}

const canary = "s3cr3t-canary"

func TestTokenOnEveryCall(t *testing.T) {
	id := newIdentity(t, "127.0.0.1")
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var current atomic.Pointer[string]
		set := func(s string) { current.Store(&s) }
		set(canary)
		settings := danube.Settings{
			CAFile: id.certFile,
			// As if read from a file that ends in a line break.
			Token: func() (string, error) { return *current.Load() + "\n", nil },
		}
		r := newRig(t, devbroker.Settings{TLS: id.server, Token: canary}, settings)
		l := r.line(reliable("/default/t"))
		session := l.open(0)
		c := r.subscribe(danube.Subscription{Topic: "/default/t", Name: "s"})
		l.want(flow.OK, 0, session, "x")
		r.receive(c)
		if err := r.Ping(t.Context()); err != nil {
			t.Errorf("ping: %v", err)
		}

		r.broker.SetToken("another")
		result := l.want(flow.Denied, 0, session, "x")
		if err := r.Ping(t.Context()); err == nil || strings.Contains(err.Error()+result.Err.Error(), canary) {
			t.Errorf("ping with a wrong token: %v; send: %v", err, result.Err)
		}
		// The token is taken up when it changes, without anything else.
		l.Open(0)
		time.Sleep(time.Minute)
		set("another")
		if e := l.outcome(0); e.Kind != flow.Opened {
			t.Fatalf("%s: %v", e.Kind, e.Err)
		}
		l.want(flow.OK, 0, session, "x")

		other := r.line(reliable("/default/u"))
		set("wrong")
		other.Open(0)
		if e := other.outcome(0); e.Kind != flow.Failed || !errors.Is(e.Err, connect.ClassFatal) {
			t.Errorf("at the first opening: %s: class %s: %v", e.Kind, connect.ClassOf(e.Err), e.Err)
		}
	})
}

func TestTokenThatCannotBeRead(t *testing.T) {
	id := newIdentity(t, "127.0.0.1")
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fail atomic.Bool
		s := danube.Settings{CAFile: id.certFile, Token: func() (string, error) {
			if fail.Load() {
				return "", errors.New("no such file")
			}
			return canary, nil
		}}
		r := newRig(t, devbroker.Settings{TLS: id.server, Token: canary}, s)
		l := r.line(reliable("/default/t"))
		session := l.open(0)
		fail.Store(true)
		if result := l.want(flow.Denied, 0, session, "x"); !strings.Contains(result.Err.Error(), "no such file") {
			t.Errorf("error %v", result.Err)
		}
		fail.Store(false)
		l.want(flow.OK, 0, session, "x")
	})
}
