//! `make bench`: the engine's figures, measured and printed as they are.
//!
//! One line a figure: name, value, unit, tab-separated, so that the scripts beside it can make ratios of
//! them. No threshold stands here: a slow machine is no failure.

mod allocation;
mod workload;

use std::hint::black_box;
use std::time::Instant;

use allocation::{Counting, counted, held};
use highwater::engine::command::{Command, ProducerSpec};
use highwater::engine::config::WorldConfig;
use highwater::engine::event::EventKind;
use highwater::engine::ids::{BrokerId, NodeId};
use highwater::engine::sim::world::World;
use highwater::engine::time::Micros;
use workload::Passed;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Records sent through to commit.
const RECORDS: u64 = 1_000_000;
/// The span that is compared with wasm.
const COMPARED: Micros = Micros(600_000_000);

fn main() {
    records_per_second();
    cluster_hour();
    compared_span();
    checker();
    for partitions in [10, 10_000] {
        checkpoint(partitions);
    }
    events_against_partitions("idle", Micros::from_secs(300), |_| {});
    events_against_partitions("10 batches a second", Micros::from_secs(60), |world| {
        workload::produce(world, workload::ten_batches_a_second());
    });
    recovery();
    memory();
}

fn say(name: &str, value: f64, unit: &str) {
    println!("{name}\t{value:.3}\t{unit}");
}

fn records_per_second() {
    let start = Instant::now();
    let passed = commit(RECORDS);
    let seconds = start.elapsed().as_secs_f64();
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
    let mut world = workload::steady();
    let until = world.now() + Micros::from_secs(3_600);
    let start = Instant::now();
    let passed = workload::advance(&mut world, until);
    say("a cluster hour, native", start.elapsed().as_secs_f64(), "s");
    say("events of that hour", passed.events as f64, "events");
    say("records of that hour", passed.acked as f64, "records");
}

fn compared_span() {
    let mut world = workload::steady();
    let until = world.now() + COMPARED;
    let start = Instant::now();
    workload::advance(&mut world, until);
    say("ten cluster minutes, native", start.elapsed().as_secs_f64(), "s");
}

/// What the always-on checker costs: the same span with it and without, the least of three each.
fn checker() {
    let seconds = |checking: bool| {
        let span = || {
            let mut world = workload::steady();
            world.set_checking(checking);
            let until = world.now() + COMPARED;
            let start = Instant::now();
            workload::advance(&mut world, until);
            start.elapsed().as_secs_f64()
        };
        (0..3).map(|_| span()).fold(f64::INFINITY, f64::min)
    };
    let (without, with) = (seconds(false), seconds(true));
    say("ten cluster minutes with the checker against without", with / without, "×");
}

/// A checkpoint is a clone; what it defers is paid when the world next changes. Both are told.
fn checkpoint(partitions: u32) {
    const CLONES: u32 = 100;
    let mut world = workload::cluster(partitions);
    let (kept, clone) = counted(|| world.clone());
    let start = Instant::now();
    for _ in 0..CLONES {
        black_box(world.clone());
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(CLONES);
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

/// What an event costs at 10,000 partitions against 10, while `work` goes on for `span`, which begins
/// when the logs that were made have been written into every checkpoint. It holds every periodic task:
/// checkpoints, retention, the cleaner, the check of leaders.
fn events_against_partitions(what: &str, span: Micros, work: impl Fn(&mut World)) {
    let micros = |partitions: u32| {
        let mut world = workload::cluster(partitions);
        let settled = world.now() + Micros::from_secs(60);
        workload::advance(&mut world, settled);
        work(&mut world);
        let until = world.now() + span;
        let start = Instant::now();
        let passed = workload::advance(&mut world, until);
        let micros = start.elapsed().as_secs_f64() * 1e6 / passed.events.max(1) as f64;
        say(&format!("per event at {partitions} partitions, {what}"), micros, "µs");
        micros
    };
    let (few, many) = (micros(10), micros(10_000));
    say(&format!("an event at 10,000 partitions against 10, {what}"), many / few, "×");
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
    let start = Instant::now();
    world.apply(Command::Start { node }).expect("it was killed");
    world.advance_to(world.now());
    let seconds = start.elapsed().as_secs_f64();
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
    let before = held();
    let mut world = workload::cluster(24);
    let fast = ProducerSpec { rate: 1_000_000, limit: RECORDS, linger_ms: 5, ..workload::spec() };
    workload::produce(&mut world, fast);
    workload::advance(&mut world, Micros::from_secs(20));
    let ratio = |world: &World| (held() - before) as f64 / log_bytes(world) as f64;
    say("memory against record bytes held, full batches", ratio(&world), "×");
    drop(world);
    let mut world = workload::steady();
    let until = world.now() + COMPARED;
    workload::advance(&mut world, until);
    say("memory against record bytes held, ten batches a second", ratio(&world), "×");
}
