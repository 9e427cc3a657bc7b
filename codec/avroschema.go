package codec

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twmb/avro"

	connect "github.com/danube-messaging/danube-connect-go"
)

// avroLogical is what a logical type makes of its base type; each stands for
// several names of the specification.
type avroLogical uint8

const (
	logicalNone avroLogical = iota
	logicalDate
	logicalTime    // of day
	logicalInstant // timestamp-…
	logicalLocal   // local-timestamp-…
	logicalDecimal
	logicalUUID
)

// avroType is one type of a schema, with what is looked up for every value.
type avroType struct {
	base     avroBase
	name     string // the full name of a record, enum or fixed, else base
	logical  avroLogical
	unit     time.Duration // of the logical types of time
	fields   []avroField
	index    map[string]int // fields by name
	element  *avroType      // of an array or map
	branches []*avroType
	symbols  map[string]int
	order    []string // the symbols in order
	size     int      // of a fixed
	// precision and scale are those of a decimal.
	precision, scale int
}

type avroField struct {
	name string
	of   *avroType
	// missing is what a record without the field gets: the encoded default, or
	// null where the type has one. Without either it is nil.
	missing []byte
}

// avroSchema is a parsed definition.
type avroSchema struct {
	*avro.Schema
	top  *avroType
	name string // of the file
}

// rawLogical makes the library hand out the base types of the logical ones: what
// those look like in JSON is this package's own affair.
func rawLogical() []avro.SchemaOpt {
	var opts []avro.SchemaOpt
	for _, name := range []string{
		"date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos",
		"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos",
		"decimal", "big-decimal", "uuid", "duration",
	} {
		opts = append(opts, avro.CustomType{LogicalType: name})
	}
	return opts
}

// parseAvro parses the definition, and before it the files it refers to, in
// whatever order these need each other.
func parseAvro(s Settings) (*avroSchema, error) {
	var named avro.SchemaCache
	if err := parseAvroRefs(&named, s.Refs); err != nil {
		return nil, err
	}
	if err := checkSchemaJSON(s.Name, s.Schema); err != nil {
		return nil, err
	}
	schema, err := named.Parse(string(s.Schema), rawLogical()...)
	if err != nil {
		return nil, badAvro(s.Name, err)
	}
	c := avroCompiler{named: map[string]*avroType{}}
	top, err := c.compile(schema.Root(), "")
	if err != nil {
		return nil, badAvro(s.Name, err)
	}
	return &avroSchema{schema, top, fileName(s.Name)}, nil
}

func parseAvroRefs(named *avro.SchemaCache, refs []Ref) error {
	for _, ref := range refs {
		if err := checkSchemaJSON(ref.Name, ref.Schema); err != nil {
			return err
		}
	}
	for waiting := slices.Clone(refs); len(waiting) > 0; {
		var failed []Ref
		var first error
		for _, ref := range waiting {
			if _, err := named.Parse(string(ref.Schema), rawLogical()...); err != nil {
				failed = append(failed, ref)
				if first == nil {
					first = badAvro(ref.Name, err)
				}
			}
		}
		if len(failed) == len(waiting) {
			return first
		}
		waiting = failed
	}
	return nil
}

func badAvro(name string, err error) error {
	return connect.ConfigError("%s: is not an Avro schema: %w; must be one, with the files of the types it refers to in refs", name, err)
}

// avroCompiler makes types of the nodes of a schema; a name stands for a type
// that was met before.
type avroCompiler struct{ named map[string]*avroType }

var errNoAvroType = errors.New("unknown type")

func (c avroCompiler) compile(n *avro.SchemaNode, namespace string) (*avroType, error) {
	t := &avroType{base: baseOf(n.Type), name: n.Type, size: n.Size}
	if n.Name != "" {
		t.name = avroName(n.Name, n.Namespace)
		namespace = t.name[:max(strings.LastIndexByte(t.name, '.'), 0)]
		c.named[t.name] = t
	}
	var err error
	switch n.Type {
	case "null", "boolean", "int", "long", "float", "double", "string", "bytes", "fixed":
	case "enum":
		t.order, t.symbols = n.Symbols, map[string]int{}
		for i, symbol := range n.Symbols {
			t.symbols[symbol] = i
		}
	case "array":
		t.element, err = c.compile(n.Items, namespace)
	case "map":
		t.element, err = c.compile(n.Values, namespace)
	case "union":
		for i := range n.Branches {
			var branch *avroType
			if branch, err = c.compile(&n.Branches[i], namespace); err != nil {
				break
			}
			t.branches = append(t.branches, branch)
		}
	case "record", "error":
		t.base = baseRecord
		err = c.compileFields(t, n.Fields, namespace)
	default:
		return c.lookUp(n.Type, namespace)
	}
	t.interpret(n)
	return t, err
}

