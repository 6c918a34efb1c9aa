//! The producer program: batching, retries, timeouts, and that each record is called back once.

use std::collections::BTreeMap;

use super::cluster::{Cluster, TOPIC};
use crate::engine::command::{Acks, Keys, ProducerSpec, RecordSpec};
use crate::engine::event::{Event, EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, ClientId, Offset, PartitionId, TopicName};
use crate::engine::program::ClientProcess;
use crate::engine::protocol::Api;
use crate::engine::time::Micros;

fn spec() -> ProducerSpec {
    ProducerSpec::new(&TopicName::new(TOPIC))
}

fn start(partitions: i32, spec: ProducerSpec) -> Cluster {
    Cluster::start(partitions, program(spec))
}

fn program(spec: ProducerSpec) -> ClientProcess {
    let brokers = vec![BrokerId(1), BrokerId(2), BrokerId(3)];
    ClientProcess::producer(ClientId(0), "web".into(), spec, brokers, 0)
}

fn send(cluster: &mut Cluster, values: &[&str]) {
    let record = |value: &&str| RecordSpec { key: None, value: (*value).into(), partition: None };
    let records: Vec<RecordSpec> = values.iter().map(record).collect();
    cluster.command(|program, ctx| program.send(ctx, &records).expect("a producer"));
}

fn is_produce(event: &Event) -> bool {
    matches!(event.kind, EventKind::MessageSent { api: Api::Produce, response: false, .. })
}

fn acked(cluster: &Cluster) -> Vec<(u64, u32, Offset)> {
    cluster.picked(|e| match e.kind {
        EventKind::RecordsAcked { first, count, base, .. } => Some((first, count, base)),
        _ => None,
    })
}

fn failed(cluster: &Cluster) -> Vec<(u64, u32, i16)> {
    cluster.picked(|e| match e.kind {
        EventKind::RecordsFailed { first, count, error, .. } => Some((first, count, error)),
        _ => None,
    })
}

fn retried(cluster: &Cluster) -> Vec<i16> {
    cluster.picked(|e| match e.kind {
        EventKind::BatchRetried { error, .. } => Some(error),
        _ => None,
    })
}

/// How often each record was called back.
fn callbacks(cluster: &Cluster) -> BTreeMap<u64, u32> {
    let mut counts = BTreeMap::new();
    let runs = acked(cluster).into_iter().map(|(first, count, _)| (first, count));
    let runs = runs.chain(failed(cluster).into_iter().map(|(first, count, _)| (first, count)));
    for (first, count) in runs {
        for record in first..first + u64::from(count) {
            *counts.entry(record).or_default() += 1;
        }
    }
    counts
}

/// Every record that was taken is queued, in flight, acked or failed, and called back at most once.
fn assert_accounts(cluster: &Cluster) {
    let status = cluster.program.producer_status().expect("a producer");
    let callbacks = callbacks(cluster);
    assert!(callbacks.values().all(|count| *count == 1), "no record is called back twice");
    assert_eq!(callbacks.len() as u64, status.acked + status.failed);
    let queued: u64 = status.queued.iter().map(|(_, count)| u64::from(*count)).sum();
    assert!(status.acked + status.failed + queued <= status.sent);
    if status.in_flight == 0 {
        assert_eq!(status.acked + status.failed + queued, status.sent);
    }
}

#[test]
fn a_record_is_acked_with_its_offset() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    send(&mut cluster, &["m"]);
    cluster.run_ms(100);
    assert_eq!(acked(&cluster), [(0, 1, Offset(0))]);
    assert_eq!(cluster.values(0), ["m"]);
}

#[test]
fn a_record_that_is_sent_at_once_causes_its_request() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    send(&mut cluster, &["m"]);
    let request = cluster.events.iter().find(|e| is_produce(e)).expect("it went at once").clone();
    assert!(matches!(cluster.cause(&request).kind, EventKind::RecordsQueued { .. }));
}

#[test]
fn a_record_sent_before_the_topic_is_known_waits_for_it() {
    let mut cluster = Cluster::new(1, program(spec()));
    cluster.topic_exists = false;
    cluster.command(|program, ctx| program.on_start(ctx));
    send(&mut cluster, &["early"]);
    cluster.run_ms(5_000);
    assert!(acked(&cluster).is_empty());
    cluster.topic_exists = true;
    cluster.run_ms(2_000);
    assert_eq!(cluster.values(0), ["early"]);
}

#[test]
fn a_send_to_an_unknown_topic_fails_after_max_block() {
    let mut cluster = Cluster::new(1, program(spec()));
    cluster.topic_exists = false;
    cluster.command(|program, ctx| program.on_start(ctx));
    send(&mut cluster, &["m"]);
    cluster.run_ms(59_999);
    assert!(failed(&cluster).is_empty());
    cluster.run_ms(2);
    assert_eq!(failed(&cluster), [(0, 1, 7)]);
}

