//! What compaction leaves: the measured case of ANOMALIES §15 and the rules around it.

use super::*;
use crate::engine::record::reader::{records, uncompressed};
use crate::engine::setting::{CleanupPolicy, Ratio};

const ROOM: Room = Room { keys: 1_000, read_bytes: 262_144 };

fn compacted() -> TopicConfig {
    TopicConfig {
        cleanup_policy: CleanupPolicy { compact: true, delete: false },
        min_cleanable_dirty_ratio: Ratio(10_000),
        segment_ms: 1_000,
        delete_retention_ms: 1_500,
        segment_bytes: 1_048_576,
        ..TopicConfig::default()
    }
}

/// A batch of `key value` records; `-` is a tombstone.
fn keyed(at: i64, pairs: &[(&str, &str)]) -> Bytes {
    let mut builder = BatchBuilder::new();
    for (key, value) in pairs {
        let value = Some(value.as_bytes()).filter(|value| *value != b"-");
        builder.append(at, Some(key.as_bytes()), value, &[]);
    }
    builder.build()
}

struct Compacted {
    replica: Replica,
    config: TopicConfig,
    cleaned_to: Option<Offset>,
}

impl Compacted {
    fn new(config: TopicConfig) -> Compacted {
        Compacted { replica: Replica::new(&config), config, cleaned_to: None }
    }

    fn send(&mut self, at: i64, pairs: &[(&str, &str)]) {
        self.replica.lead(&keyed(at, pairs));
    }

    fn cleanable(&self, stable: i64, wall_ms: i64) -> Cleanable {
        let Replica { disk, log } = &self.replica;
        log.cleanable(disk, &self.config, self.cleaned_to, Offset(stable), wall_ms)
    }

    fn clean_with(&mut self, room: Room, wall_ms: i64) -> Cleaned {
        let what = self.cleanable(i64::MAX, wall_ms);
        let Replica { disk, log } = &mut self.replica;
        let cleaned = log.clean(disk, &self.config, &what, room, wall_ms).expect("readable");
        self.cleaned_to = Some(cleaned.end);
        cleaned
    }

    fn clean(&mut self, wall_ms: i64) -> Cleaned {
        self.clean_with(ROOM, wall_ms)
    }

    /// `offset key value` of every record, a bar between batches and a double one between segments.
    fn text(&self) -> String {
        let Replica { disk, log } = &self.replica;
        let segment = |base: i64| {
            let bytes = self.replica.file(&format!("{base:020}.log"));
            let all: Vec<String> = batches(&bytes)
                .map(|(header, batch)| {
                    let plain = uncompressed(&batch).expect("readable");
                    let text = |bytes: Option<&[u8]>| {
                        String::from_utf8_lossy(bytes.unwrap_or(b"-")).into_owned()
                    };
                    let record = |r: crate::engine::record::reader::RecordRef<'_>| {
                        format!("{} {} {}", r.offset.0, text(r.key), text(r.value))
                    };
                    let read: Vec<String> =
                        records(&plain).map(|r| record(r.expect("sound"))).collect();
                    assert!(crate::engine::record::batch::verify_crc(&batch));
                    assert!(header.last_offset() < log.log_end_offset());
                    read.join(", ")
                })
                .collect();
            all.join(" | ")
        };
        let all: Vec<String> = log.segments(disk).map(|info| segment(info.base.0)).collect();
        all.join(" || ")
    }
}

/// a1 b1 a2 c1 b(null) a3, and d 5 s later, which rolls.
fn measured() -> Compacted {
    let mut log = Compacted::new(compacted());
    for (key, value) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1"), ("b", "-"), ("a", "3")] {
        log.send(1_000, &[(key, value)]);
    }
    log.send(6_000, &[("d", "1")]);
    log
}

