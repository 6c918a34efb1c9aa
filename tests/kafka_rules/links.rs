//! Links that are cut, lossy or split, and single messages that are late or come twice.

use highwater::engine::command::{Command, LinkState, MessageAddress};
use highwater::engine::error::CommandError;
use highwater::engine::event::{DropReason, EventKind, Invariant};
use highwater::engine::ids::{BrokerId, NodeId, Offset};
use highwater::engine::protocol::Api;

use crate::lab::{Lab, acks, b, ms};
use crate::{RF3, acked};

const ZK: NodeId = NodeId::Zookeeper;

fn served() -> Lab {
    served_to(None)
}

/// `enable.idempotence` as given.
fn served_to(idempotence: Option<bool>) -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.enable_idempotence = idempotence);
    lab.send("p", &["m0"]);
    lab.run_for(ms(1_000));
    lab
}

fn lost(kind: &EventKind) -> bool {
    matches!(kind, EventKind::ConnectionLost { .. })
}

fn split(lab: &mut Lab, sides: &[&[NodeId]], to: LinkState) {
    let sides = sides.iter().map(|side| side.to_vec()).collect();
    lab.apply(Command::Split { sides, to });
}

#[test]
fn both_ends_notice_a_cut_and_the_follower_leaves_the_isr_by_lag() {
    let mut lab = served();
    lab.apply(Command::Cut { a: b(1), b: b(2) });
    lab.run_for(ms(5));
    let noticed: Vec<_> = lab.events.iter().filter(|e| lost(&e.kind)).map(|e| e.node).collect();
    assert!(noticed.contains(&Some(b(1))) && noticed.contains(&Some(b(2))), "{noticed:?}");
    lab.send("p", &["m1"]);
    lab.run_for(ms(4_500));
    assert_eq!(lab.isr("t", 0), [1, 3]);
    assert_eq!(lab.count(acked), 2);
    lab.apply(Command::Heal { a: b(1), b: b(2) });
    lab.run_for(ms(3_000));
    assert_eq!(lab.isr("t", 0), [1, 3, 2]);
    assert_eq!(lab.log("t", 0, 2), ["m0", "m1"]);
}

#[test]
fn what_is_sent_on_a_cut_link_is_refused() {
    let mut lab = served();
    let client = NodeId::Client(lab.world.client_id("p").expect("it was added"));
    lab.apply(Command::Cut { a: client, b: b(1) });
    lab.run_for(ms(5));
    lab.send("p", &["m1"]);
    lab.run_for(ms(3_000));
    let cut = |kind: &EventKind| {
        matches!(kind, EventKind::MessageDropped { reason: DropReason::Cut, .. })
    };
    assert!(lab.count(cut) >= 2, "it tries again and again");
    assert_eq!(lab.count(acked), 1);
    lab.apply(Command::Heal { a: client, b: b(1) });
    lab.run_for(ms(3_000));
    assert_eq!(lab.count(acked), 2);
}

#[test]
fn a_leader_on_the_smaller_side_is_replaced_and_returns_as_a_follower() {
    let mut lab = served();
    split(&mut lab, &[&[b(1)], &[b(2), b(3), ZK]], LinkState::Cut);
    lab.run_for(ms(9_000));
    assert_eq!(lab.partition("t", 0).leader, Some(BrokerId(2)));
    assert_eq!(lab.cluster().controller.map(|id| id.0 != 1), Some(true));
    split(&mut lab, &[&[b(1)], &[b(2), b(3), ZK]], LinkState::Flows);
    lab.run_for(ms(4_000));
    assert_eq!(lab.isr("t", 0), [2, 3, 1]);
}

#[test]
fn a_split_names_each_host_once_on_two_sides() {
    let mut lab = served();
    let refused = |lab: &mut Lab, sides: Vec<Vec<NodeId>>| {
        lab.world.apply(Command::Split { sides, to: LinkState::Cut }).expect_err("refused")
    };
    assert_eq!(refused(&mut lab, vec![vec![b(1)]]), CommandError::BadSplit);
    assert_eq!(refused(&mut lab, vec![vec![b(1)], vec![]]), CommandError::BadSplit);
    assert_eq!(refused(&mut lab, vec![vec![b(1)], vec![b(1)]]), CommandError::BadSplit);
}

