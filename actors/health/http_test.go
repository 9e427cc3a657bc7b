package health_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// ask asks a handler for a page.
func ask(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func noFigures() health.Figures { return health.Figures{} }

var pages = []struct {
	method, path string
	status       int
}{
	{http.MethodGet, "/", http.StatusOK},
	{http.MethodGet, "/livez", http.StatusOK},
	{http.MethodGet, "/readyz", http.StatusOK},
	{http.MethodGet, "/metrics", http.StatusOK},
	{http.MethodHead, "/livez", http.StatusOK},
	{http.MethodHead, "/readyz", http.StatusOK},
	{http.MethodHead, "/metrics", http.StatusOK},
	{http.MethodPost, "/livez", http.StatusMethodNotAllowed},
	{http.MethodPut, "/readyz", http.StatusMethodNotAllowed},
	{http.MethodDelete, "/metrics", http.StatusMethodNotAllowed},
	{http.MethodPost, "/", http.StatusMethodNotAllowed},
	{http.MethodGet, "/livez/", http.StatusNotFound},
	{http.MethodGet, "/healthz", http.StatusNotFound},
	{http.MethodGet, "/debug/pprof/", http.StatusNotFound},
}

func TestPages(t *testing.T) {
	t.Parallel()
	h := health.Handler("orders", boardOf(health.Running), noFigures)
	for _, p := range pages {
		w := ask(h, p.method, p.path)
		if w.Code != p.status {
			t.Errorf("%s %s: %d, want %d", p.method, p.path, w.Code, p.status)
		}
		if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: allows %q", p.method, p.path, w.Header().Get("Allow"))
		}
		if w.Code != http.StatusOK {
			continue
		}
		kind := "text/plain; charset=utf-8"
		if p.path == "/metrics" {
			kind = "text/plain; version=0.0.4; charset=utf-8"
		}
		for header, want := range map[string]string{"Content-Type": kind, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s %s: %s is %q, want %q", p.method, p.path, header, got, want)
			}
		}
	}
}

// verdicts are what the two pages answer for a state of one component beside one
// that is well.
var verdicts = []struct {
	state       health.State
	live, ready int
}{
	{health.Stopped, 200, 503},
	{health.Running, 200, 200},
	{health.Starting, 200, 503},
	{health.Stopping, 200, 503},
	{health.Degraded, 200, 200},
	{health.Stalled, 200, 200},
	{health.Unhealthy, 200, 503},
	{health.Failing, 200, 503},
	{health.Failed, 503, 503},
	{health.Stuck, 503, 503},
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, v := range verdicts {
		h := health.Handler("orders", boardOf(health.Running, v.state), noFigures)
		for path, want := range map[string]int{"/livez": v.live, "/readyz": v.ready} {
			w := ask(h, http.MethodGet, path)
			first := "ok\n"
			if want == http.StatusServiceUnavailable {
				first = "not ok\n"
			}
			if w.Code != want || !strings.HasPrefix(w.Body.String(), first) || !strings.Contains(w.Body.String(), v.state.String()) {
				t.Errorf("%s: %s answers %d, want %d:\n%s", v.state, path, w.Code, want, w.Body)
			}
		}
	}
}

// busyBoard has components in several states for several times.
func busyBoard() *health.Board {
	b := health.NewBoard(nil)
	for _, name := range []string{"source", "publisher /default/orders", "broker"} {
		b.Start(name)
	}
	b.Set("source", health.Running, nil)
	time.Sleep(90*time.Minute + 400*time.Millisecond)
	b.Set("broker", health.Unhealthy, errors.Join(errors.New("ping at a: refused"), errors.New("ping at b:\tno\x1b[31m route\n")))
	time.Sleep(2 * time.Second)
	return b
}

func TestReadyzBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := health.Handler("orders", busyBoard(), noFigures)
		w := ask(h, http.MethodGet, "/readyz")
		want := `not ok
connector orders is unhealthy

broker                     unhealthy  for 2s  ping at a: refused; ping at b: no [31m route
publisher /default/orders  starting   for 1h30m2s
source                     running    for 1h30m2s
`
		if got := w.Body.String(); got != want {
			t.Errorf("/readyz says:\n%s\nwant:\n%s", got, want)
		}
		if got := ask(h, http.MethodGet, "/livez").Body.String(); got != strings.TrimPrefix(want, "not ") {
			t.Errorf("/livez says:\n%s", got)
		}
	})
}

// Before anything runs, the pages say so.
func TestEmptyBoard(t *testing.T) {
	t.Parallel()
	h := health.Handler("orders", health.NewBoard(nil), noFigures)
	for path, want := range map[string]string{
		"/livez":  "ok\nconnector orders is starting\n\n",
		"/readyz": "not ok\nconnector orders is starting\n\n",
	} {
		if got := ask(h, http.MethodGet, path).Body.String(); got != want {
			t.Errorf("%s says %q, want %q", path, got, want)
		}
	}
}

// The index names the connector, how it is, and every page there is.
func TestIndex(t *testing.T) {
	t.Parallel()
	h := http.StripPrefix("/connectors/orders", health.Handler("orders", boardOf(health.Stalled), noFigures))
	body := ask(h, http.MethodGet, "/connectors/orders/").Body.String()
	if !strings.HasPrefix(body, "connector orders is stalled\n") {
		t.Errorf("the index begins with:\n%s", body)
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		if !strings.Contains(body, "\n"+path+" ") {
			t.Errorf("the index does not name %s", path)
		}
		if w := ask(h, http.MethodGet, "/connectors/orders"+path); w.Code != http.StatusOK {
			t.Errorf("%s below a prefix: %d", path, w.Code)
		}
	}
}

// Figures are asked for by /metrics alone, and once.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	asked := 0
	h := health.Handler("orders", boardOf(health.Running), func() health.Figures {
		asked++
		return health.Figures{Connector: "orders", Epoch: 7}
	})
	for _, path := range []string{"/", "/livez", "/readyz"} {
		ask(h, http.MethodGet, path)
	}
	if asked != 0 {
		t.Error("a page about states counts records")
	}
	body := ask(h, http.MethodGet, "/metrics").Body.String()
	if asked != 1 {
		t.Errorf("asked for figures %d times, want once", asked)
	}
	for _, want := range []string{"danube_connect_epoch{connector=\"orders\"} 7\n", "danube_connect_build_info{connector=\"orders\",version="} {
		if !strings.Contains(body, want) {
			t.Errorf("/metrics does not hold %s:\n%s", want, body)
		}
	}
}
