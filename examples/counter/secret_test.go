package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
)

// canary is a token. Wherever it turns up, a secret was shown.
const canary = "canary-8d21f7e6-never-to-be-seen"

// shows reports whether text has the canary in it, as it is or in a usual disguise.
func shows(text string) bool {
	for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary))[:40], hex.EncodeToString([]byte(canary))} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestACanaryIsSeen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"token=" + canary: true, base64.StdEncoding.EncodeToString([]byte(canary)): true,
		fmt.Sprintf("%x", canary): true, fmt.Sprintf("%q", canary): true, "canary": false, "": false,
	} {
		if shows(text) != want {
			t.Errorf("%q: seen = %t, want %t", text, !want, want)
		}
	}
}

// certificate makes one for the loopback address and writes it beside the
// configuration.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "development broker"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// secretive starts a broker that asks for the canary, and returns a configuration
// for it that logs all there is to log.
func secretive(t *testing.T, log io.Writer) (*devbroker.Broker, string) {
	t.Helper()
	own, ca := certificate(t)
	broker, err := devbroker.Start(devbroker.Settings{
		Topics: []string{"/default/numbers"}, Token: canary, Logger: slog.New(slog.NewTextHandler(log, nil)),
		TLS: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS13},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	return broker, fmt.Sprintf(`
danube_service_url = %q
connector_name = "counter"
[processing]
poll_interval_ms = 20
metrics_port = 0
log_level = "debug"
[danube]
ca_file = %q
health_interval = "100ms"
`, broker.URL(), ca)
}

// pages returns what the counter serves.
func pages(ctx context.Context, t *testing.T, p *stage.Player) string {
	t.Helper()
	rest, err := p.Stderr.After(ctx, "address=")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, page := range []string{"/metrics", "/readyz", "/livez", "/"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, rest+page, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		fmt.Fprintf(&all, "%s %v %s\n", answer.Status, answer.Header, body)
	}
	return all.String()
}

// The token reaches the broker and nobody else: neither while all is well, nor when
// the broker refuses it, nor in a dump.
func TestTheTokenIsNowhereToBeSeen(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(t *testing.T, config string) (file string, env []string){
		"from the environment": func(t *testing.T, config string) (string, []string) {
			return write(t, config), []string{"DANUBE_TOKEN=" + canary}
		},
		"from a file": func(t *testing.T, config string) (string, []string) {
			return write(t, config+fmt.Sprintf("token_file = %q\n", write(t, canary+"\n"))), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var brokers stage.Screen
			broker, config := secretive(t, &brokers)
			file, env := give(t, config)
			p, ctx := play(t, file, env...)
			if _, err := p.Stderr.After(ctx, "source initialized"); err != nil {
				t.Fatal(err)
			}
			seen := pages(ctx, t, p)
			sent(ctx, t, broker)
			broker.SetToken("another")
			if _, err := p.Stderr.After(ctx, "Unauthenticated"); err != nil {
				t.Fatal(err)
			}
			seen += pages(ctx, t, p)
			if err := p.Signal(syscall.SIGQUIT); err != nil { // a dump of all goroutines
				t.Fatal(err)
			}
			if code, err := p.Wait(ctx); code == 0 || err != nil {
				t.Fatalf("exit code %d, %v", code, err)
			}
			if !strings.Contains(p.Stderr.String(), "goroutine ") || !strings.Contains(seen, "danube_connect_records_read_total") {
				t.Fatal("there is no dump, or no page, to look at")
			}
			for where, text := range map[string]string{
				"stderr": p.Stderr.String(), "stdout": p.Stdout.String(), "the pages": seen, "the broker's log": brokers.String(),
			} {
				if shows(text) {
					t.Errorf("the token is in %s", where)
				}
			}
		})
	}
}

// sent waits until the broker has taken a number, so that the token has been used.
func sent(ctx context.Context, t *testing.T, broker *devbroker.Broker) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		for range broker.Log("/default/numbers") {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatal("nothing was sent")
		}
	}
}

// slips are mistakes in whose report a token could turn up.
var slips = map[string]string{
	"in the file, where it must not be": "[danube]\ntoken = %q\n",
	"in place of a number":              "[processing]\nbatch_size = %q\n",
	"in place of a table":               "danube = %q\n",
	"under a key that is not there":     "[danube]\ntokem = %q\n",
	"in a line that is no TOML":         "[danube]\ntoken = %q%%\n",
	"as the broker's password":          "danube_service_url = \"http://me:%[1]s@127.0.0.1:6650\"\n",
	"without TLS":                       "",
}

func TestMistakesDoNotShowTheToken(t *testing.T) {
	t.Parallel()
	for name, slip := range slips {
		text := slip
		if slip != "" {
			text = fmt.Sprintf(slip, canary)
		}
		head := "connector_name = \"counter\"\n"
		if !strings.HasPrefix(text, "danube_service_url") {
			head += "danube_service_url = \"http://127.0.0.1:6650\"\n"
		}
		p, ctx := play(t, write(t, head+text), "DANUBE_TOKEN="+canary)
		ends(ctx, t, p, 2)
		if p.Stderr.String() == "" || shows(p.Stderr.String()) {
			t.Errorf("%s: stderr has %s", name, p.Stderr)
		}
	}
}

// A token that was never right is fatal, which is failure 1 and no misuse.
func TestAWrongTokenFails(t *testing.T) {
	t.Parallel()
	var brokers stage.Screen
	_, config := secretive(t, &brokers)
	p, ctx := play(t, write(t, config), "DANUBE_TOKEN="+canary+"-not")
	ends(ctx, t, p, 1)
	if shows(p.Stderr.String()) || !strings.Contains(p.Stderr.LastLine(), "Unauthenticated") {
		t.Errorf("the last line is %q", p.Stderr.LastLine())
	}
}
