//! Which partition a record goes to that is given none: by the way of the release that was chosen.
//!
//! 3.3 and later: one partition until `batch.size` bytes were produced to it, then another, the rather
//! the shorter its queue (KIP-794). 2.4 to 3.2: one until a record needs a new batch, then any other
//! (KIP-480; `StickyPartitionCache`). Up to 2.3: one after the other. `RoundRobinPartitioner` of 3.9 does
//! so too, for records with keys as well, and is asked twice for a record that begins a batch, so that it
//! skips a partition there (KAFKA-9965).

use std::collections::BTreeMap;

use crate::engine::client::metadata;
use crate::engine::client::producer::accumulator::PartitionQueue;
use crate::engine::client::producer::partitioner::{
    Candidates, Queue, StickyPartitioner, round_robin,
};
use crate::engine::client::producer::{Producer, Target};
use crate::engine::ids::{BrokerId, PartitionId, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::rng::Stream;
use crate::engine::setting::Partitioner;
use crate::engine::time::Micros;

/// Settings of the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitioning {
    /// Whose way.
    pub partitioner: Partitioner,
    /// `partitioner.ignore.keys`.
    pub ignore_keys: bool,
    /// `partitioner.adaptive.partitioning.enable`.
    pub adaptive: bool,
    /// `partitioner.availability.timeout.ms`; zero is never.
    pub availability_timeout: Micros,
}

impl Partitioning {
    /// Whether every record is asked for anew.
    pub(super) fn is_by_record(self, target: Target) -> bool {
        let in_turn = matches!(self.partitioner, Partitioner::Kafka23 | Partitioner::RoundRobin);
        in_turn && target == Target::Chosen
    }

    /// Whether the partitioner is told when a record needs a new batch (`Partitioner.onNewBatch`).
    pub(super) fn is_told_of_batches(self) -> bool {
        matches!(self.partitioner, Partitioner::Kafka24 | Partitioner::RoundRobin)
    }
}

/// What the partitioners remember.
#[derive(Clone, Debug, Default)]
pub struct Chooser {
    /// 3.3's.
    sticky: StickyPartitioner,
    /// 2.4's.
    cached: Option<PartitionId>,
    /// How many records were asked for in turn; 2.3's begins anywhere.
    turns: Option<u32>,
    /// When brokers were last ready to be sent to, and when last wanted (`NodeLatencyStats`).
    latency: BTreeMap<BrokerId, (Micros, Micros)>,
}

impl Chooser {
    /// Bytes were appended. True when the next record goes elsewhere.
    pub(super) fn produced(
        &mut self,
        partitioning: Partitioning,
        batch_size: u32,
        bytes: u64,
        queue: &PartitionQueue<'_>,
    ) -> bool {
        if partitioning.partitioner != Partitioner::Kafka33 {
            return false;
        }
        self.sticky.produced(bytes);
        self.sticky.is_due(batch_size, queue.is_full(batch_size))
    }
}

impl Chooser {
    /// The partition that records without a key go to at present.
    pub(super) fn sticks_to(&self) -> Option<PartitionId> {
        self.sticky.current().or(self.cached)
    }
}

impl Producer {
    /// Whether keys have no say.
    #[must_use]
    pub fn ignores_keys(&self) -> bool {
        let partitioning = self.config.partitioning;
        match partitioning.partitioner {
            Partitioner::RoundRobin => true,
            Partitioner::Kafka33 => partitioning.ignore_keys,
            Partitioner::Kafka23 | Partitioner::Kafka24 => false,
        }
    }

    /// The partition of the next record.
    pub(super) fn place(&mut self, ctx: &mut Ctx<'_>, target: Target) -> PartitionId {
        if let Target::Partition(partition) = target {
            return partition;
        }
        match self.config.partitioning.partitioner {
            Partitioner::Kafka33 => self.choose_sticky(ctx),
            Partitioner::Kafka24 => match self.chooser.cached {
                Some(cached) => cached,
                None => self.draw_another(ctx),
            },
            Partitioner::Kafka23 | Partitioner::RoundRobin => self.choose_in_turn(ctx),
        }
    }

