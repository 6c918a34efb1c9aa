//! What an inspector finds in a world, looked at while something is the matter with it.

use super::*;
use crate::engine::command::{Command, Placement, ProducerSpec, RecordSpec};
use crate::engine::config::WorldConfig;
use crate::engine::ids::{NodeId, PartitionId, TopicName};
use crate::engine::time::Micros;

const SECOND: u64 = 1_000_000;

fn orders() -> TopicPartition {
    TopicPartition::new(&TopicName::new("orders"), PartitionId(0))
}

/// A topic with small segments on three brokers, and `records` records of 100 bytes in it.
fn world(records: u32) -> World {
    let mut config = WorldConfig::default();
    config.broker.zookeeper_session_timeout_ms = 6_000;
    let mut world = World::new(config);
    world.advance_to(Micros(SECOND));
    let topic = TopicName::new("orders");
    let replicas = vec![vec![BrokerId(1), BrokerId(2), BrokerId(3)]];
    let setting = |key: &str, value: &str| (Text::from(key), Text::from(value));
    give(
        &mut world,
        Command::CreateTopic {
            topic: topic.clone(),
            placement: Placement::Assigned(replicas),
            configs: vec![setting("segment.bytes", "4096"), setting("index.interval.bytes", "512")],
        },
    );
    pass(&mut world, SECOND);
    give(&mut world, Command::AddProducer { name: "web".into(), spec: ProducerSpec::new(&topic) });
    pass(&mut world, SECOND);
    for n in 0..records {
        let value = format!("{n:-<100}").into();
        let record = RecordSpec { key: Some(format!("k{n}").into()), value, partition: None };
        give(&mut world, Command::Send { name: "web".into(), records: vec![record] });
        pass(&mut world, 20_000);
    }
    pass(&mut world, SECOND);
    world
}

use crate::engine::ids::Text;

fn give(world: &mut World, command: Command) {
    world.apply(command).expect("the command fits the world");
}

fn pass(world: &mut World, micros: u64) {
    world.advance_to(Micros(world.now().0 + micros));
}

fn replica(world: &World, broker: i32, at: Place) -> ReplicaInside {
    let asked = Look::Replica { broker: BrokerId(broker), partition: orders(), at };
    match look(world, &asked) {
        Inside::Replica(found) => *found,
        other => panic!("there is a replica, not {other:?}"),
    }
}

#[test]
fn segments_lie_end_to_end_and_the_last_one_is_active() {
    let found = replica(&world(100), 1, Place::default());
    let rows = &found.segments.rows;
    assert!(rows.len() > 2, "{rows:?}");
    assert!(rows.windows(2).all(|pair| pair[0].end == pair[1].base));
    assert_eq!(rows.last().map(|row| row.end), Some(found.log_end_offset));
    let active: Vec<bool> = rows.iter().map(|row| row.active).collect();
    assert_eq!(active.iter().filter(|active| **active).count(), 1);
    assert_eq!(active.last(), Some(&true));
}

#[test]
fn a_segment_is_as_old_as_its_newest_record() {
    let world = world(100);
    let found = replica(&world, 1, Place::default());
    let ages: Vec<i64> = found.segments.rows.iter().filter_map(|row| row.age_ms).collect();
    assert!(ages.windows(2).all(|pair| pair[0] > pair[1]), "{ages:?}");
    assert!(ages.last().is_some_and(|age| (1_000..1_100).contains(age)), "{ages:?}");
}

