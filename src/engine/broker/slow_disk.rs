//! A slow disk: records that are to be appended wait until it has taken those before them.
//!
//! In a real broker the thread that appends waits for the disk: a request handler for what producers
//! send, a fetcher for what it copied. What only reads, and the control plane, go on. Each log
//! directory takes one piece of work after the other, records of one partition at a time.

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::messages::{FetchResponse, ProduceRequest};

use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{
    BrokerId, CorrelationId, EventId, NodeId, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::time::Micros;

/// Work that waits for slow log directories, by directory.
#[derive(Clone, Debug, Default)]
pub struct SlowDisk {
    queues: BTreeMap<Text, VecDeque<Waiting>>,
}

#[derive(Clone, Debug)]
struct Waiting {
    work: Work,
    /// What the disk takes for it.
    takes: Micros,
    /// The event of its arrival.
    asked: Option<EventId>,
}

#[derive(Clone, Debug)]
enum Work {
    Produce(Caller, Box<ProduceRequest>),
    Fetched(NodeId, CorrelationId, Box<FetchResponse>),
}

impl SlowDisk {
    /// Whether what a leader sent waits to be appended.
    #[must_use]
    pub fn holds_from(&self, leader: BrokerId) -> bool {
        let from = |waiting: &Waiting| matches!(&waiting.work, Work::Fetched(node, ..) if *node == NodeId::Broker(leader));
        self.queues.values().flatten().any(from)
    }
}

impl Broker {
    /// Handles a produce request, when the disk is ready for it.
    pub(super) fn produce_when_disk_can(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: ProduceRequest,
    ) {
        let ids = request.topic_data.iter().flat_map(|topic| {
            let name = TopicName::new(&topic.name.0);
            topic.partition_data.iter().map(move |data| (name.clone(), data.index))
        });
        match self.slowest(disk, ids) {
            None => self.produce(ctx, disk, caller, &request),
            Some(place) => self.wait_for_disk(ctx, place, Work::Produce(caller, request.into())),
        }
    }

    /// Takes in a leader's answer, when the disk is ready for it.
    pub(super) fn fetched_when_disk_can(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        (from, correlation): (NodeId, CorrelationId),
        response: FetchResponse,
    ) {
        let ids = response.responses.iter().flat_map(|topic| {
            let name = TopicName::new(&topic.topic.0);
            let full = topic
                .partitions
                .iter()
                .filter(|data| data.records.as_ref().is_some_and(|records| !records.is_empty()));
            full.map(move |data| (name.clone(), data.partition_index))
        });
        match self.slowest(disk, ids) {
            None => self.fetched(ctx, disk, from, correlation, &response),
            Some(place) => {
                self.wait_for_disk(ctx, place, Work::Fetched(from, correlation, response.into()));
            }
        }
    }

    /// The directory that will take longest for records of these partitions, and how long; `None` when
    /// all work at once and nothing waits for them.
    fn slowest(
        &self,
        disk: &Disk,
        partitions: impl Iterator<Item = (TopicName, i32)>,
    ) -> Option<(Text, Micros)> {
        if !disk.is_troubled() && self.slow_disk.queues.is_empty() {
            return None;
        }
        let mut times: BTreeMap<Text, Micros> = BTreeMap::new();
        for (topic, index) in partitions {
            let id = TopicPartition::new(&topic, PartitionId(index));
            let Some(partition) = self.partitions.get(&id) else { continue };
            let dir: Text = partition.log.parent().into();
            let takes = disk.write_time(&dir);
            if takes > Micros::ZERO || self.slow_disk.queues.contains_key(&dir) {
                let time = times.entry(dir).or_default();
                *time = *time + takes;
            }
        }
        times.into_iter().max_by_key(|(_, time)| *time)
    }

    fn wait_for_disk(&mut self, ctx: &mut Ctx<'_>, (dir, takes): (Text, Micros), work: Work) {
        let asked = ctx.timer_cause();
        let queue = self.slow_disk.queues.entry(dir.clone()).or_default();
        queue.push_back(Waiting { work, takes, asked });
        if queue.len() == 1 {
            self.await_disk(ctx, &dir);
        }
    }

    /// Sets the timer for the first that waits for a directory.
    fn await_disk(&mut self, ctx: &mut Ctx<'_>, dir: &str) {
        let Some(first) = self.slow_disk.queues.get(dir).and_then(VecDeque::front) else { return };
        let place = self.config.log_dirs.prefixes().iter().position(|prefix| **prefix == *dir);
        let tag = place.and_then(|place| u64::try_from(place).ok()).unwrap_or(0);
        let timer = Timer { purpose: TimerPurpose::DiskWrite, tag };
        ctx.set_timer_caused(first.takes, timer, first.asked);
    }

    /// A directory has taken what was first.
    pub(super) fn disk_wrote(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, timer: &Timer) {
        let place = usize::try_from(timer.tag).unwrap_or(usize::MAX);
        let Some(dir) = self.config.log_dirs.prefixes().get(place).cloned() else { return };
        let Some(queue) = self.slow_disk.queues.get_mut(&dir) else { return };
        let Some(done) = queue.pop_front() else { return };
        if queue.is_empty() {
            self.slow_disk.queues.remove(&dir);
        }
        match done.work {
            Work::Produce(caller, request) => self.produce(ctx, disk, caller, &request),
            Work::Fetched(from, correlation, response) => {
                self.fetched(ctx, disk, from, correlation, &response);
            }
        }
        self.await_disk(ctx, &dir);
    }
}
