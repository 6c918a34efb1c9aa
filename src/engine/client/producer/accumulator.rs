//! Batches that wait to be sent, per partition, oldest first: Kafka's `RecordAccumulator`.
//!
//! Every record that was taken is in exactly one batch, here or with the sender, until its callback.
//! What is here is bounded by `buffer.memory`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::client::alarm::{Deadline, earliest};
use crate::engine::client::producer::batch::{ProducerBatch, size_upper_bound};
use crate::engine::ids::{EventId, LeaderEpoch, PartitionId, TopicPartition};
use crate::engine::time::Micros;

/// When batches are full and when they have waited long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `batch.size`.
    pub batch_size: u32,
    /// `linger.ms`.
    pub linger: Micros,
    /// `delivery.timeout.ms`.
    pub delivery_timeout: Micros,
    /// `buffer.memory`.
    pub buffer_memory: u64,
}

/// Between the places of two batches: more than a batch has records.
const ROOM_FOR_PARTS: u64 = 1 << 32;

/// A record to append, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// Its number in the producer's own numbering.
    pub number: u64,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
}

/// Batches that wait, of all partitions.
#[derive(Clone, Debug, Default)]
pub struct RecordAccumulator {
    /// Those that have any.
    waiting: BTreeMap<TopicPartition, VecDeque<ProducerBatch>>,
    /// Partitions that ever had any.
    known: BTreeSet<PartitionId>,
    /// All partitions below it are among them.
    known_from_zero: u32,
    /// Bytes of the batch that was taken last: as much room the next one is given at first.
    usual_bytes: u32,
    next_batch: u64,
    used_bytes: u64,
    /// Whether somebody waits for memory (`BufferPool.queued`).
    starved: bool,
}

/// The queue of one partition, to append to.
#[derive(Debug)]
pub struct PartitionQueue<'a> {
    partition: &'a TopicPartition,
    batches: &'a mut VecDeque<ProducerBatch>,
    usual_bytes: u32,
    next_batch: &'a mut u64,
    used_bytes: &'a mut u64,
    starved: &'a mut bool,
    first_touched: Option<u64>,
    has_begun_a_batch: bool,
}

impl PartitionQueue<'_> {
    /// Appends a record to the last batch, or to a new one. Returns the bytes added, or `None` when
    /// `buffer.memory` is used up.
    pub fn append(&mut self, now: Micros, limits: Limits, record: NewRecord<'_>) -> Option<u64> {
        if let Some(last) = self.batches.back_mut()
            && let Some(added) = append_to(last, limits, record)
        {
            self.first_touched.get_or_insert(last.id);
            return Some(added);
        }
        // A buffer is taken for the most that the record can need (`RecordAccumulator.append`).
        let bound = size_upper_bound(record.key, record.value).max(u64::from(limits.batch_size));
        *self.starved = *self.used_bytes + bound > limits.buffer_memory;
        if *self.starved {
            return None;
        }
        let fills = self.first_touched.is_some();
        let room = if fills { limits.batch_size } else { self.usual_bytes.min(limits.batch_size) };
        let mut batch = ProducerBatch::new(*self.next_batch, self.partition.clone(), now, room);
        let added = append_to(&mut batch, limits, record)?;
        batch.memory_bytes = bound;
        *self.used_bytes += batch.memory_bytes;
        *self.next_batch += ROOM_FOR_PARTS;
        self.first_touched.get_or_insert(batch.id);
        self.batches.push_back(batch);
        self.has_begun_a_batch = true;
        Some(added)
    }

    /// Whether a record appended through this handle was the first of a batch.
    #[must_use]
    pub fn has_begun_a_batch(&self) -> bool {
        self.has_begun_a_batch
    }

    /// Whether the last batch has room for this record.
    #[must_use]
    pub fn has_room(&self, limits: Limits, record: NewRecord<'_>) -> bool {
        let NewRecord { timestamp_ms, key, value, .. } = record;
        let last = self.batches.back();
        last.is_some_and(|last| last.has_room(limits.batch_size, timestamp_ms, key, value))
    }

    /// Whether no batch has room for more records.
    #[must_use]
    pub fn is_full(&self, batch_size: u32) -> bool {
        self.batches.back().is_none_or(|last| last.is_full(batch_size))
    }

    /// Notes the event that told of the records appended through this handle.
    pub fn told_by(self, event: EventId) {
        let Some(first) = self.first_touched else { return };
        for batch in self.batches.iter_mut().rev().take_while(|batch| batch.id >= first) {
            batch.first_queued.get_or_insert(event);
            batch.last_queued = Some(event);
        }
    }
}

