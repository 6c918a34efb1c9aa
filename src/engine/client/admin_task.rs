//! What an admin client can ask of a cluster: each task as a request, and what the answer says of it.
//!
//! One task is one call of Kafka's `Admin`, named as its messages name it.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::{
    self as kafka, AlterPartitionReassignmentsRequest, CreatePartitionsRequest,
    CreateTopicsRequest, DeleteTopicsRequest, ElectLeadersRequest, IncrementalAlterConfigsRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::network_client::{Version, version};
use crate::engine::command::{Command, ElectionKind, Placement};
use crate::engine::ids::{BrokerId, PartitionId, Text, TopicName, TopicPartition};
use crate::engine::protocol::{Request, Response};

/// `ConfigResource.Type.TOPIC`.
const RESOURCE_TOPIC: i8 = 2;
/// `ConfigResource.Type.BROKER`.
const RESOURCE_BROKER: i8 = 4;
/// `AlterConfigOp.OpType.SET`.
const OPERATION_SET: i8 = 0;
/// `AlterConfigOp.OpType.DELETE`.
const OPERATION_DELETE: i8 = 1;

/// Something asked of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task(Command);

/// Which broker a task goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The controller.
    Controller,
    /// Any broker.
    Any,
    /// This one and no other.
    Broker(BrokerId),
}

/// What the answer says of one thing that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it is about: `orders`, `orders-0`, `broker 1`.
    pub subject: Text,
    /// Kafka's error code; 0 is none.
    pub error: i16,
    /// The broker's words, when it had any.
    pub message: Option<Text>,
}

impl Task {
    /// The task of a command; `None` when the command is not one for the admin client.
    #[must_use]
    pub fn of(command: &Command) -> Option<Task> {
        command.is_admin().then(|| Task(command.clone()))
    }

