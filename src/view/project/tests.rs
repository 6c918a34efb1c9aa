//! Groups as a reader sees them, in worlds that run.

use super::cluster;
use crate::engine::command::{Command, ConsumerSpec, Placement, ProducerSpec};
use crate::engine::config::WorldConfig;
use crate::engine::event::GroupState;
use crate::engine::ids::{BrokerId, NodeId, Text, TopicName};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::view::group::{Doing, GroupView, Step};
use crate::view::scene::{Input, Selection, scene};

const SECOND: u64 = 1_000_000;

fn give(world: &mut World, command: Command) {
    world.apply(command).expect("the command fits the world");
}

fn pass(world: &mut World, micros: u64) {
    world.advance_to(Micros(world.now().0 + micros));
}

/// Three brokers, `orders` with four partitions, and a producer of ten records a second.
fn world() -> World {
    let mut world = World::new(WorldConfig::default());
    let topic = TopicName::new("orders");
    pass(&mut world, SECOND);
    let replicas = (0..4).map(|k| (0..3).map(|n| BrokerId((k + n) % 3 + 1)).collect()).collect();
    let placement = Placement::Assigned(replicas);
    give(&mut world, Command::CreateTopic { topic: topic.clone(), placement, configs: Vec::new() });
    pass(&mut world, SECOND);
    let spec = ProducerSpec { rate: 10, ..ProducerSpec::new(&topic) };
    give(&mut world, Command::AddProducer { name: "web".into(), spec });
    world
}

fn join(world: &mut World, name: &str, group: &str) {
    let mut spec = ConsumerSpec::new(&TopicName::new("orders"));
    spec.group = group.into();
    spec.session_timeout_ms = 6_000;
    give(world, Command::AddConsumer { name: name.into(), spec });
}

fn group(world: &World, name: &str) -> GroupView {
    let view = cluster(world);
    view.groups.into_iter().find(|group| *group.id == *name).expect("the group is known")
}

fn owned(group: &GroupView) -> Vec<usize> {
    group.members.iter().map(|member| member.owned.len()).collect()
}

#[test]
fn members_share_the_partitions_of_their_group_and_groups_do_not() {
    let mut world = world();
    join(&mut world, "y1", "a");
    join(&mut world, "y2", "a");
    join(&mut world, "x1", "b");
    pass(&mut world, 12 * SECOND);
    let (a, b) = (group(&world, "a"), group(&world, "b"));
    assert_eq!((a.state, b.state), (Some(GroupState::Stable), Some(GroupState::Stable)));
    assert_eq!((owned(&a), owned(&b)), (vec![2, 2], vec![4]));
    assert!(a.coordinator.is_some() && a.step().is_none());
    assert!(a.partitions.iter().all(|line| line.owner.is_some() && line.position.is_some()));
    assert!(a.partitions.iter().all(|line| line.committed <= Some(line.high_watermark)));
    assert_eq!(a.members.iter().filter(|member| member.leads).count(), 1);
}

#[test]
fn a_member_too_many_is_idle() {
    let mut world = world();
    for n in 1..=5 {
        join(&mut world, &format!("m{n}"), "g");
    }
    pass(&mut world, 15 * SECOND);
    let found = group(&world, "g");
    let idle = found.members.iter().filter(|member| member.doing == Doing::Idle);
    assert_eq!((idle.count(), owned(&found).iter().sum::<usize>()), (1, 4));
}

#[test]
fn the_first_members_wait_in_join_for_more() {
    let mut world = world();
    join(&mut world, "m1", "g");
    let mut steps = Vec::new();
    for _ in 0..900 {
        pass(&mut world, 10_000);
        let step = group(&world, "g").step();
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    assert!(steps.contains(&Some(Step::Join)), "{steps:?}");
    assert_eq!(steps.last(), Some(&None));
}

#[test]
fn a_killed_member_is_gone_and_its_partitions_have_no_owner_until_the_session_is_over() {
    let mut world = world();
    join(&mut world, "m1", "g");
    join(&mut world, "m2", "g");
    pass(&mut world, 12 * SECOND);
    let node = NodeId::Client(group(&world, "g").members[0].consumer.expect("it is of this world"));
    give(&mut world, Command::Kill { node });
    pass(&mut world, SECOND);
    let after = group(&world, "g");
    assert_eq!(after.members[0].doing, Doing::Gone);
    assert_eq!(after.partitions.iter().filter(|line| line.owner.is_none()).count(), 2);
    pass(&mut world, 15 * SECOND);
    let later = group(&world, "g");
    assert!(later.partitions.iter().all(|line| line.owner == Some(1)), "{later:?}");
}

#[test]
fn kafkas_own_topics_stand_folded_on_the_stage() {
    let mut world = world();
    join(&mut world, "m1", "g");
    pass(&mut world, 12 * SECOND);
    let view = cluster(&world);
    assert!(view.topics.iter().any(|topic| topic.name.as_str() == "__consumer_offsets"));
    let input = Input {
        cluster: &view,
        width: 1_104.0,
        selection: &Selection::None,
        marks: &[],
        rebalances: &[],
    };
    let stage = scene(input);
    assert_eq!(stage.heads.len(), 4);
    let led: u32 =
        stage.brokers.iter().filter_map(|card| card.fold.as_ref()).map(|f| f.leads.0).sum();
    assert_eq!(led, 50);
    let coordinators: Vec<&Text> =
        stage.brokers.iter().flat_map(|card| &card.coordinates).collect();
    assert_eq!(coordinators.iter().map(|g| &***g).collect::<Vec<_>>(), ["g"]);
}

#[test]
fn a_readers_tag_stands_on_the_leader_where_it_reads_next() {
    let mut world = world();
    join(&mut world, "m1", "g");
    pass(&mut world, 14 * SECOND);
    let view = cluster(&world);
    let input = Input {
        cluster: &view,
        width: 1_104.0,
        selection: &Selection::None,
        marks: &[],
        rebalances: &[],
    };
    for card in scene(input).brokers {
        for replica in &card.replicas {
            assert_eq!(replica.readers.len(), usize::from(replica.is_leader));
            for mark in &replica.readers {
                let line = view.groups[0].of_partition(&replica.partition).expect("it reads all");
                assert_eq!(mark.position.map(|at| at.offset), line.position);
            }
        }
    }
}
