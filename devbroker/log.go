package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

// entry is one message of a log. The message is never changed once it is here.
type entry struct {
	offset uint64
	msg    *wire.StreamMessage
}

// topicLog is a topic's messages in the order they were appended. A position
// counts messages: the first ever is 0. Offsets are what clients see; they grow
// with the positions but have holes where a crash forgot messages, so that none
// is given out twice.
type topicLog struct {
	entries []entry
	base    uint64 // position of entries[0]
	next    uint64 // offset of the next message
	flushed uint64 // positions below it survive a crash
	bytes   int    // of payloads
	most    int    // entries kept
	mostOf  int    // bytes kept
}

// end is the position after the last message.
func (l *topicLog) end() uint64 { return l.base + uint64(len(l.entries)) }

// at returns the message at a position that is in the log.
func (l *topicLog) at(position uint64) entry { return l.entries[position-l.base] }

// append gives the message its offset and keeps it.
func (l *topicLog) append(msg *wire.StreamMessage) {
	msg.MsgId.TopicOffset = l.next
	l.entries = append(l.entries, entry{l.next, msg})
	l.next++
	l.bytes += len(msg.Payload)
	for len(l.entries) > l.most || l.bytes > l.mostOf && len(l.entries) > 1 {
		l.bytes -= len(l.entries[0].msg.Payload)
		l.entries[0] = entry{} // the array outlives the slice's move
		l.entries = l.entries[1:]
		l.base++
	}
}

// offsetAt returns the offset of the message at a position, or the one the next
// message there will have.
func (l *topicLog) offsetAt(position uint64) uint64 {
	if position < l.end() {
		return l.at(max(position, l.base)).offset
	}
	return l.next
}

// flush makes everything there is survive a crash.
func (l *topicLog) flush() { l.flushed = l.end() }

// forget cuts off what was not flushed and returns how much that was.
func (l *topicLog) forget() int {
	keep := 0
	if l.flushed > l.base {
		keep = int(l.flushed - l.base)
	}
	gone := l.entries[keep:]
	for i := range gone {
		l.bytes -= len(gone[i].msg.Payload)
		gone[i] = entry{}
	}
	l.entries = l.entries[:keep]
	return len(gone)
}
