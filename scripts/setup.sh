#!/usr/bin/env bash
# Installs what this machine lacks, and nothing that it has.
#
#   scripts/setup.sh page      what building the page takes: wasm target, trunk, wasm-bindgen, wasm-opt
#   scripts/setup.sh browser   what testing it takes: Chromium and its driver
#   scripts/setup.sh oracle    what judges the engine: a real Kafka, outside the clone, once per user
#   scripts/setup.sh clients   real clients in Go, Python, JavaScript, C and Java, outside the clone
#
# What it may not install (a compiler, Node, a browser without apt or root) it names, and stops.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

say() { printf '==> %s\n' "$*"; }
stop() { printf 'Cannot go on: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

need_commands() {
    have rustup || stop "rustup is missing. Install Rust with rustup (https://rustup.rs)."
    have node && have npm || stop "node $NODE_MAJOR or later, with npm, is missing."
    local major
    major=$(node -p 'process.versions.node.split(".")[0]')
    [ "$major" -ge "$NODE_MAJOR" ] || stop "node $NODE_MAJOR or later is needed; this is $(node --version)."
}

# rust-toolchain.toml names the channel, the target and the components; rustup may be set not to act
# on it by itself.
need_rust() {
    local missing=""
    rustc --version >/dev/null 2>&1 || { say "Rust"; rustup toolchain install stable --profile minimal; }
    rustup target list --installed | grep -qx wasm32-unknown-unknown \
        || { say "the wasm32 target"; rustup target add wasm32-unknown-unknown; }
    cargo fmt --version >/dev/null 2>&1 || missing="rustfmt"
    cargo clippy --version >/dev/null 2>&1 || missing="$missing clippy"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || { say "$missing"; rustup component add $missing; }
}

need_trunk() {
    [ "$(trunk --version 2>/dev/null)" = "trunk $TRUNK_VERSION" ] && return
    say "trunk $TRUNK_VERSION (some minutes, once)"
    cargo install trunk --locked --force --version "$TRUNK_VERSION"
}

# Without --locked: its lockfile names a crate version that was withdrawn.
need_wasm_bindgen() {
    [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $WASM_BINDGEN_VERSION" ] \
        && have wasm-bindgen-test-runner && return
    say "wasm-bindgen $WASM_BINDGEN_VERSION (some minutes, once)"
    cargo install wasm-bindgen-cli --force --version "$WASM_BINDGEN_VERSION"
}

# npm writes node_modules/.package-lock.json last, so its age says what was installed.
need_npm_packages() {
    [ node_modules/.package-lock.json -nt package-lock.json ] && return
    say "wasm-opt and the page's test tools, from npm"
    npm ci --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
}

# `trunk build --offline` does not fetch crates, so that a build never waits for a network.
need_crates() {
    cargo fetch --locked --quiet && cargo fetch --locked --quiet --manifest-path scripts/split/Cargo.toml || stop "the crates of Cargo.lock could not be fetched."
}

need_browser() {
    if have chromium && have chromedriver; then return; fi
    have apt-get || stop "Chromium is missing, and there is no apt-get here. Install: $CHROMIUM_PACKAGES"
    [ "$(id -u)" = 0 ] || stop "Chromium is missing. As root: apt-get install $CHROMIUM_PACKAGES"
    say "Chromium"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $CHROMIUM_PACKAGES
}

# The jars of tests/oracle/pom.xml. The folder appears under its name when it is whole.
need_kafka() {
    have java || stop "java is missing, and the real Kafka needs it. Install a Java runtime, $JAVA_MAJOR or later."
    [ -e "$KAFKA_LIB/.done" ] && return
    have mvn || stop "mvn is missing, and it fetches the real Kafka. Install Maven."
    say "Kafka $KAFKA_VERSION and ZooKeeper (55 MB, once)"
    local work
    work=$(mktemp -d)
    cp tests/oracle/pom.xml "$work/"
    mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$work/lib" \
        || { rm -rf "$work"; stop "Maven could not fetch the jars of tests/oracle/pom.xml."; }
    mkdir -p "$KAFKA_LIB"
    cp "$work"/lib/*.jar "$KAFKA_LIB/"
    rm -rf "$work"
    touch "$KAFKA_LIB/.done"
}

# The programs of tests/clients, each with its client in the version of its lockfile. What was installed
# from the same lockfiles is left alone.
need_clients() {
    local kit="$HIGHWATER_CACHE/clients" from=tests/clients stamp
    need_kafka
    have node && have npm || stop "node $NODE_MAJOR or later, with npm, is missing."
    have go || stop "go is missing, and kafka-go needs it. Install Go $GO_VERSION or later."
    have python3 || stop "python3 is missing, and three clients need it."
    if ! have kcat; then
        have apt-get && [ "$(id -u)" = 0 ] || stop "kcat is missing. As root: apt-get install kcat"
        say "kcat"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq kcat >/dev/null 2>&1 \
            || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq kcat >/dev/null; }
    fi
    mkdir -p "$kit"
    stamp=$(cat $from/kafka-go/* | cksum)
    [ -x "$kit/kafka-go" ] && [ "$(cat "$kit/kafka-go.from" 2>/dev/null)" = "$stamp" ] || {
        say "kafka-go"
        (cd $from/kafka-go && go build -o "$kit/kafka-go" .)
        echo "$stamp" >"$kit/kafka-go.from"
    }
    stamp=$(cksum <$from/python/requirements.txt)
    [ "$(cat "$kit/venv.from" 2>/dev/null)" = "$stamp" ] || {
        say "kafka-python, confluent-kafka and aiokafka"
        python3 -m venv --clear "$kit/venv" || stop "python3 cannot make a venv (python3-venv)."
        "$kit/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r $from/python/requirements.txt
        echo "$stamp" >"$kit/venv.from"
    }
    stamp=$(cksum <$from/kafkajs/package-lock.json)
    [ "$(cat "$kit/kafkajs.from" 2>/dev/null)" = "$stamp" ] || {
        say "kafkajs"
        mkdir -p "$kit/kafkajs"
        cp $from/kafkajs/package.json $from/kafkajs/package-lock.json "$kit/kafkajs/"
        npm ci --prefix "$kit/kafkajs" --no-audit --no-fund --loglevel=error
        echo "$stamp" >"$kit/kafkajs.from"
    }
}

# Tests of the page need none of this; the oracle needs no page.
case " $* " in *" page "* | *" browser "*) need_commands ;; esac
for part in "$@"; do
    case "$part" in
        page) need_rust; need_trunk; need_wasm_bindgen; need_npm_packages; need_crates ;;
        browser) need_browser ;;
        oracle) need_kafka ;;
        clients) need_clients ;;
        *) stop "scripts/setup.sh knows page, browser, oracle and clients, not $part" ;;
    esac
done
