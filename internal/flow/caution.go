package flow

// caution is a pure core: how far to read ahead while the broker keeps forgetting
// before anything is committed. Each time that happens twice in a row without a
// commit, reading goes a sixteenth as far, down to one record; each commit doubles
// it again. So a broker that lives shorter than settling takes still makes
// progress.
type caution struct {
	span   int  // 0: not bounded
	barren bool // nothing was committed since the last rewind
}

const cautionStep = 16

// rewound is said when the source goes back to the last commit, having read ahead
// so far.
func (c *caution) rewound(ahead int) {
	if c.barren {
		if c.span > 0 {
			ahead = c.span
		}
		c.span = max(ahead/cautionStep, 1)
	}
	c.barren = true
}

// committed is said with every commit; most is where the bound ends.
func (c *caution) committed(most int) {
	c.barren = false
	if c.span *= 2; c.span >= most {
		c.span = 0
	}
}

// limit returns the bound in force, 0 for none.
func (c *caution) limit(most int) int {
	if c.span > 0 && (most == 0 || c.span < most) {
		return c.span
	}
	return most
}
