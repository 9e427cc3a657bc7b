package connecttest

// Divert says that the record can never be delivered as it is, and that a dead letter
// stands for it: what is promised of the record is promised of its letter.
func (l *Ledger) Divert(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rec := l.known("diverted", id); rec != nil {
		rec.diverted = true
	}
}

// Acknowledge says that somebody was told that the broker has the record, as Deliver
// does at connect.Acknowledged. What promises nothing more is told by Tell. As long as
// the process goes on, a crash of the broker does not lose the record for good.
func (l *Ledger) Acknowledge(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rec := l.known("acknowledged", id); rec != nil {
		rec.acked = true
		if l.live && rec.appends == 0 {
			l.report("I3", "%s is acknowledged and was never published", rec)
		}
	}
}

// Left says that the process has stopped in order, and has named so many records as
// acknowledged and not settled: there are no others.
func (l *Ledger) Left(named int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := 0
	for _, rec := range l.order {
		if rec.forgettable() {
			left++
		}
	}
	if left > named {
		l.report("I9", "the stop leaves %d records that a crash would forget, and names %d", left, named)
	}
}

// Forget says that the process is gone, and with it what it retained: of what was only
// acknowledged, a crash of the broker may lose what is not flushed by now, and what was
// being sent again may end in the middle.
func (l *Ledger) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, rec := range l.order {
		rec.orphan = rec.orphan || rec.forgettable()
		rec.left = rec.left || rec.acked
		rec.acked = false
	}
}

// forgettable reports whether a record was promised to be retained, and is not safe
// without that.
func (r *record) forgettable() bool { return r.acked && !r.told && r.flushed == 0 }
