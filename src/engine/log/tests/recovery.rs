//! What opening a log finds and cuts.

use super::*;

const FIRST: &str = "orders-0/00000000000000000000.log";
const LAST: &str = "orders-0/00000000000000000008.log";
const MIDDLE: &str = "orders-0/00000000000000000004.log";

fn size() -> u64 {
    batch(&[1], 10).len() as u64
}

fn settings() -> TopicConfig {
    config(4 * size() as i64, 100)
}

/// Segments 0 to 3, 4 to 7 and 8 to 10; the first two are flushed.
fn replica() -> Replica {
    let mut replica = Replica::new(&settings());
    replica.fill(11, 10);
    replica
}

fn cut(truncated_bytes: u64, truncated_at: u64, segment: i64) -> Recovery {
    Recovery { truncated_bytes, truncated_at, segment: Offset(segment), scanned: true }
}

#[test]
fn a_sound_log_opens_as_it_was() {
    let before = replica();
    let (after, recovery) = before.reopen(&settings(), false, 0);
    assert_eq!(recovery, cut(0, 3 * size(), 8));
    assert_eq!(after.log.log_end_offset(), Offset(11));
    assert_eq!(after.segment_bases(), [0, 4, 8]);
    assert_eq!(after.read(5, 9_999), before.read(5, 9_999));
}

#[test]
fn a_torn_tail_is_cut_where_its_batch_begins() {
    for missing in 1..size() {
        let mut torn = replica();
        let file = torn.disk.find(LAST).expect("the active segment");
        torn.disk.truncate(file, 3 * size() - missing);
        let (after, recovery) = torn.reopen(&settings(), false, 0);
        assert_eq!(recovery, cut(size() - missing, 2 * size(), 8));
        assert_eq!(after.log.log_end_offset(), Offset(10));
        assert_eq!(after.disk.len(file), 2 * size());
    }
}

#[test]
fn a_flipped_byte_anywhere_in_a_batch_cuts_there_and_takes_later_segments() {
    // Outside the CRC lie the base offset, of which the low bytes (5 to 7) may still look right, and
    // the leader epoch (12 to 15). Kafka does not notice those either.
    let noticed = (0..5).chain(8..12).chain(16..size());
    for position in noticed.map(|within| size() + within) {
        let mut damaged = replica();
        let file = damaged.disk.find(MIDDLE).expect("a full segment");
        let byte = damaged.disk.read(file, position, 1)[0];
        damaged.disk.rot(MIDDLE, position, &[byte ^ 0x81]);
        let (after, recovery) = damaged.reopen(&settings(), false, 0);
        assert_eq!(recovery, cut(6 * size(), size(), 4), "position {position}");
        assert_eq!(after.log.log_end_offset(), Offset(5));
        assert_eq!(after.segment_bases(), [0, 4]);
        assert!(after.disk.find(LAST).is_none());
    }
}

#[test]
fn an_offset_that_jumped_forward_is_noticed_by_the_batch_behind_it() {
    let mut damaged = replica();
    damaged.disk.rot(MIDDLE, size() + 7, &[100]);
    let (after, recovery) = damaged.reopen(&settings(), false, 0);
    assert_eq!(recovery, cut(5 * size(), 2 * size(), 4));
    assert_eq!(after.log.log_end_offset(), Offset(101));
}

#[test]
fn a_recovered_log_takes_appends_again() {
    let mut torn = replica();
    let file = torn.disk.find(LAST).expect("the active segment");
    torn.disk.truncate(file, 3 * size() - 1);
    let (mut after, _) = torn.reopen(&settings(), false, 0);
    assert_eq!(after.lead(&batch(&[1], 10)).base, Offset(10));
    assert_eq!(after.bases(8, 9_999, ALL, true), [8, 9, 10]);
}

#[test]
fn damage_before_the_recovery_point_is_not_looked_for() {
    let mut damaged = replica();
    assert_eq!(damaged.log.recovery_point(), Offset(8));
    damaged.disk.rot(MIDDLE, size() + 70, b"!!");
    let (after, recovery) = damaged.reopen(&settings(), false, 8);
    assert_eq!(recovery, cut(0, 3 * size(), 8));
    assert_eq!(after.log.log_end_offset(), Offset(11));
}

