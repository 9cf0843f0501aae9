# `make test` proves everything; `make quick` is what `cargo test` does with the lints before it.
# Nothing here needs more than Rust, Node with npm, and Python 3 with venv; the scripts say what is missing.

CARGO ?= cargo

.PHONY: test quick lint unit wirecheck features link docs conformance interop scrape bench bench-macros deny serve

test: lint unit wirecheck features link docs conformance interop scrape

quick: lint unit

# Starts a server that a client can call at once.
serve:
	$(CARGO) run --example hello -- --http 127.0.0.1:8080

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

# What the integration tests say on their wires is kept, for `wirecheck`.
MESSAGES := $(CURDIR)/tests/wirecheck/messages

unit:
	rm -rf $(MESSAGES) && mkdir -p $(MESSAGES)
	MCP_RECORD=$(MESSAGES) $(CARGO) test --workspace

# Every message that a server sent in the tests that ran last, by types that we did not write.
wirecheck:
	tests/wirecheck/run

# The library builds without each of its features, and within its budget of packages.
features:
	$(CARGO) clippy -p mcp-runtime --no-default-features -- -D warnings
	$(CARGO) clippy -p mcp-runtime --no-default-features --features http -- -D warnings
	$(CARGO) clippy -p mcp-runtime --no-default-features --features auth -- -D warnings
	$(CARGO) clippy -p mcp-runtime --no-default-features --features otel -- -D warnings
	$(CARGO) test -q -p mcp-runtime --test promises
	tests/budget

# Definitions of a library survive link-time optimisation.
link:
	$(CARGO) run -q -p linked --profile lto | grep -x "linked from linked"

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc -p mcp-runtime -p mcp-macros --no-deps --all-features

conformance:
	$(CARGO) build --example everything
	tests/conformance/run

interop:
	$(CARGO) build --example everything
	tests/interop/run

# What a server counts, read by a parser that we did not write, and the dashboard for it.
scrape:
	$(CARGO) build --example observed
	tests/scrape/run

bench:
	cd benches && $(CARGO) run --release -p driver

# What a tool costs the compiler; writes benches/MACROS.md.
bench-macros:
	cd benches && $(CARGO) run --release -p macros

# Needs cargo-deny.
deny:
	$(CARGO) deny check
