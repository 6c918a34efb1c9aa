//! Finds offsets: where the log begins, where it ends, where a time is (`OffsetFetcher`), and goes
//! where the application says.

use std::collections::BTreeMap;

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{self as kafka, ListOffsetsRequest, ListOffsetsResponse};

use crate::engine::client::network_client::version;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::Request;

use super::fetcher::{Asked, Consumer, by_topic, wire_topic};
use super::subscription::{Position, ResetTo};

/// ListOffsets: the offset of the next record.
const LATEST_TIMESTAMP: i64 = -1;
/// ListOffsets: the first offset kept.
const EARLIEST_TIMESTAMP: i64 = -2;

impl Consumer {
    /// Asks a leader where to go on.
    pub(super) fn list_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        leader: BrokerId,
        partitions: Vec<TopicPartition>,
    ) {
        let asked = partitions.iter().map(|partition| {
            let to = match self.partitions.get(partition).map(|followed| followed.position) {
                Some(Position::Resetting(to, _)) => to,
                _ => ResetTo::Policy,
            };
            (partition.clone(), (self.timestamp(to), self.leader_epoch(partition)))
        });
        let topics =
            by_topic(asked.collect(), |partition, (timestamp, epoch): (_, LeaderEpoch)| {
                ListOffsetsPartition::default()
                    .with_partition_index(partition.0)
                    .with_current_leader_epoch(epoch.0)
                    .with_timestamp(timestamp)
            });
        let topic = |(topic, partitions)| {
            ListOffsetsTopic::default().with_name(wire_topic(&topic)).with_partitions(partitions)
        };
        let request = ListOffsetsRequest::default()
            .with_replica_id(kafka::BrokerId(-1))
            .with_isolation_level(self.isolation_level())
            .with_topics(topics.into_iter().map(topic).collect());
        partitions.iter().for_each(|partition| self.mark(partition));
        let (body, asked) = (Request::ListOffsets(request), Asked::ListOffsets(partitions));
        self.network.send(ctx, leader, version::LIST_OFFSETS, body, asked);
    }

    fn timestamp(&self, to: ResetTo) -> i64 {
        match to {
            ResetTo::Policy if self.config.from_beginning => EARLIEST_TIMESTAMP,
            ResetTo::Beginning => EARLIEST_TIMESTAMP,
            ResetTo::Policy | ResetTo::End => LATEST_TIMESTAMP,
            ResetTo::Time(time) => time,
        }
    }

    pub(super) fn on_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: &[TopicPartition],
        response: &ListOffsetsResponse,
    ) {
        let parts = response.topics.iter().flat_map(|topic| {
            let name = TopicName::new(&topic.name);
            topic.partitions.iter().map(move |part| {
                (TopicPartition::new(&name, PartitionId(part.partition_index)), part)
            })
        });
        let answers: BTreeMap<TopicPartition, _> = parts.ordered();
        for partition in asked {
            self.asked_no_more(partition);
            let Some(answer) = answers.get(partition).filter(|answer| answer.error_code == 0)
            else {
                self.try_later(ctx, partition);
                continue;
            };
            self.found_offset(ctx, partition, Offset(answer.offset));
        }
    }

    fn found_offset(&mut self, ctx: &mut Ctx<'_>, partition: &TopicPartition, found: Offset) {
        let leader = self.network.metadata.partition(partition);
        let Some(followed) = self.partitions.get_mut(partition) else { return };
        let Position::Resetting(reset, before) = followed.position else { return };
        if found.0 < 0 {
            match reset {
                // Nothing is so new: what comes next will be.
                ResetTo::Time(_) => followed.position = Position::Resetting(ResetTo::End, before),
                _ => self.try_later(ctx, partition),
            }
            return;
        }
        // What a leader has just told needs no second look.
        followed.go(found, LeaderEpoch::NONE);
        followed.leader = leader.and_then(|known| Some((known.leader?, known.leader_epoch)));
        let (partition, to) = (partition.clone(), found);
        match (before, reset) {
            (None, _) => return,
            (Some(from), ResetTo::Policy) => {
                ctx.emit(EventKind::PositionReset { partition, from, to })
            }
            (Some(from), _) => ctx.emit(EventKind::PositionSought { partition, from, to }),
        };
    }

    /// Whether it follows a partition.
    #[must_use]
    pub fn has(&self, partition: &TopicPartition) -> bool {
        self.partitions.contains_key(partition)
    }

    /// The application goes to an offset, or to where the log begins, ends or a time is.
    pub fn seek(&mut self, ctx: &mut Ctx<'_>, partition: &TopicPartition, to: SeekTo) {
        let Some(followed) = self.partitions.get_mut(partition) else { return };
        let from = followed.offset().unwrap_or(Offset::NONE);
        match to {
            SeekTo::Offset(to) => {
                followed.go(to, LeaderEpoch::NONE);
                let partition = partition.clone();
                ctx.emit(EventKind::PositionSought { partition, from, to });
            }
            SeekTo::Found(to) => followed.position = Position::Resetting(to, Some(from)),
        }
        followed.not_before.at = ctx.now;
        self.buffer.retain(|held| held.partition != *partition);
        self.run(ctx);
    }

    /// The application wants no records of these partitions, or wants them again.
    pub fn pause(&mut self, ctx: &mut Ctx<'_>, partitions: &[TopicPartition], pause: bool) {
        for partition in partitions {
            if let Some(followed) = self.partitions.get_mut(partition) {
                followed.paused = pause;
            }
        }
        let partitions = partitions.to_vec();
        ctx.emit(match pause {
            true => EventKind::PartitionsPaused { partitions },
            false => EventKind::PartitionsResumed { partitions },
        });
        self.run(ctx);
    }
}

/// Where an application seeks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekTo {
    /// An offset, whether it is there or not.
    Offset(Offset),
    /// A place that the leader finds.
    Found(ResetTo),
}
