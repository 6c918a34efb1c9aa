//! `make bench`: the engine's figures, measured and printed as they are.
//!
//! One line a figure: name, value, unit, tab-separated, so that the scripts beside it can make ratios of
//! them. No threshold stands here: a slow machine is no failure. Times are the processor's, so that what
//! else a machine does counts little. `cargo bench --bench figures -- hour rebalance` prints only the
//! groups of figures whose names hold one of these words.

mod allocation;
mod clock;
mod groups;
mod travel;
mod workload;

use std::hint::black_box;

use allocation::{Allocated, Counting, counted};
use clock::Stopwatch;
use highwater::engine::broker::Broker;
use highwater::engine::command::{Command, ProducerSpec};
use highwater::engine::config::WorldConfig;
use highwater::engine::event::EventKind;
use highwater::engine::ids::{BrokerId, NodeId};
use highwater::engine::setting::Partitioner;
use highwater::engine::sim::world::World;
use highwater::engine::time::Micros;
use workload::Passed;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Records sent through to commit.
const RECORDS: u64 = 1_000_000;
/// The span that is compared with wasm.
const COMPARED: Micros = Micros(600_000_000);

/// A group of figures, by the word that chooses it.
const FIGURES: [(&str, fn()); 10] = [
    ("records", records_per_second),
    ("hour", cluster_hour),
    ("compared", compared_span),
    ("checker", checker),
    ("checkpoint", checkpoints),
    ("partitions", partitions),
    ("rebalance", rebalances),
    ("seek", seeks),
    ("recovery", recovery),
    ("memory", memory),
];

fn main() {
    // Cargo passes `--bench` along.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    for (name, figures) in FIGURES {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(&**word)) {
            figures();
        }
    }
}

fn say(name: &str, value: f64, unit: &str) {
    println!("{name}\t{value:.3}\t{unit}");
}

fn records_per_second() {
    let start = Stopwatch::start();
    let passed = commit(RECORDS);
    let seconds = start.seconds();
    assert_eq!(passed.acked, RECORDS, "every record is committed");
    say("records through to commit, acks=all, RF 3", RECORDS as f64 / seconds, "records/s");
}

/// Sends `records` through to commit, acks=all, as fast as the cluster takes them.
fn commit(records: u64) -> Passed {
    let mut world = workload::cluster(24);
    let fast = ProducerSpec { rate: 1_000_000, limit: records, linger_ms: 5, ..workload::spec() };
    workload::produce(&mut world, fast);
    let mut passed = Passed::default();
    let give_up = world.now() + Micros::from_secs(600);
    while passed.acked < records && world.now() < give_up {
        let until = world.now() + Micros(10_000);
        let more = workload::advance(&mut world, until);
        passed.events += more.events;
        passed.acked += more.acked;
    }
    passed
}

fn cluster_hour() {
    for (what, begin) in
        [("", workload::steady as fn() -> World), (", two groups of three", with_groups)]
    {
        let mut world = begin();
        let until = world.now() + Micros::from_secs(3_600);
        let start = Stopwatch::start();
        let passed = workload::advance(&mut world, until);
        say(&format!("a cluster hour, native{what}"), start.seconds(), "s");
        say(&format!("events of that hour{what}"), passed.events as f64, "events");
        say(&format!("records of that hour{what}"), passed.acked as f64, "records");
    }
}

/// The steady cluster with two groups of three that follow it.
fn with_groups() -> World {
    let mut world = workload::steady();
    for (name, spec) in travel::members() {
        world.apply(Command::AddConsumer { name, spec }).expect("the names are new");
    }
    let settled = world.now() + Micros::from_secs(10);
    workload::advance(&mut world, settled);
    world
}

fn compared_span() {
    let mut world = workload::steady();
    let until = world.now() + COMPARED;
    let start = Stopwatch::start();
    workload::advance(&mut world, until);
    say("ten cluster minutes, native", start.seconds(), "s");
}

