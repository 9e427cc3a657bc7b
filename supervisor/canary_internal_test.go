package supervisor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// The secrets of these tests all hold the word; nothing a runtime writes may.
const (
	canary  = "canary-hunter2"
	right   = "right-" + canary
	rotated = "rotated-" + canary
	wrong   = "wrong-" + canary
)

// authority writes a self-signed certificate for the host "broker".
func authority(t *testing.T) (caFile string, server *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		DNSNames:  []string{"broker"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(10, 0, 0), // in fake time it is the year 2000
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return caFile, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// guarded is a broker that asks for a token over TLS, and a runtime before it.
type guarded struct {
	t      *testing.T
	broker *devbroker.Broker
	rt     *Runtime
	file   string // of the token
	stop   context.CancelFunc
	ended  chan error
	// log and out are everything that anybody wrote.
	log, out written
}

const canaryTopic = "/default/canary"

// serveGuarded starts a runtime with the secret in the file or in the environment.
func serveGuarded(t *testing.T, inFile bool, secret string) *guarded {
	t.Helper()
	g := &guarded{t: t, file: filepath.Join(t.TempDir(), "token"), ended: make(chan error, 1)}
	log := slog.New(slog.NewMultiHandler(
		slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}),
		slog.NewJSONHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	caFile, server := authority(t)
	network := devbroker.NewNetwork()
	broker, err := devbroker.Start(devbroker.Settings{
		Listen: []string{"broker:6650"}, Network: network, TLS: server, Token: right, Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	g.broker = broker
	text := fmt.Sprintf("danube_service_url = %q\nconnector_name = \"test\"\n[danube]\nca_file = %q\n", broker.URL(), caFile)
	env := []string{"DANUBE_TOKEN=" + secret}
	if inFile {
		put(t, g.file, secret+"\n", time.Now())
		text, env = text+fmt.Sprintf("token_file = %q\n", g.file), nil
	}
	cfg, err := config.Parse[config.Connector]("test.toml", []byte(text), func() []string { return env })
	if err != nil {
		t.Fatal(err)
	}
	g.rt = New(g.source(), cfg, Options{Logger: log, Dial: network.Dial})
	g.dump("before the start")
	ctx, cancel := context.WithCancel(context.Background())
	g.stop = cancel
	go func() { g.ended <- g.rt.Run(ctx) }()
	t.Cleanup(func() { cancel(); g.rt.Kill(); _ = broker.Close() })
	return g
}

// source offers a record a second.
func (g *guarded) source() connect.Source {
	return &idle{topics: []string{canaryTopic}, poll: func() ([]connect.Envelope, error) {
		time.Sleep(time.Second)
		return []connect.Envelope{connect.String(canaryTopic, "hello").Envelope()}, nil
	}}
}

// dump prints the configuration and the runtime in every way that prints all; the
// runtime must not be running.
func (g *guarded) dump(when string) {
	_, _ = fmt.Fprintf(&g.out, "%s:\n%v\n%+v\n%#v\n%s\n", when, g.rt.cfg, g.rt.cfg, g.rt.cfg, g.rt.cfg.Danube.Token)
	_, _ = fmt.Fprintf(&g.out, "%v\n%+v\n%#v\n", g.rt, g.rt, g.rt)
}

// pages asks for every page.
func (g *guarded) pages() {
	for _, path := range []string{"/", "/livez", "/readyz", "/metrics"} {
		w := httptest.NewRecorder()
		g.rt.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Body.Len() == 0 {
			g.t.Errorf("%s is empty", path)
		}
		_, _ = fmt.Fprintf(&g.out, "%s: %d %v\n", path, w.Code, w.Header())
		_, _ = io.Copy(&g.out, w.Body)
	}
}

// done takes the end of Run and looks through everything that was written.
func (g *guarded) done(err error) {
	g.t.Helper()
	g.pages()
	g.dump("after the end")
	_, _ = fmt.Fprintf(&g.out, "%v\n%+v\n%#v\n", err, err, err)
	for m := range g.broker.Log(canaryTopic) {
		_, _ = fmt.Fprintf(&g.out, "%+v\n", m)
	}
	if !g.log.has("level=DEBUG") || !g.log.has(`"level":"DEBUG"`) {
		g.t.Error("nothing is logged at debug level; this test says nothing")
	}
	for where, text := range map[string]string{"log": g.log.String(), "output": g.out.String()} {
		if form := leaks(text); form != "" {
			g.t.Errorf("the %s shows the token as %q:\n%s", where, form, text)
		}
	}
}

func (g *guarded) published(n uint64) bool { return g.rt.Totals().Published >= n }

// places are where a secret may come from.
var places = map[string]bool{"token_file": true, "DANUBE_TOKEN": false}

func TestCanaryRightToken(t *testing.T) {
	t.Parallel()
	for name, inFile := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := serveGuarded(t, inFile, right)
				time.Sleep(10 * time.Second)
				if !g.published(5) {
					t.Errorf("%d records published with the right token", g.rt.Totals().Published)
				}
				g.pages()
				g.stop()
				err := <-g.ended
				if err != nil {
					t.Errorf("Run = %v", err)
				}
				g.done(err)
			})
		})
	}
}

