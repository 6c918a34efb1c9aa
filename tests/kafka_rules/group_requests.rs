//! DeleteGroups and OffsetDelete as bytes: whom a coordinator lets go, and what it says otherwise. Sources:
//! `GroupCoordinator.handleDeleteGroups`, `handleDeleteOffsets`, and what kafka-consumer-groups printed
//! against a real cluster.

use highwater::engine::command::Command;
use highwater::engine::ids::NodeId;
use kafka_protocol::ResponseError;
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::protocol::StrBytes;

use crate::RF3;
use crate::groups::coordinator;
use crate::lab::{Lab, ms};
use crate::raw_requests::ask;

/// `orders` and `audit`; `workers` reads `orders` and has committed.
fn with_group() -> Lab {
    let mut lab = Lab::with(|config| config.broker.group_initial_rebalance_delay_ms = 0);
    lab.topic("orders", RF3, &[]);
    lab.topic("audit", RF3, &[]);
    lab.tell("producer web{topic=orders, limit=5, rate=50}");
    lab.tell("consumer w1{topic=orders, group=workers, commit=sync}");
    lab.run_for(ms(4_000));
    lab
}

fn stop(lab: &mut Lab, name: &str) {
    let node = NodeId::Client(lab.world.client_id(name).expect("the client is there"));
    lab.apply(Command::Stop { node });
    lab.run_for(ms(1_000));
}

fn name(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

/// Asks a broker to delete groups; their errors.
fn delete(lab: &mut Lab, broker: i32, groups: &[&'static str]) -> Vec<i16> {
    let names = groups.iter().map(|group| kafka::GroupId(name(group))).collect();
    let request = kafka::DeleteGroupsRequest::default().with_groups_names(names);
    let told: kafka::DeleteGroupsResponse = ask(lab, (broker, ApiKey::DeleteGroups, 2), &request);
    told.results.iter().map(|result| result.error_code).collect()
}

/// Asks for offsets to be deleted: the error of the whole, and those of the partitions.
fn delete_offsets(
    lab: &mut Lab,
    group: &'static str,
    wanted: &[(&'static str, i32)],
) -> (i16, Vec<i16>) {
    let broker = coordinator(lab, "workers").unwrap_or(1);
    let topic = |(topic, partition): &(&'static str, i32)| {
        let part = OffsetDeleteRequestPartition::default().with_partition_index(*partition);
        OffsetDeleteRequestTopic::default()
            .with_name(kafka::TopicName(name(topic)))
            .with_partitions(vec![part])
    };
    let request = kafka::OffsetDeleteRequest::default()
        .with_group_id(kafka::GroupId(name(group)))
        .with_topics(wanted.iter().map(topic).collect());
    let told: kafka::OffsetDeleteResponse = ask(lab, (broker, ApiKey::OffsetDelete, 0), &request);
    let parts = told.topics.iter().flat_map(|topic| &topic.partitions);
    (told.error_code, parts.map(|part| part.error_code).collect())
}

fn code(error: ResponseError) -> i16 {
    error.code()
}

#[test]
fn a_group_with_members_is_not_deleted_and_an_empty_one_once() {
    let mut lab = with_group();
    let at = coordinator(&lab, "workers").expect("somebody coordinates it");
    assert_eq!(delete(&mut lab, at, &["workers"]), [code(ResponseError::NonEmptyGroup)]);
    stop(&mut lab, "w1");
    assert_eq!(delete(&mut lab, at, &["workers"]), [0]);
    assert_eq!(delete(&mut lab, at, &["workers"]), [code(ResponseError::GroupIdNotFound)]);
    assert_eq!(coordinator(&lab, "workers"), None);
}

#[test]
fn only_its_coordinator_deletes_a_group_and_each_group_is_answered() {
    let mut lab = with_group();
    let at = coordinator(&lab, "workers").expect("somebody coordinates it");
    stop(&mut lab, "w1");
    let other = (1..=3).find(|id| *id != at).expect("there are three");
    assert_eq!(delete(&mut lab, other, &["workers"]), [code(ResponseError::NotCoordinator)]);
    let errors = delete(&mut lab, at, &["", "workers"]);
    assert_eq!(errors[1], 0, "one that will not do keeps no other");
    assert_ne!(errors[0], 0);
}

#[test]
fn offsets_of_a_topic_that_is_read_stay_and_others_go() {
    let mut lab = with_group();
    let wanted = [("orders", 0), ("audit", 0), ("nosuch", 0), ("orders", 9)];
    let unknown = code(ResponseError::UnknownTopicOrPartition);
    let subscribed = code(ResponseError::GroupSubscribedToTopic);
    let told = delete_offsets(&mut lab, "workers", &wanted);
    assert_eq!(told, (0, vec![subscribed, 0, unknown, unknown]));
    stop(&mut lab, "w1");
    assert_eq!(delete_offsets(&mut lab, "workers", &[("orders", 0)]), (0, vec![0]));
    let at = coordinator(&lab, "workers");
    let group = at.and_then(|id| {
        lab.world.broker(highwater::engine::ids::BrokerId(id))?.groups().group("workers")
    });
    assert!(group.is_none_or(|group| group.offsets.is_empty()), "none is left");
}

#[test]
fn offsets_of_a_group_that_is_not_there_are_not_deleted() {
    let mut lab = with_group();
    let told = delete_offsets(&mut lab, "workers", &[]);
    assert_eq!(told, (0, vec![]));
    stop(&mut lab, "w1");
    let at = coordinator(&lab, "workers").expect("it is kept, for it has offsets");
    delete(&mut lab, at, &["workers"]);
    let (error, parts) = delete_offsets(&mut lab, "workers", &[("orders", 0)]);
    // Which of the two depends on whether the broker asked coordinates that partition.
    let refusals = [ResponseError::GroupIdNotFound, ResponseError::NotCoordinator].map(code);
    assert!(refusals.contains(&error), "{error}");
    assert_eq!(parts, Vec::<i16>::new());
}
