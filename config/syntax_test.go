package config

import (
	"strings"
	"testing"
)

// syntax is what no TOML parser should take, alone and among other mistakes. As
// in mistakes, the part begins on line 3.
var syntax = []mistake{
	{"no quotes", "[danube]\nserver_name = hunter2\nca_fil = \"x\"", []string{
		`4:15: danube.server_name: is not TOML: unexpected character at start of value; must be key = value, [table] or [[table]], with text in "quotes"`,
		`5:1: danube.ca_fil: unknown key; must be seeds, connect_override, ca_file, cert_file, key_file, server_name, token_file, token, request_timeout or health_interval (did you mean "ca_file"?)`,
	}},
	{"no value", "[retry]\nmax_retries =\nretry_backoff_ms = 0", []string{
		`4:14: retry.max_retries: is not TOML: unexpected character at start of value; must be key = value, [table] or [[table]], with text in "quotes"`,
		`5:1: retry.retry_backoff_ms: 0 is out of range; must be an integer from 1 to 3600000 milliseconds`,
	}},
	{"no equals sign", "[retry]\nmax_retries 5", []string{
		`4:13: retry: is not TOML: expected '=' after key; must be key = value, [table] or [[table]], with text in "quotes"`,
	}},
	{"list without an end", "[danube]\nseeds = [\"http://a:1\"\nserver_name = \"x\"\n[retry]\nmax_retries = -1", []string{
		`5:1: danube.seeds: is not TOML: expected ',' or ']' after array value; must be key = value, [table] or [[table]], with text in "quotes"`,
		`7:1: retry.max_retries: -1 is out of range; must be an integer from 0 to 100 tries`,
	}},
	{"text without an end", "[danube]\nserver_name = \"x\n[retry]\nmax_retries = -1", []string{
		`4:17: danube.server_name: is not TOML: basic strings cannot have new lines; must be key = value, [table] or [[table]], with text in "quotes"`,
		`6:1: retry.max_retries: -1 is out of range; must be an integer from 0 to 100 tries`,
	}},
	{"header without an end", "[retry\nmax_retries = -1\n  [commit]\nevery = -1", []string{
		`3:7: retry: is not TOML: expected ']' to close table name; must be key = value, [table] or [[table]], with text in "quotes"`,
		`6:1: commit.every: -1 is out of range; must be an integer from 0 to 1000000000 records`,
	}},
	{"behind comments", "# one\n\n  # two\nx", []string{
		`6:1: x: is not TOML: expected '=' after key; must be key = value, [table] or [[table]], with text in "quotes"`,
	}},
	{"header in a list", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"bytes\"\n[schemas.version_strategy]\npinned = -1", []string{
		`7:1: schemas[0].version_strategy.pinned: -1 is out of range; must be an integer from 1 to 4294967295`,
	}},
	{"header below a value", "[connector_name.x]\ny = 1\n[commit]\nevery = -1", []string{
		`3:2: connector_name: is a string already, on line 2; must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete`,
		`6:1: commit.every: -1 is out of range; must be an integer from 0 to 1000000000 records`,
	}},
	{"four of them", "a = \nb = 01\n\"c\" = 1 2\n= 4", []string{
		`3:5: a: is not TOML: unexpected character at start of value; must be key = value, [table] or [[table]], with text in "quotes"`,
		`4:5: b: is not TOML: integers cannot have leading zeroes; must be key = value, [table] or [[table]], with text in "quotes"`,
		`5:9: is not TOML: expected newline; must be key = value, [table] or [[table]], with text in "quotes"`,
		`6:1: is not TOML: invalid character at start of key; must be key = value, [table] or [[table]], with text in "quotes"`,
	}},
	{"no such day", "[topics]\nx = 2026-02-30", []string{
		`4:1: topics.x: is a date; must be a table`,
	}},
	{"key twice", "[retry]\nmax_retries = 1\nmax_retries = 2\nmax_retries = 3", []string{
		`5:1: retry.max_retries: is set twice, first on line 4; must be set once`,
		`6:1: retry.max_retries: is set twice, first on line 4; must be set once`,
	}},
	{"key twice in braces", "[topics]\n\"/a/b\" = { lanes = 1, lanes = 2 }", []string{
		`4:23: topics."/a/b".lanes: is set twice, first on line 4; must be set once`,
	}},
	{"table twice", "[retry]\nmax_retries = 1\n[commit]\n[retry]\nmax_retrys = 2\nmax_retries = 2", []string{
		`6:2: retry: is a table that is defined twice, first on line 3; must have one header, with all its keys below it`,
		`7:1: retry.max_retrys: unknown key; must be max_retries, retry_backoff_ms or max_backoff_ms (did you mean "max_retries"?)`,
		`8:1: retry.max_retries: is set twice, first on line 4; must be set once`,
	}},
	{"table twice, all right", "[retry]\nmax_retries = 1\n[commit]\nevery = 1\n[retry]\nretry_backoff_ms = 5\n[http]\nbind = \"::\"", []string{
		`7:2: retry: is a table that is defined twice, first on line 3; must have one header, with all its keys below it`,
	}},
	{"table and list", "[[schemas]]\ntopic = \"/a/b\"\nschema_type = \"string\"\n[schemas]\ntopic = 5\n[commit]\nevery = -1", []string{
		`6:2: schemas: is a list already, on line 3; must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete`,
		`9:1: commit.every: -1 is out of range; must be an integer from 0 to 1000000000 records`,
	}},
	{"list and table", "[retry]\n[[retry]]\nx = 1", []string{
		`4:3: retry: is a table already, on line 3; must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete`,
	}},
	{"more of a complete list", "schemas = []\n[[schemas]]\n[schemas.x]", []string{
		`4:3: schemas: is a list already, on line 3; must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete`,
		`5:2: schemas: is a list already, on line 3; must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete`,
	}},
	{"more of a complete table", "retry = {}\nretry.max_retries = 1", []string{
		`4:1: retry: is a table already, on line 3; must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete`,
	}},
	{"value as a table", "connector_name.x = 1", []string{
		`3:1: connector_name: is a string already, on line 2; must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete`,
	}},
}

