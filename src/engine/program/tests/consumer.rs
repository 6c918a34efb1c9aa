//! The consumer program: where it starts, what it skips, and how it goes on after trouble.

use super::cluster::{Cluster, Partition, TOPIC};
use crate::engine::command::{ConsumerCommand, ConsumerSpec, SeekPlace};
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, ClientId, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::program::ClientProcess;
use crate::engine::protocol::Api;
use crate::engine::record::batch::with_offset_and_epoch;
use crate::engine::record::builder::BatchBuilder;

fn spec() -> ConsumerSpec {
    ConsumerSpec::new(&TopicName::new(TOPIC))
}

fn cluster(partitions: i32, spec: ConsumerSpec) -> Cluster {
    let brokers = vec![BrokerId(1), BrokerId(2), BrokerId(3)];
    Cluster::new(partitions, ClientProcess::consumer(ClientId(0), "audit".into(), spec, brokers))
}

fn start(cluster: &mut Cluster) {
    cluster.command(|program, ctx| program.on_start(ctx));
}

/// Appends one batch of records `first..first+count` as `vN`.
fn append(partition: &mut Partition, count: i64) {
    let mut builder = BatchBuilder::new();
    for number in partition.end..partition.end + count {
        builder.append(1, None, Some(format!("v{number}").as_bytes()), &[]);
    }
    let bytes = builder.build();
    let epoch = crate::engine::ids::LeaderEpoch(partition.epoch);
    partition.batches.push(with_offset_and_epoch(&bytes, Offset(partition.end), epoch));
    partition.end += count;
}

fn delivered(cluster: &Cluster) -> Vec<(i64, i64, u32)> {
    cluster.picked(|e| match e.kind {
        EventKind::RecordsDelivered { first, last, count, .. } => Some((first.0, last.0, count)),
        _ => None,
    })
}

fn received(cluster: &Cluster) -> u64 {
    cluster.program.consumer_status().expect("a consumer").received
}

#[test]
fn from_the_beginning_it_gets_everything() {
    let mut cluster = cluster(3, spec());
    for partition in &mut cluster.partitions {
        append(partition, 2);
        append(partition, 3);
    }
    start(&mut cluster);
    cluster.run_ms(1_000);
    assert_eq!(delivered(&cluster), [(0, 4, 5); 3]);
    let status = cluster.program.consumer_status().expect("a consumer");
    let positions: Vec<_> = status.positions.iter().map(|at| (at.offset, at.lag)).collect();
    assert_eq!(positions, [(Offset(5), Some(0)); 3]);
    assert_eq!(status.received, 15);
    assert_eq!(status.newest.len(), 5);
    assert_eq!(&**status.newest.last().expect("five"), "v4");
}

#[test]
fn from_the_end_it_gets_only_what_comes() {
    let mut cluster = cluster(1, ConsumerSpec { from_beginning: false, ..spec() });
    append(&mut cluster.partitions[0], 3);
    start(&mut cluster);
    cluster.run_ms(1_000);
    assert_eq!(received(&cluster), 0);
    append(&mut cluster.partitions[0], 2);
    cluster.run_ms(1_000);
    assert_eq!(delivered(&cluster), [(3, 4, 2)]);
}

#[test]
fn offsets_below_the_position_are_skipped_inside_a_batch() {
    let mut cluster = cluster(1, spec());
    append(&mut cluster.partitions[0], 10);
    cluster.partitions[0].start = 7;
    start(&mut cluster);
    cluster.run_ms(1_000);
    assert_eq!(delivered(&cluster), [(7, 9, 3)]);
    let status = cluster.program.consumer_status().expect("a consumer");
    assert_eq!(status.newest.iter().map(|v| &**v).collect::<Vec<_>>(), ["v7", "v8", "v9"]);
}

