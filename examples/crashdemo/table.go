package main

import (
	"fmt"
	"strings"
)

// table shows two plays side by side.
func table(a, b *play) string {
	var t strings.Builder
	row := func(what, left, right, note string) {
		_, _ = fmt.Fprintln(&t, strings.TrimRight(fmt.Sprintf("%-38s %14s %9s   %s", what, left, right, note), " "))
	}
	count := func(what string, of func(*play) int, note string) {
		row(what, fmt.Sprint(of(a)), fmt.Sprint(of(b)), note)
	}
	row("commit_after", `"`+a.commitAfter+`"`, `"`+b.commitAfter+`"`, "")
	count("records of the source", func(p *play) int { return p.records }, "")
	count("acknowledged when the broker was killed", func(p *play) int { return p.acknowledged }, "it had said OK")
	count("forgotten by it", func(p *play) int { return p.forgotten }, "not written yet")
	count("read again from the last commit", func(p *play) int { return p.again }, "replayed")
	count("committed by the source in the end", func(p *play) int { return p.committed }, "")
	count("messages at the broker in the end", func(p *play) int { return p.held }, "")
	count("  of them duplicates", func(p *play) int { return p.duplicates }, "")
	count("committed, and nowhere any more", func(p *play) int { return p.missing }, "lost")
	return t.String()
}
