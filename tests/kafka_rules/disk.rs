//! Faults of disks and what takes records away: a torn end, a dead disk, retention, compaction and
//! DeleteRecords in whole worlds.

use highwater::engine::command::Command;
use highwater::engine::event::{EventKind, RetentionReason};
use highwater::engine::ids::{BrokerId, Offset, TopicName};

use crate::lab::{Lab, b, ms};
use crate::{RF3, acked};

const LOG: &str = "t-0/00000000000000000000.log";

fn written() -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    for value in ["m0", "m1", "m2"] {
        lab.send("p", &[value]);
        lab.run_until(ms(3_000), |event| acked(&event.kind));
    }
    lab.run_for(ms(6_000));
    lab
}

#[test]
fn a_torn_end_is_cut_at_the_next_start_and_fetched_again() {
    let mut lab = written();
    lab.kill(3);
    lab.run_for(ms(9_000));
    lab.apply(Command::Tear { node: b(3), path: LOG.into(), bytes: 7 });
    lab.start(3);
    let cut = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::LogRecovered { truncated_bytes: 63, log_end_offset: Offset(2), .. }
        )
    };
    assert_eq!(lab.count(cut), 1, "a batch of 70 bytes without its last 7");
    lab.run_for(ms(5_000));
    assert_eq!(lab.log("t", 0, 3), ["m0", "m1", "m2"]);
}

#[test]
fn a_broker_halts_with_its_disk_and_starts_only_when_it_works_again() {
    let mut lab = written();
    let failed = |kind: &EventKind| matches!(kind, EventKind::ProcessFailed { .. });
    lab.tell("disk b2 off");
    assert_eq!(lab.count(failed), 0, "nothing was written yet");
    lab.run_for(ms(5_000));
    assert_eq!(lab.count(failed), 1, "the checkpoint found it");
    lab.run_for(ms(9_000));
    assert_eq!(lab.isr("t", 0), [1, 3]);
    lab.start(2);
    assert_eq!(lab.count(failed), 2);
    lab.tell("disk b2 on");
    lab.start(2);
    lab.run_for(ms(9_000));
    assert_eq!(lab.isr("t", 0), [1, 3, 2]);
    assert_eq!(lab.log("t", 0, 2), ["m0", "m1", "m2"]);
}

#[test]
fn expired_segments_go_on_every_replica_and_the_log_starts_at_its_end() {
    let mut lab = Lab::with(|config| {
        config.broker.log_initial_task_delay_ms = 500;
        config.broker.log_retention_check_interval_ms = 2_000;
        config.broker.log_segment_delete_delay_ms = 1_000;
    });
    lab.topic("t", RF3, &[("retention.ms", "5000")]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m0", "m1"]);
    lab.run_for(ms(12_000));
    for broker in 1..=3 {
        assert!(lab.log("t", 0, broker).is_empty(), "b{broker}");
        assert_eq!(lab.replica("t", 0, broker).log_end_offset, Offset(2));
    }
    let expired = |kind: &EventKind| {
        let by_time = RetentionReason::Time;
        matches!(kind, EventKind::SegmentsDeleted { reason, .. } if *reason == by_time)
    };
    assert_eq!(lab.count(expired), 3);
    let disk = lab.world.disk(b(1)).expect("broker 1 has a disk");
    assert!(disk.list("t-0/").iter().all(|(path, _)| !path.ends_with(".deleted")));
}

#[test]
fn a_retention_that_is_shortened_takes_records_of_a_log_that_rests() {
    let mut lab = Lab::with(|config| {
        config.broker.log_initial_task_delay_ms = 500;
        config.broker.log_retention_check_interval_ms = 2_000;
    });
    lab.topic("t", RF3, &[("retention.ms", "3600000")]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m0", "m1"]);
    lab.run_for(ms(12_000));
    assert_eq!(lab.log("t", 0, 1).len(), 2);
    let (key, value) = ("retention.ms".into(), Some("1000".into()));
    lab.apply(Command::SetTopicConfig { topic: TopicName::new("t"), key, value });
    lab.run_for(ms(4_000));
    for broker in 1..=3 {
        assert!(lab.log("t", 0, broker).is_empty(), "b{broker}");
    }
}

#[test]
fn a_compacted_topic_is_cleaned_on_every_replica() {
    let mut lab = Lab::with(|config| config.broker.log_cleaner_backoff_ms = 500);
    let settings = [
        ("cleanup.policy", "compact"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("segment.ms", "1000"),
    ];
    lab.topic("t", RF3, &settings);
    lab.producer("p", "t", |spec| {
        spec.keys = highwater::engine::command::Keys::Cycle(2);
        spec.rate = 10;
    });
    lab.run_for(ms(9_000));
    let cleaned = |kind: &EventKind| matches!(kind, EventKind::LogCleaned { .. });
    assert!(lab.count(cleaned) >= 3);
    for broker in 1..=3 {
        let replica = lab.replica("t", 0, broker);
        assert!(replica.log_end_offset > Offset(50));
        assert!(lab.log("t", 0, broker).len() < 40, "b{broker}: most are gone");
    }
}

/// A DeleteRecords request of version 1 for partition 0 of `t`, as a client outside sends it.
pub fn delete_records(to: i64) -> Vec<u8> {
    let mut frame = vec![0, 21, 0, 1, 0, 0, 0, 9, 255, 255];
    frame.extend([0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0]);
    frame.extend(to.to_be_bytes());
    frame.extend(5_000_i32.to_be_bytes());
    frame
}

/// The answer to it: the low watermark and the error.
fn records_deleted(low_watermark: i64, error: i16) -> Vec<u8> {
    let mut frame = vec![0, 0, 0, 9, 0, 0, 0, 0];
    frame.extend([0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0]);
    frame.extend(low_watermark.to_be_bytes());
    frame.extend(error.to_be_bytes());
    frame
}

#[test]
fn deleted_records_move_the_log_start_of_every_replica_before_the_answer() {
    let mut lab = written();
    lab.apply(Command::Connect { name: "outside".into(), broker: BrokerId(1) });
    lab.run_for(ms(100));
    lab.hold(1, 3);
    lab.apply(Command::Frame { name: "outside".into(), bytes: delete_records(2).into() });
    lab.run_for(ms(1_500));
    let starts = |lab: &Lab| [1, 2, 3].map(|id| lab.replica("t", 0, id).log_start_offset);
    assert_eq!(starts(&lab), [Offset(2), Offset(2), Offset(0)]);
    assert!(lab.world.take_frames("outside").is_empty(), "broker 3 is not there yet");
    lab.heal(1, 3);
    lab.run_for(ms(1_500));
    assert_eq!(starts(&lab), [Offset(2); 3]);
    let answers = lab.world.take_frames("outside");
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].1[..], records_deleted(2, 0));
    lab.apply(Command::Frame { name: "outside".into(), bytes: delete_records(4).into() });
    lab.run_for(ms(1_500));
    let refused = lab.world.take_frames("outside");
    assert_eq!(refused[0].1[..], records_deleted(-1, 1), "past the high watermark");
    assert_eq!(starts(&lab), [Offset(2); 3]);
}
