//! ListOffsets: earliest, latest, or by timestamp (`ReplicaManager.fetchOffset`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::engine::broker::fetch_read::check_epoch;
use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::ids::{LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::log::Log;
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

/// Timestamp that asks for the log's end (ListOffsetsRequest.LATEST_TIMESTAMP).
pub(super) const LATEST: i64 = -1;
/// Timestamp that asks for the log's start (ListOffsetsRequest.EARLIEST_TIMESTAMP).
pub(super) const EARLIEST: i64 = -2;
/// The record with the largest timestamp (KIP-734).
const MAX_TIMESTAMP: i64 = -3;
/// The same of what the broker itself keeps (KIP-405).
const EARLIEST_LOCAL: i64 = -4;
/// The end of what has gone to tiered storage (KIP-1005).
const LATEST_TIERED: i64 = -5;

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

    /// (timestamp, offset, leader epoch) for one question (`Partition.fetchOffsetForTimestamp`,
    /// `UnifiedLog.fetchOffsetByTimestamp`).
    fn offset(
        &self,
        disk: &Disk,
        id: &TopicPartition,
        ask: &ListOffsetsPartition,
        follower: bool,
    ) -> Result<(i64, Offset, LeaderEpoch), ResponseError> {
        let partition = self.served(id)?;
        check_epoch(partition, LeaderEpoch(ask.current_leader_epoch), true)?;
        let log = &partition.log;
        let end = if follower { log.log_end_offset() } else { partition.high_watermark };
        // After an election the high watermark may be behind what earlier leaders had committed.
        let behind =
            !follower && partition.leading().is_some_and(|leading| leading.epoch_start > end);
        let unavailable = || match behind {
            true => Err(ResponseError::OffsetNotAvailable),
            false => Ok((-1, Offset::NONE, LeaderEpoch::NONE)),
        };
        match ask.timestamp {
            LATEST if behind => unavailable(),
            LATEST => Ok((-1, end, partition.leader_epoch())),
            EARLIEST | EARLIEST_LOCAL => {
                let start = log.log_start_offset();
                Ok((-1, start, epoch_of(log, start)))
            }
            // Tiered storage is not there: nothing has left the broker.
            LATEST_TIERED => Ok((-1, Offset::NONE, LeaderEpoch::NONE)),
            MAX_TIMESTAMP if log.max_timestamp() < 0 => unavailable(),
            // A special timestamp of a later release.
            timestamp if timestamp < LATEST_TIERED => Err(ResponseError::UnsupportedVersion),
            timestamp => match log.offset_for_timestamp(disk, wanted(log, timestamp)) {
                Some((at, offset)) if offset < end => Ok((at, offset, epoch_of(log, offset))),
                _ => unavailable(),
            },
        }
    }
}

/// The time to look up: the log's largest when that is asked for.
fn wanted(log: &Log, timestamp: i64) -> i64 {
    if timestamp == MAX_TIMESTAMP { log.max_timestamp() } else { timestamp }
}

/// The reign in which the record at `offset` was appended, as far as the log knows.
fn epoch_of(log: &Log, offset: Offset) -> LeaderEpoch {
    let entries = log.epochs().iter();
    let found = entries.rev().find(|(_, start)| *start <= offset);
    found.map_or(LeaderEpoch::NONE, |(epoch, _)| *epoch)
}
