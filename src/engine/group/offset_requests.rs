//! OffsetCommit, OffsetFetch, OffsetDelete (`handleCommitOffsets`, `handleFetchOffsets`,
//! `handleDeleteOffsets`, and what `KafkaApis` does before).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    GroupId, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse,
    OffsetFetchRequest, OffsetFetchResponse, TopicName as WireName,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::event::{EventKind, GroupState};
use crate::engine::group::answer::wire;
use crate::engine::group::join::fenced;
use crate::engine::group::metadata::{CONSUMER, Group};
use crate::engine::group::offsets::Committed;
use crate::engine::group::{Asker, GroupCoordinator, Then, schema};
use crate::engine::ids::{Offset, PartitionId, Text, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::Response;

/// First version of OffsetFetch that asks about several groups.
const BATCHED: i16 = 8;
/// First version of OffsetFetch with an error of the group.
const GROUP_ERROR: i16 = 2;

/// A commit, being written.
#[derive(Clone, Debug)]
pub struct Committing {
    asker: Asker,
    group: Text,
    topics: Vec<(WireName, Vec<(i32, i16)>)>,
    offsets: Vec<(TopicPartition, Committed)>,
}

impl Committing {
    /// Answers: `error` where nothing was wrong before.
    fn answer(self, ctx: &mut Ctx<'_>, error: i16) {
        let topics = self.topics.into_iter().map(|(name, parts)| {
            let parts = parts.into_iter().map(|(index, refused)| {
                OffsetCommitResponsePartition::default()
                    .with_partition_index(index)
                    .with_error_code(if refused == 0 { error } else { refused })
            });
            OffsetCommitResponseTopic::default().with_name(name).with_partitions(parts.collect())
        });
        let answer = OffsetCommitResponse::default().with_topics(topics.collect());
        self.asker.answer(ctx, Response::OffsetCommit(answer));
    }
}

impl GroupCoordinator {
    pub(super) fn commit_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        request: &OffsetCommitRequest,
        exists: &dyn Fn(&TopicPartition) -> bool,
    ) {
        let committing = self.read_commit(ctx, asker, request, exists);
        if committing.topics.iter().flat_map(|(_, parts)| parts).all(|(_, refused)| *refused != 0)
            && committing.offsets.is_empty()
        {
            return committing.answer(ctx, 0);
        }
        let id = committing.group.clone();
        if let Some(error) = self.refusal(&id, true) {
            return committing.answer(ctx, error.code());
        }
        if self.group(&id).is_none() {
            if request.generation_id_or_member_epoch >= 0 {
                return committing.answer(ctx, ResponseError::IllegalGeneration.code());
            }
            self.ensure(ctx, &id);
        }
        let Some(group) = self.group_mut(&id) else { return };
        if let Some(error) = check_commit(group, request) {
            return committing.answer(ctx, error.code());
        }
        for (partition, committed) in &committing.offsets {
            group.pending_commits.insert(partition.clone(), committed.clone());
        }
        if group.state != GroupState::Empty {
            self.beat(ctx, &id, &(&*request.member_id).into());
        }
        if committing.offsets.is_empty() {
            return committing.answer(ctx, 0);
        }
        let records = committing.offsets.iter().map(|(partition, committed)| {
            (schema::offset_key(&id, partition), Some(schema::offset_value(committed)))
        });
        let records: Vec<_> = records.collect();
        self.write(ctx, &id, &records, Some(Then::Commit(Box::new(committing))));
    }

    fn read_commit(
        &self,
        ctx: &Ctx<'_>,
        asker: Asker,
        request: &OffsetCommitRequest,
        exists: &dyn Fn(&TopicPartition) -> bool,
    ) -> Committing {
        let now = ctx.wall_ms();
        let retention = request.retention_time_ms;
        let expires_ms = (retention != -1).then(|| now.saturating_add(retention));
        let mut offsets = Vec::new();
        let mut topics = Vec::new();
        for topic in &request.topics {
            let name = TopicName::new(&topic.name.0);
            let mut parts = Vec::new();
            for part in &topic.partitions {
                let index = part.partition_index;
                let id = TopicPartition::new(&name, PartitionId(index));
                let metadata: Text = part.committed_metadata.as_deref().unwrap_or_default().into();
                let length = metadata.encode_utf16().count();
                let too_long = i64::try_from(length)
                    .is_ok_and(|length| length > self.config.offset_metadata_max_bytes);
                let refused = if !exists(&id) {
                    ResponseError::UnknownTopicOrPartition.code()
                } else if too_long {
                    ResponseError::OffsetMetadataTooLarge.code()
                } else {
                    offsets.push((
                        id,
                        Committed {
                            offset: Offset(part.committed_offset),
                            leader_epoch: part.committed_leader_epoch,
                            metadata,
                            at_ms: now,
                            expires_ms,
                        },
                    ));
                    0
                };
                parts.push((index, refused));
            }
            topics.push((topic.name.clone(), parts));
        }
        Committing { asker, group: (&**request.group_id).into(), topics, offsets }
    }

    /// A commit is on all replicas, or could not be written.
    pub(super) fn committed(
        &mut self,
        ctx: &mut Ctx<'_>,
        committing: Committing,
        error: Option<ResponseError>,
        base: i64,
    ) {
        if let Some(group) = self.group_mut(&committing.group) {
            let mut told = Vec::new();
            for (partition, committed) in &committing.offsets {
                match error {
                    None if group.commit_written(partition, committed, base) => {
                        told.push((partition.clone(), committed.offset));
                    }
                    None => {}
                    Some(_) => group.commit_failed(partition, committed),
                }
            }
            for (partition, offset) in told {
                let group = committing.group.clone();
                ctx.emit(EventKind::OffsetCommitted { group, partition, offset });
            }
        }
        committing.answer(ctx, error.map_or(0, |error| error.code()));
    }

    pub(super) fn fetch_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        request: &OffsetFetchRequest,
    ) {
        let answer = if asker.version >= BATCHED {
            let groups = request.groups.iter().map(|asked| {
                let topics = asked.topics.as_ref();
                let wanted = topics.map(|topics| {
                    topics.iter().map(|t| (t.name.clone(), t.partition_indexes.clone())).collect()
                });
                self.offsets_of_group(&asked.group_id, wanted, request.require_stable)
            });
            OffsetFetchResponse::default().with_groups(groups.collect())
        } else {
            let topics = request.topics.as_ref();
            let wanted = topics.map(|topics| {
                topics.iter().map(|t| (t.name.clone(), t.partition_indexes.clone())).collect()
            });
            let asked: Wanted = wanted;
            let told =
                self.offsets_of_group(&request.group_id, asked.clone(), request.require_stable);
            single(told, asked, asker.version)
        };
        asker.answer(ctx, Response::OffsetFetch(answer));
    }

    fn offsets_of_group(
        &self,
        group_id: &GroupId,
        wanted: Wanted,
        require_stable: bool,
    ) -> OffsetFetchResponseGroup {
        let told = OffsetFetchResponseGroup::default().with_group_id(group_id.clone());
        if let Some(error) = self.refusal(group_id, true) {
            return told.with_error_code(error.code());
        }
        let group = self.group(group_id).filter(|group| group.state != GroupState::Dead);
        let wanted = wanted.unwrap_or_else(|| group.map(all_committed).unwrap_or_default());
        let topics = wanted.into_iter().map(|(name, indexes)| {
            let topic = TopicName::new(&name.0);
            let parts = indexes.into_iter().map(|index| {
                let id = TopicPartition::new(&topic, PartitionId(index));
                told_offset(group, &id, require_stable)
            });
            OffsetFetchResponseTopics::default().with_name(name).with_partitions(parts.collect())
        });
        told.with_topics(topics.collect())
    }

    pub(super) fn delete_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        request: &OffsetDeleteRequest,
        exists: &dyn Fn(&TopicPartition) -> bool,
    ) {
        let id: Text = (&**request.group_id).into();
        let refused = self.refusal(&id, false).or_else(|| match self.group(&id) {
            None => Some(ResponseError::GroupIdNotFound),
            Some(group) if group.state == GroupState::Dead => Some(ResponseError::GroupIdNotFound),
            Some(group) if group.state == GroupState::Empty => None,
            Some(group) if group.protocol_type.as_deref() == Some(CONSUMER) => None,
            Some(_) => Some(ResponseError::NonEmptyGroup),
        });
        if let Some(error) = refused {
            let answer = OffsetDeleteResponse::default().with_error_code(error.code());
            return asker.answer(ctx, Response::OffsetDelete(answer));
        }
        let mut eligible = Vec::new();
        let mut topics = Vec::new();
        for topic in &request.topics {
            let name = TopicName::new(&topic.name.0);
            let mut parts = Vec::new();
            for part in &topic.partitions {
                let partition = TopicPartition::new(&name, PartitionId(part.partition_index));
                let group = self.group(&id);
                let used = group.is_some_and(|g| {
                    g.state != GroupState::Empty && g.is_subscribed(&partition.topic)
                });
                let error = if !exists(&partition) {
                    ResponseError::UnknownTopicOrPartition.code()
                } else if used {
                    ResponseError::GroupSubscribedToTopic.code()
                } else {
                    eligible.push(partition);
                    0
                };
                parts.push(
                    OffsetDeleteResponsePartition::default()
                        .with_partition_index(part.partition_index)
                        .with_error_code(error),
                );
            }
            topics.push(
                OffsetDeleteResponseTopic::default()
                    .with_name(topic.name.clone())
                    .with_partitions(parts),
            );
        }
        self.remove_offsets(ctx, &id, &eligible);
        let answer = OffsetDeleteResponse::default().with_topics(topics);
        asker.answer(ctx, Response::OffsetDelete(answer));
    }
}

