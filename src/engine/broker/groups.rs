//! The requests of groups, as a broker answers them that coordinates none.

use kafka_protocol::ResponseError;
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::DescribedGroup;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::OffsetFetchResponseGroup;

use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::ids::Text;
use crate::engine::node::Ctx;
use crate::engine::protocol::{Request, Response};

impl Broker {
    pub(super) fn group_request(
        &mut self,
        ctx: &mut Ctx<'_>,
        _disk: &mut Disk,
        caller: Caller,
        _client_id: Option<&Text>,
        body: Request,
    ) {
        let error = ResponseError::CoordinatorNotAvailable.code();
        if let Some(answer) = refused(&body, error) {
            ctx.send(caller.node, caller.answer(answer));
        }
    }
}

/// The answer that is nothing but an error; `None` when the request is none of a group's.
fn refused(request: &Request, error: i16) -> Option<Response> {
    Some(match request {
        Request::JoinGroup(request) => Response::JoinGroup(
            kafka::JoinGroupResponse::default()
                .with_error_code(error)
                .with_generation_id(-1)
                .with_member_id(request.member_id.clone()),
        ),
        Request::SyncGroup(_) => {
            Response::SyncGroup(kafka::SyncGroupResponse::default().with_error_code(error))
        }
        Request::Heartbeat(_) => {
            Response::Heartbeat(kafka::HeartbeatResponse::default().with_error_code(error))
        }
        Request::LeaveGroup(_) => {
            Response::LeaveGroup(kafka::LeaveGroupResponse::default().with_error_code(error))
        }
        Request::OffsetCommit(request) => {
            let topics = request.topics.iter().map(|topic| {
                let parts = topic.partitions.iter().map(|part| {
                    OffsetCommitResponsePartition::default()
                        .with_partition_index(part.partition_index)
                        .with_error_code(error)
                });
                OffsetCommitResponseTopic::default()
                    .with_name(topic.name.clone())
                    .with_partitions(parts.collect())
            });
            Response::OffsetCommit(
                kafka::OffsetCommitResponse::default().with_topics(topics.collect()),
            )
        }
        Request::OffsetFetch(request) => {
            let groups = request.groups.iter().map(|group| {
                OffsetFetchResponseGroup::default()
                    .with_group_id(group.group_id.clone())
                    .with_error_code(error)
            });
            let groups: Vec<_> = groups.collect();
            let error = if groups.is_empty() { error } else { 0 };
            Response::OffsetFetch(
                kafka::OffsetFetchResponse::default().with_error_code(error).with_groups(groups),
            )
        }
        Request::OffsetDelete(_) => {
            Response::OffsetDelete(kafka::OffsetDeleteResponse::default().with_error_code(error))
        }
        Request::DescribeGroups(request) => {
            let groups = request.groups.iter().map(|group| {
                DescribedGroup::default().with_group_id(group.clone()).with_error_code(error)
            });
            Response::DescribeGroups(
                kafka::DescribeGroupsResponse::default().with_groups(groups.collect()),
            )
        }
        Request::ListGroups(_) => {
            Response::ListGroups(kafka::ListGroupsResponse::default().with_error_code(error))
        }
        Request::DeleteGroups(request) => {
            let results = request.groups_names.iter().map(|group| {
                DeletableGroupResult::default().with_group_id(group.clone()).with_error_code(error)
            });
            Response::DeleteGroups(
                kafka::DeleteGroupsResponse::default().with_results(results.collect()),
            )
        }
        _ => return None,
    })
}
