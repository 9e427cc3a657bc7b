package offset

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Snapshot is everything a Store holds at one time. As JSON it is what
// danube-connect offsets export prints.
type Snapshot struct {
	Connector string `json:"connector"`
	// Epoch is the last that has begun.
	Epoch uint64 `json:"epoch"`
	// Generation counts the changes of the file; Set and Reset ask for it.
	Generation uint64 `json:"generation"`
	// Positions are sorted by partition.
	Positions []Position `json:"offsets"`
}

// Position is one offset and how it came about.
type Position struct {
	Offset connect.Offset
	// Epoch and Generation are those of the change that stored it.
	Epoch, Generation uint64
	// Time is when that was, by the wall clock, to the microsecond.
	Time time.Time
}

// MarshalJSON writes one flat object. A partition or metadata that is not UTF-8 is
// written as {"base64": …}.
func (p Position) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Partition  any       `json:"partition"`
		Value      uint64    `json:"value"`
		Metadata   any       `json:"metadata,omitempty"`
		Epoch      uint64    `json:"epoch"`
		Generation uint64    `json:"generation"`
		Time       time.Time `json:"time"`
	}{text(p.Offset.Partition), p.Offset.Value, optional(p.Offset.Metadata), p.Epoch, p.Generation, p.Time})
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return text(s)
}

func text(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return map[string][]byte{"base64": []byte(s)}
}

// Snapshot returns what is stored now.
func (s *Store) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.snapshot()
}

func (s *state) snapshot() Snapshot {
	shot := Snapshot{Connector: s.connector, Epoch: s.epoch, Generation: s.generation, Positions: []Position{}}
	for _, name := range slices.Sorted(maps.Keys(s.positions)) {
		p := s.positions[name]
		shot.Positions = append(shot.Positions, Position{p.offset, p.epoch, p.generation, time.UnixMicro(p.at).UTC()})
	}
	return shot
}

// Inspect returns what the file at path holds and changes nothing, not even in a
// directory that cannot be written. The file is refused as by Open; it is not made.
func Inspect(path string) (Snapshot, error) {
	path, err := locate(path)
	if err != nil {
		return Snapshot{}, err
	}
	held, err := verify(path, patience)
	if err != nil {
		return Snapshot{}, err
	}
	return held.snapshot(), nil
}