    /// A record does not fit into the partition's last batch (`DefaultPartitioner.onNewBatch` of 2.4).
    pub(super) fn on_new_batch(&mut self, ctx: &mut Ctx<'_>, partition: PartitionId) {
        let is_its = self.chooser.cached.is_none_or(|cached| cached == partition);
        if self.config.partitioning.partitioner == Partitioner::Kafka24 && is_its {
            self.draw_another(ctx);
        }
    }

    /// A broker was wanted, and could be sent to or not.
    pub(super) fn note_latency(&mut self, now: Micros, broker: BrokerId, ready: bool) {
        if self.config.partitioning.availability_timeout == Micros::ZERO {
            return;
        }
        let stats = self.chooser.latency.entry(broker).or_insert((now, now));
        stats.1 = now;
        if ready {
            stats.0 = now;
        }
    }

    fn choose_sticky(&mut self, ctx: &mut Ctx<'_>) -> PartitionId {
        let batch_size = self.config.limits.batch_size;
        let full = match self.chooser.sticky.current() {
            None => true,
            Some(current) => {
                let partition = TopicPartition::new(&self.topic, current);
                self.accumulator.is_full(&partition, batch_size)
            }
        };
        let mut sticky = std::mem::take(&mut self.chooser.sticky);
        let chosen = sticky.choose(ctx, batch_size, full, || self.candidates());
        self.chooser.sticky = sticky;
        chosen
    }

    fn choose_in_turn(&mut self, ctx: &mut Ctx<'_>) -> PartitionId {
        let turn =
            self.chooser.turns.unwrap_or_else(|| match self.config.partitioning.partitioner {
                Partitioner::RoundRobin => 0,
                _ => u32::try_from(ctx.random_below(Stream::Client, 1 << 32)).unwrap_or(0),
            });
        self.chooser.turns = Some(turn.wrapping_add(1));
        round_robin(turn, &self.available(), self.partitions().unwrap_or(1))
    }

    /// Any partition but the one of the moment, if there is another (`StickyPartitionCache`).
    fn draw_another(&mut self, ctx: &mut Ctx<'_>) -> PartitionId {
        let mut others = self.available();
        if others.is_empty() {
            others = (0..self.partitions().unwrap_or(1).cast_signed()).map(PartitionId).collect();
        } else if others.len() > 1 {
            others.retain(|partition| Some(*partition) != self.chooser.cached);
        }
        let most = u64::try_from(others.len()).unwrap_or(u64::MAX);
        let drawn = usize::try_from(ctx.random_below(Stream::Client, most)).unwrap_or(0);
        let next = others.get(drawn).copied().unwrap_or(PartitionId(0));
        self.chooser.cached = Some(next);
        next
    }

    /// Partitions that have a leader.
    fn available(&self) -> Vec<PartitionId> {
        let known = self.network.metadata.topic(&self.topic);
        let led = known.into_iter().flat_map(metadata::numbered);
        led.filter(|(_, partition)| partition.leader.is_some()).map(|(id, _)| id).collect()
    }

    /// Partitions that the sticky partitioner may choose: those with a leader, or all when none has one.
    /// Queues count once every partition has had a batch, and with them brokers that were too slow.
    fn candidates(&self) -> Candidates {
        let Some(known) = self.network.metadata.topic(&self.topic) else {
            return Candidates::default();
        };
        let partitions = known.available.clone();
        if !self.config.partitioning.adaptive || !self.accumulator.knows_all(&known.partitions) {
            return Candidates { partitions, queues: Vec::new() };
        }
        let queue = |(partition, batches)| {
            let leader = self.network.metadata.leader(&TopicPartition::new(&self.topic, partition));
            Queue { partition, batches, slow: leader.is_some_and(|leader| self.is_slow(leader)) }
        };
        let may_be = |queue: &Queue| partitions.binary_search(&queue.partition).is_ok();
        let queues = self.accumulator.queued_batches().map(queue).filter(may_be).collect();
        Candidates { partitions, queues }
    }

    fn is_slow(&self, broker: BrokerId) -> bool {
        let timeout = self.config.partitioning.availability_timeout;
        let stats = self.chooser.latency.get(&broker);
        timeout > Micros::ZERO
            && stats.is_some_and(|(drained, wanted)| wanted.since(*drained) > timeout)
    }
}
