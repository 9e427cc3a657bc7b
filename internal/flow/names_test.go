package flow

import "testing"

func TestOutcomesAndEventsHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for o := OK; o <= Unadopted; o++ {
		name := o.String()
		if name == "" || seen[name] {
			t.Errorf("outcome %d is called %q, which is empty or taken", o, name)
		}
		seen[name] = true
	}
	clear(seen)
	for k := Opened; k <= Quiet; k++ {
		name := k.String()
		if name == "" || seen[name] {
			t.Errorf("session kind %d is called %q, which is empty or taken", k, name)
		}
		seen[name] = true
	}
}

// names pins the words that metrics and logs are read by.
var names = []struct{ got, want string }{
	{OK.String(), "ok"},
	{Stalled.String(), "stalled"},
	{Unadopted.String(), "unadopted"},
	{Outcome(200).String(), "outcome 200"},
	{Opened.String(), "opened"},
	{Quiet.String(), "quiet"},
}

func TestNamesAreStable(t *testing.T) {
	t.Parallel()
	for _, n := range names {
		if n.got != n.want {
			t.Errorf("name %q, want %q", n.got, n.want)
		}
	}
}
