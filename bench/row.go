package main

// row is one contestant's figures over all rounds.
type row struct {
	Name string `json:"name"`
	// Rate is in messages a second, as the broker received them.
	Rate spread `json:"rate"`
	// RateOf and CPUOf are ratios to raw, round by round.
	RateOf spread `json:"rate_of_raw"`
	CPUOf  spread `json:"cpu_of_raw"`
	// Client and Broker are µs of CPU time a message.
	Client spread `json:"client_us"`
	Broker spread `json:"broker_us"`
	// Objects and Bytes are allocations of the client a message.
	Objects spread `json:"objects"`
	Bytes   spread `json:"bytes"`
}

// column returns one figure of a contestant, by round.
func (o *outcome) column(name string, figure func(sample) float64) []float64 {
	var all []float64
	for _, s := range o.Samples[name] {
		all = append(all, figure(s))
	}
	return all
}

// against is the spread of the ratios of one figure of two contestants.
func (o *outcome) against(name, other string, figure func(sample) float64) spread {
	return spreadOf(ratios(o.column(name, figure), o.column(other, figure)))
}

// rows returns the figures of all contestants, in the order they are printed.
func (o *outcome) rows() []row {
	rows := make([]row, len(o.order))
	for i, name := range o.order {
		rows[i] = row{
			Name:    name,
			Rate:    spreadOf(o.column(name, sample.rate)),
			RateOf:  o.against(name, nameRaw, sample.rate),
			CPUOf:   o.against(name, nameRaw, sample.clientMicros),
			Client:  spreadOf(o.column(name, sample.clientMicros)),
			Broker:  spreadOf(o.column(name, sample.brokerMicros)),
			Objects: spreadOf(o.column(name, sample.objects)),
			Bytes:   spreadOf(o.column(name, sample.bytes)),
		}
	}
	return rows
}
