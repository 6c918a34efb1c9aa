//! Answers to AlterPartitionReassignments and ListPartitionReassignments.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_partition_reassignments_response::{
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use kafka_protocol::messages::list_partition_reassignments_response::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use kafka_protocol::messages::{
    self as kafka, AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
};

use crate::engine::controller::ControlPlane;
use crate::engine::controller::operation::Asker;
use crate::engine::controller::topic_plan::Refusal;
use crate::engine::ids::{BrokerId, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::{Payload, Response};

/// What an AlterPartitionReassignments request is told.
#[derive(Clone, Debug)]
pub struct Answers {
    asker: Asker,
    error: i16,
    partitions: BTreeMap<TopicPartition, Option<Refusal>>,
}

impl Answers {
    /// Nothing yet.
    #[must_use]
    pub fn new(asker: Asker) -> Answers {
        Answers { asker, error: 0, partitions: BTreeMap::new() }
    }

    /// The request as a whole is refused.
    #[must_use]
    pub fn refused(
        asker: Asker,
        _request: &AlterPartitionReassignmentsRequest,
        error: ResponseError,
    ) -> Answers {
        Answers { asker, error: error.code(), partitions: BTreeMap::new() }
    }

    /// A partition's reassignment began, or why not.
    pub fn add(&mut self, partition: TopicPartition, refusal: Option<Refusal>) {
        self.partitions.insert(partition, refusal);
    }

    /// The controller has changed: nothing more is known.
    pub fn abandon(mut self, ctx: &mut Ctx) {
        self.error = ResponseError::NotController.code();
        self.partitions.clear();
        self.send(ctx);
    }

    /// Sends the answer.
    pub fn send(self, ctx: &mut Ctx) {
        let mut topics: Vec<ReassignableTopicResponse> = Vec::new();
        for (partition, refusal) in self.partitions {
            let (code, words) = refusal.map_or((0, None), |r| (r.code, r.message));
            let row = ReassignablePartitionResponse::default()
                .with_partition_index(partition.partition.0)
                .with_error_code(code)
                .with_error_message(words.map(|words| words.to_string().into()));
            match topics.last_mut().filter(|last| last.name.as_str() == partition.topic.as_str()) {
                Some(last) => last.partitions.push(row),
                None => topics.push(
                    ReassignableTopicResponse::default()
                        .with_name(wire(&partition.topic))
                        .with_partitions(vec![row]),
                ),
            }
        }
        let Asker { from, correlation, version } = self.asker;
        let response = AlterPartitionReassignmentsResponse::default()
            .with_error_code(self.error)
            .with_responses(topics);
        let body = Response::AlterPartitionReassignments(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }
}

impl ControlPlane {
    /// A ListPartitionReassignments request: what is being moved now.
    pub(super) fn list_reassignments(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &ListPartitionReassignmentsRequest,
    ) {
        let mut response = ListPartitionReassignmentsResponse::default();
        if self.active {
            response.topics = self.reassignments(request);
        } else {
            response.error_code = ResponseError::NotController.code();
        }
        let Asker { from, correlation, version } = asker;
        let body = Response::ListPartitionReassignments(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }

    fn reassignments(
        &self,
        request: &ListPartitionReassignmentsRequest,
    ) -> Vec<OngoingTopicReassignment> {
        let asked: Option<BTreeSet<TopicPartition>> = request.topics.as_ref().map(|topics| {
            let all = topics.iter().flat_map(|topic| {
                let name = TopicName::new(&topic.name);
                let indexes = topic.partition_indexes.iter();
                indexes.map(move |index| TopicPartition::new(&name, PartitionId(*index)))
            });
            all.ordered()
        });
        let mut topics: Vec<OngoingTopicReassignment> = Vec::new();
        for (partition, entry) in &self.context.partitions {
            let assignment = entry.assignment();
            let wanted = asked.as_ref().is_none_or(|asked| asked.contains(partition));
            if !wanted || !assignment.is_moving() {
                continue;
            }
            let row = OngoingPartitionReassignment::default()
                .with_partition_index(partition.partition.0)
                .with_replicas(ids(&assignment.replicas))
                .with_adding_replicas(ids(&assignment.adding))
                .with_removing_replicas(ids(&assignment.removing));
            match topics.last_mut().filter(|last| last.name.as_str() == partition.topic.as_str()) {
                Some(last) => last.partitions.push(row),
                None => topics.push(
                    OngoingTopicReassignment::default()
                        .with_name(wire(&partition.topic))
                        .with_partitions(vec![row]),
                ),
            }
        }
        topics
    }
}

fn ids(brokers: &[BrokerId]) -> Vec<kafka::BrokerId> {
    brokers.iter().map(|id| kafka::BrokerId(id.0)).collect()
}

fn wire(topic: &TopicName) -> kafka::TopicName {
    kafka::TopicName(topic.as_str().to_owned().into())
}
