//! The producer: takes records, batches them per partition, sends them, and calls back.
//!
//! Kafka's `KafkaProducer`, without transactions. `send` blocks its caller while the topic is unknown
//! or memory is used up, for at most `max.block.ms`; here the caller asks [`Producer::is_blocked`].
//! Records are numbered by the caller, from 0; each number is acked or failed exactly once.

pub mod partitioner;
pub mod batch;
pub mod accumulator;
pub mod idempotence;
pub mod outcome;
pub mod watched;
mod choose;
mod sender;
mod identity;

use std::collections::{BTreeMap, VecDeque};

use crate::engine::client::alarm::{Alarms, Deadline, earliest};
use crate::engine::client::backoff::Backoff;
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
use batch::{ProducerBatch, Run, size_upper_bound};
use choose::Chooser;
pub use choose::Partitioning;
use idempotence::Idempotence;
use identity::Asking;
use outcome::{Failure, Outcomes};
use partitioner::partition_for_key;
use sender::Produced;

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
    /// `batch.size`, `linger.ms`, `delivery.timeout.ms`, `buffer.memory`.
    pub limits: Limits,
    /// `request.timeout.ms`.
    pub request_timeout: Micros,
    /// `metadata.max.age.ms`.
    pub metadata_max_age: Micros,
    /// `max.block.ms`.
    pub max_block: Micros,
    /// `max.request.size`.
    pub max_request_size: u64,
    /// `retries`.
    pub retries: u32,
    /// `retry.backoff.ms` and `retry.backoff.max.ms`.
    pub retry_backoff: Backoff,
    /// Who chooses partitions.
    pub partitioning: Partitioning,
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
    /// Where the partitioner says.
    Chosen,
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

/// Where bulk records come from.
struct Source<'a> {
    buffer: RecordBuffer,
    fill: &'a mut dyn FnMut(u64, &mut RecordBuffer),
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
    chooser: Chooser,
    /// Batches that wait for an answer, by id.
    in_flight: BTreeMap<u64, ProducerBatch>,
    /// Records whose `send` blocks, and when the first began to.
    blocked: VecDeque<ProducerRecord>,
    blocked_since: Option<Deadline>,
    alarms: Alarms,
    counts: Counts,
    outcomes: Outcomes,
    idempotence: Idempotence,
    asking: Asking,
    /// First event of this handler run that told of records: what is sent at once names it or a later
    /// one as its cause.
    fresh: Option<EventId>,
    rest: Rest,
}

/// Whether records that were only added to a batch under way can have anything sent.
#[derive(Clone, Copy, Debug)]
struct Rest {
    /// Until when nothing is due, as the last [`Producer::run`] left it.
    until: Micros,
    /// Whether a batch has begun or become full since, or one waits for its leader.
    disturbed: bool,
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
            chooser: Chooser::default(),
            in_flight: BTreeMap::new(),
            blocked: VecDeque::new(),
            blocked_since: None,
            alarms: Alarms::default(),
            counts: Counts::default(),
            outcomes: Outcomes::default(),
            idempotence: Idempotence::default(),
            asking: Asking::default(),
            fresh: None,
            rest: Rest { until: Micros(0), disturbed: true },
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
        self.network.metadata.set_max_age(config.metadata_max_age);
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
        let mut source = Source { buffer: RecordBuffer::default(), fill };
        let mut taken = 0;
        while taken < count {
            let wanted = Run { first: first + u64::from(taken), count: count - taken };
            let partition = self.place(ctx, target);
            let run = self.append_run(ctx, wanted, partition, target, true, &mut source);
            // A partitioner of one's own is told of a new batch, and asked once more.
            let run = run.unwrap_or_else(|| {
                self.on_new_batch(ctx, partition);
                let partition = self.place(ctx, target);
                let run = self.append_run(ctx, wanted, partition, target, false, &mut source);
                run.unwrap_or(0)
            });
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

    /// The same, after nothing but records that [`Producer::send_bulk`] took. Mostly there is nothing to
    /// do then: they joined a batch that has room for more, whose timers are set.
    pub fn run_with_more(&mut self, ctx: &mut Ctx<'_>) {
        if self.rest.disturbed || ctx.now >= self.rest.until || self.is_blocked() {
            self.run(ctx);
        }
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
        let blocked =
            self.blocked_since.map(|b| Deadline { at: b.at + self.config.max_block, ..b });
        let delivery = earliest(earliest(sent, self.accumulator.next_expiry(limits)), blocked);
        let first = earliest(earliest(backoff, linger), earliest(timeout, delivery));
        self.rest.until = first.map_or(Micros(u64::MAX), |deadline| deadline.at);
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
            if since.at + self.config.max_block > ctx.now {
                self.blocked.push_front(record);
                return;
            }
            self.blocked_since = None;
            let unknown = TopicPartition::new(&self.topic, UNKNOWN_PARTITION);
            let failure = self.why_blocked(&record);
            self.accumulator.give_up_waiting();
            self.fail_records(ctx, unknown, record.number, 1, &failure);
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
            (None, Some(key)) if !self.ignores_keys() => {
                Target::Partition(partition_for_key(key.as_bytes(), partitions))
            }
            (None, _) => Target::Chosen,
        };
        let key = record.key.as_ref().map(|key| key.as_bytes().to_vec());
        let value = record.value.as_bytes().to_vec();
        if let Some(failure) = self.too_large(size_upper_bound(key.as_deref(), Some(&value))) {
            let unknown = TopicPartition::new(&self.topic, UNKNOWN_PARTITION);
            self.fail_records(ctx, unknown, record.number, 1, &failure);
            return true;
        }
        let mut fill = |_: u64, buffer: &mut RecordBuffer| {
            *buffer = RecordBuffer { key: key.clone(), value: value.clone() };
        };
        self.send_bulk(ctx, record.number, 1, target, &mut fill) == 1
    }

