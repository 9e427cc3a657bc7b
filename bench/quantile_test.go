package main

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var near = cmpopts.EquateApprox(0, 1e-9)

var spreads = []struct {
	name   string
	values []float64
	want   spread
}{
	{"one", []float64{3}, spread{3, 3, 3, 3, 1}},
	{"two", []float64{4, 2}, spread{2.5, 3, 3.5, 3.8, 2}},
	{"five, unsorted", []float64{5, 1, 4, 2, 3}, spread{2, 3, 4, 4.6, 5}},
	{"an outlier moves no median", []float64{1, 1, 1, 1, 1000}, spread{1, 1, 1, 600.4, 5}},
}

func TestSpreadOf(t *testing.T) {
	t.Parallel()
	for _, c := range spreads {
		if diff := cmp.Diff(c.want, spreadOf(c.values), near); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
	if s := spreadOf(nil); !math.IsNaN(s.Median) || s.N != 0 {
		t.Errorf("the spread of nothing is %+v, want NaN", s)
	}
}

func TestSpreadAsJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   spread
		want string
	}{
		{spreadOf(nil), `null`},
		{spread{1, 2, 3, 4, 5}, `{"q25":1,"median":2,"q75":3,"q90":4,"n":5}`},
	} {
		if text, err := json.Marshal(c.of); string(text) != c.want || err != nil {
			t.Errorf("%+v as JSON is %s, %v; want %s", c.of, text, err, c.want)
		}
	}
}

// Doubt shrinks with the root of the rounds: four times as many halve it.
func TestDoubt(t *testing.T) {
	t.Parallel()
	few, many := spread{Q25: 0.9, Q75: 1.1, N: 4}, spread{Q25: 0.9, Q75: 1.1, N: 16}
	if d := few.doubt(); math.Abs(d-0.093) > 1e-9 {
		t.Errorf("the doubt of %+v is %v, want 0.093", few, d)
	}
	if math.Abs(few.doubt()/many.doubt()-2) > 1e-9 {
		t.Errorf("doubt %v at 4 rounds, %v at 16; want half", few.doubt(), many.doubt())
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		of, by []float64
		want   []float64
	}{
		{"round by round", []float64{2, 9}, []float64{1, 3}, []float64{2, 3}},
		{"a round that went wrong", []float64{2, 9}, []float64{0, 3}, []float64{3}},
		{"one ran less often", []float64{2}, []float64{1, 3}, []float64{2}},
		{"nobody to compare with", []float64{2}, nil, nil},
	} {
		if diff := cmp.Diff(c.want, ratios(c.of, c.by), near); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}