#[test]
fn acks_0_reports_no_offset_and_waits_for_nothing() {
    let mut cluster = start(1, ProducerSpec { acks: Acks::None, ..spec() });
    cluster.run_ms(100);
    cluster.silent.insert(1);
    send(&mut cluster, &["m"]);
    assert_eq!(acked(&cluster), [(0, 1, Offset::NONE)]);
    let told = cluster.events.iter().find(|e| matches!(e.kind, EventKind::RecordsAcked { .. }));
    let told = told.expect("told at once").clone();
    assert!(is_produce(cluster.cause(&told)), "writing the request is the success");
    cluster.run_ms(200_000);
    assert_eq!(acked(&cluster).len(), 1);
    assert!(failed(&cluster).is_empty());
}

#[test]
fn linger_waits_for_company() {
    let mut cluster = start(1, ProducerSpec { linger_ms: 50, ..spec() });
    cluster.run_ms(100);
    send(&mut cluster, &["a"]);
    cluster.run_ms(49);
    send(&mut cluster, &["b"]);
    assert_eq!(cluster.events.iter().filter(|e| is_produce(e)).count(), 0);
    cluster.run_ms(10);
    assert_eq!(acked(&cluster), [(0, 2, Offset(0))]);
    let request = cluster.events.iter().find(|e| is_produce(e)).expect("sent").clone();
    let timer = EventKind::TimerFired { purpose: TimerPurpose::Linger };
    assert_eq!(cluster.cause(&request).kind, timer);
}

#[test]
fn a_full_batch_does_not_linger() {
    let mut cluster = start(1, ProducerSpec { linger_ms: 60_000, batch_size: 200, ..spec() });
    cluster.run_ms(100);
    let value = "x".repeat(100);
    send(&mut cluster, &[&value, &value]);
    cluster.run_ms(100);
    assert_eq!(acked(&cluster), [(0, 1, Offset(0))], "the first is full, the second lingers");
}

#[test]
fn not_leader_means_fresh_metadata_and_another_try() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.elect(0, Some(2));
    send(&mut cluster, &["m"]);
    cluster.run_ms(1_000);
    assert_eq!(retried(&cluster), [6]);
    assert_eq!(acked(&cluster), [(0, 1, Offset(0))]);
    assert_accounts(&cluster);
}

#[test]
fn an_error_that_is_final_fails_the_records() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.produce_errors.push_back(10);
    send(&mut cluster, &["m"]);
    cluster.run_ms(1_000);
    assert_eq!(failed(&cluster), [(0, 1, 10)]);
    assert!(retried(&cluster).is_empty());
}

#[test]
fn retries_back_off_and_grow() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.produce_errors.extend([19; 5]);
    send(&mut cluster, &["m"]);
    cluster.run_ms(10_000);
    let sent = cluster.picked(|e| is_produce(e).then_some(e.at));
    let pauses: Vec<u64> = sent.windows(2).map(|pair| pair[1].since(pair[0]).0 / 1_000).collect();
    for (pause, expected) in pauses.iter().zip([100, 200, 400, 800, 1_000]) {
        let least = expected * 8 / 10;
        assert!((least..=expected * 12 / 10 + 3).contains(pause), "{pauses:?}");
    }
    assert_eq!(acked(&cluster).len(), 1);
}

#[test]
fn a_lost_answer_makes_a_duplicate() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.lose_answers = 1;
    send(&mut cluster, &["m"]);
    cluster.run_ms(29_000);
    assert!(retried(&cluster).is_empty());
    cluster.run_ms(2_000);
    assert_eq!(retried(&cluster), [7]);
    assert_eq!(cluster.values(0), ["m", "m"]);
    assert_eq!(acked(&cluster), [(0, 1, Offset(1))]);
}

#[test]
fn a_request_timeout_is_caused_by_its_request() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.lose_answers = 1;
    send(&mut cluster, &["m"]);
    cluster.run_ms(31_000);
    let retry = cluster.events.iter().find(|e| matches!(e.kind, EventKind::BatchRetried { .. }));
    let timer = cluster.cause(retry.expect("retried"));
    assert_eq!(timer.kind, EventKind::TimerFired { purpose: TimerPurpose::RequestTimeout });
    assert!(is_produce(cluster.cause(timer)));
}

