//! The inside of a producer: its accumulator, what is under way, memory, sequences.

use crate::engine::client::producer::watched::WatchedBatch;
use crate::engine::ids::{BrokerId, ClientId, PartitionId, TopicPartition};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;

/// The inside of a producer.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerInside {
    /// Batches of the accumulator, by partition, oldest first.
    pub waiting: Vec<WaitingBatch>,
    /// Requests under way: to whom, time left for the answer, their batches.
    pub requests: Vec<(BrokerId, Micros, Vec<WatchedBatch>)>,
    /// Bytes of `buffer.memory` in use, and all.
    pub memory: (u64, u64),
    /// `send` calls that have not returned.
    pub blocked: u32,
    /// `enable.idempotence`, as it takes effect.
    pub is_idempotent: bool,
    /// Producer id and epoch, once given.
    pub identity: Option<(i64, i16)>,
    /// Per partition the next sequence, and the last that was acknowledged (−1 is none).
    pub sequences: Vec<(TopicPartition, i32, i32)>,
    /// The partition that records without a key go to at present.
    pub sticky: Option<PartitionId>,
    /// `batch.size`.
    pub batch_size: u32,
}

/// A batch of the accumulator.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingBatch {
    /// The batch.
    pub batch: WatchedBatch,
    /// What is left of `linger.ms`, or of the pause before a retry.
    pub left: Micros,
}

/// Looks into a producer.
pub(super) fn look(world: &World, id: ClientId) -> Option<ProducerInside> {
    let client = world.client(id)?;
    let (spec, producer) = (client.producer_spec()?, client.producer_library()?);
    let linger = Micros::from_ms(spec.linger_ms);
    let left =
        |batch: &WatchedBatch| batch.retry_at.unwrap_or(batch.created + linger).since(world.now());
    let waiting = producer.waiting_batches().into_iter();
    let requests = producer.requests_in_flight().into_iter();
    Some(ProducerInside {
        waiting: waiting.map(|batch| WaitingBatch { left: left(&batch), batch }).collect(),
        requests: requests.map(|(to, until, all)| (to, until.since(world.now()), all)).collect(),
        memory: (producer.used_memory(), spec.buffer_memory),
        blocked: producer.blocked_sends(),
        is_idempotent: spec.is_idempotent(),
        identity: producer.producer_id().map(|known| (known.id, known.epoch)),
        sequences: producer.sequences().map(|(p, next, acked)| (p.clone(), next, acked)).collect(),
        sticky: producer.sticky_partition(),
        batch_size: spec.batch_size,
    })
}