#[test]
fn the_last_record_of_each_key_stays_and_the_active_segment_is_left_alone() {
    let mut log = measured();
    let cleaned = log.clean(6_000);
    assert_eq!(log.text(), "3 c 1 | 4 b - | 5 a 3 || 6 d 1");
    assert_eq!((cleaned.end, cleaned.records, cleaned.segments), (Offset(6), (6, 3), (1, 1)));
    assert_eq!(log.replica.log.log_start_offset(), Offset(0));
    assert_eq!(log.replica.bases(0, 9_999, ALL, true)[0], 3, "a fetch at 0 goes on at 3");
}

#[test]
fn a_tombstone_goes_with_the_first_cleaning_after_delete_retention_ms() {
    let mut log = measured();
    log.clean(6_000);
    log.send(11_000, &[("a", "4")]);
    log.send(16_000, &[("e", "1")]);
    let mut early = Compacted {
        replica: Replica { disk: log.replica.disk.clone(), log: log.replica.log.clone() },
        config: log.config.clone(),
        cleaned_to: log.cleaned_to,
    };
    early.clean(7_499);
    assert_eq!(early.text(), "3 c 1 | 4 b - | 6 d 1 | 7 a 4 || 8 e 1");
    log.clean(7_500);
    assert_eq!(log.text(), "3 c 1 | 6 d 1 | 7 a 4 || 8 e 1");
}

#[test]
fn a_batch_that_loses_records_keeps_its_span() {
    let mut log = measured();
    log.send(20_000, &[("f", "1"), ("f", "2"), ("g", "1")]);
    log.send(30_000, &[("h", "1")]);
    log.clean(30_000);
    assert_eq!(log.text(), "3 c 1 | 4 b - | 5 a 3 | 6 d 1 | 8 f 2, 9 g 1 || 10 h 1");
    let bytes = log.replica.read(7, 9_999);
    let (header, _) = batches(&bytes).next().expect("a batch");
    assert_eq!((header.base_offset, header.last_offset()), (Offset(7), Offset(9)));
}

#[test]
fn what_reaches_past_the_stable_end_or_is_too_young_is_not_cleaned() {
    let mut log = measured();
    log.send(11_000, &[("a", "4")]);
    let ends = |log: &Compacted, stable, at| log.cleanable(stable, at).first_uncleanable.0;
    assert_eq!(ends(&log, 99, 11_000), 7);
    assert_eq!(ends(&log, 6, 11_000), 6);
    assert_eq!(ends(&log, 5, 11_000), 0);
    log.config.min_compaction_lag_ms = 4_000;
    assert_eq!(ends(&log, 99, 9_999), 6);
    assert_eq!(ends(&log, 99, 10_000), 7);
}

#[test]
fn a_log_is_overdue_when_its_oldest_dirty_segment_is_older_than_max_compaction_lag_ms() {
    let mut log = measured();
    log.config.max_compaction_lag_ms = 7_000;
    assert!(!log.cleanable(99, 8_000).overdue);
    assert!(log.cleanable(99, 8_001).overdue);
    log.clean(8_001);
    assert!(!log.cleanable(99, 12_999).overdue, "what is dirty now is the active segment");
}

#[test]
fn a_remembered_offset_that_does_not_fit_the_log_makes_all_of_it_dirty() {
    let mut log = measured();
    log.cleaned_to = Some(Offset(99));
    let what = log.cleanable(99, 6_000);
    assert_eq!((what.first_dirty, what.reset), (Offset(0), true));
    log.replica.log.advance_log_start(&mut log.replica.disk, Offset(2));
    log.cleaned_to = Some(Offset(1));
    let what = log.cleanable(99, 6_000);
    assert_eq!((what.first_dirty, what.reset), (Offset(2), true));
}

