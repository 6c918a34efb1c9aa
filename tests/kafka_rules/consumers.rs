//! Consumers without a group: several topics and patterns, seeking, pausing, times, and a log that is cut
//! behind them. Source: Kafka's Java consumer of 3.9.

use highwater::engine::command::{Command, ConsumerCommand, SeekPlace};
use highwater::engine::event::EventKind;
use highwater::engine::ids::{NodeId, PartitionId, TopicName, TopicPartition};
use highwater::engine::program::ConsumerStatus;

use crate::lab::{Lab, b, ms};

fn status(lab: &Lab, name: &str) -> ConsumerStatus {
    let id = lab.world.client_id(name).expect("the client is there");
    lab.world.client(id).and_then(|client| client.consumer_status()).expect("a consumer")
}

fn named(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition::new(&TopicName::new(topic), PartitionId(partition))
}

fn order(lab: &mut Lab, command: ConsumerCommand) {
    lab.apply(Command::Consumer { name: "app".into(), command });
}

fn failure(lab: &Lab, name: &str) -> Option<String> {
    let node = NodeId::Client(lab.world.client_id(name).expect("the client is there"));
    lab.events.iter().find_map(|event| match &event.kind {
        EventKind::ProcessFailed { error } if event.node == Some(node) => Some(error.to_string()),
        _ => None,
    })
}

/// `t` with one partition on all brokers, and ten records in it, one each second.
fn ten() -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2, 3]], &[]);
    lab.tell("producer web{topic=t, rate=1, limit=10}");
    lab.run_for(ms(12_000));
    lab
}

#[test]
fn one_consumer_follows_several_topics() {
    let mut lab = Lab::three();
    lab.topic("orders", &[&[1, 2], &[2, 3]], &[]);
    lab.topic("payments", &[&[3, 1]], &[]);
    lab.tell("producer first{topic=orders, rate=10, limit=20, keys=5}");
    lab.tell("producer second{topic=payments, rate=10, limit=7}");
    lab.tell("consumer app{topic=\"orders,payments\"}");
    lab.run_for(ms(10_000));
    assert_eq!(status(&lab, "app").received, 27);
    let partitions: Vec<String> =
        status(&lab, "app").positions.iter().map(|at| at.partition.to_string()).collect();
    assert_eq!(partitions, ["orders-0", "orders-1", "payments-0"]);
}

#[test]
fn a_pattern_finds_topics_that_come_later_when_metadata_is_refreshed() {
    let mut lab = Lab::three();
    lab.topic("ord-a", &[&[1]], &[]);
    lab.topic("other", &[&[1]], &[]);
    lab.tell("consumer app{topic.pattern=\"ord-.*\", metadata.max.age.ms=5000}");
    lab.tell("consumer c1{topic.pattern=\"ord-.*\", metadata.max.age.ms=5000, group=g}");
    lab.run_for(ms(8_000));
    lab.topic("ord-b", &[&[2], &[3]], &[]);
    lab.tell("producer p{topic=ord-b, rate=10, limit=10, keys=4}");
    lab.run_for(ms(20_000));
    let partitions = |name: &str| -> Vec<String> {
        status(&lab, name).positions.iter().map(|at| at.partition.to_string()).collect()
    };
    assert_eq!(partitions("app"), ["ord-a-0", "ord-b-0", "ord-b-1"]);
    assert_eq!(partitions("c1"), ["ord-a-0", "ord-b-0", "ord-b-1"]);
    assert_eq!((status(&lab, "app").received, status(&lab, "c1").received), (10, 10));
}

#[test]
fn a_consumer_that_starts_at_a_time_gets_the_first_record_of_it_or_later() {
    let mut lab = ten();
    let clock = lab.world.config().epoch_ms;
    // Records were made at about 1 s, 2 s, …
    let from = clock + 6_500;
    lab.tell(&format!("consumer app{{topic=t, from={from}}}"));
    lab.tell(&format!("consumer late{{topic=t, from={}}}", clock + 3_600_000));
    lab.run_for(ms(2_000));
    let made = lab.events.iter().filter(|e| matches!(e.kind, EventKind::RecordsQueued { .. }));
    let expected = made.filter(|event| clock + event.at.as_ms() >= from).count() as u64;
    assert!(expected > 0 && expected < 10, "{expected}");
    assert_eq!(status(&lab, "app").received, expected);
    assert_eq!(status(&lab, "late").positions[0].offset.0, 10);
}

