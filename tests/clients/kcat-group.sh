# A group of kcat's balanced consumer: from the start, resumed, and rid of its members.
topic=${PREFIX}queue
for i in 1 2 3 4 5; do printf 'k%s:v%s\n' $i $i; done | kcat -b "$BOOTSTRAP" -P -t "$topic" -p 0 -K :
read_group() { timeout 40 kcat -b "$BOOTSTRAP" -G "${PREFIX}workers" -q -X auto.offset.reset=earliest -X session.timeout.ms=6000 "$@" -f '%o %k=%s\n' "$topic"; }
echo "three of the group"; read_group -c 3
echo "the rest"; read_group -c 2
printf 'k6:v6\n' | kcat -b "$BOOTSTRAP" -P -t "$topic" -p 0 -K :
echo "one more"; read_group -c 1
echo "another group"; timeout 40 kcat -b "$BOOTSTRAP" -G "${PREFIX}others" -q -X auto.offset.reset=earliest -c 6 -f '%o %k=%s\n' "$topic"
