//! Committed offsets, client's side: where a member begins, and how it tells how far it is
//! (`ConsumerCoordinator.refreshCommittedOffsetsIfNeeded`, `sendOffsetCommitRequest`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::network_client::version;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::Request;

use super::fetcher::{Asked, Consumer, by_topic, wire_topic};
use super::membership::{GroupAsked, Signal, Stage};
use super::subscription::{Position, ResetTo};

/// Offsets to commit.
pub type Offsets = Vec<(TopicPartition, Offset)>;

/// A commit that is to be sent, or is on its way.
#[derive(Clone, Debug)]
pub struct Commit {
    offsets: Offsets,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The application waits for it (`commitSync`).
    Sync,
    /// Nobody waits (`commitAsync`, and the one of `auto.commit.interval.ms`).
    Async,
    /// A rebalance waits for it.
    BeforeRejoin,
    /// The end waits for it.
    BeforeClose,
}

impl Commit {
    /// Before the member joins again.
    #[must_use]
    pub fn before_rejoin(offsets: Offsets) -> Commit {
        Commit { offsets, kind: Kind::BeforeRejoin }
    }

    /// Before the consumer ends.
    #[must_use]
    pub fn before_close(offsets: Offsets) -> Commit {
        Commit { offsets, kind: Kind::BeforeClose }
    }
}

impl Consumer {
    /// Commits offsets; with `waits`, [`Signal::Committed`] follows.
    pub fn commit(&mut self, ctx: &mut Ctx<'_>, offsets: Offsets, waits: bool) {
        let kind = if waits { Kind::Sync } else { Kind::Async };
        if let Some(member) = self.membership.as_mut() {
            member.commits.push_back(Commit { offsets, kind });
        }
        self.run(ctx);
    }

