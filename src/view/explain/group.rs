//! What is told of groups: the keys and the arguments of their events.

use crate::engine::event::{EventKind, MemberGone};
use crate::i18n::Arg;
use crate::view::explain::consumer::list;
use crate::view::explain::words::error_name;

/// The key of a group's event.
pub(super) fn group_key(kind: &EventKind) -> &'static str {
    use EventKind::*;
    match kind {
        GroupStateChanged { .. } => "event-group-state-changed",
        MemberJoined { .. } => "event-member-joined",
        MemberLeft { .. } => "event-member-left",
        MemberReplaced { .. } => "event-member-replaced",
        GenerationStarted { members: 0, .. } => "event-generation-empty",
        GenerationStarted { .. } => "event-generation-started",
        OffsetCommitted { .. } => "event-offset-committed",
        OffsetsRemoved { .. } => "event-offsets-removed",
        GroupsLoaded { .. } => "event-groups-loaded",
        GroupsUnloaded { .. } => "event-groups-unloaded",
        PartitionsAssigned { partitions, .. } if partitions.is_empty() => {
            "event-partitions-assigned-none"
        }
        PartitionsAssigned { .. } => "event-partitions-assigned",
        PartitionsRevoked { lost: true, .. } => "event-partitions-lost",
        PartitionsRevoked { .. } => "event-partitions-revoked",
        CommitFailed { .. } => "event-commit-failed",
        RecordsProcessed { .. } => "event-records-processed",
        _ => "event-poll-interval-exceeded",
    }
}

/// What a group's event is about; nothing for others.
pub(super) fn group_args(kind: &EventKind) -> Vec<(&'static str, Arg)> {
    use EventKind::*;
    match kind {
        GroupStateChanged { group, state, generation, members } => vec![
            ("group", (&**group).into()),
            ("state", state.name().into()),
            ("generation", (*generation).into()),
            ("members", (*members).into()),
        ],
        MemberJoined { group, member } => member_args(group, member),
        MemberLeft { group, member, reason } => {
            let mut args = member_args(group, member);
            args.push(("reason", gone(*reason).into()));
            args
        }
        MemberReplaced { group, member, before } => {
            let mut args = member_args(group, member);
            args.push(("before", (&**before).into()));
            args
        }
        GenerationStarted { group, generation, protocol, leader, members } => vec![
            ("group", (&**group).into()),
            ("generation", (*generation).into()),
            ("protocol", protocol.as_deref().unwrap_or_default().into()),
            ("leader", leader.as_deref().unwrap_or_default().into()),
            ("members", (*members).into()),
        ],
        OffsetCommitted { group, partition, offset } => vec![
            ("group", (&**group).into()),
            ("partition", partition.to_string().into()),
            ("offset", offset.0.into()),
        ],
        OffsetsRemoved { group, partitions } => {
            vec![("group", (&**group).into()), ("count", (*partitions).into())]
        }
        GroupsLoaded { partition, groups, offsets } => vec![
            ("partition", partition.to_string().into()),
            ("groups", (*groups).into()),
            ("offsets", (*offsets).into()),
        ],
        GroupsUnloaded { partition, groups } => {
            vec![("partition", partition.to_string().into()), ("groups", (*groups).into())]
        }
        PartitionsAssigned { group, generation, partitions } => vec![
            ("group", (&**group).into()),
            ("generation", (*generation).into()),
            ("partitions", list(partitions).into()),
        ],
        PartitionsRevoked { group, partitions, .. } => {
            vec![("group", (&**group).into()), ("partitions", list(partitions).into())]
        }
        CommitFailed { group, error } => {
            vec![("group", (&**group).into()), ("error", error_name(*error).into())]
        }
        RecordsProcessed { partition, first, last } => vec![
            ("partition", partition.to_string().into()),
            ("first", first.0.into()),
            ("last", last.0.into()),
            ("count", (last.0 - first.0 + 1).into()),
        ],
        PollIntervalExceeded { group } => vec![("group", (&**group).into())],
        _ => Vec::new(),
    }
}

fn member_args(group: &str, member: &str) -> Vec<(&'static str, Arg)> {
    vec![("group", group.into()), ("member", member.into())]
}

fn gone(reason: MemberGone) -> &'static str {
    match reason {
        MemberGone::Left => "left",
        MemberGone::SessionTimeout => "session",
        MemberGone::RebalanceTimeout => "rebalance",
        MemberGone::SyncTimeout => "sync",
    }
}
