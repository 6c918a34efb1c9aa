# kafka-consumer-groups beside kafka-console-consumer as a member.
. "$(dirname "$0")/java.sh"
topic=${PREFIX}work group=${PREFIX}workers
tool kafka-topics --create --topic "$topic" --partitions 2 --replication-factor 3
sleep 1
for i in $(seq 8); do echo "key-$i:value-$i"; done | tool kafka-console-producer --topic "$topic" --property parse.key=true --property key.separator=:
# Without the lines that have another width in each run.
columns() { grep -v '^$' | awk '{ print $1, $2, $3, $4, $5, $6 }' | sort; }
tool kafka-console-consumer --topic "$topic" --group "$group" --from-beginning --max-messages 8 | sort
tool kafka-consumer-groups --list | grep -c "^$group$"
tool kafka-consumer-groups --describe --group "$group" | columns
tool kafka-consumer-groups --describe --group "$group" --state | grep -v '^$' | awk '{ print $1, $4, $5, $6 }'
tool kafka-consumer-groups --reset-offsets --group "$group" --topic "$topic" --to-earliest --execute | columns
tool kafka-console-consumer --topic "$topic" --group "$group" --max-messages 8 | sort
tool kafka-consumer-groups --reset-offsets --group "$group" --topic "$topic:0" --shift-by -1 --execute | columns
tool kafka-console-consumer --topic "$topic" --group "$group" --timeout-ms 600000 >live 2>&1 &
live=$!
for _ in $(seq 20); do tool kafka-consumer-groups --describe --group "$group" --members >members; grep -q console-consumer- members && break; done
grep -v '^$' members | awk '{ print $1, $NF }'
tool kafka-consumer-groups --delete --group "$group" | grep -v '^\s*at ' | grep -o 'GroupNotEmptyException\|The group is not empty' | sort -u
tool kafka-consumer-groups --delete-offsets --group "$group" --topic "$topic" | grep -o 'GroupSubscribedToTopicException\|actively subscribed' | sort -u
kill "$(pgrep -P $live)"; wait $live 2>/dev/null
for _ in $(seq 20); do tool kafka-consumer-groups --describe --group "$group" --state >state; grep -q Empty state && break; done
tool kafka-consumer-groups --delete-offsets --group "$group" --topic "$topic" | columns
tool kafka-consumer-groups --delete --group "$group" | plain
tool kafka-consumer-groups --describe --group "$group"
