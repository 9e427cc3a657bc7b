// Package chaos holds the real stack to its promises: suture, the supervisor with
// all its actors, grpc-go, the client and the development broker, in a bubble of
// fake time, under faults drawn from a seed. The verdict comes from a ledger of its
// own, never from the runtime's counters. It has tests only:
//
//	go test ./internal/chaos                            a few seeds
//	CHAOS_SEEDS=1000 go test ./internal/chaos           so many
//	CHAOS_FIRST=4711 CHAOS_SEEDS=1 go test ./internal/chaos -v
//
// The last one runs one seed and shows its schedule and what the runtime logs.
//
// A seed fixes the faults and when they come, not how goroutines take turns: a seed
// that fails is run again, and the failure says how often it came back.
package chaos
