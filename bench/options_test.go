package main

import (
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlansOfOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want []plan // Seed left out
	}{
		{"nothing", nil, []plan{{Payload: 1024, Lanes: 128, Rounds: 15}}},
		{"quick", []string{"-quick"}, []plan{{Payload: 1024, Lanes: 128, Rounds: 5}}},
		{"sizes and lanes", []string{"-payload", "100, 1024", "-lanes", "1,512"}, []plan{
			{Payload: 100, Lanes: 1, Rounds: 15},
			{Payload: 1024, Lanes: 1, Rounds: 15},
			{Payload: 100, Lanes: 512, Rounds: 15},
			{Payload: 1024, Lanes: 512, Rounds: 15},
		}},
		{"delays", []string{"-delay", "0s,5ms"}, []plan{
			{Payload: 1024, Lanes: 128, Rounds: 15}, {Payload: 1024, Lanes: 128, Delay: 5 * time.Millisecond, Rounds: 15},
		}},
		{"full", []string{"-full"}, []plan{
			{Payload: 1024, Lanes: 128, Rounds: 30},
			{Payload: 100, Lanes: 128, Rounds: 30},
			{Payload: 10240, Lanes: 128, Rounds: 30},
			{Payload: 1024, Lanes: 128, Delay: time.Millisecond, Rounds: 30},
			{Payload: 1024, Lanes: 512, Delay: time.Millisecond, Rounds: 30},
		}},
		{"scale instead", []string{"-scale"}, nil},
		{"latency instead", []string{"-latency"}, nil},
	} {
		o, err := parseOptions(c.args, io.Discard)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := o.plans()
		for i := range got {
			if got[i].Seed != o.seed {
				t.Errorf("%s: a seed of %d, want that of the run, %d", c.name, got[i].Seed, o.seed)
			}
			got[i].Seed = 0
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(plan{}, brief{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-payload", "0"},
		{"-payload", "1k"},
		{"-payload", "-5"},
		{"-payload", ""},
		{"-lanes", "65537"},
		{"-lanes", "1,,2"},
		{"-delay", "5"},
		{"-seed", "-1"},
		{"-contestants", ""},
		{"-slow"},
	} {
		if o, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%q means %+v", args, o)
		}
	}
}

func TestFullRunsEverything(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-full", "-seed", "18446744073709551615"}, io.Discard)
	if err != nil || !o.scale || !o.latency || o.seed != 1<<64-1 {
		t.Errorf("-full is %+v, %v; want scale and latency too, and the seed given", o, err)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		plan plan
		want string
	}{
		{plan{Payload: 1024, Lanes: 128}, ""},
		{plan{Payload: 100, Lanes: 128}, "100B"},
		{plan{Payload: 1024, Lanes: 512, Delay: time.Millisecond}, "512lanes,1ms"},
		{plan{Payload: 10240, Lanes: 1, Delay: 1500 * time.Microsecond}, "10240B,1lanes,1.5ms"},
	} {
		if got := c.plan.label(); got != c.want {
			t.Errorf("the label of %+v is %q, want %q", c.plan, got, c.want)
		}
	}
}
