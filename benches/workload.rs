//! The clusters that figures are taken of: the same code natively and in the page's wasm.
//!
//! Events are drained as they pass, as a page does, so that recording them is part of the price.

use highwater::engine::command::{Command, Placement, ProducerSpec};
use highwater::engine::config::WorldConfig;
use highwater::engine::event::{Event, EventKind};
use highwater::engine::ids::TopicName;
use highwater::engine::sim::world::World;
use highwater::engine::time::Micros;

/// The topic.
pub const TOPIC: &str = "orders";
/// Bytes of each record's value.
const VALUE_BYTES: u32 = 100;

/// What passed while a world went on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    /// Events.
    pub events: u64,
    /// Records whose producer was told that they are committed.
    pub acked: u64,
}

impl Passed {
    fn count(&mut self, events: &[Event]) {
        self.events += events.len() as u64;
        for event in events {
            if let EventKind::RecordsAcked { count, .. } = event.kind {
                self.acked += u64::from(count);
            }
        }
    }
}

/// Three brokers and one topic, RF 3, its leaders elected and its ISRs full.
pub fn cluster(partitions: u32) -> World {
    let mut world = World::new(WorldConfig::default());
    world.advance_to(Micros::from_secs(2));
    create(&mut world, partitions, 3);
    advance(&mut world, Micros::from_secs(10));
    world
}

/// Creates the topic `orders`.
pub fn create(world: &mut World, partitions: u32, replication_factor: u16) {
    let create = Command::CreateTopic {
        topic: TopicName::new(TOPIC),
        placement: Placement::Automatic { partitions, replication_factor },
        configs: Vec::new(),
    };
    world.apply(create).expect("a fresh world takes a topic");
}

/// A cluster with 24 partitions and a producer of 10 batches a second, 100 records of 100 bytes each.
pub fn steady() -> World {
    let mut world = cluster(24);
    produce(&mut world, ten_batches_a_second());
    world
}

/// 1,000 records a second that wait 100 ms for company make batches of 100.
pub fn ten_batches_a_second() -> ProducerSpec {
    ProducerSpec { rate: 1_000, linger_ms: 100, ..spec() }
}

/// Goes on to a time, draining events every 10 ms of it.
pub fn advance(world: &mut World, until: Micros) -> Passed {
    let mut passed = Passed::default();
    while world.now() < until {
        let slice = (world.now() + Micros(10_000)).min(until);
        world.advance_to(slice);
        passed.count(&world.drain_events());
    }
    passed
}

/// A producer of records of 100 bytes, acks=all.
pub fn spec() -> ProducerSpec {
    let topic = TopicName::new(TOPIC);
    ProducerSpec { value_bytes: VALUE_BYTES, ..ProducerSpec::new(&topic) }
}

/// Adds the producer that `spec` describes.
pub fn produce(world: &mut World, spec: ProducerSpec) {
    let add = Command::AddProducer { name: "load".into(), spec };
    world.apply(add).expect("a fresh world takes a producer");
}
