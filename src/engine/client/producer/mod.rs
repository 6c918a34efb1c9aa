//! The producer: takes records, batches them per partition, sends them, and calls back.
//!
//! Kafka's `KafkaProducer`, without transactions. `send` blocks its caller while the topic is unknown
//! or memory is used up, for at most `max.block.ms`; here the caller asks [`Producer::is_blocked`].
//! Records are numbered by the caller, from 0; each number is acked or failed exactly once.

pub mod partitioner;
pub mod batch;
pub mod accumulator;
pub mod idempotence;
mod sender;
mod identity;

use std::collections::{BTreeMap, VecDeque};

use crate::engine::client::alarm::{Alarms, Deadline, earliest};
use crate::engine::client::metadata;
use crate::engine::client::network_client::NetworkClient;
use crate::engine::command::Acks;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{
    BrokerId, CorrelationId, EventId, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Response;
use crate::engine::record::batch::Codec;
use crate::engine::time::Micros;

use accumulator::{Limits, NewRecord, RecordAccumulator};
use batch::{ProducerBatch, Run};
use idempotence::Idempotence;
use identity::Asking;
use partitioner::{Candidate, StickyPartitioner, partition_for_key};
use sender::Produced;

/// `max.block.ms`.
const MAX_BLOCK: Micros = Micros(60_000_000);
/// `max.request.size`.
const MAX_REQUEST_SIZE: u64 = 1_048_576;
/// REQUEST_TIMED_OUT: what Kafka's `TimeoutException` is on the wire.
const REQUEST_TIMED_OUT: i16 = 7;
/// MESSAGE_TOO_LARGE: what Kafka's `RecordTooLargeException` is on the wire.
const MESSAGE_TOO_LARGE: i16 = 10;
/// Partition of a record that failed before it had one (`RecordMetadata.UNKNOWN_PARTITION`).
const UNKNOWN_PARTITION: PartitionId = PartitionId(-1);

/// Settings of a producer, the ones of [`crate::engine::command::ProducerSpec`] that are the library's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerConfig {
    /// `acks`.
    pub acks: Acks,
    /// `batch.size`, `linger.ms`, `delivery.timeout.ms`.
    pub limits: Limits,
    /// `request.timeout.ms`.
    pub request_timeout: Micros,
    /// `retry.backoff.ms`.
    pub retry_backoff: Micros,
    /// `max.in.flight.requests.per.connection`.
    pub max_in_flight: u32,
    /// `enable.idempotence`, as it takes effect.
    pub idempotent: bool,
    /// `compression.type`.
    pub codec: Codec,
}

/// A record that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerRecord {
    /// Its number in the producer's own numbering.
    pub number: u64,
    /// Its key.
    pub key: Option<Text>,
    /// Its value.
    pub value: Text,
    /// Its partition, when given.
    pub partition: Option<PartitionId>,
}

/// Callbacks so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records whose callback said success.
    pub acked: u64,
    /// Records whose callback said failure.
    pub failed: u64,
}

/// Where bulk records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Where the sticky partitioner says.
    Sticky,
    /// One partition.
    Partition(PartitionId),
}

/// Key and value of a record being made, reused from record to record.
#[derive(Clone, Debug, Default)]
pub struct RecordBuffer {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Vec<u8>,
}

/// What an answer is for.
#[derive(Clone, Debug)]
enum Asked {
    /// An id of its own.
    ProducerId,
    /// Batches.
    Produce(Produced),
}

/// A producer of one topic.
#[derive(Clone, Debug)]
pub struct Producer {
    topic: TopicName,
    config: ProducerConfig,
    network: NetworkClient<Asked>,
    accumulator: RecordAccumulator,
    sticky: StickyPartitioner,
    /// Batches that wait for an answer, by id.
    in_flight: BTreeMap<u64, ProducerBatch>,
    /// Records whose `send` blocks, and when the first began to.
    blocked: VecDeque<ProducerRecord>,
    blocked_since: Option<Deadline>,
    alarms: Alarms,
    counts: Counts,
    idempotence: Idempotence,
    asking: Asking,
    /// First event of this handler run that told of records: what is sent at once names it or a later
    /// one as its cause.
    fresh: Option<EventId>,
}

impl Producer {
    /// A producer that knows only its bootstrap brokers.
    #[must_use]
    pub fn new(topic: TopicName, config: ProducerConfig, bootstrap: Vec<BrokerId>) -> Producer {
        Producer {
            topic,
            config,
            network: NetworkClient::new(bootstrap, config.request_timeout),
            accumulator: RecordAccumulator::default(),
            sticky: StickyPartitioner::default(),
            in_flight: BTreeMap::new(),
            blocked: VecDeque::new(),
            blocked_since: None,
            alarms: Alarms::default(),
            counts: Counts::default(),
            idempotence: Idempotence::default(),
            asking: Asking::default(),
            fresh: None,
        }
    }

