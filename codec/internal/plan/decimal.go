package plan

import (
	"math/big"
	"math/bits"
)

// maxDigits is how many significant digits a decimal holds.
const maxDigits = 19

// decimal is an exact decimal number: 0.DIGITS × 10^point, with the digits as a
// whole number of 19 of them, the first not 0; all zero for zero.
type decimal struct {
	digits   uint64
	point    int
	negative bool
	// more says that it is further from zero than its digits: some were cut off.
	more bool
	// whole says that it was written without a fraction or an exponent.
	whole bool
}

// powers are those of ten that fit.
var powers = [maxDigits + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// decimal takes a number.
func (r *run) decimal(at int) (decimal, int) {
	text, begin := r.text, at
	d := decimal{whole: true}
	count, shift := 0, 0 // digits taken, and the power of ten they are multiplied by
	if at < len(text) && text[at] == '-' {
		d.negative = true
		at++
	}
	if at >= len(text) || !digit(text[at]) {
		return d, unproved
	}
	if text[at] == '0' {
		at++
	} else {
		for ; at < len(text) && digit(text[at]); at++ {
			if !d.take(text[at], &count) {
				shift++
			}
		}
	}
	if at < len(text) && text[at] == '.' {
		d.whole = false
		at++
		if at >= len(text) || !digit(text[at]) {
			return d, unproved
		}
		for ; at < len(text) && digit(text[at]); at++ {
			if d.take(text[at], &count) {
				shift--
			}
		}
	}
	if at < len(text) && text[at]|0x20 == 'e' {
		d.whole = false
		var exponent int
		if exponent, at = power(text, at+1); at < 0 {
			return d, unproved
		}
		shift += exponent
	}
	if at-begin > MaxNumber {
		return d, unproved
	}
	r.work -= at - begin
	d.finish(count, shift)
	return d, at
}

// take adds a digit if there is room for it.
func (d *decimal) take(c byte, count *int) bool {
	if *count == maxDigits {
		d.more = d.more || c != '0'
		return false
	}
	d.digits = d.digits*10 + uint64(c-'0')
	if d.digits > 0 {
		*count++
	}
	return true
}

// finish puts the digits where they belong.
func (d *decimal) finish(count, shift int) {
	if count == 0 {
		d.negative = false // there is one zero
		return
	}
	d.digits *= powers[maxDigits-count]
	d.point = count + shift
}

// power takes the exponent of a number.
func power(text []byte, at int) (exponent, end int) {
	negative := false
	if at < len(text) && (text[at] == '-' || text[at] == '+') {
		negative = text[at] == '-'
		at++
	}
	if at >= len(text) || !digit(text[at]) {
		return 0, unproved
	}
	for ; at < len(text) && digit(text[at]); at++ {
		if exponent = exponent*10 + int(text[at]-'0'); exponent > MaxExponent {
			return 0, unproved
		}
	}
	if negative {
		exponent = -exponent
	}
	return exponent, at
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// same reports whether two decimals are equal; two that were both cut off may be
// the same without being equal.
func (d decimal) same(e decimal) bool {
	return d.digits == e.digits && d.point == e.point && d.negative == e.negative && d.more == e.more
}

// compare orders a number by a limit, of which nothing was cut off.
func (d decimal) compare(limit *decimal) int {
	if d.negative != limit.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	further := d.further(limit)
	if d.negative {
		return -further
	}
	return further
}

// further orders the distances from zero.
func (d decimal) further(limit *decimal) int {
	switch {
	case d.digits == 0 || limit.digits == 0:
		return order(d.digits, limit.digits)
	case d.point != limit.point:
		return order(d.point, limit.point)
	case d.digits != limit.digits:
		return order(d.digits, limit.digits)
	case d.more:
		return 1
	}
	return 0
}

func order[T int | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// integer proves that a number has no fraction.
func (d decimal) integer() bool {
	switch {
	case d.whole || d.digits == 0:
		return true
	case d.more:
		return false // it may have none all the same
	case d.point >= maxDigits:
		return true
	}
	return d.point > 0 && d.digits%powers[maxDigits-d.point] == 0
}

// exact makes a decimal of a number of the schema, if it has as few digits.
func exact(r *big.Rat) (decimal, bool) {
	places, finite := r.FloatPrec()
	if !finite {
		return decimal{}, false
	}
	text := r.FloatString(places)
	d, end := (&run{text: []byte(text)}).decimal(0)
	return d, end == len(text) && !d.more
}

// divisor is a number of multipleOf: units × 10^power, the units not divisible by
// ten.
type divisor struct {
	units uint64
	power int
}

// divides proves that a number is a multiple.
func (m *divisor) divides(d decimal) bool {
	if d.digits == 0 {
		return true
	}
	if d.more {
		return false
	}
	n := d.divisor()
	// n/m is a whole number when what is left of m's units after cancelling divides
	// the power of ten that is left over.
	left := m.units / gcd(n.units, m.units)
	over := n.power - m.power
	if over < 0 {
		return false // n's units are not divisible by ten
	}
	twos := bits.TrailingZeros64(left)
	left >>= twos
	fives := 0
	for ; left%5 == 0; fives++ {
		left /= 5
	}
	return left == 1 && twos <= over && fives <= over
}

// divisor writes a decimal that is not zero with the fewest digits.
func (d decimal) divisor() divisor {
	m := divisor{d.digits, d.point - maxDigits}
	for m.units%10 == 0 {
		m.units /= 10
		m.power++
	}
	return m
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
