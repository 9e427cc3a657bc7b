package devbroker

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// FlushHeader is the response header of CreateProducer in which the broker
// announces Settings.Flush, in decimal milliseconds.
const FlushHeader = wire.FlushIntervalHeader

// Settings says what broker to start. The zero value is one listener on a free
// port of the loopback interface, without TLS, that keeps what it acknowledges.
type Settings struct {
	// Listen are the addresses to listen on; nil means "127.0.0.1:0". Several
	// are several brokers of one cluster, called listener 0, 1, … in the methods
	// of Broker: they share topics, and each topic is owned by one of them. Port 0
	// is any free port.
	Listen []string
	// Network, when set, is listened on instead of TCP; it works inside a
	// testing/synctest bubble.
	Network *Network

	// Flush is how long an acknowledged message may stay unwritten: every Flush,
	// everything there is counts as written, and Crash forgets the rest. 0 means
	// that every OK is final. It is announced in the header FlushHeader. The real
	// broker's is 5 s by default, it also writes when 10 MiB have come together,
	// and it announces nothing.
	Flush time.Duration

	// Window is the most messages of a subscription that are out and not
	// acknowledged, 1 to 10000; 0 means 10, as the real broker.
	Window int
	// AckTimeout is how long a delivered message may stay unacknowledged before
	// it is delivered again; 0 means 30 s.
	AckTimeout time.Duration

	// MaxMessageSize is the most bytes of a payload; more is INVALID_ARGUMENT. 0
	// means no limit but the 4 MiB of a whole message, which is OUT_OF_RANGE.
	MaxMessageSize int
	// MaxProducers, MaxSubscriptions and MaxConsumers are limits per topic; 0
	// means none. Producers are never removed but by a restart or a move.
	MaxProducers, MaxSubscriptions, MaxConsumers int

	// NoAutoCreate refuses CreateProducer for a topic that does not exist, with
	// NOT_FOUND. Such a broker has no topics but those of Topics.
	NoAutoCreate bool
	// Namespaces exist beside "default" and "system".
	Namespaces []string
	// Topics exist from the start, reliable, spread over the listeners; so do their
	// namespaces.
	Topics []string
	// Standalone accepts a new topic at once, as the real broker in standalone
	// mode does. By default the first CreateProducer is answered UNAVAILABLE, as
	// by a cluster, and the next one, at the owner, OK.
	Standalone bool

	// TLS, when set, is the server's side of it.
	TLS *tls.Config
	// Token, when set, is the bearer token every request must carry. Broker has
	// SetToken to change it. (The real broker asks for TLS with it; this one
	// leaves that to the test.)
	Token string
	// Proxy makes lookups answer with listener 0 as the proxy to dial and with
	// names of brokers that cannot be dialled; all requests but lookups and those
	// of the registry must then name the broker in x-danube-broker-url.
	Proxy bool

	// Retain and RetainBytes bound what a topic's log keeps: messages (0 means
	// 1048576) and bytes of payloads (0 means 256 MiB). The oldest go first,
	// delivered or not: a subscription that has not come that far skips them,
	// which is logged as a warning.
	Retain, RetainBytes int

	// Quirks are defects of the real broker's consumer side; all off by default.
	Quirks Quirks

	// Logger hears of topics, moves, crashes and faults; nil discards.
	Logger *slog.Logger
}

// Quirks switches on what the real broker (0.15.1) does wrong on the consumer's
// side and in its registry, each seen there. Most tests of a producer leave them off.
type Quirks struct {
	// LiveRing reads a new subscription from a ring of the last 256 messages:
	// what a producer has sent further ahead of it than that is skipped.
	LiveRing bool
	// OffsetReset starts the offsets of every topic at 0 again after Forget and
	// Crash, while subscriptions keep their cursor: new messages are skipped until
	// the offsets have passed it, and what was undelivered stays so.
	OffsetReset bool
	// LazyCursor saves a subscription's cursor only with an acknowledgement at
	// least 10 s after the last save: Forget and Crash go back to the cursor
	// saved, and to the latest message when there is none.
	LazyCursor bool
	// ReaderStall stops a topic when a connected consumer does not read: the next
	// 32 messages are accepted, and every SendMessage after them is appended and
	// then not answered until the consumer reads or goes away.
	ReaderStall bool
	// DeafStandby never makes the standby of a Failover subscription active.
	DeafStandby bool
	// FirstVersion checks every payload of a topic against the version of the first
	// message with its schema id since the topic was loaded, not against its own.
	FirstVersion bool
	// UnlockedRegistry registers schemas as read, modify, write without a lock: of
	// registrations that overlap, each gets an id or a version of its own, and the
	// last one to be written is all that is left.
	UnlockedRegistry bool
	// LocalStorage starts a topic empty, at offset 0, at the next owner after
	// Kill, as brokers without shared storage do.
	LocalStorage bool
}

const (
	defaultAddress     = "127.0.0.1:0"
	defaultWindow      = 10
	maxWindow          = 10000
	defaultAckTimeout  = 30 * time.Second
	defaultRetain      = 1 << 20
	defaultRetainBytes = 256 << 20
)

// withDefaults fills in what is zero.
func (s Settings) withDefaults() Settings {
	s.Listen = slices.Clone(s.Listen)
	if len(s.Listen) == 0 {
		s.Listen = []string{defaultAddress}
	}
	orElse(&s.Window, defaultWindow)
	orElse(&s.AckTimeout, defaultAckTimeout)
	orElse(&s.Retain, defaultRetain)
	orElse(&s.RetainBytes, defaultRetainBytes)
	orElse(&s.Logger, slog.New(slog.DiscardHandler))
	return s
}

func orElse[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}

// check returns what is wrong with settings whose defaults are filled in.
func (s Settings) check() error {
	switch {
	case s.Window < 1 || s.Window > maxWindow:
		return fmt.Errorf("devbroker: Window = %d; must be between 1 and %d", s.Window, maxWindow)
	case s.Flush < 0 || s.Flush%time.Millisecond != 0:
		return fmt.Errorf("devbroker: Flush = %v; must be whole milliseconds, 0 or more", s.Flush)
	case s.AckTimeout < 0:
		return fmt.Errorf("devbroker: AckTimeout = %v; must not be negative", s.AckTimeout)
	case s.MaxMessageSize < 0, s.MaxProducers < 0, s.MaxSubscriptions < 0, s.MaxConsumers < 0, s.Retain < 0, s.RetainBytes < 0:
		return fmt.Errorf("devbroker: a limit is negative; must be 0 or more")
	}
	for _, name := range s.Topics {
		if !validName(name) {
			return fmt.Errorf("devbroker: Topics has %q; must be /namespace/topic", name)
		}
	}
	return nil
}
