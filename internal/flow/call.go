package flow

// Call is what one hand-over asks for, all or nothing.
type Call struct {
	Records, Bytes int
	// Skipped counts records that are skipped: they need no room, and are read ahead
	// of the commit as any.
	Skipped int
	Topics  []Use
	Sources []Span
}

// Use is a call's part in one topic.
type Use struct {
	Topic          int32
	Records, Bytes int
}

// Span is a call's part in one source partition: how many slots it adds.
type Span struct {
	Source int32
	Slots  int
}

// Add counts one record of size bytes for topic.
func (c *Call) Add(topic int32, size int) {
	c.Records++
	c.Bytes += size
	for i := range c.Topics {
		if c.Topics[i].Topic == topic {
			c.Topics[i].Records++
			c.Topics[i].Bytes += size
			return
		}
	}
	c.Topics = append(c.Topics, Use{Topic: topic, Records: 1, Bytes: size})
}

// AddSlot counts one slot of a source partition.
func (c *Call) AddSlot(source int32) {
	if n := len(c.Sources); n > 0 && c.Sources[n-1].Source == source {
		c.Sources[n-1].Slots++
		return
	}
	for i := range c.Sources {
		if c.Sources[i].Source == source {
			c.Sources[i].Slots++
			return
		}
	}
	c.Sources = append(c.Sources, Span{Source: source, Slots: 1})
}

// Clear empties the call and keeps its storage.
func (c *Call) Clear() {
	c.Records, c.Bytes, c.Skipped, c.Topics, c.Sources = 0, 0, 0, c.Topics[:0], c.Sources[:0]
}
