//! What a leader and a follower accept, and what an append leaves in the files.

use super::*;
use crate::engine::crc::crc32c;
use crate::engine::record::batch::count_records;

fn check_refused(records: &Bytes, code: i16) {
    let mut replica = Replica::new(&config(4_096, 4_096));
    let refused = replica.try_lead(records).expect_err("not a valid batch");
    assert_eq!(refused.code(), code, "{refused}");
    assert_eq!(replica.log.log_end_offset(), Offset(0));
    assert_eq!(replica.disk.total_bytes(), 0);
}

/// A batch changed at `position`, with its CRC made right again.
fn forged(records: usize, position: usize, bytes: &[u8]) -> Bytes {
    let mut batch = batch(&vec![1; records], 10).to_vec();
    batch[position..position + bytes.len()].copy_from_slice(bytes);
    let crc = crc32c(&batch[21..]).to_be_bytes();
    batch[17..21].copy_from_slice(&crc);
    batch.into()
}

#[test]
fn a_leader_assigns_offsets_and_its_epoch() {
    let mut replica = Replica::new(&TopicConfig::default());
    replica.lead(&batch(&[1, 2, 3], 10));
    let appended = replica
        .log
        .append_as_leader(&mut replica.disk, &batch(&[4, 5], 10), LeaderEpoch(7), 0)
        .expect("sound");
    assert_eq!((appended.base, appended.last), (Offset(3), Offset(4)));
    assert_eq!(replica.log.log_end_offset(), Offset(5));
    let stored = replica.read(3, 1);
    let (header, _) = batches(&stored).next().expect("one batch");
    assert_eq!((header.base_offset, header.leader_epoch), (Offset(3), LeaderEpoch(7)));
    assert_eq!(replica.log.epochs(), [(LeaderEpoch(0), Offset(0)), (LeaderEpoch(7), Offset(3))]);
}

#[test]
fn a_batch_that_does_not_fit_its_crc_is_corrupt() {
    let mut bytes = batch(&[1], 10).to_vec();
    *bytes.last_mut().expect("not empty") ^= 1;
    check_refused(&bytes.into(), 2);
}

#[test]
fn a_length_that_no_batch_has_is_corrupt() {
    check_refused(&Bytes::from(vec![0; 100]), 2);
}

#[test]
fn exactly_one_batch_is_taken() {
    let one = batch(&[1], 10);
    check_refused(&[&one[..], &one[..]].concat().into(), 87);
    check_refused(&Bytes::new(), 87);
    check_refused(&one.slice(..one.len() - 1), 87);
}

#[test]
fn older_formats_are_refused() {
    check_refused(&forged(1, 16, &[1]), 87);
}

#[test]
fn a_batch_beyond_max_message_bytes_is_too_large() {
    let mut replica =
        Replica::new(&TopicConfig { max_message_bytes: 99, ..TopicConfig::default() });
    let batch = batch(&[1], 100);
    assert_eq!(replica.try_lead(&batch).expect_err("too large").code(), 10);
    replica.log.set_config(&TopicConfig { max_message_bytes: 200, ..TopicConfig::default() });
    replica.lead(&batch);
}

#[test]
fn a_batch_beyond_segment_bytes_is_too_large() {
    check_refused(&batch(&[1], 4_096), 18);
}

#[test]
fn counts_and_offsets_must_agree() {
    check_refused(&forged(2, 23, &2i32.to_be_bytes()), 87);
    check_refused(&forged(2, 23, &(-1i32).to_be_bytes()), 87);
    check_refused(&forged(2, 57, &0i32.to_be_bytes()), 87);
    check_refused(&with_offset_and_epoch(&batch(&[1], 10), Offset(9), LeaderEpoch(0)), 87);
}

#[test]
fn records_that_do_not_count_from_zero_are_stored_as_they_are() {
    // The record's offset delta is its fourth byte: length, attributes, timestamp delta, then it.
    // Kafka looks at it in compressed batches only.
    let mut replica = Replica::new(&TopicConfig::default());
    assert!(replica.try_lead(&forged(1, 61 + 3, &[2])).is_ok());
}

#[test]
fn clients_cannot_write_control_batches() {
    check_refused(&forged(1, 21, &0x20i16.to_be_bytes()), 87);
}

#[test]
fn a_follower_keeps_bytes_and_learns_epochs_from_them() {
    let mut replica = Replica::new(&TopicConfig::default());
    let fetched: Bytes = [sent(0, 1, 2), sent(2, 1, 1), sent(3, 4, 2)].concat().into();
    let appended = replica.follow(&fetched).expect("sound");
    assert_eq!((appended.base, appended.last), (Offset(0), Offset(4)));
    assert_eq!(
        (u64::from(appended.bytes), appended.leader_epoch),
        (fetched.len() as u64, LeaderEpoch(4))
    );
    assert_eq!(replica.log.epochs(), [(LeaderEpoch(1), Offset(0)), (LeaderEpoch(4), Offset(3))]);
    assert_eq!(replica.read(0, 9_999).as_ptr(), fetched.as_ptr());
}