#[test]
fn an_offset_out_of_range_is_reset() {
    let mut cluster = cluster(1, spec());
    append(&mut cluster.partitions[0], 10);
    start(&mut cluster);
    cluster.run_ms(1_000);
    cluster.partitions[0] = Partition { leader: Some(1), ..Partition::default() };
    append(&mut cluster.partitions[0], 4);
    cluster.run_ms(2_000);
    let resets = cluster.picked(|e| match e.kind {
        EventKind::PositionReset { from, to, .. } => Some((from.0, to.0)),
        _ => None,
    });
    assert_eq!(resets, [(10, 0)]);
    assert_eq!(delivered(&cluster), [(0, 9, 10), (0, 3, 4)]);
}

#[test]
fn it_resumes_at_its_position_after_a_leader_change() {
    let mut cluster = cluster(1, spec());
    append(&mut cluster.partitions[0], 3);
    start(&mut cluster);
    cluster.run_ms(1_000);
    cluster.kill(1);
    cluster.elect(0, None);
    cluster.run_ms(3_000);
    cluster.elect(0, Some(2));
    append(&mut cluster.partitions[0], 2);
    cluster.run_ms(3_000);
    assert_eq!(delivered(&cluster), [(0, 2, 3), (3, 4, 2)]);
}

#[test]
fn a_leader_that_moved_while_it_lives_is_followed() {
    let mut cluster = cluster(1, spec());
    append(&mut cluster.partitions[0], 3);
    start(&mut cluster);
    cluster.run_ms(1_000);
    cluster.elect(0, Some(3));
    append(&mut cluster.partitions[0], 2);
    cluster.run_ms(2_000);
    assert_eq!(delivered(&cluster), [(0, 2, 3), (3, 4, 2)]);
}

#[test]
fn it_waits_for_a_topic_that_does_not_exist_yet() {
    let mut cluster = cluster(1, spec());
    cluster.topic_exists = false;
    start(&mut cluster);
    cluster.run_ms(120_000);
    append(&mut cluster.partitions[0], 1);
    cluster.topic_exists = true;
    cluster.run_ms(3_000);
    assert_eq!(received(&cluster), 1);
}

#[test]
fn leaders_are_fetched_from_in_parallel() {
    let mut cluster = cluster(3, spec());
    append(&mut cluster.partitions[2], 1);
    start(&mut cluster);
    cluster.silent.insert(1);
    cluster.run_ms(15_000);
    assert_eq!(received(&cluster), 1, "a broker that is silent does not hold the others up");
}

#[test]
fn an_idle_consumer_polls_twice_a_second() {
    let mut cluster = cluster(1, spec());
    start(&mut cluster);
    cluster.run_ms(10_000);
    let fetches = cluster
        .picked(|e| matches!(e.kind, EventKind::MessageSent { api: Api::Fetch, .. }).then_some(()));
    assert!((19..=21).contains(&fetches.len()), "{}", fetches.len());
}

#[test]
fn a_corrupt_batch_ends_the_application() {
    let mut cluster = cluster(1, spec());
    append(&mut cluster.partitions[0], 1);
    append(&mut cluster.partitions[0], 1);
    let mut rotten = cluster.partitions[0].batches[1].to_vec();
    let last = rotten.len() - 1;
    rotten[last] ^= 1;
    cluster.partitions[0].batches[1] = rotten.into();
    start(&mut cluster);
    cluster.run_ms(2_000);
    assert_eq!(delivered(&cluster), [(0, 0, 1)]);
    let ended = cluster.picked(|e| match &e.kind {
        EventKind::ProcessFailed { error } => Some(error.clone()),
        _ => None,
    });
    assert_eq!(ended.len(), 1);
    assert!(ended[0].contains("t-0 at offset 1 is invalid"), "{}", ended[0]);
}

fn first() -> TopicPartition {
    TopicPartition::new(&TopicName::new(TOPIC), PartitionId(0))
}

fn tell(cluster: &mut Cluster, command: &ConsumerCommand) {
    cluster.command(|program, ctx| program.obey(ctx, command));
}

