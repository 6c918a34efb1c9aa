//! A member joins, assigns when it leads, and takes its part (`sendJoinGroupRequest`,
//! `onLeaderElected`, `onJoinComplete`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    JoinGroupRequest, JoinGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::assignor::consumer_protocol::{
    HIGHEST_VERSION, PROTOCOL_TYPE, read_assignment, read_subscription, write_assignment,
    write_subscription,
};
use crate::engine::assignor::{Assignment, Assignments, Assignor, PartitionInfo, Subscription};
use crate::engine::client::alarm::Deadline;
use crate::engine::client::network_client::version;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, Text, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::Request;
use crate::engine::time::Micros;

use super::fetcher::{Asked, Consumer};
use super::membership::{GroupAsked, Prepare, Stage, wire};

/// Over the rebalance timeout, what a JoinGroup may take (`JOIN_GROUP_TIMEOUT_LAPSE`).
const JOIN_LAPSE_MS: i64 = 5_000;

impl Consumer {
    pub(super) fn join(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let topics = self.topics.names(&self.network.metadata);
        let Some(member) = self.membership.as_mut() else { return };
        member.joined.clone_from(&topics);
        let generation = Some(member.generation).filter(|generation| *generation >= 0);
        let assignors = member.config.assignors.iter().zip(&member.memories);
        let protocols = assignors.map(|(assignor, memory)| {
            let subscription = Subscription {
                topics: topics.clone(),
                user_data: assignor.user_data(memory),
                owned: member.owned.clone(),
                generation,
                rack: None,
                instance: None,
            };
            JoinGroupRequestProtocol::default()
                .with_name(wire(assignor.name()))
                .with_metadata(write_subscription(&subscription, HIGHEST_VERSION))
        });
        let request = JoinGroupRequest::default()
            .with_group_id(member.group_id())
            .with_session_timeout_ms(member.config.session_timeout_ms)
            .with_rebalance_timeout_ms(member.config.max_poll_interval_ms)
            .with_member_id(member.member_id())
            .with_group_instance_id(member.instance())
            .with_protocol_type(wire(PROTOCOL_TYPE))
            .with_protocols(protocols.collect())
            .with_reason(Some(StrBytes::default()));
        member.stage = Stage::Joining;
        let timeout =
            Micros::from_ms(i64::from(member.config.max_poll_interval_ms) + JOIN_LAPSE_MS);
        let (body, asked) = (Request::JoinGroup(request), Asked::Group(GroupAsked::Join));
        self.network.send_within(ctx, coordinator, version::JOIN_GROUP, body, asked, timeout);
    }

    pub(super) fn joined(
        &mut self,
        ctx: &mut Ctx<'_>,
        coordinator: BrokerId,
        response: &JoinGroupResponse,
    ) {
        let Some(member) = self.membership.as_mut() else { return };
        if member.stage != Stage::Joining {
            return;
        }
        let error = ResponseError::try_from_code(response.error_code);
        if let Some(error) = error {
            if error == ResponseError::MemberIdRequired {
                member.member_id = (&*response.member_id).into();
                member.stage = Stage::Unjoined;
                return;
            }
            return self.refused(ctx, error);
        }
        member.member_id = (&*response.member_id).into();
        member.generation = response.generation_id;
        member.stage = Stage::Syncing;
        member.chosen = response.protocol_name.as_deref().and_then(Assignor::named);
        let at = ctx.now + member.config.heartbeat_interval;
        member.next_heartbeat = Deadline { at, cause: ctx.timer_cause() };
        let leads = *response.leader == *member.member_id;
        member.assigned = None;
        let assignments = match leads && !response.skip_assignment {
            true => self.assign(ctx, response),
            false => Vec::new(),
        };
        let Some(member) = self.membership.as_mut() else { return };
        let request = SyncGroupRequest::default()
            .with_group_id(member.group_id())
            .with_generation_id(member.generation)
            .with_member_id(member.member_id())
            .with_group_instance_id(member.instance())
            .with_protocol_type(Some(wire(PROTOCOL_TYPE)))
            .with_protocol_name(response.protocol_name.clone())
            .with_assignments(assignments);
        let (body, asked) = (Request::SyncGroup(request), Asked::Group(GroupAsked::Sync));
        let timeout =
            Micros::from_ms(i64::from(member.config.max_poll_interval_ms) + JOIN_LAPSE_MS);
        self.network.send_within(ctx, coordinator, version::SYNC_GROUP, body, asked, timeout);
    }

