//! JoinGroup: somebody wants to be a member, or to be one still
//! (`GroupCoordinator.handleJoinGroup`).
//!
//! A member without an id is told one and asked to come back with it (KIP-394), unless it is static or
//! speaks a version before 4. Everybody who joined waits until the rebalance is over.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::JoinGroupRequest;

use crate::engine::event::{EventKind, GroupState};
use crate::engine::group::answer::{join_answer, join_refused};
use crate::engine::group::deadline::Due;
use crate::engine::group::member::Member;
use crate::engine::group::metadata::Group;
use crate::engine::group::sync::{Before, Replaced};
use crate::engine::group::{Asker, GroupCoordinator, Then, ms};
use crate::engine::ids::Text;
use crate::engine::node::Ctx;
use crate::engine::rng::Stream;

/// First version whose new members are told their id first.
const MEMBER_ID_REQUIRED: i16 = 4;
/// First version in which a static leader that came back need not assign anew.
const SKIPS_ASSIGNMENT: i16 = 9;
/// `NewMemberJoinTimeoutMs`: a new member sends no heartbeats until it is answered.
const NEW_MEMBER_JOIN_TIMEOUT_MS: i64 = 5 * 60 * 1000;
/// Where every client comes from: brokers see addresses, and a world has none.
const CLIENT_HOST: &str = "/127.0.0.1";

/// A JoinGroup request, read.
#[derive(Clone, Debug)]
struct Joining {
    asker: Asker,
    member_id: Text,
    instance: Option<Text>,
    client_id: Text,
    rebalance_timeout_ms: i32,
    session_timeout_ms: i32,
    protocol_type: Text,
    protocols: Vec<(Text, Bytes)>,
}

impl Joining {
    fn of(asker: Asker, client_id: Option<&Text>, request: &JoinGroupRequest) -> Joining {
        let session_timeout_ms = request.session_timeout_ms;
        let rebalance_timeout_ms =
            if asker.version == 0 { session_timeout_ms } else { request.rebalance_timeout_ms };
        let protocols = request.protocols.iter();
        Joining {
            asker,
            member_id: (&*request.member_id).into(),
            instance: request.group_instance_id.as_ref().map(|id| (&**id).into()),
            client_id: client_id.cloned().unwrap_or_else(|| "".into()),
            rebalance_timeout_ms,
            session_timeout_ms,
            protocol_type: (&*request.protocol_type).into(),
            protocols: protocols.map(|p| ((&*p.name).into(), p.metadata.clone())).collect(),
        }
    }

    fn refuse(&self, ctx: &mut Ctx<'_>, member_id: &str, error: ResponseError) {
        join_refused(ctx, self.asker, member_id, error);
    }

    fn member(&self, id: Text) -> Member {
        Member {
            id,
            instance: self.instance.clone(),
            client_id: self.client_id.clone(),
            client_host: CLIENT_HOST.into(),
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            session_timeout_ms: self.session_timeout_ms,
            protocol_type: self.protocol_type.clone(),
            protocols: self.protocols.clone(),
            assignment: Bytes::new(),
            awaiting_join: Some(self.asker),
            awaiting_sync: None,
            is_new: true,
        }
    }
}

impl GroupCoordinator {
    pub(super) fn join_group(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        client_id: Option<&Text>,
        request: &JoinGroupRequest,
    ) {
        let id: Text = (&**request.group_id).into();
        let joining = Joining::of(asker, client_id, request);
        let member_id = joining.member_id.clone();
        if let Some(error) = self.refusal(&id, false) {
            return joining.refuse(ctx, &member_id, error);
        }
        let config = &self.config;
        let allowed = config.group_min_session_timeout_ms..=config.group_max_session_timeout_ms;
        if !allowed.contains(&i64::from(joining.session_timeout_ms)) {
            return joining.refuse(ctx, &member_id, ResponseError::InvalidSessionTimeout);
        }
        if member_id.is_empty() {
            self.ensure(ctx, &id);
        }
        let most = self.config.group_max_size;
        let Some(group) = self.group_mut(&id) else {
            return joining.refuse(ctx, &member_id, ResponseError::UnknownMemberId);
        };
        if !group.accepts(&member_id, most) {
            group.remove(&member_id);
            joining.refuse(ctx, "", ResponseError::GroupMaxSizeReached);
        } else if member_id.is_empty() {
            self.join_new(ctx, &id, &joining);
        } else {
            self.join_known(ctx, &id, &joining);
        }
        self.try_complete_join(ctx, &id);
    }