#[test]
fn index_entries_point_at_batches_of_their_segment() {
    let world = world(100);
    let base = replica(&world, 1, Place::default()).segments.rows[1].base;
    let at = Place { index: Some(base), ..Place::default() };
    let index = replica(&world, 1, at).index.expect("the segment is there");
    assert!(index.offsets.total > 2);
    assert_eq!(index.offsets.rows.len() as u64, index.offsets.total.min(u64::from(PAGE)));
    assert!(index.offsets.rows.iter().all(|(offset, _)| *offset >= base));
    assert!(index.offsets.rows.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(index.times.rows.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn records_come_by_the_page_with_the_borders_of_their_batches() {
    let world = world(100);
    let newest = replica(&world, 1, Place::default());
    let offsets = |found: &ReplicaInside| -> Vec<i64> {
        found.batches.iter().flat_map(|b| &b.records).map(|record| record.offset.0).collect()
    };
    assert_eq!(offsets(&newest), (88..100).collect::<Vec<_>>());
    let older = replica(&world, 1, Place { record: Some(Offset(30)), ..Place::default() });
    assert_eq!(offsets(&older), (30..42).collect::<Vec<_>>());
    let first = &older.batches[0];
    assert!(first.base <= Offset(30) && first.last >= Offset(30));
    assert_eq!(first.records[0].key.as_deref(), Some("k30"));
    assert!(first.records[0].timestamp_ms > 1_767_225_600_000);
}

#[test]
fn what_is_only_in_the_page_cache_is_told_from_what_is_flushed() {
    let found = replica(&world(100), 2, Place::default());
    let sealed = &found.segments.rows[0];
    assert_eq!(sealed.flushed_bytes, sealed.bytes, "a roll flushes");
    let name = format!("{:020}.log", found.segments.rows.last().expect("one").base.0);
    let file = found.files.iter().find(|file| *file.name == *name).expect("its file is there");
    assert!(file.flushed_bytes < file.bytes);
    assert_eq!(found.recovery_point, found.segments.rows.last().expect("one").base);
}

#[test]
fn a_replica_that_is_not_there_is_nothing() {
    let partition = TopicPartition::new(&TopicName::new("other"), PartitionId(0));
    let asked = Look::Replica { broker: BrokerId(1), partition, at: Place::default() };
    assert_eq!(look(&world(0), &asked), Inside::Nothing);
}

fn zookeeper(world: &World) -> ZookeeperInside {
    match look(world, &Look::Zookeeper) {
        Inside::Zookeeper(found) => *found,
        other => panic!("ZooKeeper runs: {other:?}"),
    }
}

#[test]
fn a_parent_stands_before_its_children_and_ephemerals_have_owners() {
    let found = zookeeper(&world(0));
    let paths: Vec<&str> = found.znodes.iter().map(|znode| &*znode.path).collect();
    for (n, path) in paths.iter().enumerate().filter(|(_, path)| path.matches('/').count() > 1) {
        let parent = &path[..path.rfind('/').expect("it has one")];
        let at = paths.iter().position(|other| other == &parent).expect("the parent is there");
        assert!(at < n && paths[at..n].iter().all(|p| p.starts_with(parent)), "{path}");
    }
    let broker = found.znodes.iter().find(|znode| &*znode.path == "/brokers/ids/2");
    let owner = broker.expect("it is registered").owner.expect("it is ephemeral");
    assert_eq!(owner.1, Some(NodeId::Broker(BrokerId(2))));
    assert!(found.sessions.iter().any(|session| session.id == owner.0));
}

#[test]
fn the_controller_watches_who_comes_and_goes() {
    let world = world(0);
    let found = zookeeper(&world);
    let ids = found.znodes.iter().find(|znode| &*znode.path == "/brokers/ids").expect("there");
    let controller = crate::view::project::cluster(&world).controller.expect("there is one");
    assert_eq!(ids.child_watches, [NodeId::Broker(controller)]);
}

#[test]
fn a_killed_broker_s_session_runs_out() {
    let mut world = world(0);
    give(&mut world, Command::Kill { node: NodeId::Broker(BrokerId(2)) });
    let left = |world: &World| {
        let of = |session: &SessionView| session.client == NodeId::Broker(BrokerId(2));
        zookeeper(world).sessions.into_iter().find(of).map(|session| session.left)
    };
    let first = left(&world).expect("it lives").expect("the server runs");
    pass(&mut world, 2 * SECOND);
    let then = left(&world).expect("it lives").expect("the server runs");
    assert_eq!(first.since(then), Micros(2 * SECOND));
    pass(&mut world, 5 * SECOND);
    assert_eq!(left(&world), None);
}

fn controller(world: &World) -> ControllerInside {
    let broker = crate::view::project::cluster(world).controller.expect("there is one");
    match look(world, &Look::Controller(broker)) {
        Inside::Controller(found) => *found,
        other => panic!("it is the controller: {other:?}"),
    }
}

#[test]
fn in_a_quiet_cluster_all_replicas_agree_with_the_controller() {
    let found = controller(&world(3));
    assert_eq!(found.registered.len(), 3);
    assert_eq!(found.partitions.len(), 1);
    assert_eq!(found.partitions[0].others, []);
    assert!(found.queued.is_empty() && !found.working);
}

#[test]
fn a_leader_that_cannot_hear_the_controller_is_found_to_differ() {
    let mut world = world(3);
    let boss = controller(&world).broker;
    let follower = BrokerId(if boss == BrokerId(3) { 2 } else { 3 });
    let (a, b) = (NodeId::Broker(boss), NodeId::Broker(follower));
    give(&mut world, Command::Hold { a, b });
    let leader = controller(&world).partitions[0].state.clone().expect("it has one").leader;
    let other = leader.filter(|leader| *leader != boss && *leader != follower);
    let victim = other.or((1..4).map(BrokerId).find(|id| *id != boss && *id != follower));
    give(&mut world, Command::Kill { node: NodeId::Broker(victim.expect("three brokers")) });
    pass(&mut world, 8 * SECOND);
    let found = controller(&world);
    let state = found.partitions[0].state.clone().expect("it has one");
    let differs: Vec<BrokerId> = found.partitions[0].others.iter().map(|(id, _)| *id).collect();
    assert_eq!(differs, [follower], "{state:?}");
    assert!(found.unanswered.iter().any(|(id, count, _)| *id == follower && *count > 0));
}
