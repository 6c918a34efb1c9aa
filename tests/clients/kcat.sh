# Produces and consumes with kcat (librdkafka): $BOOTSTRAP, topics under $PREFIX.
topic=${PREFIX}plain
produce() { kcat -b "$BOOTSTRAP" -P -t "$topic" -p 0 "$@"; }
printf 'a:one\nb:two\nc:\n' | produce -K : -Z -H lang=en
for codec in gzip snappy lz4 zstd; do printf 'in %s\n' "$codec" | produce -z "$codec" -X acks=all; done
printf 'leader only\n' | produce -X acks=1
printf 'nobody\n' | produce -X acks=0
sleep 0.5
printf 'idempotent\n' | produce -X enable.idempotence=true
show() { kcat -b "$BOOTSTRAP" -C -t "$topic" -e -q -f '%o [%p] key=%k value=%s (%S bytes) headers=%h\n' "$@"; }
echo "from the beginning"; show
echo "from offset 2"; show -o 2
echo "the last one"; show -o -1
echo "three"; show -c 3
echo "offsets"; kcat -b "$BOOTSTRAP" -Q -t "$topic:0:-2"; kcat -b "$BOOTSTRAP" -Q -t "$topic:0:-1"; kcat -b "$BOOTSTRAP" -Q -t "$topic:0:0"
echo "metadata"; kcat -b "$BOOTSTRAP" -L -t "$topic" | grep -o -E '[0-9]+ (brokers|topics):|with [0-9]+ partitions'
echo "no such partition"; printf 'x\n' | timeout 20 kcat -b "$BOOTSTRAP" -P -t "$topic" -p 7 2>&1 | grep -o 'Unknown partition'
echo "a bad name"; kcat -b "$BOOTSTRAP" -L -t "${PREFIX}bad name" | grep -o -E 'Broker: .*'
