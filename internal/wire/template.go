package wire

import (
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// MaxBrokerAddr is the longest broker address put into a message, in bytes. The
// broker does not read it, so a longer one is left out rather than let the size
// of a message depend on where its topic happens to live.
const MaxBrokerAddr = 256

// Producer is what all messages of one producer session have in common.
type Producer struct {
	// ID is the producer id the broker gave out: the session.
	ID uint64
	// Topic is the topic's full name, of a partition its own.
	Topic string
	// Name is the producer's name.
	Name string
	// BrokerAddr is the URL of the broker; see MaxBrokerAddr.
	BrokerAddr string
	// Connector, if not empty, is stamped on every message, and the rest of the
	// stamp with it.
	Connector string
	// Schema is the version the payloads follow; nil for none.
	Schema *Schema
}

// Schema is one version of a subject in the broker's registry.
type Schema struct {
	ID      uint64
	Version uint32
}

// Widest returns p with everything only the broker can tell at its longest, for
// a Template that measures messages before there is a session.
func (p Producer) Widest() Producer {
	p.ID = math.MaxUint64
	p.BrokerAddr = strings.Repeat("x", MaxBrokerAddr)
	if p.Schema != nil {
		p.Schema = &Schema{ID: math.MaxUint64, Version: math.MaxUint32}
	}
	return p
}

// Template encodes and measures the messages of one producer session. What they
// have in common is encoded once. It does not change and is safe for concurrent
// use.
type Template struct {
	prefix  []byte
	stamped bool
}

// Template encodes what the messages of p have in common.
func (p Producer) Template() *Template {
	t := &Template{stamped: p.Connector != ""}
	id := p.appendID(nil)
	t.prefix = appendBytes(append(t.prefix, tagMsgID), id)
	if p.Name != "" {
		t.prefix = appendText(append(t.prefix, tagProducerName), p.Name)
	}
	if t.stamped {
		t.prefix = appendAttribute(t.prefix, stampConnector, p.Connector)
	}
	if p.Schema != nil {
		t.prefix = protowire.AppendVarint(append(t.prefix, tagSchemaID), p.Schema.ID)
		t.prefix = protowire.AppendVarint(append(t.prefix, tagSchemaVersion), uint64(p.Schema.Version))
	}
	return t
}

// appendID appends the fields of the MsgID. Like every proto3 field without
// presence, they are left out when they are zero.
func (p Producer) appendID(b []byte) []byte {
	if p.ID != 0 {
		b = protowire.AppendVarint(append(b, tagIDProducer), p.ID)
	}
	if p.Topic != "" {
		b = appendText(append(b, tagIDTopic), p.Topic)
	}
	if p.BrokerAddr != "" && len(p.BrokerAddr) <= MaxBrokerAddr {
		b = appendText(append(b, tagIDBroker), p.BrokerAddr)
	}
	return b
}
