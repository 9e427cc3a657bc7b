# Everything a developer runs. `make` alone lists it.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOL     := go tool -modfile=tools/go.mod
FUZZTIME ?= 10s

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: check
check: vet staticcheck format modern house ## Look for mistakes: vet, staticcheck, formatting, go fix, house rules.

.PHONY: vet
vet:
	go vet ./...
	go -C tools vet ./...

.PHONY: staticcheck
staticcheck:
	$(TOOL) staticcheck ./...
	cd tools && go tool staticcheck ./...

.PHONY: format
format:
	@found=$$($(TOOL) gofumpt -l .); \
	if [ -n "$$found" ]; then printf 'not formatted (run make fmt):\n%s\n' "$$found" >&2; exit 1; fi

.PHONY: modern
modern:
	@found=$$(go fix -diff ./... 2>&1 || true); \
	if [ -n "$$found" ]; then printf '%s\ngo fix has something to change\n' "$$found" >&2; exit 1; fi

.PHONY: house
house:
	go test ./internal/house

.PHONY: fmt
fmt: ## Format the code, as check wants it.
	$(TOOL) gofumpt -w .

.PHONY: test
test: ## Run all tests with the race detector, in random order.
	go test -race -shuffle=on ./...

.PHONY: faults
faults: SEEDS ?= 1000
faults: CORES ?= 100000
faults: KILLS ?= 200
faults: ## Run what shows the promises under faults; a table of faults by invariants.
	@go run ./internal/faults -seeds $(SEEDS) -cores $(CORES) -kills $(KILLS)

.PHONY: soak
soak: SEEDS ?= 10000
soak: CORES ?= 1000000
soak: ## Play fresh seeds of faults: a million on the cores, ten thousand on the real stack; CORES=n, SEEDS=n for others.
	go test ./connecttest -run TestSimulate -timeout 4h -v -seed=$$(date +%s%N) -seeds=$(CORES)
	CHAOS_FIRST=$$(date +%s) CHAOS_SEEDS=$(SEEDS) go test ./internal/chaos -run TestSeeds -timeout 4h -v | { ! grep -v '^ *\(===\|--- PASS\)' | tee /dev/stderr | grep -q '^FAIL'; }

.PHONY: cover
cover: ## Run all tests and print the coverage; details with go tool cover -html=cover.out.
	go test -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -n 1

# Up to Go 1.26 a time limit that runs out can itself be reported as a failure,
# as a bare "context deadline exceeded" with no failing input (golang/go#75804).
.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s).
	@for package in $$(go list ./...); do \
		listed=$$(go test -list '^Fuzz' "$$package"); \
		for target in $$(grep '^Fuzz' <<<"$$listed" || true); do \
			echo "$$package $$target"; \
			out=$$(go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 50x "$$package" 2>&1 | tee -a /dev/stderr) && continue; \
			grep -qx '    context deadline exceeded' <<<"$$out" || exit 1; \
			! grep -qE 'Failing input|FAIL: .*/' <<<"$$out" || exit 1; \
		done; \
	done

.PHONY: crash-demo
crash-demo: ## Kill a broker under load, and count what is lost with each commit_after.
	@go run ./examples/crashdemo

.PHONY: bench
bench: ## Measure the runtime against a bare client, as gates.
	go run ./bench

.PHONY: gen
gen: ## Write the generated code again.
	cd tools && go run ./protogen

.PHONY: verify-gen
verify-gen: ## Check that generated code and the configuration reference are current.
	cd tools && go run ./protogen -verify
	go test ./config
