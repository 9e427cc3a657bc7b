package config

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type (
	notEmbedded struct{ Core Connector }
	byPointer   struct{ *Connector }
	withName    struct {
		Connector `toml:"core"`
	}
	collides struct {
		Connector `toml:",inline"`
		Own       struct{} `toml:"retry"`
	}
	twoNames struct {
		Connector `toml:",inline"`
		Own       string `toml:"own" koanf:"mine"`
	}
	cannotHold struct {
		Connector `toml:",inline"`
		Own       struct {
			Func   func()
			Chan   []chan int
			Keys   map[int]string
			Four   [4]int
			Writer io.Writer
			Number complex128
		} `toml:"own"`
	}
	wrongEnv struct {
		Connector `toml:",inline"`
		Text      string  `toml:"text" env:"TEXT"`
		Pointer   *Secret `toml:"pointer" env:"POINTER"`
		List      []struct {
			S Secret `env:"LIST"`
		} `toml:"list"`
		Taken Secret `toml:"taken" env:"DANUBE_TOKEN"`
		Core  Secret `toml:"core" env:"CONNECTOR_NAME"`
	}
	embedsBadly struct {
		Connector `toml:",inline"`
		*PartA
		PartB `toml:"b"`
	}
	// recursive is fine: it ends where the file does.
	recursive struct {
		Connector `toml:",inline"`
		Next      *link `toml:"next"`
	}
	link struct {
		Key  Secret          `toml:"key" env:"LINK"`
		Next *link           `toml:"next"`
		Many []link          `toml:"many"`
		Map  map[string]link `toml:"map"`
	}
)

func parseEmpty[T any]() error {
	_, err := Parse[T]("c.toml", []byte(minimal), nil)
	return err
}

// structMistakes are mistakes of whoever wrote the struct: found whatever the
// file says.
var structMistakes = []struct {
	name  string
	parse func() error
	want  []string
}{
	{"no struct", parseEmpty[int], []string{`int: is no configuration; must be a struct that embeds config.Connector by value`}},
	{"pointer", parseEmpty[*Connector], []string{`*config.Connector: is no configuration; must be a struct that embeds config.Connector by value`}},
	{"field", parseEmpty[notEmbedded], []string{`config.notEmbedded: is no configuration; must be a struct that embeds config.Connector by value`}},
	{"embedded pointer", parseEmpty[byPointer], []string{`config.byPointer: is no configuration; must be a struct that embeds config.Connector by value`}},
	{"embedded with a name", parseEmpty[withName], []string{`config.withName: is no configuration; must be a struct that embeds config.Connector by value`}},
	{"a key of ours", parseEmpty[collides], []string{`config.collides.Own: has the key "retry", as config.Connector.Retry has; must have a key of its own`}},
	{"two names", parseEmpty[twoNames], []string{`config.twoNames.Own: has the key "own" by its toml tag and "mine" by its koanf tag; must have one key`}},
	{"types", parseEmpty[cannotHold], []string{
		"struct { Func func(); Chan []chan int; Keys map[int]string; Four [4]int; Writer io.Writer; Number complex128 }.Func: is a func(), which no file can hold; must be left out with `toml:\"-\"`, or be of another type",
		"struct { Func func(); Chan []chan int; Keys map[int]string; Four [4]int; Writer io.Writer; Number complex128 }.Chan: is a []chan int, which no file can hold; must be left out with `toml:\"-\"`, or be of another type",
		"struct { Func func(); Chan []chan int; Keys map[int]string; Four [4]int; Writer io.Writer; Number complex128 }.Keys: is a map[int]string, which no file can hold; must be left out with `toml:\"-\"`, or be of another type",
		"struct { Func func(); Chan []chan int; Keys map[int]string; Four [4]int; Writer io.Writer; Number complex128 }.Four: is a [4]int, which no file can hold; must be left out with `toml:\"-\"`, or be of another type",
		"struct { Func func(); Chan []chan int; Keys map[int]string; Four [4]int; Writer io.Writer; Number complex128 }.Writer: is a io.Writer, which no file can hold; must be left out with `toml:\"-\"`, or be of another type",
		"struct { Func func(); Chan []chan int; Keys map[int]string; Four [4]int; Writer io.Writer; Number complex128 }.Number: is a complex128, which no file can hold; must be left out with `toml:\"-\"`, or be of another type",
	}},
	{"variables", parseEmpty[wrongEnv], []string{
		`config.wrongEnv.Text: has an env tag; must be of type config.Secret for that: nothing else is read from the environment`,
		`config.wrongEnv.Pointer: has an env tag; must be of type config.Secret for that: nothing else is read from the environment`,
		"struct { S config.Secret \"env:\\\"LIST\\\"\" }.S: has an env tag inside a list or map; must be where there is one of it: a variable holds one value",
		`config.wrongEnv.Taken: is filled from DANUBE_TOKEN, as another key is; must have a variable of its own`,
		`config.wrongEnv.Core: is filled from CONNECTOR_NAME, as another key is; must have a variable of its own`,
	}},
	{"embedding", parseEmpty[embedsBadly], []string{
		`config.embedsBadly.PartA: is embedded as a pointer; must be embedded by value`,
		`config.embedsBadly.PartB: is embedded and has a key; must be embedded without one, or be a field with a name`,
	}},
	{"recursion", parseEmpty[recursive], nil},
}

func TestMistakesInTheStruct(t *testing.T) {
	t.Parallel()
	for _, tt := range structMistakes {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, errorLines(t, tt.parse())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecursiveStruct(t *testing.T) {
	t.Parallel()
	got, err := Parse[recursive]("c.toml", []byte(minimal+"[next.next]\nkey = \"inner\"\n[next.map.x]\nkey = \"m\"\n"), variables("LINK=outer"))
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Next; n.Key.Reveal() != "outer" || n.Next.Key.Reveal() != "inner" || n.Map["x"].Key.Reveal() != "m" {
		t.Errorf("%+v", n)
	}
}
