//! Rules about consumer groups: who gets what in a generation, and what is committed.
//!
//! What a member got counts for the generation in which it was last given its part: by then the group's
//! next coordinator has it too. Groups count that programs of this world are members of; what a tool
//! commits for a group without members is its own affair, as in Kafka.

use std::collections::BTreeMap;

use crate::engine::assignor::consumer_protocol::read_assignment;
use crate::engine::event::{GroupState, Invariant};
use crate::engine::ids::{
    BrokerId, ClientId, NodeId, Offset, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::setting::CommitMode;
use crate::engine::sim::host::Process;
use crate::engine::sim::invariants::{Case, Invariants};

/// The topic of committed offsets.
const OFFSETS: &str = "__consumer_offsets";

/// How far a group is in a partition.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupTrack {
    /// Who got records in the newest generation.
    taken: Option<Taken>,
    /// Everything below it was worked on, as far as the newest record tells.
    processed_end: Offset,
}

/// Records that one member got in a generation.
#[derive(Clone, Copy, Debug)]
struct Taken {
    generation: i32,
    client: ClientId,
    from: Offset,
    next: Offset,
}

/// A member as it was last given its part.
#[derive(Clone, Debug)]
pub(super) struct Place {
    group: Text,
    generation: i32,
}

impl Invariants {
    /// A member was given its part.
    pub(super) fn part_given(
        &mut self,
        case: &Case<'_>,
        client: ClientId,
        group: &Text,
        generation: i32,
    ) {
        self.places.insert(client, Place { group: group.clone(), generation });
        // What is committed by itself, or before the work, says nothing about the work.
        let mode = commit_mode(case, client);
        if !matches!(mode, Some(CommitMode::After | CommitMode::Sync | CommitMode::Async)) {
            self.loose_groups.insert(group.clone());
        }
    }

    /// A member commits otherwise from now on.
    pub(super) fn commits_otherwise(&mut self, client: ClientId) {
        if let Some(place) = self.places.get(&client) {
            self.loose_groups.insert(place.group.clone());
        }
    }

    /// In one generation a record goes to one member.
    pub(super) fn delivered_to_member(
        &mut self,
        case: &mut Case<'_>,
        client: ClientId,
        partition: &TopicPartition,
        (first, last): (Offset, Offset),
    ) {
        let Some(place) = self.places.get(&client).cloned() else { return };
        let now = Taken { generation: place.generation, client, from: first, next: last.plus(1) };
        let key = (place.group, partition.clone());
        let track = self.groups.entry(key.clone()).or_default();
        let before = track.taken.filter(|before| before.generation >= now.generation);
        let Some(before) = before else {
            track.taken = Some(now);
            return;
        };
        if before.generation > now.generation {
            return;
        }
        if before.client == client {
            let (from, next) = (before.from.min(now.from), before.next.max(now.next));
            track.taken = Some(Taken { from, next, ..now });
            return;
        }
        let (from, to) = (before.from.max(now.from), before.next.min(now.next));
        if from < to && !self.forgot_groups() {
            self.broken(case, Invariant::DeliveredTwice, Some(partition), (from, to));
        }
    }

    pub(super) fn processed(&mut self, client: ClientId, partition: &TopicPartition, last: Offset) {
        let Some(place) = self.places.get(&client) else { return };
        let track = self.groups.entry((place.group.clone(), partition.clone())).or_default();
        track.processed_end = track.processed_end.max(last.plus(1));
    }

    /// A group says that it is so far: as far as there is something, and as far as it has worked.
    pub(super) fn offset_committed(
        &mut self,
        case: &mut Case<'_>,
        broker: BrokerId,
        group: &Text,
        partition: &TopicPartition,
        offset: Offset,
    ) {
        let Some(track) = self.groups.get(&(group.clone(), partition.clone())) else { return };
        let coordinator =
            case.sight.broker(broker).and_then(|(broker, _)| broker.groups().group(group));
        if coordinator.is_none_or(|group| group.state == GroupState::Empty) {
            return;
        }
        let done = track.processed_end;
        let committed = self.partitions.get(partition).map_or(offset, |track| track.promised_end);
        if offset > committed && !self.reborn.contains(partition) {
            let rule = Invariant::CommittedBeyondHighWatermark;
            self.broken(case, rule, Some(partition), (committed, offset));
        }
        if offset > done && !self.loose_groups.contains(group) {
            let rule = Invariant::CommittedUnprocessed;
            self.broken(case, rule, Some(partition), (done, offset));
        }
    }

    /// A generation knows its parts: no partition is in two of them, and, but for the cooperative
    /// protocol, which takes away before it gives, none is left out between others.
    pub(super) fn generation_assigned(
        &mut self,
        case: &mut Case<'_>,
        broker: BrokerId,
        group: &Text,
    ) {
        let Some((broker, _)) = case.sight.broker(broker) else { return };
        let Some(group) = broker.groups().group(group) else { return };
        let eager = match group.protocol.as_deref() {
            Some("range" | "roundrobin" | "sticky") => true,
            Some("cooperative-sticky") => false,
            _ => return,
        };
        let mut dealt: BTreeMap<TopicPartition, u32> = BTreeMap::new();
        for member in group.members.values() {
            let assignment = read_assignment(&member.assignment).unwrap_or_default();
            for partition in assignment.partitions {
                *dealt.entry(partition).or_default() += 1;
            }
        }
        let nothing = (Offset(0), Offset(0));
        if let Some((twice, _)) = dealt.iter().find(|(_, members)| **members > 1) {
            self.broken(case, Invariant::AssignedTwice, Some(twice), nothing);
        }
        let mut next: BTreeMap<&TopicName, i32> = BTreeMap::new();
        for partition in dealt.keys().filter(|_| eager) {
            let expected = next.entry(&partition.topic).or_default();
            if partition.partition.0 != *expected {
                let left_out = TopicPartition::new(&partition.topic, PartitionId(*expected));
                return self.broken(case, Invariant::AssignedToNobody, Some(&left_out), nothing);
            }
            *expected += 1;
        }
    }

    /// Whether what coordinators wrote was lost, as is allowed: then generations are counted anew.
    fn forgot_groups(&self) -> bool {
        let theirs = self.partitions.iter().filter(|(id, _)| id.topic.as_str() == OFFSETS);
        theirs.into_iter().any(|(_, track)| track.lost_from.is_some())
    }
}

/// When a consumer program commits.
fn commit_mode(case: &Case<'_>, client: ClientId) -> Option<CommitMode> {
    match case.sight.hosts.get(&NodeId::Client(client))?.process.as_ref()? {
        Process::Client(program) => program.consumer_spec().map(|spec| spec.commit),
        _ => None,
    }
}
