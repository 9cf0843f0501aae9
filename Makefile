# `make test` proves everything; `make quick` is what `cargo test` does with the lints before it.
# Nothing here needs more than Rust, Node with npm, Python 3 with venv, and Redis; the scripts say what is missing.

CARGO ?= cargo

.PHONY: test quick lint unit wirecheck features link docs conformance interop scrape template bench bench-layers bench-macros fuzz soak deny serve

test: lint unit wirecheck features link docs conformance interop scrape template

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
	tests/redis/install
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
	$(CARGO) clippy -p mcp-runtime --no-default-features --features redis -- -D warnings
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

# A project of the template passes its own tests and lints.
template:
	$(CARGO) test --test it template -- --ignored

bench:
	cd benches && $(CARGO) run --release -p driver

# What each layer costs a call; writes benches/LAYERS.md.
bench-layers:
	cd benches && $(CARGO) run --release -p driver -- --only layers

# What a tool costs the compiler; writes benches/MACROS.md.
bench-macros:
	cd benches && $(CARGO) run --release -p macros

# libFuzzer at each target for FUZZ_SECONDS, 60 by default; FUZZ="message head" names some. Needs the nightly compiler. A short
# while of the same is among the tests.
fuzz:
	fuzz/run $(FUZZ)

# What a server stands, in figures, for SOAK_SECONDS, 60 by default, where time is what counts. Needs Linux.
soak:
	cd benches && $(CARGO) build -q --release -p soak
	ulimit -n $$(ulimit -Hn) && cd benches && exec $(CARGO) run -q --release -p soak --bin soak

# Needs cargo-deny.
deny:
	$(CARGO) deny check
