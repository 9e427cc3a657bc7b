package offset_test

import (
	"encoding/json"
	"math"
	"testing"
	"testing/synctest"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

const golden = `{
  "connector": "memory",
  "epoch": 3,
  "generation": 2,
  "offsets": [
    {
      "partition": "a",
      "value": 18446744073709551615,
      "epoch": 3,
      "generation": 2,
      "time": "2000-01-01T00:00:00Z"
    },
    {
      "partition": "b",
      "value": 0,
      "metadata": "\"m\"",
      "epoch": 3,
      "generation": 2,
      "time": "2000-01-01T00:00:00Z"
    },
    {
      "partition": {
        "base64": "/wA="
      },
      "value": 1,
      "metadata": {
        "base64": "/g=="
      },
      "epoch": 3,
      "generation": 2,
      "time": "2000-01-01T00:00:00Z"
    }
  ]
}`

func TestSnapshotAsJSON(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // where it is the year 2000
		s := offset.Memory()
		must(t, s.Begin(t.Context(), 3))
		must(t, s.Commit(t.Context(), 3, []connect.Offset{
			{Partition: "\xff\x00", Value: 1, Metadata: "\xfe"}, {Partition: "b", Metadata: `"m"`}, at("a", math.MaxUint64),
		}))
		text, err := json.MarshalIndent(s.Snapshot(), "", "  ")
		if err != nil || string(text) != golden {
			t.Errorf("%s, %v", text, err)
		}
	})
}

func TestEmptySnapshotAsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(offset.Memory().Snapshot())
	if want := `{"connector":"memory","epoch":0,"generation":0,"offsets":[]}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

// TestInspect sees what the store saw, and leaves the file to whoever needs it.
func TestInspect(t *testing.T) {
	t.Parallel()
	path, ctx := fresh(t), t.Context()
	_, err := offset.Inspect(path)
	refused(t, err, connect.ClassConfig, "no such file")
	s := opened(t, path)
	must(t, s.Begin(ctx, 1))
	must(t, s.Commit(ctx, 1, []connect.Offset{at("a", 5)}))
	want := s.Snapshot()
	must(t, s.Close())
	for range 2 {
		shot, err := offset.Inspect(path)
		if err != nil || len(shot.Positions) != 1 || shot.Positions[0] != want.Positions[0] || shot.Connector != "orders" {
			t.Errorf("%+v, %v; want %+v", shot, err, want)
		}
	}
	opened(t, path)
}
