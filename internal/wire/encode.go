package wire

import (
	"math"
	"strconv"

	connect "github.com/danube-messaging/danube-connect-go"
	"google.golang.org/protobuf/encoding/protowire"
)

// Tags: number and wire type of a field, in one byte each. The first block is
// StreamMessage's, the second MsgID's, the third that of a map's entries.
const (
	tagRequestID     = 1<<3 | byte(protowire.VarintType)
	tagMsgID         = 2<<3 | byte(protowire.BytesType)
	tagPayload       = 3<<3 | byte(protowire.BytesType)
	tagPublishTime   = 4<<3 | byte(protowire.VarintType)
	tagProducerName  = 5<<3 | byte(protowire.BytesType)
	tagAttribute     = 7<<3 | byte(protowire.BytesType)
	tagSchemaID      = 8<<3 | byte(protowire.VarintType)
	tagSchemaVersion = 9<<3 | byte(protowire.VarintType)
	tagRoutingKey    = 10<<3 | byte(protowire.BytesType)

	tagIDProducer = 1<<3 | byte(protowire.VarintType)
	tagIDTopic    = 2<<3 | byte(protowire.BytesType)
	tagIDBroker   = 3<<3 | byte(protowire.BytesType)

	tagKey   = 1<<3 | byte(protowire.BytesType)
	tagValue = 2<<3 | byte(protowire.BytesType)
)

// Attribute keys of the runtime's own stamps (docs: config, attributes).
const (
	stampConnector = "danube.connect.connector"
	stampEpoch     = "danube.connect.epoch"
	stampPartition = "danube.connect.partition"
	stampPosition  = "danube.connect.position"
	stampSeq       = "danube.connect.seq"
)

// Message is what differs between the messages of one Template.
type Message struct {
	RequestID uint64
	// PublishTime is in Unix milliseconds.
	PublishTime uint64
	Payload     []byte
	// Key is the routing key; Keyed tells an empty key from none.
	Key   string
	Keyed bool
	// Attributes must have distinct keys, none of them a stamp's.
	Attributes []connect.Attribute
	// Epoch, Partition, Position and Seq are stamped on messages of a Template
	// with a Connector; the last three only if Partition is not empty.
	Epoch     uint64
	Partition string
	Position  uint64
	Seq       uint64
}

// Append appends the encoded StreamMessage to b and nothing else; it allocates
// only what b lacks in capacity, which Size tells beforehand.
func (t *Template) Append(b []byte, m *Message) []byte {
	b = append(b, t.prefix...)
	if m.RequestID != 0 {
		b = protowire.AppendVarint(append(b, tagRequestID), m.RequestID)
	}
	if len(m.Payload) > 0 {
		b = appendBytes(append(b, tagPayload), m.Payload)
	}
	if m.PublishTime != 0 {
		b = protowire.AppendVarint(append(b, tagPublishTime), m.PublishTime)
	}
	for i := range m.Attributes {
		b = appendAttribute(b, m.Attributes[i].Key, m.Attributes[i].Value)
	}
	if t.stamped {
		b = m.appendStamp(b)
	}
	if m.Keyed {
		b = appendText(append(b, tagRoutingKey), m.Key)
	}
	return b
}

func (m *Message) appendStamp(b []byte) []byte {
	b = appendNumber(b, stampEpoch, m.Epoch)
	if m.Partition == "" {
		return b
	}
	b = appendAttribute(b, stampPartition, m.Partition)
	b = appendNumber(b, stampPosition, m.Position)
	return appendNumber(b, stampSeq, m.Seq)
}

// Size returns the exact length of what Append appends.
func (t *Template) Size(m *Message) int {
	n := t.fixed(m)
	if m.RequestID != 0 {
		n += 1 + protowire.SizeVarint(m.RequestID)
	}
	if m.PublishTime != 0 {
		n += 1 + protowire.SizeVarint(m.PublishTime)
	}
	return n
}

// MaxSize returns the most bytes Append can append for m whatever its RequestID
// and PublishTime will be. With the Template of a Widest producer it is the most
// the record can measure in any session; a record for which that is more than
// MaxMessageSize can be refused before it is taken.
func (t *Template) MaxSize(m *Message) int {
	const widest = 2 * (1 + 10) // two tags, two varints
	return t.fixed(m) + widest
}

// fixed is the size of all but the two fields each attempt sets anew.
func (t *Template) fixed(m *Message) int {
	n := len(t.prefix)
	if len(m.Payload) > 0 {
		n += 1 + protowire.SizeBytes(len(m.Payload))
	}
	for i := range m.Attributes {
		n += sizeAttribute(len(m.Attributes[i].Key), len(m.Attributes[i].Value))
	}
	if t.stamped {
		n += m.sizeStamp()
	}
	if m.Keyed {
		n += 1 + protowire.SizeBytes(len(m.Key))
	}
	return n
}

func (m *Message) sizeStamp() int {
	n := sizeAttribute(len(stampEpoch), digits(m.Epoch))
	if m.Partition == "" {
		return n
	}
	return n + sizeAttribute(len(stampPartition), len(m.Partition)) +
		sizeAttribute(len(stampPosition), digits(m.Position)) +
		sizeAttribute(len(stampSeq), digits(m.Seq))
}

// appendAttribute appends one entry of the attributes. Both of its fields are
// written even if empty, as every other encoder of maps does.
func appendAttribute(b []byte, key, value string) []byte {
	b = protowire.AppendVarint(append(b, tagAttribute), uint64(sizeEntry(len(key), len(value))))
	b = appendText(append(b, tagKey), key)
	return appendText(append(b, tagValue), value)
}

// appendNumber is appendAttribute for a value in decimal.
func appendNumber(b []byte, key string, value uint64) []byte {
	width := digits(value)
	b = protowire.AppendVarint(append(b, tagAttribute), uint64(sizeEntry(len(key), width)))
	b = appendText(append(b, tagKey), key)
	b = protowire.AppendVarint(append(b, tagValue), uint64(width))
	return strconv.AppendUint(b, value, 10)
}

func appendText(b []byte, text string) []byte {
	return append(protowire.AppendVarint(b, uint64(len(text))), text...)
}

func appendBytes(b, data []byte) []byte {
	return append(protowire.AppendVarint(b, uint64(len(data))), data...)
}

func sizeAttribute(key, value int) int { return 1 + protowire.SizeBytes(sizeEntry(key, value)) }

func sizeEntry(key, value int) int {
	return 2 + protowire.SizeBytes(key) + protowire.SizeBytes(value)
}

// digits is the length of n in decimal.
func digits(n uint64) int {
	width := 1
	for limit := uint64(10); n >= limit; limit *= 10 {
		width++
		if limit > math.MaxUint64/10 {
			break
		}
	}
	return width
}
