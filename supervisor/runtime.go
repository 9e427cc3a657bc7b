package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/cenkalti/backoff/v4"
	"github.com/thejerf/suture/v4"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/handover"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
	"github.com/danube-messaging/danube-connect-go/internal/schemas"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// noContext is for log calls outside any request.
var noContext = context.Background()

// Runtime runs one source. Make it with New; all methods are safe for concurrent
// use.
type Runtime struct {
	cfg  config.Connector
	opts Options
	log  *slog.Logger
	err  error // what New found wrong

	contract connect.Contract

	valve     *valve
	board     *health.Board
	budget    *flow.Budget
	notices   *flow.Pipe[flow.Notice]
	gate      *handover.Gate
	keeper    *keeper
	source    *child // around keeper
	commit    *child // around committer
	topics    *topics
	tolerance *letters.Tolerance
	diverted  *diverted
	schemas   *schemas.Actor // nil without [[schemas]]
	committer *committer.Actor
	progress  *committer.Progress
	client    *danube.Client
	offsets   offsetStore // nil when the source keeps its place itself
	openStore func(path, connector string) (offsetStore, error)
	tree      *tree

	served   atomic.Bool
	kill     context.Context // ended by Kill
	killNow  context.CancelFunc
	cut      context.Context // ended when no outcome of a send will come any more
	cutNow   context.CancelFunc
	failed   chan struct{} // closed by the first fatal error
	mu       sync.Mutex
	failures []error
}

// Run runs source until ctx ends (nil after a clean stop), until the source has
// ended (nil), or until a fatal error, which it returns. It returns after the
// ordered stop; the error then also names whatever did not end cleanly. A mistake
// in the configuration is returned at once, of connect.ClassConfig.
func Run(ctx context.Context, source connect.Source, cfg config.Connector, opts Options) error {
	return New(source, cfg, opts).run(ctx)
}

// New prepares a runtime. What is wrong with its arguments is returned by Serve.
func New(source connect.Source, cfg config.Connector, opts Options) *Runtime {
	opts = opts.withDefaults()
	contract, errContract := contractOf(source, &cfg)
	rt := &Runtime{
		cfg: cfg, opts: opts, failed: make(chan struct{}), valve: newValve(),
		log:      opts.Logger.With(slog.String("connector", cfg.ConnectorName)),
		notices:  flow.NewPipe[flow.Notice](),
		progress: committer.NewProgress(), openStore: openStore,
		contract: contract,
		budget:   flow.NewBudget(opts.capped(limits(contract, &cfg))),
	}
	rt.kill, rt.killNow = context.WithCancel(context.Background())
	rt.cut, rt.cutNow = context.WithCancel(context.Background())
	rt.board = health.NewBoard(rt.changed)
	rt.tolerance, rt.diverted = toleranceOf(&cfg), &diverted{log: rt.log}
	plain, errPlain := codec.For(codec.Settings{})
	rt.gate = handover.New(handover.Settings{
		Budget: rt.budget, Tracker: rt.notices, MaxMessage: wire.MaxMessageSize,
		BatchSize: cfg.Processing.BatchSize, Commits: canCommit(source) || cfg.Offsets.Path != "",
		Transactional: contract.Transactional,
		Invalid:       ruleOf(&cfg), Tolerance: rt.tolerance, Diverted: rt.diverted.note, Plain: plain,
	})
	rt.keeper = newKeeper(rt, source)
	rt.source = rt.child(rt.keeper)
	rt.topics = newTopics(rt)
	rt.tree = newTree("connector "+cfg.ConnectorName, rt.log)
	rt.err = errors.Join(cfg.Check(), checkMode(source), errContract, errPlain, opts.checkBudget())
	return rt
}

func canCommit(s connect.Source) bool {
	_, ok := s.(connect.Committer)
	return ok
}

// checkMode refuses a source that is not exactly one of Poller and Streamer.
func checkMode(s connect.Source) error {
	_, polls := s.(connect.Poller)
	_, streams := s.(connect.Streamer)
	switch {
	case s == nil:
		return connect.ConfigError("source is nil; it must implement connect.Poller or connect.Streamer")
	case polls && streams:
		return connect.ConfigError("source %T implements both Poll and Stream; it must be either a connect.Poller or a connect.Streamer", s)
	case !polls && !streams:
		return connect.ConfigError("source %T implements neither Poll nor Stream; it must be a connect.Poller or a connect.Streamer", s)
	}
	return nil
}

// String names the runtime, as suture's reports do.
func (rt *Runtime) String() string { return "connector " + rt.cfg.ConnectorName }

// Serve is Run as a suture.Service: whatever it returns answers to
// suture.ErrDoNotRestart, so the host's tree lets a runtime that is finished rest
// and goes on with the others; an error of it also answers to its cause.
func (rt *Runtime) Serve(ctx context.Context) error {
	err := rt.run(ctx)
	if err == nil {
		return suture.ErrDoNotRestart
	}
	return &verdict{err}
}

// verdict is the cause of a runtime's end that suture does not restart for.
type verdict struct{ cause error }

// Error is the cause's own text.
func (v *verdict) Error() string { return v.cause.Error() }

// Unwrap returns the cause.
func (v *verdict) Unwrap() error { return v.cause }

// Is makes the verdict answer to suture.ErrDoNotRestart.
func (v *verdict) Is(target error) bool { return target == suture.ErrDoNotRestart }

