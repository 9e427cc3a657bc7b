package plan

// simplify puts in the place of every node the simplest that means the same.
func (c *compiler) simplify() {
	for _, n := range c.nodes {
		each(n, func(place **node) { *place = simplest(*place) })
	}
}

// simplest follows references that stand alone. A schema that accepts everything
// is nil.
func simplest(n *node) *node {
	for range maxDepth { // they may lead in a circle
		switch {
		case n == nil || n.never || n.kinds != anyKind || n.sets != nil || n.anyOf != nil ||
			n.object != nil || n.array != nil || n.text != nil || n.limits != nil || len(n.also) > 1:
			return n
		case len(n.also) == 0:
			return nil
		}
		n = n.also[0]
	}
	return n
}

// each calls f with every place where n has a node.
func each(n *node, f func(**node)) {
	for i := range n.also {
		f(&n.also[i])
	}
	for _, alternatives := range n.anyOf {
		for i := range alternatives {
			f(&alternatives[i])
		}
	}
	if o := n.object; o != nil {
		f(&o.open)
		for i := range o.patterns {
			f(&o.patterns[i].node)
		}
		for _, same := range o.byLength {
			for i := range same {
				f(&same[i].node)
			}
		}
	}
	if a := n.array; a != nil {
		f(&a.rest)
		for i := range a.first {
			f(&a.first[i])
		}
	}
}
