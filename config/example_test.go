package config_test

import (
	"errors"
	"fmt"
	"os"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
)

// Config is the file of a connector: the core beside a table of its own.
type Config struct {
	config.Connector `toml:",inline" koanf:",squash"`
	Orders           Orders `toml:"orders" koanf:"orders"`
}

// Orders is the table of the connector's own.
type Orders struct {
	Host   string          `toml:"host" koanf:"host"`
	Port   uint16          `toml:"port" koanf:"port"`
	APIKey config.Secret   `toml:"api_key" koanf:"api_key" env:"API_KEY"`
	Routes []connect.Route `toml:"routes" koanf:"routes"`
}

// Validate checks what a type cannot say.
func (o Orders) Validate() error {
	if o.Host == "" {
		return config.Invalid("host", "is missing", "must be the host that serves the orders")
	}
	return nil
}

func Example() {
	file := `
danube_service_url = "http://danube-broker:6650"
connector_name = "orders"

[delivery]
drain_timeout = "10s"

[orders]
host = "shop.example.com"
port = 8443

[[orders.routes]]
from = "shop/*"
to = "/default/orders"
`
	environ := func() []string { return []string{"API_KEY=not to be printed"} }
	cfg, err := config.Parse[Config]("connector.toml", []byte(file), environ)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg.ConnectorName, cfg.Delivery.DrainTimeout, cfg.Delivery.BudgetBytes)
	fmt.Println(cfg.Orders.Host, cfg.Orders.APIKey)
	// Output:
	// orders 10s 64MiB
	// shop.example.com [redacted]
}

// Every mistake is reported, not the first one alone.
func ExampleParse_mistakes() {
	file := `danube_service_url = "http://danube-broker:6650"
conector_name = "orders"

[orders]
port = 99090
`
	_, err := config.Parse[Config]("connector.toml", []byte(file), func() []string { return nil })
	if e, ok := errors.AsType[*config.Error](err); ok {
		for _, p := range e.Problems {
			fmt.Printf("line %d, column %d: %s: %s\n", p.Line, p.Col, p.Key, p.What)
		}
	}
	fmt.Println(connect.ClassOf(err))
	// Output:
	// line 2, column 1: conector_name: unknown key
	// line 4, column 2: orders.host: is missing
	// line 5, column 1: orders.port: 99090 is out of range
	// config error
}

// A program that embeds the runtime may make its configuration in code.
func ExampleDefaults() {
	cfg := config.Defaults()
	cfg.DanubeServiceURL = "http://127.0.0.1:6650"
	cfg.ConnectorName = "embedded"
	cfg.Topics = map[string]config.Topic{"/default/audit": {Ordering: "partition"}}
	if err := cfg.Check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Println(cfg.TopicFor("/default/audit").Ordering, cfg.TopicFor("/default/orders").Ordering)
	// Output: partition key
}