func TestSyntax(t *testing.T) {
	t.Parallel()
	for _, tt := range syntax {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, minimal+tt.file, tt.want)
		})
	}
}

// What may stand in a part that cannot be read is not missing.
func TestNothingIsMissingInALostPart(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"connector_name = \"a\"\nx = [\ndanube_service_url = \"http://b:1\"\n":           "c.toml:3:1: x: is not TOML",
		"connector_name = \"a\"\n[own\nport = 5\n":                                       "c.toml:2:5: own: is not TOML",
		"connector_name = \"a\"\ndanube_service_url = http://b:1\n":                      "c.toml:2:22: danube_service_url: is not TOML",
		minimal + "[own]\nleast = 9\nx = [\nport = 10\n[own.by_name.a]\nkey = 'b'\n":     "c.toml:6:1: own.x: is not TOML",
		minimal + "[own.by_name.a]\nx = [\nkey = 'b'\n":                                  "c.toml:5:1: own.by_name.a.x: is not TOML",
		minimal + "[[schemas]]\nx = [\ntopic = '/a/b'\nschema_type = 'bytes'\n[retry]\n": "c.toml:5:1: schemas.x: is not TOML",
	} {
		_, err := Parse[ownChecks]("c.toml", []byte(file), nil)
		if lines := errorLines(t, err); len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("%s\n%v\nwant %s", file, err, want)
		}
	}
}

// What go-toml alone knows is reported too, and ends the reading.
func TestGoTomlHasTheLastWord(t *testing.T) {
	t.Parallel()
	_, err := Parse[ownTypes]("c.toml", []byte(minimal+"[own]\nsince = 2026-02-30T00:00:00Z\n"), nil)
	lines := errorLines(t, err)
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "c.toml:4:") || !strings.Contains(lines[0], "is not TOML: ") {
		t.Errorf("%q", lines)
	}
}

// A file of nothing but mistakes ends too.
func TestManySyntaxErrors(t *testing.T) {
	t.Parallel()
	_, err := Parse[Connector]("c.toml", []byte(strings.Repeat("= 1\n", 1000)), nil)
	if lines := errorLines(t, err); len(lines) < maxSyntaxErrors || len(lines) > maxSyntaxErrors+2 {
		t.Errorf("%d lines, want about %d", len(lines), maxSyntaxErrors)
	}
}

func TestWindowsLines(t *testing.T) {
	t.Parallel()
	file := strings.ReplaceAll(minimal+"[retry]\nmax_retries = 101\nx = 'a\ny = 1\n", "\n", "\r\n")
	_, err := Parse[Connector]("c.toml", []byte(file), nil)
	lines := errorLines(t, err)
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "c.toml:4:1: retry.max_retries") ||
		!strings.HasPrefix(lines[1], "c.toml:5:7: retry.x: is not TOML") || !strings.HasPrefix(lines[2], "c.toml:6:1: retry.y: unknown key") {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}
