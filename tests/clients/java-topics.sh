# kafka-topics, kafka-configs, kafka-leader-election, kafka-reassign-partitions and kafka-log-dirs.
. "$(dirname "$0")/java.sh"
topic=${PREFIX}orders
tool kafka-topics --create --topic "$topic" --replica-assignment 1:2:3,2:3:1 --config retention.ms=3600000 | plain
tool kafka-topics --create --topic "$topic" --partitions 1 --replication-factor 1 | grep -v '^\s*at ' | head -2
tool kafka-topics --create --topic "${PREFIX}wide" --replication-factor 4 | grep -v '^\s*at ' | head -2
sleep 1
tool kafka-topics --describe --topic "$topic" | plain
tool kafka-topics --alter --topic "$topic" --partitions 4 | grep -v '^\s*at '
sleep 1
tool kafka-topics --list | grep -c "^$topic$"
tool kafka-topics --describe --topic "$topic" | grep -c Partition:
tool kafka-topics --describe --under-replicated-partitions --topic "$topic"
tool kafka-configs --alter --entity-type topics --entity-name "$topic" --add-config cleanup.policy=compact,segment.bytes=100000
tool kafka-configs --alter --entity-type topics --entity-name "$topic" --delete-config retention.ms
tool kafka-configs --describe --entity-type topics --entity-name "$topic" | plain
tool kafka-configs --alter --entity-type brokers --entity-default --add-config log.retention.ms=7200000
tool kafka-configs --describe --entity-type brokers --entity-default | plain
tool kafka-configs --alter --entity-type brokers --entity-default --delete-config log.retention.ms
tool kafka-leader-election --election-type preferred --topic "$topic" --partition 0
printf '{"version":1,"partitions":[{"topic":"%s","partition":0,"replicas":[3,1,2]}]}' "$topic" >move.json
tool kafka-reassign-partitions --reassignment-json-file move.json --execute | tail -1
for _ in $(seq 20); do tool kafka-reassign-partitions --reassignment-json-file move.json --verify >verified; grep -q 'is completed' verified && break; done
grep -E '^(Status|Reassignment)' verified
tool kafka-log-dirs --describe --topic-list "$topic" | grep -o '"partition":"[^"]*"' | sort | uniq -c | sed 's/^ *//'
tool kafka-topics --delete --topic "$topic"
for _ in $(seq 20); do tool kafka-topics --describe --topic "$topic" >described; grep -q 'does not exist' described && break; done
grep -o 'does not exist as expected' described | head -1
