package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/config.md anew")

const referenceFile = "../docs/config.md"

// TestReferenceIsUpToDate holds docs/config.md against the table of keys.
func TestReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	want := reference(t)
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referenceFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/config.md is not what the table of keys says (%v); run: go test ./config -run Reference -update", err)
	}
}

// reference writes the page: testdata/reference.md with the tables in its place.
func reference(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("testdata/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	table := "-"
	for _, k := range keys {
		if home := tableOf(k.path); home != table {
			table = home
			fmt.Fprintf(&b, "\n### %s\n\n| key | default | values | what it does | at the edge |\n|---|---|---|---|---|\n", heading(home))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", nameOf(k.path), defaultOf(k), valuesOf(k), k.doc, k.edge)
	}
	before, after, ok := strings.Cut(string(page), "<!-- the tables -->\n")
	if !ok {
		t.Fatal("testdata/reference.md has no place for the tables")
	}
	return before + strings.TrimPrefix(b.String(), "\n") + after
}

// tableOf returns the table a key is listed under; that of version_strategy is
// the one it is in.
func tableOf(path string) string {
	home, _, _ := strings.Cut(path, ".")
	if home == path {
		return ""
	}
	return home
}

func nameOf(path string) string {
	name := strings.TrimPrefix(path, tableOf(path)+".")
	return strings.TrimPrefix(name, "*.")
}

func heading(table string) string {
	switch table {
	case "":
		return "At the root"
	case "topics":
		return "[topics.\"/namespace/topic\"]"
	case "schemas":
		return "[[schemas]]"
	}
	return "[" + table + "]"
}

func defaultOf(k key) string {
	switch v := k.value.(type) {
	case nil:
	case string:
		if k.note == "" && !k.required {
			return fmt.Sprintf("`%q`", v)
		}
	case []string:
		return "`[]`"
	case bool:
		return fmt.Sprintf("`%t`", v)
	case int:
		if k.note == "" {
			return fmt.Sprintf("`%d`", v)
		}
	case float64:
		return fmt.Sprintf("`%.1f`", v)
	default:
		return fmt.Sprintf("`%q`", shortDefault(v))
	}
	switch {
	case k.variable != "" && k.required:
		return "required; or `" + k.variable + "`"
	case k.variable != "":
		return k.note + ": `" + k.variable + "`"
	case k.required:
		return "required"
	}
	return k.note
}

func shortDefault(v any) string { return strings.TrimSuffix(fmt.Sprint(v), "m0s") }

func valuesOf(k key) string {
	switch {
	case k.max != 0:
		return k.limits()
	case len(k.oneOf) > 0:
		return quoteList(k.oneOf)
	}
	switch k.value.(type) {
	case bool:
		return "true or false"
	case []string:
		return "a list of strings"
	case float64:
		return "a number from 0 to 1"
	}
	if strings.HasSuffix(k.path, "version_strategy") {
		return "\"latest\" or a table"
	}
	return "a string"
}