func avroName(name, namespace string) string {
	if namespace == "" || strings.Contains(name, ".") {
		return name
	}
	return namespace + "." + name
}

func (c avroCompiler) lookUp(name, namespace string) (*avroType, error) {
	for _, full := range []string{avroName(name, namespace), name} {
		if t, ok := c.named[full]; ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%w %q", errNoAvroType, name)
}

func (c avroCompiler) compileFields(t *avroType, fields []avro.SchemaField, namespace string) error {
	t.index = make(map[string]int, len(fields))
	for i := range fields {
		of, err := c.compile(&fields[i].Type, namespace)
		if err != nil {
			return err
		}
		f := avroField{name: fields[i].Name, of: of}
		if fields[i].HasDefault {
			if f.missing, err = avroDefault(&fields[i]); err != nil {
				return fmt.Errorf("field %q of %s: %w", f.name, t.name, err)
			}
		} else if null := of.null(); null >= 0 {
			f.missing = appendAvroNull(make([]byte, 0, 1), of, null)
		}
		t.index[f.name] = i
		t.fields = append(t.fields, f)
	}
	return nil
}

// avroDefault encodes the default of a field. It is never nil: null has no bytes.
func avroDefault(f *avro.SchemaField) ([]byte, error) {
	schema, err := f.Type.Schema(rawLogical()...)
	if err != nil {
		return nil, err
	}
	return schema.AppendEncode(make([]byte, 0, 1), f.Default)
}

// null returns the index of the branch that is null, 0 for null itself, else -1.
func (t *avroType) null() int {
	if t.base == baseNull {
		return 0
	}
	return slices.IndexFunc(t.branches, func(b *avroType) bool { return b.base == baseNull })
}

// avroTimes are the logical types of time with what they count.
var avroTimes = map[string]struct {
	base    string
	logical avroLogical
	unit    time.Duration
}{
	"date":                   {"int", logicalDate, 24 * time.Hour},
	"time-millis":            {"int", logicalTime, time.Millisecond},
	"time-micros":            {"long", logicalTime, time.Microsecond},
	"timestamp-millis":       {"long", logicalInstant, time.Millisecond},
	"timestamp-micros":       {"long", logicalInstant, time.Microsecond},
	"timestamp-nanos":        {"long", logicalInstant, time.Nanosecond},
	"local-timestamp-millis": {"long", logicalLocal, time.Millisecond},
	"local-timestamp-micros": {"long", logicalLocal, time.Microsecond},
	"local-timestamp-nanos":  {"long", logicalLocal, time.Nanosecond},
}

// interpret finds the logical type; one on the wrong base type is ignored, as the
// specification asks.
func (t *avroType) interpret(n *avro.SchemaNode) {
	isBytes := n.Type == "bytes" || n.Type == "fixed"
	switch kind, ok := avroTimes[n.LogicalType]; {
	case ok && kind.base == n.Type:
		t.logical, t.unit = kind.logical, kind.unit
	case n.LogicalType == "decimal" && isBytes && n.Precision > 0:
		t.logical, t.precision, t.scale = logicalDecimal, n.Precision, n.Scale
	case n.LogicalType == "uuid" && (n.Type == "string" || n.Type == "fixed" && n.Size == uuidBytes):
		t.logical = logicalUUID
	}
}

// bits returns the width of a number type, 0 for every other.
func (t *avroType) bits() int {
	switch t.base {
	case baseInt, baseFloat:
		return 32
	case baseLong, baseDouble:
		return 64
	}
	return 0
}

// holds reports whether an int or long holds n.
func (t *avroType) holds(n int64) bool {
	return t.base == baseLong || math.MinInt32 <= n && n <= math.MaxInt32
}
