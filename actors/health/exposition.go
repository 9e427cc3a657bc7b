package health

import (
	"bytes"
	"strconv"
	"strings"
)

// exposition writes the Prometheus text format, version 0.0.4.
type exposition struct{ bytes.Buffer }

// family begins a metric.
func (e *exposition) family(name, kind, help string) {
	e.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

// label is a name and a value; values are made UTF-8 and escaped as the format asks.
type label struct{ name, value string }

var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// sample writes one value of the family that was begun last.
func (e *exposition) sample(name string, value float64, labels ...label) {
	e.WriteString(name)
	for i, l := range labels {
		if i == 0 {
			e.WriteByte('{')
		} else {
			e.WriteByte(',')
		}
		e.WriteString(l.name + `="` + escape.Replace(strings.ToValidUTF8(l.value, "\uFFFD")) + `"`)
	}
	if len(labels) > 0 {
		e.WriteByte('}')
	}
	e.WriteByte(' ')
	e.Write(strconv.AppendFloat(nil, value, 'f', -1, 64)) // counts stay legible: 4000000, not 4e+06
	e.WriteByte('\n')
}
