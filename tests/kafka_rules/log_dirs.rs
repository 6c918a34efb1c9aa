//! Log directories that fail, fill up or slow down, as on a real 3.9.1: its broker with one directory
//! on a full tmpfs halted at the next checkpoint; with two, the other went on, and the replicas of the
//! first were offline until the broker came back with it.

use highwater::engine::command::Command;
use highwater::engine::event::{ElectionReason, EventKind};
use highwater::engine::ids::BrokerId;
use highwater::engine::protocol::Api;
use highwater::view::cluster::Role;

use crate::lab::{Lab, ms};
use crate::{RF3, acked};

const LED_BY_2: &[&[i32]] = &[&[2, 1, 3]];

/// Brokers with two log directories, and three topics led by broker 2: `t` and `v` in the first, `u`
/// in the second.
fn two_dirs() -> Lab {
    let mut lab = Lab::with(|config| {
        config.broker.replica_lag_time_max_ms = 2_500;
        config.broker.zookeeper_session_timeout_ms = 6_000;
        config.broker.auto_leader_rebalance_enable = false;
        config.broker.set("log.dirs", "a,b").expect("two names");
    });
    for topic in ["t", "u", "v"] {
        lab.topic(topic, LED_BY_2, &[]);
        lab.run_for(ms(500));
    }
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m0"]);
    lab.run_until(ms(3_000), |event| acked(&event.kind));
    lab.run_for(ms(6_000));
    lab
}

fn files(lab: &Lab, broker: i32, prefix: &str) -> Vec<String> {
    let disk = lab.world.disk(crate::b(broker)).expect("a broker has a disk");
    disk.list(prefix).into_iter().map(|(path, _)| path.to_string()).collect()
}

fn failed(kind: &EventKind) -> bool {
    matches!(kind, EventKind::ProcessFailed { .. })
}

fn dirs_lost(lab: &Lab) -> Vec<(String, u32)> {
    let lost = |kind: &EventKind| match kind {
        EventKind::LogDirFailed { dir, offline } => Some((dir.to_string(), *offline)),
        _ => None,
    };
    lab.events.iter().filter_map(|event| lost(&event.kind)).collect()
}

#[test]
fn new_logs_go_to_the_directory_with_the_fewest() {
    let lab = two_dirs();
    let holds = |dir: &str| !files(&lab, 2, dir).is_empty();
    assert!(holds("a/t-0/") && holds("b/u-0/") && holds("a/v-0/"));
    assert!(!holds("b/t-0/") && !holds("t-0/"));
    for file in ["replication-offset-checkpoint", "meta.properties"] {
        assert!(holds(&format!("a/{file}")) && holds(&format!("b/{file}")), "{file}");
    }
}

#[test]
fn a_failed_directory_takes_its_replicas_offline_and_others_lead_them() {
    let mut lab = two_dirs();
    lab.tell("disk b2/a off");
    lab.run_for(ms(6_000));
    assert_eq!(dirs_lost(&lab), [("/var/kafka-logs/a".to_owned(), 2)]);
    assert_eq!(lab.count(failed), 0, "the other directory goes on");
    assert_eq!(lab.state("t", 0), "1 1 [1,3]", "the lost replica left the ISR with the election");
    assert_eq!(lab.state("v", 0), "1 1 [1,3]");
    assert_eq!(lab.state("u", 0), "2 0 [2,1,3]");
    assert_eq!(lab.replica("t", 0, 2).role, Role::Offline);
    let elected = |kind: &EventKind| {
        let by_loss = ElectionReason::LogDirFailed;
        matches!(kind, EventKind::LeaderElected { reason, .. } if *reason == by_loss)
    };
    assert_eq!(lab.count(elected), 2);
    let znode = "/log_dir_event_notification/log_dir_event_0000000000";
    let made =
        |kind: &EventKind| matches!(kind, EventKind::ZnodeCreated { path, .. } if **path == *znode);
    let gone =
        |kind: &EventKind| matches!(kind, EventKind::ZnodeDeleted { path } if **path == *znode);
    assert_eq!((lab.count(made), lab.count(gone)), (1, 1));
    lab.send("p", &["m1"]);
    lab.run_until(ms(3_000), |event| acked(&event.kind));
    assert_eq!(lab.log("t", 0, 3), ["m0", "m1"]);
}

#[test]
fn a_write_to_a_failed_directory_is_refused_with_storage_error_and_succeeds_elsewhere() {
    let mut lab = two_dirs();
    lab.tell("disk b2/a full");
    lab.send("p", &["m1"]);
    let storage = |kind: &EventKind| {
        matches!(kind, EventKind::MessageSent { api: Api::Produce, response: true, error: 56, .. })
    };
    lab.run_until(ms(1_000), |event| storage(&event.kind));
    assert_eq!(dirs_lost(&lab).len(), 1, "noticed by the append, not by the checkpoint");
    lab.run_until(ms(3_000), |event| acked(&event.kind));
    assert_eq!(lab.log("t", 0, 1), ["m0", "m1"]);
    assert_eq!(lab.state("t", 0), "1 1 [1,3]");
}

#[test]
fn a_new_replica_goes_to_a_directory_that_works() {
    let mut lab = two_dirs();
    lab.tell("disk b2/a off");
    lab.run_for(ms(6_000));
    lab.topic("x", LED_BY_2, &[]);
    lab.run_for(ms(1_000));
    assert_eq!(lab.state("x", 0), "2 0 [2,1,3]");
    assert!(!files(&lab, 2, "b/x-0/").is_empty());
}

