package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

var rendered = []struct {
	message danube.Message
	want    string
}{
	{danube.Message{Topic: "/d/t", Payload: []byte("text")}, `{"topic":"/d/t","offset":0,"payload":"text"}`},
	{danube.Message{Topic: "/d/t", Offset: 18446744073709551615, Payload: []byte("1")}, `{"topic":"/d/t","offset":18446744073709551615,"payload":1}`},
	{danube.Message{Topic: "/d/t-part-0", Keyed: true, Payload: []byte("null")}, `{"topic":"/d/t-part-0","offset":0,"key":"","payload":null}`},
	{
		danube.Message{Topic: "/d/t", Keyed: true, Key: "k", Attributes: map[string]string{"b": "2", "a": "<1>"}, Payload: []byte("{}")},
		`{"topic":"/d/t","offset":0,"key":"k","attributes":{"a":"<1>","b":"2"},"payload":{}}`,
	},
	{danube.Message{Topic: "/d/t"}, `{"topic":"/d/t","offset":0,"payload":""}`},
	{danube.Message{Topic: "/d/t", Payload: []byte(`"a string"`)}, `{"topic":"/d/t","offset":0,"payload":"a string"}`},
	// Numbers keep all their digits, and JSON loses nothing but its spaces.
	{danube.Message{Topic: "/d/t", Payload: []byte("{ \"n\" : 9007199254740993.10, \"n\": 1e400 }\n")}, `{"topic":"/d/t","offset":0,"payload":{"n":9007199254740993.10,"n":1e400}}`},
	{danube.Message{Topic: "/d/t", Payload: []byte("two\nlines \u2028 & <more>")}, `{"topic":"/d/t","offset":0,"payload":"two\nlines \u2028 & <more>"}`},
	{danube.Message{Topic: "/d/t", Payload: []byte{0xff, 0x00}}, `{"topic":"/d/t","offset":0,"payload":{"base64":"/wA="}}`},
	// JSON of bytes that are no text cannot be printed as it is.
	{danube.Message{Topic: "/d/t", Payload: []byte("\"\xff\"")}, `{"topic":"/d/t","offset":0,"payload":{"base64":"Iv8i"}}`},
}

func TestRender(t *testing.T) {
	t.Parallel()
	for _, r := range rendered {
		if got := string(render(r.message)); got != r.want+"\n" {
			t.Errorf("%q is printed as %s, want %s", r.message.Payload, got, r.want)
		}
	}
}

// Nesting that encoding/json takes for valid and then does not write again.
func TestRenderDeepJSON(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{100, 9998, 9999, 10000, 10001, 20000} {
		deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		checkLine(t, danube.Message{Topic: "/d/t", Payload: []byte(deep)})
	}
}

// checkLine expects one line of JSON from which the payload can be had back.
func checkLine(t *testing.T, m danube.Message) {
	t.Helper()
	line := string(render(m))
	if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || !utf8.ValidString(line) {
		t.Fatalf("%.60q is printed as %.60q; want one line of text", m.Payload, line)
	}
	_, rest, _ := strings.Cut(strings.TrimSuffix(line, "}\n"), `"payload":`)
	data := string(m.Payload)
	switch want := base64.StdEncoding.EncodeToString(m.Payload); {
	case !utf8.ValidString(data):
		if rest != fmt.Sprintf(`{"base64":%q}`, want) {
			t.Errorf("%.60q is printed as %.60s", data, rest)
		}
	case json.Valid(m.Payload):
		if rest != compact(data) && rest != fmt.Sprintf(`{"base64":%q}`, want) {
			t.Errorf("%.60q is printed as %.60s", data, rest)
		}
	default:
		var text string
		if err := json.Unmarshal([]byte(rest), &text); err != nil || text != data {
			t.Errorf("%.60q is printed as %.60s", data, rest)
		}
	}
}

// compact takes the space out of JSON.
func compact(text string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			b.WriteString(text[i : i+2])
			i++
			continue
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(" \t\r\n", c) >= 0:
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func FuzzRender(f *testing.F) {
	for _, r := range rendered {
		f.Add(r.message.Payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		checkLine(t, danube.Message{Topic: "/d/t", Payload: payload})
	})
}