// A token that was never right stops the runtime with a text that says what to do
// about it.
func TestCanaryWrongToken(t *testing.T) {
	t.Parallel()
	for name, inFile := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := serveGuarded(t, inFile, wrong)
				began := time.Now()
				err := <-g.ended
				if connect.ClassOf(err) != connect.ClassFatal || !says(err, "topic "+canaryTopic, g.broker.URL(), "invalid or expired token", "Unauthenticated") {
					t.Errorf("Run = %v, want a fatal error that names topic, broker and token", err)
				}
				if d := time.Since(began); d > time.Minute {
					t.Errorf("it took %v to say so", d)
				}
				if g.published(1) {
					t.Error("records are published with the wrong token")
				}
				g.done(err)
			})
		})
	}
}

// A token that expires is read again: nothing is fatal within the grace.
func TestCanaryRotatedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := serveGuarded(t, true, right)
		time.Sleep(5 * time.Second)
		g.broker.SetToken(rotated)
		time.Sleep(30 * time.Second)
		before := g.rt.Totals().Published
		g.pages()
		if w := g.log.String(); !strings.Contains(w, "expired") {
			t.Error("nothing says that the token has expired")
		}
		put(t, g.file, rotated, time.Now())
		time.Sleep(2 * time.Minute)
		if !g.published(before + 30) {
			t.Errorf("%d records published after the rotation, %d before", g.rt.Totals().Published, before)
		}
		g.stop()
		err := <-g.ended
		if err != nil {
			t.Errorf("Run = %v", err)
		}
		g.done(err)
	})
}

// unusable are token files no token comes from, and what the error says.
var unusable = map[string]struct {
	text string
	says string
}{
	"two lines":  {right + "\n" + wrong, "characters that no header can carry"},
	"no text":    {right + "\x00\xff", "characters that no header can carry"},
	"too long":   {strings.Repeat(right, maxToken), "bytes; a token has at most"},
	"only space": {" \n\t", "is empty"},
}

func TestCanaryUnusableToken(t *testing.T) {
	t.Parallel()
	for name, c := range unusable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := serveGuarded(t, true, c.text)
				err := <-g.ended
				if connect.ClassOf(err) != connect.ClassFatal || !says(err, "topic "+canaryTopic, c.says) {
					t.Errorf("Run = %v, want a fatal error that says %q", err, c.says)
				}
				g.done(err)
			})
		})
	}
}

// A token is never sent in the clear, nor shown for having been so configured.
func TestCanaryWithoutTLS(t *testing.T) {
	t.Parallel()
	cfg := settings()
	cfg.Danube.Token = config.NewSecret(right)
	err := Run(t.Context(), &idle{}, cfg, Options{Dial: nobody})
	if connect.ClassOf(err) != connect.ClassConfig || !says(err, "https") {
		t.Errorf("Run = %v, want a mistake in the configuration that asks for https", err)
	}
	if form := leaks(fmt.Sprintf("%v %+v %#v", err, err, err)); form != "" {
		t.Errorf("the error shows the token as %q: %v", form, err)
	}
}