#[test]
fn after_a_clean_stop_nothing_is_scanned() {
    let mut stopped = replica();
    stopped.log.close_cleanly(&mut stopped.disk, 0);
    stopped.disk.rot(LAST, 70, b"!!");
    let (after, recovery) = stopped.reopen(&settings(), true, 11);
    assert!(!recovery.scanned);
    assert_eq!((recovery.truncated_bytes, after.log.log_end_offset()), (0, Offset(11)));
    assert_eq!(after.log.recovery_point(), Offset(11));
}

#[test]
fn a_tail_torn_while_a_clean_broker_was_down_stays_and_hides_the_next_append() {
    let settings = TopicConfig::default();
    let mut stopped = Replica::new(&settings);
    stopped.fill(3, 10);
    stopped.log.close_cleanly(&mut stopped.disk, 0);
    let file = stopped.disk.find(FIRST).expect("the active segment");
    stopped.disk.truncate(file, 3 * size() - 5);
    let (mut after, recovery) = stopped.reopen(&settings, true, 3);
    assert_eq!((recovery.truncated_bytes, after.log.log_end_offset()), (0, Offset(2)));
    after.lead(&batch(&[1], 10));
    assert_eq!(after.disk.len(file), 4 * size() - 5);
    let read = after.log.read(&after.disk, Offset(2), 9_999, ALL, true).expect("in range");
    let (_, found) = batches(&read).next().expect("what the torn header claims");
    assert!(!crate::engine::record::batch::verify_crc(&found));
}

#[test]
fn a_lost_index_is_rebuilt_even_after_a_clean_stop() {
    let mut stopped = replica();
    stopped.log.close_cleanly(&mut stopped.disk, 0);
    let index = "00000000000000000004.index";
    let before = stopped.file(index);
    assert_eq!(before.len(), 8);
    stopped.disk.delete(&format!("orders-0/{index}"));
    let (after, recovery) = stopped.reopen(&settings(), true, 11);
    assert_eq!(recovery.truncated_bytes, 0);
    assert_eq!(after.file(index), before);
}

#[test]
fn epochs_past_the_end_are_forgotten_and_missing_ones_are_read_from_the_batches() {
    let mut replica = Replica::new(&TopicConfig::default());
    replica.follow(&[sent(0, 1, 2), sent(2, 4, 2)].concat().into()).expect("sound");
    replica.log.assign_epoch_start(&mut replica.disk, LeaderEpoch(9), Offset(4));
    let (after, _) = replica.reopen(&TopicConfig::default(), false, 0);
    assert_eq!(after.log.epochs(), [(LeaderEpoch(1), Offset(0)), (LeaderEpoch(4), Offset(2))]);
    replica.disk.delete("orders-0/leader-epoch-checkpoint");
    let (rebuilt, _) = replica.reopen(&TopicConfig::default(), false, 0);
    assert_eq!(rebuilt.log.epochs(), after.log.epochs());
}

#[test]
fn a_power_loss_leaves_what_was_flushed_and_the_log_opens_there() {
    let mut replica = replica();
    let durable =
        replica.log.segments(&replica.disk).map(|segment| segment.flushed_bytes).sum::<u64>();
    assert_eq!(durable, 8 * size());
    let kept = replica.disk.list("").into_iter().filter_map(|(path, _)| {
        let flushed = replica.disk.flushed_len(replica.disk.find(&path)?);
        Some((path, flushed))
    });
    let kept = kept.collect();
    replica.disk.keep_only(&kept);
    let (after, recovery) = replica.reopen(&settings(), false, 0);
    assert_eq!((after.log.log_end_offset(), recovery.truncated_bytes), (Offset(8), 0));
}

#[test]
fn a_directory_without_segments_is_a_new_log() {
    let mut disk = Disk::default();
    let (log, recovery) = Log::open(&mut disk, &orders(), &settings(), opening(false, 0));
    assert_eq!((log.log_end_offset(), recovery), (Offset(0), cut(0, 0, 0)));
    assert_eq!(disk.list("orders-0/").len(), 3);
}
