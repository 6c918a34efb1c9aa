//! Settings that change while brokers run: a topic's, one broker's, those of all (kafka-configs of
//! 3.9.1).

use super::lab::{Lab, ms};
use highwater::engine::event::EventKind;

fn refused(lab: &Lab) -> usize {
    lab.count(|kind| matches!(kind, EventKind::ProduceRefused { error: 19, .. }))
}

/// One replica of three is in sync, and a producer that wants all to have its records.
fn thinned() -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2, 3]], &[]);
    lab.producer("p", "t", |_| {});
    lab.kill(2);
    lab.kill(3);
    lab.run_for(ms(8_000));
    lab
}

#[test]
fn the_default_of_all_brokers_holds_for_topics_without_a_value_of_their_own() {
    let mut lab = thinned();
    lab.tell("brokerconfig default min.insync.replicas=2");
    lab.run_for(ms(500));
    assert_eq!(lab.admin_answer(), "incrementalAlterConfigs brokers");
    lab.send("p", &["m1"]);
    lab.run_for(ms(50));
    assert_eq!(refused(&lab), 1);
    lab.tell("brokerconfig default -min.insync.replicas");
    lab.run_for(ms(2_000));
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::RecordsAcked { .. })), 1);
}

#[test]
fn a_brokers_own_setting_wins_over_the_default_of_all() {
    let mut lab = thinned();
    lab.tell("brokerconfig default min.insync.replicas=2");
    lab.tell("brokerconfig b1 min.insync.replicas=1");
    lab.run_for(ms(500));
    lab.send("p", &["m1"]);
    lab.run_for(ms(500));
    assert_eq!(refused(&lab), 0);
}

#[test]
fn a_topics_own_setting_wins_over_the_brokers_and_can_be_taken_back() {
    let mut lab = thinned();
    lab.tell("config t min.insync.replicas=2");
    lab.run_for(ms(500));
    lab.send("p", &["m1"]);
    lab.run_for(ms(50));
    assert_eq!(refused(&lab), 1);
    lab.tell("config t -min.insync.replicas");
    lab.run_for(ms(2_000));
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::RecordsAcked { .. })), 1);
}

#[test]
fn a_broker_that_starts_reads_the_settings_first() {
    let mut lab = Lab::three();
    lab.tell("brokerconfig b1 min.insync.replicas=2");
    lab.run_for(ms(500));
    lab.topic("t", &[&[1]], &[]);
    lab.kill(1);
    lab.run_for(ms(8_000));
    lab.start(1);
    lab.run_for(ms(2_000));
    let changed = lab.count(|kind| {
        matches!(kind, EventKind::BrokerConfigChanged { key, .. } if &**key == "min.insync.replicas")
    });
    assert_eq!(changed, 2, "once as it was set, once as the broker came back");
}

#[test]
fn allowing_unclean_elections_on_all_brokers_elects_at_once() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2]], &[]);
    lab.producer("p", "t", |_| {});
    lab.kill(2);
    lab.run_for(ms(8_000));
    lab.send("p", &["lost"]);
    lab.run_for(ms(500));
    lab.kill(1);
    lab.run_for(ms(500));
    lab.start(2);
    lab.run_for(ms(8_000));
    assert!(lab.state("t", 0).starts_with("-1 "), "{}", lab.state("t", 0));
    lab.tell("brokerconfig default unclean.leader.election.enable=true");
    lab.run_for(ms(200));
    assert!(lab.state("t", 0).starts_with("2 "), "{}", lab.state("t", 0));
}

#[test]
fn settings_that_cannot_change_are_refused_in_kafkas_words() {
    let mut lab = Lab::three();
    let words = [
        ("broker.id=9", "42 Cannot update these configs dynamically: Set(broker.id)"),
        ("log.dirs=x", "42 Cannot update these configs dynamically: Set(log.dirs)"),
        (
            "log.cleaner.threads=many",
            "42 Invalid value many for configuration log.cleaner.threads: Not a number of type INT",
        ),
    ];
    for (setting, expected) in words {
        lab.tell(&format!("brokerconfig b1 {setting}"));
        lab.run_for(ms(500));
        assert_eq!(lab.admin_answer(), format!("incrementalAlterConfigs broker 1: {expected}"));
    }
    lab.tell("brokerconfig b1 no.such.config=1");
    lab.run_for(ms(500));
    assert_eq!(lab.admin_answer(), "incrementalAlterConfigs broker 1");
}
