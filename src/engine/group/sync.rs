//! SyncGroup and Heartbeat: the leader's assignment reaches the members, and they stay alive
//! (`doSyncGroup`, `handleHeartbeat`, `onExpireHeartbeat`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse, SyncGroupRequest};

use crate::engine::event::{GroupState, MemberGone};
use crate::engine::group::answer::{join_answer, join_refused, sync_answer};
use crate::engine::group::deadline::Due;
use crate::engine::group::join::fenced;
use crate::engine::group::{Asker, GroupCoordinator, Then, ms};
use crate::engine::ids::Text;
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::Response;

/// A static member that came back, whose group is being written.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// The group.
    pub group: Text,
    /// `group.instance.id`.
    pub instance: Text,
    /// Its id until now.
    pub old: Text,
    /// Its id from now on.
    pub new: Text,
    /// Who led, under the id of then.
    pub leader_before: Option<Text>,
    /// Its JoinGroup.
    pub asker: Asker,
    /// Whether a leader can be told that nothing is to be assigned.
    pub skips_assignment: bool,
    /// What it was before, in case that nothing can be written.
    pub before: Before,
}

/// What a member had told before it came back.
#[derive(Clone, Debug)]
pub struct Before {
    /// Its protocols.
    pub protocols: Vec<(Text, Bytes)>,
    /// Its rebalance timeout, in ms.
    pub rebalance_timeout_ms: i32,
    /// Its session timeout, in ms.
    pub session_timeout_ms: i32,
}

impl GroupCoordinator {
    pub(super) fn sync_group(&mut self, ctx: &mut Ctx<'_>, asker: Asker, r: &SyncGroupRequest) {
        let id: Text = (&**r.group_id).into();
        match self.check_sync(&id, r) {
            Ok(GroupState::CompletingRebalance) => self.await_assignment(ctx, asker, &id, r),
            Ok(GroupState::Stable) => self.tell_assignment(ctx, asker, &id, &r.member_id),
            Ok(GroupState::PreparingRebalance) => {
                sync_answer(ctx, asker, (None, None), Err(ResponseError::RebalanceInProgress));
            }
            Ok(GroupState::Empty | GroupState::Dead) => {
                sync_answer(ctx, asker, (None, None), Err(ResponseError::UnknownMemberId));
            }
            Err(error) => sync_answer(ctx, asker, (None, None), Err(error)),
        }
    }

