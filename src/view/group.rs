//! A consumer group as a reader wants it: its members with what each does, who reads which partition,
//! and how far behind.
//!
//! [`crate::view::project::groups`] makes it: what the coordinator knows, joined with what the members of
//! this world know themselves. Members that are real clients outside are known by the coordinator alone.

use crate::engine::event::GroupState;
use crate::engine::ids::{BrokerId, ClientId, EventId, Offset, PartitionId, Text, TopicPartition};
use crate::engine::time::Micros;
use crate::view::cluster::{ClusterView, ProcessState};

pub use crate::engine::controller::topic_name::is_internal;

/// One group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    /// `group.id`.
    pub id: Text,
    /// The partition of `__consumer_offsets` that keeps it.
    pub partition: PartitionId,
    /// The broker that coordinates it: the leader of that partition; `None` while nobody does.
    pub coordinator: Option<BrokerId>,
    /// Its state at the coordinator; `None` where no coordinator knows it.
    pub state: Option<GroupState>,
    /// Its generation.
    pub generation: i32,
    /// The assignor of this generation.
    pub protocol: Option<Text>,
    /// Its members, those of this world first, in order of creation.
    pub members: Vec<MemberView>,
    /// Where each partition stands that it reads or has offsets of.
    pub partitions: Vec<GroupPartition>,
}

/// One member, or a consumer of this world that wants to be one.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberView {
    /// The name of its program, or its `client.id`.
    pub name: Text,
    /// Its program, when it is one of this world.
    pub consumer: Option<ClientId>,
    /// The id that the coordinator gave it; empty before.
    pub member_id: Text,
    /// `group.instance.id`.
    pub instance: Option<Text>,
    /// Whether it deals out partitions in this generation.
    pub leads: bool,
    /// Its process; members outside of this world are taken for running.
    pub process: ProcessState,
    /// What it does.
    pub doing: Doing,
    /// Its request that the coordinator holds.
    pub held: Option<Held>,
    /// Partitions that it reads.
    pub owned: Vec<TopicPartition>,
    /// Partitions that it had in this generation and has given up.
    pub given_up: Vec<TopicPartition>,
}

/// What a member does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Its process does not run.
    Gone,
    /// It looks for the coordinator.
    Searching,
    /// The others rebalance, but it works and does not poll.
    Late,
    /// It gives up partitions and commits.
    Revoking,
    /// It has asked to join.
    Joining,
    /// It has joined and waits for its assignment.
    Syncing,
    /// It has an assignment, and waits for records.
    Reading,
    /// It works on this record.
    Working(TopicPartition, Offset),
    /// It waits for a commit.
    Committing,
    /// It has an assignment, which is empty.
    Idle,
    /// It leaves.
    Closing,
    /// A client outside of this world, whose inside is not known.
    Unknown,
}

/// A request that a coordinator holds until others are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// JoinGroup.
    Join,
    /// SyncGroup.
    Sync,
}

/// How far a group is in one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupPartition {
    /// Which.
    pub partition: TopicPartition,
    /// Who reads it: a place in [`GroupView::members`].
    pub owner: Option<usize>,
    /// Where its reader is: the next offset that it will get.
    pub position: Option<Offset>,
    /// What the group has committed.
    pub committed: Option<Offset>,
    /// High watermark.
    pub high_watermark: Offset,
}

impl GroupPartition {
    /// Committed records that the group has not said it is done with: the LAG of
    /// `kafka-consumer-groups`. Where nothing is committed yet, of its reader's position.
    #[must_use]
    pub fn lag(&self) -> Option<i64> {
        let at = self.committed.or(self.position)?;
        Some((self.high_watermark.0 - at.0).max(0))
    }
}

/// The step of a rebalance that a group is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Members give up what they have to, before they join.
    Revoke,
    /// They have asked to join; the coordinator holds the requests until all are there.
    Join,
    /// The leader assigns; the coordinator holds what the others ask until then.
    Sync,
    /// Members take their part.
    Assign,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 4] = [Step::Revoke, Step::Join, Step::Sync, Step::Assign];
}

impl GroupView {
    /// The step of the rebalance that it is in; `None` when it is in none.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        let does = |wanted: &[Doing]| self.members.iter().any(|m| wanted.contains(&m.doing));
        match self.state? {
            GroupState::PreparingRebalance => {
                let asked = |m: &MemberView| m.held.is_some() || m.doing == Doing::Joining;
                let waits = self.members.iter().any(asked);
                // A request on its way counts: the coordinator goes on as the last one comes.
                let mut known = self.members.iter().filter(|m| m.process.is_up());
                let to_come = known.any(|m| !asked(m) && !m.member_id.is_empty());
                Some(if waits && !to_come { Step::Join } else { Step::Revoke })
            }
            GroupState::CompletingRebalance => Some(Step::Sync),
            GroupState::Stable => {
                does(&[Doing::Syncing, Doing::Joining, Doing::Revoking]).then_some(Step::Assign)
            }
            GroupState::Empty | GroupState::Dead => None,
        }
    }

    /// Lag over all partitions where it is known.
    #[must_use]
    pub fn lag(&self) -> i64 {
        self.partitions.iter().filter_map(GroupPartition::lag).sum()
    }

    /// The partition of this name.
    #[must_use]
    pub fn of_partition(&self, partition: &TopicPartition) -> Option<&GroupPartition> {
        let place = self.partitions.binary_search_by(|p| p.partition.cmp(partition)).ok()?;
        self.partitions.get(place)
    }
}

/// One rebalance of a group, as the events of a timeline tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebalance {
    /// The group.
    pub group: Text,
    /// The event that began it: why is its chain.
    pub event: EventId,
    /// When members were asked to join.
    pub began: Micros,
    /// When all had joined, or were out.
    pub joined: Option<Micros>,
    /// When the last member had its part; or the group was empty.
    pub ended: Option<Micros>,
    /// The generation that it made; that before it, while it is under way.
    pub generation: i32,
    /// Members of that generation.
    pub members: u32,
    /// The assignor.
    pub protocol: Option<Text>,
    /// Partitions that somebody read before it.
    pub partitions: u32,
    /// Of these, those that nobody read for a while.
    pub paused: u32,
    /// The longest that a partition had no reader: from the moment when its reader gave it up (or died)
    /// until another member, or the same, had it.
    pub pause: Micros,
    /// Whether some still have none.
    pub is_paused: bool,
    /// Members that read nothing for a while, and for how long.
    pub idle: Vec<(ClientId, Micros)>,
}

/// The letter of a reader on the stage: A for the first consumer that was added, then on. It stands
/// beside its colour, wherever that is used.
#[must_use]
pub fn letter(place: usize) -> String {
    let at = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    match place {
        0..26 => at(place).to_string(),
        _ => format!("{}{}", at(place / 26 - 1), at(place)),
    }
}

/// A consumer's place among all consumers: it names its letter and its colour.
#[must_use]
pub fn place_of(cluster: &ClusterView, consumer: ClientId) -> Option<usize> {
    cluster.consumers.iter().position(|other| other.id == consumer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        let all: Vec<String> = [0, 25, 26, 52].into_iter().map(letter).collect();
        assert_eq!(all, ["A", "Z", "AA", "BA"]);
    }
}
