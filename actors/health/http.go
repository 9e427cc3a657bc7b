package health

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// Handler serves what there is to know about the connector called name: GET /livez
// answers 200 until a component is stuck or failed for good, /readyz 200 while
// every component lets records flow, and else both 503; both list every component
// in plain text. /metrics renders figures in the Prometheus text format, and / says
// what the other pages are. figures may be called from several requests at a time.
func Handler(name string, b *Board, figures func() Figures) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { verdict(w, name, b.Components(), live) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { verdict(w, name, b.Components(), ready) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		f := figures()
		page(w, "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(f.text(builtFrom())) // a client that has gone away is its own affair
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		page(w, plainText)
		_, _ = fmt.Fprintf(w, index, name, b.Worst())
	})
	return mux
}

const plainText = "text/plain; charset=utf-8"

const index = `connector %s is %s

/livez    503 when no restart of its own brings a part of it back
/readyz   503 while a part of it keeps records from flowing
/metrics  its figures in the Prometheus text format
`

// page sets the headers every page has. What components say of themselves quotes
// other systems, so no browser is to guess at anything but text.
func page(w http.ResponseWriter, kind string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
}

// verdict answers by one look at the board: what it lists is what it judged.
func verdict(w http.ResponseWriter, name string, all []Component, well func([]Component) bool) {
	page(w, plainText)
	first := "ok"
	if !well(all) {
		first = "not ok"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = fmt.Fprintf(w, "%s\nconnector %s is %s\n\n", first, name, worst(all))
	list(w, all)
}

// list writes one line for every component.
func list(w io.Writer, all []Component) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range all {
		line := fmt.Sprintf("%s\t%s\tfor %s", c.Name, c.State, time.Since(c.Since).Round(time.Second))
		if c.Cause != "" {
			line += "\t" + oneLine(c.Cause)
		}
		_, _ = fmt.Fprintln(table, line)
	}
	_ = table.Flush()
}

// oneLine keeps a cause of several lines, as joined errors are, to its own row, and
// what it may quote out of the control of a terminal.
func oneLine(cause string) string {
	cause = strings.ReplaceAll(strings.TrimSpace(cause), "\n", "; ")
	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, cause)
	return strings.Join(strings.Fields(printable), " ")
}
