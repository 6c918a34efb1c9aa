#!/usr/bin/env bash
# Trunk calls this when the page stands in $TRUNK_STAGING_DIR: cuts its module in what the first view runs
# and what comes behind it (scripts/split), and makes both small. A debug build stays whole.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
[ "$TRUNK_PROFILE" = release ] || exit 0
# Not the flags of the page's own build.
env -u CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS \
    cargo build --quiet --locked --offline --manifest-path scripts/split/Cargo.toml --target-dir target/split
target/split/debug/split page "$TRUNK_STAGING_DIR" target/wasm32-unknown-unknown/web/highwater.wasm
for part in "$TRUNK_STAGING_DIR"/highwater-*.wasm; do
    wasm-opt -Oz --reorder-functions-by-name --strip-debug --strip-target-features "$part" -o "$part.small"
    mv "$part.small" "$part"
done
