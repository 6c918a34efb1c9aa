"""kafka-python: admin, producer, consumer alone and in pairs, commit and resume, faults."""
from common import BOOTSTRAP, PREFIX, say, tell, until

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

topic = PREFIX + "orders"
common = {"bootstrap_servers": BOOTSTRAP}


def create(admin, name, partitions=1, replicas=3):
    try:
        admin.create_topics([NewTopic(name=name, num_partitions=partitions, replication_factor=replicas)])
        return "created"
    except KafkaError as error:
        return type(error).__name__


def writing(name):
    producer = KafkaProducer(**common)
    until("metadata of " + name, lambda: producer.partitions_for(name))
    producer.close()


def write():
    for acks in (0, 1, "all"):
        producer = KafkaProducer(acks=acks, enable_idempotence=False, **common)
        producer.send(topic, key=b"acks", value=str(acks).encode(), partition=0, timestamp_ms=1_700_000_000_000)
        producer.flush(20)
        producer.close()
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        producer = KafkaProducer(compression_type=codec, **common)
        sent = [producer.send(topic, key=b"k%d" % i, value=codec.encode() * 20, partition=1, headers=[("trace", b"1"), ("trace", b"2")]) for i in range(3)]
        say(codec, [one.get(20).offset for one in sent])
        producer.close()


def read(group, n, members=1, name=topic):
    """Reads n records as members of a group, and commits."""
    consumers = [KafkaConsumer(name, group_id=PREFIX + group, auto_offset_reset="earliest", enable_auto_commit=False,
                               session_timeout_ms=10_000, heartbeat_interval_ms=500, **common) for _ in range(members)]
    seen = {}
    shares = []

    def turn():
        for consumer in consumers:
            for partition, records in consumer.poll(timeout_ms=200).items():
                for record in records:
                    seen[(partition.partition, record.offset)] = record
        shares[:] = sorted(len(consumer.assignment()) for consumer in consumers)
        return len(seen) >= n and (members == 1 or 0 not in shares)

    until("records", turn, 60)
    for consumer in consumers:
        consumer.commit()
        consumer.close(autocommit=False)
    return seen, shares


def offsets():
    consumer = KafkaConsumer(**common)
    parts = [TopicPartition(topic, p) for p in range(2)]
    say("beginning", [consumer.beginning_offsets(parts)[p] for p in parts], "end", [consumer.end_offsets(parts)[p] for p in parts])
    found = consumer.offsets_for_times({parts[0]: 1_700_000_000_000, parts[1]: 4_000_000_000_000})
    say("for times", found[parts[0]].offset if found[parts[0]] else None, found[parts[1]])
    consumer.assign(parts)
    consumer.seek(parts[0], 1)
    consumer.seek_to_end(parts[1])
    got = []
    until("two records", lambda: got.extend(r for rs in consumer.poll(timeout_ms=200).values() for r in rs) or len(got) >= 2)
    say("from offset 1", [(r.partition, r.offset, r.value.decode(), r.timestamp) for r in got])
    consumer.close()


def faults(admin):
    name = PREFIX + "survivors"
    create(admin, name)
    writing(name)
    producer = KafkaProducer(acks="all", max_block_ms=60_000, **common)

    def write_some(start, n):
        for i in range(start, start + n):
            producer.send(name, value=b"record-%d" % i).get(60)

    def leader():
        return admin.describe_topics([name])[0]["partitions"][0]["leader_id"]

    write_some(0, 30)
    dead = leader()
    tell(f"kill {dead}")
    write_some(30, 30)
    tell(f"start {dead}")
    write_some(60, 30)
    producer.close()
    seen, _ = read("judge", 90, name=name)
    say("acknowledged 90, found", len({r.value for r in seen.values()}))


def coordinator(admin):
    name = PREFIX + "queue"
    create(admin, name, 2)
    writing(name)
    producer = KafkaProducer(acks="all", **common)
    for i in range(20):
        producer.send(name, value=b"task-%d" % i, partition=i % 2).get(20)
    producer.close()
    consumer = KafkaConsumer(name, group_id=PREFIX + "steady", auto_offset_reset="earliest", enable_auto_commit=False, max_poll_records=1,
                             session_timeout_ms=10_000, heartbeat_interval_ms=500, **common)
    done = set()

    def work(n):
        for records in consumer.poll(timeout_ms=200).values():
            done.update(record.value for record in records)
            try:
                consumer.commit()
            except KafkaError:
                pass  # A rebalance took the partition: it comes again.
        return len(done) >= n

    until("half of it", lambda: work(10), 60)
    tell("kill coordinator of steady")
    until("all of it", lambda: work(20), 60)
    committed = sum(consumer.committed(TopicPartition(name, p)) for p in range(2))
    consumer.close(autocommit=False)
    tell("start it")
    say("through the coordinator's death", len(done), "committed", committed)


def deleted(name):
    # The controller may have gone with the broker that was killed: ask anew.
    admin = KafkaAdminClient(**common)
    try:
        admin.delete_topics([name])
    except KafkaError:
        pass
    gone = name not in admin.list_topics()
    admin.close()
    return gone


def main():
    admin = KafkaAdminClient(**common)
    say(create(admin, topic, 2), create(admin, topic, 2), create(admin, PREFIX + "wide", 1, 9), create(admin, PREFIX + "bad name"))
    writing(topic)
    say("listed", topic in admin.list_topics())
    write()
    offsets()
    seen, _ = read("alone", 15)
    record = seen[(1, 0)]
    say("alone", len(seen), record.key, len(record.value), record.headers)
    producer = KafkaProducer(**common)
    producer.send(topic, value=b"after", partition=0).get(20)
    producer.close()
    seen, _ = read("alone", 1)
    say("resumed", [r.value for r in seen.values()])
    seen, shares = read("pair", 16, 2)
    say("pair", len(seen), shares)
    faults(admin)
    coordinator(admin)
    admin.close()
    until("deletion", lambda: deleted(topic), 60)
    say("deleted")


main()
