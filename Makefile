# The two commands of the README, and what they share. Each sets the machine up first (deploy/setup).
.PHONY: demo test lint bench kills

demo:
	@deploy/setup
	@printf '\033[1m==>\033[0m %s\n' 'building the hub (the first time takes some minutes)'
	@cargo build --bin mariposa
	@target/debug/mariposa demo $(ARGS)

test:
	@deploy/setup test
	@printf '\033[1m==>\033[0m %s\n' 'building the tests (the first time takes some minutes), then running them on a PostgreSQL of their own'
	@cargo build --workspace
	@cargo run --quiet --package testkit --bin with-cluster -- cargo test --workspace $(ARGS)

lint:
	@deploy/setup lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	PATH="$$PWD/target/tools/bin:$$PATH" cargo deny --all-features check licenses bans sources
	@if [ -d "$$(rustc --print target-libdir --target x86_64-pc-windows-gnu)" ] && command -v x86_64-w64-mingw32-gcc >/dev/null; then \
	    echo 'cargo check --package client for Windows'; \
	    cargo check --package client --target x86_64-pc-windows-gnu; \
	else echo 'not checked for Windows: rustup target add x86_64-pc-windows-gnu, and gcc-mingw-w64-x86-64'; fi

bench:
	@deploy/setup test
	cargo bench --workspace $(ARGS)

# Kills a hub 200 times at random moments of uploads and loads; takes a quarter of an hour.
kills:
	@deploy/setup test
	cargo build --bin mariposa
	MARIPOSA_KILLS=$${MARIPOSA_KILLS:-200} cargo test --package end-to-end --test end_to_end killed_at_any_byte -- --nocapture
