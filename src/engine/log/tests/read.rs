//! What a read returns.

use super::*;

/// Ten batches of two records, offsets 0 to 19.
fn ten_batches() -> (Replica, u64) {
    let mut replica = Replica::new(&config(1_000_000, 150));
    for number in 0..10 {
        replica.lead(&batch(&[number, number], 10));
    }
    (replica, batch(&[0, 0], 10).len() as u64)
}

#[test]
fn a_read_starts_with_the_batch_that_contains_the_offset() {
    let (replica, size) = ten_batches();
    for offset in 0..20 {
        assert_eq!(replica.bases(offset, size, ALL, false), [offset / 2 * 2]);
    }
}

#[test]
fn a_read_at_the_end_is_empty_and_beyond_it_is_out_of_range() {
    let (replica, _) = ten_batches();
    assert!(replica.bases(20, 999, ALL, true).is_empty());
    let refused = replica.log.read(&replica.disk, Offset(21), 999, ALL, true);
    let range = OutOfRange { requested: Offset(21), start: Offset(0), end: Offset(20) };
    assert_eq!(refused, Err(range));
}

#[test]
fn only_whole_batches_are_returned() {
    let (replica, size) = ten_batches();
    assert_eq!(replica.bases(0, 2 * size - 1, ALL, false), [0]);
    assert_eq!(replica.bases(0, 2 * size, ALL, false), [0, 2]);
    assert!(replica.bases(0, size - 1, ALL, false).is_empty());
}

#[test]
fn one_batch_comes_though_it_is_too_large_when_asked_for() {
    let (replica, size) = ten_batches();
    assert_eq!(replica.bases(5, size - 1, ALL, true), [4]);
}

#[test]
fn nothing_at_or_past_the_upper_bound_is_returned() {
    let (replica, _) = ten_batches();
    assert_eq!(replica.bases(0, 9_999, Offset(4), true), [0, 2]);
    assert_eq!(replica.bases(0, 9_999, Offset(5), true), [0, 2]);
    assert!(replica.bases(4, 9_999, Offset(4), true).is_empty());
    assert!(replica.bases(4, 9_999, Offset(5), true).is_empty());
}

#[test]
fn a_read_ends_with_its_segment() {
    let size = batch(&[1], 10).len() as i64;
    let mut replica = Replica::new(&config(3 * size, 4_096));
    replica.fill(8, 10);
    assert_eq!(replica.bases(1, 9_999, ALL, true), [1, 2]);
    assert_eq!(replica.bases(3, 9_999, ALL, true), [3, 4, 5]);
    assert_eq!(replica.bases(7, 9_999, ALL, true), [7]);
}

#[test]
fn batches_that_lie_in_pieces_of_memory_are_read_all_the_same() {
    let (replica, size) = ten_batches();
    let whole = replica.read(0, u64::MAX);
    let mut other = Replica::new(&TopicConfig::default());
    let log = other.disk.open("orders-0/00000000000000000000.log");
    for piece in whole.chunks(37) {
        other.disk.append(log, Bytes::copy_from_slice(piece));
    }
    let (opened, recovery) = other.reopen(&TopicConfig::default(), false, 0);
    assert_eq!((recovery.truncated_bytes, opened.log.log_end_offset()), (0, Offset(20)));
    assert_eq!(opened.bases(7, 2 * size, ALL, false), [6, 8]);
    assert_eq!(opened.read(0, u64::MAX), whole);
}

#[test]
fn a_time_names_the_first_record_that_is_not_older() {
    let mut replica = Replica::new(&config(1_000_000, 0));
    replica.lead(&batch(&[10, 30, 20], 10));
    replica.lead(&batch(&[40, 50], 10));
    let at = |timestamp| replica.log.offset_for_timestamp(&replica.disk, timestamp);
    assert_eq!(at(11), Some((30, Offset(1))));
    assert_eq!(at(31), Some((40, Offset(3))));
    assert_eq!(at(50), Some((50, Offset(4))));
    assert_eq!(at(51), None);
}
