package publisher

import (
	"errors"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
)

// fatalities are what Serve has to report. The first fatal error stops the runtime,
// and each lane may come to one of its own while the rest is sent: one record that
// is named and a number tell an operator more than a hundred names.
type fatalities struct {
	sessions error // to be returned next
	first    error // of a record; to be returned next
	named    bool  // a record has been named
	more     int   // records given up since that were not reported
}

// session adds a session that cannot be opened.
func (f *fatalities) session(err error) { f.sessions = errors.Join(f.sessions, err) }

// record adds a record that was given up.
func (f *fatalities) record(err error) {
	if f.named {
		f.more++
		return
	}
	f.named, f.first = true, err
}

// take returns what cannot wait, with the number of the records given up together
// with the first; nil when there is nothing.
func (f *fatalities) take() error {
	first := f.first
	if first != nil && f.more > 0 {
		first = fmt.Errorf("%w … and %s", first, count(f.more))
		f.more = 0
	}
	err := errors.Join(f.sessions, first)
	f.sessions, f.first = nil, nil
	return err
}

// last returns the number of records given up since the last report; nil when there
// are none.
func (f *fatalities) last(topic string) error {
	if f.more == 0 {
		return nil
	}
	err := connect.Fatal(fmt.Errorf("%s for %s cannot be published", count(f.more), topic))
	f.more = 0
	return err
}

func count(more int) string {
	if more == 1 {
		return "1 more record"
	}
	return fmt.Sprintf("%d more records", more)
}