// Run is the function of that name, for who needs the Runtime as well: a main that
// shows Totals, or calls Kill at the second signal.
func (rt *Runtime) Run(ctx context.Context) error { return rt.run(ctx) }

// Kill ends the runtime without waiting for anything: sends in flight are cut,
// nothing more is committed and the source is not shut down. It may be called at
// any time, and twice; Serve returns soon after, whatever the source is doing.
func (rt *Runtime) Kill() {
	rt.killNow()
	rt.ending()
}

// Handler serves GET /livez, /readyz and /metrics of this runtime, for a host that
// has a listener of its own.
func (rt *Runtime) Handler() http.Handler {
	return health.Handler(rt.cfg.ConnectorName, rt.board, rt.figures)
}

// fail notes a fatal error; the first one begins the ordered stop.
func (rt *Runtime) fail(err error) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.failures = append(rt.failures, err)
	if len(rt.failures) == 1 {
		close(rt.failed)
		rt.log.Error("fatal error; stopping", slog.Any("error", err))
	}
}

func (rt *Runtime) causes() []error {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return append([]error(nil), rt.failures...)
}

// child puts an actor under this runtime's rules.
func (rt *Runtime) child(a actor) *child {
	pace := backoff.NewExponentialBackOff()
	pace.InitialInterval, pace.MaxInterval = rt.cfg.Retry.Backoff(), rt.cfg.Retry.MaxBackoff()
	pace.MaxElapsedTime = 0
	pace.Reset()
	return &child{actor: a, board: rt.board, log: rt.log, fail: rt.fail, hurry: rt.keeper.stop, pace: pace, finished: make(chan struct{})}
}

// plainChild is child for an actor that does not report its own state.
func (rt *Runtime) plainChild(a actor) *child {
	c := rt.child(a)
	c.plain = true
	return c
}

// plant adds every actor but the publishers, which come with their topics.
func (rt *Runtime) plant() {
	p, r := &rt.cfg.Processing, &rt.cfg.Retry
	latest := committer.NewLatest()
	rt.committer = committer.New(committer.Settings{
		Latest: latest, Progress: rt.progress, Commit: rt.keeper.commit,
		Timeout: rt.cfg.Danube.RequestTimeout, Interval: rt.cfg.Commit.Interval, Every: uint64(rt.cfg.Commit.Every),
		Backoff: r.Backoff(), MaxBackoff: r.MaxBackoff(),
		Committed: rt.budget.Commit, Revoked: rt.gate.Revoked, Report: rt.committed,
	})
	rt.tree.commit.Add(rt.plainChild(committer.NewTracker(committer.TrackerSettings{
		Notices: rt.notices, Budget: rt.budget, Latest: latest, Lost: rt.keeper.Rewind,
	})))
	rt.commit = rt.plainChild(rt.committer)
	rt.tree.commit.Add(rt.commit)
	rt.plantSchemas()
	rt.tree.source.Add(rt.source)
	rt.board.Start(brokerName)
	rt.tree.health.Add(rt.plainChild(health.NewProber(health.Probe{
		Name: brokerName, Check: rt.client.Ping, Interval: rt.cfg.Danube.HealthInterval,
		Threshold: p.HealthCheckFailureThreshold, Report: rt.probed,
	})))
	if _, ok := rt.keeper.source.(connect.HealthChecker); ok {
		rt.tree.health.Add(rt.plainChild(health.NewProber(health.Probe{
			Name: sourceName, Check: rt.keeper.check, Interval: p.HealthCheckInterval(),
			Threshold: p.HealthCheckFailureThreshold, Unhealthy: rt.keeper.unhealthy, Report: rt.keeper.checked,
		})))
	}
	if p.MetricsPort != nil {
		address := net.JoinHostPort(rt.cfg.HTTP.Bind, strconv.Itoa(int(*p.MetricsPort)))
		rt.tree.health.Add(rt.plainChild(health.NewServer(address, rt.Handler(), rt.log, rt.listening)))
	}
}

const brokerName = "broker"

// probed puts the outcome of a probe of the broker on the board; it is never more
// than that (design decision 9).
func (rt *Runtime) probed(err error, failures int) {
	switch {
	case err == nil:
		rt.board.Set(brokerName, health.Running, nil)
	case failures < rt.cfg.Processing.HealthCheckFailureThreshold:
		rt.board.Set(brokerName, health.Degraded, err)
	default:
		rt.board.Set(brokerName, health.Unhealthy, err)
	}
}

func (rt *Runtime) committed(err error) {
	if err != nil {
		rt.log.Warn("commit failed; trying again", slog.Any("error", err))
		rt.board.Set(rt.committer.String(), health.Degraded, err)
		return
	}
	rt.board.Set(rt.committer.String(), health.Running, nil)
}

func (rt *Runtime) listening(a net.Addr) {
	rt.log.Info("serving health and metrics", slog.String("address", fmt.Sprintf("http://%s", a)))
	if rt.opts.Listening != nil {
		rt.opts.Listening(a)
	}
}

// changed logs a component's new state.
func (rt *Runtime) changed(c health.Component) {
	level := slog.LevelInfo
	switch c.State {
	case health.Running, health.Stopping, health.Stopped, health.Starting:
		level = slog.LevelDebug
	case health.Unhealthy, health.Stalled, health.Degraded:
		level = slog.LevelWarn
	}
	rt.log.Log(noContext, level, "state changed", slog.String("component", c.Name),
		slog.String("state", c.State.String()), slog.String("cause", c.Cause))
}
