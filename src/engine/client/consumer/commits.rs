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
use crate::engine::ids::{BrokerId, Offset, PartitionId};
use crate::engine::node::Ctx;
use crate::engine::protocol::Request;

use super::fetcher::{Asked, Consumer, Position};
use super::membership::{GroupAsked, Signal, Stage};

/// A commit that is to be sent, or is on its way.
#[derive(Clone, Debug)]
pub struct Commit {
    offsets: Vec<(PartitionId, Offset)>,
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
    pub fn before_rejoin(offsets: Vec<(PartitionId, Offset)>) -> Commit {
        Commit { offsets, kind: Kind::BeforeRejoin }
    }

    /// Before the consumer ends.
    #[must_use]
    pub fn before_close(offsets: Vec<(PartitionId, Offset)>) -> Commit {
        Commit { offsets, kind: Kind::BeforeClose }
    }
}

impl Consumer {
    /// Commits offsets; with `waits`, [`Signal::Committed`] follows.
    pub fn commit(&mut self, ctx: &mut Ctx<'_>, offsets: Vec<(PartitionId, Offset)>, waits: bool) {
        let kind = if waits { Kind::Sync } else { Kind::Async };
        if let Some(member) = self.membership.as_mut() {
            member.commits.push_back(Commit { offsets, kind });
        }
        self.run(ctx);
    }

    /// Sends the next commit, when the coordinator would take it.
    pub(super) fn send_commit(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let name = self.topic_name();
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
        let parts = commit.offsets.iter().map(|(partition, offset)| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(partition.0)
                .with_committed_offset(offset.0)
                .with_committed_leader_epoch(self.leader_epoch(*partition))
                .with_committed_metadata(Some(StrBytes::default()))
        });
        let topic =
            OffsetCommitRequestTopic::default().with_name(name).with_partitions(parts.collect());
        let request = OffsetCommitRequest::default()
            .with_group_id(group)
            .with_generation_id_or_member_epoch(generation)
            .with_member_id(member_id)
            .with_group_instance_id(instance)
            .with_topics(vec![topic]);
        let body = Request::OffsetCommit(request);
        let asked = Asked::Group(GroupAsked::Commit(commit));
        self.network.send(ctx, coordinator, version::OFFSET_COMMIT, body, asked);
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
        let due = member.polling && member.stage == Stage::Stable && !member.rejoin_needed;
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
        let unknown: Vec<PartitionId> = unknown.map(|(partition, _)| *partition).collect();
        let name = self.topic_name();
        let Some(member) = self.membership.as_ref() else { return };
        if unknown.is_empty() || member.stage != Stage::Stable {
            return;
        }
        let indexes = unknown.iter().map(|partition| partition.0).collect();
        let topic =
            OffsetFetchRequestTopics::default().with_name(name).with_partition_indexes(indexes);
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(member.group_id())
            .with_topics(Some(vec![topic]));
        let request =
            OffsetFetchRequest::default().with_groups(vec![group]).with_require_stable(true);
        self.mark(&unknown);
        let body = Request::OffsetFetch(request);
        let asked = Asked::Group(GroupAsked::Committed(unknown));
        self.network.send(ctx, coordinator, version::OFFSET_FETCH, body, asked);
    }

    pub(super) fn asked_no_more(&mut self, asked: &[PartitionId]) {
        for partition in asked {
            if let Some(followed) = self.partitions.get_mut(partition) {
                followed.asked = false;
            }
        }
    }

    pub(super) fn on_committed(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: &[PartitionId],
        response: &OffsetFetchResponse,
    ) {
        self.asked_no_more(asked);
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
        for told in group.topics.iter().flat_map(|topic| &topic.partitions) {
            let partition = PartitionId(told.partition_index);
            if told.error_code != 0 {
                self.try_committed_later(ctx, &[partition]);
                continue;
            }
            let Some(followed) = self.partitions.get_mut(&partition) else { continue };
            if followed.position != Position::Committed {
                continue;
            }
            followed.position = match told.committed_offset {
                offset @ 0.. => Position::At(Offset(offset)),
                _ => Position::Resetting(None),
            };
            if told.committed_offset < 0 && !self.may_reset() {
                let named = self.named(partition);
                self.throw(
                    ctx,
                    &format!("Undefined offset with no reset policy for partitions: [{named}]"),
                );
                return;
            }
        }
    }

    fn try_committed_later(&mut self, ctx: &Ctx<'_>, partitions: &[PartitionId]) {
        use crate::engine::client::alarm::Deadline;
        use crate::engine::client::backoff::RETRY;
        for partition in partitions {
            if let Some(followed) = self.partitions.get_mut(partition) {
                let at = ctx.now + RETRY.first;
                followed.not_before = Deadline { at, cause: ctx.timer_cause() };
            }
        }
    }
}
