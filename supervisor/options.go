package supervisor

import (
	"context"
	"log/slog"
	"net"
)

// Options is what code decides rather than the configuration file. The zero value
// is useful.
type Options struct {
	// Logger hears what an operator should know; nil logs nothing. [processing]
	// log_level does not change it: whoever makes the logger applies the level.
	Logger *slog.Logger
	// Dial opens connections to brokers; nil means TCP.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// Listening is told the address of the HTTP listener once it is bound; it is
	// only there when the configuration has a metrics_port. May be nil.
	Listening func(net.Addr)
	// Budget is shared with other runtimes of the process; nil means that this one
	// has its own, of [delivery] budget_bytes and window_records.
	Budget *Budget
	// Weight is this runtime's part of Budget, against the Weight of the others
	// that are present; 0 means 1.
	Weight int
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
