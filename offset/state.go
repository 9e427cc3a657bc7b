package offset

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// state is a pure core: what is stored, and what may follow. Its steps return the
// change to be stored, nil if there is none, and leave the state alone; apply is
// for a change that has been stored.
type state struct {
	header
	// begun is set once an epoch has begun since the file was opened.
	begun     bool
	positions map[string]position
	// revoked are partitions that may begin anew within the epoch.
	revoked map[string]bool
}

// change is what one transaction writes.
type change struct {
	header header
	begins bool
	put    []position
	drop   []string
}

// begin starts an epoch. Beginning the current one again changes nothing.
func (s *state) begin(epoch uint64) (*change, error) {
	switch {
	case s.begun && epoch == s.epoch:
		return nil, nil
	case epoch <= s.epoch:
		return nil, fatal(ErrFenced, "epoch %d cannot begin; %d has, and the next must be above it", epoch, s.epoch)
	case epoch == lastEpoch:
		return nil, connect.Fatal(fmt.Errorf("epoch %d cannot begin, since none could follow it", epoch))
	}
	c := s.change(epoch)
	c.begins = true
	return c, nil
}

// commit moves positions on.
func (s *state) commit(epoch uint64, offsets []connect.Offset, now time.Time) (*change, error) {
	if err := s.current(epoch); err != nil {
		return nil, err
	}
	if err := distinct(offsets); err != nil {
		return nil, connect.Fatal(fmt.Errorf("commit in epoch %d: %w", epoch, err))
	}
	c := s.change(epoch)
	for _, o := range offsets {
		p := position{offset: o, epoch: epoch, floor: o.Value}
		if old, ok := s.positions[o.Partition]; ok && old.epoch == epoch && !s.revoked[o.Partition] {
			if old.offset == o {
				continue
			}
			if p.floor = old.offset.Value; o.Value < p.floor {
				return nil, connect.Fatal(fmt.Errorf("commit in epoch %d: partition %q would go back from %d to %d; only a new epoch may begin further back", epoch, o.Partition, p.floor, o.Value))
			}
		}
		s.put(c, p, now)
	}
	if len(c.put) == 0 {
		return nil, nil
	}
	return c, nil
}

// current refuses any epoch but the one that is running.
func (s *state) current(epoch uint64) error {
	switch {
	case epoch < s.epoch:
		return fatal(ErrFenced, "a call of epoch %d, after %d has begun", epoch, s.epoch)
	case !s.begun || epoch > s.epoch:
		return connect.Fatal(fmt.Errorf("a call of epoch %d, which has not begun; the last that has is %d", epoch, s.epoch))
	}
	return nil
}

// revoke lets partitions begin anew. It changes nothing that is stored.
func (s *state) revoke(epoch uint64, partitions []string) error {
	if err := s.current(epoch); err != nil {
		return err
	}
	if s.revoked == nil {
		s.revoked = map[string]bool{}
	}
	for _, name := range partitions {
		s.revoked[name] = true
	}
	return nil
}

// set puts positions anywhere, in an epoch of its own.
func (s *state) set(generation uint64, offsets []connect.Offset, now time.Time) (*change, error) {
	if err := s.editable(generation); err != nil {
		return nil, err
	}
	if err := distinct(offsets); err != nil {
		return nil, connect.ConfigError("set: %w", err)
	}
	c := s.change(s.epoch + 1)
	for _, o := range offsets {
		s.put(c, position{offset: o, epoch: c.header.epoch, floor: o.Value}, now)
	}
	return c, nil
}

// reset forgets positions, all of them if none is named, in an epoch of its own.
func (s *state) reset(generation uint64, partitions []string) (*change, error) {
	if err := s.editable(generation); err != nil {
		return nil, err
	}
	if len(partitions) == 0 {
		partitions = slices.Sorted(maps.Keys(s.positions))
	}
	c := s.change(s.epoch + 1)
	for _, name := range partitions {
		p, ok := s.positions[name]
		if !ok || slices.Contains(c.drop, name) {
			return nil, connect.ConfigError("reset: there is no partition %q, or it is named twice; there is %s", name, s.names())
		}
		c.drop = append(c.drop, name)
		c.header.count--
		c.header.sum -= p.sum
	}
	return c, nil
}

// names lists some of the partitions there are.
func (s *state) names() string {
	const few = 8
	var quoted []string
	for i, name := range slices.Sorted(maps.Keys(s.positions)) {
		if i == few {
			quoted = append(quoted, fmt.Sprintf("%d more", len(s.positions)-few))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	if len(quoted) == 0 {
		return "none"
	}
	return strings.Join(quoted, ", ")
}

// editable reports why positions cannot be changed by hand.
func (s *state) editable(generation uint64) error {
	switch {
	case s.begun:
		return connect.ConfigError("epoch %d is running; offsets are changed while their connector is stopped", s.epoch)
	case generation != s.generation:
		return fatal(ErrChanged, "they are at generation %d, not %d; look at them again", s.generation, generation)
	case s.epoch+1 == lastEpoch:
		return connect.Fatal(fmt.Errorf("no epoch is left after %d", s.epoch))
	}
	return nil
}

// change returns one that as yet touches no position.
func (s *state) change(epoch uint64) *change {
	c := &change{header: s.header}
	c.header.epoch = epoch
	c.header.generation++
	return c
}

// put adds a position to a change.
func (s *state) put(c *change, p position, now time.Time) {
	p.generation, p.at = c.header.generation, now.UnixMicro()
	p.sum = sumOf(p.encode())
	if old, ok := s.positions[p.offset.Partition]; ok {
		c.header.sum -= old.sum
	} else {
		c.header.count++
	}
	c.header.sum += p.sum
	c.put = append(c.put, p)
}

// apply makes a stored change part of the state.
func (s *state) apply(c *change) {
	s.header = c.header
	s.begun = s.begun || c.begins
	if c.begins {
		s.revoked = nil
	}
	for _, p := range c.put {
		s.positions[p.offset.Partition] = p
		delete(s.revoked, p.offset.Partition)
	}
	for _, name := range c.drop {
		delete(s.positions, name)
	}
}

// distinct checks the offsets of one call.
func distinct(offsets []connect.Offset) error {
	seen := make(map[string]bool, len(offsets))
	for _, o := range offsets {
		if err := checkOffset(o); err != nil {
			return err
		}
		if seen[o.Partition] {
			return fmt.Errorf("partition %q is named twice; there is one position to a partition", o.Partition)
		}
		seen[o.Partition] = true
	}
	return nil
}

// add makes a position that was read part of the state.
func (s *state) add(p position) error {
	switch {
	case p.epoch > s.epoch:
		return fmt.Errorf("partition %q: of epoch %d, while the head says %d", p.offset.Partition, p.epoch, s.epoch)
	case p.generation > s.generation:
		return fmt.Errorf("partition %q: of generation %d, while the head says %d", p.offset.Partition, p.generation, s.generation)
	}
	s.positions[p.offset.Partition] = p
	s.count--
	s.sum -= p.sum
	return nil
}

// complete reports whether all positions the head counts have been added.
func (s *state) complete(h header) error {
	if s.count != 0 || s.sum != 0 {
		return errors.New("positions are missing, or older than the head")
	}
	s.header = h
	return nil
}
