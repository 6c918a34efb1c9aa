//! Files that Apache Kafka 3.9.1 wrote: `segment.bytes=16384 index.interval.bytes=512`, 64 batches,
//! batch i with 1 + i % 3 records; record k has key `k{k % 7}`, value `v{k:04}-` and 100 + 37k % 300
//! times the letter k % 10, and time 1700000000000 + 1000k, half a minute earlier in batch 20. The
//! broker was stopped cleanly.

use super::*;
use crate::engine::record::reader::records;

macro_rules! kafkas {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../../tests/data/segments/plain-0/", $name)))
    };
}
const FILES: [(&str, &[u8]); 13] = [
    kafkas!("00000000000000000000.log"),
    kafkas!("00000000000000000000.index"),
    kafkas!("00000000000000000000.timeindex"),
    kafkas!("00000000000000000055.log"),
    kafkas!("00000000000000000055.index"),
    kafkas!("00000000000000000055.timeindex"),
    kafkas!("00000000000000000109.log"),
    kafkas!("00000000000000000109.index"),
    kafkas!("00000000000000000109.timeindex"),
    kafkas!("00000000000000000055.snapshot"),
    kafkas!("00000000000000000109.snapshot"),
    kafkas!("00000000000000000127.snapshot"),
    kafkas!("leader-epoch-checkpoint"),
];

fn kafkas_config() -> TopicConfig {
    config(16_384, 512)
}

fn kafkas_disk() -> Disk {
    let mut disk = Disk::default();
    for (name, bytes) in FILES {
        disk.replace(&format!("orders-0/{name}"), Bytes::from_static(bytes));
    }
    disk
}

fn opened(clean: bool) -> (Replica, Recovery) {
    let mut disk = kafkas_disk();
    let (log, recovery) = Log::open(&mut disk, &orders(), &kafkas_config(), opening(clean, 0));
    (Replica { disk, log }, recovery)
}

/// Key, value and time of record `k`; `batch` is the one that holds it.
fn record(k: i64, batch: i64) -> (String, String, i64) {
    let letter = char::from(b"abcdefghij"[(k % 10) as usize]);
    let run: String = std::iter::repeat_n(letter, (100 + k * 37 % 300) as usize).collect();
    let time = 1_700_000_000_000 + 1_000 * k - if batch == 20 { 30_000 } else { 0 };
    (format!("k{}", k % 7), format!("v{k:04}-{run}"), time)
}

/// The 64 batches as their producer sent them.
fn produced() -> Vec<Bytes> {
    let mut next = 0;
    let mut all = Vec::new();
    for number in 0..64 {
        let mut builder = BatchBuilder::new();
        for _ in 0..=number % 3 {
            let (key, value, time) = record(next, number);
            builder.append(time, Some(key.as_bytes()), Some(value.as_bytes()), &[]);
            next += 1;
        }
        all.push(builder.build());
    }
    all
}

fn check_same_files(replica: &Replica) {
    assert_eq!(replica.files().len(), FILES.len());
    for (name, bytes) in FILES {
        assert_eq!(replica.file(name), bytes, "{name}");
    }
}

#[test]
fn a_segment_that_kafka_wrote_opens_with_its_records() {
    let (replica, recovery) = opened(true);
    assert_eq!(replica.log.log_end_offset(), Offset(127));
    assert_eq!(replica.log.epochs(), [(LeaderEpoch(0), Offset(0))]);
    assert!(!recovery.scanned);
    let mut next = 0;
    let mut number = 0;
    while next < 127 {
        for (_, batch) in batches(&replica.read(next, 4_000)) {
            for ours in records(&batch) {
                let ours = ours.expect("sound");
                let (key, value, time) = record(next, number);
                assert_eq!((ours.offset.0, ours.timestamp), (next, time));
                assert_eq!(ours.key, Some(key.as_bytes()));
                assert_eq!(ours.value, Some(value.as_bytes()));
                next += 1;
            }
            number += 1;
        }
    }
    assert_eq!((next, number), (127, 64));
}

