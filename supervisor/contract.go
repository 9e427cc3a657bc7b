package supervisor

import (
	"errors"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// contractOf returns what the runtime goes by: what the source declares, or what can
// be told from its methods and the configuration. Its error is a promise that
// cannot be kept.
func contractOf(source connect.Source, cfg *config.Connector) (connect.Contract, error) {
	declares, ok := source.(connect.Contractor)
	if !ok {
		return connect.Contract{Replayable: canCommit(source) || cfg.Offsets.Path != ""}, nil
	}
	c, err := ask(declares)
	if err != nil {
		return c, err
	}
	return c, checkContract(c, canCommit(source), cfg)
}

func ask(s connect.Contractor) (c connect.Contract, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = connect.ConfigError("contract of the source: panic: %v; it is asked before Initialize", v)
		}
	}()
	return s.Contract(), nil
}

// promise is a rule about contracts: what must not be, and what would be right.
type promise struct {
	broken func(connect.Contract, bool, *config.Connector) bool
	says   string
}

// promises are all rules that need no topic.
var promises = []promise{
	{
		func(c connect.Contract, commits bool, cfg *config.Connector) bool {
			return c.Replayable && !commits && cfg.Offsets.Path == ""
		},
		"source declares Replayable, and nobody keeps its offsets: set [offsets] path, or let the source implement connect.Committer",
	},
	{
		func(c connect.Contract, _ bool, cfg *config.Connector) bool {
			return !c.Replayable && cfg.Offsets.Path != ""
		},
		"[offsets] path keeps the place of a source that declares that it cannot offer anything again: leave it out, or declare Replayable",
	},
	{
		func(c connect.Contract, commits bool, _ *config.Connector) bool { return c.PrunesOnAck && !commits },
		"source declares PrunesOnAck and has no Commit to be acknowledged by: implement connect.Committer, or do not declare it",
	},
	{
		func(c connect.Contract, _ bool, cfg *config.Connector) bool {
			flush, _ := cfg.Delivery.Flush()
			return c.PrunesOnAck && cfg.Delivery.CommitAfter == "acknowledged" && flush > 0
		},
		`[delivery] commit_after = "acknowledged" with a source that declares PrunesOnAck: what a broker forgets in a crash would be gone at both ends; use "settled", or flush_interval = "0s" if an OK of this broker is final`,
	},
	{
		func(c connect.Contract, commits bool, _ *config.Connector) bool {
			return c.PrunesOnAck && commits && !c.Replayable
		},
		"source declares PrunesOnAck and not Replayable: what it has not been told of must be there to be offered again; declare Replayable, or not PrunesOnAck",
	},
	{
		func(c connect.Contract, commits bool, _ *config.Connector) bool {
			return c.AckGatesProgress && !commits
		},
		"source declares AckGatesProgress and has no Commit to be told by: implement connect.Committer, or do not declare it",
	},
	{
		func(c connect.Contract, commits bool, cfg *config.Connector) bool {
			return c.Transactional && !c.Replayable
		},
		"source declares Transactional and not Replayable: the edges of transactions are where reading is resumed; declare Replayable, or not Transactional",
	},
	{
		func(c connect.Contract, _ bool, _ *config.Connector) bool {
			return c.OrderedBy > connect.OrderByPartition
		},
		"source declares an OrderedBy that does not exist; it must be connect.OrderByKey, connect.OrderByPartition or 0",
	},
	{
		func(c connect.Contract, _ bool, _ *config.Connector) bool { return c.MaxUnacked < 0 },
		"source declares a MaxUnacked below 0; it must be a number of records, or 0 for no bound",
	},
}

// checkContract returns every promise that cannot be kept, of connect.ClassConfig.
func checkContract(c connect.Contract, commits bool, cfg *config.Connector) error {
	var errs []error
	for _, p := range promises {
		if p.broken(c, commits, cfg) {
			errs = append(errs, connect.ConfigError("%s", p.says))
		}
	}
	return errors.Join(append(errs, checkUnacked(c, cfg))...)
}

// checkUnacked refuses what was asked for and never comes about. A batch_size nobody
// has changed means: as many as there are.
func checkUnacked(c connect.Contract, cfg *config.Connector) error {
	const what = "%s = %d; the source hands out at most %d records before it must see a commit (MaxUnacked), so it must be at most that%s"
	if c.MaxUnacked <= 0 {
		return nil
	}
	var errs []error
	if n := cfg.Processing.BatchSize; n > c.MaxUnacked && n != config.Defaults().Processing.BatchSize {
		errs = append(errs, connect.ConfigError(what, "[processing] batch_size", n, c.MaxUnacked, ""))
	}
	if n := cfg.Commit.Every; n > c.MaxUnacked {
		errs = append(errs, connect.ConfigError(what, "[commit] every", n, c.MaxUnacked, ", or 0 for the interval alone"))
	}
	return errors.Join(errs...)
}

// checkOrder refuses a topic on which the order the source promises would be lost.
func checkOrder(c connect.Contract, topic string, cfg *config.Connector) error {
	if c.OrderedBy == 0 || orderings[cfg.TopicFor(topic).Ordering] != orderings["none"] {
		return nil
	}
	key := "[delivery] ordering"
	if cfg.Topics[topic].Ordering != "" {
		key = fmt.Sprintf("[topics.%q] ordering", topic)
	}
	right := `"key" or "partition"`
	if c.OrderedBy == connect.OrderByPartition {
		right = `"partition", or "key" if order between keys does not matter`
	}
	return connect.ConfigError(`topic %s: %s = "none", and the source declares records ordered by %s: use %s`, topic, key, c.OrderedBy, right)
}

// limits returns what a runtime holds at most: what the configuration says, and no
// more than the source hands out.
func limits(c connect.Contract, cfg *config.Connector) flow.Limits {
	l := flow.Limits{
		Records: cfg.Delivery.WindowRecords, Bytes: int(cfg.Delivery.BudgetBytes), Unsettled: cfg.Delivery.MaxUnsettled,
	}
	if n := c.MaxUnacked; n > 0 {
		l.Records, l.Unsettled = min(l.Records, n), min(l.Unsettled, n)
	}
	return l
}
