package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// options are the command line.
type options struct {
	payloads, lanes []int
	delays          []time.Duration
	rounds          int
	seed            uint64
	contestants     []string
	quick, full     bool
	scale, latency  bool
	jsonTo          string
	cpuTo, heapTo   string
	brief           brief
}

// parseOptions reads the command line; what is wrong, or asked for with -h, goes
// to messages.
func parseOptions(args []string, messages io.Writer) (options, error) {
	o := options{payloads: []int{usualPayload}, lanes: []int{usualLanes}, delays: []time.Duration{0}, rounds: 15}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(messages)
	f.BoolVar(&o.quick, "quick", false, "5 rounds instead of 15: a look, not a figure; with -scale only what its gates need")
	f.BoolVar(&o.full, "full", false, "30 rounds; also 100 B and 10 KiB, a broker that takes 1 ms with 128 and 512 lanes, -scale and -latency")
	f.BoolVar(&o.scale, "scale", false, "instead: how rate, CPU time and memory grow with topics and window")
	f.BoolVar(&o.latency, "latency", false, "instead: how long a record takes, at 1000 a second")
	f.Func("payload", "payload `sizes` in bytes, separated by commas (default 1024)", list(&o.payloads, positive))
	f.Func("lanes", "`lanes` of floor and the runtimes, separated by commas (default 128); raw always has 128", list(&o.lanes, positive))
	f.Func("delay", "`times` the broker takes to answer, separated by commas (default 0s)", list(&o.delays, time.ParseDuration))
	f.Func("contestants", "`names` of those to run, separated by commas (default all: "+namesOf(entrants())+")", list(&o.contestants, name))
	f.Uint64Var(&o.seed, "seed", 0, "`seed` of the order within rounds; without one, any, which is printed")
	f.StringVar(&o.jsonTo, "json", "", "write everything measured to this `file`")
	f.StringVar(&o.cpuTo, "cpuprofile", "", "write a CPU profile of the client to this `file`; best with one contestant")
	f.StringVar(&o.heapTo, "memprofile", "", "write every allocation of the client to this `file`, which makes it slow; best with one contestant")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("argument %q; there are only flags, see -h", f.Arg(0))
	case o.quick && o.full:
		return o, errors.New("-quick and -full: choose one")
	case o.quick:
		o.rounds = 5
	case o.full:
		o.rounds, o.scale, o.latency = 30, true, true
	}
	_, err := chosen(o.contestants)
	return o, err
}

// list is the parser of a flag that holds several values.
func list[T any](into *[]T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		*into = nil
		for part := range strings.SplitSeq(text, ",") {
			v, err := parse(strings.TrimSpace(part))
			if err != nil {
				return err
			}
			*into = append(*into, v)
		}
		return nil
	}
}

func positive(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && (n < 1 || n > mostLanes) {
		err = fmt.Errorf("%d; must be from 1 to %d", n, mostLanes)
	}
	return n, err
}

func name(text string) (string, error) { return text, nil }

// plans are the series the options ask for.
func (o options) plans() []plan {
	var all []plan
	add := func(payload, lanes int, delay time.Duration) {
		all = append(all, plan{Payload: payload, Lanes: lanes, Delay: delay, Rounds: o.rounds, Seed: o.seed, names: o.contestants, brief: o.brief})
	}
	if (o.scale || o.latency) && !o.full {
		return nil
	}
	for _, delay := range o.delays {
		for _, lanes := range o.lanes {
			for _, payload := range o.payloads {
				add(payload, lanes, delay)
			}
		}
	}
	if o.full {
		add(100, usualLanes, 0)
		add(10<<10, usualLanes, 0)
		add(usualPayload, 128, time.Millisecond)
		add(usualPayload, 512, time.Millisecond)
	}
	return all
}
