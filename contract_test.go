package connect

import "testing"

func TestOrderNames(t *testing.T) {
	t.Parallel()
	for o, want := range map[Order]string{0: "none", OrderByKey: "key", OrderByPartition: "partition", 9: "none"} {
		if got := o.String(); got != want {
			t.Errorf("order %d is called %q, want %q", o, got, want)
		}
	}
}
