//! The producer program: makes records at a rate, and sends what it is handed.
//!
//! It has one thread, as an ordinary application has: while a `send` blocks (topic unknown, memory used
//! up) it makes nothing, and does not catch up afterwards. Records are numbered in the order in which
//! they are handed to the library. With keys, the records of one tick are handed over partition by
//! partition, so that numbers of one partition stay together; the keys of a tick are still the next
//! ones in turn.

use std::collections::BTreeMap;

use crate::engine::client::alarm::Alarms;
use crate::engine::client::backoff::Backoff;
use crate::engine::client::producer::accumulator::Limits;
use crate::engine::client::producer::partitioner::partition_for_key;
use crate::engine::client::producer::{
    Partitioning, Producer, ProducerConfig, ProducerRecord, RecordBuffer, Target,
};
use crate::engine::command::{Acks, Keys, ProducerSpec, RecordSpec};
use crate::engine::error::ConfigError;
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{BrokerId, CorrelationId, PartitionId, Text, TopicName};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Response;
use crate::engine::time::Micros;

use super::schedule::Schedule;
use super::settings;
use super::values::{Values, write_key};

/// How a producer program stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerStatus {
    /// Where it writes.
    pub topic: TopicName,
    /// `acks`.
    pub acks: Acks,
    /// Records a second.
    pub rate: u32,
    /// Records waiting in the accumulator, per partition that ever had any.
    pub queued: Vec<(PartitionId, u32)>,
    /// Batches sent and not answered.
    pub in_flight: u32,
    /// Records taken.
    pub sent: u64,
    /// Records whose callback said success.
    pub acked: u64,
    /// Records whose callback said failure.
    pub failed: u64,
}

/// A producer program.
#[derive(Clone, Debug)]
pub struct ProducerApp {
    name: Text,
    spec: ProducerSpec,
    producer: Producer,
    first_record: u64,
    next_record: u64,
    /// Records made by itself, which `limit` counts.
    generated: u64,
    /// Position in the cycle of keys.
    next_key: u64,
    values: Values,
    pace: Pace,
    alarms: Alarms,
}

/// What the program's thread does about its rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Nothing to make, or the rate is new and its schedule not begun.
    Resting,
    /// Makes records.
    Running(Schedule),
    /// In a `send` that has not returned, with a record it made itself.
    Blocked,
}

impl ProducerApp {
    /// A program that has not started yet.
    #[must_use]
    pub fn new(
        name: &Text,
        mut spec: ProducerSpec,
        bootstrap: Vec<BrokerId>,
        first_record: u64,
    ) -> ProducerApp {
        settings::raise_delivery_timeout(&mut spec);
        let producer = Producer::new(spec.topic.clone(), config(&spec), bootstrap);
        ProducerApp {
            name: name.clone(),
            values: Values::new(name, spec.value_bytes),
            spec,
            producer,
            first_record,
            next_record: first_record,
            generated: 0,
            next_key: 0,
            pace: Pace::Resting,
            alarms: Alarms::default(),
        }
    }

