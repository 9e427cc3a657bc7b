package plan

import "slices"

// number proves a number for a node.
func (r *run) number(n *node, at int) int {
	if n.kinds&(kindNumber|kindInteger) == 0 {
		return unproved
	}
	d, end := r.decimal(at)
	if end < 0 {
		return unproved
	}
	if n.kinds&kindNumber == 0 && !d.integer() {
		return unproved
	}
	for i := range n.sets {
		if !n.sets[i].hasNumber(d) {
			return unproved
		}
	}
	if n.limits != nil && !n.limits.accept(d) {
		return unproved
	}
	return end
}

func (s *set) hasNumber(d decimal) bool {
	return slices.ContainsFunc(s.numbers, d.same)
}

func (l *limits) accept(d decimal) bool {
	return (l.least == nil || d.compare(l.least) >= 0) &&
		(l.most == nil || d.compare(l.most) <= 0) &&
		(l.above == nil || d.compare(l.above) > 0) &&
		(l.below == nil || d.compare(l.below) < 0) &&
		(l.multipleOf == nil || l.multipleOf.divides(d))
}
