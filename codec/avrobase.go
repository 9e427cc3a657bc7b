package codec

import "slices"

// avroBase is one of the primitive and complex types.
type avroBase uint8

const (
	baseNull avroBase = iota
	baseBoolean
	baseInt
	baseLong
	baseFloat
	baseDouble
	baseString
	baseBytes
	baseFixed
	baseEnum
	baseArray
	baseMap
	baseUnion
	baseRecord
)

// avroBases are their names in a schema.
var avroBases = [...]string{"null", "boolean", "int", "long", "float", "double", "string", "bytes", "fixed", "enum", "array", "map", "union", "record"}

// String names the type as a schema does.
func (b avroBase) String() string { return avroBases[b] }

// baseOf finds a type by its name; the name of another type is not looked for.
func baseOf(name string) avroBase { return avroBase(max(slices.Index(avroBases[:], name), 0)) }