    /// Starts to look for its topic and to make records.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.producer.start(ctx);
        self.go_on(ctx);
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        self.producer.on_response(ctx, broker, correlation, body);
        self.go_on(ctx);
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        if self.alarms.fired(ctx.now, timer) || self.producer.on_timer(ctx, timer) {
            self.go_on(ctx);
        }
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        self.producer.on_connection_lost(ctx, broker);
        self.go_on(ctx);
    }

    /// Sends records that were handed to it, in order.
    pub fn send(&mut self, ctx: &mut Ctx<'_>, records: &[RecordSpec]) {
        for record in records {
            let RecordSpec { key, value, partition } = record.clone();
            let number = self.take_number();
            self.producer.send(ctx, ProducerRecord { number, key, value, partition });
        }
        self.producer.run(ctx);
        self.go_on(ctx);
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// See [`settings::set_producer`]; then nothing changed.
    pub fn set(&mut self, ctx: &mut Ctx<'_>, key: &str, value: &str) -> Result<(), ConfigError> {
        let before = self.spec.clone();
        settings::set_producer(&mut self.spec, key, value)?;
        if self.spec.rate != before.rate && self.pace != Pace::Blocked {
            self.pace = Pace::Resting;
        }
        self.values = Values::new(&self.name, self.spec.value_bytes);
        self.producer.configure(ctx, config(&self.spec));
        self.go_on(ctx);
        Ok(())
    }

    /// Its settings as they are now.
    #[must_use]
    pub fn spec(&self) -> &ProducerSpec {
        &self.spec
    }

    /// Number of its next record.
    #[must_use]
    pub fn next_record(&self) -> u64 {
        self.next_record
    }

    /// The client library that it uses.
    #[must_use]
    pub fn library(&self) -> &Producer {
        &self.producer
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> ProducerStatus {
        let counts = self.producer.counts();
        ProducerStatus {
            topic: self.spec.topic.clone(),
            acks: self.spec.acks,
            rate: self.spec.rate,
            queued: self.producer.queued(),
            in_flight: self.producer.in_flight(),
            sent: self.next_record - self.first_record,
            acked: counts.acked,
            failed: counts.failed,
        }
    }

    /// Makes what is due, sends it, and sets the timer for the next tick.
    fn go_on(&mut self, ctx: &mut Ctx<'_>) {
        if self.spec.rate == 0 || self.left() == 0 {
            self.pace = Pace::Resting;
            return;
        }
        if self.producer.is_blocked() {
            if let Pace::Running(_) = self.pace {
                self.pace = Pace::Resting;
            }
            return;
        }
        let (rate, cause) = (self.spec.rate, ctx.timer_cause());
        let mut schedule = match self.pace {
            Pace::Running(schedule) => schedule,
            Pace::Resting => Schedule::new(ctx.now, rate, 0, cause),
            Pace::Blocked => Schedule::new(ctx.now, rate, 1, cause),
        };
        let due = schedule.tick(ctx.now).min(self.left());
        self.pace = Pace::Running(schedule);
        if due > 0 {
            self.generate(ctx, due);
            self.producer.run_with_more(ctx);
        }
        if self.producer.is_blocked() {
            self.pace = Pace::Blocked;
        } else if self.left() > 0 {
            self.alarms.arm(ctx, TimerPurpose::ProduceTick, Some(schedule.next_tick()));
        }
    }

    /// Records that it may still make.
    fn left(&self) -> u64 {
        match self.spec.limit {
            0 => u64::MAX,
            limit => limit.saturating_sub(self.generated),
        }
    }

    /// Makes `count` records, as far as memory lets it; the one that finds no room blocks.
    fn generate(&mut self, ctx: &mut Ctx<'_>, count: u64) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let values = self.values.clone();
        let Some(partitions) = self.producer.partitions() else {
            let key = self.key_index(0);
            self.next_key = self.key_index(1).unwrap_or(0);
            self.block(ctx, &values, key);
            return;
        };
        match self.spec.keys {
            Keys::None => {
                let mut fill =
                    |number: u64, buffer: &mut RecordBuffer| values.write(number, buffer);
                let first = self.next_record;
                let taken = self.producer.send_bulk(ctx, first, count, Target::Chosen, &mut fill);
                self.made(taken);
                if taken < count {
                    self.block(ctx, &values, None);
                }
            }
            Keys::Cycle(_) if self.producer.ignores_keys() => {
                self.generate_in_turn(ctx, &values, count);
            }
            Keys::Cycle(_) => self.generate_keyed(ctx, &values, count, partitions),
        }
    }

    /// Records with keys that have no say in where they go.
    fn generate_in_turn(&mut self, ctx: &mut Ctx<'_>, values: &Values, count: u32) {
        let first = self.next_record;
        let keys: Vec<u64> =
            (0..u64::from(count)).map(|step| self.key_index(step).unwrap_or(0)).collect();
        let key = |number: u64| {
            let place = usize::try_from(number - first).ok();
            place.and_then(|place| keys.get(place)).copied().unwrap_or(0)
        };
        let mut fill = |number: u64, buffer: &mut RecordBuffer| {
            values.write(number, buffer);
            write_key(key(number), buffer);
        };
        let taken = self.producer.send_bulk(ctx, first, count, Target::Chosen, &mut fill);
        let refused = self.key_index(u64::from(taken));
        self.next_key = self.key_index(u64::from(count)).unwrap_or(0);
        self.made(taken);
        if taken < count {
            self.block(ctx, values, refused);
        }
    }

    fn generate_keyed(&mut self, ctx: &mut Ctx<'_>, values: &Values, count: u32, partitions: u32) {
        let mut groups: BTreeMap<PartitionId, Vec<u64>> = BTreeMap::new();
        let mut buffer = RecordBuffer::default();
        for step in 0..u64::from(count) {
            let Some(index) = self.key_index(step) else { return };
            write_key(index, &mut buffer);
            let key = buffer.key.as_deref().unwrap_or_default();
            groups.entry(partition_for_key(key, partitions)).or_default().push(index);
        }
        self.next_key = self.key_index(u64::from(count)).unwrap_or(0);
        for (partition, keys) in groups {
            let start = self.next_record;
            let mut fill = |number: u64, buffer: &mut RecordBuffer| {
                values.write(number, buffer);
                let place = usize::try_from(number - start).unwrap_or(usize::MAX);
                write_key(keys.get(place).copied().unwrap_or(0), buffer);
            };
            let wanted = u32::try_from(keys.len()).unwrap_or(u32::MAX);
            let (first, target) = (self.next_record, Target::Partition(partition));
            let taken = self.producer.send_bulk(ctx, first, wanted, target, &mut fill);
            self.made(taken);
            if taken < wanted {
                let refused = usize::try_from(taken).ok().and_then(|index| keys.get(index));
                self.block(ctx, values, refused.copied());
                return;
            }
        }
    }

    /// Calls `send` for one record that will block.
    fn block(&mut self, ctx: &mut Ctx<'_>, values: &Values, key: Option<u64>) {
        let mut buffer = RecordBuffer::default();
        let number = self.take_number();
        self.generated += 1;
        values.write(number, &mut buffer);
        let key = key.map(|index| {
            write_key(index, &mut buffer);
            Text::from(String::from_utf8_lossy(buffer.key.as_deref().unwrap_or_default()))
        });
        let value = Text::from(String::from_utf8_lossy(&buffer.value));
        self.producer.send(ctx, ProducerRecord { number, key, value, partition: None });
    }

    /// The key `step` records on; `None` without keys.
    fn key_index(&self, step: u64) -> Option<u64> {
        match self.spec.keys {
            Keys::None => None,
            Keys::Cycle(keys) => Some((self.next_key + step) % u64::from(keys.max(1))),
        }
    }

    fn made(&mut self, count: u32) {
        self.next_record += u64::from(count);
        self.generated += u64::from(count);
    }

    fn take_number(&mut self) -> u64 {
        self.next_record += 1;
        self.next_record - 1
    }
}

/// The library's settings among those of a program.
pub(super) fn config(spec: &ProducerSpec) -> ProducerConfig {
    ProducerConfig {
        acks: spec.acks,
        limits: Limits {
            batch_size: spec.batch_size.min(settings::BATCH_SIZE_MAX),
            linger: Micros::from_ms(spec.linger_ms),
            delivery_timeout: Micros::from_ms(spec.delivery_timeout_ms),
            buffer_memory: spec.buffer_memory,
        },
        request_timeout: Micros::from_ms(spec.request_timeout_ms),
        metadata_max_age: Micros::from_ms(spec.metadata_max_age_ms),
        max_block: Micros::from_ms(spec.max_block_ms),
        max_request_size: u64::from(spec.max_request_size),
        retries: spec.retries,
        retry_backoff: Backoff::retry(
            Micros::from_ms(spec.retry_backoff_ms),
            Micros::from_ms(spec.retry_backoff_max_ms),
        ),
        partitioning: Partitioning {
            partitioner: spec.partitioner,
            ignore_keys: spec.ignore_keys,
            adaptive: spec.adaptive,
            availability_timeout: Micros::from_ms(spec.availability_timeout_ms),
        },
        max_in_flight: spec.max_in_flight,
        idempotent: spec.is_idempotent(),
        codec: settings::codec(spec.compression),
    }
}
