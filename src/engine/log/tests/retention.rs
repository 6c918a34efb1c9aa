//! What retention deletes and what it leaves.

use super::*;
use crate::engine::event::RetentionReason::{Size, StartOffset, Time};
use crate::engine::setting::CleanupPolicy;

fn size() -> u64 {
    batch(&[1], 10).len() as u64
}

/// Segments 0 to 3, 4 to 7 and 8 to 9, with timestamps that count from 1.
fn replica() -> Replica {
    let mut replica = Replica::new(&config(4 * size() as i64, 100));
    replica.fill(10, 10);
    replica
}

fn keep(retention_ms: i64, retention_bytes: i64) -> TopicConfig {
    TopicConfig { retention_ms, retention_bytes, ..TopicConfig::default() }
}

/// Reasons and numbers of segments that one check deletes, and the segments left.
fn check(
    replica: &mut Replica,
    config: &TopicConfig,
    high_watermark: i64,
    wall_ms: i64,
    expected: &[(crate::engine::event::RetentionReason, u32)],
    left: &[i64],
) {
    let hw = Offset(high_watermark);
    let deleted = replica.log.delete_old_segments(&mut replica.disk, config, hw, wall_ms);
    let deleted: Vec<_> = deleted.iter().map(|one| (one.reason, one.segments)).collect();
    assert_eq!((&deleted[..], &replica.segment_bases()[..]), (expected, left));
    assert_eq!(replica.log.log_start_offset().0.max(left[0]), replica.log.log_start_offset().0);
}

#[test]
fn a_segment_goes_when_its_newest_record_is_older_than_retention_ms() {
    check(&mut replica(), &keep(100, -1), 10, 104, &[], &[0, 4, 8]);
    check(&mut replica(), &keep(100, -1), 10, 105, &[(Time, 1)], &[4, 8]);
    check(&mut replica(), &keep(100, -1), 10, 109, &[(Time, 2)], &[8]);
    check(&mut replica(), &keep(-1, -1), 10, i64::MAX, &[], &[0, 4, 8]);
}

#[test]
fn when_all_are_expired_an_empty_segment_named_after_the_end_is_left() {
    let mut replica = replica();
    check(&mut replica, &keep(100, -1), 10, 1_000, &[(Time, 3)], &[10]);
    assert_eq!(replica.log.log_start_offset(), Offset(10));
    check(&mut replica, &keep(100, -1), 10, 9_000, &[], &[10]);
    assert_eq!(replica.lead(&batch(&[1], 10)).base, Offset(10));
}

#[test]
fn nothing_goes_that_reaches_past_the_high_watermark() {
    check(&mut replica(), &keep(100, -1), 7, 1_000, &[(Time, 1)], &[4, 8]);
    check(&mut replica(), &keep(100, -1), 8, 1_000, &[(Time, 2)], &[8]);
    check(&mut replica(), &keep(100, -1), 9, 1_000, &[(Time, 2)], &[8]);
}

#[test]
fn the_oldest_go_while_what_is_left_is_as_large_as_retention_bytes() {
    let most = |segments: u64| keep(-1, (segments * size()) as i64);
    check(&mut replica(), &most(7), 10, 0, &[], &[0, 4, 8]);
    check(&mut replica(), &most(6), 10, 0, &[(Size, 1)], &[4, 8]);
    check(&mut replica(), &most(2), 10, 0, &[(Size, 2)], &[8]);
    check(&mut replica(), &most(0), 10, 0, &[(Size, 3)], &[10]);
}

#[test]
fn segments_below_the_log_start_go_also_from_a_compacted_log() {
    let compact = CleanupPolicy { compact: true, delete: false };
    let settings = TopicConfig { cleanup_policy: compact, ..keep(1, 0) };
    let mut replica = replica();
    assert!(replica.log.advance_log_start(&mut replica.disk, Offset(5)));
    assert!(!replica.log.advance_log_start(&mut replica.disk, Offset(5)));
    check(&mut replica, &settings, 10, 1_000, &[(StartOffset, 1)], &[4, 8]);
    assert_eq!(replica.log.log_start_offset(), Offset(5));
    assert!(replica.log.starts_within_a_segment());
}

#[test]
fn deleted_files_keep_their_bytes_under_another_name_until_they_are_removed() {
    let mut replica = replica();
    check(&mut replica, &keep(100, -1), 10, 105, &[(Time, 1)], &[4, 8]);
    let name = "00000000000000000000.log.deleted";
    assert_eq!(replica.file(name).len() as u64, 4 * size());
    let trash = replica.log.take_trash();
    assert_eq!(trash.len(), 3);
    trash.into_iter().for_each(|file| replica.disk.delete_file(file));
    assert!(!replica.files().iter().any(|file| file == name));
}

