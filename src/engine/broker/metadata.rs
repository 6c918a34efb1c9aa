//! Metadata and ApiVersions, answered by any broker from what the controller told it
//! (`ZkMetadataCache`, `KafkaApis.handleTopicMetadataRequest`).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::persistent::OrdMap;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId as WireBroker, MetadataRequest, MetadataResponse,
    TopicName as WireName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::engine::address;
use crate::engine::broker::{Broker, Caller};
use crate::engine::controller::topic_name;
use crate::engine::ids::{BrokerId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::{
    LEADER_DURING_DELETE, PartitionState, UpdateMetadataRequest,
};
use crate::engine::protocol::{Api, Response, Unreadable};

/// Addresses of brokers, as answers tell them.
impl Broker {
    pub(super) fn host_of(&self, broker: BrokerId) -> String {
        address::host(self.config.lab_loopback_port, broker)
    }

    pub(super) fn port_of(&self, broker: BrokerId) -> i32 {
        address::port(self.config.lab_loopback_port, broker)
    }
}

/// What a broker knows of the whole cluster.
#[derive(Clone, Debug, Default)]
pub struct MetadataCache {
    partitions: OrdMap<TopicPartition, Rc<PartitionState>>,
    /// Topics by id.
    names: OrdMap<Uuid, TopicName>,
    live: Rc<BTreeSet<BrokerId>>,
}

impl MetadataCache {
    /// Takes in what the controller sent.
    pub fn update(&mut self, request: UpdateMetadataRequest) {
        self.live = Rc::new(request.live_brokers.into_iter().ordered());
        for state in request.partition_states.iter() {
            if state.leader == Some(LEADER_DURING_DELETE) {
                self.partitions.remove(&state.partition);
                self.names.remove(&state.topic_id);
                continue;
            }
            self.names.insert(state.topic_id, state.partition.topic.clone());
            self.partitions.insert(state.partition.clone(), Rc::new(state.clone()));
        }
    }

    /// Whether the partition exists.
    #[must_use]
    pub fn knows(&self, id: &TopicPartition) -> bool {
        self.partitions.contains_key(id)
    }

    /// What the controller said of a partition last.
    #[must_use]
    pub fn state(&self, id: &TopicPartition) -> Option<&PartitionState> {
        self.partitions.get(id).map(|state| &**state)
    }

    /// Whether the topic exists.
    #[must_use]
    pub fn has(&self, topic: &TopicName) -> bool {
        !self.topic(topic).is_empty()
    }

    /// Number of partitions of a topic; 0 when it does not exist.
    #[must_use]
    pub fn count(&self, topic: &TopicName) -> i32 {
        i32::try_from(self.topic(topic).len()).unwrap_or(i32::MAX)
    }

    /// The topic with this id.
    #[must_use]
    pub fn name_of(&self, id: Uuid) -> Option<&TopicName> {
        self.names.get(&id)
    }

    /// Whether the broker is up.
    #[must_use]
    pub fn is_alive(&self, broker: BrokerId) -> bool {
        self.live.contains(&broker)
    }

    /// Brokers that are up, shared.
    #[must_use]
    pub fn live(&self) -> Rc<BTreeSet<BrokerId>> {
        self.live.clone()
    }

    /// Brokers that are up.
    pub fn live_brokers(&self) -> impl Iterator<Item = BrokerId> {
        self.live.iter().copied()
    }

    fn topics(&self) -> BTreeMap<&TopicName, Vec<&PartitionState>> {
        let mut topics: BTreeMap<&TopicName, Vec<&PartitionState>> = BTreeMap::new();
        for (id, state) in &self.partitions {
            topics.entry(&id.topic).or_default().push(state);
        }
        topics
    }

    fn topic(&self, name: &TopicName) -> Vec<&PartitionState> {
        let first = TopicPartition::new(name, crate::engine::ids::PartitionId(0));
        self.partitions
            .range(first..)
            .take_while(|(id, _)| id.topic == *name)
            .map(|(_, state)| &**state)
            .collect()
    }
}

impl Broker {
    pub(super) fn answer_metadata(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &MetadataRequest,
    ) {
        if !self.creates_topics(ctx, caller, request) {
            self.answer_metadata_with(ctx, caller, request, &BTreeMap::new());
        }
    }

    /// `created`: topics that this request has just created, with the error to tell.
    pub(super) fn answer_metadata_with(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &MetadataRequest,
        created: &BTreeMap<TopicName, i16>,
    ) {
        let topics = if is_all_topics(request, caller.version) {
            let all = self.metadata.topics();
            all.into_iter().map(|(name, states)| self.describe(name, &states)).collect()
        } else {
            let wanted = request.topics.iter().flatten();
            wanted.map(|topic| self.describe_wanted(topic, created)).collect()
        };
        let brokers = self.metadata.live_brokers().map(|broker| {
            MetadataResponseBroker::default()
                .with_node_id(WireBroker(broker.0))
                .with_host(StrBytes::from_string(self.host_of(broker)))
                .with_port(self.port_of(broker))
        });
        let controller = self.control.controller().map_or(-1, |broker| broker.0);
        let response = MetadataResponse::default()
            .with_brokers(brokers.collect())
            .with_cluster_id(
                self.control.cluster_id().map(|id| StrBytes::from_string(id.to_string())),
            )
            .with_controller_id(WireBroker(controller))
            .with_topics(topics);
        ctx.send(caller.node, caller.answer(Response::Metadata(response)));
    }

    fn describe_wanted(
        &self,
        wanted: &MetadataRequestTopic,
        created: &BTreeMap<TopicName, i16>,
    ) -> MetadataResponseTopic {
        let name = match named(wanted) {
            Some(name) => name,
            None => match self.metadata.name_of(wanted.topic_id).cloned() {
                Some(name) => name,
                None => {
                    return MetadataResponseTopic::default()
                        .with_error_code(ResponseError::UnknownTopicId.code())
                        .with_topic_id(wanted.topic_id);
                }
            },
        };
        let states = self.metadata.topic(&name);
        if states.is_empty() {
            self.missing_topic(&name, created)
        } else {
            self.describe(&name, &states)
        }
    }

    fn describe(&self, name: &TopicName, states: &[&PartitionState]) -> MetadataResponseTopic {
        let partitions = states.iter().map(|state| self.describe_partition(state)).collect();
        let topic_id = states.first().map(|state| state.topic_id).unwrap_or_default();
        MetadataResponseTopic::default()
            .with_name(Some(wire_name(name)))
            .with_topic_id(topic_id)
            .with_is_internal(topic_name::is_internal(name))
            .with_partitions(partitions)
    }

    /// A partition whose leader is not up answers LEADER_NOT_AVAILABLE with leader −1.
    fn describe_partition(&self, state: &PartitionState) -> MetadataResponsePartition {
        let wire =
            |brokers: &[BrokerId]| brokers.iter().map(|b| WireBroker(b.0)).collect::<Vec<_>>();
        let leader = state.leader.filter(|leader| self.metadata.is_alive(*leader));
        let is_offline =
            |b: &BrokerId| !self.metadata.is_alive(*b) || state.offline_replicas.contains(b);
        let offline: Vec<BrokerId> = state.replicas.iter().copied().filter(is_offline).collect();
        let error = match leader {
            Some(_) => 0,
            None => ResponseError::LeaderNotAvailable.code(),
        };
        MetadataResponsePartition::default()
            .with_error_code(error)
            .with_partition_index(state.partition.partition.0)
            .with_leader_id(WireBroker(leader.map_or(-1, |leader| leader.0)))
            .with_leader_epoch(state.leader_epoch.0)
            .with_replica_nodes(wire(&state.replicas))
            .with_isr_nodes(wire(&state.isr))
            .with_offline_replicas(wire(&offline))
    }

    /// The APIs that a broker has, with Kafka 3.9.1's ranges.
    /// With an error only the range of ApiVersions itself is told (KIP-511).
    pub(super) fn answer_api_versions(&mut self, ctx: &mut Ctx<'_>, caller: Caller, error: i16) {
        let own = ApiKey::ApiVersions as i16;
        let told = TOLD.iter().filter(|(key, _)| error == 0 || *key == own);
        let keys = told.map(|(key, max)| {
            ApiVersion::default().with_api_key(*key).with_min_version(0).with_max_version(*max)
        });
        let response =
            ApiVersionsResponse::default().with_error_code(error).with_api_keys(keys.collect());
        ctx.send(caller.node, caller.answer(Response::ApiVersions(response)));
    }

    /// What cannot be read ends the connection, but ApiVersions in an unknown version: that is
    /// answered in version 0, so that the client learns what is spoken here.
    pub(super) fn answer_unreadable(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        what: Unreadable,
    ) {
        match what {
            Unreadable::Garbage => ctx.disconnect(caller.node),
            Unreadable::Answered(answer) => {
                ctx.send(caller.node, caller.answer(Response::Fixed(answer)));
            }
            Unreadable::Unserved(request) => self.answer_unserved(ctx, caller, &request),
            Unreadable::ApiVersionsVersion => {
                let caller = Caller { version: 0, ..caller };
                let error = ResponseError::UnsupportedVersion.code();
                self.answer_api_versions(ctx, caller, error);
            }
        }
    }
}

/// Whether a client may ask for this API in this version. What the table does not have is between
/// brokers, or is answered by closing the connection.
pub(super) fn serves(api: Api, version: i16) -> bool {
    let range = SERVED.iter().find(|served| served.0 == api);
    match range {
        Some((_, _, min, max)) => (*min..=*max).contains(&version),
        None => api == Api::Unreadable,
    }
}

/// Whether an API is told in this version.
pub(super) fn tells(api: i16, version: i16) -> bool {
    TOLD.iter().any(|(key, max)| *key == api && (0..=*max).contains(&version))
}

/// Whether a request asks for everything: without a list, or before version 1 with an empty one.
pub(super) fn is_all_topics(request: &MetadataRequest, version: i16) -> bool {
    request.topics.as_ref().is_none_or(|topics| version == 0 && topics.is_empty())
}

/// The topic that an entry names; version 12 may give an id instead.
pub(super) fn named(topic: &MetadataRequestTopic) -> Option<TopicName> {
    topic.name.as_ref().map(|name| TopicName::new(&name.0))
}

/// A topic's name as messages have it.
pub(super) fn wire_name(name: &TopicName) -> WireName {
    WireName(StrBytes::from_string(name.as_str().to_owned()))
}

/// What a broker in ZooKeeper mode tells (`kafka-broker-api-versions`): APIs by number with their last
/// version. All are told from 0, and clients take what they are told for a sign of its age: librdkafka
/// before 2.8 compresses nothing when Produce does not begin there (KAFKA-18659).
const TOLD: &[(i16, i16)] = &[
    (0, 11),
    (1, 17),
    (2, 9),
    (3, 12),
    (4, 7),
    (5, 4),
    (6, 8),
    (7, 3),
    (8, 9),
    (9, 9),
    (10, 6),
    (11, 9),
    (12, 4),
    (13, 5),
    (14, 5),
    (15, 5),
    (16, 5),
    (17, 1),
    (18, 4),
    (19, 7),
    (20, 6),
    (21, 2),
    (22, 5),
    (23, 4),
    (24, 5),
    (25, 4),
    (26, 4),
    (27, 1),
    (28, 4),
    (29, 3),
    (30, 3),
    (31, 3),
    (32, 4),
    (33, 2),
    (34, 2),
    (35, 4),
    (36, 2),
    (37, 3),
    (38, 3),
    (39, 2),
    (40, 2),
    (41, 3),
    (42, 2),
    (43, 2),
    (44, 1),
    (45, 0),
    (46, 0),
    (47, 0),
    (48, 1),
    (49, 1),
    (50, 0),
    (51, 0),
    (56, 3),
    (57, 1),
    (58, 0),
    (60, 1),
    (61, 0),
    (65, 0),
    (66, 1),
    (67, 0),
    (68, 0),
    (69, 0),
];

/// What of it is served to clients; the rest is refused by closing the connection.
const SERVED: &[(Api, ApiKey, i16, i16)] = &[
    (Api::Produce, ApiKey::Produce, 3, 11),
    (Api::Fetch, ApiKey::Fetch, 0, 17),
    (Api::ListOffsets, ApiKey::ListOffsets, 1, 9),
    (Api::Metadata, ApiKey::Metadata, 0, 12),
    (Api::ApiVersions, ApiKey::ApiVersions, 0, 4),
    (Api::OffsetCommit, ApiKey::OffsetCommit, 2, 9),
    (Api::OffsetFetch, ApiKey::OffsetFetch, 1, 9),
    (Api::FindCoordinator, ApiKey::FindCoordinator, 0, 6),
    (Api::JoinGroup, ApiKey::JoinGroup, 0, 9),
    (Api::Heartbeat, ApiKey::Heartbeat, 0, 4),
    (Api::LeaveGroup, ApiKey::LeaveGroup, 0, 5),
    (Api::SyncGroup, ApiKey::SyncGroup, 0, 5),
    (Api::DescribeGroups, ApiKey::DescribeGroups, 0, 5),
    (Api::ListGroups, ApiKey::ListGroups, 0, 5),
    (Api::CreateTopics, ApiKey::CreateTopics, 2, 7),
    (Api::InitProducerId, ApiKey::InitProducerId, 0, 5),
    (Api::DeleteTopics, ApiKey::DeleteTopics, 1, 6),
    (Api::CreatePartitions, ApiKey::CreatePartitions, 0, 3),
    (Api::DeleteGroups, ApiKey::DeleteGroups, 0, 2),
    (Api::ElectLeaders, ApiKey::ElectLeaders, 0, 2),
    (Api::DescribeConfigs, ApiKey::DescribeConfigs, 1, 4),
    (Api::AlterConfigs, ApiKey::AlterConfigs, 0, 2),
    (Api::DescribeLogDirs, ApiKey::DescribeLogDirs, 1, 4),
    (Api::IncrementalAlterConfigs, ApiKey::IncrementalAlterConfigs, 0, 1),
    (Api::OffsetForLeaderEpoch, ApiKey::OffsetForLeaderEpoch, 2, 4),
    (Api::DeleteRecords, ApiKey::DeleteRecords, 0, 2),
    (Api::AlterPartitionReassignments, ApiKey::AlterPartitionReassignments, 0, 0),
    (Api::ListPartitionReassignments, ApiKey::ListPartitionReassignments, 0, 0),
    (Api::OffsetDelete, ApiKey::OffsetDelete, 0, 0),
    (Api::DescribeCluster, ApiKey::DescribeCluster, 0, 1),
    (Api::DescribeAcls, ApiKey::DescribeAcls, 1, 3),
    (Api::DescribeClientQuotas, ApiKey::DescribeClientQuotas, 0, 1),
    (Api::AlterClientQuotas, ApiKey::AlterClientQuotas, 0, 1),
    (Api::DescribeProducers, ApiKey::DescribeProducers, 0, 0),
    (Api::DescribeTransactions, ApiKey::DescribeTransactions, 0, 0),
    (Api::ListTransactions, ApiKey::ListTransactions, 0, 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_served_up_to_kafkas_own_version() {
        for (_, key, _, max) in SERVED {
            let kafka = TOLD.iter().find(|range| range.0 == *key as i16);
            assert_eq!(kafka.map(|range| range.1), Some(*max), "{key:?}");
        }
    }
}