    /// Somebody without a member id (`doNewMemberJoinGroup`).
    fn join_new(&mut self, ctx: &mut Ctx<'_>, id: &Text, joining: &Joining) {
        let Some(group) = self.group(id) else { return };
        if group.state == GroupState::Dead {
            return joining.refuse(ctx, "", ResponseError::CoordinatorNotAvailable);
        }
        if !group.supports(&joining.protocol_type, &joining.protocols) {
            return joining.refuse(ctx, "", ResponseError::InconsistentGroupProtocol);
        }
        let old = joining.instance.as_ref().and_then(|i| group.static_members.get(i)).cloned();
        let member_id = member_id(ctx, joining.instance.as_ref().unwrap_or(&joining.client_id));
        match (&joining.instance, old) {
            (Some(instance), Some(old)) => {
                self.replace_static_member(ctx, id, instance, &old, &member_id, joining);
            }
            (None, _) if joining.asker.version >= MEMBER_ID_REQUIRED => {
                if let Some(group) = self.group_mut(id) {
                    group.pending_members.insert(member_id.clone());
                }
                let due = Due::Pending(id.clone(), member_id.clone());
                self.deadlines.set(ctx, due, ms(i64::from(joining.session_timeout_ms)));
                joining.refuse(ctx, &member_id, ResponseError::MemberIdRequired);
            }
            _ => self.add_member(ctx, id, joining, member_id),
        }
    }

