//! What a rebalance costs: 100 members of one group over 1,000 partitions, with each of Kafka's assignors.
//!
//! The whole of it is taken in the world: a member is added to a group of 99 that is at rest, which all
//! join again, the leader deals the partitions out, and all are told; less what the same cluster does in
//! as much time without it. The assignor alone is what the leader runs.

use highwater::engine::assignor::{Assignor, Memory, PartitionInfo, Subscription, TopicPartitions};
use highwater::engine::command::{Command, ConsumerSpec};
use highwater::engine::event::{EventKind, GroupState};
use highwater::engine::ids::{PartitionId, Text, TopicName, TopicPartition};
use highwater::engine::sim::world::World;
use highwater::engine::time::Micros;

use crate::clock::Stopwatch;
use crate::workload;

const MEMBERS: u32 = 100;
const PARTITIONS: u32 = 1_000;
const GROUP: &str = "billing";

/// Prints the figures.
pub fn rebalances(say: fn(&str, f64, &str)) {
    for assignor in Assignor::ALL {
        let name = assignor.name();
        say(&format!("a rebalance of 100 members, {name}"), whole(assignor) * 1e3, "ms");
        say(&format!("of that the assignor alone, {name}"), alone(assignor) * 1e3, "ms");
    }
}

fn whole(assignor: Assignor) -> f64 {
    let mut world = workload::cluster(PARTITIONS);
    let topic = TopicName::new(workload::TOPIC);
    let spec = ConsumerSpec { assignors: assignor.name().into(), ..ConsumerSpec::new(&topic) };
    for member in 1..MEMBERS {
        add(&mut world, member, &spec);
    }
    let settled = world.now() + Micros::from_secs(60);
    workload::advance(&mut world, settled);
    let began = world.now();
    let start = Stopwatch::start();
    add(&mut world, MEMBERS, &spec);
    until_all_are_stable(&mut world);
    let seconds = start.seconds();
    let span = world.now().since(began);
    let start = Stopwatch::start();
    let until = world.now() + span;
    workload::advance(&mut world, until);
    seconds - start.seconds()
}

fn add(world: &mut World, member: u32, spec: &ConsumerSpec) {
    let spec = ConsumerSpec { group: GROUP.into(), ..spec.clone() };
    let add = Command::AddConsumer { name: format!("{GROUP}-{member}").into(), spec };
    world.apply(add).expect("the name is new");
}

/// Goes on until the group is stable with all members; a cooperative one takes two generations.
fn until_all_are_stable(world: &mut World) {
    let give_up = world.now() + Micros::from_secs(60);
    let mut quiet_since = None;
    while world.now() < give_up {
        world.advance_to(world.now() + Micros(10_000));
        for event in world.drain_events() {
            match event.kind {
                EventKind::GroupStateChanged { state: GroupState::Stable, members, .. }
                    if members == MEMBERS =>
                {
                    quiet_since = Some(world.now());
                }
                EventKind::GroupStateChanged { .. } => quiet_since = None,
                _ => {}
            }
        }
        // Members learn by their heartbeats, every 3 s, that they should join once more.
        if quiet_since.is_some_and(|since| world.now().since(since) > Micros::from_secs(4)) {
            return;
        }
    }
    panic!("the group comes to rest");
}

/// The leader's work alone, the 100th member being new; the least of five.
fn alone(assignor: Assignor) -> f64 {
    let topic = TopicName::new(workload::TOPIC);
    let info = |partition| PartitionInfo { partition: PartitionId(partition), racks: Vec::new() };
    let topics: [TopicPartitions; 1] =
        [(topic.clone(), (0..PARTITIONS.cast_signed()).map(info).collect())];
    let mut members: Vec<(Text, Subscription)> = (1..=MEMBERS)
        .map(|member| {
            let subscription =
                Subscription { topics: vec![topic.clone()], ..Subscription::default() };
            (format!("{GROUP}-{member:03}").into(), subscription)
        })
        .collect();
    let newest = members.split_off(members.len() - 1);
    let had = assignor.assign(&mut Memory::default(), &topics, &members).expect("it assigns");
    for (id, subscription) in &mut members {
        let owned: Vec<TopicPartition> = had.get(id).cloned().unwrap_or_default();
        let memory = Memory { generation: 1, assigned: Some(owned.clone()), ..Memory::default() };
        subscription.user_data = assignor.user_data(&memory);
        subscription.owned = owned;
        subscription.generation = Some(1);
    }
    members.extend(newest);
    let once = || {
        let start = Stopwatch::start();
        let dealt = assignor.assign(&mut Memory::default(), &topics, &members).expect("it assigns");
        let seconds = start.seconds();
        assert_eq!(dealt.len(), members.len(), "everybody is told");
        seconds
    };
    (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
}
