# Where the tools are and which versions they have, once. Sourced from the repository's root.
# shellcheck shell=bash disable=SC2034

# Cargo's and npm's programs, wherever the shell's own PATH stops.
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PWD/node_modules/.bin:$PATH"

TRUNK_VERSION=0.21.14         # 0.22 needs a newer compiler than rust-toolchain.toml's
WASM_BINDGEN_VERSION=0.2.130  # must equal the crate's version in Cargo.toml
NODE_MAJOR=20                 # oldest that runs the tools of package.json and `node --test` as used here
CHROMIUM_PACKAGES="chromium chromium-driver fonts-noto-cjk"
KAFKA_VERSION=3.9.1           # that of tests/oracle/pom.xml
GO_VERSION=1.24               # oldest that builds tests/clients/kafka-go
JAVA_MAJOR=11                 # oldest that runs it
export HIGHWATER_CACHE="${HIGHWATER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/highwater}"
KAFKA_LIB="$HIGHWATER_CACHE/kafka-$KAFKA_VERSION"
