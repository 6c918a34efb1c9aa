#!/usr/bin/env bash
# Weight against speed: builds the page and the wasm figures at opt-level z, s and 3.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
for level in z s 3; do
    printf '\n==> opt-level %s\n' "$level"
    export CARGO_PROFILE_WEB_OPT_LEVEL=$level
    scripts/build.sh >/dev/null
    node scripts/page_weight.js | tail -1
    scripts/build_wasm_figures.sh
    node scripts/time_wasm.js 600
done