    /// Kafka's name of the call, as its messages have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.0 {
            Command::CreateTopic { .. } => "createTopics",
            Command::DeleteTopic { .. } => "deleteTopics",
            Command::AddPartitions { .. } => "createPartitions",
            Command::ElectLeaders { .. } => "electLeaders",
            Command::Reassign { .. } => "alterPartitionReassignments",
            _ => "incrementalAlterConfigs",
        }
    }

    /// What it is about, in words.
    #[must_use]
    pub fn subject(&self) -> Text {
        match &self.0 {
            Command::CreateTopic { topic, .. }
            | Command::DeleteTopic { topic }
            | Command::AddPartitions { topic, .. }
            | Command::SetTopicConfig { topic, .. } => topic.0.clone(),
            Command::Reassign { partition, .. }
            | Command::ElectLeaders { partition: Some(partition), .. } => {
                partition.to_string().into()
            }
            Command::SetBrokerConfig { broker: Some(broker), .. } => {
                format!("broker {broker}").into()
            }
            Command::SetBrokerConfig { broker: None, .. } => "brokers".into(),
            _ => "all partitions".into(),
        }
    }

    /// Which broker it goes to.
    #[must_use]
    pub fn destination(&self) -> Destination {
        match &self.0 {
            Command::SetTopicConfig { .. } | Command::SetBrokerConfig { broker: None, .. } => {
                Destination::Any
            }
            Command::SetBrokerConfig { broker: Some(broker), .. } => Destination::Broker(*broker),
            _ => Destination::Controller,
        }
    }

    /// Whether it must wait for an earlier one: both are about one topic, or both may be.
    #[must_use]
    pub fn follows(&self, earlier: &Task) -> bool {
        match (self.topic(), earlier.topic()) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    /// The request, with what is left of the call's time, in ms.
    #[must_use]
    pub fn request(&self, left_ms: i32) -> (Version, Request) {
        match &self.0 {
            Command::CreateTopic { topic, placement, configs } => {
                let request = CreateTopicsRequest::default()
                    .with_topics(vec![creatable(topic, placement, configs)])
                    .with_timeout_ms(left_ms);
                (version::CREATE_TOPICS, Request::CreateTopics(request))
            }
            Command::DeleteTopic { topic } => {
                let state = DeleteTopicState::default().with_name(Some(wire(topic)));
                let request = DeleteTopicsRequest::default()
                    .with_topics(vec![state])
                    .with_timeout_ms(left_ms);
                (version::DELETE_TOPICS, Request::DeleteTopics(request))
            }
            Command::AddPartitions { topic, count, assignment } => {
                let request = CreatePartitionsRequest::default()
                    .with_topics(vec![grown(topic, *count, assignment)])
                    .with_timeout_ms(left_ms);
                (version::CREATE_PARTITIONS, Request::CreatePartitions(request))
            }
            Command::ElectLeaders { kind, partition } => {
                let request = ElectLeadersRequest::default()
                    .with_election_type(kind.wire())
                    .with_topic_partitions(partition.as_ref().map(|p| vec![electing(p)]))
                    .with_timeout_ms(left_ms);
                (version::ELECT_LEADERS, Request::ElectLeaders(request))
            }
            Command::Reassign { partition, replicas } => {
                let request = AlterPartitionReassignmentsRequest::default()
                    .with_topics(vec![reassignable(partition, replicas)])
                    .with_timeout_ms(left_ms);
                let version = version::ALTER_PARTITION_REASSIGNMENTS;
                (version, Request::AlterPartitionReassignments(request))
            }
            Command::SetBrokerConfig { broker, key, value } => {
                let name = broker.map_or_else(String::new, |broker| broker.to_string());
                alteration(RESOURCE_BROKER, &name, key, value.as_ref())
            }
            Command::SetTopicConfig { topic, key, value } => {
                alteration(RESOURCE_TOPIC, topic.as_str(), key, value.as_ref())
            }
            _ => unreachable!("only admin commands become tasks"),
        }
    }

    /// What an answer says. Where nothing was wrong and nothing is told in particular, that the task
    /// as a whole succeeded.
    #[must_use]
    pub fn outcomes(&self, response: &Response) -> Vec<Outcome> {
        let whole = |error: i16, message: Option<&StrBytes>| {
            let message = message.map(|words| Text::from(words.as_str()));
            vec![Outcome { subject: self.subject(), error, message }]
        };
        let outcomes = match response {
            Response::CreateTopics(r) => {
                r.topics.first().map(|t| whole(t.error_code, t.error_message.as_ref()))
            }
            Response::DeleteTopics(r) => {
                r.responses.first().map(|t| whole(t.error_code, t.error_message.as_ref()))
            }
            Response::CreatePartitions(r) => {
                r.results.first().map(|t| whole(t.error_code, t.error_message.as_ref()))
            }
            Response::IncrementalAlterConfigs(r) => {
                r.responses.first().map(|t| whole(t.error_code, t.error_message.as_ref()))
            }
            Response::ElectLeaders(r) if r.error_code == 0 => Some(elected(r)),
            Response::ElectLeaders(r) => Some(whole(r.error_code, None)),
            Response::AlterPartitionReassignments(r) if r.error_code == 0 => {
                let first = r.responses.first().and_then(|topic| topic.partitions.first());
                first.map(|p| whole(p.error_code, p.error_message.as_ref()))
            }
            Response::AlterPartitionReassignments(r) => {
                Some(whole(r.error_code, r.error_message.as_ref()))
            }
            _ => None,
        };
        let outcomes =
            outcomes.unwrap_or_else(|| whole(ResponseError::UnknownServerError.code(), None));
        if outcomes.is_empty() { whole(0, None) } else { outcomes }
    }

    fn topic(&self) -> Option<&TopicName> {
        match &self.0 {
            Command::CreateTopic { topic, .. }
            | Command::DeleteTopic { topic }
            | Command::AddPartitions { topic, .. }
            | Command::SetTopicConfig { topic, .. } => Some(topic),
            Command::Reassign { partition, .. } => Some(&partition.topic),
            Command::ElectLeaders { partition, .. } => partition.as_ref().map(|p| &p.topic),
            _ => None,
        }
    }
}

