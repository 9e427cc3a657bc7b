package offset_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// A source begins where its last life ended.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "offset")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "orders.db")

	for life := uint64(1); life <= 2; life++ {
		store, err := offset.Open(path, offset.Settings{Connector: "orders"})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := store.Begin(ctx, store.Epoch()+1); err != nil {
			fmt.Println(err)
		}
		fmt.Println("life", life, "begins after", store.Resume())
		if err := store.Commit(ctx, life, []connect.Offset{{Partition: "orders.log", Value: 100 * life}}); err != nil {
			fmt.Println(err)
		}
		if err := store.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// life 1 begins after []
	// life 2 begins after [orders.log@100]
}

// A commit of a life that is over is refused.
func ExampleStore_Begin() {
	ctx := context.Background()
	store := offset.Memory()
	fmt.Println(store.Begin(ctx, 7), store.Begin(ctx, 8))
	err := store.Commit(ctx, 7, []connect.Offset{{Partition: "a", Value: 1}})
	fmt.Println(errors.Is(err, offset.ErrFenced), connect.ClassOf(err))
	// Output:
	// <nil> <nil>
	// true fatal error
}

// Positions are changed by hand while the connector is stopped, by whoever knows
// how they are now.
func ExampleStore_Set() {
	ctx := context.Background()
	store := offset.Memory()
	seen := store.Snapshot().Generation
	fmt.Println(store.Set(ctx, seen, connect.Offset{Partition: "a", Value: 42}))
	err := store.Set(ctx, seen, connect.Offset{Partition: "a", Value: 7})
	fmt.Println(errors.Is(err, offset.ErrChanged), store.Resume())
	// Output:
	// <nil>
	// true [a@42]
}
