//! The engine with nothing around it: compiled here as the only module of a crate, and run.
//!
//! Why: "pure" is easily said. Were one path of the engine to lead to the view, the page or a format,
//! this file would not compile.

// A program uses less of the engine, and of the names it re-exports, than the crate does; and a lint on
// names spares what a crate exports, which a program does not. The crate itself is linted in full.
#![allow(dead_code, unused_imports, clippy::enum_variant_names)]

#[path = "../src/engine/mod.rs"]
mod engine;

use engine::command::{Command, Placement, ProducerSpec};
use engine::config::WorldConfig;
use engine::event::{Event, EventKind};
use engine::ids::TopicName;
use engine::sim::world::World;
use engine::time::Micros;

/// A cluster that takes 100 records, and what happened in its first ten seconds.
fn ten_seconds(seed: u64) -> Vec<Event> {
    let mut world = World::new(WorldConfig { seed, ..WorldConfig::default() });
    let topic = TopicName::new("orders");
    world.advance_to(Micros::from_secs(2));
    let placement = Placement::Automatic { partitions: 3, replication_factor: 3 };
    let create = Command::CreateTopic { topic: topic.clone(), placement, configs: Vec::new() };
    world.apply(create).expect("a fresh world takes a topic");
    world.advance_to(Micros::from_secs(4));
    let spec = ProducerSpec { rate: 50, limit: 100, ..ProducerSpec::new(&topic) };
    let add = Command::AddProducer { name: "web".into(), spec };
    world.apply(add).expect("a fresh world takes a producer");
    world.advance_to(Micros::from_secs(10));
    world.drain_events()
}

#[test]
fn the_engine_alone_runs_a_cluster_and_commits_records() {
    let acked: u32 = ten_seconds(7)
        .iter()
        .map(|event| match event.kind {
            EventKind::RecordsAcked { count, .. } => count,
            _ => 0,
        })
        .sum();
    assert_eq!(acked, 100);
}

#[test]
fn the_engine_alone_does_the_same_twice_and_another_seed_does_other_things() {
    assert_eq!(ten_seconds(7), ten_seconds(7));
    assert_ne!(ten_seconds(7), ten_seconds(8));
}