impl RecordAccumulator {
    /// The queue of `partition`, to append to.
    pub fn queue<'a>(&'a mut self, partition: &'a TopicPartition) -> PartitionQueue<'a> {
        if !self.waiting.contains_key(partition) {
            self.waiting.insert(partition.clone(), VecDeque::new());
            self.known.insert(partition.partition);
            while self.known.contains(&PartitionId(self.known_from_zero.cast_signed())) {
                self.known_from_zero += 1;
            }
        }
        PartitionQueue {
            partition,
            batches: self.waiting.get_mut(partition).expect("inserted above"),
            usual_bytes: self.usual_bytes,
            next_batch: &mut self.next_batch,
            used_bytes: &mut self.used_bytes,
            starved: &mut self.starved,
            first_touched: None,
            has_begun_a_batch: false,
        }
    }

    /// Whether the batch that waits longest for `partition` should be sent now: it is full, or others
    /// wait behind it, or it has lingered, or memory is short; and no pause before a retry is left. A
    /// leader of a later reign than that of the last attempt is tried without a pause (KIP-951).
    #[must_use]
    pub fn is_sendable(
        &self,
        now: Micros,
        partition: &TopicPartition,
        limits: Limits,
        leader_epoch: impl FnOnce() -> LeaderEpoch,
    ) -> bool {
        let Some(queue) = self.waiting.get(partition) else { return false };
        let Some(batch) = queue.front() else { return false };
        match batch.retry_at {
            Some((at, _)) => at <= now || leader_epoch() > batch.leader_epoch,
            None => {
                queue.len() > 1
                    || batch.is_full(limits.batch_size)
                    || batch.created + limits.linger <= now
                    || self.starved
            }
        }
    }

    /// Nobody waits for memory any more.
    pub fn give_up_waiting(&mut self) {
        self.starved = false;
    }

    /// Bytes of `buffer.memory` that no batch has.
    #[must_use]
    pub fn available(&self, limits: Limits) -> u64 {
        limits.buffer_memory.saturating_sub(self.used_bytes)
    }

    /// Whether each of these partitions, numbered from 0, ever had a batch.
    #[must_use]
    pub fn knows_all<T>(&self, partitions: &[T]) -> bool {
        usize::try_from(self.known_from_zero).is_ok_and(|known| known >= partitions.len())
    }

    /// Whether no batch of a partition has room for more records.
    #[must_use]
    pub fn is_full(&self, partition: &TopicPartition, batch_size: u32) -> bool {
        let last = self.waiting.get(partition).and_then(VecDeque::back);
        last.is_none_or(|last| last.is_full(batch_size))
    }

