package config

import (
	"errors"
	"fmt"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/google/go-cmp/cmp"
)

// ownChecks has checks of its own at every depth.
type ownChecks struct {
	Connector `toml:",inline" koanf:",squash"`
	Own       checkedTable `toml:"own"`
}

func (c *ownChecks) Validate() error {
	if c.Own.Port == uint16(c.Processing.BatchSize) {
		return Invalid("own.port", "is the batch size", "")
	}
	return nil
}

type checkedTable struct {
	Port   uint16                  `toml:"port"`
	Least  uint16                  `toml:"least"`
	Items  []checkedItem           `toml:"items"`
	ByName map[string]*checkedItem `toml:"by_name"`
}

// Validate is on the value; it names keys, joins, wraps, and also says things
// about no key.
func (t checkedTable) Validate() error {
	var errs []error
	if t.Port < t.Least {
		errs = append(errs, Invalid("port", fmt.Sprintf("%d is less than least", t.Port), "must be at least that"))
	}
	if t.Port == 13 {
		errs = append(errs, errors.New("thirteen\nbrings bad luck"), Invalid("", "says nothing", ""))
	}
	if len(t.Items) > 1 {
		errs = append(errs, Invalid("items[1].key", "is one too many", "must be one"))
	}
	if len(errs) == 0 {
		return nil
	}
	return connect.ConfigError("%w", errors.Join(errs...))
}

type checkedItem struct {
	Key string `toml:"key"`
}

func (i *checkedItem) Validate() error {
	if i.Key == "" {
		return Invalid("key", "is missing", "must be set")
	}
	return nil
}

var ownMistakes = []mistake{
	{"one key", "[own]\nport = 1\nleast = 2", []string{`4:1: own.port: 1 is less than least; must be at least that`}},
	{"the root's", "[own]\nport = 1000", []string{`4:1: own.port: is the batch size`}},
	{"no key", "[own]\nport = 13", []string{`3:2: own: thirteen brings bad luck`, `3:2: own: says nothing`}},
	{"in lists", "[own]\n[[own.items]]\nkey = \"a\"\n[[own.items]]\n", []string{
		`6:7: own.items[1].key: is missing; must be set`, `6:7: own.items[1].key: is one too many; must be one`,
	}},
	{"in maps", "[own.by_name.\"x y\"]\n", []string{`3:14: own.by_name."x y".key: is missing; must be set`}},
	{"beside a wrong type", "[own]\nport = \"13\"\nleast = 2", []string{`4:1: own.port: is a string; must be an integer from 0 to 65535`}},
	{"beside one more", "[own]\nport = 13\nleast = 14\nitems = 5", []string{
		`4:1: own.port: 13 is less than least; must be at least that`,
		`6:1: own.items: is an integer; must be a list, each of it a table`,
	}},
	{"beside what cannot be read", "[own]\nport = 1\nleast = 2\n[[own.items]]\nkey = [\n[[own.items]]\n", []string{
		`4:1: own.port: 1 is less than least; must be at least that`,
		`8:3: own.items.key: is not TOML: unexpected character at start of value; must be key = value, [table] or [[table]], with text in "quotes"`,
	}},
}

func TestOwnChecksAreReportedWithTheRest(t *testing.T) {
	t.Parallel()
	for _, tt := range ownMistakes {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse[ownChecks]("c.toml", []byte(minimal+tt.file), nil)
			var want []string
			for _, line := range tt.want {
				want = append(want, "c.toml:"+line)
			}
			if diff := cmp.Diff(want, errorLines(t, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two embedded structs with a check hide it from the struct around them.
type twoParts struct {
	Connector `toml:",inline" koanf:",squash"`
	PartA
	PartB
}

type PartA struct {
	A int `toml:"a"`
}

func (p PartA) Validate() error { return atLeastOne("a", p.A) }

type PartB struct {
	B int `toml:"b"`
}

func (p *PartB) Validate() error { return atLeastOne("b", p.B) }

func atLeastOne(key string, n int) error {
	if n < 1 {
		return Invalid(key, fmt.Sprintf("%d is too few", n), "must be at least 1")
	}
	return nil
}

func TestChecksOfEmbeddedStructs(t *testing.T) {
	t.Parallel()
	_, err := Parse[twoParts]("c.toml", []byte(minimal+"a = -1\nb = -2\n"), nil)
	want := []string{`c.toml:3:1: a: -1 is too few; must be at least 1`, `c.toml:4:1: b: -2 is too few; must be at least 1`}
	if diff := cmp.Diff(want, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
}

func TestInvalidIsAConfigError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("at start: %w", Invalid("port", "is 13", "must be luckier"))
	if connect.ClassOf(err) != connect.ClassConfig || !errors.Is(err, connect.ClassConfig) || errors.Is(err, connect.ClassFatal) {
		t.Errorf("class %v", connect.ClassOf(err))
	}
	if p, ok := errors.AsType[Problem](err); !ok || p.Error() != "port: is 13; must be luckier" {
		t.Errorf("%v", p)
	}
	all := fmt.Errorf("at start: %w", &Error{Problems: []Problem{{Key: "a", What: "b"}, {File: "f", What: "c\r\nd"}}})
	if p, ok := errors.AsType[Problem](all); !ok || p.Key != "a" || all.Error() != "at start: a: b\nf: c  d" {
		t.Errorf("%v, %q", p, all)
	}
}

func TestCheckOfAConnectorMadeInCode(t *testing.T) {
	t.Parallel()
	c := Defaults()
	c.DanubeServiceURL, c.ConnectorName = "http://b:6650", "orders"
	c.Topics = map[string]Topic{"/a/b": {}}
	if err := c.Check(); err != nil {
		t.Errorf("what is right: %v", err)
	}
	c.Processing.BatchSize, c.Delivery.Ordering, c.Delivery.BudgetBytes = -1, "", 1
	c.Topics["/a/c"] = Topic{Lanes: -1, Ordering: "nine"}
	c.Topics["a"] = Topic{}
	c.Schemas = []Schema{{Topic: "/a/b", SchemaType: "avro"}}
	want := []string{
		`processing.batch_size: -1 is out of range; must be an integer from 1 to 1000000 records`,
		`delivery.ordering: "" is not one of its values; must be "key", "partition" or "none"`,
		`delivery.budget_bytes: 1B is out of range; must be a size from "4KiB" to "1024GiB"`,
		`topics."/a/c".ordering: "nine" is not one of its values; must be "key", "partition" or "none" (did you mean "none"?)`,
		`topics."/a/c".lanes: -1 is out of range; must be an integer from 1 to 65536 requests`,
		`topics.a: topic "a" has the wrong shape; must be /namespace/topic, each part of [A-Za-z0-9_-]`,
		`schemas[0].subject: is missing; must be the name of the schema in the registry`,
		`schemas[0].schema_file: is missing; must be the file with the schema`,
	}
	if diff := cmp.Diff(want, errorLines(t, c.Check())); diff != "" {
		t.Error(diff)
	}
	if lines := errorLines(t, Connector{}.Check()); len(lines) < 10 {
		t.Errorf("a zero Connector has %d mistakes", len(lines))
	}
}
