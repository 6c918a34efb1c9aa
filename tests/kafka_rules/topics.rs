//! Topics come, grow, move and go (ANOMALIES §18, kafka-topics and kafka-reassign-partitions of 3.9.1).

use super::lab::{Lab, b, ms};
use highwater::engine::command::Command;
use highwater::engine::event::EventKind;

fn topics(lab: &Lab) -> Vec<String> {
    lab.cluster().topics.iter().map(|topic| topic.name.as_str().to_owned()).collect()
}

fn replicas(lab: &Lab, topic: &str, partition: i32) -> Vec<i32> {
    lab.partition(topic, partition).replicas.iter().map(|replica| replica.broker.0).collect()
}

fn deleted(lab: &Lab) -> usize {
    lab.count(|kind| matches!(kind, EventKind::TopicDeleted { .. }))
}

/// Three brokers and a topic with a record.
fn orders(rows: &[&[i32]]) -> Lab {
    let mut lab = Lab::three();
    lab.topic("orders", rows, &[]);
    lab.producer("p", "orders", |_| {});
    lab.send("p", &["m1"]);
    lab.run_for(ms(1_000));
    lab
}

#[test]
fn a_topic_is_created_when_a_client_asks_for_it() {
    let mut lab = Lab::with(|config| {
        config.broker.set("num.partitions", "2").expect("a setting");
        config.broker.set("default.replication.factor", "3").expect("a setting");
    });
    lab.producer("p", "auto", |_| {});
    lab.send("p", &["m1"]);
    lab.run_for(ms(1_000));
    assert_eq!(topics(&lab), ["auto"]);
    assert_eq!(replicas(&lab, "auto", 1).len(), 3);
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::RecordsAcked { .. })), 1);
}

#[test]
fn nothing_is_created_where_that_is_switched_off() {
    let mut lab = Lab::with(|config| config.broker.auto_create_topics_enable = false);
    lab.producer("p", "auto", |_| {});
    lab.send("p", &["m1"]);
    lab.run_for(ms(5_000));
    assert!(topics(&lab).is_empty());
}

#[test]
fn a_name_that_no_topic_may_have_creates_nothing() {
    let mut lab = Lab::three();
    lab.producer("p", "bad name!", |_| {});
    lab.send("p", &["m1"]);
    lab.run_for(ms(5_000));
    assert!(topics(&lab).is_empty());
}

#[test]
fn a_deleted_topic_leaves_nothing_behind_and_its_name_is_free() {
    let mut lab = orders(&[&[1, 2, 3]]);
    lab.tell("delete orders");
    lab.run_for(ms(1_000));
    assert_eq!(lab.admin_answer(), "deleteTopics orders");
    assert_eq!(deleted(&lab), 1);
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::ReplicaDeleted { .. })), 3);
    lab.apply(Command::Stop { node: lab_client(&lab, "p") });
    lab.run_for(ms(1_000));
    assert!(topics(&lab).is_empty());
    lab.topic("orders", &[&[3, 1]], &[]);
    assert_eq!(lab.state("orders", 0), "3 0 [3,1]");
    assert!(lab.log("orders", 0, 3).is_empty());
}

fn lab_client(lab: &Lab, name: &str) -> highwater::engine::ids::NodeId {
    let producers = lab.cluster().producers;
    let found = producers.iter().find(|producer| &*producer.name == name).expect("a producer");
    highwater::engine::ids::NodeId::Client(found.id)
}

#[test]
fn a_topic_that_does_not_exist_cannot_be_deleted() {
    let mut lab = Lab::three();
    lab.tell("delete gone");
    lab.run_for(ms(1_000));
    assert!(lab.admin_answer().starts_with("deleteTopics gone: 3 "), "{}", lab.admin_answer());
}

#[test]
fn topics_stay_where_deletion_is_switched_off() {
    let mut lab = Lab::with(|config| config.broker.delete_topic_enable = false);
    lab.topic("orders", &[&[1]], &[]);
    lab.tell("delete orders");
    lab.run_for(ms(1_000));
    assert!(lab.admin_answer().starts_with("deleteTopics orders: 73 "), "{}", lab.admin_answer());
    assert_eq!(topics(&lab), ["orders"]);
}

#[test]
fn a_deletion_waits_for_dead_replicas_and_goes_on_when_they_return() {
    let mut lab = Lab::three();
    lab.topic("orders", &[&[2, 3]], &[]);
    lab.kill(3);
    lab.run_for(ms(8_000));
    lab.tell("delete orders");
    lab.run_for(ms(2_000));
    assert_eq!(lab.admin_answer(), "deleteTopics orders", "brokers no longer show it");
    assert_eq!(deleted(&lab), 0);
    lab.start(3);
    lab.run_for(ms(2_000));
    assert_eq!(deleted(&lab), 1);
}

#[test]
fn a_new_controller_goes_on_with_a_deletion() {
    let mut lab = Lab::three();
    lab.topic("orders", &[&[2, 3]], &[]);
    lab.kill(3);
    lab.run_for(ms(8_000));
    lab.tell("delete orders");
    lab.run_for(ms(1_000));
    lab.kill(1);
    lab.run_for(ms(8_000));
    assert_eq!(deleted(&lab), 0);
    lab.start(3);
    lab.run_for(ms(2_000));
    assert_eq!(deleted(&lab), 1);
}

