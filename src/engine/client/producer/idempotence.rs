//! Sequences of an idempotent producer: Kafka's `TransactionManager` and `TxnPartitionMap`, without
//! transactions (KIP-98, KIP-360).
//!
//! A batch gets its producer id, epoch and sequence when it is drained for the first time, and keeps
//! them through its retries, so that a broker recognises what it has already and refuses what comes
//! too early. Up to five batches of a partition may be under way; once one of them is tried again, the
//! others wait until their turn comes. Where a gap can never be filled, because a batch expired or
//! failed, the epoch is raised and the sequences of that partition begin at 0 again.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use crate::engine::client::producer::batch::ProducerBatch;
use crate::engine::ids::TopicPartition;

/// A producer's id and its epoch, which it raises itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerId {
    /// Given by a broker, once.
    pub id: i64,
    /// How often sequences have begun anew.
    pub epoch: i16,
}

/// What a batch is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerState {
    /// Whose it is.
    pub producer: ProducerId,
    /// Sequence of its first record.
    pub base_sequence: i32,
}

/// The sequences of one partition (`TxnPartitionEntry`).
#[derive(Clone, Debug)]
struct Sequences {
    producer: ProducerId,
    next: i32,
    /// Sequence of the last record that was acknowledged; −1 is none in this epoch.
    last_acked: i32,
    /// Batches with a sequence that are not settled, by their ordinal: base sequence and records.
    in_flight: BTreeMap<u64, (i32, u32)>,
}

/// The sequences of all partitions.
#[derive(Clone, Debug, Default)]
pub struct Idempotence {
    producer: Option<ProducerId>,
    partitions: BTreeMap<TopicPartition, Sequences>,
    /// Partitions with a batch that expired after it was sent, and the sequence behind that batch.
    unresolved: BTreeMap<TopicPartition, i32>,
    /// Partitions whose sequences begin anew with the next epoch.
    to_rewrite: BTreeSet<TopicPartition>,
}

impl Idempotence {
    /// The id, once a broker has given one.
    #[must_use]
    pub fn producer(&self) -> Option<ProducerId> {
        self.producer
    }

    /// Per partition the next sequence, and the last that was acknowledged (−1 is none).
    pub fn sequences(&self) -> impl Iterator<Item = (&TopicPartition, i32, i32)> {
        self.partitions.iter().map(|(id, known)| (id, known.next, known.last_acked))
    }

    /// A broker gave an id.
    pub fn initialized(&mut self, producer: ProducerId) {
        self.producer = Some(producer);
    }

    /// Whether the oldest waiting batch of a partition may be sent now
    /// (`RecordAccumulator.shouldStopDrainBatchesForPartition`).
    #[must_use]
    pub fn may_drain(&self, batch: &ProducerBatch) -> bool {
        let Some(producer) = self.producer else { return false };
        let known = self.partitions.get(&batch.partition);
        match batch.producer_state() {
            None => {
                let stale =
                    known.is_some_and(|s| s.producer != producer && !s.in_flight.is_empty());
                !stale && !self.unresolved.contains_key(&batch.partition)
            }
            // A retry waits until it is the oldest of its partition that is not settled.
            Some(_) => known
                .and_then(|sequences| sequences.in_flight.keys().next())
                .is_none_or(|oldest| *oldest == batch.id),
        }
    }

    /// Gives a batch that is drained its sequence, unless it has one.
    pub fn assign(&mut self, batch: &mut ProducerBatch) {
        let Some(producer) = self.producer else { return };
        if batch.producer_state().is_some() {
            return;
        }
        let none = Sequences { producer, next: 0, last_acked: -1, in_flight: BTreeMap::new() };
        let sequences = self.partitions.entry(batch.partition.clone()).or_insert(none);
        if sequences.producer != producer {
            sequences.begin_anew(producer);
        }
        let base_sequence = sequences.next;
        sequences.next = advance(base_sequence, batch.records());
        sequences.in_flight.insert(batch.id, (base_sequence, batch.records()));
        batch.set_producer_state(ProducerState { producer, base_sequence });
    }

    /// A batch was acknowledged (`handleCompletedBatch`).
    pub fn acked(&mut self, batch: &ProducerBatch) {
        let Some(state) = batch.producer_state() else { return };
        let Some(sequences) = self.partitions.get_mut(&batch.partition) else { return };
        let last = advance(state.base_sequence, batch.records().saturating_sub(1));
        sequences.last_acked = sequences.last_acked.max(last);
        sequences.in_flight.remove(&batch.id);
    }

