//! What members are told: answers of JoinGroup and SyncGroup, whole or with an error only.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;

use crate::engine::group::Asker;
use crate::engine::group::metadata::Group;
use crate::engine::ids::Text;
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

/// First version of JoinGroup that tells the protocol's type, and may leave its name out.
const JOIN_WITH_TYPE: i16 = 7;
/// First version of JoinGroup that knows static members.
const JOIN_WITH_INSTANCE: i16 = 5;
/// First version of SyncGroup that tells the protocol.
const SYNC_WITH_PROTOCOL: i16 = 5;

/// A text as messages have it.
#[must_use]
pub fn wire(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

impl From<JoinGroupResponse> for Response {
    fn from(answer: JoinGroupResponse) -> Response {
        Response::JoinGroup(answer)
    }
}

/// The generation, for one member; its leader is told everybody's subscription.
#[must_use]
pub fn join_answer(
    group: &Group,
    version: i16,
    member_id: &str,
    leader: &str,
    with_members: bool,
) -> JoinGroupResponse {
    let protocol = group.protocol.as_deref().unwrap_or_default();
    let members = group.members.values().filter(|_| with_members).map(|member| {
        let instance = member.instance.as_deref().filter(|_| version >= JOIN_WITH_INSTANCE);
        JoinGroupResponseMember::default()
            .with_member_id(wire(&member.id))
            .with_group_instance_id(instance.map(wire))
            .with_metadata(member.metadata(protocol))
    });
    let kind = group.protocol_type.as_deref().filter(|_| version >= JOIN_WITH_TYPE);
    JoinGroupResponse::default()
        .with_generation_id(group.generation)
        .with_protocol_type(kind.map(wire))
        .with_protocol_name(Some(wire(protocol)))
        .with_leader(wire(leader))
        .with_member_id(wire(member_id))
        .with_members(members.collect())
}

/// JoinGroup failed.
pub fn join_refused(ctx: &mut Ctx<'_>, asker: Asker, member_id: &str, error: ResponseError) {
    // Before version 7 the name cannot be left out.
    let protocol = (asker.version < JOIN_WITH_TYPE).then(StrBytes::default);
    let answer = JoinGroupResponse::default()
        .with_error_code(error.code())
        .with_generation_id(-1)
        .with_protocol_name(protocol)
        .with_member_id(wire(member_id));
    asker.answer(ctx, answer.into());
}

/// A member's assignment, or why there is none.
pub fn sync_answer(
    ctx: &mut Ctx<'_>,
    asker: Asker,
    (protocol_type, protocol): (Option<&Text>, Option<&Text>),
    outcome: Result<Bytes, ResponseError>,
) {
    let told = outcome.is_ok() && asker.version >= SYNC_WITH_PROTOCOL;
    let wire_of = |text: Option<&Text>| text.filter(|_| told).map(|text| wire(text));
    let (error, assignment) = match outcome {
        Ok(assignment) => (0, assignment),
        Err(error) => (error.code(), Bytes::new()),
    };
    let answer = SyncGroupResponse::default()
        .with_error_code(error)
        .with_protocol_type(wire_of(protocol_type))
        .with_protocol_name(wire_of(protocol))
        .with_assignment(assignment);
    asker.answer(ctx, Response::SyncGroup(answer));
}