    /// Somebody with a member id (`doCurrentMemberJoinGroup`).
    fn join_known(&mut self, ctx: &mut Ctx<'_>, id: &Text, joining: &Joining) {
        let member_id = &joining.member_id;
        let Some(group) = self.group(id) else { return };
        if group.state == GroupState::Dead {
            return joining.refuse(ctx, member_id, ResponseError::CoordinatorNotAvailable);
        }
        if !group.supports(&joining.protocol_type, &joining.protocols) {
            return joining.refuse(ctx, member_id, ResponseError::InconsistentGroupProtocol);
        }
        if group.pending_members.contains(member_id) {
            self.deadlines.clear(&Due::Pending(id.clone(), member_id.clone()));
            return self.add_member(ctx, id, joining, member_id.clone());
        }
        if let Some(error) = fenced(group, member_id, joining.instance.as_deref()) {
            return joining.refuse(ctx, member_id, error);
        }
        let same = group.members.get(member_id).is_some_and(|m| m.matches(&joining.protocols));
        match group.state {
            GroupState::PreparingRebalance => self.update_and_rebalance(ctx, id, joining),
            GroupState::CompletingRebalance if same => self.join_answered(ctx, id, joining),
            GroupState::Stable if same && !group.is_leader(member_id) => {
                self.join_answered(ctx, id, joining);
            }
            // A leader joins a stable group again to have it assigned anew.
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.update_and_rebalance(ctx, id, joining);
            }
            GroupState::Empty | GroupState::Dead => {
                joining.refuse(ctx, member_id, ResponseError::UnknownMemberId);
            }
        }
    }

    /// The present generation once more: the answer to the first JoinGroup was lost, or nothing changed.
    fn join_answered(&mut self, ctx: &mut Ctx<'_>, id: &Text, joining: &Joining) {
        let Some(group) = self.group(id) else { return };
        let with_members =
            group.is_leader(&joining.member_id) && group.state == GroupState::CompletingRebalance;
        let leader = group.leader.as_deref().unwrap_or_default();
        let version = joining.asker.version;
        let answer = join_answer(group, version, &joining.member_id, leader, with_members);
        joining.asker.answer(ctx, answer.into());
    }

    /// A member more (`addMemberAndRebalance`).
    fn add_member(&mut self, ctx: &mut Ctx<'_>, id: &Text, joining: &Joining, member_id: Text) {
        let Some(group) = self.group_mut(id) else { return };
        if group.state == GroupState::PreparingRebalance && group.generation == 0 {
            group.new_member_added = true;
        }
        group.add(joining.member(member_id.clone()));
        ctx.emit(EventKind::MemberJoined { group: id.clone(), member: member_id.clone() });
        let due = Due::Session(id.clone(), member_id);
        self.deadlines.set(ctx, due, ms(NEW_MEMBER_JOIN_TIMEOUT_MS));
        self.maybe_prepare_rebalance(ctx, id);
    }

    fn update_and_rebalance(&mut self, ctx: &mut Ctx<'_>, id: &Text, joining: &Joining) {
        if let Some(member) =
            self.group_mut(id).and_then(|group| group.members.get_mut(&joining.member_id))
        {
            update(member, joining);
        }
        self.maybe_prepare_rebalance(ctx, id);
    }

    /// A static member's new process takes the place of the old one (`updateStaticMemberAndRebalance`).
    fn replace_static_member(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &Text,
        instance: &Text,
        old: &Text,
        new: &Text,
        joining: &Joining,
    ) {
        let leader_before = self.group(id).and_then(|group| group.leader.clone());
        self.rename_static_member(ctx, id, instance, old, new);
        self.beat(ctx, id, new);
        let Some(group) = self.group_mut(id) else { return };
        let Some(member) = group.members.get_mut(new) else { return };
        let before = Before {
            protocols: member.protocols.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
        };
        update(member, joining);
        let (state, selected) = (group.state, group.select_protocol());
        let assignment = || group.members.values().map(|m| (m.id.clone(), m.assignment.clone()));
        match state {
            GroupState::Stable if group.protocol == selected => {
                let assignment = assignment().collect();
                let replaced = Replaced {
                    group: id.clone(),
                    instance: instance.clone(),
                    old: old.clone(),
                    new: new.clone(),
                    leader_before,
                    asker: joining.asker,
                    skips_assignment: joining.asker.version >= SKIPS_ASSIGNMENT,
                    before,
                };
                self.store(ctx, id, &assignment, Then::Replace(Box::new(replaced)));
            }
            GroupState::Stable => self.maybe_prepare_rebalance(ctx, id),
            GroupState::CompletingRebalance => self.prepare_rebalance(ctx, id),
            GroupState::PreparingRebalance | GroupState::Empty | GroupState::Dead => {}
        }
    }

    /// The static member has another id from now on; who waits under the old one is told
    /// (`GroupMetadata.replaceStaticMember`).
    pub(super) fn rename_static_member(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &Text,
        instance: &Text,
        old: &Text,
        new: &Text,
    ) {
        self.fail_member(ctx, id, old, ResponseError::FencedInstanceId);
        self.deadlines.clear(&Due::Session(id.clone(), old.clone()));
        let Some(group) = self.group_mut(id) else { return };
        let Some(mut member) = group.members.remove(old) else { return };
        member.id = new.clone();
        group.members.insert(new.clone(), member);
        if group.is_leader(old) {
            group.leader = Some(new.clone());
        }
        group.static_members.insert(instance.clone(), new.clone());
        let (group, member) = (id.clone(), new.clone());
        ctx.emit(EventKind::MemberReplaced { group, member, before: old.clone() });
    }

    /// A pending member did not come back in time (`onExpireHeartbeat`, pending).
    pub(super) fn pending_over(&mut self, ctx: &mut Ctx<'_>, id: &Text, member: &Text) {
        if let Some(group) = self.group_mut(id)
            && group.pending_members.remove(member)
        {
            self.try_complete_join(ctx, id);
        }
    }
}

/// What a member says with its JoinGroup (`GroupMetadata.updateMember`).
fn update(member: &mut Member, joining: &Joining) {
    member.protocols.clone_from(&joining.protocols);
    member.rebalance_timeout_ms = joining.rebalance_timeout_ms;
    member.session_timeout_ms = joining.session_timeout_ms;
    member.awaiting_join = Some(joining.asker);
}

/// Why a member id is not one of the group's (`validateCurrentMember`).
pub(super) fn fenced(group: &Group, member: &str, instance: Option<&str>) -> Option<ResponseError> {
    if let Some(instance) = instance {
        match group.static_members.get(instance) {
            Some(current) if **current != *member => return Some(ResponseError::FencedInstanceId),
            Some(_) => {}
            None => return Some(ResponseError::UnknownMemberId),
        }
    }
    (!group.members.contains_key(member)).then_some(ResponseError::UnknownMemberId)
}

/// A new member id: the client's name and a random UUID (`generateMemberId`).
fn member_id(ctx: &mut Ctx<'_>, prefix: &str) -> Text {
    let (high, low) = (ctx.random_u64(Stream::Group), ctx.random_u64(Stream::Group));
    let bits = u128::from(high) << 64 | u128::from(low);
    let uuid = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    format!("{prefix}-{uuid}").into()
}
