package codec

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// suiteVariable names a checkout of JSON-Schema-Test-Suite, which is not ours to
// keep a copy of.
const suiteVariable = "JSON_SCHEMA_TEST_SUITE"

// suiteDrafts are the drafts a schema may be of, by the suite's directories.
var suiteDrafts = map[string]string{
	"draft7":       "http://json-schema.org/draft-07/schema#",
	"draft2019-09": "https://json-schema.org/draft/2019-09/schema",
	"draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}

// suiteExceptions are the groups whose tests, optional all, do not hold here, by
// file and name, with the reason.
var suiteExceptions = map[string]string{
	"content.json/validation of string-encoded content based on media type":                 contentIsANote,
	"content.json/validation of binary string-encoding":                                     contentIsANote,
	"content.json/validation of binary-encoded media type documents":                        contentIsANote,
	"ecmascript-regex.json/ECMA 262 regex escapes control codes with \\c and upper letter":  patternsAreRE2,
	"ecmascript-regex.json/ECMA 262 regex escapes control codes with \\c and lower letter":  patternsAreRE2,
	"ecmascript-regex.json/ECMA 262 \\s matches whitespace":                                 patternsAreRE2,
	"ecmascript-regex.json/ECMA 262 \\S matches everything but whitespace":                  patternsAreRE2,
	"format-assertion.json/schema that uses custom metaschema with format-assertion: false": formatsNotRequired,
}

const (
	contentIsANote     = "contentEncoding and contentMediaType are notes in every draft here"
	patternsAreRE2     = "patterns are RE2's, which has no \\c and whose \\s is ASCII's"
	formatsNotRequired = "a vocabulary that a meta-schema does not require is not asserted"
)

// suiteGroup is a schema with its tests.
type suiteGroup struct {
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"schema"`
	Tests       []struct {
		Description string          `json:"description"`
		Data        json.RawMessage `json:"data"`
		Valid       bool            `json:"valid"`
	} `json:"tests"`
}

// TestSuite runs the official tests through the codec, with what they refer to
// handed over as a user hands it over.
func TestSuite(t *testing.T) {
	t.Parallel()
	suite := os.Getenv(suiteVariable)
	if suite == "" {
		t.Skipf("%s is not set; set it to a checkout of github.com/json-schema-org/JSON-Schema-Test-Suite", suiteVariable)
	}
	for draft, uri := range suiteDrafts {
		t.Run(draft, func(t *testing.T) {
			t.Parallel()
			var ran tally
			refs := suiteRemotes(t, suite, uri)
			for _, file := range suiteFiles(t, filepath.Join(suite, "tests", draft)) {
				for _, group := range suiteGroups(t, file) {
					ran.run(t, file, group, uri, refs)
				}
			}
			t.Logf("%s: %s", draft, ran)
			if ran.tests < 900 {
				t.Errorf("only %d tests; is %s a checkout of the suite?", ran.tests, suite)
			}
		})
	}
}

// tally counts what ran.
type tally struct{ groups, tests, excepted, planned, plannedTests, left int }

func (n tally) String() string {
	return fmt.Sprintf("%d groups, %d tests, %d of them known exceptions; the plan handles %d groups, %d tests, and leaves %d valid ones to the library",
		n.groups, n.tests, n.excepted, n.planned, n.plannedTests, n.left)
}

func (n *tally) run(t *testing.T, file string, group suiteGroup, uri string, refs []Ref) {
	n.groups++
	name := path.Base(file) + "/" + group.Description
	wrong := n.disagreements(group, uri, refs)
	n.tests += len(group.Tests)
	_, excepted := suiteExceptions[name]
	switch {
	case excepted && len(wrong) == 0 && !(uri != suiteDrafts["draft7"] && strings.HasPrefix(name, "content.json/")):
		t.Errorf("%q holds; take it out of the exceptions", name)
	case excepted:
		n.excepted += len(wrong)
	case len(wrong) > 0:
		t.Errorf("%q: %s", name, strings.Join(wrong, "\n"))
	}
}

// disagreements runs a group with the library alone and with the plan before it,
// and returns what comes out otherwise than it should, or differs between them.
func (n *tally) disagreements(group suiteGroup, uri string, refs []Ref) []string {
	c, err := For(Settings{SchemaType: "json_schema", Schema: inDraft(group.Schema, uri), Name: "suite.json", Refs: refs})
	if err != nil {
		return []string{err.Error()}
	}
	both := c.(schemaCodec)
	alone := both
	alone.plan = nil
	if both.plan != nil {
		n.planned++
		n.plannedTests += len(group.Tests)
	}
	var wrong []string
	for _, test := range group.Tests {
		r := connect.RawJSON("t", test.Data)
		_, err := alone.Encode(r)
		if valid := err == nil; valid != test.Valid {
			wrong = append(wrong, fmt.Sprintf("%s: %v", test.Description, err))
		}
		if _, with := both.Encode(r); (with == nil) != (err == nil) {
			wrong = append(wrong, fmt.Sprintf("%s: the plan says %v, the library %v", test.Description, with, err))
		}
		if both.plan != nil && err == nil && !both.plan.Valid(test.Data) {
			n.left++
		}
	}
	return wrong
}

// inDraft says which draft a schema is of where it does not say so: the suite
// leaves that to the directory.
func inDraft(schema []byte, uri string) []byte {
	var object map[string]json.RawMessage
	if json.Unmarshal(schema, &object) != nil || object["$schema"] != nil || len(object) == 0 {
		return schema
	}
	return fmt.Appendf(nil, `{"$schema": %q, %s`, uri, strings.TrimSpace(string(schema))[1:])
}

// suiteFiles lists the tests of a draft. Formats are notes in the newer drafts,
// and the suite's optional tests of them are about asserting them.
func suiteFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "format":
			return filepath.SkipDir
		case strings.HasSuffix(name, ".json"):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func suiteGroups(t *testing.T, file string) []suiteGroup {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var groups []suiteGroup
	if err := json.Unmarshal(text, &groups); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return groups
}

// suiteRemotes are the files that the suite's schemas refer to, by the address
// the suite gives them.
func suiteRemotes(t *testing.T, suite, uri string) []Ref {
	t.Helper()
	root := filepath.Join(suite, "remotes")
	var refs []Ref
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, name)
		refs = append(refs, Ref{Name: "http://localhost:1234/" + filepath.ToSlash(below), Schema: inDraft(text, uri)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return refs
}
