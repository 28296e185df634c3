# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# `make` says what there is. `make check` is what CI runs, and nothing else.

SHELL   := bash
GO      ?= go
TOOL    := $(GO) tool -modfile=.ci/tools
LINT    := $(TOOL)/lint.mod golangci-lint
OPA     := $(TOOL)/opa.mod opa
REGAL   := $(TOOL)/regal.mod regal

# How long each fuzz target runs; and what `make soak` does: how often it kills the
# server, how many consents are withdrawn under faults, how many sockets come back
# at once, how many readers are slow, how many rings are simulated, and how long each fuzz target runs then.
FUZZTIME    ?= 10s
CYCLES      ?= 1000
WITHDRAWALS ?= 10000
SOCKETS     ?= 10000
SLOW        ?= 400
RINGS       ?= 10000
SOAKFUZZ    ?= 10m

VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The rules and the law's data: the folder holds Go, cases and texts too.
RULES    = $(wildcard policy/*/*.rego policy/data)

.NOTPARALLEL:
.PHONY: help run test voice check fmt fmt-check vet lint deadcode policy model docs-check generate build deps fuzz bench soak deploy-check clean

help: ## what there is to do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build everything and start the demo region
	exec bin/brobygger demo

# The suite binds ports, starts programs and kills them; it takes its time with -race.
test: deps ## install what the tests need, and run them all
	$(GO) build -C .ci/vault -buildvcs=false -o $(CURDIR)/bin/vault . # a test builds it too: cold it takes a minute or two
	$(GO) test -race -shuffle=on -timeout 15m ./...

voice: ## two ends hear each other by WebRTC, straight and by coturn, until the patient says no
	.ci/deps turnserver
	$(GO) test -C .ci/voice -count=1 -timeout 5m ./...

check: deps fmt-check vet lint deadcode policy model docs-check voice test ## everything that CI checks; the tests come last

fmt: ## format Go and Rego
	$(LINT) fmt
	$(if $(RULES),$(OPA) fmt --write policy)

fmt-check:
	$(LINT) fmt --diff
	$(if $(RULES),$(OPA) fmt --fail --diff policy)

vet: ## go vet, of the program that is only measured too
	$(GO) vet ./...
	$(GO) vet -tags bare ./bridge/store/sqlite ./cmd/brobygger

lint: ## golangci-lint: the arrows between packages, and few linters more
	$(LINT) config verify
	$(LINT) run ./...

deadcode: ## functions that nothing reaches, but for examples that are only compiled
	@out=$$($(TOOL)/lint.mod deadcode -test ./...) || exit 1; ! grep -v 'example_test\.go' <<< "$$out" | grep .

policy: ## check, test at 100% coverage and lint the Rego
	$(OPA) check --strict $(RULES)
	.ci/coverage "$(OPA)" $(RULES)
	$(REGAL) lint policy

model: ## check docs/models with spin: every state, and that every seeded bug is found
	@.ci/deps spin gcc
	.ci/model

docs-check: ## check protocol and HTTP descriptions with public tools
	.ci/deps node npm
	.ci/docs-check

generate: ## rewrite golden files, and what is made from Go types
	$(GO) test ./bridge/wire ./bridge/api -update

build: ## build bin/brobygger
	$(GO) build -trimpath -buildvcs=false -ldflags "-X main.version=$(VERSION)" -o bin/brobygger ./cmd/brobygger

deps:
	@.ci/deps gcc git redis-server strace

fuzz: ## run every fuzz target for FUZZTIME=10s
	.ci/fuzz $(FUZZTIME)

bench: deps build ## measure this machine and the bridge on it, and write docs/performance.md
	$(GO) test -run '^$$' -bench Decide -benchmem -count 3 ./policy > bin/decisions.txt
	$(GO) build -C .ci/bench -trimpath -buildvcs=false -o $(CURDIR)/bin/jetstream .
	$(GO) build -tags bare -trimpath -buildvcs=false -o bin/brobygger-bare ./cmd/brobygger
	bin/brobygger bench --decisions bin/decisions.txt --jetstream bin/jetstream --bare bin/brobygger-bare --data bin --out docs/performance.md

soak: deps ## the long forms of docs/reliability.md: CYCLES, WITHDRAWALS, SOCKETS, SLOW, RINGS, SOAKFUZZ
	BROBYGGER_CYCLES=$(CYCLES) BROBYGGER_WITHDRAWALS=$(WITHDRAWALS) BROBYGGER_SOCKETS=$(SOCKETS) BROBYGGER_SLOW=$(SLOW) BROBYGGER_RINGS=$(RINGS) \
		$(GO) test -run 'Kill|Withdrawal|Storm|Slow|Seeded|SameHarm|Bombs|Disk|ForcedSignOut|OneWinner' -count 1 -timeout 24h -p 1 -v \
		./bridge ./bridge/bridgetest/history ./bridge/bridgetest/lines ./bridge/store/sqlite ./cmd/brobygger
	.ci/fuzz $(SOAKFUZZ)

deploy-check: build ## let systemd check the unit
	.ci/deps systemd-analyze
	mkdir -p bin/unit && sed 's#=/usr/local/bin/#=$(CURDIR)/bin/#' deploy/brobygger.service > bin/unit/brobygger.service
	systemd-analyze verify bin/unit/brobygger.service
	systemd-analyze security --offline=true --threshold=20 --no-pager bin/unit/brobygger.service | tail -n 1

clean: ## remove what was built
	rm -rf bin .ci/npm/node_modules
