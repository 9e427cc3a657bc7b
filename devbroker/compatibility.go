package devbroker

import (
	"slices"
	"strings"
)

// compatibility is what a new version of a subject must not break.
type compatibility string

const (
	none     compatibility = "none"
	backward compatibility = "backward"
	forward  compatibility = "forward"
	full     compatibility = "full"
)

// modeOf reads a mode in capitals or not.
func modeOf(text string) (compatibility, bool) {
	mode := compatibility(strings.ToLower(text))
	return mode, slices.Contains([]compatibility{none, backward, forward, full}, mode)
}

// check returns what is incompatible between a version and the next.
func (m compatibility) check(before, after definition) (problems []string) {
	if m == none {
		return nil
	}
	if before.kind != after.kind {
		return []string{"schema type changed from " + before.kind + " to " + after.kind}
	}
	if m == backward || m == full {
		problems = append(problems, after.reads(before)...)
	}
	if m == forward || m == full {
		problems = append(problems, before.isReadFrom(after)...)
	}
	return problems
}

// reads is what keeps the newer schema from old data.
func (d definition) reads(old definition) []string {
	switch d.kind {
	case "avro":
		return avroReads(d.value, old.value)
	case "json_schema":
		return jsonBackward(old.value, d.value)
	}
	return nil
}

// isReadFrom is what keeps the older schema from new data.
func (d definition) isReadFrom(young definition) []string {
	switch d.kind {
	case "avro":
		return avroReads(d.value, young.value)
	case "json_schema":
		return jsonForward(d.value, young.value)
	}
	return nil
}
