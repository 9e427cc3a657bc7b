package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

// ownTypes has a field of every type a file can hold.
type ownTypes struct {
	Connector `toml:",inline" koanf:",squash"`
	Own       ownTable `toml:"own" koanf:"own"`
}

type ownTable struct {
	Text    string             `toml:"text"`
	Flag    bool               `toml:"flag"`
	Small   int8               `toml:"small"`
	Int     int                `toml:"int"`
	Wide    int64              `toml:"wide"`
	Port    uint16             `toml:"port"`
	Big     uint64             `toml:"big"`
	Ratio   float64            `toml:"ratio"`
	Single  float32            `toml:"single"`
	Pause   time.Duration      `toml:"pause"`
	Limit   Size               `toml:"limit"`
	Hidden  Secret             `toml:"hidden"`
	Since   time.Time          `toml:"since"`
	Day     toml.LocalDate     `toml:"day"`
	Hour    toml.LocalTime     `toml:"hour"`
	Moment  toml.LocalDateTime `toml:"moment"`
	Maybe   *int32             `toml:"maybe"`
	Absent  *int32             `toml:"absent"`
	List    []string           `toml:"list"`
	Nested  [][]int            `toml:"nested"`
	Names   map[string]int     `toml:"names"`
	Free    any                `toml:"free"`
	Inner   *ownInner          `toml:"inner"`
	Inners  []ownInner         `toml:"inners"`
	ByName  map[string]ownInner
	Skipped func() `toml:"-"`
	hidden  int
	ownEmbedded
}

type ownInner struct {
	Key string `toml:"key"`
}

type ownEmbedded struct {
	Deep string `toml:"deep"`
}

const ownFile = minimal + `
[own]
text = "t"
flag = true
small = -128
int = 0b101
wide = -9_223_372_036_854_775_808
port = 65535
big = 9223372036854775807
ratio = 3
single = 1.5
pause = "1h2m"
limit = "3kB"
hidden = "s"
since = 2026-01-02T03:04:05Z
day = 2026-01-02
hour = 03:04:05
moment = 2026-01-02T03:04:05
maybe = 0
list = ["a", "b"]
nested = [[1, 2], []]
names = { one = 1, "two.three" = 23 }
free = [1, { a = "b" }]
inner.key = "i"
inners = [{ key = "x" }]
deep = "d"
[own.byname.n]
key = "y"
`

