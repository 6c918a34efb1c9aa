#!/usr/bin/env bash
# Prints the figures of the budget (ARCHITECTURE.md): the page's weight, the engine natively, and the
# same work in wasm. Expects dist/ to be built. Figures are told, never judged.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

printf '==> the engine, native (release)\n'
cargo bench --locked --quiet --bench figures | tee target/figures.tsv | column -t -s "$(printf '\t')"

printf '\n==> the engine in wasm, with the page'\''s profile\n'
scripts/build_wasm_figures.sh
native=$(awk -F '\t' '$1 == "ten cluster minutes, native" { print $2 }' target/figures.tsv)
node scripts/time_wasm.js 600 "$native"

printf '\n==> the mirror of the disks in IndexedDB, in Chromium\n'
CHROMEDRIVER="${CHROMEDRIVER:-$(command -v chromedriver)}" WASM_BINDGEN_TEST_TIMEOUT=300 \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner \
    cargo test --release --locked --target wasm32-unknown-unknown --test mirror_browser -- --nocapture

printf '\n==> the page: what the first view asks for, gzip\n'
node scripts/page_weight.js

printf '\n==> a frame of the page with a thousand messages moving\n'
node scripts/frame_cost.js "$(cargo run --release --locked --quiet -- link benches/scenarios/thousand.scenario)"