    /// The leader's work (`onLeaderElected`).
    fn assign(
        &mut self,
        ctx: &mut Ctx<'_>,
        response: &JoinGroupResponse,
    ) -> Vec<SyncGroupRequestAssignment> {
        let mut members: Vec<(Text, Subscription)> = Vec::new();
        for told in &response.members {
            let mut subscription = read_subscription(&told.metadata).unwrap_or_default();
            subscription.instance = told.group_instance_id.as_deref().map(Text::from);
            members.push(((&*told.member_id).into(), subscription));
        }
        let mut topics: BTreeMap<TopicName, Vec<PartitionInfo>> = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for topic in members.iter().flat_map(|(_, subscription)| &subscription.topics) {
            self.network.metadata.want(ctx, topic);
            counts.insert(topic.clone(), self.partition_count(topic));
            let known = self.network.metadata.partitions(topic);
            let infos: Vec<PartitionInfo> =
                known.map(|partition| PartitionInfo { partition, racks: Vec::new() }).collect();
            if !infos.is_empty() {
                topics.insert(topic.clone(), infos);
            }
        }
        let Some(member) = self.membership.as_mut() else { return Vec::new() };
        member.assigned = Some(counts);
        let Some(assignor) = member.chosen else { return Vec::new() };
        let at = member.config.assignors.iter().position(|known| *known == assignor);
        let Some(memory) = at.and_then(|at| member.memories.get_mut(at)) else {
            return Vec::new();
        };
        let topics: Vec<_> = topics.into_iter().collect();
        match assignor.assign(memory, &topics, &members).map(spoilt) {
            Ok(dealt) => dealt
                .into_iter()
                .map(|(id, partitions)| {
                    let assignment = Assignment { partitions, user_data: None };
                    SyncGroupRequestAssignment::default()
                        .with_member_id(wire(&id))
                        .with_assignment(write_assignment(&assignment, HIGHEST_VERSION))
                })
                .collect(),
            Err(error) => {
                self.throw(ctx, &error.to_string());
                Vec::new()
            }
        }
    }

    pub(super) fn synced(&mut self, ctx: &mut Ctx<'_>, response: &SyncGroupResponse) {
        let Some(member) = self.membership.as_mut() else { return };
        if member.stage != Stage::Syncing {
            return;
        }
        match ResponseError::try_from_code(response.error_code) {
            None => self.take_part(ctx, &response.assignment),
            Some(ResponseError::RebalanceInProgress) => {
                member.stage = Stage::Unjoined;
                member.rejoin_needed = true;
            }
            Some(error) => self.refused(ctx, error),
        }
    }

    /// A member learns its part (`onJoinComplete`).
    fn take_part(&mut self, ctx: &mut Ctx<'_>, bytes: &Bytes) {
        let Some(member) = self.membership.as_mut() else { return };
        member.stage = Stage::Stable;
        member.rejoin_needed = false;
        member.prepare = Prepare::NotBegun;
        let assignment = read_assignment(bytes).unwrap_or_default();
        let chosen = member.chosen;
        let at = member.config.assignors.iter().position(|known| Some(*known) == chosen);
        if let (Some(assignor), Some(memory)) =
            (chosen, at.and_then(|at| member.memories.get_mut(at)))
        {
            assignor.on_assignment(memory, &assignment, member.generation);
        }
        if let Some(interval) = member.config.auto_commit {
            let at = ctx.now + interval;
            member.next_commit = Deadline { at, cause: ctx.timer_cause() };
        }
        let mut given = assignment.partitions;
        given.sort();
        let before = std::mem::replace(&mut member.owned, given.clone());
        let revoked: Vec<TopicPartition> =
            before.iter().filter(|p| !given.contains(p)).cloned().collect();
        let added: Vec<TopicPartition> =
            given.iter().filter(|p| !before.contains(p)).cloned().collect();
        // What another member is to have, it can have only when this one has joined without it.
        member.rejoin_needed = !revoked.is_empty();
        let (group, generation) = (member.config.group.clone(), member.generation);
        self.drop_partitions(ctx, revoked, false);
        for partition in &added {
            self.follow_committed(partition.clone());
        }
        ctx.emit(EventKind::PartitionsAssigned { group, generation, partitions: added });
    }

    /// JoinGroup or SyncGroup failed.
    fn refused(&mut self, ctx: &mut Ctx<'_>, error: ResponseError) {
        let Some(member) = self.membership.as_mut() else { return };
        member.stage = Stage::Unjoined;
        member.rejoin_needed = true;
        match error {
            ResponseError::CoordinatorLoadInProgress | ResponseError::RebalanceInProgress => {
                member.back_off(ctx);
            }
            ResponseError::UnknownMemberId => member.reset(false),
            ResponseError::IllegalGeneration => member.reset(true),
            ResponseError::CoordinatorNotAvailable | ResponseError::NotCoordinator => {
                member.lose_coordinator(ctx);
            }
            other => self.throw(ctx, &format!("{other}")),
        }
    }
}

/// What a planted bug makes of an assignment; as a rule nothing.
fn spoilt(mut dealt: Assignments) -> Assignments {
    if planted::has(Bug::AssignsTwice) {
        let last = dealt.values().next_back().cloned().unwrap_or_default();
        if dealt.len() > 1
            && let Some(first) = dealt.values_mut().next()
        {
            first.extend(last);
        }
    }
    if planted::has(Bug::LeavesOneOut)
        && let Some(partitions) = dealt.values_mut().find(|partitions| !partitions.is_empty())
    {
        partitions.remove(0);
    }
    dealt
}
