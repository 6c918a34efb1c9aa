//! LeaveGroup: members say that they go, or an admin sends static ones away (`handleLeaveGroup`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use crate::engine::event::{GroupState, MemberGone};
use crate::engine::group::deadline::Due;
use crate::engine::group::join::fenced;
use crate::engine::group::{Asker, GroupCoordinator};
use crate::engine::ids::Text;
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

/// First version that names several members.
const BATCHED: i16 = 3;

impl GroupCoordinator {
    pub(super) fn leave_group(&mut self, ctx: &mut Ctx<'_>, asker: Asker, r: &LeaveGroupRequest) {
        let id: Text = (&**r.group_id).into();
        let single = MemberIdentity::default().with_member_id(r.member_id.clone());
        let leaving = if asker.version < BATCHED { vec![single] } else { r.members.clone() };
        let dead = self.group(&id).is_some_and(|group| group.state == GroupState::Dead);
        let refused = self.refusal(&id, false);
        let refused = refused.or(dead.then_some(ResponseError::CoordinatorNotAvailable));
        let mut members = Vec::new();
        if refused.is_none() {
            for member in &leaving {
                let error = self.leave(ctx, &id, member).map_or(0, |error| error.code());
                members.push(
                    MemberResponse::default()
                        .with_member_id(member.member_id.clone())
                        .with_group_instance_id(member.group_instance_id.clone())
                        .with_error_code(error),
                );
            }
        }
        let mut error = refused.map_or(0, |error| error.code());
        if asker.version < BATCHED {
            // One member, one error (`LeaveGroupResponse`).
            let of_member = members.first().map_or(0, |member| member.error_code);
            error = if error == 0 { of_member } else { error };
            members.clear();
        }
        let answer = LeaveGroupResponse::default().with_error_code(error).with_members(members);
        asker.answer(ctx, Response::LeaveGroup(answer));
    }

    fn leave(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &Text,
        leaving: &MemberIdentity,
    ) -> Option<ResponseError> {
        let unknown = Some(ResponseError::UnknownMemberId);
        let instance = leaving.group_instance_id.as_deref();
        let Some(group) = self.group_mut(id) else { return unknown };
        let member: Text = (&*leaving.member_id).into();
        if member.is_empty() {
            let known = instance.and_then(|instance| group.static_members.get(instance)).cloned();
            let Some(member) = known else { return unknown };
            self.remove_member(ctx, id, &member, MemberGone::Left);
            return None;
        }
        if group.pending_members.remove(&member) {
            self.deadlines.clear(&Due::Pending(id.clone(), member));
            self.try_complete_join(ctx, id);
            return None;
        }
        if let Some(error) = fenced(group, &member, instance) {
            return Some(error);
        }
        self.remove_member(ctx, id, &member, MemberGone::Left);
        None
    }
}
