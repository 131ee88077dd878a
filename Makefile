# The one interface to the project: people and CI call these targets and nothing else.

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt bench soak fuzz tools

# Tools that the project installed for itself come first.
export PATH := $(CURDIR)/.tools/bin:$(PATH)

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build the release binary and start the demo, which needs no internet
	@tests/tools/install-debian.sh cc
	cargo build --locked --release --package aegis
	target/release/aegis demo

test: tools ## run every test; installs the real clients first
	@if cargo nextest --version >/dev/null 2>&1; then \
		set -x; cargo nextest run --locked --workspace; \
	else \
		set -x; cargo test --locked --workspace; \
	fi

lint: ## check formatting, lints, licences and dependencies
	@tests/tools/install-debian.sh cc
	@tests/tools/install-cargo-deny.sh
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo fmt --manifest-path tests/fuzz/Cargo.toml --check
	cargo deny --locked check --hide-inclusion-graph --deny unmatched-skip --deny unnecessary-skip \
		--allow license-exception-not-encountered bans licenses sources
	cargo deny --locked --manifest-path tests/fuzz/Cargo.toml --config deny.toml check --hide-inclusion-graph \
		--allow license-not-encountered licenses sources

fmt: ## format the code
	cargo fmt --all
	cargo fmt --manifest-path tests/fuzz/Cargo.toml

bench: ## measure decisions, the search for data and the whole proxy, and print the tables of docs/performance.md
	@tests/tools/install-debian.sh cc
	-@tests/tools/install-envoy.sh
	cargo build --locked --release --package aegis --package aegis-bench
	target/release/aegis-bench

soak: ## reloads, flips of bundles, vanishing clients and a failing audit log for SOAK_SECONDS (120) each
	@tests/tools/install-debian.sh cc
	SOAK_SECONDS=$${SOAK_SECONDS:-120} cargo test --locked --release --package aegis-tests --test e2e soak:: -- --test-threads 1

fuzz: ## look for inputs that break a parser, FUZZ_SECONDS (60) for each target, or for TARGET alone
	@tests/tools/install-debian.sh cc c++
	@tests/tools/install-cargo-fuzz.sh
	@tests/tools/fuzz.sh

tools: ## install what the tests call, from the registries of Debian, Python and Node
	@tests/tools/install-debian.sh
	@tests/tools/install-python.sh
	@tests/tools/install-node.sh
