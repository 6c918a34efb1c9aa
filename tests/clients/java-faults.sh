# Java's producer and consumer go on when a leader and a coordinator die.
. "$(dirname "$0")/java.sh"
topic=${PREFIX}survivors group=${PREFIX}steady
tell() { echo "@ $*"; read -r answer; [ "$answer" = ok ] || echo "$answer"; }
tool kafka-topics --create --topic "$topic" --partitions 1 --replication-factor 3
sleep 1
leader() { tool kafka-topics --describe --topic "$topic" </dev/null | sed -nE 's/.*Leader: ([0-9]+).*/\1/p'; }
dead=$(leader)
# Twenty records a second: the leader dies in the middle.
tool kafka-producer-perf-test --topic "$topic" --num-records 300 --record-size 20 --throughput 20 \
    --producer-props bootstrap.servers="$BOOTSTRAP" acks=all </dev/null >written 2>&1 &
writer=$!
for _ in $(seq 60); do tool kafka-get-offsets --topic "$topic" </dev/null | grep -qE ':[1-9][0-9]+$' && break; done
tell kill "$dead"
wait $writer
grep -o '^300 records sent' written
tell start "$dead"
for _ in $(seq 20); do tool kafka-topics --describe --topic "$topic" </dev/null | grep -qE 'Isr: [0-9],[0-9],[0-9]' && break; done
echo "in the log $(tool kafka-get-offsets --topic "$topic" </dev/null | cut -d: -f3)"
consume() { tool kafka-console-consumer --topic "$topic" --group "$group" "$@" </dev/null | tail -1; }
consume --from-beginning --max-messages 100
tell kill coordinator of steady
consume --max-messages 200
tool kafka-consumer-groups --describe --group "$group" </dev/null | awk '/survivors/ { print $4, $5, $6 }'
tell start it
