package connect_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// router makes a router of pattern alone, which must be right.
func router(t *testing.T, pattern string) *connect.Router {
	t.Helper()
	r, err := connect.NewRouter(connect.Route{From: pattern, To: "/a/b"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// matches is a table of patterns, the names each matches and those it does not.
type matches []struct {
	pattern string
	yes, no []string
}

func (m matches) check(t *testing.T) {
	t.Helper()
	for _, c := range m {
		r := router(t, c.pattern)
		for _, name := range c.yes {
			if _, ok := r.Match(name); !ok {
				t.Errorf("%q does not match %q", c.pattern, name)
			}
		}
		for _, name := range c.no {
			if _, ok := r.Match(name); ok {
				t.Errorf("%q matches %q", c.pattern, name)
			}
		}
	}
}

// mqttMatches is MQTT 5.0 §4.7: every statement on topic filters there, with its
// examples.
var mqttMatches = matches{
	// 4.7.1.2, multi-level wildcard
	{
		"sport/tennis/player1/#",
		[]string{"sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"},
		[]string{"sport/tennis/player10", "sport/tennis/player2/ranking", "sport/tennis"},
	},
	{"sport/#", []string{"sport", "sport/", "sport/tennis/player1"}, []string{"sports", "sports/tennis"}},
	{"#", []string{"sport", "/", "/finance", "a/b/c", "a/$b"}, []string{"$SYS", "$SYS/monitor"}},
	// 4.7.1.3, single-level wildcard
	{
		"sport/tennis/+",
		[]string{"sport/tennis/player1", "sport/tennis/player2", "sport/tennis/"},
		[]string{"sport/tennis/player1/ranking", "sport/tennis"},
	},
	{"sport/+", []string{"sport/", "sport/tennis"}, []string{"sport", "sport/tennis/"}},
	{"+", []string{"finance"}, []string{"/finance", "a/b"}},
	{"+/+", []string{"/finance", "a/b"}, []string{"finance", "a/b/c"}},
	{"/+", []string{"/finance", "/"}, []string{"finance", "a/finance"}},
	{"+/tennis/#", []string{"sport/tennis", "/tennis/player1", "sport/tennis/player1/ranking"}, []string{"tennis", "sport/tennis1"}},
	{"sport/+/player1", []string{"sport/tennis/player1", "sport//player1"}, []string{"sport/player1", "sport/tennis/doubles/player1"}},
	// 4.7.2, names beginning with $
	{"+/monitor/Clients", []string{"a/monitor/Clients"}, []string{"$SYS/monitor/Clients"}},
	{"$SYS/#", []string{"$SYS", "$SYS/", "$SYS/monitor/Clients"}, []string{"$SYSTEM", "SYS/monitor"}},
	{"$SYS/monitor/+", []string{"$SYS/monitor/Clients"}, []string{"$SYS/monitor", "SYS/monitor/Clients"}},
	// 4.7.3, semantics: case, spaces, slashes at the ends
	{"ACCOUNTS", []string{"ACCOUNTS"}, []string{"Accounts"}},
	{"Accounts payable", []string{"Accounts payable"}, []string{"Accounts", "Accountspayable"}},
	{"/A", []string{"/A"}, []string{"A", "/A/"}},
	{"A/", []string{"A/"}, []string{"A", "A//"}},
	{"/", []string{"/"}, []string{"", "a", "//"}},
}

func TestRouterMatchesAsMQTT(t *testing.T) {
	t.Parallel()
	mqttMatches.check(t)
}

var starMatches = matches{
	{"*", []string{"a", "ab", "."}, []string{"", "/", "a/b", "$SYS"}},
	{"input/*", []string{"input/a", "input/*", "input/#"}, []string{"input", "input/", "input/a/b"}},
	{"*/b", []string{"a/b"}, []string{"/b", "a/b/c", "$a/b"}},
	{"orders-*", []string{"orders-", "orders-eu", "orders-a-b"}, []string{"orders", "orders-eu/x"}},
	{"*.csv", []string{".csv", "a.csv", "a.csv.csv"}, []string{"a.csv.gz", "csv", "$a.csv"}},
	{"a*b*c", []string{"abc", "aXbYc", "abbcc", "abcbc"}, []string{"ab", "acb", "abcd"}},
	{"a*a", []string{"aa", "aba", "aaa"}, []string{"a", "ab"}},
	{"in/2*/#", []string{"in/2", "in/2024", "in/2024/05/01"}, []string{"in", "in/1999/2"}},
	{"+/*-eu/data", []string{"x/a-eu/data", "/-eu/data"}, []string{"x/eu/data", "x/a-eu/datas"}},
	{"größe*", []string{"größe", "größen"}, []string{"grösse"}},
	{"$SYS*", []string{"$SYS", "$SYSTEM"}, []string{"SYS"}},
}

func TestRouterStar(t *testing.T) {
	t.Parallel()
	starMatches.check(t)
}

// TestRouterStarDoesNotExplode would not end in this universe if matching tried
// every way to split the name.
func TestRouterStarDoesNotExplode(t *testing.T) {
	t.Parallel()
	r := router(t, strings.Repeat("a*", 500)+"b")
	if _, ok := r.Match(strings.Repeat("a", 5000)); ok {
		t.Error("matches a name without the b at its end")
	}
}

var wrongPatterns = map[string]string{
	"":                      "is empty",
	"sport/tennis#":         `"#" must be the whole last level`,
	"sport/tennis/#/rank":   `"#" must be the whole last level`,
	"#/a":                   `"#" must be the whole last level`,
	"##":                    `"#" must be the whole last level`,
	"sport+":                `"+" must be a whole level`,
	"sport/+a/b":            `"+" must be a whole level`,
	"a/++":                  `"+" must be a whole level`,
	"*#":                    `"#" must be the whole last level`,
	"sport/tennis/player+/": `"+" must be a whole level`,
}

func TestRouterRefusesPatterns(t *testing.T) {
	t.Parallel()
	for pattern, want := range wrongPatterns {
		_, err := connect.NewRouter(connect.Route{From: pattern, To: "/a/b"})
		if err == nil || !strings.Contains(err.Error(), "routes[0].from: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", pattern, err, want)
		}
	}
}

func TestRouterTellsEveryMistakeAtOnce(t *testing.T) {
	t.Parallel()
	r, err := connect.NewRouter(
		connect.Route{From: "a#", To: "nowhere"},
		connect.Route{From: "ok", To: "/a/b"},
		connect.Route{From: "ok/+", To: "/a/b", Partitions: 4},
		connect.Route{From: "ok/#", To: "/a/b", ReliableDispatch: new(false)},
		connect.Route{From: "", To: "/a/c", Partitions: -1},
	)
	if r != nil || connect.ClassOf(err) != connect.ClassConfig {
		t.Fatalf("%v, %v; want an error of class config", r, err)
	}
	lines := strings.Split(err.Error(), "\n")
	want := []string{"routes[0].from: ", "routes[0].to: ", "routes[2]: /a/b", "routes[3]: /a/b", "routes[4].from: ", "routes[4].to: "}
	if !slices.EqualFunc(lines, want, strings.HasPrefix) {
		t.Errorf("mistakes:\n%v\nwant, line by line, what begins with\n%s", err, strings.Join(want, "\n"))
	}
}

func TestRouterFirstMatchWins(t *testing.T) {
	t.Parallel()
	r, err := connect.NewRouter(
		connect.Route{From: "sensors/+/temperature", To: "/iot/temperature", Partitions: 8},
		connect.Route{From: "sensors/#", To: "/iot/rest", ReliableDispatch: new(false)},
		connect.Route{From: "sensors/1/humidity", To: "/iot/never"},
		connect.Route{From: "alarms", To: "/iot/temperature", Partitions: 8, ReliableDispatch: new(true)},
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"sensors/1/temperature": "/iot/temperature", "sensors/1/humidity": "/iot/rest",
		"sensors": "/iot/rest", "alarms": "/iot/temperature", "other": "",
	} {
		if route, ok := r.Match(name); route.To != want || ok != (want != "") {
			t.Errorf("%s goes to %q, %v; want %q", name, route.To, ok, want)
		}
	}
	want := []connect.Producer{
		{Topic: "/iot/temperature", Partitions: 8, Reliable: true},
		{Topic: "/iot/rest"},
		{Topic: "/iot/never", Reliable: true},
	}
	if got := r.Producers(); !slices.Equal(got, want) {
		t.Errorf("producers %+v, want %+v", got, want)
	}
}

func TestRouterDoesNotKeepTheCallersSlice(t *testing.T) {
	t.Parallel()
	routes := []connect.Route{{From: "a", To: "/a/b"}}
	r, err := connect.NewRouter(routes...)
	if err != nil {
		t.Fatal(err)
	}
	routes[0] = connect.Route{From: "c", To: "/c/d"}
	if route, ok := r.Match("a"); !ok || route.To != "/a/b" {
		t.Errorf("a goes to %q, %v after the caller's slice changed", route.To, ok)
	}
}

func TestRouterWithoutRoutes(t *testing.T) {
	t.Parallel()
	empty, err := connect.NewRouter()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*connect.Router{empty, new(connect.Router)} {
		if route, ok := r.Match("a"); ok || route != (connect.Route{}) || len(r.Producers()) != 0 {
			t.Errorf("a goes to %+v of %v; there are no routes", route, r.Producers())
		}
	}
}

func TestRouterIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := router(t, "a/+/*.csv")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if _, ok := r.Match("a/b/c.csv"); !ok || len(r.Producers()) != 1 {
					t.Error("the router changed")
				}
			}
		})
	}
	wg.Wait()
}

func TestRouteErrorsUnwrap(t *testing.T) {
	t.Parallel()
	_, err := connect.NewRouter(connect.Route{From: "a", To: "b"})
	if _, ok := errors.AsType[*connect.Error](err); !ok || !errors.Is(err, connect.ClassConfig) {
		t.Errorf("%v does not answer to its class", err)
	}
}
