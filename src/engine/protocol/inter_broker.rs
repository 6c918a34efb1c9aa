//! Messages between controller and brokers in ZooKeeper mode. Field names are Kafka's
//! (`clients/src/main/resources/common/message/{LeaderAndIsr,UpdateMetadata,…}Request.json`).
//!
//! The crate of Kafka's messages no longer has these, so they are plain values here. Error codes are
//! Kafka's numbers (`kafka_protocol::ResponseError`); 0 is none.

use std::collections::BTreeMap;
use std::rc::Rc;

use uuid::Uuid;

use crate::engine::ids::{
    BrokerEpoch, BrokerId, ControllerEpoch, LeaderEpoch, PartitionEpoch, Text, TopicName,
    TopicPartition,
};

/// Leader of a partition whose topic is being deleted (`LeaderAndIsr.LeaderDuringDelete`).
pub const LEADER_DURING_DELETE: BrokerId = BrokerId(-2);

/// Leadership of partitions, to the brokers that hold replicas of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderAndIsrRequest {
    /// Who sends.
    pub controller_id: BrokerId,
    /// Its reign; older ones are refused with STALE_CONTROLLER_EPOCH (11).
    pub controller_epoch: ControllerEpoch,
    /// Registration of the broker that it is for (KIP-380); one that has registered anew since refuses
    /// it with STALE_BROKER_EPOCH (77).
    pub broker_epoch: BrokerEpoch,
    /// What changed, or everything this broker holds.
    pub partition_states: Vec<PartitionState>,
}

/// One partition, as the controller last wrote it to its `state` znode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// Which.
    pub partition: TopicPartition,
    /// Id of its topic.
    pub topic_id: Uuid,
    /// Reign of the controller that wrote it.
    pub controller_epoch: ControllerEpoch,
    /// `None` is −1: nobody leads.
    pub leader: Option<BrokerId>,
    /// Number of the leader's reign.
    pub leader_epoch: LeaderEpoch,
    /// In-sync replicas, in ISR order.
    pub isr: Vec<BrokerId>,
    /// zkVersion of the `state` znode.
    pub partition_epoch: PartitionEpoch,
    /// Assigned replicas, preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// Those of them that are in failed log directories (of UpdateMetadata only, where Kafka counts
    /// those on dead brokers too; here `live_brokers` tells of these).
    pub offline_replicas: Vec<BrokerId>,
    /// True when the log does not exist yet and must be created.
    pub is_new: bool,
}

/// Answer to [`LeaderAndIsrRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderAndIsrResponse {
    /// 0, STALE_CONTROLLER_EPOCH (11) or STALE_BROKER_EPOCH (77).
    pub error_code: i16,
    /// Partitions in failed log directories: KAFKA_STORAGE_ERROR (56). Others have none.
    pub partition_errors: BTreeMap<TopicPartition, i16>,
}

/// Replicas that a broker is to stop: to follow no longer, or to delete (version 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopReplicaRequest {
    /// Who sends.
    pub controller_id: BrokerId,
    /// Its reign; older ones are refused with STALE_CONTROLLER_EPOCH (11).
    pub controller_epoch: ControllerEpoch,
    /// Registration of the broker that it is for (KIP-380); one that has registered anew since refuses
    /// it with STALE_BROKER_EPOCH (77).
    pub broker_epoch: BrokerEpoch,
    /// What is to stop.
    pub partition_states: Vec<StopReplicaPartitionState>,
}

/// One replica that is to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopReplicaPartitionState {
    /// Which.
    pub partition: TopicPartition,
    /// The leader's reign as the controller knows it; [`LeaderEpoch::DURING_DELETE`] when the topic
    /// goes, [`LeaderEpoch::NONE`] when there is no state. Older ones are refused with
    /// FENCED_LEADER_EPOCH (74).
    pub leader_epoch: LeaderEpoch,
    /// Whether its log goes too.
    pub delete_partition: bool,
}

/// Answer to [`StopReplicaRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopReplicaResponse {
    /// 0, STALE_CONTROLLER_EPOCH (11) or STALE_BROKER_EPOCH (77).
    pub error_code: i16,
    /// Partition by partition: 0, FENCED_LEADER_EPOCH (74) or KAFKA_STORAGE_ERROR (56).
    pub partition_errors: BTreeMap<TopicPartition, i16>,
}

/// The whole cluster's metadata, to every live broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateMetadataRequest {
    /// Who sends.
    pub controller_id: BrokerId,
    /// Its reign.
    pub controller_epoch: ControllerEpoch,
    /// Registration of the broker that it is for (KIP-380); one that has registered anew since refuses
    /// it with STALE_BROKER_EPOCH (77).
    pub broker_epoch: BrokerEpoch,
    /// Changed partitions, or all; the same for every broker.
    pub partition_states: Rc<[PartitionState]>,
    /// Brokers that are up.
    pub live_brokers: Vec<BrokerId>,
}

/// Answer to [`UpdateMetadataRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateMetadataResponse {
    /// 0, STALE_CONTROLLER_EPOCH (11) or STALE_BROKER_EPOCH (77).
    pub error_code: i16,
}

/// A broker asks the controller to take its leaderships away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlledShutdownRequest {
    /// Who is stopping.
    pub broker_id: BrokerId,
    /// Its registration; an older one is refused with STALE_BROKER_EPOCH (77).
    pub broker_epoch: BrokerEpoch,
}

/// Answer to [`ControlledShutdownRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlledShutdownResponse {
    /// 0, NOT_CONTROLLER (41) or STALE_BROKER_EPOCH (77).
    pub error_code: i16,
    /// Partitions that the broker still leads because nobody else can.
    pub remaining_partitions: Vec<TopicPartition>,
}

/// A leader asks the controller to change ISRs (KIP-497).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterPartitionRequest {
    /// The leader.
    pub broker_id: BrokerId,
    /// Its registration; another is refused with STALE_BROKER_EPOCH (77).
    pub broker_epoch: BrokerEpoch,
    /// The changes wanted.
    pub partitions: Vec<AlterPartition>,
}

/// One wanted ISR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterPartition {
    /// Which.
    pub partition: TopicPartition,
    /// The leader's reign.
    pub leader_epoch: LeaderEpoch,
    /// The ISR wanted, in order.
    pub new_isr: Vec<BrokerId>,
    /// The state it is based on.
    pub partition_epoch: PartitionEpoch,
}

/// Answer to [`AlterPartitionRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterPartitionResponse {
    /// 0; NOT_CONTROLLER (41) or STALE_BROKER_EPOCH (77) for the whole request.
    pub error_code: i16,
    /// Partition by partition: the new state, or why not: FENCED_LEADER_EPOCH (74),
    /// INVALID_UPDATE_VERSION (95), UNKNOWN_TOPIC_OR_PARTITION (3).
    pub partitions: BTreeMap<TopicPartition, Result<AlteredPartition, i16>>,
}

/// The state after an accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlteredPartition {
    /// The leader, unchanged.
    pub leader: BrokerId,
    /// Its reign, unchanged.
    pub leader_epoch: LeaderEpoch,
    /// The ISR as committed.
    pub isr: Vec<BrokerId>,
    /// The new zkVersion.
    pub partition_epoch: PartitionEpoch,
}

/// A topic's own settings, Kafka's names and text values.
pub type TopicOverrides = BTreeMap<Text, Text>;

/// A topic and its settings as read from `/config/topics/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// The topic.
    pub topic: TopicName,
    /// Its own settings.
    pub overrides: TopicOverrides,
}
