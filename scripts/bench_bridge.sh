#!/usr/bin/env bash
# Prints how many records a second kafka-producer-perf-test gets through the bridge and through a real
# Kafka, side by side on this machine: three brokers, replication factor 3, acks=all, 100 bytes. One after
# the other, twice, the better of each counts: two clusters at once would share the processors.
#
#   scripts/bench_bridge.sh [RECORDS] [PARTITIONS]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
records=${1:-1000000}
partitions=${2:-6}

cargo build --release --locked --quiet --bin highwater
cargo test --locked --quiet --test conformance --no-run
folder=$(mktemp -d)
printf 'log4j.rootLogger=ERROR\n' >"$folder/log4j.properties"
trap 'rm -rf "$folder"' EXIT
tool() { java -Xmx512m "-Dlog4j.configuration=file:$folder/log4j.properties" -cp "$KAFKA_LIB/*" "$@"; }

# measure NAME COMMAND…: starts a cluster, produces to it and consumes from it, and stops it.
measure() {
    local name=$1 line address; shift
    mkfifo "$folder/in"
    "$@" <"$folder/in" >"$folder/out" &
    local cluster=$!
    exec 3>"$folder/in"
    rm "$folder/in"
    until grep -q '^listening on ' "$folder/out"; do
        kill -0 $cluster 2>/dev/null || { echo "$name did not start"; exit 1; }
        sleep 0.1
    done
    line=$(grep '^listening on ' "$folder/out")
    address=$(grep -oE '[0-9.]+:[0-9]+' <<<"$line" | head -1)
    tool org.apache.kafka.tools.TopicCommand --bootstrap-server "$address" --create --topic bench \
        --partitions "$partitions" --replication-factor 3 >/dev/null
    tool org.apache.kafka.tools.ProducerPerformance --topic bench --num-records "$records" --record-size 100 \
        --throughput -1 --producer-props "bootstrap.servers=$address" acks=all >"$folder/produced"
    produced=$(tail -1 "$folder/produced" | grep -oE '[0-9.]+ records/sec' | cut -d. -f1)
    tool org.apache.kafka.tools.ConsumerPerformance --bootstrap-server "$address" --topic bench \
        --messages "$records" --group bench --hide-header --timeout 60000 >"$folder/consumed" 2>/dev/null || true
    consumed=$(awk -F ', ' 'NF >= 6 { printf "%d", $10 }' "$folder/consumed")
    exec 3>&-
    case $name in bridge) kill $cluster ;; esac
    wait $cluster 2>/dev/null || true
    printf '%s\tproduced %s records/s\tconsumed %s records/s\n' "$name" "$produced" "${consumed:-0}"
}

bridge_produced=0 real_produced=0 bridge_consumed=0 real_consumed=0
for _ in 1 2; do
    measure bridge "${CARGO_TARGET_DIR:-target}/release/highwater" serve --port 0
    [ "$produced" -gt $bridge_produced ] && bridge_produced=$produced
    [ "${consumed:-0}" -gt $bridge_consumed ] && bridge_consumed=$consumed
    measure real cargo test --locked --quiet --test conformance -- --serve=3
    [ "$produced" -gt $real_produced ] && real_produced=$produced
    [ "${consumed:-0}" -gt $real_consumed ] && real_consumed=$consumed
done
awk -v b="$bridge_produced" -v r="$real_produced" 'BEGIN { printf "produce, bridge against real: %.2f\n", b / r }'
awk -v b="$bridge_consumed" -v r="$real_consumed" 'BEGIN { if (r) printf "consume, bridge against real: %.2f\n", b / r }'
