package connect_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

type (
	cents   int64
	tiny    int8
	counter uint64
	flags   uint8
	celsius float64
	ratio   float32
)

// number makes a record of n and returns its payload.
func number[N int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64 | uintptr |
	float32 | float64 | cents | tiny | counter | flags | celsius | ratio](n N) string {
	return string(connect.Number("/a/b", n).Raw())
}

var numbers = []struct{ got, want string }{
	{number(0), "0"},
	{number(-1), "-1"},
	{number(math.MinInt), strconv.Itoa(math.MinInt)},
	{number(int8(math.MinInt8)), "-128"},
	{number(int8(math.MaxInt8)), "127"},
	{number(int16(math.MinInt16)), "-32768"},
	{number(int16(math.MaxInt16)), "32767"},
	{number(int32(math.MinInt32)), "-2147483648"},
	{number(int32(math.MaxInt32)), "2147483647"},
	{number(int64(math.MinInt64)), "-9223372036854775808"},
	{number(int64(math.MaxInt64)), "9223372036854775807"},
	{number(int64(1<<53 + 1)), "9007199254740993"}, // no float64 holds it
	{number(uint(0)), "0"},
	{number(uint(math.MaxUint)), strconv.FormatUint(math.MaxUint, 10)},
	{number(uint8(math.MaxUint8)), "255"},
	{number(uint16(math.MaxUint16)), "65535"},
	{number(uint32(math.MaxUint32)), "4294967295"},
	{number(uint64(math.MaxUint64)), "18446744073709551615"},
	{number(uint64(1 << 63)), "9223372036854775808"},
	{number(uintptr(1)), "1"},
	{number(cents(-1999)), "-1999"},
	{number(tiny(-128)), "-128"},
	{number(counter(math.MaxUint64)), "18446744073709551615"},
	{number(flags(128)), "128"},

	{number(0.0), "0"},
	{number(math.Copysign(0, -1)), "-0"},
	{number(0.1), "0.1"},
	{number(-2.5), "-2.5"},
	{number(3.0), "3"},
	{number(1e21), "1e+21"},
	{number(math.MaxFloat64), "1.7976931348623157e+308"},
	{number(math.SmallestNonzeroFloat64), "5e-324"},
	{number(float32(0.1)), "0.1"}, // not 0.10000000149011612
	{number(float32(16777216)), "1.6777216e+07"},
	{number(float32(math.MaxFloat32)), "3.4028235e+38"},
	{number(celsius(21.5)), "21.5"},
	{number(ratio(0.3)), "0.3"},
	{number(math.NaN()), "NaN"},
	{number(math.Inf(1)), "+Inf"},
	{number(math.Inf(-1)), "-Inf"},
	{number(ratio(float32(math.Inf(1)))), "+Inf"},
}

func TestNumberIsExact(t *testing.T) {
	t.Parallel()
	for i, n := range numbers {
		if n.got != n.want {
			t.Errorf("numbers[%d] is %s, want %s", i, n.got, n.want)
		}
	}
}

// FuzzNumber reads every payload back and expects the number it was made of.
func FuzzNumber(f *testing.F) {
	for _, bits := range []uint64{0, 1, 1<<53 + 1, 1 << 63, math.MaxUint64, math.MaxInt64, 0x7ff0000000000000, 0x7ff8000000000001, 0x3fb999999999999a} {
		f.Add(bits)
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		if n, err := strconv.ParseUint(number(bits), 10, 64); err != nil || n != bits {
			t.Errorf("uint64 %d became %d, %v", bits, n, err)
		}
		if n, err := strconv.ParseInt(number(int64(bits)), 10, 64); err != nil || n != int64(bits) {
			t.Errorf("int64 %d became %d, %v", int64(bits), n, err)
		}
		if n, err := strconv.ParseInt(number(int32(bits)), 10, 32); err != nil || int32(n) != int32(bits) {
			t.Errorf("int32 %d became %d, %v", int32(bits), n, err)
		}
		checkFloat(t, math.Float64frombits(bits), number(math.Float64frombits(bits)), 64)
		small := math.Float32frombits(uint32(bits))
		checkFloat(t, float64(small), number(small), 32)
	})
}

// checkFloat expects text to be a number in JSON that reads back as want, and
// otherwise, when there is no such number, something that JSON refuses.
func checkFloat(t *testing.T, want float64, text string, width int) {
	t.Helper()
	if finite := !math.IsNaN(want) && !math.IsInf(want, 0); json.Valid([]byte(text)) != finite {
		t.Errorf("%v became %s, which JSON must take if it is finite and must not if it is not", want, text)
	}
	got, err := strconv.ParseFloat(text, width)
	if err != nil || math.Float64bits(got) != math.Float64bits(want) && !math.IsNaN(want) {
		t.Errorf("%v became %s, which reads as %v, %v", want, text, got, err)
	}
}
