//! Is the log of a new leader the one that was read from? (KIP-320, `OffsetsForLeaderEpochUtils`,
//! `SubscriptionState.maybeCompleteValidation`)
//!
//! A consumer knows the reign of what it got last. When somebody else leads, or leads anew, it asks
//! where that reign ends in the leader's log. If that is before its position, what it read was cut off
//! behind it: with `auto.offset.reset` it goes back to where the logs part, without it ends.

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::EpochEndOffset;
use kafka_protocol::messages::{
    self as kafka, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
};

use crate::engine::client::network_client::version;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::Request;

use super::fetcher::{Asked, Consumer, by_topic, wire_topic};
use super::subscription::{Position, ResetTo};

impl Consumer {
    /// Positions whose partition has another leader than the one they are good for have to be looked at
    /// (`maybeValidatePositionForCurrentLeader`).
    pub(super) fn doubt_positions(&mut self) {
        let version = self.network.metadata.version();
        let is_news = std::mem::replace(&mut self.seen_version, version) != version;
        for (partition, followed) in &mut self.partitions {
            if followed.leader.is_some() && !is_news {
                continue;
            }
            let (Position::At(offset) | Position::Validating(offset)) = followed.position else {
                continue;
            };
            let Some(known) = self.network.metadata.partition(partition) else { continue };
            let Some(leader) = known.leader.map(|leader| (leader, known.leader_epoch)) else {
                continue;
            };
            if followed.leader == Some(leader) {
                continue;
            }
            followed.leader = Some(leader);
            let can_tell =
                followed.epoch != LeaderEpoch::NONE && known.leader_epoch != LeaderEpoch::NONE;
            followed.position =
                if can_tell { Position::Validating(offset) } else { Position::At(offset) };
        }
    }

    /// Asks a leader where the reigns of the last records end in its logs.
    pub(super) fn ask_epoch_ends(
        &mut self,
        ctx: &mut Ctx<'_>,
        leader: BrokerId,
        partitions: Vec<TopicPartition>,
    ) {
        let mut asked = Vec::new();
        let mut rows = Vec::new();
        for partition in partitions {
            let Some(followed) = self.partitions.get(&partition) else { continue };
            let Some(offset) = followed.offset() else { continue };
            rows.push((partition.clone(), (followed.epoch, self.leader_epoch(&partition))));
            asked.push((partition, offset));
        }
        let topics = by_topic(rows, |partition, (epoch, current): (LeaderEpoch, LeaderEpoch)| {
            OffsetForLeaderPartition::default()
                .with_partition(partition.0)
                .with_current_leader_epoch(current.0)
                .with_leader_epoch(epoch.0)
        });
        let topic = |(topic, partitions)| {
            OffsetForLeaderTopic::default()
                .with_topic(wire_topic(&topic))
                .with_partitions(partitions)
        };
        let request = OffsetForLeaderEpochRequest::default()
            .with_replica_id(kafka::BrokerId(-1))
            .with_topics(topics.into_iter().map(topic).collect());
        asked.iter().for_each(|(partition, _)| self.mark(partition));
        let (body, asked) = (Request::OffsetForLeaderEpoch(request), Asked::EpochEnds(asked));
        self.network.send(ctx, leader, version::OFFSET_FOR_LEADER_EPOCH, body, asked);
    }

    pub(super) fn on_epoch_ends(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: &[(TopicPartition, Offset)],
        response: &OffsetForLeaderEpochResponse,
    ) {
        let parts = response.topics.iter().flat_map(|topic| {
            let name = TopicName::new(&topic.topic);
            topic
                .partitions
                .iter()
                .map(move |part| (TopicPartition::new(&name, PartitionId(part.partition)), part))
        });
        let answers: BTreeMap<TopicPartition, &EpochEndOffset> = parts.ordered();
        for (partition, offset) in asked {
            self.asked_no_more(partition);
            match answers.get(partition).filter(|answer| answer.error_code == 0) {
                Some(end) => self.complete_validation(ctx, partition, *offset, end),
                None => self.try_later(ctx, partition),
            }
        }
    }

    fn complete_validation(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: &TopicPartition,
        offset: Offset,
        end: &EpochEndOffset,
    ) {
        let never_resets = self.config.never_resets;
        let followed = self.partitions.get_mut(partition);
        let Some(followed) = followed.filter(|f| f.position == Position::Validating(offset)) else {
            return;
        };
        let is_known = end.end_offset >= 0 && end.leader_epoch >= 0;
        if is_known && end.end_offset >= offset.0 {
            followed.position = Position::At(offset);
            return;
        }
        let to = if is_known { Offset(end.end_offset) } else { Offset::NONE };
        ctx.emit(EventKind::TruncationDetected {
            partition: partition.clone(),
            position: offset,
            diverges: to,
        });
        if never_resets {
            return self.throw(ctx, &log_truncation(partition, is_known.then_some(end)));
        }
        if is_known {
            followed.go(to, LeaderEpoch(end.leader_epoch));
            let partition = partition.clone();
            ctx.emit(EventKind::PositionReset { partition, from: offset, to });
        } else {
            followed.position = Position::Resetting(ResetTo::Policy, Some(offset));
        }
    }
}

/// What Java's `LogTruncationException` says.
fn log_truncation(partition: &TopicPartition, end: Option<&EpochEndOffset>) -> String {
    let diverges = end.map_or_else(String::new, |end| {
        let (offset, epoch) = (end.end_offset, end.leader_epoch);
        format!(
            "{partition}=OffsetAndMetadata{{offset={offset}, leaderEpoch={epoch}, metadata=''}}"
        )
    });
    format!("Detected log truncation with diverging offsets {{{diverges}}}")
}
