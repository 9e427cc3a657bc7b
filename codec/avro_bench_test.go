package codec

import (
	"slices"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// BenchmarkAvroAgainstGoavro encodes one map with both in turns, and reports the
// median of the rounds' ratios, so that a busy machine weighs on both.
func BenchmarkAvroAgainstGoavro(b *testing.B) {
	ours, theirs := encoders(b)
	timed := func(encode func()) float64 {
		start := time.Now()
		for range 500 {
			encode()
		}
		return float64(time.Since(start))
	}
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, timed(ours)/timed(theirs))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ours/goavro")
}

func BenchmarkAvroEncode(b *testing.B) {
	for _, encoding := range []string{"json", "datum", "ocf", "single_object"} {
		c := avroOf(b, encoding, benchSchema)
		text, err := avroOf(b, "json", benchSchema).Encode(connect.JSON("t", benchRecord("quiet")))
		if err != nil {
			b.Fatal(err)
		}
		for kind, r := range map[string]connect.Record{"map": connect.JSON("t", benchRecord("quiet")), "text": connect.RawJSON("t", text)} {
			b.Run(encoding+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Encode(r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