#[test]
fn a_lossy_link_costs_retries_and_no_records() {
    let mut lab = served();
    lab.producer("q", "t", |spec| {
        (spec.rate, spec.limit, spec.request_timeout_ms) = (20, 40, 500);
    });
    let client = NodeId::Client(lab.world.client_id("q").expect("it was added"));
    let (a, loss_ppm, duplication_ppm) = (client, 200_000, 0);
    lab.apply(Command::SetLoss { a, b: b(1), loss_ppm, duplication_ppm });
    lab.run_for(ms(30_000));
    let chance = |kind: &EventKind| {
        matches!(kind, EventKind::MessageDropped { reason: DropReason::Chance, .. })
    };
    assert!(lab.count(chance) > 5);
    let retried = |kind: &EventKind| matches!(kind, EventKind::BatchRetried { .. });
    assert!(lab.count(retried) > 0);
    let failed = |kind: &EventKind| matches!(kind, EventKind::RecordsFailed { .. });
    assert_eq!(lab.count(failed), 0);
}

#[test]
fn links_to_zookeeper_lose_nothing() {
    let mut lab = served();
    let command = Command::SetLoss { a: b(1), b: ZK, loss_ppm: 1, duplication_ppm: 0 };
    assert_eq!(lab.world.apply(command), Err(CommandError::ZookeeperLink));
}

#[test]
fn a_produce_request_that_comes_twice_is_appended_twice_without_idempotence() {
    let mut lab = sent_twice(Some(false));
    assert_eq!(lab.log("t", 0, 1), ["m0", "m1", "m1"]);
    lab.run_for(ms(1_000));
    assert_eq!(lab.count(acked), 2, "the second answer finds nobody who waits for it");
}

#[test]
fn a_produce_request_that_comes_twice_is_appended_once_with_idempotence() {
    let lab = sent_twice(None);
    assert_eq!(lab.log("t", 0, 1), ["m0", "m1"]);
    assert_eq!(lab.count(acked), 2, "the second answer finds nobody who waits for it");
}

fn sent_twice(idempotence: Option<bool>) -> Lab {
    let mut lab = served_to(idempotence);
    let from = NodeId::Client(lab.world.client_id("p").expect("it was added"));
    let message = MessageAddress { from, to: b(1), api: Api::Produce, response: false, nth: 1 };
    lab.apply(Command::Duplicate { message, after: ms(200) });
    lab.send("p", &["m1"]);
    lab.run_for(ms(1_000));
    lab
}

#[test]
fn a_delayed_fetch_delays_the_high_watermark_and_nothing_else() {
    let mut lab = served();
    lab.apply(Command::SetClient { name: "p".into(), key: "acks".into(), value: "1".into() });
    let fetch = |flight: &&highwater::engine::network::flight::Flight| {
        flight.from == b(1) && flight.to == b(3) && flight.payload.api() == Api::Fetch
    };
    lab.send("p", &["m1"]);
    lab.run_for(ms(2));
    let message = lab.world.flights().find(fetch).expect("the answer is on its way").address();
    lab.apply(Command::Delay { message, by: ms(400) });
    lab.run_for(ms(200));
    assert_eq!(lab.count(acked), 2);
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(1));
    lab.run_for(ms(1_000));
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(2));
}

/// Four brokers; 2 leads, 3 and 4 have all of it, and 4 does not know yet that the last is committed.
/// 2 dies, 3 leads while 4 cannot reach it, and dies.
fn two_leaders_die(truncation: &str) -> Lab {
    let mut lab = Lab::with(|config| {
        config.brokers = 4;
        config.broker.replica_lag_time_max_ms = 20_000;
        config.broker.zookeeper_session_timeout_ms = 6_000;
        config.broker.set("lab.truncation", truncation).expect("a known way");
    });
    if truncation == "hw" {
        lab.may_break = vec![Invariant::CommittedLost];
    }
    lab.topic("t", &[&[2, 3, 4]], &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(-1));
    lab.send("p", &["m1"]);
    lab.run_for(ms(1_500));
    lab.send("p", &["m2"]);
    lab.run_until(ms(100), |event| acked(&event.kind));
    lab.kill(2);
    lab.hold(3, 4);
    lab.run_until(ms(9_000), |event| {
        event.node == Some(b(3)) && matches!(event.kind, EventKind::BecameLeader { .. })
    });
    lab.run_for(ms(100));
    lab.kill(3);
    lab.run_for(ms(9_000));
    assert_eq!(lab.partition("t", 0).leader, Some(BrokerId(4)));
    lab
}

#[test]
fn truncation_to_the_high_watermark_loses_an_acknowledged_record() {
    let lab = two_leaders_die("hw");
    assert_eq!(lab.count(acked), 2);
    assert_eq!(lab.log("t", 0, 4), ["m1"]);
    let seen = |kind: &EventKind| {
        let rule = Invariant::CommittedLost;
        matches!(kind, EventKind::InvariantBroken { rule: found, .. } if *found == rule)
    };
    assert_eq!(lab.count(seen), 1, "the checker sees it");
}

#[test]
fn truncation_by_epoch_keeps_it() {
    let lab = two_leaders_die("epoch");
    assert_eq!(lab.log("t", 0, 4), ["m1", "m2"]);
}