#[test]
fn a_paused_partition_brings_nothing_until_it_is_resumed() {
    let mut cluster = cluster(1, spec());
    append(&mut cluster.partitions[0], 3);
    start(&mut cluster);
    cluster.run_ms(1_000);
    tell(&mut cluster, &ConsumerCommand::Pause { partitions: vec![first()] });
    append(&mut cluster.partitions[0], 2);
    cluster.run_ms(2_000);
    assert_eq!(received(&cluster), 3);
    assert!(cluster.program.consumer_status().expect("a consumer").positions[0].paused);
    tell(&mut cluster, &ConsumerCommand::Resume { partitions: vec![first()] });
    cluster.run_ms(1_000);
    assert_eq!(delivered(&cluster), [(0, 2, 3), (3, 4, 2)]);
}

#[test]
fn after_a_seek_it_gets_from_there() {
    let mut cluster = cluster(1, spec());
    append(&mut cluster.partitions[0], 9);
    start(&mut cluster);
    cluster.run_ms(1_000);
    let seek = |to| ConsumerCommand::Seek { partition: first(), to };
    tell(&mut cluster, &seek(SeekPlace::Offset(6)));
    cluster.run_ms(1_000);
    tell(&mut cluster, &seek(SeekPlace::Beginning));
    cluster.run_ms(1_000);
    tell(&mut cluster, &seek(SeekPlace::End));
    append(&mut cluster.partitions[0], 1);
    cluster.run_ms(1_000);
    assert_eq!(delivered(&cluster), [(0, 8, 9), (6, 8, 3), (0, 8, 9)]);
    let sought = cluster.picked(|e| match e.kind {
        EventKind::PositionSought { from, to, .. } => Some((from.0, to.0)),
        _ => None,
    });
    assert_eq!(sought, [(9, 6), (9, 0), (9, 10)]);
}

#[test]
fn a_partition_of_somebody_else_cannot_be_sought() {
    let mut cluster = cluster(1, spec());
    start(&mut cluster);
    let partitions = vec![TopicPartition::new(&TopicName::new("other"), PartitionId(0))];
    let pause = ConsumerCommand::Pause { partitions };
    assert!(cluster.program.check_obey(&pause).is_err());
}

/// A consumer read five records of reign 0; the next leader has only the first three of them.
fn truncated(spec: ConsumerSpec) -> Cluster {
    let mut cluster = cluster(1, spec);
    append(&mut cluster.partitions[0], 3);
    append(&mut cluster.partitions[0], 2);
    start(&mut cluster);
    cluster.run_ms(1_000);
    cluster.partitions[0].batches.pop();
    cluster.partitions[0].end = 3;
    cluster.elect(0, Some(2));
    append(&mut cluster.partitions[0], 4);
    cluster.run_ms(3_000);
    cluster
}

fn parted(cluster: &Cluster) -> Vec<(i64, i64)> {
    cluster.picked(|e| match e.kind {
        EventKind::TruncationDetected { position, diverges, .. } => Some((position.0, diverges.0)),
        _ => None,
    })
}

#[test]
fn a_consumer_goes_back_to_where_the_new_leaders_log_parts_from_what_it_read() {
    let cluster = truncated(spec());
    assert_eq!(parted(&cluster), [(5, 3)]);
    assert_eq!(delivered(&cluster), [(0, 4, 5), (3, 6, 4)]);
}

#[test]
fn without_a_reset_policy_a_truncated_log_ends_the_consumer() {
    let cluster = truncated(ConsumerSpec { never_resets: true, ..spec() });
    let words = cluster.picked(|e| match &e.kind {
        EventKind::ProcessFailed { error } => Some(error.to_string()),
        _ => None,
    });
    let wanted = "Detected log truncation with diverging offsets {t-0=OffsetAndMetadata{offset=3, \
                  leaderEpoch=0, metadata=''}}";
    assert_eq!(words, [wanted]);
}

#[test]
fn one_that_has_work_to_do_polls_and_is_given_no_more_than_it_takes_at_once() {
    let mut cluster = cluster(1, ConsumerSpec { work_ms: 100, max_poll_records: 2, ..spec() });
    append(&mut cluster.partitions[0], 5);
    start(&mut cluster);
    cluster.run_ms(2_000);
    assert_eq!(delivered(&cluster), [(0, 1, 2), (2, 3, 2), (4, 4, 1)]);
}
