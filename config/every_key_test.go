package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fileWith returns a file that is whole and sets one key of ours, and the line
// the key is on.
func fileWith(k key, name, value string) (file string, line int) {
	head := minimal
	switch home := tableOf(k.path); {
	case home == "":
		other := `connector_name = "orders"` + "\n"
		if k.path == "connector_name" {
			other = `danube_service_url = "http://127.0.0.1:6650"` + "\n"
		}
		head = other
	case home == "topics":
		head += "[topics.\"/a/b\"]\n"
	case home == "schemas":
		head += "[[schemas]]\n"
		for field, value := range map[string]string{"topic": "/a/b", "schema_type": "string"} {
			if field != name {
				head += fmt.Sprintf("%s = %q\n", field, value)
			}
		}
	default:
		head += "[" + home + "]\n"
	}
	return head + name + " = " + value + "\n", 1 + strings.Count(head, "\n")
}

// wrongFor returns values of every kind of TOML that a key does not take.
func wrongFor(k key) map[string]string {
	wrong := map[string]string{"boolean": "true", "float": "1.5", "integer": "7", "string": `"seven"`, "list": "[1]", "table": "{ a = 1 }", "date": "2026-01-02"}
	switch k.value.(type) {
	case int:
		delete(wrong, "integer")
	case float64:
		delete(wrong, "integer") // out of range, but of the type
		delete(wrong, "float")
	case Size:
		delete(wrong, "integer") // out of range, but of the type
	case bool:
		delete(wrong, "boolean")
	case string:
		delete(wrong, "string")
	case nil:
		if k.path == "processing.metrics_port" {
			delete(wrong, "integer")
		} else if k.path != "schemas.*.version_strategy" {
			delete(wrong, "string")
		}
	}
	return wrong
}

// TestWrongTypeOfEveryKey: whatever key of ours is given whatever wrong kind of
// value, there is one line, it is about that key, and it is where the key is.
func TestWrongTypeOfEveryKey(t *testing.T) {
	t.Parallel()
	for _, k := range keys {
		if k.path == "danube.token" {
			continue // refused whatever it is; see TestMistakes
		}
		for kind, value := range wrongFor(k) {
			t.Run(k.path+"/"+kind, func(t *testing.T) {
				t.Parallel()
				file, line := fileWith(k, nameOf(k.path), value)
				_, err := Parse[Connector]("c.toml", []byte(file), nil)
				problems := problemsOf(t, err)
				if len(problems) != 1 || problems[0].Line != line || !isAbout(problems[0].Key, k.path) || !strings.HasPrefix(problems[0].Right, "must be ") {
					t.Errorf("%s\n%v", file, err)
				}
			})
		}
	}
}

// isAbout reports whether a problem's key is the one of a path of the table of
// keys, or inside it.
func isAbout(key, path string) bool {
	steps, want := split(key), strings.Split(path, ".")
	if len(steps) < len(want) {
		return false
	}
	for i, w := range want {
		if w != "*" && w != steps[i] {
			return false
		}
	}
	return true
}

func problemsOf(t *testing.T, err error) []Problem {
	t.Helper()
	if errorLines(t, err) == nil {
		return nil
	}
	return err.(*Error).Problems
}

// misspellings are what fingers do to a name.
func misspellings(name string) []string {
	middle := len(name) / 2
	return []string{
		name[:middle] + name[middle+1:],
		name[:middle] + "x" + name[middle:],
		name[:middle-1] + string(name[middle]) + string(name[middle-1]) + name[middle+1:],
		strings.ToUpper(name[:1]) + name[1:],
		strings.ReplaceAll(name, "_", "-"),
	}
}

// TestEveryMisspelledKeyIsRecognised: one line, at the key, that names the key
// that was meant.
func TestEveryMisspelledKeyIsRecognised(t *testing.T) {
	t.Parallel()
	for _, k := range keys {
		name := nameOf(k.path)
		if strings.Contains(name, ".") {
			name = name[strings.LastIndex(name, ".")+1:]
		}
		for _, wrong := range misspellings(name) {
			if wrong == name {
				continue
			}
			prefix := strings.TrimSuffix(nameOf(k.path), name)
			file, line := fileWith(k, prefix+wrong, "1")
			_, err := Parse[Connector]("c.toml", []byte(file), nil)
			problems := problemsOf(t, err)
			if len(problems) != 1 || problems[0].Line != line || problems[0].What != "unknown key" ||
				!strings.HasSuffix(problems[0].Right, fmt.Sprintf(" (did you mean %q?)", name)) {
				t.Errorf("%s\n%v", file, err)
			}
		}
	}
}

// TestDefaultsBelongToTheCaller: what one caller does to its configuration is
// not seen by the next.
func TestDefaultsBelongToTheCaller(t *testing.T) {
	t.Parallel()
	first := Defaults()
	first.Danube.Seeds = append(first.Danube.Seeds, "http://x:1")
	first.Topics = map[string]Topic{"/a/b": {}}
	first.Retry.MaxRetries = 99
	if second := Defaults(); len(second.Danube.Seeds) != 0 || second.Topics != nil || second.Retry.MaxRetries != 3 {
		t.Errorf("%+v", second)
	}
	inner := defaults()
	inner["retry"].(map[string]any)["max_retries"] = 99
	if again := defaults()["retry"].(map[string]any)["max_retries"]; again != 3 {
		t.Errorf("max_retries is %v by default", again)
	}
}

// TestMillisecondsFitDurations: no value of a key in milliseconds, nor a sum of a
// few, overflows a time.Duration.
func TestMillisecondsFitDurations(t *testing.T) {
	t.Parallel()
	for _, k := range keys {
		if strings.HasSuffix(k.path, "_ms") && milliseconds(k.max) > 24*time.Hour {
			t.Errorf("%s may be %v", k.path, milliseconds(k.max))
		}
	}
}

// TestParseFromManyGoroutines is for the race detector.
func TestParseFromManyGoroutines(t *testing.T) {
	t.Parallel()
	results := make(chan Connector, 8)
	for range cap(results) {
		go func() {
			c, err := Parse[Connector]("c.toml", []byte(everything), nil)
			if err != nil {
				t.Error(err)
			}
			results <- c
		}()
	}
	first := <-results
	for range cap(results) - 1 {
		if next := <-results; !reflect.DeepEqual(first, next) {
			t.Errorf("%+v\n%+v", first, next)
		}
	}
}
