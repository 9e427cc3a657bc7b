package codec

import (
	"encoding/json"
	"strconv"
	"strings"
)

// literal is a number as it is written, without rounding: the whole number that
// digits spell, times ten to the exponent. Zeros at either end of the digits are
// gone, so that equal numbers are equal literals; zero has no digits.
type literal struct {
	negative bool
	digits   string
	exponent int
}

// farExponent stands for every exponent beyond it: no type here reaches it, and
// sums of it do not overflow.
const farExponent = 1 << 30

// parseLiteral reads a JSON number, and nothing else.
func parseLiteral(text string) (d literal, ok bool) {
	rest, negative := strings.CutPrefix(text, "-")
	whole, rest := leadingDigits(rest)
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return literal{}, false
	}
	digits := whole
	if after, dot := strings.CutPrefix(rest, "."); dot {
		fraction, after := leadingDigits(after)
		if fraction == "" {
			return literal{}, false
		}
		digits, rest, d.exponent = whole+fraction, after, -len(fraction)
	}
	if rest != "" {
		e, valid := parseExponent(rest)
		if !valid {
			return literal{}, false
		}
		d.exponent += e
	}
	d.digits = strings.TrimRight(digits, "0")
	d.exponent += len(digits) - len(d.digits)
	d.digits = strings.TrimLeft(d.digits, "0")
	if d.digits == "" {
		return literal{}, true
	}
	d.negative = negative
	return d, true
}

// parseExponent reads the part of a JSON number from its e on.
func parseExponent(text string) (e int, ok bool) {
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	text, negative := text[1:], false
	if text != "" && (text[0] == '+' || text[0] == '-') {
		text, negative = text[1:], text[0] == '-'
	}
	digits, rest := leadingDigits(text)
	if digits == "" || rest != "" {
		return 0, false
	}
	e, err := strconv.Atoi(digits)
	if err != nil || e > farExponent {
		e = farExponent
	}
	if negative {
		e = -e
	}
	return e, true
}

func leadingDigits(text string) (digits, rest string) {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return text[:n], text[n:]
}

// unscaled writes the digits of d times ten to the scale, unless that is no whole
// number or has more digits than precision allows.
func (d literal) unscaled(scale, precision int) (digits string, ok bool) {
	if d.digits == "" {
		return "0", true
	}
	zeros := d.exponent + scale
	if zeros < 0 || len(d.digits)+zeros > precision {
		return "", false
	}
	digits = d.digits + strings.Repeat("0", zeros)
	if d.negative {
		digits = "-" + digits
	}
	return digits, true
}

// int64Digits is how many digits an int64 has at most.
const int64Digits = 19

// int64 returns d when it is a whole number that an int64 holds.
func (d literal) int64() (n int64, ok bool) {
	digits, ok := d.unscaled(0, int64Digits)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// exactDigits is how many digits the exact value of a float64 has at most.
const exactDigits = 767

// heldBy reports whether a float of so many bits stands for d: it is the number
// that this float is written as, or the float's exact value.
func (d literal) heldBy(f float64, bits int) bool {
	shortest, _ := parseLiteral(strconv.FormatFloat(f, 'e', -1, bits))
	if shortest == d {
		return true
	}
	exact, _ := parseLiteral(strconv.FormatFloat(f, 'e', exactDigits-1, 64))
	return exact == d
}

// numberText is the JSON text of a Go number, as encoding/json would have it but
// for the spelling of exponents.
func numberText(v any) (text string, ok bool) {
	switch n := v.(type) {
	case json.Number:
		return string(n), true
	case float64:
		return strconv.FormatFloat(n, 'g', -1, 64), true
	case float32:
		return strconv.FormatFloat(float64(n), 'g', -1, 32), true
	case uint64:
		return strconv.FormatUint(n, 10), true
	case uint:
		return strconv.FormatUint(uint64(n), 10), true
	}
	n, ok := smallInteger(v)
	return strconv.FormatInt(n, 10), ok
}

// smallInteger returns the Go integers that an int64 always holds.
func smallInteger(v any) (n int64, ok bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case int16:
		return int64(n), true
	case int8:
		return int64(n), true
	case uint32:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint8:
		return int64(n), true
	}
	return 0, false
}
