//! A batch on its way from `send` to its callbacks: Kafka's `ProducerBatch`.
//!
//! Open while records are added, then sealed into the bytes of one v2 batch, compressed if that is
//! wanted, which every attempt sends as they are; only a new producer epoch rewrites their header. Remembers which records of the producer's own numbering it holds, in the order of
//! their offsets, as runs: records of several partitions are numbered together.

use bytes::Bytes;

use crate::engine::client::alarm::Deadline;
use crate::engine::client::producer::idempotence::{ProducerState, advance};
use crate::engine::ids::{EventId, LeaderEpoch, Offset, TopicPartition};
use crate::engine::record::batch::{Codec, with_producer};
use crate::engine::record::builder::BatchBuilder;
use crate::engine::record::reader::{records, uncompressed};
use crate::engine::record::varint;
use crate::engine::time::Micros;

/// Bytes of a batch without records (`DefaultRecordBatch.RECORD_BATCH_OVERHEAD`).
const BATCH_OVERHEAD: u64 = 61;
/// Most bytes of a record beside its key, value and headers (`DefaultRecord.MAX_RECORD_OVERHEAD`).
const RECORD_OVERHEAD: u64 = 21;

/// The most that a batch of this one record can need (`AbstractRecords.estimateSizeInBytesUpperBound`).
#[must_use]
pub fn size_upper_bound(key: Option<&[u8]>, value: Option<&[u8]>) -> u64 {
    let of = |bytes: Option<&[u8]>| match bytes {
        None => 1,
        Some(bytes) => {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX / 4);
            varint::size(length.cast_signed()) + length
        }
    };
    BATCH_OVERHEAD + RECORD_OVERHEAD + of(key) + of(value) + 1
}

/// Consecutive records of the producer's numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Number of the first.
    pub first: u64,
    /// How many.
    pub count: u32,
}

/// One batch.
#[derive(Clone, Debug)]
pub struct ProducerBatch {
    /// Its place in the producer's order: batches begun earlier have lower ones, and between them is
    /// room for the parts of one that is split.
    pub id: u64,
    /// Where it goes.
    pub partition: TopicPartition,
    /// When it was begun: `delivery.timeout.ms` and `linger.ms` count from here.
    pub created: Micros,
    /// The event that queued its first records.
    pub first_queued: Option<EventId>,
    /// The event that queued its last records.
    pub last_queued: Option<EventId>,
    /// Attempts so far.
    pub attempts: u32,
    /// Earliest moment of the next attempt, and why, once one has failed.
    pub retry_at: Option<(Micros, Option<EventId>)>,
    /// Reign of the leader that the last attempt went to.
    pub leader_epoch: LeaderEpoch,
    /// Bytes of `buffer.memory` that it takes: a whole pooled buffer, or more when it is larger.
    pub memory_bytes: u64,
    runs: Vec<Run>,
    records: u32,
    bytes: u64,
    body: Body,
    /// Its sequence, once it was drained by an idempotent producer.
    state: Option<ProducerState>,
    sequence_was_reset: bool,
    /// Whether it is a part of one that was too large.
    is_split: bool,
}

#[derive(Clone, Debug)]
enum Body {
    Open(BatchBuilder),
    Sealed(Bytes),
}

impl ProducerBatch {
    /// An empty batch, with room for `room` bytes before it has to grow.
    #[must_use]
    pub fn new(id: u64, partition: TopicPartition, created: Micros, room: u32) -> ProducerBatch {
        let body = BatchBuilder::with_capacity(room);
        ProducerBatch {
            id,
            partition,
            created,
            first_queued: None,
            last_queued: None,
            attempts: 0,
            retry_at: None,
            leader_epoch: LeaderEpoch::NONE,
            memory_bytes: 0,
            runs: Vec::new(),
            records: 0,
            bytes: body.size(),
            body: Body::Open(body),
            state: None,
            sequence_was_reset: false,
            is_split: false,
        }
    }

    /// Its records in smaller batches, none tried yet, with the sequences that the records have
    /// (`ProducerBatch.split`, `RecordAccumulator.splitAndReenqueue`): of `batch_size` at most, and
    /// where it is a part of another already, of half its size, as releases with KAFKA-8350 do. Where
    /// one record is most of it, half its size holds all of it again: then each has half the records.
    /// They stand where it stood.
    #[must_use]
    pub fn split(&self, batch_size: u32) -> Vec<ProducerBatch> {
        let Body::Sealed(bytes) = &self.body else { return Vec::new() };
        let Ok(plain) = uncompressed(bytes) else { return Vec::new() };
        let all = || records(&plain).flatten();
        let largest = all().map(|record| size_upper_bound(record.key, record.value)).max();
        let half = u64::try_from(bytes.len()).unwrap_or(0) / 2;
        let target = match self.is_split {
            true => u32::try_from(half.max(largest.unwrap_or(0))).unwrap_or(u32::MAX),
            false => batch_size,
        };
        let mut parts = self.parts(&plain, target, u32::MAX);
        if self.is_split && parts.len() == 1 {
            parts = self.parts(&plain, target, (self.records / 2).max(1));
        }
        if let Some(mut state) = self.state {
            for part in &mut parts {
                part.state = Some(state);
                state.base_sequence = advance(state.base_sequence, part.records);
            }
        }
        parts
    }