    /// Appends records of one run to one partition, until another partition is due or memory is used
    /// up, and tells of them. Returns how many; `None` when the first would begin a batch of which the
    /// partitioner is told first.
    fn append_run(
        &mut self,
        ctx: &mut Ctx<'_>,
        wanted: Run,
        partition: PartitionId,
        target: Target,
        tells: bool,
        source: &mut Source<'_>,
    ) -> Option<u32> {
        let limits = self.config.limits;
        let timestamp_ms = ctx.wall_ms();
        let partition = TopicPartition::new(&self.topic, partition);
        let mut queue = self.accumulator.queue(&partition);
        let partitioning = self.config.partitioning;
        let most = if partitioning.is_by_record(target) { 1 } else { wanted.count };
        let first = wanted.first;
        let mut count = 0;
        while count < most {
            let number = first + u64::from(count);
            (source.fill)(number, &mut source.buffer);
            let made = &source.buffer;
            let (key, value) = (made.key.as_deref(), Some(made.value.as_slice()));
            let record = NewRecord { number, timestamp_ms, key, value };
            if partitioning.is_told_of_batches() && !queue.has_room(limits, record) {
                match count {
                    0 if tells => return None,
                    0 => {}
                    _ => break,
                }
            }
            let Some(added) = queue.append(ctx.now, limits, record) else { break };
            count += 1;
            if target == Target::Chosen
                && self.chooser.produced(partitioning, limits.batch_size, added, &queue)
            {
                break;
            }
        }
        if count > 0 {
            let (key, value) = if count == 1 { texts(&source.buffer) } else { (None, None) };
            let partition = partition.clone();
            let event = ctx.emit(EventKind::RecordsQueued { partition, first, count, key, value });
            self.rest.disturbed |= queue.has_begun_a_batch() || queue.is_full(limits.batch_size);
            queue.told_by(event);
            self.fresh.get_or_insert(event);
        }
        Some(count)
    }

    fn fail_records(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: TopicPartition,
        first: u64,
        count: u32,
        failure: &Failure,
    ) -> EventId {
        self.counts.failed += u64::from(count);
        let error = failure.error;
        self.outcomes.failed(&partition, first, count, failure);
        ctx.emit(EventKind::RecordsFailed { partition, first, count, error })
    }
}

fn texts(buffer: &RecordBuffer) -> (Option<Text>, Option<Text>) {
    let text = |bytes: &[u8]| Text::from(String::from_utf8_lossy(bytes));
    (buffer.key.as_deref().map(text), Some(text(&buffer.value)))
}
