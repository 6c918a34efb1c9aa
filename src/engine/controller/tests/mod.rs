//! The control plane as a whole: several brokers, one ZooKeeper, things going wrong.

mod harness;
mod joining;
mod failures;
mod admin;
mod settings;
mod isr;
mod producer_ids;

use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::{CreateTopicsRequest, TopicName as WireTopic};

use crate::engine::controller::tests::harness::Harness;
use crate::engine::event::{ElectionReason, EventKind};
use crate::engine::protocol::{Request, Response};

fn text(text: &str) -> kafka_protocol::protocol::StrBytes {
    text.to_owned().into()
}

/// A topic to create: `1:2:3,2:3:1`, as kafka-topics writes assignments.
fn assigned(name: &str, assignment: &str) -> CreatableTopic {
    let row = |(index, replicas): (i32, &str)| {
        let ids = replicas.split(':').map(|id| id.parse::<i32>().expect("a number").into());
        CreatableReplicaAssignment::default()
            .with_partition_index(index)
            .with_broker_ids(ids.collect())
    };
    sized(name, -1, -1).with_assignments((0..).zip(assignment.split(',')).map(row).collect())
}

fn sized(name: &str, partitions: i32, factor: i16) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(WireTopic(text(name)))
        .with_num_partitions(partitions)
        .with_replication_factor(factor)
}

fn setting(key: &str, value: &str) -> CreatableTopicConfig {
    CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
}

/// Asks broker `id` to create a topic and returns its answer.
fn create_at(harness: &mut Harness, id: i32, topic: CreatableTopic) -> CreatableTopicResult {
    let request = CreateTopicsRequest::default().with_timeout_ms(5_000).with_topics(vec![topic]);
    harness.ask(id, 7, Request::CreateTopics(request));
    harness.wait_ms(6_000);
    match harness.answers.pop() {
        Some(Response::CreateTopics(response)) => response.topics[0].clone(),
        other => panic!("not answered: {other:?}"),
    }
}

/// Creates a topic at broker 1, which is the controller, successfully.
fn create(harness: &mut Harness, name: &str, assignment: &str) {
    let result = create_at(harness, 1, assigned(name, assignment));
    assert_eq!(result.error_code, 0, "{:?}", result.error_message);
}

/// `partition leader epoch [isr] reason`, for every election told so far.
fn elections(harness: &Harness) -> Vec<String> {
    harness.told(|kind| match kind {
        EventKind::LeaderElected { partition, leader, leader_epoch, isr, reason } => {
            let isr: Vec<String> = isr.iter().map(ToString::to_string).collect();
            let leader = leader.map_or(-1, |leader| leader.0);
            let reason = match reason {
                ElectionReason::NewPartition => "new",
                ElectionReason::LeaderDied => "died",
                ElectionReason::ControlledShutdown => "stop",
                ElectionReason::ReplicaReturned => "returned",
                ElectionReason::FollowerLeft => "left",
                ElectionReason::UncleanElection => "unclean",
                ElectionReason::PreferredReplica => "preferred",
                ElectionReason::Reassignment => "reassigned",
                ElectionReason::LogDirFailed => "directory failed",
            };
            Some(format!("{partition} {leader} {leader_epoch} [{}] {reason}", isr.join(",")))
        }
        _ => None,
    })
}
