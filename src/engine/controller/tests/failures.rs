//! Brokers die, return and stop: leaders, ISRs and epochs as a real cluster writes them (ANOMALIES).

use crate::engine::controller::Notice;
use crate::engine::controller::tests::harness::Harness;
use crate::engine::controller::tests::{create, elections};
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, LeaderEpoch, NodeId};
use crate::engine::protocol::Api;

/// Three brokers, controller 1, and a topic with the given assignment.
fn cluster(assignment: &str) -> Harness {
    let mut harness = Harness::cluster(3);
    create(&mut harness, "t", assignment);
    harness
}

#[test]
fn a_dead_leader_is_replaced_by_the_first_live_isr_member_in_assignment_order() {
    let mut harness = cluster("2:3:1");
    harness.kill(2);
    harness.wait_ms(7_000);
    assert_eq!(harness.state("t/partitions/0"), "3 1 [3,1] 1");
    assert_eq!(elections(&harness), ["t-0 2 0 [2,3,1] new", "t-0 3 1 [3,1] died"]);
}

#[test]
fn a_dead_follower_raises_the_leader_epoch_though_the_leader_stays() {
    let mut harness = cluster("1:2:3");
    harness.kill(2);
    harness.wait_ms(7_000);
    assert_eq!(harness.state("t/partitions/0"), "1 1 [1,3] 1");
    assert_eq!(elections(&harness)[1], "t-0 1 1 [1,3] left");
    let last = harness.stub(3).roles.last().expect("it was told");
    assert_eq!(last.partition_states[0].leader_epoch, LeaderEpoch(1));
}

#[test]
fn the_last_isr_member_stays_listed_and_leads_again_when_it_returns() {
    let mut harness = cluster("3:2");
    harness.kill(2);
    harness.wait_ms(7_000);
    assert_eq!(harness.state("t/partitions/0"), "3 1 [3] 1");
    harness.kill(3);
    harness.wait_ms(7_000);
    assert_eq!(harness.state("t/partitions/0"), "-1 2 [3] 2");
    harness.start(2);
    harness.wait_ms(1_000);
    assert_eq!(harness.state("t/partitions/0"), "-1 2 [3] 2");
    harness.start(3);
    harness.wait_ms(1_000);
    assert_eq!(harness.state("t/partitions/0"), "3 3 [3] 3");
    assert_eq!(elections(&harness).last().map(String::as_str), Some("t-0 3 3 [3] returned"));
}

