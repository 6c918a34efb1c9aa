//! What a CreateTopics request asks for, checked and worked out (`ZkAdminManager.createTopics`,
//! `AdminZkClient.validateTopicCreate`).
//!
//! The order of the checks is Kafka's, and so are the codes and the words. Nothing is written here:
//! a plan says what the znodes will hold.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use uuid::Uuid;

use crate::engine::controller::placement::assign_replicas;
use crate::engine::controller::state_json::TopicAssignment;
use crate::engine::controller::{ControlPlane, settings_rules, topic_name};
use crate::engine::ids::{BrokerId, PartitionId, Text, TopicName};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::rng::Stream;

/// Why a topic was not created: Kafka's code and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Kafka's error code.
    pub code: i16,
    /// Its words, when it has any.
    pub message: Option<Text>,
}

/// A topic that passed the checks.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its id and its replicas.
    pub assignment: TopicAssignment,
    /// Its own settings.
    pub overrides: TopicOverrides,
}

impl ControlPlane {
    /// What a topic will be, or why not. `existing`: the topics that there are; `brokers`: those that
    /// replicas may be placed on.
    pub(super) fn plan(
        &mut self,
        ctx: &mut Ctx,
        topic: &CreatableTopic,
        name: &TopicName,
        existing: &[TopicName],
        brokers: &[BrokerId],
    ) -> Result<Plan, Refusal> {
        if existing.contains(name) {
            return Err(exists(name));
        }
        let overrides = overrides(topic)?;
        let sized = topic.num_partitions != -1 || topic.replication_factor != -1;
        let replicas = if topic.assignments.is_empty() {
            self.place(ctx, topic, brokers)?
        } else if sized {
            let text = "Both numPartitions or replicationFactor and replicasAssignments were set. \
                        Both cannot be used at the same time.";
            return Err(refusal(ResponseError::InvalidRequest, text.into()));
        } else {
            given(topic)
        };
        if let Some(text) = topic_name::illegal(name.as_str()) {
            return Err(refusal(ResponseError::InvalidTopicException, text));
        }
        let colliding = topic_name::collisions(name, existing);
        if !colliding.is_empty() {
            let list: Vec<&str> = colliding.iter().map(TopicName::as_str).collect();
            let list = list.join(", ");
            let text = format!("Topic '{name}' collides with existing topics: {list}");
            return Err(refusal(ResponseError::InvalidTopicException, text.into()));
        }
        check_assignment(&replicas)?;
        settings_rules::check_topic(&overrides)
            .map_err(|why| refusal(ResponseError::InvalidConfig, why.message()))?;
        let id = topic_id(ctx);
        let assignment = TopicAssignment { id, partitions: replicas, ..Default::default() };
        Ok(Plan { assignment, overrides })
    }

    fn place(
        &mut self,
        ctx: &mut Ctx,
        topic: &CreatableTopic,
        brokers: &[BrokerId],
    ) -> Result<BTreeMap<PartitionId, Vec<BrokerId>>, Refusal> {
        let partitions = match topic.num_partitions {
            -1 => i32::try_from(self.config.num_partitions).unwrap_or(i32::MAX),
            given => given,
        };
        let default = i16::try_from(self.config.default_replication_factor).unwrap_or(i16::MAX);
        let factor =
            if topic.replication_factor == -1 { default } else { topic.replication_factor };
        let count = u32::try_from(partitions).ok().filter(|count| *count > 0).ok_or_else(|| {
            let text = "Number of partitions must be larger than 0.";
            refusal(ResponseError::InvalidPartitions, text.into())
        })?;
        let factor = u16::try_from(factor).ok().filter(|factor| *factor > 0).ok_or_else(|| {
            let text = "Replication factor must be larger than 0.";
            refusal(ResponseError::InvalidReplicationFactor, text.into())
        })?;
        if usize::from(factor) > brokers.len() {
            let available = brokers.len();
            let text =
                format!("Replication factor: {factor} larger than available brokers: {available}.");
            return Err(refusal(ResponseError::InvalidReplicationFactor, text.into()));
        }
        let bound = brokers.len() as u64;
        let start = u32::try_from(ctx.random_below(Stream::Placement, bound)).unwrap_or(0);
        let shift = ctx.random_below(Stream::Placement, bound);
        let rows = assign_replicas(brokers, count, factor, start, shift);
        Ok((0..).map(PartitionId).zip(rows).ordered())
    }
}

fn overrides(topic: &CreatableTopic) -> Result<TopicOverrides, Refusal> {
    let nulls: Vec<&str> = topic
        .configs
        .iter()
        .filter(|config| config.value.is_none())
        .map(|config| &*config.name)
        .collect();
    if !nulls.is_empty() {
        let text = format!("Null value not supported for topic configs: {}", nulls.join(","));
        return Err(refusal(ResponseError::InvalidConfig, text.into()));
    }
    let pair = |config: &CreatableTopicConfig| {
        Some(((*config.name).into(), (**config.value.as_ref()?).into()))
    };
    Ok(topic.configs.iter().filter_map(pair).ordered())
}

fn given(topic: &CreatableTopic) -> BTreeMap<PartitionId, Vec<BrokerId>> {
    let rows = topic.assignments.iter().map(|row| {
        let replicas = row.broker_ids.iter().map(|id| BrokerId(id.0)).collect();
        (PartitionId(row.partition_index), replicas)
    });
    rows.ordered()
}

/// Brokers that do not exist may be named; Kafka does not check that (measured).
fn check_assignment(partitions: &BTreeMap<PartitionId, Vec<BrokerId>>) -> Result<(), Refusal> {
    let invalid = |text: String| Err(refusal(ResponseError::InvalidReplicaAssignment, text.into()));
    let sizes: BTreeSet<usize> = partitions.values().map(Vec::len).ordered();
    if sizes.len() != 1 || sizes.contains(&0) {
        return invalid("All partitions should have the same number of replicas".into());
    }
    for (partition, replicas) in partitions {
        let distinct: BTreeSet<&BrokerId> = replicas.iter().ordered();
        if distinct.len() != replicas.len() {
            let ids: Vec<String> = replicas.iter().map(ToString::to_string).collect();
            let list = ids.join(", ");
            return invalid(format!("Duplicate replica assignment found: {partition} -> [{list}]"));
        }
    }
    let consecutive = partitions.keys().zip(0..).all(|(partition, index)| partition.0 == index);
    if !consecutive {
        return invalid("partitions should be a consecutive 0-based integer sequence".into());
    }
    Ok(())
}

/// A random UUID, version 4 (Kafka's `Uuid.randomUuid`).
fn topic_id(ctx: &mut Ctx) -> Uuid {
    let high = ctx.random_u64(Stream::Placement) & !0xF000 | 0x4000;
    let low = ctx.random_u64(Stream::Placement) & !(0b11 << 62) | 0b10 << 62;
    Uuid::from_u64_pair(high, low)
}

/// A refusal in words.
pub(super) fn refusal(error: ResponseError, message: Text) -> Refusal {
    Refusal { code: error.code(), message: Some(message) }
}

/// The name is taken.
pub(super) fn exists(name: &TopicName) -> Refusal {
    refusal(ResponseError::TopicAlreadyExists, format!("Topic '{name}' already exists.").into())
}
