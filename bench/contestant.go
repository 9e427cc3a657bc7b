package main

import (
	"fmt"
	"strconv"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// contestant sends as fast as it can, but only while it is run. Between its runs
// it stands: connections and sessions open, goroutines parked, nothing sent.
type contestant interface {
	// run sends until stop is closed, awaits what is then under way, and returns how
	// many messages were acknowledged.
	run(stop <-chan struct{}) (acknowledged uint64, err error)
	// close ends it for good.
	close() error
}

// course is what the contestants of one series have in common.
type course struct {
	broker string // host:port
	mould  mould
	// lanes is how many messages floor and the runtimes have under way at most.
	lanes int
	// topics is how many topics a runtime spreads them over, lanes on each; 0 is 1.
	topics int
	// window is the runtime's; 0 means its default.
	window int
}

// referenceLanes is how many calls raw has under way: it is the same in every
// series, since it is what the others are measured by.
const referenceLanes = 128

// entrant is a contestant by name; make begins its standing.
type entrant struct {
	name string
	make func(name string, c course) (contestant, error)
}

// The names that gates refer to.
const (
	nameRaw     = "raw"
	nameAgain   = "raw-again"
	nameSeq     = "seq"
	nameFloor   = "floor"
	nameRuntime = "runtime"
	nameJSON    = "runtime-json"
	nameStream  = "runtime-stream"
)

// entrants are all of them, in the order they are printed.
func entrants() []entrant {
	return []entrant{
		{nameRaw, func(name string, c course) (contestant, error) { return newRaw(name, c, referenceLanes) }},
		{nameAgain, func(name string, c course) (contestant, error) { return newRaw(name, c, referenceLanes) }},
		{nameSeq, func(name string, c course) (contestant, error) { return newRaw(name, c, 1) }},
		{nameFloor, func(name string, c course) (contestant, error) { return newFloor(name, c) }},
		{nameRuntime, func(name string, c course) (contestant, error) { return newRuntime(name, c, polled) }},
		{nameJSON, func(name string, c course) (contestant, error) { return newRuntime(name, c, polledJSON) }},
		{nameStream, func(name string, c course) (contestant, error) { return newRuntime(name, c, streamed) }},
	}
}

// chosen returns the entrants of these names, all when there are none.
func chosen(names []string) ([]entrant, error) {
	all := entrants()
	if len(names) == 0 {
		return all, nil
	}
	var found []entrant
next:
	for _, name := range names {
		for _, e := range all {
			if e.name == name {
				found = append(found, e)
				continue next
			}
		}
		return nil, fmt.Errorf("no contestant %q; must be some of %s", name, namesOf(all))
	}
	return found, nil
}

func namesOf(all []entrant) (names string) {
	for i, e := range all {
		if i > 0 {
			names += ", "
		}
		names += e.name
	}
	return names
}

// topicOf is where a contestant sends: a namespace of its own, by which the broker
// tells contestants apart.
func topicOf(name string, i int) string { return "/" + name + "/" + strconv.Itoa(i) }

// keysFor returns one key for each of n lanes, in the order of the lanes a
// publisher puts them in on a plain topic: with keys at random a few lanes would
// get twice the average, and it is not the hash that is measured here.
func keysFor(n int) []string {
	keys := make([]string, n)
	for i, left := 0, n; left > 0; i++ {
		key := fmt.Sprintf("key-%06d", i)
		if at := flow.HashKey(key) % uint64(n); keys[at] == "" {
			keys[at] = key
			left--
		}
	}
	return keys
}