#[test]
fn seeking_by_time_beyond_the_last_record_goes_to_the_end() {
    let mut lab = ten();
    lab.tell("consumer app{topic=t}");
    lab.run_for(ms(2_000));
    order(&mut lab, ConsumerCommand::Seek { partition: named("t", 0), to: SeekPlace::Offset(4) });
    lab.run_for(ms(1_000));
    assert_eq!(status(&lab, "app").received, 16);
    let late = SeekPlace::Time(lab.world.config().epoch_ms + 3_600_000);
    order(&mut lab, ConsumerCommand::Seek { partition: named("t", 0), to: late });
    lab.run_for(ms(1_000));
    assert_eq!((status(&lab, "app").received, status(&lab, "app").positions[0].offset.0), (16, 10));
}

#[test]
fn an_offset_that_is_nowhere_is_reset_also_when_it_was_sought() {
    let mut lab = ten();
    lab.tell("consumer app{topic=t}");
    lab.run_for(ms(2_000));
    order(&mut lab, ConsumerCommand::Seek { partition: named("t", 0), to: SeekPlace::Offset(99) });
    lab.run_for(ms(1_000));
    let reset = lab.events.iter().any(|event| {
        matches!(event.kind, EventKind::PositionReset { from, to, .. } if (from.0, to.0) == (99, 0))
    });
    assert!(reset && status(&lab, "app").received == 20);
}

#[test]
fn a_member_that_pauses_keeps_its_partitions_and_gets_nothing_of_them() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2, 3], &[2, 3, 1]], &[]);
    lab.tell("consumer app{topic=t, group=g}");
    lab.run_for(ms(8_000));
    order(&mut lab, ConsumerCommand::Pause { partitions: vec![named("t", 0)] });
    lab.tell("producer web{topic=t}");
    lab.run_for(ms(500));
    lab.tell("send web a@0 b@0 c@1");
    lab.run_for(ms(60_000));
    assert_eq!(status(&lab, "app").received, 1);
    assert_eq!(status(&lab, "app").member.expect("it is one").owned.len(), 2);
    order(&mut lab, ConsumerCommand::Resume { partitions: vec![named("t", 0)] });
    lab.run_for(ms(1_000));
    assert_eq!(status(&lab, "app").received, 3);
}

/// What a consumer read at the only leader is gone when an unclean election makes another one, that has
/// written something else since.
fn unclean(consumer: &str) -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2]], &[("unclean.leader.election.enable", "true")]);
    lab.tell("producer web{topic=t, acks=1}");
    lab.tell(consumer);
    lab.run_for(ms(1_000));
    lab.tell("send web a b");
    lab.run_for(ms(1_000));
    lab.apply(Command::Kill { node: b(2) });
    lab.run_for(ms(20_000));
    lab.tell("send web c d e");
    lab.run_for(ms(1_000));
    lab.apply(Command::Kill { node: b(1) });
    lab.run_for(ms(1_000));
    lab.apply(Command::Start { node: b(2) });
    lab.run_for(ms(20_000));
    lab.tell("send web x");
    lab.run_for(ms(5_000));
    lab
}

fn parted(lab: &Lab) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for event in &lab.events {
        if let EventKind::TruncationDetected { position, diverges, .. } = &event.kind {
            found.push((position.0, diverges.0));
        }
    }
    found
}

#[test]
fn a_consumer_finds_out_by_epoch_that_what_it_read_was_cut_off() {
    let lab = unclean("consumer app{topic=t}");
    assert_eq!(parted(&lab), [(5, 2)]);
    let status = status(&lab, "app");
    assert_eq!((status.received, status.positions[0].offset.0), (6, 3));
}

#[test]
fn with_no_reset_policy_it_ends_with_a_log_truncation_exception() {
    let lab = unclean("consumer app{topic=t, auto.offset.reset=none}");
    let words = failure(&lab, "app").expect("it ended");
    assert!(words.starts_with("Detected log truncation with diverging offsets {t-0="), "{words}");
}