    /// Partitions with batches waiting, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &TopicPartition> {
        self.waiting.iter().filter(|(_, queue)| !queue.is_empty()).map(|(partition, _)| partition)
    }

    /// The batch that waits longest.
    #[must_use]
    pub fn front(&self, partition: &TopicPartition) -> Option<&ProducerBatch> {
        self.waiting.get(partition)?.front()
    }

    /// Every batch that waits, by partition, oldest first.
    pub fn batches(&self) -> impl Iterator<Item = &ProducerBatch> {
        self.waiting.values().flatten()
    }

    /// Every batch that waits, to be rewritten.
    pub fn batches_mut(&mut self) -> impl Iterator<Item = &mut ProducerBatch> {
        self.waiting.values_mut().flatten()
    }

    /// Takes out the batch that waits longest.
    pub fn take(&mut self, partition: &TopicPartition) -> Option<ProducerBatch> {
        let queue = self.waiting.get_mut(partition)?;
        let taken = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(partition);
        }
        if let Some(batch) = &taken {
            self.usual_bytes = u32::try_from(batch.size_bytes()).unwrap_or(u32::MAX);
        }
        taken
    }

    /// Size of the batch that waits longest; 0 when there is none.
    #[must_use]
    pub fn front_bytes(&self, partition: &TopicPartition) -> u64 {
        let front = self.waiting.get(partition).and_then(VecDeque::front);
        front.map_or(0, ProducerBatch::size_bytes)
    }

    /// Puts a batch back, to be tried again: with a sequence in its order (`insertInSequenceOrder`),
    /// without one before all others of its partition.
    pub fn give_back(&mut self, batch: ProducerBatch) {
        let queue = self.waiting.entry(batch.partition.clone()).or_default();
        let earlier = match batch.producer_state() {
            Some(_) => queue.partition_point(|waiting| waiting.id < batch.id),
            None => 0,
        };
        queue.insert(earlier, batch);
    }

    /// A batch has reached its callbacks: its memory is free again.
    pub fn release(&mut self, batch: &ProducerBatch) {
        self.used_bytes = self.used_bytes.saturating_sub(batch.memory_bytes);
    }

    /// Takes out the batches that have waited for `delivery.timeout.ms`.
    pub fn take_expired(&mut self, now: Micros, limits: Limits) -> Vec<ProducerBatch> {
        let mut expired = Vec::new();
        self.waiting.retain(|_, queue| {
            while queue.front().is_some_and(|b| b.created + limits.delivery_timeout <= now) {
                expired.extend(queue.pop_front());
            }
            !queue.is_empty()
        });
        expired
    }

    /// When the next batch has lingered.
    #[must_use]
    pub fn next_linger(&self, now: Micros, limits: Limits) -> Option<Deadline> {
        let new = self.fronts().filter(|batch| batch.retry_at.is_none());
        let at =
            |b: &ProducerBatch| Deadline { at: b.created + limits.linger, cause: b.first_queued };
        new.map(at).filter(|deadline| deadline.at > now).map(Some).fold(None, earliest)
    }

    /// When the next pause before a retry is over.
    #[must_use]
    pub fn next_retry(&self, now: Micros) -> Option<Deadline> {
        let paused = self.fronts().filter_map(|batch| batch.retry_at);
        let paused = paused.filter(|(at, _)| *at > now);
        paused.map(|(at, cause)| Some(Deadline { at, cause })).fold(None, earliest)
    }

    /// When the next batch expires.
    #[must_use]
    pub fn next_expiry(&self, limits: Limits) -> Option<Deadline> {
        self.fronts().map(|batch| Some(batch.expiry(limits.delivery_timeout))).fold(None, earliest)
    }

    /// How many batches wait, per partition that has any, in order.
    pub fn queued_batches(&self) -> impl Iterator<Item = (PartitionId, u32)> {
        let count = |queue: &VecDeque<_>| u32::try_from(queue.len()).unwrap_or(u32::MAX);
        let counts = self.waiting.iter().map(move |(tp, queue)| (tp.partition, count(queue)));
        counts.filter(|(_, batches)| *batches > 0)
    }

    /// Records that wait, per partition that ever had any.
    #[must_use]
    pub fn queued_records(&self) -> Vec<(PartitionId, u32)> {
        let records = |queue: &VecDeque<ProducerBatch>| queue.iter().map(|b| b.records()).sum();
        let mut all: BTreeMap<PartitionId, u32> = self.known.iter().map(|id| (*id, 0)).collect();
        all.extend(self.waiting.iter().map(|(tp, queue)| (tp.partition, records(queue))));
        all.into_iter().collect()
    }

    fn fronts(&self) -> impl Iterator<Item = &ProducerBatch> {
        self.waiting.values().filter_map(VecDeque::front)
    }
}

fn append_to(batch: &mut ProducerBatch, limits: Limits, record: NewRecord<'_>) -> Option<u64> {
    let NewRecord { number, timestamp_ms, key, value } = record;
    batch.try_append(limits.batch_size, number, timestamp_ms, key, value)
}
