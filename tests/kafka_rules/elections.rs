//! Leaders are moved, and moved without care: unclean and preferred elections, rebalancing, and a
//! controller that does not know that it was replaced (ANOMALIES §6, §7, §17).

use super::lab::{Lab, b, ms};
use highwater::engine::command::Command;
use highwater::engine::event::EventKind;
use highwater::engine::ids::{BrokerId, NodeId};

/// Replicas [1,2], of which 2 missed three acknowledged records; 1, the leader, is dead and 2 is back.
fn leaderless(topic_configs: &[(&str, &str)]) -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2]], topic_configs);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["base0", "base1"]);
    lab.run_for(ms(1_000));
    lab.kill(2);
    lab.run_for(ms(8_000));
    lab.send("p", &["lost0", "lost1", "lost2"]);
    lab.run_for(ms(500));
    lab.kill(1);
    lab.run_for(ms(500));
    lab.start(2);
    lab.run_for(ms(8_000));
    lab
}

/// Three replicas, of which the first, the leader, was stopped.
fn handed_over(rebalance: &str) -> Lab {
    let mut lab = Lab::with(|config| {
        config.broker.set("auto.leader.rebalance.enable", rebalance).expect("a setting");
    });
    lab.topic("t", &[&[2, 1, 3]], &[]);
    lab.stop(2);
    lab.run_for(ms(8_000));
    assert_eq!(lab.state("t", 0), "1 1 [1,3]");
    lab
}

#[test]
fn without_unclean_elections_nobody_leads_until_the_last_isr_member_returns() {
    let mut lab = leaderless(&[]);
    assert_eq!(lab.state("t", 0), "-1 2 [1]");
    lab.start(1);
    lab.run_for(ms(2_000));
    assert_eq!(lab.state("t", 0), "1 3 [1,2]");
    assert_eq!(lab.log("t", 0, 2), ["base0", "base1", "lost0", "lost1", "lost2"]);
}

#[test]
fn allowing_unclean_elections_for_a_topic_elects_at_once_and_loses_what_the_isr_had() {
    let mut lab = leaderless(&[]);
    lab.tell("config t unclean.leader.election.enable=true");
    lab.run_for(ms(200));
    assert_eq!(lab.state("t", 0), "2 3 [2]");
    lab.send("p", &["other0"]);
    lab.run_for(ms(1_000));
    lab.start(1);
    lab.run_for(ms(2_000));
    assert_eq!(lab.state("t", 0), "2 3 [2,1]");
    for broker in [1, 2] {
        assert_eq!(lab.log("t", 0, broker), ["base0", "base1", "other0"]);
    }
}

#[test]
fn a_topic_that_allows_unclean_elections_is_led_as_soon_as_any_replica_lives() {
    let lab = leaderless(&[("unclean.leader.election.enable", "true")]);
    assert!(lab.state("t", 0).starts_with("2 "), "{}", lab.state("t", 0));
    let unclean = lab.count(|kind| format!("{kind:?}").contains("UncleanElection"));
    assert_eq!(unclean, 1);
}

#[test]
fn an_admin_can_have_an_unclean_election() {
    let mut lab = leaderless(&[]);
    lab.tell("elect unclean t-0");
    lab.run_for(ms(200));
    assert_eq!(lab.state("t", 0), "2 3 [2]");
    assert_eq!(lab.admin_answer(), "electLeaders t-0");
    lab.tell("elect unclean t-0");
    lab.run_for(ms(200));
    assert!(lab.admin_answer().starts_with("electLeaders t-0: 84 "), "{}", lab.admin_answer());
}

#[test]
fn an_unclean_election_needs_a_replica_that_lives() {
    let mut lab = leaderless(&[]);
    lab.kill(2);
    lab.run_for(ms(8_000));
    lab.tell("elect unclean t-0");
    lab.run_for(ms(200));
    let words = "electLeaders t-0: 83 Failed to elect leader for partition t-0 under strategy \
                 OfflinePartitionLeaderElectionStrategy(true)";
    assert_eq!(lab.admin_answer(), words);
}

