package flow

// Move gives what a record holds for one topic to another, for which it counts from
// then on: it becomes a dead letter. Nothing is taken or given back (law 10), so the
// other topic may come to hold more than its share.
func (b *Budget) Move(from, to int32, bytes int) {
	b.mu.Lock()
	defer b.unlock()
	b.core.move(from, to, bytes)
	b.topic(from).unadmit(1)
	b.topic(to).admit(1)
	b.grant()
}

// Skip counts records that were read and passed over at hand-over: they never held
// anything. topic is negative for those of none.
func (b *Budget) Skip(topic int32, records uint64) {
	b.mu.Lock()
	defer b.unlock()
	b.totals.skip(records)
	if topic >= 0 {
		b.topic(topic).skip(records)
	}
}

// move is Move in the pure core.
func (b *budget) move(from, to int32, bytes int) {
	t := b.topic(from)
	t.Records--
	t.Bytes -= bytes
	t = b.topic(to)
	t.Records++
	t.Bytes += bytes
}

// unadmit is said of records that count for another topic from now on.
func (t *Totals) unadmit(n uint64) {
	t.Read -= n
	t.InFlight -= n
}

// skip is both at one instant.
func (t *Totals) skip(n uint64) {
	t.Read += n
	t.Skipped += n
}
