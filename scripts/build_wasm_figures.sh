#!/usr/bin/env bash
# Builds benches/wasm.rs as the page is built (profile web, wasm-bindgen, wasm-opt), as a module for Node.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
cargo build --locked --quiet --profile web --target wasm32-unknown-unknown --example figures_wasm
wasm-bindgen --target experimental-nodejs-module --out-dir target/figures_wasm \
    target/wasm32-unknown-unknown/web/examples/figures_wasm.wasm
wasm-opt "-O${WASM_OPT_LEVEL:-z}" \
    target/figures_wasm/figures_wasm_bg.wasm -o target/figures_wasm/figures_wasm_bg.wasm
