package health

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// family is one metric as a scraper reads it.
type family struct {
	name, kind, help string
	samples          []sample
}

type sample struct {
	labels []label
	value  float64
}

var (
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*`)
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*`)
)

// parse reads the text format, version 0.0.4, as strictly as this package promises
// to write it: HELP and TYPE before the samples of a family, a family in one piece,
// every series once.
func parse(text string) ([]family, error) {
	if text != "" && !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("the last line has no end")
	}
	var families []family
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if err := parseLine(line, &families, seen); err != nil {
			return nil, fmt.Errorf("line %d: %w: %q", i+1, err, line)
		}
	}
	return families, nil
}

func parseLine(line string, families *[]family, seen map[string]bool) error {
	key := line
	switch {
	case strings.HasPrefix(line, "# HELP "):
		name, help, ok := strings.Cut(strings.TrimPrefix(line, "# HELP "), " ")
		if !ok || help == "" || metricName.FindString(name) != name {
			return fmt.Errorf("no help")
		}
		*families, key = append(*families, family{name: name, help: help}), "family "+name
	case strings.HasPrefix(line, "# TYPE "):
		name, kind, _ := strings.Cut(strings.TrimPrefix(line, "# TYPE "), " ")
		f := newest(*families)
		if f == nil || f.name != name || f.kind != "" || kind != "counter" && kind != "gauge" {
			return fmt.Errorf("type without its help, or of no known kind")
		}
		f.kind = kind
	default:
		f := newest(*families)
		if f == nil || f.kind == "" || metricName.FindString(line) != f.name {
			return fmt.Errorf("sample outside of its family")
		}
		s, series, err := parseSample(line)
		if err != nil {
			return err
		}
		f.samples, key = append(f.samples, s), series
	}
	if seen[key] {
		return fmt.Errorf("twice")
	}
	seen[key] = true
	return nil
}

func newest(families []family) *family {
	if len(families) == 0 {
		return nil
	}
	return &families[len(families)-1]
}

// parseSample reads name{label="value",…} value; series is all but the value.
func parseSample(line string) (s sample, series string, err error) {
	rest := strings.TrimPrefix(line, metricName.FindString(line))
	if strings.HasPrefix(rest, "{") {
		if s.labels, rest, err = parseLabels(rest[1:]); err != nil {
			return s, "", err
		}
	}
	number, ok := strings.CutPrefix(rest, " ")
	if !ok {
		return s, "", fmt.Errorf("no space before the value")
	}
	s.value, err = strconv.ParseFloat(number, 64)
	return s, strings.TrimSuffix(line, rest), err
}

func parseLabels(text string) (labels []label, rest string, err error) {
	for {
		name := labelName.FindString(text)
		quoted, ok := strings.CutPrefix(text[len(name):], `="`)
		if name == "" || !ok {
			return nil, "", fmt.Errorf("no label")
		}
		value, after, err := parseValue(quoted)
		if err != nil {
			return nil, "", err
		}
		labels = append(labels, label{name, value})
		if rest, ok := strings.CutPrefix(after, "}"); ok {
			return labels, rest, nil
		}
		if text, ok = strings.CutPrefix(after, ","); !ok {
			return nil, "", fmt.Errorf("labels without an end")
		}
	}
}

// parseValue reads up to the closing quote and undoes the escapes, of which there
// are three.
func parseValue(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], nil
		case '\\':
			i++
			if i == len(text) {
				return "", "", fmt.Errorf("escape without an end")
			}
			plain, ok := map[byte]byte{'\\': '\\', '"': '"', 'n': '\n'}[text[i]]
			if !ok {
				return "", "", fmt.Errorf("unknown escape")
			}
			b.WriteByte(plain)
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("value without an end")
}

// malformed is what the parser of these tests must not let pass.
var malformed = []string{
	"x 1",
	"# HELP x help\nx 1\n",
	"# HELP x help\n# TYPE x counter\ny 1\n",
	"# HELP x help\n# TYPE y counter\n",
	"# HELP x help\n# TYPE x histogram\n",
	"# HELP x\n# TYPE x counter\n",
	"# HELP x help\n# TYPE x counter\nx 1\nx 2\n",
	"# HELP x help\n# TYPE x counter\n# HELP x help\n# TYPE x counter\n",
	"# HELP x help\n# TYPE x counter\nx{a=\"1\"\n",
	"# HELP x help\n# TYPE x counter\nx{a=\"\\t\"} 1\n",
	"# HELP x help\n# TYPE x counter\nx{a=\"1\",} 1\n",
	"# HELP x help\n# TYPE x counter\nx{a=\"1\"}1\n",
	"# HELP x help\n# TYPE x counter\nx{a=\"1\"} one\n",
	"# HELP x help\n# TYPE x counter\nx 1",
	"\n",
}

func TestParserIsStrict(t *testing.T) {
	t.Parallel()
	for _, text := range malformed {
		if _, err := parse(text); err == nil {
			t.Errorf("taken:\n%s", text)
		}
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	e := &exposition{}
	e.family("x_total", "counter", "What x is.")
	e.sample("x_total", 1)
	e.sample("x_total", 2.5, label{"a", "plain"})
	e.sample("x_total", math.MaxUint32, label{"a", "q\"b\\n\nl"}, label{"b", ""})
	want := "# HELP x_total What x is.\n# TYPE x_total counter\nx_total 1\nx_total{a=\"plain\"} 2.5\n" +
		`x_total{a="q\"b\\n\nl",b=""} 4294967295` + "\n"
	if got := e.String(); got != want {
		t.Errorf("wrote:\n%s\nwant:\n%s", got, want)
	}
	families, err := parse(e.String())
	if err != nil {
		t.Fatal(err)
	}
	if got := families[0].samples[2].labels; !slices.Equal(got, []label{{"a", "q\"b\\n\nl"}, {"b", ""}}) {
		t.Errorf("labels read back are %q", got)
	}
}

// Whatever a label holds comes back, and never begins a line of its own.
func FuzzLabel(f *testing.F) {
	for _, seed := range []string{"", "plain", `\`, `"`, "\n", `\n`, "a\nx_total 9\n", `"} 9`, "\r\t\x00", "ünïcode", "\xff\"\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		e := &exposition{}
		e.family("x", "gauge", "x")
		e.sample("x", 1, label{"a", value}, label{"b", value})
		families, err := parse(e.String())
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ToValidUTF8(value, "\uFFFD") // all that the format knows
		if got := families[0].samples; len(got) != 1 || !slices.Equal(got[0].labels, []label{{"a", want}, {"b", want}}) {
			t.Errorf("read back %v, want labels of %q", got, want)
		}
	})
}

// Counters are whole numbers and stay so far beyond what a runtime counts.
func TestNumbersComeBack(t *testing.T) {
	t.Parallel()
	for _, n := range []float64{0, 1, 1e6, 123456789, 1 << 53, 1.786e15, -1, 0.25, math.Inf(1)} {
		e := &exposition{}
		e.family("x", "gauge", "x")
		e.sample("x", n)
		families, err := parse(e.String())
		if err != nil || families[0].samples[0].value != n {
			t.Errorf("%v came back as %v (%v)", n, families, err)
		}
	}
}
