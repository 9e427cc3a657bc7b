package letters

import (
	"fmt"
	"sync"
	"time"
)

// Limits say how many records that cannot be delivered are too many.
type Limits struct {
	// Max is the most within Window; 0 means no limit.
	Max int
	// Ratio is the largest share of what was read within Window; 0 means no limit.
	Ratio  float64
	Window time.Duration
}

// Place is where a record stands in the source: by it one that is read again is told
// from another. Several may share a place, as the rows of a transaction do. One with no
// Partition has none, and is like no other.
type Place struct {
	Topic     string
	Partition string
	Position  uint64
}

// life tells one reading of a source partition from the next. Within one, no record
// comes twice.
type life struct {
	epoch  uint64
	source int32
}

// Tolerance counts the records that could not be delivered. It is safe for
// concurrent use; the nil Tolerance has no limits.
type Tolerance struct {
	mu    sync.Mutex
	core  tolerance
	began time.Time
}

// NewTolerance returns a tolerance that has seen nothing yet.
func NewTolerance(l Limits) *Tolerance {
	return &Tolerance{core: newTolerance(l), began: time.Now()}
}

// Read counts records that were read. It costs nothing unless there is a Ratio.
func (t *Tolerance) Read(n int) {
	if t == nil || t.core.limits.Ratio == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.core.read(time.Since(t.began), n)
}

// Fail counts a record that cannot be delivered, and says what is exceeded; nil
// means that one more can be borne. What is exceeded names the keys of the
// configuration. epoch and source are those of the parcel it is or would be.
func (t *Tolerance) Fail(at Place, epoch uint64, source int32) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.core.fail(time.Since(t.began), at, life{epoch, source})
}

// Again says that a record that was counted was not taken after all, so that it may
// come once more in the same life.
func (t *Tolerance) Again(at Place, epoch uint64, source int32) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.core.known[at]; s != nil && s.in == (life{epoch, source}) && s.now > 0 {
		s.now--
	}
}

const (
	// steps is how many parts the window moves on in.
	steps = 60
	// sample is the fewest records a ratio is judged by.
	sample = 100
)

// tolerance is the pure core of Tolerance. Time is what has passed since it began.
// The window is the running step and the steps-1 before it.
type tolerance struct {
	limits   Limits
	now      int64 // the running step
	ring     [steps]step
	reads    int
	fails    int
	distinct int // failures, those of records that are read again once
	known    map[Place]*seen
}

// seen is how many records of one place have failed within the window: in the running
// life, and at most in any.
type seen struct {
	in        life
	now, most int
}

// step is what one step of the window has seen.
type step struct {
	reads, fails, distinct int
	places                 []Place
}

func newTolerance(l Limits) tolerance {
	return tolerance{limits: l, known: map[Place]*seen{}}
}

func (t *tolerance) read(now time.Duration, n int) {
	t.move(now).reads += n
	t.reads += n
}

// fail notes a failure. Against Max a record counts once however often it is read
// within the window, or a source that goes back to its last commit again and again
// would be stopped for one bad record; against Ratio it counts every time, as what is
// read does.
func (t *tolerance) fail(now time.Duration, at Place, in life) error {
	s := t.move(now)
	s.fails++
	t.fails++
	placed := at.Partition != "" && t.limits.Max > 0
	if !placed || t.isNew(at, in) {
		s.distinct++
		t.distinct++
		if placed {
			s.places = append(s.places, at)
		}
	}
	switch {
	case t.limits.Max > 0 && t.distinct > t.limits.Max:
		return fmt.Errorf("%d records within %v could not be delivered; [errors] max allows %d", t.distinct, t.limits.Window, t.limits.Max)
	case t.limits.Ratio > 0 && t.reads >= sample && float64(t.fails) > t.limits.Ratio*float64(t.reads):
		return fmt.Errorf("%d of %d records read within %v could not be delivered; [errors] max_ratio allows a share of %v",
			t.fails, t.reads, t.limits.Window, t.limits.Ratio)
	}
	return nil
}

// isNew notes that one more record of a place has failed, and reports whether that is
// more than ever did in one life: those of a later life are the same again.
func (t *tolerance) isNew(at Place, in life) bool {
	s := t.known[at]
	if s == nil {
		s = &seen{}
		t.known[at] = s
	}
	if s.in != in {
		s.in, s.now = in, 0
	}
	s.now++
	if s.now <= s.most {
		return false
	}
	s.most = s.now
	return true
}

// move forgets what has left the window, and returns the running step.
func (t *tolerance) move(now time.Duration) *step {
	to := int64(now / max(t.limits.Window/steps, 1))
	for range min(max(to-t.now, 0), steps) {
		t.now++
		s := &t.ring[t.now%steps]
		t.reads -= s.reads
		t.fails -= s.fails
		t.distinct -= s.distinct
		for _, p := range s.places {
			t.forget(p)
		}
		*s = step{}
	}
	t.now = max(t.now, to)
	return &t.ring[t.now%steps]
}

// forget lets go of one record of a place.
func (t *tolerance) forget(at Place) {
	s := t.known[at]
	if s.most--; s.most == 0 {
		delete(t.known, at)
	}
	s.now = min(s.now, s.most)
}
