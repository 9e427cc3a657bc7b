package main

import "slices"

// matrix is every fault there is a promise about, F1 to F40.
var matrix = sorted(processFaults, sourceFaults, brokerFaults, hostFaults)

// sorted puts the rows in the order of their numbers.
func sorted(parts ...[]row) []row {
	all := slices.Concat(parts...)
	slices.SortFunc(all, func(a, b row) int { return a.id - b.id })
	return all
}
