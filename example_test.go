package connect_test

import (
	"errors"
	"fmt"
	"io/fs"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Routes as a connector's configuration holds them: the first match decides.
func ExampleRouter() {
	router, err := connect.NewRouter(
		connect.Route{From: "sensors/+/temperature", To: "/iot/temperature", Partitions: 8},
		connect.Route{From: "sensors/#", To: "/iot/other"},
		connect.Route{From: "orders-*", To: "/shop/orders"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"sensors/hall/temperature", "sensors/hall/door", "orders-eu", "$SYS/uptime"} {
		if route, ok := router.Match(name); ok {
			fmt.Println(name, "→", route.To)
		} else {
			fmt.Println(name, "has no route")
		}
	}
	// Output:
	// sensors/hall/temperature → /iot/temperature
	// sensors/hall/door → /iot/other
	// orders-eu → /shop/orders
	// $SYS/uptime has no route
}

// A misspelt configuration is told all at once.
func ExampleNewRouter() {
	_, err := connect.NewRouter(
		connect.Route{From: "sensors/temp+", To: "/iot/temperature"},
		connect.Route{From: "orders-*", To: "shop.orders"},
	)
	fmt.Println(err)
	fmt.Println(connect.ClassOf(err))
	// Output:
	// routes[0].from: "sensors/temp+": "+" must be a whole level; within a level use "*"
	// routes[1].to: producer: topic "shop.orders" has the wrong shape; must be /namespace/topic, each part of [A-Za-z0-9_-]
	// config error
}

// What an error means is said once, where it is known, and survives wrapping.
func ExampleClassOf() {
	denied := connect.Fatal(fmt.Errorf("log in as reader: %w", fs.ErrPermission))
	err := fmt.Errorf("open the table: %w", denied)

	fmt.Println(err)
	fmt.Println(connect.ClassOf(err), errors.Is(err, connect.ClassFatal), errors.Is(err, fs.ErrPermission))
	fmt.Println(connect.ClassOf(errors.New("connection reset")))
	// Output:
	// open the table: log in as reader: permission denied
	// fatal error true true
	// retryable error
}

// A record that makes no sense is handed over as it came, so that the error
// policy decides about it; a row that is filtered out moves the offset only.
func ExampleBad() {
	row := []byte("7;not a number")
	bad := connect.Bad(connect.Offset{Partition: "file.csv", Value: 14}, row, errors.New("column 2 is not a number"))
	filtered := connect.Mark(connect.Offset{Partition: "file.csv", Value: 15})

	fmt.Printf("%v: %v: %s\n", bad.Offset, bad.Err(), bad.Record.Raw())
	fmt.Println(filtered.Offset, filtered.IsMark())
	// Output:
	// file.csv@14: column 2 is not a number: 7;not a number
	// file.csv@15 true
}

// Records are values: a base can be kept and varied.
func ExampleRecord_WithAttribute() {
	base := connect.JSON("/iot/temperature", map[string]float64{"celsius": 21.5}).WithAttribute("site", "hall")
	hot := base.WithKey("sensor-7").WithAttribute("alarm", "yes")

	fmt.Println(base.Attributes())
	fmt.Println(hot.Attributes())
	// Output:
	// [{site hall}]
	// [{site hall} {alarm yes}]
}
