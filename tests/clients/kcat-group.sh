# A group of kcat's balanced consumer: from the start, resumed, and rid of its members.
topic=${PREFIX}queue
for i in 1 2 3 4 5; do printf 'k%s:v%s\n' $i $i; done | kcat -b "$BOOTSTRAP" -P -t "$topic" -p 0 -K :
read_group() { timeout 40 kcat -b "$BOOTSTRAP" -G "${PREFIX}workers" -q -X auto.offset.reset=earliest -X session.timeout.ms=6000 "$@" -f '%o %k=%s\n' "$topic"; }
echo "three of the group"; read_group -c 3
echo "the rest"; read_group -c 2
printf 'k6:v6\n' | kcat -b "$BOOTSTRAP" -P -t "$topic" -p 0 -K :
echo "one more"; read_group -c 1
echo "another group"; timeout 40 kcat -b "$BOOTSTRAP" -G "${PREFIX}others" -q -X auto.offset.reset=earliest -c 6 -f '%o %k=%s\n' "$topic"

# What goes on when a leader and a coordinator die: every acknowledged record is read, once by the group.
tell() { echo "@ $*"; read -r answer; [ "$answer" = ok ] || echo "$answer"; }
topic=${PREFIX}survivors
leader() { kcat -b "$BOOTSTRAP" -L -t "$topic" | sed -nE 's/.*partition 0, leader ([0-9]+).*/\1/p'; }
write() { seq "$1" "$2" | kcat -b "$BOOTSTRAP" -P -t "$topic" -p 0 -X acks=all </dev/stdin; }
write 1 10
dead=$(leader)
tell kill "$dead"
write 11 20
tell start "$dead"
write 21 30
echo "survived"; timeout 40 kcat -b "$BOOTSTRAP" -C -t "$topic" -p 0 -o beginning -e -q | sort -nu | wc -l
read_tasks() { timeout 60 kcat -b "$BOOTSTRAP" -G "${PREFIX}steady" -q -X auto.offset.reset=earliest -X session.timeout.ms=6000 "$@" "$topic" </dev/null; }
echo "before"; read_tasks -c 10 | wc -l
tell kill coordinator of steady
echo "after"; read_tasks -c 20 | wc -l
tell start it
