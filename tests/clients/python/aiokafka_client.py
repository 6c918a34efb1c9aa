"""aiokafka: admin, producer, consumer alone and in pairs, commit and resume, faults."""
import asyncio
import logging

from common import BOOTSTRAP, PREFIX, say, tell

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, NotControllerError

logging.disable(logging.CRITICAL)
topic = PREFIX + "orders"
common = {"bootstrap_servers": BOOTSTRAP}


async def until(what, condition, seconds=60):
    for _ in range(seconds * 10):
        found = await condition()
        if found:
            return found
        await asyncio.sleep(0.1)
    raise RuntimeError(f"{what}: not within {seconds} s")


async def at_controller(ask):
    """The answer of the controller of now: an admin client keeps to the one that it found when it started."""
    answers = []

    async def answered():
        fresh = AIOKafkaAdminClient(**common)
        await fresh.start()
        answers[:] = [await ask(fresh)]
        await fresh.close()
        return answers[0] != NotControllerError.errno

    await until("the controller", answered)
    return answers[0]


async def create(admin, name, partitions=1, replicas=3):
    async def asked(fresh):
        said = await fresh.create_topics([NewTopic(name, partitions, replicas)])
        return said.topic_errors[0][1]

    code = await at_controller(asked)

    async def led():
        found = (await admin.describe_topics([name]))[0]
        return found["partitions"] and all(p["leader"] > 0 and p["error_code"] == 0 for p in found["partitions"])

    if code == 0:
        await until("leaders", led)
        await asyncio.sleep(0.3)
    return code


async def send(records, name=topic, **settings):
    producer = AIOKafkaProducer(**common, **settings)
    await producer.start()
    said = [await producer.send_and_wait(name, **record) for record in records]
    await producer.stop()
    return [s.offset if s else None for s in said]


async def read(group, n, members=1, name=topic):
    consumers = [AIOKafkaConsumer(name, group_id=PREFIX + group, auto_offset_reset="earliest", enable_auto_commit=False,
                                  session_timeout_ms=6000, heartbeat_interval_ms=500, **common) for _ in range(members)]
    for consumer in consumers:
        await consumer.start()
    seen, shares = {}, []

    async def turn():
        for consumer in consumers:
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    seen[(partition.partition, record.offset)] = record
        shares[:] = sorted(len(consumer.assignment()) for consumer in consumers)
        return len(seen) >= n and (members == 1 or 0 not in shares)

    await until("records", turn)
    for consumer in consumers:
        if members == 1:
            await consumer.commit()
        await consumer.stop()
    return seen, shares


async def offsets():
    consumer = AIOKafkaConsumer(**common)
    await consumer.start()
    part = TopicPartition(topic, 0)
    consumer.assign([part])
    say("offsets", (await consumer.beginning_offsets([part]))[part], (await consumer.end_offsets([part]))[part])
    say("for a time", (await consumer.offsets_for_times({part: 1_700_000_000_000}))[part].offset)
    consumer.seek(part, 1)
    record = await consumer.getone()
    say("from offset 1", record.offset, record.timestamp)
    await consumer.stop()


async def faults(admin):
    name = PREFIX + "survivors"
    await create(admin, name)
    producer = AIOKafkaProducer(acks="all", **common)
    await producer.start()

    async def write_some(start, n):
        for i in range(start, start + n):
            await producer.send_and_wait(name, value=b"record-%d" % i)

    await write_some(0, 30)
    dead = (await admin.describe_topics([name]))[0]["partitions"][0]["leader"]
    await asyncio.to_thread(tell, f"kill {dead}")
    await write_some(30, 30)
    await asyncio.to_thread(tell, f"start {dead}")
    await write_some(60, 30)
    await producer.stop()
    seen, _ = await read("judge", 90, name=name)
    say("acknowledged 90, found", len({r.value for r in seen.values()}))


async def coordinator(admin):
    name = PREFIX + "queue"
    await create(admin, name, 2)
    await send([{"value": b"task-%d" % i, "partition": i % 2} for i in range(20)], name, acks="all")
    consumer = AIOKafkaConsumer(name, group_id=PREFIX + "steady", auto_offset_reset="earliest", enable_auto_commit=False,
                                session_timeout_ms=6000, heartbeat_interval_ms=500, **common)
    await consumer.start()
    done = set()

    async def work(n):
        for records in (await consumer.getmany(timeout_ms=200, max_records=1)).values():
            done.update(record.value for record in records)
            try:
                await consumer.commit()
            except KafkaError:
                pass  # A rebalance took the partition: it comes again.
        return len(done) >= n

    await until("half of it", lambda: work(10))
    await asyncio.to_thread(tell, "kill coordinator of steady")
    await until("all of it", lambda: work(20))
    committed = sum([await consumer.committed(TopicPartition(name, p)) for p in range(2)])
    await consumer.stop()
    await asyncio.to_thread(tell, "start it")
    say("through the coordinator's death", len(done), "committed", committed)


async def main():
    admin = AIOKafkaAdminClient(**common)
    await admin.start()
    say("created", await create(admin, topic, 2), await create(admin, topic, 2), await create(admin, PREFIX + "wide", 1, 9))
    for acks in (0, 1, "all"):
        await send([{"value": str(acks).encode(), "partition": 0, "timestamp_ms": 1_700_000_000_000}], acks=acks)
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        say(codec, await send([{"key": b"k", "value": codec.encode() * 20, "partition": 1, "headers": [("trace", b"1")]}], compression_type=codec))
    say("idempotent", await send([{"value": b"once", "partition": 1}], enable_idempotence=True))
    await offsets()
    seen, _ = await read("alone", 8)
    record = seen[(1, 3)]
    say("alone", len(seen), record.key, len(record.value), record.headers)
    await send([{"value": b"after", "partition": 0}])
    seen, _ = await read("alone", 1)
    say("resumed", [r.value for r in seen.values()])
    seen, shares = await read("pair", 9, 2)
    say("pair", len(seen), shares)
    say("committed", sorted((p.partition, o.offset) for p, o in (await admin.list_consumer_group_offsets(PREFIX + "alone")).items()))
    say("listed", sorted(g[0] for g in await admin.list_consumer_groups() if g[0].startswith(PREFIX)))
    await faults(admin)
    await coordinator(admin)

    async def delete(fresh):
        said = await fresh.delete_topics([topic])
        return said.topic_error_codes[0][1]

    async def gone():
        return topic not in await admin.list_topics()

    await at_controller(delete)
    await until("deletion", gone)
    say("deleted")
    await admin.close()


asyncio.run(main())
