//! What a cut leaves.

use super::*;

fn three_segments() -> Replica {
    let size = batch(&[1], 10).len() as i64;
    let mut replica = Replica::new(&config(4 * size, 100));
    replica.fill(10, 10);
    assert_eq!(replica.segment_bases(), [0, 4, 8]);
    replica
}

#[test]
fn a_cut_removes_records_from_the_offset_on() {
    let mut replica = three_segments();
    assert!(replica.log.truncate_to(&mut replica.disk, Offset(6)));
    assert_eq!(replica.log.log_end_offset(), Offset(6));
    assert_eq!(replica.segment_bases(), [0, 4]);
    assert_eq!(replica.bases(4, 9_999, ALL, true), [4, 5]);
    let gone = |name: &&String| name.starts_with("00000000000000000008");
    assert!(replica.files().iter().filter(gone).all(|name| name.ends_with(".deleted")));
    assert_eq!(replica.log.take_trash().len(), 4, "three files and a snapshot");
}

#[test]
fn a_cut_log_goes_on_where_it_ends() {
    let mut replica = three_segments();
    replica.log.truncate_to(&mut replica.disk, Offset(6));
    let appended = replica.lead(&batch(&[99], 10));
    assert_eq!(appended.base, Offset(6));
    assert_eq!(replica.bases(4, 9_999, ALL, true), [4, 5, 6]);
}

#[test]
fn a_cut_at_a_segments_start_leaves_it_empty() {
    let mut replica = three_segments();
    replica.log.truncate_to(&mut replica.disk, Offset(4));
    assert_eq!(replica.segment_bases(), [0, 4]);
    let last = replica.log.segments(&replica.disk).last().expect("a segment");
    assert_eq!((last.bytes, last.end, last.index_entries), (0, Offset(4), 0));
    assert_eq!(replica.log.recovery_point(), Offset(4));
}

#[test]
fn a_cut_removes_index_entries_at_the_offset_and_after_it() {
    let mut replica = Replica::new(&config(1_000_000, 100));
    replica.fill(9, 10);
    let before = replica.index(0);
    let offsets: Vec<i64> = before.iter().map(|(offset, _)| *offset).collect();
    assert_eq!(offsets, [2, 4, 6, 8]);
    replica.log.truncate_to(&mut replica.disk, Offset(6));
    assert_eq!(replica.index(0), before[..2]);
}

#[test]
fn a_cut_takes_back_the_largest_timestamp() {
    let mut replica = Replica::new(&config(1_000_000, 100));
    replica.fill(9, 10);
    replica.log.truncate_to(&mut replica.disk, Offset(6));
    let at = |timestamp| replica.log.offset_for_timestamp(&replica.disk, timestamp);
    assert_eq!(at(6), Some((6, Offset(5))));
    assert_eq!(at(7), None);
}

#[test]
fn a_cut_at_the_end_removes_nothing_but_an_epoch_without_records() {
    let mut replica = three_segments();
    replica.log.assign_epoch_start(&mut replica.disk, LeaderEpoch(3), Offset(10));
    assert_eq!(replica.log.latest_epoch(), Some(LeaderEpoch(3)));
    assert!(!replica.log.truncate_to(&mut replica.disk, Offset(10)));
    assert_eq!(replica.log.latest_epoch(), Some(LeaderEpoch(0)));
    assert_eq!(replica.log.log_end_offset(), Offset(10));
}

#[test]
fn starting_over_leaves_one_empty_segment_and_no_epochs() {
    let mut replica = three_segments();
    replica.log.truncate_fully_and_start_at(&mut replica.disk, Offset(500));
    assert_eq!(replica.segment_bases(), [500]);
    assert_eq!(replica.log.log_start_offset(), Offset(500));
    assert_eq!((replica.log.size_bytes(), replica.log.latest_epoch()), (0, None));
    assert_eq!(replica.lead(&batch(&[1], 10)).base, Offset(500));
    let deleted = replica.files().iter().filter(|name| name.ends_with(".deleted")).count();
    assert_eq!((replica.files().len() - deleted, deleted), (4, 11));
}

#[test]
fn a_cut_before_the_first_segment_starts_over_there() {
    let mut replica = Replica::new(&TopicConfig::default());
    replica.log.truncate_fully_and_start_at(&mut replica.disk, Offset(500));
    replica.fill(3, 10);
    replica.log.truncate_to(&mut replica.disk, Offset(400));
    assert_eq!(replica.log.log_start_offset(), Offset(400));
    assert_eq!(replica.log.log_end_offset(), Offset(400));
}
