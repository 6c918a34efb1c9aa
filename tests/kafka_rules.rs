//! The rules of a real Kafka 3.9.1, shown on whole worlds: one fact a test, in verbs.
//!
//! Sources: what a real cluster did when the same was done to it (killed with SIGKILL, stopped with
//! SIGTERM), with `replica.lag.time.max.ms=2500` and `zookeeper.session.timeout.ms=6000`.

#[path = "support/lab.rs"]
mod lab;
#[path = "kafka_rules/fetch_sessions.rs"]
mod fetch_sessions;
#[path = "kafka_rules/pause.rs"]
mod pause;
#[path = "kafka_rules/links.rs"]
mod links;
#[path = "kafka_rules/fixed_answers.rs"]
mod fixed_answers;
#[path = "kafka_rules/found.rs"]
mod found;
#[path = "kafka_rules/stories.rs"]
mod stories;
#[path = "kafka_rules/disk.rs"]
mod disk;
#[path = "kafka_rules/raw_requests.rs"]
mod raw_requests;
#[path = "kafka_rules/old_fetch.rs"]
mod old_fetch;
#[path = "kafka_rules/log_dirs.rs"]
mod log_dirs;
#[path = "kafka_rules/idempotence.rs"]
mod idempotence;
#[path = "kafka_rules/elections.rs"]
mod elections;
#[path = "kafka_rules/controller.rs"]
mod controller;
#[path = "kafka_rules/topics.rs"]
mod topics;
#[path = "kafka_rules/settings.rs"]
mod settings;
#[path = "kafka_rules/partitioners.rs"]
mod partitioners;
#[path = "kafka_rules/consumers.rs"]
mod consumers;
#[path = "kafka_rules/groups.rs"]
mod groups;
#[path = "kafka_rules/group_requests.rs"]
mod group_requests;

use highwater::engine::command::Command;
use highwater::engine::event::{ElectionReason, EventKind};
use highwater::engine::ids::{BrokerId, LeaderEpoch, Offset};
use highwater::engine::protocol::Api;
use lab::{Lab, acks, b, ms};

const RF3: &[&[i32]] = &[&[1, 2, 3]];

fn acked(kind: &EventKind) -> bool {
    matches!(kind, EventKind::RecordsAcked { .. })
}

#[test]
fn the_first_broker_becomes_the_controller() {
    let lab = Lab::three();
    assert_eq!(lab.cluster().controller, Some(BrokerId(1)));
    assert_eq!(lab.cluster().zookeeper.broker_ids, [BrokerId(1), BrokerId(2), BrokerId(3)]);
}

#[test]
fn a_record_is_acknowledged_when_every_replica_in_the_isr_has_it() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m1"]);
    lab.run_until(ms(1_000), |event| acked(&event.kind));
    let partition = lab.partition("t", 0);
    assert_eq!(partition.high_watermark, Offset(1));
    for broker in 1..=3 {
        assert_eq!(lab.log("t", 0, broker), ["m1"], "b{broker}");
    }
}

#[test]
fn a_followers_high_watermark_is_one_fetch_late() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m1"]);
    lab.run_until(ms(1_000), |event| acked(&event.kind));
    assert_eq!(lab.replica("t", 0, 3).high_watermark, Offset(0));
    lab.run_for(ms(1_100));
    assert_eq!(lab.replica("t", 0, 3).high_watermark, Offset(1));
}

#[test]
fn the_high_watermark_waits_for_the_slowest_replica_in_the_isr() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.hold(1, 3);
    lab.send("p", &["m1"]);
    lab.run_for(ms(700));
    assert_eq!(lab.replica("t", 0, 2).log_end_offset, Offset(1));
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(0));
    lab.heal(1, 3);
    lab.run_for(ms(700));
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(1));
}

