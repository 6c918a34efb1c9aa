//! The broker around its group coordinator: requests go in, records are appended for it like anybody's,
//! and it learns when they are on all replicas, and which partitions of `__consumer_offsets` the broker
//! leads.

use crate::engine::broker::{Broker, Caller};
use crate::engine::controller::topic_name::CONSUMER_OFFSETS;
use crate::engine::disk::Disk;
use crate::engine::group::Asker;
use crate::engine::ids::{EventId, Offset, PartitionId, Text, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Request;
use crate::engine::protocol::inter_broker::{LEADER_DURING_DELETE, PartitionState};

/// `offsets.load.buffer.size`: bytes of one read while a coordinator loads.
const LOAD_BUFFER: u64 = 5_242_880;

/// What became of the coordinator's records.
#[derive(Clone, Copy, Debug)]
pub struct GroupsWritten {
    /// The number of its write.
    pub token: u64,
    /// 0: they are on all replicas.
    pub error: i16,
    /// Their first offset.
    pub base: Offset,
    /// What brought that about.
    pub cause: Option<EventId>,
}

impl Broker {
    pub(super) fn group_request(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        client_id: Option<&Text>,
        body: &Request,
    ) {
        let Caller { node, correlation, version } = caller;
        let asker = Asker { node, correlation, version };
        let metadata = &self.metadata;
        let exists = |partition: &TopicPartition| metadata.knows(partition);
        self.groups.request(ctx, asker, client_id, body, &exists);
    }

    /// Does what the coordinator wants done, until it wants nothing more.
    pub(super) fn run_groups(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        loop {
            let reads = self.groups.take_reads();
            let writes = self.groups.take_writes();
            let written = std::mem::take(&mut self.group_writes);
            if reads.is_empty() && writes.is_empty() && written.is_empty() {
                return;
            }
            for partition in reads {
                self.read_groups(ctx, disk, partition);
            }
            for write in writes {
                self.produce_for_groups(ctx, disk, write);
            }
            for done in written {
                let trigger = done.cause.map(|cause| ctx.set_cause(cause));
                self.groups.written(ctx, done.token, done.error, done.base.0);
                if let Some(trigger) = trigger {
                    ctx.restore_cause(trigger);
                }
            }
        }
    }

    /// Hands the coordinator the whole log of a partition.
    fn read_groups(&mut self, ctx: &mut Ctx<'_>, disk: &Disk, partition: PartitionId) {
        let id = TopicPartition::new(&TopicName::new(CONSUMER_OFFSETS), partition);
        let Some(led) = self.partitions.get(&id).filter(|it| it.leading().is_some()) else {
            return;
        };
        let end = led.log.log_end_offset();
        let mut next = led.log.log_start_offset();
        let mut pieces = Vec::new();
        while next < end
            && let Ok(piece) = led.log.read(disk, next, LOAD_BUFFER, end, true)
            && let Some(last) = crate::engine::record::batch::batches(&piece).last()
        {
            next = last.0.next_offset();
            pieces.push(piece);
        }
        self.groups.loaded(ctx, partition, &pieces);
    }

    /// The controller said who leads a partition: its groups come, or go.
    pub(super) fn coordinates(&mut self, ctx: &mut Ctx<'_>, id: &TopicPartition) {
        if id.topic.as_str() != CONSUMER_OFFSETS {
            return;
        }
        match self.partitions.get(id).filter(|partition| partition.leading().is_some()) {
            Some(led) => {
                let is_empty = led.log.log_start_offset() == led.log.log_end_offset();
                self.groups.elected(ctx, id.partition, is_empty);
            }
            None => self.groups.resigned(ctx, id.partition),
        }
    }

    /// What the controller told everybody: how many partitions `__consumer_offsets` has, and which
    /// partitions are no more.
    pub(super) fn groups_told(&mut self, ctx: &mut Ctx<'_>, states: &[PartitionState]) {
        let is_gone = |state: &&PartitionState| state.leader == Some(LEADER_DURING_DELETE);
        let gone = states.iter().filter(is_gone).map(|state| state.partition.clone());
        let gone: Vec<TopicPartition> = gone.collect();
        if !gone.is_empty() {
            self.groups.partitions_deleted(ctx, &gone);
        }
        if states.iter().any(|state| state.partition.topic.as_str() == CONSUMER_OFFSETS) {
            let count = self.metadata.count(&TopicName::new(CONSUMER_OFFSETS));
            if count > 0 {
                self.groups.set_partition_count(count);
            }
        }
    }
}
