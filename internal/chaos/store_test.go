package chaos

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/offset"
)

// TestDiskFaults: while the disk under the offset store fails, reading comes to a
// stop at max_unsettled, the state says why, and what is in the file is what was
// committed; once it is well everything goes on.
func TestDiskFaults(t *testing.T) {
	scripted(t)
	if diskFaults == nil {
		t.Skip("on this system a file cannot be replaced behind its descriptor")
	}
	for _, fault := range diskFaults {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := steady(ownStore, func(p *plan) { p.records, p.unsettled, p.window = 1500, 400, 200 })
			var begun, stuck uint64
			p.at(4*time.Second, time.Minute, "writing fails", func(w *world) {
				begun = w.life.Totals().Committed
				w.jam(fault)
			}, func(w *world) {
				c := w.life.Totals()
				if c.Read != stuck || c.Read-c.Committed > 400+uint64(p.batch) || c.Read == uint64(p.records*p.sources) {
					t.Errorf("%+v after a minute, %d read after half of it: want reading to stand still at max_unsettled", c, stuck)
				}
				if begun == 0 || c.Committed > begun+200 {
					t.Errorf("%d are committed, %d when the disk began to fail", c.Committed, begun)
				}
				if w.page("/readyz") != http.StatusOK && !strings.Contains(w.text("/readyz"), fault.says) {
					t.Errorf("the state does not say %q: %s", fault.says, w.text("/readyz"))
				}
				if !strings.Contains(w.text("/readyz"), fault.says) {
					t.Errorf("nothing says %q: %s", fault.says, w.text("/readyz"))
				}
				w.inspect(t, filepath.Join(dir, "copy.db"))
				w.unjam()
			})
			p.at(34*time.Second, 0, "look", func(w *world) { stuck = w.life.Totals().Read }, nil)
			w := play(t, p, slog.New(slog.DiscardHandler))
			if len(w.Violations) > 0 || w.Duplicates > 0 || w.lives != 1 {
				t.Errorf("%d lives, %d duplicates: %s", w.lives, w.Duplicates, w.Verdict.String())
			}
		})
	}
}

// inspect looks into the store's file as a process would that finds it after a
// crash of this moment.
func (w *world) inspect(t *testing.T, path string) {
	text, err := os.ReadFile(w.store)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	shot, err := offset.Inspect(path)
	if err != nil {
		t.Errorf("a crash of this moment leaves a file that cannot be read: %v", err)
		return
	}
	safe := w.ledger.safe(w.broker)
	sum := uint64(0)
	for _, p := range shot.Positions {
		sum += p.Offset.Value
		for n := 1; n <= int(p.Offset.Value); n++ {
			if id := (identity{p.Offset.Partition, n}); !safe[id] && !w.ledger.skipped(id) {
				t.Errorf("the file has %s, and %d is not safe", p.Offset, n)
				break
			}
		}
	}
	if c := w.life.Totals().Committed; sum != c {
		t.Errorf("the file covers %d records, %d count as committed", sum, c)
	}
}