fn elected(response: &kafka::ElectLeadersResponse) -> Vec<Outcome> {
    let rows = response.replica_election_results.iter().flat_map(|topic| {
        let name = TopicName::new(&topic.topic);
        topic.partition_result.iter().map(move |row| {
            let partition = TopicPartition::new(&name, PartitionId(row.partition_id));
            Outcome {
                subject: partition.to_string().into(),
                error: row.error_code,
                message: row.error_message.as_ref().map(|words| Text::from(words.as_str())),
            }
        })
    });
    rows.collect()
}

fn alteration(kind: i8, name: &str, key: &Text, value: Option<&Text>) -> (Version, Request) {
    let operation = if value.is_some() { OPERATION_SET } else { OPERATION_DELETE };
    let config = AlterableConfig::default()
        .with_name(text(key))
        .with_config_operation(operation)
        .with_value(value.map(|value| text(value)));
    let resource = AlterConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_configs(vec![config]);
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    (version::INCREMENTAL_ALTER_CONFIGS, Request::IncrementalAlterConfigs(request))
}

fn creatable(topic: &TopicName, placement: &Placement, configs: &[(Text, Text)]) -> CreatableTopic {
    let configs = configs.iter().map(|(key, value)| {
        CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
    });
    let named = CreatableTopic::default().with_name(wire(topic)).with_configs(configs.collect());
    match placement {
        Placement::Automatic { partitions, replication_factor } => named
            .with_num_partitions(i32::try_from(*partitions).unwrap_or(i32::MAX))
            .with_replication_factor(i16::try_from(*replication_factor).unwrap_or(i16::MAX)),
        Placement::Assigned(assignment) => {
            let assignments = (0..).zip(assignment).map(|(index, replicas)| {
                CreatableReplicaAssignment::default()
                    .with_partition_index(index)
                    .with_broker_ids(ids(replicas))
            });
            named
                .with_num_partitions(-1)
                .with_replication_factor(-1)
                .with_assignments(assignments.collect())
        }
    }
}

fn grown(topic: &TopicName, count: u32, assignment: &[Vec<BrokerId>]) -> CreatePartitionsTopic {
    let rows = assignment
        .iter()
        .map(|replicas| CreatePartitionsAssignment::default().with_broker_ids(ids(replicas)));
    let assignments = (!assignment.is_empty()).then(|| rows.collect());
    CreatePartitionsTopic::default()
        .with_name(wire(topic))
        .with_count(i32::try_from(count).unwrap_or(i32::MAX))
        .with_assignments(assignments)
}

fn electing(partition: &TopicPartition) -> TopicPartitions {
    TopicPartitions::default()
        .with_topic(wire(&partition.topic))
        .with_partitions(vec![partition.partition.0])
}

fn reassignable(partition: &TopicPartition, replicas: &[BrokerId]) -> ReassignableTopic {
    let row = ReassignablePartition::default()
        .with_partition_index(partition.partition.0)
        .with_replicas((!replicas.is_empty()).then(|| ids(replicas)));
    ReassignableTopic::default().with_name(wire(&partition.topic)).with_partitions(vec![row])
}

fn ids(replicas: &[BrokerId]) -> Vec<kafka::BrokerId> {
    replicas.iter().map(|id| kafka::BrokerId(id.0)).collect()
}

fn wire(topic: &TopicName) -> kafka::TopicName {
    kafka::TopicName(text(topic.as_str()))
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

impl ElectionKind {
    /// `ElectionType` on the wire.
    fn wire(self) -> i8 {
        match self {
            ElectionKind::Preferred => 0,
            ElectionKind::Unclean => 1,
        }
    }
}