    /// Begins to look for the topic.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        let topic = self.topic.clone();
        self.network.metadata.want(ctx, &topic);
        self.run(ctx);
    }

    /// Takes new settings; they hold for batches sent from now on.
    pub fn configure(&mut self, ctx: &mut Ctx<'_>, config: ProducerConfig) {
        self.config = config;
        self.network.set_request_timeout(config.request_timeout);
        self.run(ctx);
    }

    /// Partitions of the topic, once it is known.
    #[must_use]
    pub fn partitions(&self) -> Option<u32> {
        let topic = self.network.metadata.topic(&self.topic)?;
        u32::try_from(topic.partitions.len()).ok().filter(|count| *count > 0)
    }

    /// Whether the caller's thread is in a `send` that has not returned.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.blocked.is_empty()
    }

    /// Callbacks so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Batches sent and not answered.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX)
    }

    /// Records that wait, per partition that ever had any.
    #[must_use]
    pub fn queued(&self) -> Vec<(PartitionId, u32)> {
        self.accumulator.queued_records()
    }

    /// Takes one record. It may block; then later records wait behind it.
    pub fn send(&mut self, ctx: &mut Ctx<'_>, record: ProducerRecord) {
        self.blocked.push_back(record);
        self.unblock(ctx);
    }

    /// Takes up to `count` records numbered from `first`, made by `fill`, and tells of each
    /// partition's run in one event. Returns how many were taken: fewer when memory is used up.
    /// The topic must be known and nothing blocked.
    pub fn send_bulk(
        &mut self,
        ctx: &mut Ctx<'_>,
        first: u64,
        count: u32,
        target: Target,
        fill: &mut dyn FnMut(u64, &mut RecordBuffer),
    ) -> u32 {
        let mut buffer = RecordBuffer::default();
        let mut taken = 0;
        while taken < count {
            let number = first + u64::from(taken);
            let partition = match target {
                Target::Partition(partition) => partition,
                Target::Sticky => self.choose_sticky(ctx),
            };
            let wanted = Run { first: number, count: count - taken };
            let run = self.append_run(ctx, wanted, partition, target, &mut buffer, fill);
            if run == 0 {
                break;
            }
            taken += run;
        }
        taken
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        match self.network.on_response(ctx, broker, correlation, body) {
            Some((Asked::Produce(produced), Response::Produce(response))) => {
                self.complete(ctx, &produced, &response);
            }
            Some((Asked::ProducerId, Response::InitProducerId(response))) => {
                self.on_producer_id(ctx, &response);
            }
            _ => {}
        }
        self.run(ctx);
    }

    /// A timer fired. True when it was the producer's.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) -> bool {
        let fired = self.alarms.fired(ctx.now, timer);
        if fired {
            self.run(ctx);
        }
        fired
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        let failed = self.network.on_connection_lost(ctx, broker);
        self.retry_all(ctx, failed);
        self.run(ctx);
    }

    /// Does everything that has become possible, and sets timers for the rest.
    pub fn run(&mut self, ctx: &mut Ctx<'_>) {
        for failed in self.network.close_overdue(ctx) {
            self.retry_all(ctx, failed);
        }
        self.expire(ctx);
        self.unblock(ctx);
        self.network.poll(ctx);
        self.settle_sequences();
        self.ask_for_producer_id(ctx);
        self.send_ready(ctx);
        self.arm(ctx);
        self.fresh = None;
    }

    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let limits = self.config.limits;
        let backoff =
            earliest(self.network.next_poll(ctx.now), self.accumulator.next_retry(ctx.now));
        let backoff = earliest(backoff, self.next_ask(ctx.now));
        let linger = self.accumulator.next_linger(ctx.now, limits);
        let timeout = self.network.next_timeout();
        let sent =
            self.in_flight.values().next().map(|batch| batch.expiry(limits.delivery_timeout));
        let blocked = self.blocked_since.map(|b| Deadline { at: b.at + MAX_BLOCK, ..b });
        let delivery = earliest(earliest(sent, self.accumulator.next_expiry(limits)), blocked);
        self.alarms.arm(ctx, TimerPurpose::Backoff, backoff);
        self.alarms.arm(ctx, TimerPurpose::Linger, linger);
        self.alarms.arm(ctx, TimerPurpose::RequestTimeout, timeout);
        self.alarms.arm(ctx, TimerPurpose::DeliveryTimeout, delivery);
    }

    /// Lets blocked sends go on as far as they can.
    fn unblock(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(record) = self.blocked.pop_front() {
            if self.admit(ctx, &record) {
                self.blocked_since = None;
                continue;
            }
            let cause = ctx.timer_cause();
            let since = *self.blocked_since.get_or_insert(Deadline { at: ctx.now, cause });
            if since.at + MAX_BLOCK > ctx.now {
                self.blocked.push_front(record);
                return;
            }
            self.blocked_since = None;
            let unknown = TopicPartition::new(&self.topic, UNKNOWN_PARTITION);
            self.fail_records(ctx, unknown, record.number, 1, REQUEST_TIMED_OUT);
        }
    }

    /// Gives one record its partition and its place in a batch; false when it has to wait.
    fn admit(&mut self, ctx: &mut Ctx<'_>, record: &ProducerRecord) -> bool {
        let Some(partitions) = self.partitions() else { return false };
        let target = match (record.partition, &record.key) {
            (Some(given), _) if given.0 < 0 || given.0.cast_unsigned() >= partitions => {
                return false;
            }
            (Some(given), _) => Target::Partition(given),
            (None, Some(key)) => Target::Partition(partition_for_key(key.as_bytes(), partitions)),
            (None, None) => Target::Sticky,
        };
        let key = record.key.as_ref().map(|key| key.as_bytes().to_vec());
        let value = record.value.as_bytes().to_vec();
        let size = value.len() + key.as_ref().map_or(0, Vec::len);
        if u64::try_from(size).is_ok_and(|size| size < MAX_REQUEST_SIZE - 100) {
            let mut fill = |_: u64, buffer: &mut RecordBuffer| {
                *buffer = RecordBuffer { key: key.clone(), value: value.clone() };
            };
            return self.send_bulk(ctx, record.number, 1, target, &mut fill) == 1;
        }
        let unknown = TopicPartition::new(&self.topic, UNKNOWN_PARTITION);
        self.fail_records(ctx, unknown, record.number, 1, MESSAGE_TOO_LARGE);
        true
    }

    fn choose_sticky(&mut self, ctx: &mut Ctx<'_>) -> PartitionId {
        let batch_size = self.config.limits.batch_size;
        let full = match self.sticky.current() {
            None => true,
            Some(current) => {
                let partition = TopicPartition::new(&self.topic, current);
                self.accumulator.queue(&partition).is_full(batch_size)
            }
        };
        let (network, accumulator, topic) = (&self.network, &self.accumulator, &self.topic);
        let candidates = || candidates(network, accumulator, topic);
        self.sticky.choose(ctx, batch_size, full, candidates)
    }

    /// Appends records of one run to one partition, until the sticky partition changes or memory is
    /// used up, and tells of them. Returns how many.
    fn append_run(
        &mut self,
        ctx: &mut Ctx<'_>,
        wanted: Run,
        partition: PartitionId,
        target: Target,
        buffer: &mut RecordBuffer,
        fill: &mut dyn FnMut(u64, &mut RecordBuffer),
    ) -> u32 {
        let limits = self.config.limits;
        let timestamp_ms = ctx.wall_ms();
        let partition = TopicPartition::new(&self.topic, partition);
        let mut queue = self.accumulator.queue(&partition);
        let first = wanted.first;
        let mut count = 0;
        while count < wanted.count {
            let number = first + u64::from(count);
            fill(number, buffer);
            let (key, value) = (buffer.key.as_deref(), Some(buffer.value.as_slice()));
            let record = NewRecord { number, timestamp_ms, key, value };
            let Some(added) = queue.append(ctx.now, limits, record) else { break };
            count += 1;
            if target == Target::Sticky {
                self.sticky.produced(added);
                if self.sticky.is_due(limits.batch_size, queue.is_full(limits.batch_size)) {
                    break;
                }
            }
        }
        if count > 0 {
            let (key, value) = if count == 1 { texts(buffer) } else { (None, None) };
            let partition = partition.clone();
            let event = ctx.emit(EventKind::RecordsQueued { partition, first, count, key, value });
            queue.told_by(event);
            self.fresh.get_or_insert(event);
        }
        count
    }

    fn fail_records(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: TopicPartition,
        first: u64,
        count: u32,
        error: i16,
    ) -> EventId {
        self.counts.failed += u64::from(count);
        ctx.emit(EventKind::RecordsFailed { partition, first, count, error })
    }
}

/// Partitions that the sticky partitioner may choose: those with a leader, or all when none has one.
fn candidates(
    network: &NetworkClient<Asked>,
    accumulator: &RecordAccumulator,
    topic: &TopicName,
) -> Vec<Candidate> {
    let Some(known) = network.metadata.topic(topic) else { return Vec::new() };
    let led = known.partitions.iter().any(|partition| partition.leader.is_some());
    metadata::numbered(known)
        .filter(|(_, partition)| partition.leader.is_some() || !led)
        .map(|(partition, _)| Candidate {
            partition,
            queued: accumulator.queued_batches(&TopicPartition::new(topic, partition)),
        })
        .collect()
}

fn texts(buffer: &RecordBuffer) -> (Option<Text>, Option<Text>) {
    let text = |bytes: &[u8]| Text::from(String::from_utf8_lossy(bytes));
    (buffer.key.as_deref().map(text), Some(text(&buffer.value)))
}
