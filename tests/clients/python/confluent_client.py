"""confluent-kafka (librdkafka): admin, producer, consumer alone and in pairs, commit and resume, faults."""
from common import BOOTSTRAP, PREFIX, say, tell, until

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic, OffsetSpec, ResourceType

topic = PREFIX + "orders"
servers = {"bootstrap.servers": ",".join(BOOTSTRAP)}
admin = AdminClient(servers)


def outcome(futures):
    try:
        return [f.result(20) for f in futures.values()][0] or "done"
    except KafkaException as error:
        return error.args[0].name()


def at_controller(ask):
    """The answer of the controller: an admin client keeps to the one that its last metadata named, and asks
    for metadata when it is told to, or every five minutes."""
    def answer():
        admin.list_topics(timeout=10)
        said = ask()
        return None if said == "NOT_CONTROLLER" else said

    return until("the controller of now", answer, 60)


def create(name, partitions=1, replicas=3):
    said = at_controller(lambda: outcome(admin.create_topics([NewTopic(name, partitions, replicas)])))
    if said == "done":
        until("leaders", lambda: all(p.leader > 0 for p in admin.list_topics(name, 20).topics[name].partitions.values()))
    return said


def send(settings, records, name=topic):
    producer = Producer({**servers, **settings})
    told = []
    for record in records:
        producer.produce(name, on_delivery=lambda error, message: told.append(str(error.name()) if error else message.offset()), **record)
    producer.flush(60)
    return told


def read(group, n, members=1, name=topic):
    consumers = [Consumer({**servers, "group.id": PREFIX + group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                           "session.timeout.ms": 6000, "heartbeat.interval.ms": 500}) for _ in range(members)]
    for consumer in consumers:
        consumer.subscribe([name])
    seen, shares = {}, []

    def turn():
        for consumer in consumers:
            message = consumer.poll(0.1)
            if message and not message.error():
                seen[(message.partition(), message.offset())] = message
        shares[:] = sorted(len(consumer.assignment()) for consumer in consumers)
        return len(seen) >= n and (members == 1 or 0 not in shares)

    until("records", turn, 60)
    for consumer in consumers:
        consumer.commit(asynchronous=False) if members == 1 else None
        consumer.close()
    return seen, shares


def configs():
    resource = ConfigResource(ResourceType.TOPIC, topic, set_config={"retention.ms": "300000000000"})
    say("alter", outcome(admin.alter_configs([resource])))
    found = until("the change", lambda: next(
        (c for c in [next(iter(admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values())).result(20)] if c["retention.ms"].value == "300000000000"), None))
    say("configs", found["retention.ms"].value, found["cleanup.policy"].value, found["segment.bytes"].is_default)


def faults():
    name = PREFIX + "survivors"
    create(name)
    producer = Producer({**servers, "acks": "all"})
    lost = []

    def write_some(start, n):
        for i in range(start, start + n):
            producer.produce(name, value=b"record-%d" % i, on_delivery=lambda error, _: lost.append(error) if error else None)
            producer.poll(0)
        producer.flush(60)

    write_some(0, 30)
    dead = admin.list_topics(name, 20).topics[name].partitions[0].leader
    tell(f"kill {dead}")
    write_some(30, 30)
    tell(f"start {dead}")
    write_some(60, 30)
    seen, _ = read("judge", 90, name=name)
    say("acknowledged", 90 - len(lost), "found", len({m.value() for m in seen.values()}))


def coordinator():
    name = PREFIX + "queue"
    create(name, 2)
    send({"acks": "all"}, [{"value": f"task-{i}", "partition": i % 2} for i in range(20)], name)
    consumer = Consumer({**servers, "group.id": PREFIX + "steady", "auto.offset.reset": "earliest", "enable.auto.commit": False,
                         "session.timeout.ms": 6000, "heartbeat.interval.ms": 500})
    consumer.subscribe([name])
    done = set()

    def work(n):
        message = consumer.poll(0.1)
        if message and not message.error():
            done.add(message.value())
            try:
                consumer.commit(message, asynchronous=False)
            except KafkaException:
                pass  # A rebalance took the partition: it comes again.
        return len(done) >= n

    until("half of it", lambda: work(10), 60)
    tell("kill coordinator of steady")
    until("all of it", lambda: work(20), 60)
    consumer.close()
    tell("start it")
    parts = [TopicPartition(name, p) for p in range(2)]
    reader = Consumer({**servers, "group.id": PREFIX + "steady"})
    say("through the coordinator's death", len(done), "committed", until("offsets", lambda: sum(p.offset for p in reader.committed(parts, 10))))
    reader.close()


def main():
    say(create(topic, 2), create(topic, 2), create(PREFIX + "wide", 1, 9), create(PREFIX + "bad name"))
    for acks in ("0", "1", "all"):
        say("acks", acks, len(send({"acks": acks}, [{"value": acks, "partition": 0, "timestamp": 1_700_000_000_000}])))
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        records = [{"key": f"k{i}", "value": codec * 20, "partition": 1, "headers": [("trace", b"1"), ("trace", None)]} for i in range(3)]
        say(codec, send({"compression.type": codec, "linger.ms": 50}, records))
    say("idempotent", send({"enable.idempotence": True}, [{"value": "once", "partition": 1}]))
    configs()
    seen, _ = read("alone", 16)
    message = seen[(1, 0)]
    say("alone", len(seen), message.key(), len(message.value()), message.headers())
    send({}, [{"value": "after", "partition": 0}])
    seen, _ = read("alone", 1)
    say("resumed", [m.value() for m in seen.values()])
    seen, shares = read("pair", 17, 2)
    say("pair", len(seen), shares)
    groups = admin.list_consumer_groups().result(20).valid
    say("groups", sorted(g.group_id for g in groups if g.group_id.startswith(PREFIX)))
    described = admin.describe_consumer_groups([PREFIX + "alone"])[PREFIX + "alone"].result(20)
    say("described", described.state.name, len(described.members))
    say("grown", outcome(admin.create_partitions([NewPartitions(topic, 4)])))
    say("deleted records", outcome(admin.delete_records([TopicPartition(topic, 0, 2)])).low_watermark)
    latest = admin.list_offsets({TopicPartition(topic, 0): OffsetSpec.latest()})
    say("latest", [f.result(20).offset for f in latest.values()])
    say("delete group", outcome(admin.delete_consumer_groups([PREFIX + "pair"])), outcome(admin.delete_consumer_groups([PREFIX + "nobody"])))
    faults()
    coordinator()
    say("deleted", at_controller(lambda: outcome(admin.delete_topics([topic]))))


main()
