# kafka-console-producer and -consumer, kafka-get-offsets, kafka-delete-records, kafka-producer-perf-test.
. "$(dirname "$0")/java.sh"
topic=${PREFIX}records
tool kafka-topics --create --topic "$topic" --partitions 2 --replication-factor 3
sleep 1
for i in $(seq 10); do echo "key-$i:value-$i"; done | tool kafka-console-producer --topic "$topic" --property parse.key=true --property key.separator=:
printf 'h1:a,h2:b|key-h:with headers\n' | tool kafka-console-producer --topic "$topic" --property parse.key=true --property key.separator=: --property parse.headers=true --property headers.delimiter='|' --compression-codec zstd
show() { tool kafka-console-consumer --topic "$topic" --property print.key=true --property print.partition=true --property print.offset=true --property print.headers=true "$@"; }
show --from-beginning --max-messages 11 | sort
echo "partition 0 from offset 1"; show --partition 0 --offset 1 --max-messages 2
tool kafka-get-offsets --topic "$topic"
tool kafka-get-offsets --topic "$topic" --time earliest
tool kafka-get-offsets --topic "$topic" --time max-timestamp | sed 's/:[0-9-]*$/:?/'
printf '{"version":1,"partitions":[{"topic":"%s","partition":0,"offset":2},{"topic":"%s","partition":1,"offset":99}]}' "$topic" "$topic" >delete.json
tool kafka-delete-records --offset-json-file delete.json | grep -v '^\s*at ' | sort
tool kafka-get-offsets --topic "$topic" --time earliest
tool kafka-producer-perf-test --topic "$topic" --num-records 2000 --record-size 100 --throughput -1 --producer-props "bootstrap.servers=$BOOTSTRAP" | grep -o '^2000 records sent'
for acks in 0 1 all; do tool kafka-producer-perf-test --topic "$topic" --num-records 100 --record-size 10 --throughput -1 --producer-props "bootstrap.servers=$BOOTSTRAP" acks=$acks | grep -o '^100 records sent'; done
sleep 1
tool kafka-get-offsets --topic "$topic" | awk -F: '{ sum += $3 } END { print "in all", sum }'
tool kafka-console-consumer --topic "$topic" --from-beginning --max-messages 2309 >consumed; tail -1 consumed
