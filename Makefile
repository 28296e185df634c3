# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

.PHONY: help test check run
help: ## what you can do here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
run: ## build everything and start the demo region
	go run ./cmd/brobygger demo
test: ## install what the tests need and run them all
	go test -race -shuffle=on ./...
check: test ## everything that CI checks
