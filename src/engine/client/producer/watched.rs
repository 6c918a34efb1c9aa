//! What somebody who watches a producer may read of it: batches that wait and batches under way, memory,
//! sequences, the partitioner's choice. Nothing here changes anything.

use crate::engine::ids::{BrokerId, PartitionId, TopicPartition};
use crate::engine::time::Micros;

use super::batch::ProducerBatch;
use super::idempotence::ProducerId;
use super::{Asked, Producer};

/// A batch that waits, or is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedBatch {
    /// Its ordinal.
    pub id: u64,
    /// Where it goes.
    pub partition: TopicPartition,
    /// Its records.
    pub records: u32,
    /// Its size, header included.
    pub bytes: u64,
    /// When it was begun.
    pub created: Micros,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried again, once an attempt has failed.
    pub retry_at: Option<Micros>,
    /// Sequence of its first record, once it has one.
    pub sequence: Option<i32>,
}

impl WatchedBatch {
    fn of(batch: &ProducerBatch) -> WatchedBatch {
        WatchedBatch {
            id: batch.id,
            partition: batch.partition.clone(),
            records: batch.records(),
            bytes: batch.size_bytes(),
            created: batch.created,
            attempts: batch.attempts,
            retry_at: batch.retry_at.map(|(at, _)| at),
            sequence: batch.producer_state().map(|state| state.base_sequence),
        }
    }
}

impl Producer {
    /// Batches of the accumulator, by partition, oldest first.
    #[must_use]
    pub fn waiting_batches(&self) -> Vec<WatchedBatch> {
        self.accumulator.batches().map(WatchedBatch::of).collect()
    }

    /// Requests under way: to whom, until when an answer is waited for, with which batches. A request
    /// for a producer's id has none.
    #[must_use]
    pub fn requests_in_flight(&self) -> Vec<(BrokerId, Micros, Vec<WatchedBatch>)> {
        let batches = |asked: &Asked| match asked {
            Asked::ProducerId => Vec::new(),
            Asked::Produce(produced) => {
                let known = produced.batches().filter_map(|id| self.in_flight.get(&id));
                known.map(WatchedBatch::of).collect()
            }
        };
        let all = self.network.under_way();
        all.map(|(broker, until, asked)| (broker, until, batches(asked))).collect()
    }

    /// Bytes of `buffer.memory` in use.
    #[must_use]
    pub fn used_memory(&self) -> u64 {
        let limits = self.config.limits;
        limits.buffer_memory - self.accumulator.available(limits)
    }

    /// Its id and epoch, once a broker has given them.
    #[must_use]
    pub fn producer_id(&self) -> Option<ProducerId> {
        self.idempotence.producer()
    }

    /// Per partition the next sequence, and the last that was acknowledged (−1 is none).
    pub fn sequences(&self) -> impl Iterator<Item = (&TopicPartition, i32, i32)> {
        self.idempotence.sequences()
    }

    /// The partition that records without a key go to at present, where the partitioner sticks to one.
    #[must_use]
    pub fn sticky_partition(&self) -> Option<PartitionId> {
        self.chooser.sticks_to()
    }

    /// Records whose `send` has not returned.
    #[must_use]
    pub fn blocked_sends(&self) -> u32 {
        u32::try_from(self.blocked.len()).unwrap_or(u32::MAX)
    }
}
