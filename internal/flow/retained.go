package flow

// Retain says that the broker has acknowledged records that are kept until they are
// settled, for their source cannot offer them again: they meet their fate and leave
// the window, and hold their bytes until Settle gives those back.
func (b *Budget) Retain(topic int32, f Fate, records, bytes int) {
	b.mu.Lock()
	defer b.unlock()
	b.core.give(topic, records, 0)
	b.kept += bytes
	b.totals.retain(f, uint64(records))
	b.topic(topic).retain(f, uint64(records))
	b.grant()
}

// Settle gives back what retained records of one topic held, exactly once for each.
func (b *Budget) Settle(topic int32, records, bytes int) {
	b.mu.Lock()
	defer b.unlock()
	b.core.give(topic, 0, bytes)
	b.kept -= bytes
	b.totals.Retained -= uint64(records)
	b.topic(topic).Retained -= uint64(records)
	b.grant()
}

// Retained returns the bytes that retained records hold.
func (b *Budget) Retained() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept
}
