package codec

import (
	"encoding/json"
	"net/netip"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

type textKey string

type marked struct{ text string }

func (m marked) MarshalText() ([]byte, error) { return []byte(m.text), nil }

type pointerMarked struct{ text string }

func (m *pointerMarked) MarshalText() ([]byte, error) { return []byte(m.text), nil }

// escape is the text encoding/json puts in place of a byte that is not UTF-8,
// here come by honestly.
const escaped = `"\ufffd"`

var utf8Values = []struct {
	name  string
	value any
	ok    bool
}{
	{"raw escape", []any{json.RawMessage(escaped), "é", 1, nil, true}, true},
	{"marshalled escape", shower{escaped}, true},
	{"literal backslash", `\ufffd`, true},
	{"address beside an escape", []any{json.RawMessage(escaped), netip.MustParseAddr("::1")}, true},
	{"nil pointers", []any{json.RawMessage(escaped), (*marked)(nil), (*pointerMarked)(nil), (*string)(nil)}, true},
	{"left out", []any{json.RawMessage(escaped), struct {
		Out    string `json:"-"`
		hidden string
	}{"\xff", "\xff"}}, true},
	{"string", "\xff", false},
	{"in a struct", point{Text: "\xff"}, false},
	{"behind a pointer", &point{Text: "\xff"}, false},
	{"in a slice", []string{"a", "\xff"}, false},
	{"in an array", [2]string{"a", "\xff"}, false},
	{"value of a map", map[string]any{"a": []any{"\xff"}}, false},
	{"key of a map", map[textKey]int{"\xff": 1}, false},
	{"text method", marked{"\xff"}, false},
	{"text method of a pointer", &[]pointerMarked{{"\xff"}}, false},
	{"raw bytes in raw JSON", json.RawMessage("\"\xff\""), false},
}

func TestTextThatIsNotUTF8IsNeverReplaced(t *testing.T) {
	t.Parallel()
	c := codecs(t)[""]
	for _, tt := range utf8Values {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Encode(connect.JSON("t", tt.value))
			if (err == nil) != tt.ok {
				t.Errorf("%s, %v", got, err)
			}
			if !tt.ok {
				checkInvalid(t, connect.JSON("t", nil), err, "not UTF-8")
			}
		})
	}
}