/// Topics with partitions; `None` is everything.
type Wanted = Option<Vec<(WireName, Vec<i32>)>>;

/// Why a commit is refused (`validateOffsetCommit`, `doCommitOffsets`).
fn check_commit(group: &Group, request: &OffsetCommitRequest) -> Option<ResponseError> {
    let generation = request.generation_id_or_member_epoch;
    let instance = request.group_instance_id.as_deref();
    if group.state == GroupState::Dead {
        return Some(ResponseError::CoordinatorNotAvailable);
    }
    if generation < 0 && group.state == GroupState::Empty {
        return None;
    }
    if planted::has(Bug::OldGenerationCommits) {
        return None;
    }
    if generation >= 0 || !request.member_id.is_empty() || instance.is_some() {
        if let Some(error) = fenced(group, &request.member_id, instance) {
            return Some(error);
        }
        if generation != group.generation {
            return Some(ResponseError::IllegalGeneration);
        }
    } else if group.state != GroupState::Empty {
        return Some(ResponseError::UnknownMemberId);
    }
    let completing = group.state == GroupState::CompletingRebalance;
    completing.then_some(ResponseError::RebalanceInProgress)
}

fn all_committed(group: &Group) -> Vec<(WireName, Vec<i32>)> {
    let mut topics: Vec<(WireName, Vec<i32>)> = Vec::new();
    for partition in group.offsets.keys() {
        let (name, index) = (partition.topic.as_str(), partition.partition.0);
        match topics.last_mut() {
            Some((known, indexes)) if &*known.0 == name => indexes.push(index),
            _ => topics.push((WireName(wire(name)), vec![index])),
        }
    }
    topics
}