/// What the always-on checker costs: the same span with it and without, the least of three each.
fn checker() {
    let seconds = |checking: bool| {
        let span = || {
            let mut world = workload::steady();
            world.set_checking(checking);
            let until = world.now() + COMPARED;
            let start = Stopwatch::start();
            workload::advance(&mut world, until);
            start.seconds()
        };
        (0..3).map(|_| span()).fold(f64::INFINITY, f64::min)
    };
    let (without, with) = (seconds(false), seconds(true));
    say("ten cluster minutes with the checker against without", with / without, "×");
}

fn checkpoints() {
    [10, 10_000].into_iter().for_each(checkpoint);
}

/// A checkpoint is a clone; what it defers is paid when the world next changes. Both are told.
fn checkpoint(partitions: u32) {
    const CLONES: u32 = 100;
    let mut world = workload::cluster(partitions);
    let (kept, clone) = counted(|| world.clone());
    let start = Stopwatch::start();
    for _ in 0..CLONES {
        black_box(world.clone());
    }
    let micros = start.seconds() * 1e6 / f64::from(CLONES);
    let name = |what: &str| format!("checkpoint at {partitions} partitions: {what}");
    say(&name("clone"), micros, "µs");
    say(&name("allocated by a clone"), clone.bytes as f64 / 1024.0, "KiB");
    let second = world.now() + Micros::from_secs(1);
    let (_, shared) = counted(|| workload::advance(&mut world, second));
    drop(kept);
    let third = world.now() + Micros::from_secs(1);
    let (_, alone) = counted(|| workload::advance(&mut world, third));
    let extra = shared.bytes.saturating_sub(alone.bytes) as f64 / 1024.0;
    say(&name("copied by the next second's changes"), extra, "KiB");
}

fn partitions() {
    events_against_partitions("idle", |_| {});
    events_against_partitions("10 batches a second", |world| {
        workload::produce(world, workload::ten_batches_a_second());
    });
}

/// What an event costs at 10,000 partitions against 10, while `work` goes on for five minutes.
///
/// They hold every periodic task of Kafka's at its own interval: the high watermarks' checkpoint (5 s),
/// the ISRs' check (15 s), the logs' checkpoints (60 s), retention, the check of leaders, the clients'
/// metadata (300 s). They begin when every partition has held records for a minute and stands in every checkpoint,
/// and work has gone on for half a minute.
fn events_against_partitions(what: &str, work: impl Fn(&mut World)) {
    let micros = |partitions: u32| {
        let mut world = workload::cluster(partitions);
        fill(&mut world, partitions);
        let settled = world.now() + Micros::from_secs(60);
        workload::advance(&mut world, settled);
        work(&mut world);
        let going = world.now() + Micros::from_secs(30);
        workload::advance(&mut world, going);
        let until = world.now() + Micros::from_secs(300);
        let start = Stopwatch::start();
        let passed = workload::advance(&mut world, until);
        let micros = start.seconds() * 1e6 / passed.events.max(1) as f64;
        say(&format!("per event at {partitions} partitions, {what}"), micros, "µs");
        micros
    };
    let (few, many) = (micros(10), micros(10_000));
    say(&format!("an event at 10,000 partitions against 10, {what}"), many / few, "×");
}

/// Gives every partition its first records, by a producer that then is done.
fn fill(world: &mut World, partitions: u32) {
    let limit = u64::from(partitions) * 3;
    let spec =
        ProducerSpec { rate: 10_000, limit, partitioner: Partitioner::Kafka23, ..workload::spec() };
    world.apply(Command::AddProducer { name: "first".into(), spec }).expect("it takes a producer");
    let filled = world.now() + Micros::from_secs(10);
    workload::advance(world, filled);
    let empty = |broker: &Broker| broker.partitions().any(|it| it.log.log_end_offset().0 == 0);
    let brokers = (1..=3).filter_map(|id| world.broker(BrokerId(id)));
    assert_eq!(brokers.filter(|broker| empty(broker)).count(), 0, "every partition has a record");
}

