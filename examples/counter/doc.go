// Command counter is the smallest connector: forty lines that count, and a
// configuration file. It needs a broker, and somebody to watch:
//
//	go run ./cmd/danube-connect broker -topic /default/numbers
//	go run ./cmd/danube-connect consume -danube http://127.0.0.1:6650 -topic /default/numbers -subscription me
//	CONNECTOR_CONFIG_PATH=examples/counter/connector.toml go run ./examples/counter
//
// The consumer then prints a number a second. Ctrl-C ends the counter in order, a
// second one at once. Having no offsets to commit, it begins at 1 every time.
//
// Exit codes: 0 done, 1 failed, 2 a mistake in the configuration; every one is a
// line on stderr, with its place in the file.
package main