#[test]
fn an_advance_of_the_high_watermark_goes_back_to_the_command_that_began_it() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.run_for(ms(500));
    lab.send("p", &["m1"]);
    let advance = lab.run_until(ms(1_000), |event| {
        matches!(event.kind, EventKind::HighWatermarkAdvanced { leader: true, .. })
    });
    let chain = lab.chain(advance.id);
    let first = chain.last().expect("a chain holds its event");
    assert!(
        matches!(&first.kind, EventKind::CommandApplied { command: Command::Send { .. } }),
        "began with {:?}",
        first.kind
    );
    let appended = chain.iter().filter(|e| matches!(e.kind, EventKind::BatchAppended { .. }));
    let brokers: Vec<_> = appended.map(|e| e.node).collect();
    assert_eq!(brokers.len(), 2, "the follower's append, the leader's append");
    assert_eq!(brokers[1], Some(b(1)));
}

#[test]
fn a_killed_follower_leaves_the_isr_by_lag_and_the_waiting_ack_goes_out_then() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.run_for(ms(2_000));
    lab.kill(2);
    let killed = lab.world.now();
    lab.send("p", &["m1"]);
    let ack = lab.run_until(ms(6_000), |event| acked(&event.kind));
    let waited = ack.at.since(killed);
    assert!(waited >= ms(2_000) && waited <= ms(3_900), "waited {waited}");
    assert_eq!(lab.isr("t", 0), [1, 3]);
    assert_eq!(
        lab.partition("t", 0).leader_epoch,
        LeaderEpoch(0),
        "a leader's shrink keeps the epoch"
    );
}

#[test]
fn with_nothing_to_fetch_a_dead_follower_leaves_only_when_its_session_ends() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3, 1]], &[]);
    lab.kill(3);
    lab.run_for(ms(3_900));
    assert_eq!(lab.isr("t", 0), [2, 3, 1]);
    lab.run_for(ms(4_000));
    assert_eq!(lab.isr("t", 0), [2, 1]);
    assert_eq!(
        lab.partition("t", 0).leader_epoch,
        LeaderEpoch(1),
        "the controller raises the epoch though the leader stays"
    );
}

#[test]
fn the_first_live_isr_member_in_assignment_order_leads_next() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[3, 2, 1]], &[]);
    lab.kill(3);
    let elected = lab.run_until(ms(9_000), |event| {
        matches!(event.kind, EventKind::LeaderElected { reason: ElectionReason::LeaderDied, .. })
    });
    let EventKind::LeaderElected { leader, leader_epoch, isr, .. } = elected.kind else {
        unreachable!("matched above")
    };
    assert_eq!(leader, Some(BrokerId(2)));
    assert_eq!(leader_epoch, LeaderEpoch(1));
    assert_eq!(isr, [BrokerId(2), BrokerId(1)]);
}

#[test]
fn a_dead_leader_that_was_the_controller_too_costs_two_epochs() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.kill(1);
    lab.run_for(ms(9_000));
    let partition = lab.partition("t", 0);
    assert_eq!(partition.leader, Some(BrokerId(2)));
    assert_eq!(partition.leader_epoch, LeaderEpoch(2));
    assert_ne!(lab.cluster().controller, Some(BrokerId(1)));
}

#[test]
fn a_clean_stop_hands_leadership_over_before_the_broker_goes() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3, 1]], &[]);
    lab.stop(2);
    lab.run_for(ms(3_000));
    let at = |wanted: &dyn Fn(&EventKind) -> bool| {
        lab.events.iter().find(|event| wanted(&event.kind)).map(|event| event.at)
    };
    let elected = at(&|kind| {
        matches!(kind, EventKind::LeaderElected { reason: ElectionReason::ControlledShutdown, .. })
    });
    let stopped = at(&|kind| matches!(kind, EventKind::ProcessStopped));
    assert!(elected.expect("elected") < stopped.expect("stopped"));
    assert_eq!(lab.partition("t", 0).leader, Some(BrokerId(3)));
    assert_eq!(lab.isr("t", 0), [3, 1]);
}