#[test]
fn a_follower_leaves_out_a_batch_that_is_cut_off() {
    let mut replica = Replica::new(&TopicConfig::default());
    let whole = sent(0, 0, 2);
    let cut: Bytes = [&whole[..], &sent(2, 0, 1)[..70]].concat().into();
    let appended = replica.follow(&cut).expect("sound as far as it goes");
    assert_eq!(u64::from(appended.bytes), whole.len() as u64);
    assert_eq!(replica.log.log_end_offset(), Offset(2));
    assert_eq!(replica.follow(&cut.slice(whole.len()..)).expect("nothing").bytes, 0);
}

#[test]
fn a_follower_refuses_what_is_before_its_end_or_corrupt() {
    let mut replica = Replica::new(&TopicConfig::default());
    replica.follow(&sent(0, 0, 2)).expect("sound");
    let before = replica.follow(&sent(1, 0, 1)).expect_err("already there");
    assert_eq!(
        before,
        AppendError::UnexpectedOffset { found: Offset(1), last: Offset(1), expected: Offset(2) }
    );
    let mut rotten = sent(2, 0, 1).to_vec();
    rotten[62] ^= 1;
    assert_eq!(replica.follow(&rotten.into()), Err(AppendError::Corrupt));
    assert_eq!(replica.log.log_end_offset(), Offset(2));
}

#[test]
fn batches_that_come_together_are_indexed_as_if_they_came_one_by_one() {
    let five: Vec<Bytes> = (0..5).map(|i| sent(2 * i, 0, 2)).collect();
    let size = u32::try_from(five[0].len()).expect("small");
    let interval = i64::from(size) + 1;
    let (mut together, mut alone) =
        (Replica::new(&config(1_000_000, interval)), Replica::new(&config(1_000_000, interval)));
    together.follow(&five.concat().into()).expect("sound");
    for batch in &five {
        alone.follow(batch).expect("sound");
    }
    // Last offset of the batch, its own position.
    assert_eq!(together.index(0), [(5, 2 * size), (9, 4 * size)]);
    assert_eq!(together.index(0), alone.index(0));
}

#[test]
fn an_entry_comes_only_after_more_than_the_interval() {
    let size = u32::try_from(batch(&[1], 10).len()).expect("small");
    let mut replica = Replica::new(&config(1_000_000, i64::from(size)));
    replica.fill(4, 10);
    // Two batches are more than one interval; exactly one is not.
    assert_eq!(replica.index(0), [(2, 2 * size)]);
}

#[test]
fn a_segment_is_filled_up_to_its_size_and_not_beyond() {
    let size = batch(&[1], 10).len() as i64;
    let mut replica = Replica::new(&config(3 * size, 4_096));
    replica.fill(7, 10);
    assert_eq!(replica.segment_bases(), [0, 3, 6]);
    let infos: Vec<_> = replica.log.segments(&replica.disk).collect();
    assert_eq!((infos[1].end, infos[1].bytes), (Offset(6), 3 * size as u64));
    assert_eq!(replica.files()[3], "00000000000000000003.index");
}

#[test]
fn a_roll_flushes_what_is_full_and_moves_the_recovery_point() {
    let size = batch(&[1], 10).len() as i64;
    let mut replica = Replica::new(&config(2 * size, 4_096));
    replica.fill(5, 10);
    let flushed: Vec<u64> =
        replica.log.segments(&replica.disk).map(|segment| segment.flushed_bytes).collect();
    assert_eq!(flushed, [2 * size as u64, 2 * size as u64, 0]);
    assert_eq!(replica.log.recovery_point(), Offset(4));
    replica.log.flush(&mut replica.disk, 0);
    assert_eq!((replica.log.recovery_point(), replica.disk.unflushed_bytes()), (Offset(5), 0));
}

#[test]
fn leader_and_follower_and_checkpoint_share_the_same_bytes() {
    let mut leader = Replica::new(&TopicConfig::default());
    let mut follower = Replica::new(&TopicConfig::default());
    for timestamp in 0..1_000 {
        let appended = leader.lead(&batch(&[timestamp], 100));
        follower.follow(&leader.read(appended.base.0, 1)).expect("sound");
    }
    let (disk, log) = (leader.disk.clone(), leader.log.clone());
    let kept = Replica { disk, log };
    leader.fill(100, 100);
    assert_eq!(kept.log.log_end_offset(), Offset(1_000));
    assert_eq!(count_records(&kept.read(0, u64::MAX)), 1_000);
    for offset in 0..1_000 {
        let bytes = leader.read(offset, 1).as_ptr();
        assert_eq!(kept.read(offset, 1).as_ptr(), bytes);
        assert_eq!(follower.read(offset, 1).as_ptr(), bytes);
    }
}