#[test]
fn a_full_offset_map_cleans_as_far_as_it_knows_and_goes_on_next_time() {
    let mut log = measured();
    let first = log.clean_with(Room { keys: 3, ..ROOM }, 6_000);
    assert_eq!(
        (first.end, log.text()),
        (Offset(4), "1 b 1 | 2 a 2 | 3 c 1 | 4 b - | 5 a 3 || 6 d 1".into())
    );
    let second = log.clean_with(Room { keys: 3, ..ROOM }, 6_000);
    assert_eq!((second.end, log.text()), (Offset(6), "3 c 1 | 4 b - | 5 a 3 || 6 d 1".into()));
}

#[test]
fn a_cleaned_log_opens_again_as_it_is_and_its_indexes_are_sound() {
    let mut log = Compacted::new(TopicConfig { index_interval_bytes: 100, ..compacted() });
    for round in 0..40 {
        log.send(1_000 + round, &[("a", "1"), ("b", "2")]);
        log.send(1_000 + round, &[(&format!("k{round}"), "v")]);
    }
    log.send(9_000, &[("z", "1")]);
    log.clean_with(Room { read_bytes: 200, ..ROOM }, 9_000);
    let entries = log.replica.index(0);
    assert!(entries.len() > 5);
    for (offset, position) in entries {
        let bytes = log.replica.file("00000000000000000000.log").slice(position as usize..);
        let (header, _) = batches(&bytes).next().expect("a batch starts there");
        assert!(header.base_offset <= Offset(offset));
    }
    let before = log.text();
    let (again, recovery) = log.replica.reopen(&log.config, false, 0);
    assert_eq!(recovery.truncated_bytes, 0);
    assert_eq!(again.log.log_end_offset(), log.replica.log.log_end_offset());
    assert_eq!(Compacted { replica: again, ..Compacted::new(compacted()) }.text(), before);
}

#[test]
fn the_header_of_a_producers_last_batch_stays_though_its_records_go() {
    let mut log = Compacted::new(compacted());
    let from_producer = |sequence, value: &str| {
        let mut builder = BatchBuilder::new().producer(7, 0, sequence);
        builder.append(1_000, Some(b"a"), Some(value.as_bytes()), &[]);
        builder.build()
    };
    log.replica.lead(&from_producer(0, "1"));
    log.replica.lead(&from_producer(1, "2"));
    log.send(1_000, &[("a", "3")]);
    log.send(9_000, &[("z", "1")]);
    log.clean(9_000);
    assert_eq!(log.text(), " | 2 a 3 || 3 z 1");
    log.replica.disk.delete("orders-0/00000000000000000003.snapshot");
    let (mut again, _) = log.replica.reopen(&log.config, false, 0);
    let repeated = again.lead(&from_producer(1, "2"));
    assert!(repeated.duplicate, "the sequence is known from the empty batch");
}

/// A cleaning as it is on the disk when the process dies in the middle of it: the cleaned files under
/// this suffix, the old ones in place.
fn interrupted(suffix: &str) -> (Compacted, Replica) {
    let before = measured();
    let mut after = measured();
    after.clean(6_000);
    let mut replica =
        Replica { disk: before.replica.disk.clone(), log: before.replica.log.clone() };
    for kind in ["log", "index", "timeindex"] {
        let name = format!("00000000000000000000.{kind}");
        replica.disk.replace(&format!("orders-0/{name}{suffix}"), after.replica.file(&name));
    }
    (after, replica)
}

#[test]
fn a_cleaning_that_was_not_finished_is_undone() {
    let (_, replica) = interrupted(".cleaned");
    let (again, _) = replica.reopen(&compacted(), false, 0);
    assert_eq!(again.bases(0, 9_999, ALL, true), [0, 1, 2, 3, 4, 5]);
    assert!(again.files().iter().all(|name| !name.ends_with(".cleaned")));
}

#[test]
fn a_cleaning_that_was_written_takes_its_place_after_a_crash() {
    let (after, replica) = interrupted(".swap");
    let (again, recovery) = replica.reopen(&compacted(), false, 0);
    assert_eq!(recovery.truncated_bytes, 0);
    assert_eq!(Compacted { replica: again, ..Compacted::new(compacted()) }.text(), after.text());
}