#[test]
fn a_returning_replica_is_appended_to_the_isr() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.kill(2);
    lab.run_for(ms(8_000));
    assert_eq!(lab.isr("t", 0), [1, 3]);
    lab.start(2);
    lab.run_for(ms(3_000));
    assert_eq!(lab.isr("t", 0), [1, 3, 2]);
}

#[test]
fn acks_1_loses_what_no_follower_had_and_the_old_leader_cuts_it_off() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 1, 3]], &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.send("p", &["base"]);
    lab.run_for(ms(1_500));
    lab.hold(2, 1);
    lab.hold(2, 3);
    lab.send("p", &["late"]);
    lab.run_until(ms(100), |event| acked(&event.kind));
    lab.kill(2);
    lab.heal(2, 1);
    lab.heal(2, 3);
    lab.run_for(ms(8_000));
    assert_eq!(lab.partition("t", 0).leader, Some(BrokerId(1)));
    assert_eq!(lab.log("t", 0, 1), ["base"]);
    assert_eq!(lab.log("t", 0, 2), ["base", "late"]);
    lab.send("p", &["new"]);
    lab.run_for(ms(1_000));
    lab.start(2);
    lab.run_for(ms(3_000));
    for broker in 1..=3 {
        assert_eq!(lab.log("t", 0, broker), ["base", "new"], "b{broker}");
    }
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::LogTruncated { .. })), 1);
}

#[test]
fn below_min_insync_replicas_acks_all_is_refused_and_nothing_is_appended() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[("min.insync.replicas", "2")]);
    lab.producer("p", "t", |spec| spec.delivery_timeout_ms = 40_000);
    lab.kill(2);
    lab.kill(3);
    lab.run_for(ms(8_000));
    assert_eq!(lab.isr("t", 0), [1]);
    lab.send("p", &["m1"]);
    lab.run_until(ms(1_000), |event| {
        matches!(event.kind, EventKind::ProduceRefused { error: 19, .. })
    });
    assert_eq!(lab.replica("t", 0, 1).log_end_offset, Offset(0));
}

#[test]
fn below_min_insync_replicas_the_high_watermark_holds() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2]], &[("min.insync.replicas", "2")]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.kill(2);
    lab.run_for(ms(8_000));
    lab.send("p", &["m1", "m2"]);
    lab.run_for(ms(500));
    assert_eq!(lab.replica("t", 0, 1).log_end_offset, Offset(2));
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(0));
    lab.start(2);
    lab.run_for(ms(3_000));
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(2));
}

#[test]
fn the_last_member_of_the_isr_stays_listed_and_nobody_leads() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3]], &[]);
    lab.kill(3);
    lab.run_for(ms(8_000));
    lab.kill(2);
    lab.run_for(ms(8_000));
    assert_eq!(lab.partition("t", 0).leader, None);
    assert_eq!(lab.isr("t", 0), [2]);
    lab.start(2);
    lab.run_for(ms(3_000));
    assert_eq!(lab.partition("t", 0).leader, Some(BrokerId(2)));
}

#[test]
fn acks_0_reports_success_for_a_record_that_never_arrived() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(0));
    lab.send("p", &["m1"]);
    lab.run_for(ms(0));
    let produce =
        lab.world.flights().find(|f| f.payload.api() == Api::Produce).map(|f| f.address());
    let address = produce.expect("the produce request is in flight");
    lab.apply(Command::Drop { message: address });
    lab.run_for(ms(5_000));
    let reported = lab.events.iter().find_map(|event| match event.kind {
        EventKind::RecordsAcked { base, .. } => Some(base),
        _ => None,
    });
    assert_eq!(reported, Some(Offset(-1)));
    assert_eq!(lab.replica("t", 0, 1).log_end_offset, Offset(0));
}

