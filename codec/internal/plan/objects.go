package plan

// object proves an object.
func (r *run) object(o *object, at int) int {
	var seen marks
	count := 0
	at = r.space(at + 1)
	if at < len(r.text) && r.text[at] == '}' {
		return r.close(o, &seen, count, at)
	}
	for {
		if at = r.member(o, &seen, at); at < 0 {
			return unproved
		}
		count++
		at = r.space(at)
		if at >= len(r.text) {
			return unproved
		}
		switch r.text[at] {
		case ',':
			at = r.space(at + 1)
		case '}':
			return r.close(o, &seen, count, at)
		default:
			return unproved
		}
	}
}

// close checks what is known at the end of an object only.
func (r *run) close(o *object, seen *marks, count, at int) int {
	if count < o.least || o.most >= 0 && count > o.most || !seen.contains(&o.required) {
		return unproved
	}
	return at + 1
}

// member proves one name and its value. A name may be there twice; the library
// goes by the last of them, and here all of them must be right.
func (r *run) member(o *object, seen *marks, at int) int {
	end, has := r.scan(at)
	if end < 0 {
		return unproved
	}
	name := r.text[at+1 : end-1]
	if has&escaped != 0 {
		r.name = unescape(r.name[:0], name)
		name = r.name
	}
	if at = r.colon(end); at < 0 {
		return unproved
	}
	p := o.find(name)
	if p != nil {
		seen.set(p.index)
	}
	// The name may be gone once a value has been looked at.
	var matching uint64
	for i := range o.patterns {
		if o.patterns[i].names.Match(name) {
			matching |= 1 << i
		}
	}
	return r.property(o, p, matching, at)
}

// property proves the value of a property for each schema that is about it.
func (r *run) property(o *object, p *property, matching uint64, at int) int {
	declared := p != nil && p.declared
	end := unproved
	switch {
	case declared:
		end = r.value(p.node, at)
	case matching == 0 && o.closed:
		return unproved
	case matching == 0:
		return r.value(o.open, at)
	}
	if declared && end < 0 {
		return unproved
	}
	for i := range o.patterns {
		if matching&(1<<i) != 0 {
			if end = r.value(o.patterns[i].node, at); end < 0 {
				return unproved
			}
		}
	}
	return end
}
