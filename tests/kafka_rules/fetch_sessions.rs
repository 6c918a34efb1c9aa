//! Fetch sessions (KIP-227) change what fetches carry, and nothing of when replicas count as in sync.
//!
//! Topics of 2,000 partitions, of which all but one are silent: what a leader knows of their followers
//! comes from fetches that do not name them.

use super::lab::{Lab, acks, b, ms, tp};
use highwater::engine::command::{Command, RecordSpec};
use highwater::engine::event::{Event, EventKind};
use highwater::engine::ids::{Offset, PartitionId};
use highwater::engine::time::Micros;

const PARTITIONS: usize = 2_000;
/// `replica.lag.time.max.ms` of these worlds.
const LAG_MS: i64 = 2_500;

/// A topic whose leaders are all on broker 1, silent for a minute.
fn silent() -> Lab {
    let mut lab = Lab::three();
    let rows = vec![&[1, 2, 3][..]; PARTITIONS];
    lab.topic("t", &rows, &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.run_for(ms(60_000));
    lab
}

fn send_to(lab: &mut Lab, partition: i32) {
    let to = Some(PartitionId(partition));
    let records = vec![RecordSpec { key: None, value: "m".into(), partition: to }];
    lab.apply(Command::Send { name: "p".into(), records });
}

fn shrunk(partition: i32) -> impl Fn(&Event) -> bool {
    let wanted = tp("t", partition);
    move |event| matches!(&event.kind, EventKind::IsrShrunk { partition, .. } if *partition == wanted)
}

#[test]
fn a_silent_partitions_follower_is_late_only_after_the_lag_time_since_its_last_fetch() {
    let mut lab = silent();
    lab.hold(1, 3);
    let held = lab.world.now();
    lab.run_for(ms(100));
    send_to(&mut lab, 1_234);
    let at = lab.run_until(ms(10_000), shrunk(1_234)).at;
    let waited = at.since(held);
    // The last fetch came at most 500 ms before; checks come every half lag time, and the request
    // to the controller needs a moment.
    assert!(waited >= ms(LAG_MS - 500), "too early: {waited}");
    assert!(waited <= ms(LAG_MS + LAG_MS / 2 + 100), "too late: {waited}");
    assert_eq!(lab.isr("t", 1_234), [1, 2]);
    assert_eq!(lab.isr("t", 1_235), [1, 2, 3], "with nothing to fetch nobody is late");
}

#[test]
fn a_follower_that_heals_joins_the_isr_again() {
    let mut lab = silent();
    lab.hold(1, 3);
    send_to(&mut lab, 7);
    lab.run_until(ms(10_000), shrunk(7));
    lab.heal(1, 3);
    lab.run_for(ms(5_000));
    assert_eq!(lab.isr("t", 7), [1, 2, 3]);
    assert_eq!(lab.partition("t", 7).high_watermark, Offset(1));
}

#[test]
fn a_restarted_leader_gives_new_sessions_and_every_partition_goes_on() {
    let mut lab = silent();
    lab.kill(1);
    lab.run_for(ms(10_000));
    lab.start(1);
    lab.run_for(ms(20_000));
    for partition in [0, 999, 1_999] {
        send_to(&mut lab, partition);
    }
    lab.run_for(ms(3_000));
    for partition in [0, 999, 1_999] {
        let view = lab.partition("t", partition);
        assert_eq!((view.high_watermark, view.isr.len()), (Offset(1), 3), "partition {partition}");
        assert!(view.replicas.iter().all(|replica| replica.log_end_offset == Offset(1)));
    }
}

#[test]
fn the_high_watermark_of_a_silent_partition_reaches_its_followers() {
    let mut lab = silent();
    send_to(&mut lab, 42);
    lab.run_for(ms(1_500));
    for broker in [2, 3] {
        assert_eq!(lab.replica("t", 42, broker).high_watermark, Offset(1), "{}", b(broker));
    }
    let quiet = Micros::from_secs(60);
    lab.run_for(quiet);
    assert_eq!(lab.isr("t", 42), [1, 2, 3]);
}