#[test]
fn the_delivery_timeout_fails_records_once() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.silent.insert(1);
    send(&mut cluster, &["m"]);
    cluster.run_ms(119_990);
    assert!(failed(&cluster).is_empty());
    cluster.run_ms(20);
    assert_eq!(failed(&cluster), [(0, 1, 7)]);
    cluster.silent.clear();
    cluster.run_ms(200_000);
    assert_eq!(failed(&cluster).len(), 1);
    assert!(acked(&cluster).is_empty());
}

#[test]
fn a_dead_leader_is_replaced_after_the_election() {
    let mut cluster = start(1, ProducerSpec { rate: 10, ..spec() });
    cluster.run_ms(2_000);
    cluster.kill(1);
    cluster.elect(0, None);
    cluster.run_ms(5_000);
    cluster.elect(0, Some(2));
    cluster.run_ms(5_000);
    cluster.command(|program, ctx| program.set(ctx, "rate", "0").expect("a setting"));
    cluster.run_ms(1_000);
    let status = cluster.program.producer_status().expect("a producer");
    assert_eq!(status.failed, 0);
    assert_eq!(status.acked, status.sent);
    assert_accounts(&cluster);
}

#[test]
fn no_record_is_lost_or_doubled_through_trouble() {
    for seed in 0..8 {
        let keys = if seed % 2 == 0 { Keys::None } else { Keys::Cycle(5) };
        let mut cluster =
            start(3, ProducerSpec { rate: 500, keys, delivery_timeout_ms: 31_000, ..spec() });
        for step in 0..40 {
            match (step + seed) % 7 {
                0 => cluster.produce_errors.extend([6, 19, 0, 10, 7]),
                1 => cluster.lose_answers = 3,
                2 => cluster.kill(2),
                3 => {
                    cluster.alive.insert(2);
                }
                4 => cluster.elect(1, None),
                5 => cluster.elect(1, Some(3)),
                _ => cluster.elect(0, Some(2)),
            }
            cluster.run_ms(937);
            assert_accounts(&cluster);
        }
        cluster.alive.insert(2);
        cluster.elect(1, Some(3));
        cluster.command(|program, ctx| program.set(ctx, "rate", "0").expect("a setting"));
        cluster.run_ms(100_000);
        let status = cluster.program.producer_status().expect("a producer");
        assert_eq!(status.acked + status.failed, status.sent, "everything is called back");
        assert!(status.acked > 0 && status.failed > 0);
        assert_accounts(&cluster);
    }
}

#[test]
fn three_hundred_a_second_are_exactly_three_hundred() {
    let mut cluster = start(1, ProducerSpec { rate: 300, ..spec() });
    cluster.run_ms(10_000);
    let queued = |from: Micros| {
        let within = from..from + Micros::from_secs(1);
        let counts = cluster.picked(|e| match e.kind {
            EventKind::RecordsQueued { count, .. } if within.contains(&e.at) => Some(count),
            _ => None,
        });
        counts.iter().sum::<u32>()
    };
    let begun =
        cluster.picked(|e| matches!(e.kind, EventKind::RecordsQueued { .. }).then_some(e.at));
    for second in 0..9 {
        assert_eq!(queued(begun[0] + Micros::from_secs(second)), 300);
    }
}

#[test]
fn a_limit_ends_the_stream() {
    let mut cluster = start(3, ProducerSpec { rate: 1_000, limit: 1_234, ..spec() });
    cluster.run_ms(10_000);
    let status = cluster.program.producer_status().expect("a producer");
    assert_eq!((status.sent, status.acked), (1_234, 1_234));
}

#[test]
fn keyed_records_go_where_murmur2_says() {
    let mut cluster =
        start(3, ProducerSpec { rate: 1_000, keys: Keys::Cycle(6), limit: 600, ..spec() });
    cluster.run_ms(5_000);
    let counts: Vec<usize> = (0..3).map(|partition| cluster.values(partition).len()).collect();
    assert_eq!(counts.iter().sum::<usize>(), 600);
    assert!(counts.iter().all(|count| count % 100 == 0), "whole keys per partition: {counts:?}");
}

#[test]
fn keyless_records_stick_until_batch_size() {
    let mut cluster = start(3, ProducerSpec { rate: 10, ..spec() });
    cluster.run_ms(10_000);
    let used = (0..3).filter(|partition| !cluster.values(*partition).is_empty()).count();
    assert_eq!(used, 1, "100 small records are less than batch.size");
    cluster.command(|program, ctx| program.set(ctx, "batch.size", "500").expect("a setting"));
    cluster.run_ms(60_000);
    let used = (0..3).filter(|partition| !cluster.values(*partition).is_empty()).count();
    assert_eq!(used, 3);
}