    /// The group's state, or why the member may not ask (`validateSyncGroup`).
    fn check_sync(&self, id: &Text, r: &SyncGroupRequest) -> Result<GroupState, ResponseError> {
        match self.refusal(id, false) {
            // The rebalance was lost with the coordinator: it begins anew with JoinGroup.
            Some(ResponseError::CoordinatorLoadInProgress) => {
                return Err(ResponseError::RebalanceInProgress);
            }
            Some(error) => return Err(error),
            None => {}
        }
        let group = self.group(id).ok_or(ResponseError::UnknownMemberId)?;
        if group.state == GroupState::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        if let Some(error) = fenced(group, &r.member_id, r.group_instance_id.as_deref()) {
            return Err(error);
        }
        if r.generation_id != group.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        let other = |told: Option<&str>, own: Option<&Text>| {
            told.is_some_and(|told| own.is_none_or(|own| **own != *told))
        };
        if other(r.protocol_type.as_deref(), group.protocol_type.as_ref())
            || other(r.protocol_name.as_deref(), group.protocol.as_ref())
        {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        Ok(group.state)
    }

    fn await_assignment(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        id: &Text,
        r: &SyncGroupRequest,
    ) {
        let Some(group) = self.group_mut(id) else { return };
        if let Some(member) = group.members.get_mut(&*r.member_id) {
            member.awaiting_sync = Some(asker);
        }
        group.pending_sync.remove(&*r.member_id);
        let (leads, generation) = (group.is_leader(&r.member_id), group.generation);
        let all_synced = group.pending_sync.is_empty();
        if leads {
            let given = r.assignments.iter();
            let given: BTreeMap<Text, Bytes> =
                given.map(|a| ((&*a.member_id).into(), a.assignment.clone())).ordered();
            // Whom the leader forgot gets nothing.
            let of = |member: &Text| given.get(member).cloned().unwrap_or_default();
            let assignment = group.members.keys().map(|member| (member.clone(), of(member)));
            let assignment: BTreeMap<Text, Bytes> = assignment.ordered();
            let group = id.clone();
            let then = Then::Assign { group, generation, assignment: assignment.clone() };
            self.store(ctx, id, &assignment, then);
        }
        if all_synced {
            self.deadlines.clear(&Due::Sync(id.clone()));
        }
    }

    fn tell_assignment(&mut self, ctx: &mut Ctx<'_>, asker: Asker, id: &Text, member_id: &str) {
        let Some(group) = self.group_mut(id) else { return };
        group.pending_sync.remove(member_id);
        let all_synced = group.pending_sync.is_empty();
        let Some(member) = group.members.get(member_id) else { return };
        let (assignment, member_id) = (member.assignment.clone(), member.id.clone());
        let protocol = (group.protocol_type.as_ref(), group.protocol.as_ref());
        sync_answer(ctx, asker, protocol, Ok(assignment));
        if all_synced {
            self.deadlines.clear(&Due::Sync(id.clone()));
        }
        self.beat(ctx, id, &member_id);
    }

    /// The assignment is written: the group is stable, unless it has gone on meanwhile.
    pub(super) fn assigned(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &Text,
        generation: i32,
        mut assignment: BTreeMap<Text, Bytes>,
        error: Option<ResponseError>,
    ) {
        let Some(group) = self.group_mut(id) else { return };
        if group.state != GroupState::CompletingRebalance || group.generation != generation {
            return;
        }
        if let Some(error) = error {
            self.reset_assignment(ctx, id, error);
            return self.maybe_prepare_rebalance(ctx, id);
        }
        for member in group.members.values_mut() {
            member.assignment = assignment.remove(&member.id).unwrap_or_default();
        }
        self.tell_all(ctx, id, None);
        self.transition(ctx, id, GroupState::Stable);
    }

    /// Nobody gets anything, and who asked is told why (`resetAndPropagateAssignmentError`).
    pub(super) fn reset_assignment(&mut self, ctx: &mut Ctx<'_>, id: &Text, error: ResponseError) {
        let Some(group) = self.group_mut(id) else { return };
        for member in group.members.values_mut() {
            member.assignment = Bytes::new();
        }
        self.tell_all(ctx, id, Some(error));
    }

    /// Answers every SyncGroup that waits (`propagateAssignment`).
    fn tell_all(&mut self, ctx: &mut Ctx<'_>, id: &Text, error: Option<ResponseError>) {
        let Some(group) = self.group_mut(id) else { return };
        let protocol = (group.protocol_type.clone(), group.protocol.clone());
        let mut told = Vec::new();
        for member in group.members.values_mut() {
            if let Some(asker) = member.awaiting_sync.take() {
                let outcome = error.map_or_else(|| Ok(member.assignment.clone()), Err);
                sync_answer(ctx, asker, (protocol.0.as_ref(), protocol.1.as_ref()), outcome);
                told.push(member.id.clone());
            }
        }
        for member in told {
            self.beat(ctx, id, &member);
        }
    }

    /// The group with a static member's new id is written, or not
    /// (`updateStaticMemberAndRebalance`, its callback).
    pub(super) fn replaced(
        &mut self,
        ctx: &mut Ctx<'_>,
        replaced: Replaced,
        error: Option<ResponseError>,
    ) {
        let Replaced { group: id, instance, old, new, asker, before, .. } = replaced;
        if let Some(error) = error {
            let member = self.group_mut(&id).and_then(|group| group.members.get_mut(&new));
            if let Some(member) = member {
                member.protocols = before.protocols;
                member.rebalance_timeout_ms = before.rebalance_timeout_ms;
                member.session_timeout_ms = before.session_timeout_ms;
                member.awaiting_join = None;
                self.rename_static_member(ctx, &id, &instance, &new, &old);
                self.beat(ctx, &id, &old);
            }
            return join_refused(ctx, asker, "", error);
        }
        let Some(group) = self.group_mut(&id) else { return };
        let waits = group.members.get_mut(&new).and_then(|member| member.awaiting_join.take());
        let Some(asker) = waits else { return };
        // A version that cannot say "assign nothing" is told the old id as leader's: so the member does
        // not take itself for the leader.
        let leads = group.is_leader(&new) && replaced.skips_assignment;
        let leader = match replaced.skips_assignment {
            true => group.leader.clone(),
            false => replaced.leader_before,
        };
        let leader = leader.as_deref().unwrap_or_default();
        let answer = join_answer(group, asker.version, &new, leader, leads);
        asker.answer(ctx, answer.with_skip_assignment(leads).into());
        self.beat(ctx, &id, &new);
    }

    pub(super) fn heartbeat(&mut self, ctx: &mut Ctx<'_>, asker: Asker, r: &HeartbeatRequest) {
        let id: Text = (&**r.group_id).into();
        let error = self.check_heartbeat(&id, r);
        if matches!(error, None | Some(ResponseError::RebalanceInProgress)) {
            self.beat(ctx, &id, &(&*r.member_id).into());
        }
        let code = error.map_or(0, |error| error.code());
        let answer = HeartbeatResponse::default().with_error_code(code);
        asker.answer(ctx, Response::Heartbeat(answer));
    }

    fn check_heartbeat(&self, id: &Text, r: &HeartbeatRequest) -> Option<ResponseError> {
        match self.refusal(id, false) {
            Some(ResponseError::CoordinatorLoadInProgress) => return None,
            Some(error) => return Some(error),
            None => {}
        }
        let Some(group) = self.group(id) else { return Some(ResponseError::UnknownMemberId) };
        if group.state == GroupState::Dead {
            return Some(ResponseError::CoordinatorNotAvailable);
        }
        if let Some(error) = fenced(group, &r.member_id, r.group_instance_id.as_deref()) {
            return Some(error);
        }
        if r.generation_id != group.generation {
            return Some(ResponseError::IllegalGeneration);
        }
        match group.state {
            GroupState::PreparingRebalance => Some(ResponseError::RebalanceInProgress),
            GroupState::CompletingRebalance | GroupState::Stable => None,
            GroupState::Empty | GroupState::Dead => Some(ResponseError::UnknownMemberId),
        }
    }

    /// The member is alive: its session begins anew (`completeAndScheduleNextHeartbeatExpiration`).
    pub(super) fn beat(&mut self, ctx: &Ctx<'_>, id: &Text, member_id: &Text) {
        let Some(member) = self.group(id).and_then(|group| group.members.get(member_id)) else {
            return;
        };
        let due = Due::Session(id.clone(), member_id.clone());
        if member.is_excused() {
            return self.deadlines.clear(&due);
        }
        let timeout = ms(i64::from(member.session_timeout_ms));
        self.deadlines.set(ctx, due, timeout);
    }

    /// A member was silent for its session (`onExpireHeartbeat`).
    pub(super) fn session_over(&mut self, ctx: &mut Ctx<'_>, id: &Text, member_id: &Text) {
        let member = self.group(id).and_then(|group| group.members.get(member_id));
        if member.is_some_and(|member| !member.is_excused()) {
            self.remove_member(ctx, id, member_id, MemberGone::SessionTimeout);
        }
    }

    /// A member goes, and what waits for it is answered (`removeMemberAndUpdateGroup`).
    pub(super) fn remove_member(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &Text,
        member_id: &Text,
        reason: MemberGone,
    ) {
        let Some(group) = self.group_mut(id) else { return };
        let waits = group.members.get_mut(member_id).and_then(|member| member.awaiting_join.take());
        if let Some(asker) = waits {
            join_refused(ctx, asker, "", ResponseError::UnknownMemberId);
        }
        if let Some(group) = self.group_mut(id) {
            group.remove(member_id);
        }
        self.gone(ctx, id, member_id, reason);
        match self.group(id).map(|group| group.state) {
            Some(GroupState::Stable | GroupState::CompletingRebalance) => {
                self.maybe_prepare_rebalance(ctx, id);
            }
            Some(GroupState::PreparingRebalance) => self.try_complete_join(ctx, id),
            _ => {}
        }
    }

    /// Whatever a member waits for is answered with an error.
    pub(super) fn fail_member(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &Text,
        member_id: &Text,
        error: ResponseError,
    ) {
        let Some(group) = self.group_mut(id) else { return };
        let Some(member) = group.members.get_mut(member_id) else { return };
        let (join, sync) = (member.awaiting_join.take(), member.awaiting_sync.take());
        if let Some(asker) = join {
            join_refused(ctx, asker, member_id, error);
        }
        if let Some(asker) = sync {
            sync_answer(ctx, asker, (None, None), Err(error));
        }
    }
}