#[test]
fn a_dropped_answer_makes_a_producer_without_idempotence_write_twice() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| {
        spec.request_timeout_ms = 1_000;
        spec.enable_idempotence = Some(false);
    });
    lab.send("p", &["m1"]);
    lab.run_until(ms(1_000), |event| {
        matches!(event.kind, EventKind::MessageSent { api: Api::Produce, response: true, .. })
    });
    let answer =
        lab.world.flights().find(|f| f.payload.api() == Api::Produce && f.payload.is_response());
    let address = answer.expect("the answer is in flight").address();
    lab.apply(Command::Drop { message: address });
    lab.run_until(ms(5_000), |event| acked(&event.kind));
    assert_eq!(lab.log("t", 0, 1), ["m1", "m1"]);
}

#[test]
fn a_consumer_sees_only_what_is_committed() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.consumer("c", "t");
    lab.run_for(ms(1_000));
    lab.hold(1, 3);
    lab.send("p", &["m1"]);
    lab.run_for(ms(1_000));
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::RecordsDelivered { .. })), 0);
    lab.heal(1, 3);
    lab.run_for(ms(1_000));
    assert_eq!(lab.cluster().consumers[0].received, 1);
}

#[test]
fn a_changed_topic_setting_reaches_the_leader() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.kill(2);
    lab.kill(3);
    lab.run_for(ms(8_000));
    lab.send("p", &["m1"]);
    lab.run_until(ms(1_000), |event| acked(&event.kind));
    lab.apply(Command::SetTopicConfig {
        topic: lab::tp("t", 0).topic,
        key: "min.insync.replicas".into(),
        value: Some("2".into()),
    });
    lab.run_for(ms(1_000));
    lab.send("p", &["m2"]);
    lab.run_until(ms(1_000), |event| {
        matches!(event.kind, EventKind::ProduceRefused { error: 19, .. })
    });
}

#[test]
fn segments_roll_by_size_and_take_the_next_offset_as_their_name() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[("segment.bytes", "500")]);
    lab.producer("p", "t", |spec| spec.value_bytes = 100);
    for round in 0..6 {
        let value = format!("{round:0>100}");
        lab.send("p", &[&value]);
        lab.run_for(ms(100));
    }
    lab.run_for(ms(1_000));
    let leader: Vec<_> = lab.replica("t", 0, 1).segments.iter().map(|s| (s.base, s.end)).collect();
    assert!(leader.len() > 1, "{leader:?}");
    for pair in leader.windows(2) {
        assert_eq!(pair[0].1, pair[1].0);
    }
    let follower: Vec<_> =
        lab.replica("t", 0, 2).segments.iter().map(|s| (s.base, s.end)).collect();
    assert_eq!(leader, follower);
}

#[test]
fn a_broker_that_returns_before_its_session_ends_cannot_register() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.kill(2);
    lab.run_for(ms(500));
    lab.start(2);
    lab.run_until(ms(2_000), |event| matches!(event.kind, EventKind::ProcessFailed { .. }));
}

#[test]
fn the_same_seed_gives_the_same_events_and_another_seed_others() {
    let story = |seed: u64| {
        let mut lab = Lab::with(|config| config.seed = seed);
        lab.topic("t", RF3, &[]);
        lab.producer("p", "t", |spec| spec.rate = 20);
        lab.run_for(ms(2_000));
        lab.kill(1);
        lab.run_for(ms(20_000));
        lab.start(1);
        lab.run_for(ms(3_000));
        std::mem::take(&mut lab.events)
    };
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8));
}

#[test]
fn a_clone_goes_on_exactly_as_the_original() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.rate = 50);
    lab.run_for(ms(1_000));
    let mut copy = lab.world.clone();
    let from = lab.events.len();
    lab.kill(1);
    copy.apply(Command::Kill { node: b(1) }).expect("b1 runs in the copy too");
    let mut copied = copy.drain_events();
    lab.run_for(ms(10_000));
    copy.advance_to(lab.world.now());
    copied.extend(copy.drain_events());
    assert_eq!(lab.events[from..], copied);
}
