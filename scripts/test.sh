#!/usr/bin/env bash
# Runs every check and every suite, also after one has failed, and counts the tests that ran.
#
# The last line is `N passed, N failed` over all suites. A check that is no suite of tests (format,
# lints, the build) counts as nothing when it holds and as one failure when it does not. A suite that
# runs no test has failed: one that cannot start must not look like one that passes.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0
summary=""
export CARGO_TERM_COLOR=never CHROMEDRIVER="${CHROMEDRIVER:-$(command -v chromedriver)}"
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner
export WASM_BINDGEN_TEST_TIMEOUT=300

# Adds up the closing lines of cargo's, wasm-bindgen's and Node's test runners in a log: "passed failed".
count() {
    awk '
        /^test result: / { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1) } }
        /^# pass /       { p += $3 }
        /^# (fail|cancelled|skipped|todo) / { f += $3 }
        END { print p + 0, f + 0 }' "$1"
}

note() { summary="$summary$(printf '%-28s %5s passed %5s failed   %4s s' "$1" "$2" "$3" "$4")"$'\n'; }

# check NAME COMMAND…: holds or does not.
check() {
    local name=$1 start=$SECONDS; shift
    printf '\n==> %s\n' "$name"
    if "$@"; then note "$name" - 0 $((SECONDS - start)); return 0; fi
    failed=$((failed + 1)); note "$name" - 1 $((SECONDS - start)); return 1
}

# suite NAME COMMAND…: tests are counted.
suite() {
    local name=$1 start=$SECONDS log="$logs/log" status p f; shift
    printf '\n==> %s\n' "$name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r p f <<<"$(count "$log")"
    if [ "$f" = 0 ] && { [ "$status" != 0 ] || [ "$p" = 0 ]; }; then
        printf '%s: could not run, or ran nothing (status %s)\n' "$name" "$status"
        f=1
    fi
    passed=$((passed + p)); failed=$((failed + f)); note "$name" "$p" "$f" $((SECONDS - start))
}

# Test files named *_browser.rs are for Chromium; the others are native.
in_browser=()
native=()
for file in tests/*.rs; do
    name=$(basename "$file" .rs)
    case "$name" in
        *_browser) in_browser+=(--test "$name") ;;
        engine_alone | conformance) ;;
        *) native+=(--test "$name") ;;
    esac
done
wasm="--target wasm32-unknown-unknown"

check "format" cargo fmt --check
check "format, the splitter" cargo fmt --check --manifest-path scripts/split/Cargo.toml
check "lints, the splitter" cargo clippy --locked --quiet --all-targets --manifest-path scripts/split/Cargo.toml --target-dir target/split -- -D warnings
check "lints, native" cargo clippy --locked --quiet --all-targets -- -D warnings
# shellcheck disable=SC2086
check "lints, wasm32" cargo clippy --locked --quiet --lib --bins "${in_browser[@]}" $wasm -- -D warnings
suite "tests, native" cargo test --locked --no-fail-fast --lib --bins "${native[@]}"
# It compiles the engine's own tests a second time; they ran above, and are counted once.
suite "the engine alone" cargo test --locked --test engine_alone -- --skip engine::
suite "against a real Kafka" cargo test --locked --test conformance
suite "real clients" node tests/clients/run.js
# It is a package of its own: the page's build needs it, the page does not.
suite "the splitter of the page" cargo test --locked --manifest-path scripts/split/Cargo.toml --target-dir target/split
# Random worlds with random faults, one a seed. In release: each runs a minute of a cluster, twice.
suite "simulation, 200 seeds" cargo run --locked --release --quiet -- simulate --seeds 200
# shellcheck disable=SC2086
suite "tests, wasm32 in Chromium" cargo test --locked --no-fail-fast $wasm "${in_browser[@]}"
if check "the page builds" scripts/build.sh; then
    suite "the page in Chromium" node --test --test-reporter=tap --test-concurrency=1 tests/browser/
else
    failed=$((failed + 1)); note "the page in Chromium" 0 1 0
fi

printf '\n%s\n%d passed, %d failed\n' "$summary" "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
