//! Groups: what their coordinators know, joined with what their members know themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::assignor::consumer_protocol::read_assignment;
use crate::engine::client::consumer::MemberPhase;
use crate::engine::controller::topic_name::CONSUMER_OFFSETS;
use crate::engine::event::GroupState;
use crate::engine::group::member::Member;
use crate::engine::group::metadata::Group;
use crate::engine::ids::{BrokerId, NodeId, Offset, PartitionId, Text, TopicPartition};
use crate::engine::program::Activity;
use crate::engine::sim::world::World;
use crate::view::cluster::{ConsumerView, MemberOf, PartitionView, ProcessState, TopicView};
use crate::view::group::{Doing, GroupPartition, GroupView, Held, MemberView};

/// All groups that a coordinator knows or a consumer names, by name.
#[must_use]
pub fn groups(world: &World, topics: &[TopicView], consumers: &[ConsumerView]) -> Vec<GroupView> {
    let mut named: BTreeSet<&Text> = consumers.iter().filter_map(|c| c.group()).collect();
    let brokers: Vec<BrokerId> = world.hosts().filter_map(|(node, _)| node.broker()).collect();
    let up =
        |id: &&BrokerId| world.host(NodeId::Broker(**id)).is_some_and(|host| host.life.is_up());
    let running = || brokers.iter().filter(up).filter_map(|id| Some((*id, world.broker(*id)?)));
    for (_, broker) in running() {
        named.extend(broker.groups().groups().map(|group| &group.id));
    }
    if named.is_empty() {
        return Vec::new();
    }
    let offsets = topics.iter().find(|topic| topic.name.as_str() == CONSUMER_OFFSETS);
    let place = |id: &Text| {
        let of_any = running().next().map(|(_, broker)| broker.groups().partition_for(id));
        of_any.unwrap_or_default()
    };
    let known: BTreeMap<&TopicPartition, &PartitionView> =
        topics.iter().flat_map(|t| &t.partitions).map(|p| (&p.partition, p)).collect();
    let view = |id: &Text| {
        let partition = place(id);
        let of_offsets = offsets
            .and_then(|topic| topic.partitions.iter().find(|p| p.partition.partition == partition));
        let coordinator = of_offsets.and_then(|p| p.leader);
        let coordinator =
            coordinator.filter(|leader| running().any(|(broker, _)| broker == *leader));
        let group = coordinator.and_then(|leader| world.broker(leader)?.groups().group(id));
        one(id, (partition, coordinator), group, consumers, &known)
    };
    named.into_iter().map(view).collect()
}

fn one(
    id: &Text,
    (partition, coordinator): (PartitionId, Option<BrokerId>),
    group: Option<&Group>,
    consumers: &[ConsumerView],
    known: &BTreeMap<&TopicPartition, &PartitionView>,
) -> GroupView {
    let of_world = || consumers.iter().filter(|consumer| consumer.group() == Some(id));
    let mut members: Vec<MemberView> = of_world().map(|c| insider(c, group)).collect();
    for member in group.into_iter().flat_map(|group| group.members.values()) {
        if !members.iter().any(|known| known.member_id == member.id) {
            let is_ghost = of_world().any(|consumer| consumer.name == member.client_id);
            members.push(outsider(member, group, is_ghost));
        }
    }
    let mut names: BTreeSet<&TopicPartition> = BTreeSet::new();
    for consumer in of_world() {
        let follows = |topic: &str| consumer.follows.split(',').any(|name| name == topic);
        names.extend(known.keys().filter(|partition| follows(partition.topic.as_str())));
    }
    names.extend(members.iter().flat_map(|member| &member.owned));
    if let Some(group) = group {
        names.extend(group.offsets.keys());
    }
    let mut owners: BTreeMap<&TopicPartition, usize> = BTreeMap::new();
    for (place, member) in members.iter().enumerate().filter(|(_, m)| m.process.is_up()) {
        owners.extend(member.owned.iter().map(|partition| (partition, place)));
    }
    let mut positions: BTreeMap<TopicPartition, Offset> = BTreeMap::new();
    for consumer in of_world().filter(|consumer| consumer.state.is_up()) {
        positions.extend(consumer.positions.iter().map(|at| (at.partition.clone(), at.offset)));
    }
    let line = |name: &TopicPartition| GroupPartition {
        partition: name.clone(),
        owner: owners.get(name).copied(),
        position: positions.get(name).copied(),
        committed: group.and_then(|g| g.offsets.get(name)).map(|kept| kept.committed.offset),
        high_watermark: known.get(name).map_or(Offset::NONE, |view| view.high_watermark),
    };
    let partitions = names.into_iter().map(line).collect();
    GroupView {
        id: id.clone(),
        partition,
        coordinator,
        state: group.map(|group| group.state),
        generation: group.map_or(0, |group| group.generation),
        protocol: group.and_then(|group| group.protocol.clone()),
        members,
        partitions,
    }
}

