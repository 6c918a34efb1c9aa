#!/usr/bin/env bash
# Builds the page into dist/ with the profile `web` (index.html names it).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
# For scripts/split: names with the types of generic functions in them, and who holds whose address.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Csymbol-mangling-version=v0 -Clink-arg=--emit-relocs"
# Trunk takes NO_COLOR=1 for a wrong argument and stops.
env -u NO_COLOR trunk build --release --offline --color never
