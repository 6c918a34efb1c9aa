//! DescribeGroups, ListGroups, DeleteGroups (`handleDescribeGroup`, `handleListGroups`,
//! `handleDeleteGroups`).

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    GroupId, ListGroupsRequest, ListGroupsResponse,
};

use crate::engine::event::GroupState;
use crate::engine::group::answer::wire;
use crate::engine::group::metadata::Group;
use crate::engine::group::{Asker, GroupCoordinator};
use crate::engine::ids::{Text, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

/// First version of DescribeGroups that names static members.
const WITH_INSTANCE: i16 = 4;
/// First version of ListGroups that tells the state.
const WITH_STATE: i16 = 4;
/// First version of ListGroups that tells the type (KIP-848).
const WITH_TYPE: i16 = 5;
/// `Group.GroupType.CLASSIC`.
const CLASSIC: &str = "classic";
/// What may be done to a group where nobody is forbidden anything: read, delete, describe
/// (`AclEntry.supportedOperations`), as bits.
const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8;

impl GroupCoordinator {
    pub(super) fn describe_groups(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        request: &DescribeGroupsRequest,
    ) {
        let groups = request.groups.iter().map(|id| {
            let told = match self.refusal(id, true) {
                Some(error) => DescribedGroup::default().with_error_code(error.code()),
                None => match self.group(id) {
                    Some(group) => described(group, asker.version),
                    None => {
                        DescribedGroup::default().with_group_state(wire(GroupState::Dead.name()))
                    }
                },
            };
            let told = told.with_group_id(id.clone());
            match request.include_authorized_operations {
                true => told.with_authorized_operations(ALL_OPERATIONS),
                false => told,
            }
        });
        let answer = DescribeGroupsResponse::default().with_groups(groups.collect());
        asker.answer(ctx, Response::DescribeGroups(answer));
    }

    pub(super) fn list_groups(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        request: &ListGroupsRequest,
    ) {
        let loading = !self.loading.is_empty();
        let error = if loading { ResponseError::CoordinatorLoadInProgress.code() } else { 0 };
        let is = |filter: &str, word: &str| filter.eq_ignore_ascii_case(word);
        let states = &request.states_filter;
        let types = &request.types_filter;
        let fits = |group: &&Group| {
            (states.is_empty() || states.iter().any(|state| is(state, group.state.name())))
                && (types.is_empty() || types.iter().any(|kind| is(kind, CLASSIC)))
        };
        let groups = self.groups().filter(fits).map(|group| {
            let kind = group.protocol_type.as_deref().unwrap_or_default();
            let listed = ListedGroup::default()
                .with_group_id(GroupId(wire(&group.id)))
                .with_protocol_type(wire(kind));
            let listed = match asker.version >= WITH_STATE {
                true => listed.with_group_state(wire(group.state.name())),
                false => listed,
            };
            match asker.version >= WITH_TYPE {
                true => listed.with_group_type(wire(CLASSIC)),
                false => listed,
            }
        });
        let answer =
            ListGroupsResponse::default().with_error_code(error).with_groups(groups.collect());
        asker.answer(ctx, Response::ListGroups(answer));
    }

    pub(super) fn delete_groups(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        request: &DeleteGroupsRequest,
    ) {
        let mut results = Vec::new();
        for name in &request.groups_names {
            let id: Text = (&*name.0).into();
            let error = self.delete_group(ctx, &id).map_or(0, |error| error.code());
            results.push(
                DeletableGroupResult::default().with_group_id(name.clone()).with_error_code(error),
            );
        }
        let answer = DeleteGroupsResponse::default().with_results(results);
        asker.answer(ctx, Response::DeleteGroups(answer));
    }

    fn delete_group(&mut self, ctx: &mut Ctx<'_>, id: &Text) -> Option<ResponseError> {
        if let Some(error) = self.refusal(id, true) {
            return Some(error);
        }
        let Some(group) = self.group(id) else { return Some(ResponseError::GroupIdNotFound) };
        match group.state {
            GroupState::Dead => Some(ResponseError::GroupIdNotFound),
            GroupState::Empty => {
                let offsets: Vec<TopicPartition> = group.offsets.keys().cloned().collect();
                if let Some(group) = self.group_mut(id) {
                    group.pending_commits.clear();
                }
                self.remove_offsets(ctx, id, &offsets);
                None
            }
            _ => Some(ResponseError::NonEmptyGroup),
        }
    }
}

/// A group as it is (`GroupMetadata.summary`): what members told and got only while it is stable.
fn described(group: &Group, version: i16) -> DescribedGroup {
    let stable = group.state == GroupState::Stable;
    let protocol = group.protocol.as_deref().filter(|_| stable).unwrap_or_default();
    let members = group.members.values().map(|member| {
        let instance = member.instance.as_deref().filter(|_| version >= WITH_INSTANCE);
        let (metadata, assignment) = match stable {
            true => (member.metadata(protocol), member.assignment.clone()),
            false => (Bytes::new(), Bytes::new()),
        };
        DescribedGroupMember::default()
            .with_member_id(wire(&member.id))
            .with_group_instance_id(instance.map(wire))
            .with_client_id(wire(&member.client_id))
            .with_client_host(wire(&member.client_host))
            .with_member_metadata(metadata)
            .with_member_assignment(assignment)
    });
    DescribedGroup::default()
        .with_group_state(wire(group.state.name()))
        .with_protocol_type(wire(group.protocol_type.as_deref().unwrap_or_default()))
        .with_protocol_data(wire(protocol))
        .with_members(members.collect())
}
