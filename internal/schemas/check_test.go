package schemas

import (
	"slices"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
)

// A check says what a start would do, and does none of it.
func TestCheck(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		r.register("there", oneField)
		r.register("changed", oneField)
		r.register("behind", oneField)
		r.register("behind", twoFields)
		r.register("incompatible", oneField)
		got := check(t.Context(), []config.Schema{
			r.entry("there", oneField, auto),
			r.entry("absent", oneField, auto),
			r.entry("changed", twoFields, auto),
			r.entry("behind", oneField, nil),
			r.entry("incompatible", `{"type":"object","properties":{"a":{"type":"integer"}}}`, auto),
			r.entry("unparsed", `{"broken":`, nil),
			{Topic: "/default/form", SchemaType: "number"},
		}, r.Client, compile)
		for i, want := range []Result{
			{Topic: "/default/there", Action: "use", Version: 1, Latest: 1},
			{Topic: "/default/absent", Action: "register"},
			{Topic: "/default/changed", Action: "register", Latest: 1, Note: "from version 1 to the file: added b (integer)", Difference: []string{"added b (integer)"}},
			{Topic: "/default/behind", Action: "use", Version: 1, Latest: 2, Note: "keeping the file's: from version 1 (the file) to version 2 (the registry's latest): added b (integer)", Difference: []string{"removed b (integer)"}},
			{Topic: "/default/incompatible", Latest: 1, Difference: []string{"changed a: type from string to integer"}},
			{Topic: "/default/unparsed"},
			{Topic: "/default/form", Action: "form"},
		} {
			g := got[i]
			if g.Topic != want.Topic || g.Action != want.Action || g.Version != want.Version || g.Latest != want.Latest || g.Note != want.Note || !slices.Equal(g.Difference, want.Difference) {
				t.Errorf("%+v, want %+v", g, want)
			}
			if wrong := want.Action == ""; (g.Err != nil) != wrong || wrong && connect.ClassOf(g.Err) != connect.ClassConfig {
				t.Errorf("%s: %v", want.Topic, g.Err)
			}
		}
		if g := got[0]; g.Subject != r.subject("there") || g.Type != "json_schema" || !strings.HasSuffix(g.File, "there.json") || g.Place != "c.toml:5" {
			t.Errorf("%+v", g)
		}
		if v := r.latest("absent"); !v.IsZero() {
			t.Errorf("registered %+v", v)
		}
	})
}

// A registry that cannot be asked is said of every entry that needs it, at once.
func TestCheckWithoutARegistry(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		got := check(t.Context(), []config.Schema{r.entry("orders", oneField, auto), {Topic: "/default/form", SchemaType: "number"}}, r.Client, compile)
		if got[0].Err == nil || connect.ClassOf(got[0].Err) != connect.ClassRetryable || got[1].Err != nil || got[1].Action != "form" {
			t.Errorf("%+v", got)
		}
	})
}
