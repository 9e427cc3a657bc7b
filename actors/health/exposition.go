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

// label is a name and a value; values are escaped as the format asks.
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
		e.WriteString(l.name + `="` + escape.Replace(l.value) + `"`)
	}
	if len(labels) > 0 {
		e.WriteByte('}')
	}
	e.WriteByte(' ')
	e.Write(strconv.AppendFloat(nil, value, 'g', -1, 64))
	e.WriteByte('\n')
}
