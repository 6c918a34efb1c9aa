//! OffsetForLeaderEpoch: where a reign ended in the leader's log
//! (`ReplicaManager.lastOffsetForLeaderEpoch`, `Partition.lastOffsetForLeaderEpoch`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_for_leader_epoch_request::OffsetForLeaderPartition;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use crate::engine::broker::fetch_read::check_epoch;
use crate::engine::broker::{Broker, Caller};
use crate::engine::ids::{LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

impl Broker {
    pub(super) fn offset_for_leader_epoch(
        &self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &OffsetForLeaderEpochRequest,
    ) {
        let topics = request.topics.iter().map(|topic| {
            let name = TopicName::new(&topic.topic.0);
            let answer = |ask: &OffsetForLeaderPartition| {
                let id = TopicPartition::new(&name, PartitionId(ask.partition));
                let told = EpochEndOffset::default().with_partition(ask.partition);
                match self.end_of_epoch(&id, ask) {
                    Ok((epoch, end)) => told.with_leader_epoch(epoch.0).with_end_offset(end.0),
                    Err(error) => told.with_error_code(error.code()),
                }
            };
            OffsetForLeaderTopicResult::default()
                .with_topic(topic.topic.clone())
                .with_partitions(topic.partitions.iter().map(answer).collect())
        });
        let response = OffsetForLeaderEpochResponse::default().with_topics(topics.collect());
        ctx.send(caller.node, caller.answer(Response::OffsetForLeaderEpoch(response)));
    }

    fn end_of_epoch(
        &self,
        id: &TopicPartition,
        ask: &OffsetForLeaderPartition,
    ) -> Result<(LeaderEpoch, Offset), ResponseError> {
        let partition = self.served(id)?;
        check_epoch(partition, LeaderEpoch(ask.current_leader_epoch), true)?;
        Ok(partition.log.end_offset_for_epoch(LeaderEpoch(ask.leader_epoch)))
    }
}
