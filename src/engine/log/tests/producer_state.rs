//! The state of idempotent producers: what a leader accepts, and what survives a restart, a crash, a
//! cut and a change of leaders. The measured answers are those of ANOMALIES §11.

use crate::engine::config::TopicConfig;
use crate::engine::crc::crc32c;
use crate::engine::disk::Disk;
use crate::engine::ids::{LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::log::{AppendError, Appended, Log, Opening, read_snapshot};
use crate::engine::record::builder::BatchBuilder;

use super::*;

const SEQUENCE: &str = "OUT_OF_ORDER_SEQUENCE_NUMBER";
const EPOCH: &str = "INVALID_PRODUCER_EPOCH";

struct Replica {
    disk: Disk,
    log: Log,
    config: TopicConfig,
}

fn opening(clean: bool) -> Opening {
    Opening { clean, recovery_point: Offset(0), log_start_offset: Offset(0) }
}

fn orders() -> TopicPartition {
    TopicPartition::new(&TopicName::new("orders"), PartitionId(0))
}

fn batch(id: i64, epoch: i16, sequence: i32, records: i64) -> Bytes {
    let mut builder = BatchBuilder::new().producer(id, epoch, sequence);
    for record in 0..records {
        builder.append(1_000 + record, None, Some(b"value"), &[]);
    }
    builder.build()
}

impl Replica {
    fn new() -> Replica {
        Replica::with(TopicConfig::default())
    }

    fn with(config: TopicConfig) -> Replica {
        let mut disk = Disk::default();
        let log = Log::create(&mut disk, &orders(), &config);
        Replica { disk, log, config }
    }

    fn append(&mut self, batch: &Bytes) -> Result<Appended, AppendError> {
        self.log.append_as_leader(&mut self.disk, batch, LeaderEpoch(0), 0)
    }

    /// Producer 7 sends; the answer is an offset, or an error.
    fn check(&mut self, epoch: i16, sequence: i32, records: i64, expected: Result<i64, &str>) {
        let answer = self.append(&batch(7, epoch, sequence, records));
        let name = |error: AppendError| match error {
            AppendError::Sequence { .. } => SEQUENCE,
            AppendError::ProducerEpoch { .. } => EPOCH,
            other => panic!("{other}"),
        };
        assert_eq!(answer.map(|appended| appended.base.0).map_err(name), expected);
    }

    fn reopen(&mut self, clean: bool) {
        let (log, _) = Log::open(&mut self.disk, &orders(), &self.config, opening(clean));
        self.log = log;
    }

    fn snapshots(&self) -> Vec<i64> {
        snapshots(&self.disk, "orders-0").into_iter().map(|offset| offset.0).collect()
    }

    /// Producer id and last sequence of everyone known.
    fn known(&self) -> Vec<(i64, i32)> {
        self.log.producers().map(|(id, entry)| (id, entry.last_sequence())).collect()
    }
}

#[test]
fn sequences_are_answered_as_a_real_broker_answers_them() {
    let mut replica = Replica::new();
    replica.check(0, 0, 1, Ok(0));
    replica.check(0, 1, 2, Ok(1));
    replica.check(0, 1, 2, Ok(1));
    replica.check(0, 1, 1, Err(SEQUENCE));
    replica.check(0, 2, 1, Err(SEQUENCE));
    replica.check(0, 9, 1, Err(SEQUENCE));
    for sequence in 3..=7 {
        replica.check(0, sequence, 1, Ok(i64::from(sequence)));
    }
    replica.check(0, 0, 1, Err(SEQUENCE));
    replica.check(0, 3, 1, Ok(3));
    replica.check(0, 4, 1, Ok(4));
    replica.check(1, 5, 1, Err(SEQUENCE));
    replica.check(1, 0, 1, Ok(8));
    replica.check(0, 8, 1, Err(EPOCH));
    replica.check(1, 1, 1, Ok(9));
    assert_eq!(replica.log.log_end_offset(), Offset(10));
}

#[test]
fn the_first_batch_of_a_producer_may_have_any_sequence() {
    let mut replica = Replica::new();
    replica.check(0, 5, 1, Ok(0));
    replica.check(0, 3, 1, Err(SEQUENCE));
    replica.check(0, 6, 1, Ok(1));
}

#[test]
fn sequences_go_on_at_zero_after_the_largest() {
    let mut replica = Replica::new();
    replica.check(0, i32::MAX - 1, 2, Ok(0));
    replica.check(0, 0, 2, Ok(2));
    replica.check(0, i32::MAX - 1, 2, Ok(0));
    let mut wrapped = Replica::new();
    wrapped.check(0, i32::MAX, 3, Ok(0));
    wrapped.check(0, i32::MAX, 3, Ok(0));
    wrapped.check(0, 2, 1, Ok(3));
}

#[test]
fn a_duplicate_says_so_and_appends_nothing() {
    let mut replica = Replica::new();
    let first = replica.append(&batch(7, 0, 0, 3)).expect("the first");
    let again = replica.append(&batch(7, 0, 0, 3)).expect("a duplicate is no error");
    assert!(!first.duplicate && again.duplicate);
    assert_eq!((again.base, again.last, again.bytes), (Offset(0), Offset(2), 0));
    assert_eq!(replica.log.log_end_offset(), Offset(3));
}

#[test]
fn a_batch_without_a_producer_id_is_never_a_duplicate() {
    let mut replica = Replica::new();
    for base in 0..2 {
        let plain = replica.append(&batch(-1, 0, 0, 1)).expect("no idempotence");
        assert_eq!(plain.base, Offset(base));
    }
    assert!(replica.known().is_empty());
}

#[test]
fn followers_build_the_same_state_and_so_a_new_leader_knows_the_producers() {
    let mut leader = Replica::new();
    leader.check(0, 0, 2, Ok(0));
    leader.check(0, 2, 1, Ok(2));
    let copied = leader.log.read(&leader.disk, Offset(0), 9_999, Offset(3), true).expect("there");
    let mut follower = Replica::new();
    follower.log.append_as_follower(&mut follower.disk, &copied, 0).expect("sound");
    follower.check(0, 0, 2, Ok(0));
    follower.check(0, 4, 1, Err(SEQUENCE));
    follower.check(0, 3, 1, Ok(3));
}

#[test]
fn a_clean_stop_leaves_a_snapshot_that_the_next_start_loads() {
    let mut replica = Replica::new();
    replica.check(0, 0, 2, Ok(0));
    replica.check(0, 2, 1, Ok(2));
    replica.log.close_cleanly(&mut replica.disk, 0);
    assert_eq!(replica.snapshots(), [3]);
    replica.reopen(true);
    assert_eq!(replica.known(), [(7, 2)]);
    replica.check(0, 2, 1, Ok(2));
    // Only the last batch is in a snapshot.
    replica.check(0, 0, 2, Err(SEQUENCE));
}

#[test]
fn after_a_crash_the_state_is_read_from_the_log() {
    let mut replica = Replica::new();
    replica.check(0, 0, 2, Ok(0));
    replica.check(0, 2, 1, Ok(2));
    replica.reopen(false);
    assert_eq!(replica.snapshots(), [3]);
    assert_eq!(replica.known(), [(7, 2)]);
}

fn rolling() -> Replica {
    let segment_bytes = 3 * batch(7, 0, 0, 1).len() as i64;
    let mut replica = Replica::with(TopicConfig { segment_bytes, ..TopicConfig::default() });
    for sequence in 0..8 {
        replica.check(0, sequence, 1, Ok(i64::from(sequence)));
    }
    replica
}

#[test]
fn every_roll_writes_a_snapshot_but_not_for_the_first_segment() {
    let replica = rolling();
    assert_eq!(replica.snapshots(), [3, 6]);
    let bytes = replica.disk.read_path("orders-0/00000000000000000006.snapshot").expect("there");
    let read = read_snapshot(&bytes).expect("sound");
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].0, read[0].1.last_sequence()), (7, 5));
}