func TestOwnTableOfEveryType(t *testing.T) {
	t.Parallel()
	got, err := Parse[ownTypes]("c.toml", []byte(ownFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	day := toml.LocalDate{Year: 2026, Month: 1, Day: 2}
	hour := toml.LocalTime{Hour: 3, Minute: 4, Second: 5}
	want := ownTable{
		Text: "t", Flag: true, Small: -128, Int: 5, Wide: -1 << 63, Port: 65535, Big: 1<<63 - 1, Ratio: 3, Single: 1.5,
		Pause: 62 * time.Minute, Limit: 3000, Hidden: NewSecret("s"),
		Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Day: day, Hour: hour,
		Moment: toml.LocalDateTime{LocalDate: day, LocalTime: hour},
		Maybe:  new(int32(0)), List: []string{"a", "b"}, Nested: [][]int{{1, 2}, {}},
		Names: map[string]int{"one": 1, "two.three": 23}, Free: []any{int64(1), map[string]any{"a": "b"}},
		Inner: &ownInner{"i"}, Inners: []ownInner{{"x"}}, ByName: map[string]ownInner{"n": {"y"}},
		hidden: 0, ownEmbedded: ownEmbedded{"d"},
	}
	if diff := cmp.Diff(want, got.Own, cmp.AllowUnexported(ownTable{}), cmp.FilterPath(isFunc, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

func isFunc(p cmp.Path) bool { return p.String() == "Skipped" }

// wrongValues are values that one of the decoders would take, truncate or wrap,
// and what is said instead. The place is the key, on line 4.
var wrongValues = []struct{ key, value, want string }{
	{"small", "128", "128 is out of range; must be an integer from -128 to 127"},
	{"small", "4.9", "is a float, 4.9; must be an integer from -128 to 127"},
	{"int", "4.0", "is a float, 4.0; must be an integer"},
	{"int", `"4"`, "is a string; must be an integer"},
	{"int", "true", "is a boolean; must be an integer"},
	{"wide", "9223372036854775808", "9223372036854775808 is out of range; must be an integer"},
	{"port", "99090", "99090 is out of range; must be an integer from 0 to 65535"},
	{"port", "-1", "-1 is out of range; must be an integer from 0 to 65535"},
	{"big", "-1", "-1 is out of range; must be an integer from 0"},
	{"maybe", "5000000000", "5000000000 is out of range; must be an integer from -2147483648 to 2147483647"},
	{"ratio", "9007199254740993", "9007199254740993 is an integer that no float holds exactly; must be a number that a float64 holds"},
	{"ratio", "1e400", "1e400 is out of range; must be a number that a float64 holds"},
	{"ratio", `"1"`, "is a string; must be a number that a float64 holds"},
	{"single", "1e39", "1e39 is out of range; must be a number that a float32 holds"},
	{"flag", `"true"`, "is a string; must be true or false"},
	{"flag", "1", "is an integer; must be true or false"},
	{"text", "5", "is an integer; must be a string"},
	{"text", "2026-01-02", "is a date; must be a string"},
	{"pause", "30", `is an integer; must be a duration such as "30s" or "1m30s"`},
	{"pause", `"30"`, `"30" is not a duration; must be a duration such as "30s" or "1m30s"`},
	{"limit", "1.5", `is a float; must be a size such as "64MiB", or a number of bytes`},
	{"limit", "-1", `-1 is out of range; must be a size such as "64MiB", or a number of bytes`},
	{"hidden", "271828", "is an integer; must be a string"},
	{"hidden", `["271828"]`, "is a list; must be a string"},
	{"since", "2026-01-02", "is a date; must be a date and time"},
	{"since", `"soon"`, `parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"; must be a date and time`},
	{"day", "2026-01-02T03:04:05", "is a date and time without an offset; must be a date"},
	{"hour", "2026-01-02", "is a date; must be a time of day"},
	{"list", `"a"`, "is a string; must be a list, each of it a string"},
	{"names", "[1]", "is a list; must be a table"},
	{"inner", "[]", "is a list; must be a table"},
	{"inners", "{}", "is a table; must be a list, each of it a table"},
	{"Text", `"a"`, `unknown key; must be text, flag, small, int, wide, port, big, ratio, single, pause, limit, hidden, since, day, hour, ` +
		`moment, maybe, absent, list, nested, names, free, inner, inners, byname or deep (did you mean "text"?)`},
	{"names.one", "1.5", "is a float, 1.5; must be an integer"},
	{"inner.kee", `"a"`, `unknown key; must be key (did you mean "key"?)`},
	{"inner.key.more", `"a"`, "is a table; must be a string"},
}

func TestWrongValuesOfOwnTypes(t *testing.T) {
	t.Parallel()
	for _, tt := range wrongValues {
		t.Run(tt.key+"="+tt.value, func(t *testing.T) {
			t.Parallel()
			_, err := Parse[ownTypes]("c.toml", []byte(minimal+"[own]\n"+tt.key+" = "+tt.value+"\n"), nil)
			got := errorLines(t, err)
			if len(got) != 1 {
				t.Fatalf("%d lines, want 1:\n%v", len(got), err)
			}
			p := err.(*Error).Problems[0]
			if said := p.What + "; " + p.Right; said != tt.want || p.Line != 4 {
				t.Errorf("line %d: %s\n want 4: %s", p.Line, said, tt.want)
			}
		})
	}
}

func TestMistakesInsideLists(t *testing.T) {
	t.Parallel()
	file := minimal + "[own]\nlist = [\n  \"a\",\n  5,\n]\nnested = [[1], [2.5]]\ninners = [{ key = \"a\" }, { kee = 1 }]\nfree = { \"a\\u001fb\" = 1 }\n"
	_, err := Parse[ownTypes]("c.toml", []byte(file), nil)
	want := []string{
		`c.toml:6:3: own.list[1]: is an integer; must be a string`,
		`c.toml:8:17: own.nested[1][0]: is a float, 2.5; must be an integer`,
		`c.toml:9:28: own.inners[1].kee: unknown key; must be key (did you mean "key"?)`,
		`c.toml:10:10: own.free."a\x1fb": has a control character in its name; must be named by printable characters`,
	}
	if diff := cmp.Diff(want, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
}