#[test]
fn what_a_dead_process_left_to_delete_is_removed_when_the_log_is_opened() {
    let mut replica = replica();
    check(&mut replica, &keep(100, -1), 10, 105, &[(Time, 1)], &[4, 8]);
    let (after, _) = replica.reopen(&TopicConfig::default(), false, 0);
    assert!(!after.files().iter().any(|file| file.ends_with(".deleted")));
    assert_eq!(after.log.log_start_offset(), Offset(4));
}

#[test]
fn a_log_start_within_a_segment_is_remembered_by_the_checkpoint() {
    let mut replica = replica();
    replica.log.advance_log_start(&mut replica.disk, Offset(5));
    let known = Opening { log_start_offset: Offset(5), ..opening(false, 0) };
    let (log, _) = Log::open(&mut replica.disk.clone(), &orders(), &TopicConfig::default(), known);
    assert_eq!(log.log_start_offset(), Offset(5));
    let (forgot, _) = replica.reopen(&TopicConfig::default(), false, 0);
    assert_eq!(forgot.log.log_start_offset(), Offset(0));
}

#[test]
fn a_log_that_ends_before_its_start_begins_anew_there() {
    let mut replica = replica();
    let known = Opening { log_start_offset: Offset(50), ..opening(true, 0) };
    let (log, _) = Log::open(&mut replica.disk, &orders(), &TopicConfig::default(), known);
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (Offset(50), Offset(50)));
}

#[test]
fn epochs_before_the_log_start_are_forgotten() {
    let mut replica = Replica::new(&TopicConfig::default());
    replica.follow(&[sent(0, 1, 2), sent(2, 4, 2), sent(4, 6, 2)].concat().into()).expect("sound");
    replica.log.advance_log_start(&mut replica.disk, Offset(3));
    let left = [(LeaderEpoch(4), Offset(3)), (LeaderEpoch(6), Offset(4))];
    assert_eq!(replica.log.epochs(), left);
    assert_eq!(replica.log.end_offset_for_epoch(LeaderEpoch(1)), (LeaderEpoch(1), Offset(3)));
}

#[test]
fn a_segment_rolls_when_records_are_newer_than_its_first_by_more_than_segment_ms() {
    let mut replica = Replica::new(&TopicConfig { segment_ms: 1_000, ..TopicConfig::default() });
    for timestamp in [5_000, 6_000, 4_000, 6_001, 7_001, 7_002] {
        replica.lead(&batch(&[timestamp], 10));
    }
    assert_eq!(replica.segment_bases(), [0, 3, 5]);
    let (mut again, _) =
        replica.reopen(&TopicConfig { segment_ms: 1_000, ..TopicConfig::default() }, false, 0);
    again.lead(&batch(&[8_003], 10));
    assert_eq!(
        again.segment_bases(),
        [0, 3, 5, 6],
        "its age counts from its first batch after a start"
    );
}

#[test]
fn jitter_makes_segments_of_one_log_roll_at_times_of_their_own() {
    let settings =
        TopicConfig { segment_ms: 1_000, segment_jitter_ms: 900, ..TopicConfig::default() };
    let bases = |seed: u64| {
        let mut replica = Replica::new(&settings);
        replica.log = replica.log.with_jitter_seed(seed);
        for timestamp in 1..400 {
            replica.lead(&batch(&[timestamp * 10], 10));
        }
        replica.segment_bases()
    };
    assert_eq!(bases(7), bases(7));
    assert_ne!(bases(7), bases(8));
    assert!(bases(7).len() > 4, "none lasts longer than segment.ms");
}

#[test]
fn a_segment_rolls_when_an_index_is_full() {
    let settings = TopicConfig { segment_index_bytes: 60, ..config(1_000_000, 1) };
    let mut replica = Replica::new(&settings);
    replica.fill(12, 10);
    // 60 bytes are seven offset entries and five time entries, one of which is kept for the roll.
    assert_eq!(replica.segment_bases(), [0, 5, 10]);
}

#[test]
fn a_log_flushes_itself_after_flush_messages_and_after_flush_ms() {
    let mut replica = Replica::new(&TopicConfig { flush_messages: 4, ..TopicConfig::default() });
    replica.fill(3, 10);
    assert_eq!(replica.log.recovery_point(), Offset(0));
    replica.fill(2, 10);
    assert_eq!(
        (replica.log.recovery_point(), replica.log.log_end_offset()),
        (Offset(4), Offset(5))
    );
    assert!(!replica.log.flush_if_due(&mut replica.disk, 100, 99));
    assert!(replica.log.flush_if_due(&mut replica.disk, 100, 100));
    assert_eq!((replica.log.recovery_point(), replica.disk.unflushed_bytes()), (Offset(5), 0));
    assert!(!replica.log.flush_if_due(&mut replica.disk, 100, 500));
}