#[test]
fn a_topic_grows_where_it_is_told_to() {
    let mut lab = orders(&[&[1, 2], &[2, 3]]);
    lab.tell("partitions orders 4: b3>b1 | b1>b3");
    lab.run_for(ms(1_000));
    assert_eq!(lab.admin_answer(), "createPartitions orders");
    assert_eq!(lab.state("orders", 2), "3 0 [3,1]");
    assert_eq!(lab.state("orders", 3), "1 0 [1,3]");
}

#[test]
fn a_topic_grows_round_the_brokers_from_where_it_began() {
    let mut lab = orders(&[&[1, 2]]);
    lab.tell("partitions orders 3");
    lab.run_for(ms(1_000));
    assert_eq!(replicas(&lab, "orders", 1), [2, 3]);
    assert_eq!(replicas(&lab, "orders", 2), [3, 1]);
}

#[test]
fn refusals_to_grow_have_kafkas_words() {
    let mut lab = orders(&[&[1, 2], &[2, 3]]);
    let words = [
        (
            "partitions orders 1",
            "orders: 37 Topic currently has 2 partitions, which is higher than the requested 1.",
        ),
        ("partitions orders 2", "orders: 37 Topic already has 2 partitions."),
        (
            "partitions orders 4: b1>b2",
            "orders: 39 Increasing the number of partitions by 2 but 1 assignments provided.",
        ),
        ("partitions orders 3: b1>b9", "orders: 39 Unknown broker(s) in replica assignment: 9."),
        ("partitions none 3", "none: 3 The topic 'none' does not exist."),
    ];
    for (statement, expected) in words {
        lab.tell(statement);
        lab.run_for(ms(1_000));
        assert_eq!(lab.admin_answer(), format!("createPartitions {expected}"));
    }
}

#[test]
fn a_reassigned_partition_is_led_by_a_target_and_the_others_delete_it() {
    let mut lab = orders(&[&[1, 2], &[2, 3]]);
    lab.tell("reassign orders-0: b3>b2");
    lab.tell("reassign orders-1: b2>b3>b1");
    lab.run_for(ms(3_000));
    // kafka-topics --describe after the same plan: leader 3, isr 2,3; leader 2, isr 2,3,1.
    assert_eq!(replicas(&lab, "orders", 0), [3, 2]);
    assert!(lab.state("orders", 0).starts_with("3 "), "{}", lab.state("orders", 0));
    assert_eq!(lab.isr("orders", 0), [2, 3]);
    assert_eq!(replicas(&lab, "orders", 1), [2, 3, 1]);
    assert!(lab.state("orders", 1).starts_with("2 "), "{}", lab.state("orders", 1));
    assert_eq!(lab.isr("orders", 1), [2, 3, 1]);
    let gone = lab.count(|kind| matches!(kind, EventKind::ReplicaDeleted { .. }));
    assert_eq!(gone, 1);
    lab.send("p", &["m2"]);
    lab.run_for(ms(3_000));
    let sent = lab.count(|kind| matches!(kind, EventKind::RecordsAcked { .. }));
    assert_eq!(sent, 2);
}

#[test]
fn a_reassignment_waits_for_the_new_replica_and_can_be_called_off() {
    let mut lab = Lab::three();
    lab.topic("lone", &[&[2]], &[]);
    lab.hold(2, 3);
    lab.tell("reassign lone-0: b3");
    lab.run_for(ms(2_000));
    assert_eq!(lab.admin_answer(), "alterPartitionReassignments lone-0");
    assert_eq!(replicas(&lab, "lone", 0), [3, 2]);
    assert_eq!(lab.isr("lone", 0), [2]);
    lab.tell("reassign lone-0 cancel");
    lab.run_for(ms(2_000));
    assert_eq!(replicas(&lab, "lone", 0), [2]);
    lab.tell("reassign lone-0 cancel");
    lab.run_for(ms(1_000));
    let answer = lab.admin_answer();
    assert!(answer.starts_with("alterPartitionReassignments lone-0: 85 "), "{answer}");
}

#[test]
fn a_new_controller_goes_on_with_a_reassignment() {
    let mut lab = Lab::three();
    lab.topic("lone", &[&[2]], &[]);
    lab.hold(2, 3);
    lab.tell("reassign lone-0: b3");
    lab.run_for(ms(2_000));
    lab.kill(1);
    lab.run_for(ms(8_000));
    lab.heal(2, 3);
    lab.run_for(ms(5_000));
    assert_eq!(replicas(&lab, "lone", 0), [3]);
    assert!(lab.state("lone", 0).starts_with("3 "), "{}", lab.state("lone", 0));
}

#[test]
fn replicas_cannot_be_put_on_brokers_that_do_not_live() {
    let mut lab = orders(&[&[1, 2]]);
    lab.kill(3);
    lab.run_for(ms(8_000));
    lab.tell("reassign orders-0: b3>b2");
    lab.run_for(ms(1_000));
    let words = "alterPartitionReassignments orders-0: 39 Replica assignment has brokers that are \
                 not alive. Replica list: List(3), live broker list: Set(1, 2)";
    assert_eq!(lab.admin_answer(), words);
    lab.tell("reassign none-0: b1");
    lab.run_for(ms(1_000));
    let words = "alterPartitionReassignments none-0: 3 The partition does not exist.";
    assert_eq!(lab.admin_answer(), words);
    assert!(lab.world.host(b(3)).is_some());
}
