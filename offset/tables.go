package offset

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// The buckets of the database: one holds the head, the other the positions.
var (
	headBucket      = []byte("head")
	headKey         = []byte("head")
	positionsBucket = []byte("positions")
)

// errForeign is a database that is none of offsets.
var errForeign = errors.New("it has no offsets in it")

// put writes a change into a transaction.
func put(tx *bbolt.Tx, c *change) error {
	head, err := tx.CreateBucketIfNotExists(headBucket)
	if err != nil {
		return err
	}
	positions, err := tx.CreateBucketIfNotExists(positionsBucket)
	if err != nil {
		return err
	}
	for _, p := range c.put {
		if err := positions.Put([]byte(p.offset.Partition), p.encode()); err != nil {
			return err
		}
	}
	for _, name := range c.drop {
		if err := positions.Delete([]byte(name)); err != nil {
			return err
		}
	}
	return head.Put(headKey, c.header.encode())
}

// load reads the state, and everything in it must fit together.
func load(db engine) (held *state, err error) {
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			held, err = read(tx)
			return err
		})
	})
	return held, err
}

func read(tx *bbolt.Tx) (*state, error) {
	head, positions := tx.Bucket(headBucket), tx.Bucket(positionsBucket)
	if head == nil || positions == nil {
		return nil, errForeign
	}
	h, err := decodeHeader(head.Get(headKey))
	if err != nil {
		return nil, err
	}
	if tx := uint64(tx.ID()); h.tx != tx { //nolint:gosec // counts from 0
		return nil, fmt.Errorf("the head is of transaction %d, the file of %d: a page was lost, or another program has written to it", h.tx, tx)
	}
	held := &state{header: h, positions: map[string]position{}}
	err = positions.ForEach(func(key, value []byte) error {
		p, err := decodePosition(key, value)
		if err != nil {
			return err
		}
		return held.add(p)
	})
	if err != nil {
		return nil, err
	}
	return held, held.complete(h)
}
