//! ListOffsets: earliest, latest, or by timestamp (`ReplicaManager.fetchOffset`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::engine::broker::fetch_read::check_epoch;
use crate::engine::broker::follow::LATEST;
use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::ids::{LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

/// Timestamp that asks for the log's start (ListOffsetsRequest.EARLIEST_TIMESTAMP).
const EARLIEST: i64 = -2;

impl Broker {
    pub(super) fn list_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: &ListOffsetsRequest,
    ) {
        let follower = request.replica_id.0 >= 0;
        let mut topics = Vec::new();
        for topic in &request.topics {
            let name = TopicName::new(&topic.name.0);
            let answer = |ask: &ListOffsetsPartition| {
                let id = TopicPartition::new(&name, PartitionId(ask.partition_index));
                let answer = ListOffsetsPartitionResponse::default()
                    .with_partition_index(ask.partition_index)
                    .with_timestamp(-1)
                    .with_offset(-1)
                    .with_leader_epoch(-1);
                match self.offset(disk, &id, ask, follower) {
                    Ok((timestamp, offset, epoch)) => answer
                        .with_timestamp(timestamp)
                        .with_offset(offset.0)
                        .with_leader_epoch(epoch.0),
                    Err(error) => answer.with_error_code(error.code()),
                }
            };
            let partitions = topic.partitions.iter().map(answer).collect();
            topics.push(
                ListOffsetsTopicResponse::default()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions),
            );
        }
        let body = Response::ListOffsets(ListOffsetsResponse::default().with_topics(topics));
        ctx.send(caller.node, caller.answer(body));
    }

    /// (timestamp, offset, leader epoch) for one question.
    fn offset(
        &self,
        disk: &Disk,
        id: &TopicPartition,
        ask: &ListOffsetsPartition,
        follower: bool,
    ) -> Result<(i64, Offset, LeaderEpoch), ResponseError> {
        let Some(partition) = self.partitions.get(id) else {
            return Err(match self.metadata.knows(id) {
                true => ResponseError::NotLeaderOrFollower,
                false => ResponseError::UnknownTopicOrPartition,
            });
        };
        check_epoch(partition, LeaderEpoch(ask.current_leader_epoch), true)?;
        let log = &partition.log;
        let epoch = partition.leader_epoch();
        let end = if follower { log.log_end_offset() } else { partition.high_watermark };
        Ok(match ask.timestamp {
            LATEST => (-1, end, epoch),
            EARLIEST => (-1, log.log_start_offset(), epoch),
            timestamp => match log.offset_for_timestamp(disk, timestamp) {
                Some((at, offset)) if offset < end => (at, offset, epoch),
                _ => (-1, Offset::NONE, LeaderEpoch::NONE),
            },
        })
    }
}