/// What a member was given in this generation, as its coordinator has it.
fn given(member: &Member) -> Vec<TopicPartition> {
    let mut given =
        read_assignment(&member.assignment).map(|told| told.partitions).unwrap_or_default();
    given.sort();
    given
}

fn held(member: &Member) -> Option<Held> {
    match (&member.awaiting_join, &member.awaiting_sync) {
        (Some(_), _) => Some(Held::Join),
        (None, Some(_)) => Some(Held::Sync),
        (None, None) => None,
    }
}

/// A member that is a consumer of this world.
fn insider(consumer: &ConsumerView, group: Option<&Group>) -> MemberView {
    let none = MemberOf::default();
    let of = consumer.member.as_ref().unwrap_or(&none);
    let known = group.and_then(|group| group.members.get(&of.member_id));
    let up = consumer.state.is_up();
    let rebalances = group.is_some_and(|group| group.state == GroupState::PreparingRebalance);
    let before = if rebalances { known.map(given).unwrap_or_default() } else { Vec::new() };
    MemberView {
        name: consumer.name.clone(),
        consumer: Some(consumer.id),
        member_id: of.member_id.clone(),
        instance: of.instance.clone(),
        leads: known.is_some() && group.is_some_and(|group| group.is_leader(&of.member_id)),
        process: consumer.state,
        doing: if up { doing(of, consumer.state, rebalances) } else { Doing::Gone },
        held: known.and_then(held),
        given_up: before.into_iter().filter(|p| !of.owned.contains(p)).collect(),
        owned: of.owned.clone(),
    }
}

fn doing(of: &MemberOf, process: ProcessState, rebalances: bool) -> Doing {
    if process == ProcessState::Stopping {
        return Doing::Closing;
    }
    match (of.phase, &of.activity) {
        (MemberPhase::Searching, _) => Doing::Searching,
        (MemberPhase::Working, _) => Doing::Late,
        (MemberPhase::Revoking, _) => Doing::Revoking,
        (MemberPhase::Joining, _) => Doing::Joining,
        (MemberPhase::Syncing, _) => Doing::Syncing,
        (MemberPhase::Stable, Some(Activity::Closing)) => Doing::Closing,
        (MemberPhase::Stable, Some(Activity::Working(..))) if rebalances => Doing::Late,
        (MemberPhase::Stable, Some(Activity::Working(partition, offset))) => {
            Doing::Working(partition.clone(), *offset)
        }
        (MemberPhase::Stable, Some(Activity::Committing)) => Doing::Committing,
        (MemberPhase::Stable, _) if of.owned.is_empty() => Doing::Idle,
        (MemberPhase::Stable, _) => Doing::Reading,
    }
}

/// A member that is a client outside; or a ghost: what a program of this world was before it was started
/// anew, and the coordinator still waits for.
fn outsider(member: &Member, group: Option<&Group>, is_ghost: bool) -> MemberView {
    let state = group.map(|group| group.state);
    let settled = state == Some(GroupState::Stable);
    let (owned, given_up) = match settled {
        true => (given(member), Vec::new()),
        false => (Vec::new(), given(member)),
    };
    MemberView {
        name: member.client_id.clone(),
        consumer: None,
        member_id: member.id.clone(),
        instance: member.instance.clone(),
        leads: group.is_some_and(|group| group.is_leader(&member.id)),
        process: if is_ghost { ProcessState::Dead } else { ProcessState::Running },
        doing: match settled && owned.is_empty() {
            _ if is_ghost => Doing::Gone,
            true => Doing::Idle,
            false => Doing::Unknown,
        },
        held: held(member),
        owned,
        given_up,
    }
}
