package chaos

import (
	"fmt"
	"strconv"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// record is the n-th record of a source partition, from 1.
type record struct {
	partition, topic, key, payload, note string
	n                                    int
}

// record makes a record as it is every time it is offered.
func (p *plan) record(partition string, n int) record {
	r := record{partition: partition, n: n, topic: p.topic(identity{partition, n})}
	if p.keys > 0 {
		r.key = fmt.Sprintf("%s-k%d", partition, n%p.keys)
	}
	length := n * 7919 % 97
	switch {
	case n%101 == 100:
		length = 20_000
	case n%53 == 52 && p.huge > 0:
		length = p.huge
	}
	r.payload = fmt.Sprintf("%s %d %s", partition, n, strings.Repeat("~", length))
	if n%3 == 0 {
		r.payload = strconv.Quote(r.payload) // as JSON text
	}
	r.note = strconv.Itoa(n * 31)
	if p.empty && n%17 == 5 {
		r.payload, r.note = "", fmt.Sprintf("%s %d ", partition, n)
	}
	return r
}

// topic is where a record goes.
func (p *plan) topic(id identity) string {
	if p.keys > 0 {
		return topicName(id.n % p.keys % p.topics)
	}
	return topicName(id.n % p.topics)
}

// id is the record's name in the books.
func (r record) id() uint64 {
	i, err := strconv.ParseUint(strings.TrimPrefix(r.partition, "p"), 10, 64)
	if err != nil {
		panic(err)
	}
	return i<<32 | uint64(r.n)
}

func topicName(i int) string { return fmt.Sprintf("/default/t%d", i) }

// ordered reports whether an order is promised.
func (p *plan) ordered() bool {
	return p.ordering != "none" && (p.keys > 0 || p.split == 0)
}

// envelope is the record as it is handed over.
func (r record) envelope(offsets bool) connect.Envelope {
	rec := connect.Bytes(r.topic, []byte(r.payload)).WithAttribute("note", r.note)
	if strings.HasPrefix(r.payload, `"`) {
		rec = connect.RawJSON(r.topic, []byte(r.payload)).WithAttribute("note", r.note)
	}
	if r.key != "" {
		rec = rec.WithKey(r.key)
	}
	if !offsets {
		return rec.Envelope()
	}
	return rec.At(connect.Offset{Partition: r.partition, Value: uint64(r.n)})
}

// whose says which record a message is: an empty one has only its note to say so.
func whose(m devbroker.Message) (identity, error) {
	if len(m.Payload) == 0 {
		return identify([]byte(m.Attributes["note"]))
	}
	return identify(m.Payload)
}

// identity says which record a payload is.
type identity struct {
	partition string
	n         int
}

func identify(payload []byte) (identity, error) {
	partition, rest, _ := strings.Cut(strings.TrimPrefix(string(payload[:min(len(payload), 40)]), `"`), " ")
	number, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	if err == nil && (len(partition) < 2 || partition[0] != 'p') {
		err = fmt.Errorf("%q is no source partition", partition)
	}
	return identity{partition, n}, err
}
