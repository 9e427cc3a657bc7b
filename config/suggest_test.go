package config

import "testing"

var distances = []struct {
	a, b string
	want int
}{
	{"", "", 0},
	{"", "abc", 3},
	{"abc", "", 3},
	{"abc", "abc", 0},
	{"abc", "abd", 1},
	{"abc", "acb", 1},
	{"abcd", "bacd", 1},
	{"abc", "ab", 1},
	{"ab", "abc", 1},
	{"ca", "abc", 3},
	{"kitten", "sitting", 3},
	{"batch_size", "bacth_size", 1},
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, tt := range distances {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("from %q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"interval", "every", "lanes", "on_invalid"}
	for name, want := range map[string]string{
		"intervall": "interval", "Interval": "interval", "evry": "every", "lane": "lanes", "on-invalid": "on_invalid",
		"oninvalid": "on_invalid", "x": "", "": "", "timeout": "", "lnse": "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
	if got := didYouMean("nine", []string{"none"}); got != ` (did you mean "none"?)` {
		t.Error(got)
	}
	if got := nearest("anything", nil); got != "" {
		t.Errorf("nearest of nothing is %q", got)
	}
}
