//! The inside of a group, as its coordinator has it: votes, timeouts, committed offsets.

use std::collections::BTreeMap;

use crate::engine::event::GroupState;
use crate::engine::group::metadata::Group;
use crate::engine::ids::{BrokerId, Offset, Text, TopicPartition};
use crate::engine::sim::world::World;

/// The inside of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupInside {
    /// Its id.
    pub id: Text,
    /// `consumer`; `None` while nobody ever joined.
    pub protocol_type: Option<Text>,
    /// Assignors that all members know, with the votes of each: a member's vote is the first of its list
    /// that all know.
    pub votes: Vec<(Text, u32)>,
    /// Members as the coordinator has them.
    pub members: Vec<KnownMember>,
    /// Committed offsets.
    pub offsets: Vec<CommitRow>,
}

/// A member.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownMember {
    /// Its id.
    pub id: Text,
    /// `client.id`.
    pub client_id: Text,
    /// `group.instance.id`.
    pub instance: Option<Text>,
    /// Assignors that it offers, the one that it likes most first.
    pub assignors: Vec<Text>,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `max.poll.interval.ms`: how long a rebalance waits for it.
    pub rebalance_timeout_ms: i32,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitRow {
    /// Of which partition.
    pub partition: TopicPartition,
    /// The next offset that the group will read.
    pub offset: Offset,
    /// The reign of the last record that it read; −1 when it did not say.
    pub leader_epoch: i32,
    /// When it was committed, in ms since 1970.
    pub at_ms: i64,
    /// In how many ms it expires; `None` while the group has members that keep it.
    pub expires_in_ms: Option<i64>,
}

/// Looks into a group.
pub(super) fn look(world: &World, id: &Text, coordinator: BrokerId) -> Option<GroupInside> {
    let group = world.broker(coordinator)?.groups().group(id)?;
    let now_ms = world.config().epoch_ms + world.now().as_ms();
    let retention_ms = world.config().broker.offsets_retention_minutes * 60_000;
    let mut votes: BTreeMap<Text, u32> = BTreeMap::new();
    let all_know = |name: &Text| {
        group.members.values().all(|m| m.protocols.iter().any(|(known, _)| known == name))
    };
    for member in group.members.values() {
        let known = member.protocols.iter().map(|(name, _)| name).filter(|name| all_know(name));
        for (place, name) in known.enumerate() {
            *votes.entry(name.clone()).or_default() += u32::from(place == 0);
        }
    }
    let offset = |(partition, kept): (&TopicPartition, &crate::engine::group::offsets::Kept)| {
        let told = &kept.committed;
        let from = expiry_from(group, partition, told.at_ms);
        CommitRow {
            partition: partition.clone(),
            offset: told.offset,
            leader_epoch: told.leader_epoch,
            at_ms: told.at_ms,
            expires_in_ms: told
                .expires_ms
                .or(from.map(|at| at + retention_ms))
                .map(|at| at - now_ms),
        }
    };
    let member = |member: &crate::engine::group::member::Member| KnownMember {
        id: member.id.clone(),
        client_id: member.client_id.clone(),
        instance: member.instance.clone(),
        assignors: member.protocols.iter().map(|(name, _)| name.clone()).collect(),
        session_timeout_ms: member.session_timeout_ms,
        rebalance_timeout_ms: member.rebalance_timeout_ms,
    };
    Some(GroupInside {
        id: id.clone(),
        protocol_type: group.protocol_type.clone(),
        votes: votes.into_iter().collect(),
        members: group.members.values().map(member).collect(),
        offsets: group.offsets.iter().map(offset).collect(),
    })
}

/// From when `offsets.retention.minutes` counts for an offset; `None` while it is kept (KIP-211).
fn expiry_from(group: &Group, partition: &TopicPartition, at_ms: i64) -> Option<i64> {
    match (&group.protocol_type, group.state) {
        (None, _) => Some(at_ms),
        (Some(_), GroupState::Empty) => Some(group.state_since_ms.unwrap_or(at_ms)),
        (Some(_), GroupState::Stable) => {
            let topics = group.subscribed.as_ref()?;
            (!topics.contains(&partition.topic)).then_some(at_ms)
        }
        _ => None,
    }
}
