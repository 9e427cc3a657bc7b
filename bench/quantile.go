package main

import (
	"encoding/json"
	"math"
	"slices"
)

// spread is how values of one kind are distributed over the rounds.
type spread struct {
	Q25    float64 `json:"q25"`
	Median float64 `json:"median"`
	Q75    float64 `json:"q75"`
	Q90    float64 `json:"q90"`
	// N is how many values there were.
	N int `json:"n"`
}

// doubt is about the standard error of the median, were the values normally
// distributed: 1.25 σ/√n, with σ from the distance of the quartiles.
func (s spread) doubt() float64 { return 0.93 * (s.Q75 - s.Q25) / math.Sqrt(float64(s.N)) }

// MarshalJSON writes null for a spread of nothing: JSON has no NaN.
func (s spread) MarshalJSON() ([]byte, error) {
	if math.IsNaN(s.Median) {
		return []byte("null"), nil
	}
	type plain spread
	return json.Marshal(plain(s))
}

// spreadOf sorts values in place. Without values, all of it is NaN.
func spreadOf(values []float64) spread {
	slices.Sort(values)
	return spread{quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75), quantile(values, 0.9), len(values)}
}

// quantile interpolates between the two nearest of sorted values.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	below := math.Floor(at)
	i := int(below)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-below)*(sorted[i+1]-sorted[i])
}

// ratios divides round by round, so that what disturbs a whole round disturbs
// nothing; a round without a divisor is left out.
func ratios(of, by []float64) []float64 {
	var all []float64
	for i := range min(len(of), len(by)) {
		if by[i] > 0 {
			all = append(all, of[i]/by[i])
		}
	}
	return all
}