/// The room that an active index is given does not count.
#[test]
fn a_checker_counts_the_entries_that_were_written() {
    let mut replica = Replica::new(&config(1 << 20, 100));
    let mut counted = Vec::new();
    for _ in 0..3 {
        replica.fill(1, 200);
        counted.push(replica.log.index_entries(&replica.disk));
    }
    assert_eq!(counted, [0, 1, 2]);
}

#[test]
fn the_index_entries_are_kafkas() {
    let (replica, _) = opened(true);
    let entries: Vec<u64> =
        replica.log.segments(&replica.disk).map(|segment| segment.index_entries).collect();
    assert_eq!(entries, [18, 18, 6]);
    assert_eq!(replica.index(0)[..3], [(5, 585), (6, 1443), (11, 2694)]);
}

#[test]
fn a_scan_rebuilds_kafkas_files_byte_for_byte() {
    let (replica, recovery) = opened(false);
    let sound =
        Recovery { truncated_bytes: 0, truncated_at: 5_319, segment: Offset(109), scanned: true };
    assert_eq!(recovery, sound);
    check_same_files(&replica);
}

#[test]
fn the_active_segments_indexes_are_preallocated_as_kafkas_are_and_trimmed_at_the_end() {
    let (mut replica, _) = opened(true);
    let sizes = |replica: &Replica, base: i64| {
        ["index", "timeindex"].map(|kind| {
            let path = format!("orders-0/{base:020}.{kind}");
            replica.disk.len(replica.disk.find(&path).expect("it is there"))
        })
    };
    assert_eq!(sizes(&replica, 55), [144, 216]);
    assert_eq!(sizes(&replica, 109), [10_485_760, 10_485_756]);
    assert!(replica.disk.total_bytes() < 40_000, "room that nobody wrote to takes none");
    replica.log.close_cleanly(&mut replica.disk, 0);
    assert_eq!(sizes(&replica, 109), [48, 72]);
}

#[test]
fn the_same_batches_give_the_same_files_as_kafka() {
    let mut replica = Replica::new(&kafkas_config());
    let rolled: Vec<i64> = produced()
        .iter()
        .filter_map(|batch| replica.lead(batch).rolled)
        .map(|base| base.0)
        .collect();
    assert_eq!(rolled, [55, 109]);
    replica.log.close_cleanly(&mut replica.disk, 0);
    check_same_files(&replica);
}

#[test]
fn a_follower_that_copies_batch_by_batch_has_the_same_files() {
    let (leader, _) = opened(true);
    let mut follower = Replica::new(&kafkas_config());
    while follower.log.log_end_offset() < Offset(127) {
        let next = leader.read(follower.log.log_end_offset().0, 1);
        follower.follow(&next).expect("sound");
    }
    follower.log.close_cleanly(&mut follower.disk, 0);
    check_same_files(&follower);
}

#[test]
fn a_follower_that_copies_whole_segments_has_the_same_files() {
    let (leader, _) = opened(true);
    let mut follower = Replica::new(&kafkas_config());
    while follower.log.log_end_offset() < Offset(127) {
        let next = leader.read(follower.log.log_end_offset().0, 1_048_576);
        follower.follow(&next).expect("sound");
    }
    follower.log.close_cleanly(&mut follower.disk, 0);
    check_same_files(&follower);
}

#[test]
fn times_are_found_also_where_they_run_backwards() {
    let (replica, _) = opened(true);
    let at =
        |k: i64| replica.log.offset_for_timestamp(&replica.disk, 1_700_000_000_000 + 1_000 * k);
    let time = |k: i64| 1_700_000_000_000 + 1_000 * k;
    assert_eq!(at(-5), Some((time(0), Offset(0))));
    assert_eq!(at(38), Some((time(38), Offset(38))));
    // Batch 20 holds offsets 39, 40 and 41, whose times are 9 to 11 seconds in: older than asked for.
    assert_eq!(at(39), Some((time(42), Offset(42))));
    assert_eq!(at(126), Some((time(126), Offset(126))));
    assert_eq!(at(127), None);
}