    /// Sends the next commit, when the coordinator would take it.
    pub(super) fn send_commit(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let Some(member) = self.membership.as_mut().filter(|member| !member.commit_asked) else {
            return;
        };
        let Some(commit) = member.commits.pop_front() else { return };
        // Who is in the middle of a rebalance, or out, is not asked (`generationIfStable`).
        if member.stage != Stage::Stable {
            let error = match member.is_member() {
                true => ResponseError::RebalanceInProgress,
                false => ResponseError::UnknownMemberId,
            };
            return self.commit_done(ctx, &commit, Some(error));
        }
        member.commit_asked = true;
        let (group, member_id, instance) =
            (member.group_id(), member.member_id(), member.instance());
        let generation = member.generation;
        let too_far = i64::from(planted::has(Bug::CommitsTooFar));
        let rows = commit.offsets.iter().map(|(partition, offset)| {
            (partition.clone(), (*offset, self.epoch_of(partition, *offset)))
        });
        let topics = by_topic(rows.collect(), |partition, (offset, epoch): (Offset, _)| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(partition.0)
                .with_committed_offset(offset.0 + too_far)
                .with_committed_leader_epoch(epoch)
                .with_committed_metadata(Some(StrBytes::default()))
        });
        let topic = |(topic, partitions)| {
            OffsetCommitRequestTopic::default()
                .with_name(wire_topic(&topic))
                .with_partitions(partitions)
        };
        let request = OffsetCommitRequest::default()
            .with_group_id(group)
            .with_generation_id_or_member_epoch(generation)
            .with_member_id(member_id)
            .with_group_instance_id(instance)
            .with_topics(topics.into_iter().map(topic).collect());
        let body = Request::OffsetCommit(request);
        let asked = Asked::Group(GroupAsked::Commit(commit));
        self.network.send(ctx, coordinator, version::OFFSET_COMMIT, body, asked);
    }

    /// The reign of the record before an offset, when it is the consumer's position.
    fn epoch_of(&self, partition: &TopicPartition, offset: Offset) -> i32 {
        let followed = self.partitions.get(partition);
        let followed = followed.filter(|followed| followed.offset() == Some(offset));
        followed.map_or(LeaderEpoch::NONE, |followed| followed.epoch).0
    }

    pub(super) fn on_commit_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        commit: Commit,
        response: &OffsetCommitResponse,
    ) {
        let codes = response.topics.iter().flat_map(|t| &t.partitions).map(|p| p.error_code);
        let error = codes.into_iter().find_map(ResponseError::try_from_code);
        let Some(member) = self.membership.as_mut() else { return };
        member.commit_asked = false;
        match error {
            Some(
                ResponseError::CoordinatorNotAvailable
                | ResponseError::NotCoordinator
                | ResponseError::RequestTimedOut,
            ) => {
                member.commits.push_front(commit);
                return member.lose_coordinator(ctx);
            }
            Some(ResponseError::CoordinatorLoadInProgress) => {
                member.commits.push_front(commit);
                return member.back_off(ctx);
            }
            Some(ResponseError::UnknownMemberId) => member.reset(false),
            Some(ResponseError::IllegalGeneration) => member.reset(true),
            Some(ResponseError::RebalanceInProgress) => member.rejoin_needed = true,
            _ => {}
        }
        self.commit_done(ctx, &commit, error);
    }

    fn commit_done(&mut self, ctx: &mut Ctx<'_>, commit: &Commit, error: Option<ResponseError>) {
        let Some(member) = self.membership.as_mut() else { return };
        if let Some(error) = error {
            let group = member.config.group.clone();
            ctx.emit(EventKind::CommitFailed { group, error: error.code() });
        }
        match commit.kind {
            Kind::Sync => {
                member.signals.push(Signal::Committed(error.map(|error| error.code())));
            }
            Kind::BeforeRejoin => self.prepared(ctx),
            Kind::Async | Kind::BeforeClose => {}
        }
    }

    /// The commit of `auto.commit.interval.ms`, in `poll`.
    pub(super) fn auto_commit(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let offsets = self.consumed();
        let Some(member) = self.membership.as_mut() else { return };
        let due = self.polling && member.stage == Stage::Stable && !member.rejoin_needed;
        let Some(interval) = member.config.auto_commit.filter(|_| due) else { return };
        if member.next_commit.at > ctx.now || member.commit_asked {
            return;
        }
        member.next_commit.at = ctx.now + interval;
        if !offsets.is_empty() {
            member.commits.push_back(Commit { offsets, kind: Kind::Async });
            self.send_commit(ctx, coordinator);
        }
    }

    /// Asks where the group is in partitions that were just given.
    pub(super) fn ask_committed(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let unknown = self.partitions.iter().filter(|(_, followed)| {
            followed.position == Position::Committed
                && !followed.asked
                && followed.not_before.at <= ctx.now
        });
        let unknown: Vec<TopicPartition> =
            unknown.map(|(partition, _)| partition.clone()).collect();
        let Some(member) = self.membership.as_ref() else { return };
        if unknown.is_empty() || member.stage != Stage::Stable {
            return;
        }
        let rows = unknown.iter().map(|partition| (partition.clone(), ())).collect();
        let topics = by_topic(rows, |partition, ()| partition.0);
        let topic = |(topic, partitions)| {
            OffsetFetchRequestTopics::default()
                .with_name(wire_topic(&topic))
                .with_partition_indexes(partitions)
        };
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(member.group_id())
            .with_topics(Some(topics.into_iter().map(topic).collect()));
        let request =
            OffsetFetchRequest::default().with_groups(vec![group]).with_require_stable(true);
        unknown.iter().for_each(|partition| self.mark(partition));
        let body = Request::OffsetFetch(request);
        let asked = Asked::Group(GroupAsked::Committed(unknown));
        self.network.send(ctx, coordinator, version::OFFSET_FETCH, body, asked);
    }

    pub(super) fn on_committed(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: &[TopicPartition],
        response: &OffsetFetchResponse,
    ) {
        asked.iter().for_each(|partition| self.asked_no_more(partition));
        let Some(group) = response.groups.first() else { return };
        match ResponseError::try_from_code(group.error_code) {
            None => {}
            Some(ResponseError::CoordinatorLoadInProgress) => {
                return self.try_committed_later(ctx, asked);
            }
            Some(_) => {
                if let Some(member) = self.membership.as_mut() {
                    member.lose_coordinator(ctx);
                }
                return;
            }
        }
        for topic in &group.topics {
            let name = TopicName::new(&topic.name);
            for told in &topic.partitions {
                let partition = TopicPartition::new(&name, PartitionId(told.partition_index));
                if told.error_code != 0 {
                    self.rest(ctx, &partition);
                    continue;
                }
                let skipped = if planted::has(Bug::BeginsTooFar) { 3 } else { 0 };
                let at = told.committed_offset;
                let offset = if at < 0 { at } else { at + skipped };
                let epoch = told.committed_leader_epoch;
                self.found_committed(ctx, &partition, Offset(offset), LeaderEpoch(epoch));
            }
        }
    }

    fn found_committed(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: &TopicPartition,
        offset: Offset,
        epoch: LeaderEpoch,
    ) {
        let Some(followed) = self.partitions.get_mut(partition) else { return };
        if followed.position != Position::Committed {
            return;
        }
        if offset.0 >= 0 {
            return followed.go(offset, epoch);
        }
        followed.position = Position::Resetting(ResetTo::Policy, None);
        if self.config.never_resets {
            let words = "Undefined offset with no reset policy for partitions";
            self.throw(ctx, &format!("{words}: [{partition}]"));
        }
    }

    fn try_committed_later(&mut self, ctx: &Ctx<'_>, partitions: &[TopicPartition]) {
        partitions.iter().for_each(|partition| self.rest(ctx, partition));
    }
}