    /// A batch is sent again as these parts (`removeInFlightBatch`, `addInFlightBatch`).
    pub fn split(&mut self, batch: &ProducerBatch, parts: &[ProducerBatch]) {
        let Some(sequences) = self.partitions.get_mut(&batch.partition) else { return };
        if sequences.in_flight.remove(&batch.id).is_none() {
            return;
        }
        for part in parts {
            if let Some(state) = part.producer_state() {
                sequences.in_flight.insert(part.id, (state.base_sequence, part.records()));
            }
        }
    }

    /// A batch failed for good (`handleFailedBatch`). `expired`: by its own time, so that nobody knows
    /// whether the broker has it; else the broker refused it, and its sequence was never taken.
    pub fn failed(&mut self, batch: &ProducerBatch, expired: bool) {
        let Some(state) = batch.producer_state() else { return };
        if let Some(sequences) = self.partitions.get_mut(&batch.partition) {
            sequences.in_flight.remove(&batch.id);
        }
        if !expired {
            self.to_rewrite.insert(batch.partition.clone());
        } else if batch.attempts > 1 || batch.retry_at.is_some() {
            // `markSequenceUnresolved`: nothing new is sent until what is under way is settled.
            let behind = advance(state.base_sequence, batch.records());
            let unresolved = self.unresolved.entry(batch.partition.clone()).or_insert(behind);
            *unresolved = behind.max(*unresolved);
        }
    }

    /// Whether a batch with a sequence is to be tried again after `error` (`canRetry`).
    pub fn can_retry(&mut self, batch: &ProducerBatch, error: ResponseError) -> bool {
        let out_of_order = matches!(
            error,
            ResponseError::OutOfOrderSequenceNumber | ResponseError::UnknownProducerId
        );
        let Some(state) = batch.producer_state().filter(|_| out_of_order) else {
            return error.is_retriable();
        };
        let unresolved = self.unresolved.get(&batch.partition);
        let is_next = self.is_next(&batch.partition, state.base_sequence);
        // Not the next one: those before it will fill the gap. The next one: nothing can fill it.
        let waits = match unresolved {
            None => batch.sequence_was_reset() || !is_next,
            Some(behind) => *behind != state.base_sequence,
        };
        if !waits {
            self.to_rewrite.insert(batch.partition.clone());
        }
        true
    }

    /// Settles what expired batches left open, and raises the epoch when a partition has to begin
    /// anew (`maybeResolveSequences`, `bumpIdempotentEpochAndResetIdIfNeeded`). Returns the new state
    /// of every batch that has a sequence and is rewritten, by ordinal.
    pub fn settle(&mut self) -> BTreeMap<u64, ProducerState> {
        let drained: Vec<TopicPartition> = self
            .unresolved
            .keys()
            .filter(|id| self.partitions.get(id).is_none_or(|s| s.in_flight.is_empty()))
            .cloned()
            .collect();
        for id in drained {
            self.unresolved.remove(&id);
            let next = self.partitions.get(&id).map_or(0, |sequences| sequences.next);
            if !self.is_next(&id, next) {
                self.to_rewrite.insert(id);
            }
        }
        let mut rewritten = BTreeMap::new();
        let Some(old) = self.producer.filter(|_| !self.to_rewrite.is_empty()) else {
            return rewritten;
        };
        let Some(epoch) = old.epoch.checked_add(1) else {
            // The epochs of this id are used up: a broker gives another, and then sequences begin anew.
            self.producer = None;
            return rewritten;
        };
        let producer = ProducerId { epoch, ..old };
        self.producer = Some(producer);
        for id in std::mem::take(&mut self.to_rewrite) {
            self.unresolved.remove(&id);
            let Some(sequences) = self.partitions.get_mut(&id) else { continue };
            sequences.begin_anew(producer);
            for (batch, (base_sequence, _)) in &sequences.in_flight {
                rewritten.insert(*batch, ProducerState { producer, base_sequence: *base_sequence });
            }
        }
        rewritten
    }

    fn is_next(&self, id: &TopicPartition, sequence: i32) -> bool {
        let last = self.partitions.get(id).map_or(-1, |sequences| sequences.last_acked);
        i64::from(sequence) - i64::from(last) == 1
    }
}

impl Sequences {
    /// Sequences from 0 for what is not settled and all that follows.
    fn begin_anew(&mut self, producer: ProducerId) {
        self.producer = producer;
        self.last_acked = -1;
        self.next = 0;
        for (base_sequence, records) in self.in_flight.values_mut() {
            *base_sequence = self.next;
            self.next = advance(self.next, *records);
        }
    }
}

/// Sequences go on at 0 after 2³¹−1 (`DefaultRecordBatch.incrementSequence`).
pub(super) fn advance(sequence: i32, records: u32) -> i32 {
    let sum = i64::from(sequence) + i64::from(records);
    i32::try_from(sum % (i64::from(i32::MAX) + 1)).expect("a remainder of 2^31 fits")
}