fn rebalances() {
    groups::rebalances(say);
}

/// Seeks natively; `benches/wasm.rs` does the same in wasm.
fn seeks() {
    let (mut hour, held) = counted(travel::Hour::new);
    say("memory of a session of an hour", held.held as f64 / 1_048_576.0, "MiB");
    let (kept, bound) = hour.checkpoints();
    say("checkpoints of it", kept as f64, &format!("of {bound}"));
    say("steps between two of them at most", hour.steps().1 as f64, "steps");
    let mut most_steps = 0;
    let mut seek = |place: &u32| {
        let (start, before) = (Stopwatch::start(), hour.steps().0);
        hour.seek(*place);
        most_steps = hour.steps().0.saturating_sub(before).max(most_steps);
        start.seconds()
    };
    let mut seconds: Vec<f64> = travel::PLACES.iter().map(&mut seek).collect();
    seconds.sort_by(f64::total_cmp);
    say("the slowest seek of an hour, native", seconds[seconds.len() - 1] * 1e3, "ms");
    say("half of the seeks of an hour, native: below", seconds[seconds.len() / 2] * 1e3, "ms");
    say("steps replayed by the longest of them", most_steps as f64, "steps");
}

/// A broker that was killed scans 1 GiB of log when it starts.
fn recovery() {
    const BYTES: u64 = 1 << 30;
    let mut world = World::new(WorldConfig { brokers: 1, ..WorldConfig::default() });
    world.advance_to(Micros::from_secs(2));
    workload::create(&mut world, 1, 1);
    workload::advance(&mut world, Micros::from_secs(5));
    let fast = ProducerSpec { rate: 1_000_000, linger_ms: 5, ..workload::spec() };
    workload::produce(&mut world, fast);
    while log_bytes(&world) < BYTES {
        let until = world.now() + Micros(10_000);
        workload::advance(&mut world, until);
    }
    let node = NodeId::Broker(BrokerId(1));
    world.apply(Command::Kill { node }).expect("it runs");
    let session_over = world.now() + Micros::from_secs(30);
    workload::advance(&mut world, session_over);
    let start = Stopwatch::start();
    world.apply(Command::Start { node }).expect("it was killed");
    world.advance_to(world.now());
    let seconds = start.seconds();
    let recovered =
        |kind: &EventKind| matches!(kind, EventKind::LogRecovered { scanned: true, .. });
    assert!(world.drain_events().iter().any(|event| recovered(&event.kind)), "it scans its log");
    say("recovery of 1 GiB of log", log_bytes(&world) as f64 / seconds / 1e6, "MB/s");
}

/// Bytes of the logs of all replicas.
fn log_bytes(world: &World) -> u64 {
    let brokers = (1..=3).filter_map(|id| world.broker(BrokerId(id)));
    brokers.flat_map(|broker| broker.partitions()).map(|it| it.log.size_bytes()).sum()
}

/// What a world holds against the bytes of the records that its replicas hold, events drained: in
/// large batches, and in those of ten cluster minutes.
fn memory() {
    let fast = ProducerSpec { rate: 1_000_000, limit: RECORDS, linger_ms: 5, ..workload::spec() };
    let full = || {
        let mut world = workload::cluster(24);
        workload::produce(&mut world, fast.clone());
        workload::advance(&mut world, Micros::from_secs(20));
        world
    };
    let usual = || {
        let mut world = workload::steady();
        let until = world.now() + COMPARED;
        workload::advance(&mut world, until);
        world
    };
    let ratio =
        |(world, allocated): (World, Allocated)| allocated.held as f64 / log_bytes(&world) as f64;
    let name = "memory against record bytes held";
    say(&format!("{name}, full batches"), ratio(counted(full)), "×");
    say(&format!("{name}, ten batches a second"), ratio(counted(usual)), "×");
}