#[test]
fn a_cut_takes_the_state_back_to_the_snapshot_and_the_batches_behind_it() {
    let mut replica = rolling();
    replica.log.truncate_to(&mut replica.disk, Offset(5));
    assert_eq!(replica.snapshots(), [3, 5]);
    assert_eq!(replica.known(), [(7, 4)]);
    replica.check(0, 6, 1, Err(SEQUENCE));
    replica.check(0, 5, 1, Ok(5));
}

#[test]
fn a_log_that_starts_over_knows_no_producer() {
    let mut replica = rolling();
    replica.log.truncate_fully_and_start_at(&mut replica.disk, Offset(100));
    assert!(replica.snapshots().is_empty() && replica.known().is_empty());
    replica.check(0, 9, 1, Ok(100));
}

#[test]
fn a_damaged_snapshot_is_deleted_and_the_one_before_is_taken() {
    let mut replica = rolling();
    replica.log.close_cleanly(&mut replica.disk, 0);
    replica.disk.rot("orders-0/00000000000000000008.snapshot", 12, b"x");
    replica.reopen(true);
    assert_eq!(replica.known(), [(7, 7)]);
    assert_eq!(replica.snapshots(), [3, 6, 8]);
    replica.check(0, 6, 1, Ok(6));
}

#[test]
fn a_silent_producer_expires() {
    let mut replica = Replica::new();
    replica.check(0, 0, 1, Ok(0));
    assert_eq!(replica.log.expire_producers(1_999, 1_000), 0);
    assert_eq!(replica.log.expire_producers(2_000, 1_000), 1);
    replica.check(0, 5, 1, Ok(1));
}

#[test]
fn a_transactional_batch_without_a_transaction_is_refused() {
    let mut replica = Replica::new();
    let mut sent = batch(7, 0, 0, 1).to_vec();
    sent[22] |= 0b1_0000;
    let crc = crc32c(&sent[21..]);
    sent[17..21].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(replica.append(&sent.into()), Err(AppendError::NoTransaction));
}
