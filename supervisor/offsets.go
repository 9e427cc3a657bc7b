package supervisor

import (
	"context"
	"errors"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// offsetStore is what is asked of an *offset.Store.
type offsetStore interface {
	Epoch() uint64
	Resume() []connect.Offset
	Begin(ctx context.Context, epoch uint64) error
	Commit(ctx context.Context, epoch uint64, offsets []connect.Offset) error
	Revoke(ctx context.Context, epoch uint64, partitions ...string) error
	Close() error
}

// openStore opens the offset store of a connector.
func openStore(path, connector string) (offsetStore, error) {
	return offset.Open(path, offset.Settings{Connector: connector})
}

// openOffsets opens the offset store, if the configuration asks for one.
func (rt *Runtime) openOffsets() error {
	path := rt.cfg.Offsets.Path
	if path == "" {
		return nil
	}
	store, err := rt.openStore(path, rt.cfg.ConnectorName)
	if err != nil {
		return err
	}
	rt.offsets = store
	return nil
}

// closeOffsets lets go of the store.
func (rt *Runtime) closeOffsets() error {
	if rt.offsets == nil {
		return nil
	}
	return rt.offsets.Close()
}

// storedEpoch returns the newest epoch the store knows of, also of another process.
func (rt *Runtime) storedEpoch() uint64 {
	if rt.offsets == nil {
		return 0
	}
	return rt.offsets.Epoch()
}

// store keeps offsets durably before the source is told of them: what the source
// lets go of then is kept here.
func (rt *Runtime) store(ctx context.Context, number uint64, offsets []connect.Offset) error {
	if rt.offsets == nil {
		return nil
	}
	err := rt.offsets.Commit(ctx, number, offsets)
	if errors.Is(err, offset.ErrFenced) {
		return committer.ErrStale
	}
	return err
}
