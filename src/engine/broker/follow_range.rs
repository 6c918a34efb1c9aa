//! A follower whose offset the leader does not have (`AbstractFetcherThread.fetchOffsetAndTruncate`): a
//! longer log is cut to the leader's end; one that ends before the leader's log starts begins anew
//! there.

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId as WireBroker, ListOffsetsRequest, ListOffsetsResponse};

use crate::engine::broker::Broker;
use crate::engine::broker::follow::Next;
use crate::engine::broker::list_offsets::EARLIEST;
use crate::engine::disk::Disk;
use crate::engine::event::EventKind;
use crate::engine::ids::{
    BrokerId, CorrelationId, NodeId, Offset, PartitionId, TopicName, TopicPartition,
};
use crate::engine::log::AppendError;
use crate::engine::node::Ctx;
use crate::engine::protocol::{Payload, Request};

const LIST_OFFSETS_VERSION: i16 = 6;

impl Broker {
    /// Asks where the leader's log ends (`LATEST`) or starts (`EARLIEST`).
    pub(super) fn ask_range(
        &mut self,
        ctx: &mut Ctx<'_>,
        leader: BrokerId,
        id: &TopicPartition,
        which: i64,
    ) {
        let Some(partition) = self.partitions.get(id) else { return };
        let ask = ListOffsetsPartition::default()
            .with_partition_index(id.partition.0)
            .with_current_leader_epoch(partition.leader_epoch().0)
            .with_timestamp(which);
        let topic = ListOffsetsTopic::default()
            .with_name(partition.wire_name.clone())
            .with_partitions(vec![ask]);
        let request = ListOffsetsRequest::default()
            .with_replica_id(WireBroker(self.id.0))
            .with_topics(vec![topic]);
        let body = Request::ListOffsets(request);
        let correlation = self.correlation();
        if which == EARLIEST {
            self.starts_asked.insert(correlation);
        }
        let payload =
            Payload::Request { correlation, version: LIST_OFFSETS_VERSION, client_id: None, body };
        ctx.send(NodeId::Broker(leader), payload);
    }

    /// The leader's log end, or its start when that was asked.
    pub(super) fn leader_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        from: NodeId,
        correlation: CorrelationId,
        response: &ListOffsetsResponse,
    ) {
        let NodeId::Broker(leader) = from else { return };
        let is_start = self.starts_asked.remove(&correlation);
        for topic in &response.topics {
            let name = TopicName::new(&topic.name.0);
            for data in topic.partitions.iter().filter(|data| data.error_code == 0) {
                let id = TopicPartition::new(&name, PartitionId(data.partition_index));
                let followed = self.fetchers.get(&leader).is_some_and(|f| f.follows(&id));
                let own = self.partitions.get(&id).map(|p| p.log.log_end_offset());
                let Some(own) = own.filter(|_| followed) else { continue };
                let leaders = Offset(data.offset);
                if is_start {
                    if leaders > own {
                        self.start_over(ctx, disk, &id, leaders);
                    }
                } else if leaders < own {
                    self.truncate(ctx, disk, &id, leaders);
                } else {
                    self.ask_range(ctx, leader, &id, EARLIEST);
                    continue;
                }
                self.settle(ctx, leader, &id, Next::Again);
            }
        }
        self.fetch_from(ctx, leader);
    }

    /// An empty log whose leader's starts within a batch, since a DeleteRecords, starts where that batch
    /// does (`Partition.appendRecordsToFollowerOrFutureReplica`). Returns whether that is so.
    pub(super) fn may_start_within(
        &mut self,
        disk: &mut Disk,
        id: &TopicPartition,
        error: &AppendError,
    ) -> bool {
        let AppendError::UnexpectedOffset { found, last, .. } = *error else { return false };
        let Some(partition) = self.partitions.get_mut(id) else { return false };
        let (start, end) = (partition.log.log_start_offset(), partition.log.log_end_offset());
        if start != end || found >= end || last < end {
            return false;
        }
        partition.log.truncate_fully_and_start_at(disk, found);
        partition.high_watermark = found;
        self.moved_watermarks.insert(id.clone());
        self.cleaned_log_cut(disk, id, found);
        self.write_recovery_points(disk);
        true
    }

    /// What came from the leader is not appended. What is corrupt is asked for again; a log that it
    /// does not fit has parted from its leader's without a sign, as after a power loss of both in one
    /// reign: it is copied no further until another (`AbstractFetcherThread`, `failedPartitions`).
    pub(super) fn refuse_from_leader(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &TopicPartition,
        error: &AppendError,
    ) -> Next {
        let AppendError::UnexpectedOffset { found, .. } = *error else { return Next::Later };
        let Some(partition) = self.partitions.get(id) else { return Next::Stop };
        let (partition, log_end_offset) = (id.clone(), partition.log.log_end_offset());
        ctx.emit(EventKind::FollowerFailed { partition, log_end_offset, found });
        Next::Fail
    }

    /// Whether this broker has given up copying a partition in this reign.
    #[must_use]
    pub fn has_failed_to_follow(&self, id: &TopicPartition) -> bool {
        self.failed_fetches.contains(id)
    }

    /// Everything that this replica has is gone from the leader: it begins anew where the leader's log
    /// starts.
    fn start_over(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        start: Offset,
    ) {
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let from = partition.log.log_start_offset();
        partition.log.truncate_fully_and_start_at(disk, start);
        partition.high_watermark = start;
        self.moved_watermarks.insert(id.clone());
        let partition = id.clone();
        ctx.emit(EventKind::LogStartAdvanced { partition, from, to: start, leader: false });
        self.log_cut(ctx, disk, id, start);
    }
}