#[test]
fn a_broker_that_starts_without_a_directory_keeps_its_replicas_offline_until_it_has_it_again() {
    let mut lab = two_dirs();
    lab.tell("disk b2/a off");
    lab.run_for(ms(6_000));
    lab.stop(2);
    lab.run_for(ms(3_000));
    lab.start(2);
    lab.run_for(ms(6_000));
    assert_eq!(lab.count(failed), 0);
    assert_eq!(lab.isr("u", 0), [1, 3, 2], "its other replica is back");
    assert_eq!(lab.isr("t", 0), [1, 3]);
    assert_eq!(lab.replica("t", 0, 2).role, Role::Offline);
    lab.tell("disk b2/a on");
    lab.stop(2);
    lab.run_for(ms(3_000));
    lab.start(2);
    lab.run_for(ms(6_000));
    assert_eq!(lab.isr("t", 0), [1, 3, 2]);
}

#[test]
fn a_controller_that_comes_after_the_loss_learns_of_it_too() {
    let mut lab = two_dirs();
    lab.tell("disk b3/a off");
    lab.kill(1);
    lab.run_for(ms(15_000));
    assert_ne!(lab.cluster().controller, Some(BrokerId(1)));
    assert_eq!(lab.state("t", 0).split(' ').next(), Some("2"));
    assert_eq!(lab.isr("t", 0), [2], "broker 3 lost its replica, broker 1 is dead");
    assert_eq!(lab.isr("u", 0), [2, 3]);
}

#[test]
fn a_broker_whose_only_disk_is_full_halts_at_the_next_checkpoint() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.run_for(ms(3_000));
    lab.tell("disk b2 full");
    lab.run_for(ms(6_000));
    assert_eq!(lab.count(failed), 1);
    assert_eq!(dirs_lost(&lab), [("/var/kafka-logs".to_owned(), 1)]);
    lab.run_for(ms(7_000));
    assert_eq!(lab.isr("t", 0), [1, 3]);
    lab.start(2);
    lab.run_for(ms(7_000));
    assert_eq!(lab.count(failed), 2, "it is still full");
    lab.tell("disk b2 on");
    lab.run_for(ms(7_000));
    lab.start(2);
    lab.run_for(ms(6_000));
    assert_eq!(lab.isr("t", 0), [1, 3, 2]);
}

#[test]
fn a_producer_of_the_only_full_disk_goes_to_the_next_leader() {
    let mut lab = Lab::three();
    lab.topic("t", LED_BY_2, &[]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m0"]);
    lab.run_until(ms(3_000), |event| acked(&event.kind));
    lab.tell("disk b2 full");
    lab.send("p", &["m1"]);
    lab.run_until(ms(15_000), |event| acked(&event.kind));
    assert_eq!(lab.log("t", 0, 1), ["m0", "m1"]);
    assert_eq!(lab.isr("t", 0), [1, 3]);
}

#[test]
fn a_slow_leader_answers_late_one_after_the_other() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.acks = crate::acks(1));
    lab.run_for(ms(1_000));
    lab.tell("disk b1 slow 200ms");
    let before = lab.world.now();
    for value in ["m0", "m1", "m2"] {
        lab.send("p", &[value]);
    }
    for _ in 0..3 {
        lab.run_until(ms(3_000), |event| acked(&event.kind));
    }
    let took = lab.world.now().since(before).as_ms();
    assert!((600..620).contains(&took), "three appends of 200 ms took {took} ms");
    assert_eq!(lab.log("t", 0, 1), ["m0", "m1", "m2"]);
}

#[test]
fn acks_all_waits_for_a_slow_follower_which_stays_in_the_isr_while_it_keeps_up() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.rate = 20);
    lab.run_for(ms(1_000));
    lab.tell("disk b3 slow 300ms");
    lab.run_for(ms(6_000));
    assert_eq!(lab.isr("t", 0), [1, 2, 3]);
    let behind = lab.replica("t", 0, 1).log_end_offset.0 - lab.replica("t", 0, 3).log_end_offset.0;
    assert!((3..=15).contains(&behind), "{behind} records behind");
    lab.tell("disk b3 slow 3s");
    lab.run_for(ms(12_000));
    assert_eq!(lab.isr("t", 0), [1, 2], "3 s are more than replica.lag.time.max.ms");
    lab.tell("disk b3 on");
    lab.run_for(ms(6_000));
    assert_eq!(lab.isr("t", 0), [1, 2, 3]);
}

#[test]
fn a_directory_that_is_not_there_and_a_full_zookeeper_are_refused() {
    let mut lab = Lab::three();
    let refused = |lab: &mut Lab, text: &str| {
        let scenario = highwater::scenario::parser::parse(text).expect("a statement");
        let command: Command = scenario.commands[0].command.clone();
        lab.world.apply(command).expect_err("it must be refused").to_string()
    };
    assert_eq!(refused(&mut lab, "disk b2/a off"), "b2 has no log directory a");
    assert_eq!(refused(&mut lab, "disk zk full"), "zk is not a broker");
    assert_eq!(refused(&mut lab, "disk zk slow 1ms"), "zk is not a broker");
}