fn told_offset(
    group: Option<&Group>,
    id: &TopicPartition,
    require_stable: bool,
) -> OffsetFetchResponsePartitions {
    let part = OffsetFetchResponsePartitions::default()
        .with_partition_index(id.partition.0)
        .with_committed_offset(-1)
        .with_committed_leader_epoch(-1)
        .with_metadata(Some(StrBytes::default()));
    if require_stable && group.is_some_and(|group| group.pending_commits.contains_key(id)) {
        return part.with_error_code(ResponseError::UnstableOffsetCommit.code());
    }
    match group.and_then(|group| group.offsets.get(id)) {
        None => part,
        Some(kept) => part
            .with_committed_offset(kept.committed.offset.0)
            .with_committed_leader_epoch(kept.committed.leader_epoch)
            .with_metadata(Some(wire(&kept.committed.metadata))),
    }
}

/// The answer about one group, as versions before 8 have it.
fn single(told: OffsetFetchResponseGroup, asked: Wanted, version: i16) -> OffsetFetchResponse {
    let error = told.error_code;
    // Version 1 tells an error of the group with every partition.
    if error != 0 && version < GROUP_ERROR {
        let topics = asked.unwrap_or_default().into_iter().map(|(name, indexes)| {
            let parts = indexes.into_iter().map(|index| {
                OffsetFetchResponsePartition::default()
                    .with_partition_index(index)
                    .with_committed_offset(-1)
                    .with_metadata(Some(StrBytes::default()))
                    .with_error_code(error)
            });
            OffsetFetchResponseTopic::default().with_name(name).with_partitions(parts.collect())
        });
        return OffsetFetchResponse::default().with_topics(topics.collect());
    }
    let topics = told.topics.into_iter().map(|topic| {
        let parts = topic.partitions.into_iter().map(|part| {
            OffsetFetchResponsePartition::default()
                .with_partition_index(part.partition_index)
                .with_committed_offset(part.committed_offset)
                .with_committed_leader_epoch(part.committed_leader_epoch)
                .with_metadata(part.metadata)
                .with_error_code(part.error_code)
        });
        OffsetFetchResponseTopic::default().with_name(topic.name).with_partitions(parts.collect())
    });
    OffsetFetchResponse::default().with_error_code(error).with_topics(topics.collect())
}
