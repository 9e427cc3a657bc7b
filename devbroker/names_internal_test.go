package devbroker

import (
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var nameCases = map[string]struct {
	valid     bool
	namespace string
}{
	"/default/t":       {true, "default"},
	"/default/t-part1": {true, "default"},
	"/a_b/c-d":         {true, "a_b"},
	"//":               {true, ""},
	"/default/":        {true, "default"},
	"x/default/t":      {true, "default"},
	"/default/ключ":    {true, "default"},
	"":                 {},
	"/":                {},
	"default":          {},
	"/default":         {},
	"/default/t/u":     {},
	"/default/t.u":     {},
	"/default/t u":     {},
	"/def:ault/t":      {},
	"/default/t\n":     {},
}

func TestTopicNames(t *testing.T) {
	t.Parallel()
	for name, want := range nameCases {
		if got := validName(name); got != want.valid {
			t.Errorf("validName(%q) is %v", name, got)
		}
		if want.valid && namespaceOf(name) != want.namespace {
			t.Errorf("namespace of %q is %q; want %q", name, namespaceOf(name), want.namespace)
		}
	}
}

var partitionCases = map[string]string{
	"/default/t-part-0":        "/default/t",
	"/default/t-part-12":       "/default/t",
	"/default/t-part-1-part-2": "/default/t-part-1",
	"/default/t":               "",
	"/default/t-part-":         "",
	"/default/t-part-x":        "",
	"/default/t-part-1x":       "",
	"/default/t-part-1-eu":     "",
}

func TestPartitionNames(t *testing.T) {
	t.Parallel()
	for name, want := range partitionCases {
		base, ok := partitionOf(name)
		if base != want || ok != (want != "") {
			t.Errorf("partitionOf(%q) is %q, %v; want %q", name, base, ok, want)
		}
	}
}

// FuzzTopicName holds the broker's lenient idea of a name against the strict one
// of the vocabulary: whatever a client may send, the broker takes.
func FuzzTopicName(f *testing.F) {
	for name := range nameCases {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		valid := validName(name)
		if connect.CheckTopic(name) == nil && !valid {
			t.Errorf("%q is right to clients and not to the broker", name)
		}
		if valid && strings.Count(name, "/") != 2 {
			t.Errorf("%q has not three parts", name)
		}
		if valid {
			_ = namespaceOf(name)
		}
		if base, ok := partitionOf(name); ok && !strings.HasPrefix(name, base+partitionMark) {
			t.Errorf("partitionOf(%q) is %q", name, base)
		}
	})
}