#[test]
fn a_leader_that_dies_with_the_controller_costs_two_leader_epochs() {
    let mut harness = cluster("1:2:3");
    harness.kill(1);
    harness.wait_ms(7_000);
    assert_eq!(harness.state("t/partitions/0"), "2 2 [2,3] 2");
    let told = elections(&harness);
    assert_eq!(told[1..], ["t-0 -1 1 [2,3] died", "t-0 2 2 [2,3] died"]);
    let path = "/brokers/topics/t/partitions/0/state";
    let data = harness.data(path).expect("there is a state");
    assert!(data.starts_with(r#"{"controller_epoch":2,"leader":2,"#), "{data}");
}

#[test]
fn kafkas_transcript_of_two_deaths_comes_out() {
    // zookeeper.txt: 2 is killed and returns, then 1, the controller, is killed.
    let mut harness = cluster("1:2:3,2:3:1");
    harness.kill(2);
    harness.wait_ms(7_000);
    assert_eq!(harness.state("t/partitions/0"), "1 1 [1,3] 1");
    assert_eq!(harness.state("t/partitions/1"), "3 1 [3,1] 1");
    harness.start(2);
    harness.wait_ms(1_000);
    harness.kill(1);
    harness.wait_ms(7_000);
    assert_eq!(harness.state("t/partitions/0"), "3 3 [3] 3");
}

#[test]
fn a_broker_that_returns_gets_its_partitions_and_everybody_hears_of_it() {
    let mut harness = cluster("1:2:3,2:3:1");
    harness.kill(3);
    harness.wait_ms(7_000);
    harness.start(3);
    harness.wait_ms(1_000);
    let roles = &harness.stub(3).roles;
    assert_eq!(roles.len(), 1);
    assert_eq!(roles[0].partition_states.len(), 2);
    assert!(roles[0].partition_states.iter().all(|state| !state.is_new));
    let all = [1, 2, 3].map(BrokerId);
    for id in 1..=3 {
        let last = harness.stub(id).metadata.last().expect("it was told");
        assert_eq!(last.live_brokers, all);
    }
}

#[test]
fn the_first_request_to_a_broker_that_returns_is_its_metadata() {
    let mut harness = cluster("1:2:3");
    harness.kill(3);
    harness.wait_ms(7_000);
    harness.start(3);
    harness.wait_ms(1_000);
    let first = &harness.stub(3).metadata[0];
    assert_eq!(first.partition_states.len(), 1);
    assert_eq!(first.partition_states[0].isr, [1, 2].map(BrokerId));
}

#[test]
fn a_stopping_leader_hands_over_with_one_leader_epoch() {
    let mut harness = cluster("1:2:3,2:3:1");
    create(&mut harness, "u", "3");
    harness.with(1, |control, ctx| control.begin_shutdown(ctx));
    harness.wait_ms(200);
    assert_eq!(harness.state("t/partitions/0"), "2 1 [2,3] 1");
    assert_eq!(harness.state("t/partitions/1"), "2 1 [2,3] 1");
    assert_eq!(harness.state("u/partitions/0"), "3 0 [3] 0");
    assert_eq!(elections(&harness)[3..], ["t-0 2 1 [2,3] stop", "t-1 2 1 [2,3] left"]);
    assert_eq!(harness.stub(1).notices.last(), Some(&Notice::ShutdownGranted));
    harness.with(1, |control, ctx| control.close_session(ctx));
    harness.wait_ms(100);
    harness.kill(1);
    harness.wait_ms(8_000);
    assert_eq!(harness.state("t/partitions/0"), "2 1 [2,3] 1");
    assert_eq!(harness.data("/controller_epoch").as_deref(), Some("2"));
}

#[test]
fn a_stopping_broker_that_nobody_can_replace_stops_after_three_tries() {
    let mut harness = cluster("2:3");
    harness.kill(3);
    harness.wait_ms(7_000);
    harness.with(2, |control, ctx| control.begin_shutdown(ctx));
    harness.wait_ms(9_900);
    assert_eq!(harness.stub(2).notices, [Notice::Registered]);
    harness.wait_ms(200);
    assert_eq!(harness.stub(2).notices.last(), Some(&Notice::ShutdownGranted));
    assert_eq!(harness.state("t/partitions/0"), "2 1 [2] 1");
}

#[test]
fn a_request_to_a_dead_broker_is_tried_again_until_its_session_ends() {
    let mut harness = cluster("1:2:3");
    let tries = |harness: &Harness| {
        let to_it = harness.told(|kind| match kind {
            EventKind::MessageSent { to, api: Api::UpdateMetadata, response: false, .. } => {
                (*to == NodeId::Broker(BrokerId(2))).then_some(())
            }
            _ => None,
        });
        to_it.len()
    };
    harness.kill(2);
    harness.wait_ms(1_000);
    let before = tries(&harness);
    create(&mut harness, "u", "1:3");
    let after = tries(&harness);
    assert!(after > before + 10, "{before} {after}");
    harness.wait_ms(5_000);
    assert_eq!(tries(&harness), after);
}

#[test]
fn a_request_without_an_answer_is_sent_again() {
    let mut harness = cluster("1:2:3");
    harness.lost.push((NodeId::Broker(BrokerId(3)), Api::UpdateMetadata));
    create(&mut harness, "u", "1:2");
    let heard = |harness: &Harness| {
        harness.stub(3).metadata.iter().any(|request| {
            request.partition_states.iter().any(|state| state.partition.topic.as_str() == "u")
        })
    };
    assert!(!heard(&harness));
    harness.wait_ms(30_000);
    assert!(heard(&harness));
}

#[test]
fn a_lost_write_to_zookeeper_is_made_again() {
    let mut harness = cluster("1:2:3");
    harness.lost.push((NodeId::Zookeeper, Api::ZkWrite));
    harness.kill(3);
    harness.wait_ms(9_000);
    assert!(harness.lost.is_empty());
    assert_eq!(harness.state("t/partitions/0"), "1 1 [1,2] 1");
}

#[test]
fn a_write_whose_answer_was_lost_is_not_made_twice() {
    let mut harness = cluster("1:2:3");
    harness.lost_answers.push(Api::ZkWrite);
    harness.kill(3);
    harness.wait_ms(9_000);
    assert!(harness.lost_answers.is_empty());
    assert_eq!(harness.state("t/partitions/0"), "1 1 [1,2] 1");
}

#[test]
fn brokers_that_die_together_leave_the_isr_one_after_the_other() {
    let mut harness = cluster("1:2:3");
    harness.kill(2);
    harness.kill(3);
    harness.wait_ms(9_000);
    assert_eq!(harness.state("t/partitions/0"), "1 2 [1] 2");
}

#[test]
fn replicas_are_told_their_role_once_and_everybody_the_metadata() {
    let harness = cluster("1:2");
    for id in 1..=2 {
        let roles = &harness.stub(id).roles;
        assert_eq!(roles.len(), 1);
        assert!(roles[0].partition_states[0].is_new);
    }
    assert!(harness.stub(3).roles.is_empty());
    let last = harness.stub(3).metadata.last().expect("it was told");
    assert_eq!(last.partition_states[0].leader, Some(BrokerId(1)));
}
