//! Frozen processes (SIGSTOP, SIGCONT): what peers see, and what a process finds when it runs on.

use highwater::engine::command::Command;
use highwater::engine::error::CommandError;
use highwater::engine::event::{DropReason, EventKind};
use highwater::engine::ids::{LeaderEpoch, NodeId, Offset};

use crate::lab::{Lab, acks, b, ms};
use crate::{RF3, acked};

/// Three records that every replica has, from a producer with acks=all that then turns to `after`.
fn replicated(after: i32) -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["base0", "base1", "base2"]);
    lab.run_for(ms(1_500));
    let name = "p".into();
    lab.apply(Command::SetClient { name, key: "acks".into(), value: after.to_string().into() });
    lab
}

fn session_of_2_expired(kind: &EventKind) -> bool {
    matches!(kind, EventKind::SessionExpired { client, .. } if *client == b(2))
}

#[test]
fn an_acked_record_is_lost_when_both_followers_were_frozen_and_the_leader_dies() {
    let mut lab = replicated(1);
    lab.pause(2);
    lab.pause(3);
    lab.run_for(ms(700));
    lab.send("p", &["late0"]);
    lab.run_for(ms(100));
    assert_eq!(lab.count(acked), 4 - 2, "one batch of three, one record");
    lab.kill(1);
    lab.resume(2);
    lab.resume(3);
    lab.run_until(ms(9_000), |event| matches!(&event.kind, EventKind::LeaderElected { .. }));
    lab.run_for(ms(1_000));
    assert_eq!(lab.log("t", 0, 2), ["base0", "base1", "base2"]);
    lab.start(1);
    lab.run_for(ms(3_000));
    assert_eq!(lab.log("t", 0, 1), ["base0", "base1", "base2"], "cut: the new leader has no more");
    assert_eq!(lab.isr("t", 0), [2, 3, 1]);
}

#[test]
fn a_record_in_answer_to_a_fetch_that_waited_at_the_leader_gets_through_a_freeze() {
    let mut lab = replicated(1);
    lab.pause(2);
    lab.pause(3);
    lab.send("p", &["late0"]);
    lab.run_for(ms(20));
    lab.send("p", &["late1"]);
    lab.run_for(ms(80));
    lab.kill(1);
    lab.resume(2);
    lab.resume(3);
    lab.run_for(ms(9_000));
    assert_eq!(lab.log("t", 0, 2), ["base0", "base1", "base2", "late0"]);
    assert_eq!(lab.log("t", 0, 3), ["base0", "base1", "base2", "late0"]);
}

#[test]
fn a_zombie_acks_what_waited_in_its_socket_and_then_loses_it() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3, 1]], &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.send("p", &["r0"]);
    lab.run_for(ms(20));
    lab.send("p", &["s0"]);
    lab.run_for(ms(1_500));
    lab.pause(2);
    lab.send("p", &["zombie"]);
    lab.run_until(ms(9_000), |event| session_of_2_expired(&event.kind));
    lab.run_for(ms(500));
    assert_eq!(lab.partition("t", 0).leader_epoch, LeaderEpoch(1));
    lab.resume(2);
    let ack = lab.run_until(ms(100), |event| acked(&event.kind));
    let EventKind::RecordsAcked { base, .. } = ack.kind else { unreachable!("just matched") };
    assert_eq!(base, Offset(2), "appended in epoch 0 by a leader that is none any more");
    assert_eq!(lab.log("t", 0, 2), ["r0", "s0", "zombie"]);
    lab.run_for(ms(4_000));
    assert_eq!(lab.log("t", 0, 2), ["r0", "s0"], "truncated");
    assert_eq!(lab.isr("t", 0), [3, 1, 2], "registered anew, last in the ISR");
    assert_eq!(lab.partition("t", 0).leader_epoch, LeaderEpoch(1));
}

#[test]
fn a_zombie_learns_of_its_end_when_its_zookeeper_client_reconnects() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.run_for(ms(500));
    lab.pause(1);
    lab.run_for(ms(9_000));
    lab.resume(1);
    let resumed = lab.world.now();
    let demoted = lab.run_until(ms(4_000), |event| {
        event.node == Some(b(1)) && matches!(event.kind, EventKind::BecameFollower { .. })
    });
    let waited = demoted.at.since(resumed);
    assert!(waited <= ms(1_800), "the client waits up to a second before it reconnects: {waited}");
}

#[test]
fn a_short_freeze_costs_nothing() {
    let mut lab = replicated(-1);
    lab.pause(2);
    lab.send("p", &["m"]);
    lab.run_for(ms(1_000));
    assert_eq!(lab.count(acked), 1, "only the batch before the freeze");
    lab.resume(2);
    lab.run_for(ms(100));
    assert_eq!(lab.count(acked), 2);
    assert_eq!(lab.isr("t", 0), [1, 2, 3]);
    let lost = |kind: &EventKind| matches!(kind, EventKind::ConnectionLost { .. });
    assert_eq!(lab.count(lost), 0, "connections stay open");
}

#[test]
fn what_waits_in_a_socket_dies_with_its_process() {
    let mut lab = replicated(1);
    lab.pause(1);
    lab.send("p", &["m"]);
    lab.run_for(ms(100));
    let waiting = |kind: &EventKind| matches!(kind, EventKind::MessageWaiting { .. });
    assert!(lab.count(waiting) >= 1);
    lab.kill(1);
    let died = |kind: &EventKind| {
        let reason = DropReason::ConnectionDied;
        matches!(kind, EventKind::MessageDropped { reason: found, .. } if *found == reason)
    };
    assert_eq!(lab.count(waiting), lab.count(died));
    lab.run_for(ms(9_000));
    assert_eq!(lab.isr("t", 0), [2, 3]);
}

#[test]
fn a_signal_to_stop_waits_until_the_process_runs_on() {
    let mut lab = replicated(1);
    lab.pause(3);
    lab.stop(3);
    lab.run_for(ms(1_000));
    let stopping = |kind: &EventKind| matches!(kind, EventKind::ProcessStopping);
    assert_eq!(lab.count(stopping), 0);
    lab.resume(3);
    lab.run_for(ms(2_000));
    let stopped = |kind: &EventKind| matches!(kind, EventKind::ProcessStopped);
    assert_eq!((lab.count(stopping), lab.count(stopped)), (1, 1));
}

#[test]
fn brokers_keep_their_sessions_through_a_short_freeze_of_zookeeper() {
    let mut lab = replicated(-1);
    lab.apply(Command::Pause { node: NodeId::Zookeeper });
    lab.run_for(ms(3_000));
    lab.apply(Command::Resume { node: NodeId::Zookeeper });
    lab.run_for(ms(9_000));
    let expired = |kind: &EventKind| matches!(kind, EventKind::SessionExpired { .. });
    assert_eq!(lab.count(expired), 0);
}

#[test]
fn a_frozen_process_can_be_told_nothing() {
    let mut lab = replicated(1);
    let node = NodeId::Client(lab.world.client_id("p").expect("it was added"));
    let refused = |lab: &mut Lab, command| lab.world.apply(command).expect_err("must be refused");
    assert_eq!(refused(&mut lab, Command::Resume { node }), CommandError::NotPaused { node });
    lab.apply(Command::Pause { node });
    assert_eq!(refused(&mut lab, Command::Pause { node }), CommandError::Paused { node });
    let send = Command::Send { name: "p".into(), records: Vec::new() };
    assert_eq!(refused(&mut lab, send), CommandError::Paused { node });
}