    /// Its records, which are `plain`, in batches of `target` bytes and `most` records at most.
    fn parts(&self, plain: &[u8], target: u32, most: u32) -> Vec<ProducerBatch> {
        let of_run = |run: &Run| run.first..run.first + u64::from(run.count);
        let numbers = self.runs.iter().flat_map(of_run);
        let mut parts: Vec<ProducerBatch> = Vec::new();
        let all = records(plain).flatten();
        for ((index, record), number) in (0_u64..).zip(all).zip(numbers) {
            let (at, key, value) = (record.timestamp, record.key, record.value);
            let last = parts.last_mut().filter(|part| part.records < most);
            if last.is_none_or(|part| part.try_append(target, number, at, key, value).is_none()) {
                let id = self.id + index;
                let mut part = ProducerBatch::new(id, self.partition.clone(), self.created, 0);
                (part.first_queued, part.last_queued) = (self.first_queued, self.last_queued);
                part.is_split = true;
                part.try_append(target, number, at, key, value);
                parts.push(part);
            }
        }
        parts
    }

    /// Adds record `number` unless that makes the batch larger than `batch_size`; a first record
    /// always fits. Returns the bytes added, or `None` when it does not fit.
    pub fn try_append(
        &mut self,
        batch_size: u32,
        number: u64,
        timestamp_ms: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Option<u64> {
        let Body::Open(builder) = &mut self.body else { return None };
        let most = u64::from(batch_size);
        if !builder.append_within(most, timestamp_ms, (key, value), &[]) {
            return None;
        }
        let grown = builder.size();
        let added = if self.records == 0 { grown } else { grown - self.bytes };
        self.bytes = grown;
        self.records += 1;
        match self.runs.last_mut() {
            Some(run) if run.first + u64::from(run.count) == number => run.count += 1,
            _ => self.runs.push(Run { first: number, count: 1 }),
        }
        Some(added)
    }

    /// Whether a record fits in, without making the batch larger than `batch_size`.
    #[must_use]
    pub fn has_room(
        &self,
        batch_size: u32,
        timestamp_ms: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> bool {
        let Body::Open(builder) = &self.body else { return false };
        let grown = builder.would_be_size(timestamp_ms, key, value, &[]);
        self.records == 0 || grown <= u64::from(batch_size)
    }

    /// Whether no record can be added any more.
    #[must_use]
    pub fn is_full(&self, batch_size: u32) -> bool {
        matches!(self.body, Body::Sealed(_)) || self.bytes >= u64::from(batch_size)
    }

    /// Its bytes on the wire, the records compressed by `codec`; it takes no more records. What was
    /// sealed before stays as it is.
    pub fn seal(&mut self, codec: Codec) -> Bytes {
        let sealed = match &mut self.body {
            Body::Sealed(bytes) => return bytes.clone(),
            Body::Open(builder) => {
                let mut builder = std::mem::take(builder).compressed(codec);
                if let Some(ProducerState { producer, base_sequence }) = self.state {
                    builder.set_producer(producer.id, producer.epoch, base_sequence);
                }
                builder.build()
            }
        };
        self.body = Body::Sealed(sealed.clone());
        sealed
    }

    /// Its sequence, once it was drained by an idempotent producer.
    #[must_use]
    pub fn producer_state(&self) -> Option<ProducerState> {
        self.state
    }

    /// Whether its sequence was rewritten after it had been sent (`sequenceHasBeenReset`).
    #[must_use]
    pub fn sequence_was_reset(&self) -> bool {
        self.sequence_was_reset
    }

    /// Gives it a sequence, or another one: then its bytes are rewritten, those under way are not.
    pub fn set_producer_state(&mut self, state: ProducerState) {
        self.sequence_was_reset = self.state.is_some();
        self.state = Some(state);
        if let Body::Sealed(bytes) = &mut self.body {
            let ProducerState { producer, base_sequence } = state;
            *bytes = with_producer(bytes, producer.id, producer.epoch, base_sequence);
        }
    }

    /// Number of records.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Its size in bytes, header included.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.bytes
    }

    /// The records that it holds.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The records that it holds, each run with the offset of its first, when the batch's is `base`.
    /// Where nothing is known (−1), nothing is made up.
    pub fn runs_from(&self, base: Offset) -> impl Iterator<Item = (Run, Offset)> {
        let mut next = base;
        self.runs.iter().map(move |run| {
            let first = next;
            if base != Offset::NONE {
                next = next.plus(i64::from(run.count));
            }
            (*run, first)
        })
    }

    /// When it has waited for `delivery.timeout.ms`.
    #[must_use]
    pub fn expiry(&self, delivery_timeout: Micros) -> Deadline {
        Deadline { at: self.created + delivery_timeout, cause: self.first_queued }
    }
}