#[test]
fn the_preferred_leader_is_elected_on_request_once_it_is_back_in_the_isr() {
    let mut lab = handed_over("false");
    lab.tell("elect preferred t-0");
    lab.run_for(ms(200));
    let words = "electLeaders t-0: 80 Failed to elect leader for partition t-0 under strategy \
                 PreferredReplicaPartitionLeaderElectionStrategy";
    assert_eq!(lab.admin_answer(), words);
    lab.start(2);
    lab.run_for(ms(2_000));
    assert_eq!(lab.state("t", 0), "1 1 [1,3,2]");
    lab.tell("elect preferred t-0");
    lab.run_for(ms(200));
    assert_eq!(lab.admin_answer(), "electLeaders t-0");
    assert_eq!(lab.state("t", 0), "2 2 [1,3,2]");
    lab.tell("elect preferred t-0");
    lab.run_for(ms(200));
    assert!(lab.admin_answer().starts_with("electLeaders t-0: 84 "), "{}", lab.admin_answer());
}

#[test]
fn an_election_of_all_partitions_tells_only_of_those_that_needed_one() {
    let mut lab = handed_over("false");
    lab.topic("u", &[&[1], &[3]], &[]);
    lab.start(2);
    lab.run_for(ms(2_000));
    let before = lab.admin_answers().len();
    lab.tell("elect preferred");
    lab.run_for(ms(200));
    assert_eq!(lab.admin_answers()[before..], ["electLeaders t-0"]);
    lab.tell("elect preferred");
    lab.run_for(ms(200));
    assert_eq!(lab.admin_answer(), "electLeaders all partitions");
}

#[test]
fn a_partition_that_does_not_exist_has_no_election() {
    let mut lab = Lab::three();
    lab.tell("elect preferred t-9");
    lab.run_for(ms(1_000));
    assert_eq!(lab.admin_answer(), "electLeaders t-9: 3 The partition does not exist.");
}

#[test]
fn leaders_return_to_the_preferred_replica_by_themselves_within_five_minutes() {
    let mut lab = handed_over("true");
    lab.start(2);
    lab.run_for(ms(280_000));
    assert_eq!(lab.state("t", 0), "1 1 [1,3,2]");
    lab.run_for(ms(30_000));
    assert_eq!(lab.state("t", 0), "2 2 [1,3,2]");
}

#[test]
fn leaders_stay_where_they_are_when_rebalancing_is_off() {
    let mut lab = handed_over("false");
    lab.start(2);
    lab.run_for(ms(700_000));
    assert_eq!(lab.state("t", 0), "1 1 [1,3,2]");
}

#[test]
fn a_tenth_of_a_brokers_partitions_may_be_led_by_others() {
    let mut lab = Lab::with(|_| {});
    let rows: Vec<&[i32]> = vec![&[2, 1, 3]; 10];
    lab.topic("t", &rows, &[]);
    lab.stop(2);
    lab.run_for(ms(20_000));
    lab.start(2);
    lab.run_for(ms(2_000));
    for partition in 0..9 {
        lab.tell(&format!("elect preferred t-{partition}"));
    }
    lab.run_for(ms(700_000));
    assert_eq!(lab.state("t", 0), "2 2 [1,3,2]");
    assert_eq!(lab.state("t", 9), "1 1 [1,3,2]", "one of ten is not more than 10 %");
}

#[test]
fn a_controller_cut_off_from_zookeeper_is_replaced_and_changes_nothing_any_more() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3]], &[]);
    lab.apply(Command::Hold { a: b(1), b: NodeId::Zookeeper });
    lab.run_for(ms(8_000));
    let elected = |kind: &EventKind| matches!(kind, EventKind::ControllerElected { broker, .. } if *broker != BrokerId(1));
    assert_eq!(lab.count(elected), 1);
    lab.kill(2);
    lab.run_for(ms(8_000));
    let state = lab.state("t", 0);
    assert!(state.starts_with("3 ") && state.ends_with(" [3]"), "{state}");
    lab.apply(Command::Heal { a: b(1), b: NodeId::Zookeeper });
    lab.run_for(ms(3_000));
    let resigned = |kind: &EventKind| {
        matches!(kind, EventKind::ControllerResigned { broker: BrokerId(1), .. })
    };
    assert_eq!(lab.count(resigned), 1);
    assert_eq!(lab.state("t", 0), state);
}