#[test]
fn a_given_partition_wins() {
    let mut cluster = start(3, spec());
    cluster.run_ms(100);
    let record = RecordSpec {
        key: Some("Key-A".into()),
        value: "m".into(),
        partition: Some(PartitionId(2)),
    };
    cluster.command(|program, ctx| program.send(ctx, &[record]).expect("a producer"));
    cluster.run_ms(100);
    assert_eq!(cluster.values(2), ["m"]);
}

#[test]
fn at_most_max_in_flight_requests_wait_for_one_broker() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.silent.insert(1);
    for number in 0..20 {
        send(&mut cluster, &[&format!("m{number}")]);
    }
    assert_eq!(cluster.events.iter().filter(|e| is_produce(e)).count(), 5);
    assert_eq!(cluster.program.producer_status().expect("a producer").queued[0].1, 15);
}

#[test]
fn memory_bounds_what_waits() {
    let mut cluster = start(1, ProducerSpec { rate: 100_000, value_bytes: 10_000, ..spec() });
    cluster.run_ms(50);
    cluster.silent.extend([1, 2, 3]);
    cluster.run_ms(2_000);
    let status = cluster.program.producer_status().expect("a producer");
    let held = status.sent - status.acked;
    assert!((1_900..3_400).contains(&held), "about 32 MiB of 10 kB records, not {held}");
    cluster.silent.clear();
    cluster.run_ms(40_000);
    let later = cluster.program.producer_status().expect("a producer");
    assert!(later.acked > status.acked + held, "it goes on when memory is free again");
    assert_accounts(&cluster);
}

#[test]
fn acks_changes_for_what_is_sent_from_now_on() {
    let mut cluster = start(1, spec());
    cluster.run_ms(100);
    cluster.command(|program, ctx| program.set(ctx, "acks", "0").expect("a setting"));
    send(&mut cluster, &["m"]);
    cluster.run_ms(100);
    assert_eq!(acked(&cluster), [(0, 1, Offset::NONE)]);
}

#[test]
fn numbers_go_on_after_a_restart() {
    let mut cluster = start(1, ProducerSpec { rate: 10, ..spec() });
    cluster.run_ms(1_000);
    let next = cluster.program.next_record();
    assert!(next > 0);
    let again = ClientProcess::producer(ClientId(0), "web".into(), spec(), vec![BrokerId(1)], next);
    assert_eq!(again.next_record(), next);
}

#[test]
fn the_same_seed_gives_the_same_events() {
    let events = || {
        let mut cluster = start(3, ProducerSpec { rate: 500, ..spec() });
        cluster.kill(2);
        cluster.run_ms(3_000);
        cluster.events
    };
    assert_eq!(events(), events());
}

#[test]
fn a_batch_is_tried_again_as_often_as_retries_says() {
    let spec = ProducerSpec { retries: 2, enable_idempotence: Some(false), ..spec() };
    let mut cluster = start(1, spec);
    cluster.run_ms(100);
    cluster.produce_errors.extend([19; 9]);
    send(&mut cluster, &["m"]);
    cluster.run_ms(10_000);
    assert_eq!((retried(&cluster), failed(&cluster)), (vec![19, 19], vec![(0, 1, 19)]));
}

#[test]
fn a_record_that_finds_no_memory_fails_after_max_block() {
    let spec =
        ProducerSpec { buffer_memory: 20_000, max_block_ms: 700, linger_ms: 60_000, ..spec() };
    let mut cluster = start(2, spec);
    cluster.run_ms(100);
    let to = |partition| RecordSpec {
        key: None,
        value: "m".into(),
        partition: Some(PartitionId(partition)),
    };
    cluster.silent.extend([1, 2, 3]);
    let records = [to(0), to(1)];
    cluster.command(|program, ctx| program.send(ctx, &records).expect("a producer"));
    cluster.run_ms(600);
    assert!(failed(&cluster).is_empty(), "it blocks");
    cluster.run_ms(200);
    assert_eq!(failed(&cluster), [(1, 1, 7)]);
}

#[test]
fn a_record_larger_than_a_request_or_than_all_memory_is_refused_at_once() {
    for (max_request_size, buffer_memory) in [(200, 33_554_432), (1_048_576, 200)] {
        let spec = ProducerSpec { max_request_size, buffer_memory, ..spec() };
        let mut cluster = start(1, spec);
        cluster.run_ms(100);
        // 61 of the batch, 21 and 4 varints of the record: 114 bytes of value are the most.
        let most = "x".repeat(114);
        let over = "x".repeat(115);
        send(&mut cluster, &[&over]);
        assert_eq!(failed(&cluster), [(0, 1, 10)]);
        if buffer_memory > 16_384 {
            send(&mut cluster, &[&most]);
            cluster.run_ms(100);
            assert_eq!(acked(&cluster).len(), 1);
        }
    }
}
