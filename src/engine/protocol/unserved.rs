//! Answers to APIs that a broker of 3.9 in ZooKeeper mode has and that are not modelled: as it answers them
//! on a cluster where nobody has used transactions, nobody moves replicas between directories, and no
//! feature is known. Measured on a real one, frame by frame (`tests/data/fixed_answers.json`).
//!
//! Unlike those of [`fixed`](super::fixed) they depend on what the broker knows: which partitions there are,
//! who coordinates a group, who is the controller.

use bytes::Bytes;
use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::alter_replica_log_dirs_response::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::update_features_response::UpdatableFeatureResult;
use kafka_protocol::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse, AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, ApiKey,
    EndTxnRequest, EndTxnResponse, TopicName as WireName, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse, UpdateFeaturesRequest, UpdateFeaturesResponse, WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::protocol::fixed::{FixedAnswer, reply, text};

const NOT_CONTROLLER: &str = "This is not the correct controller for this cluster.";
const NAMELESS: &str = "Feature name can not be empty.";
const UNKNOWN_UPGRADE: &str = "Received unknown upgrade type.";
const NOTHING_TO_DELETE: &str = "Can not delete non-existing finalized feature.";
const UNSUPPORTED: &str = "Could not apply finalized feature update because the provided feature is not \
                           supported.";
/// First version of AddPartitionsToTxn that asks for several transactions.
const SEVERAL: i16 = 4;
/// First version of UpdateFeatures with an upgrade type in the place of a flag.
const UPGRADE_TYPES: i16 = 1;
/// `FeatureUpdate.UpgradeType`.
const UPGRADE: i8 = 1;
const UNSAFE_DOWNGRADE: i8 = 3;

/// A request of such an API, as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRequest {
    pub(super) api: ApiKey,
    pub(super) version: i16,
    pub(super) bytes: Bytes,
}

/// What a broker knows that answers depend on.
pub trait Known {
    /// Whether there is such a partition.
    fn has(&self, topic: &str, partition: i32) -> bool;
    /// Whether it leads that partition.
    fn leads(&self, topic: &str, partition: i32) -> bool;
    /// Whether it coordinates a group.
    fn coordinates(&self, group: &str) -> bool;
    /// Whether it is the controller.
    fn is_controller(&self) -> bool;
    /// The error of moving its replica of a partition into a directory; 0 when it is there.
    fn moving(&self, dir: &str, topic: &str, partition: i32) -> i16;
}

/// A request as it came, when it is one of these.
pub(super) fn request(api: ApiKey, version: i16, bytes: &Bytes) -> Option<RawRequest> {
    let is_one = matches!(
        api,
        ApiKey::AddPartitionsToTxn
            | ApiKey::AddOffsetsToTxn
            | ApiKey::EndTxn
            | ApiKey::TxnOffsetCommit
            | ApiKey::WriteTxnMarkers
            | ApiKey::AlterReplicaLogDirs
            | ApiKey::UpdateFeatures
    );
    is_one.then(|| RawRequest { api, version, bytes: bytes.clone() })
}

impl RawRequest {
    /// Number of its API, and its version.
    #[must_use]
    pub fn asks(&self) -> (i16, i16) {
        (self.api as i16, self.version)
    }

    /// The answer of a broker; `None` when the request cannot be read.
    #[must_use]
    pub fn answer(&self, broker: &dyn Known) -> Option<FixedAnswer> {
        let RawRequest { api, version, ref bytes } = *self;
        let nobody = Error::NotCoordinator.code();
        let body = match api {
            ApiKey::AddPartitionsToTxn => {
                reply(bytes, version, |asked| add_partitions(asked, version, broker))
            }
            ApiKey::AddOffsetsToTxn => reply(bytes, version, |_: &AddOffsetsToTxnRequest| {
                AddOffsetsToTxnResponse::default().with_error_code(nobody)
            }),
            ApiKey::EndTxn => reply(bytes, version, |_: &EndTxnRequest| {
                EndTxnResponse::default().with_error_code(nobody)
            }),
            ApiKey::TxnOffsetCommit => reply(bytes, version, |asked| commit_offsets(asked, broker)),
            ApiKey::WriteTxnMarkers => reply(bytes, version, |asked| write_markers(asked, broker)),
            ApiKey::AlterReplicaLogDirs => {
                reply(bytes, version, |asked| alter_log_dirs(asked, broker))
            }
            ApiKey::UpdateFeatures => {
                reply(bytes, version, |asked| update_features(asked, version, broker))
            }
            _ => None,
        };
        body.map(|body| FixedAnswer { api, body })
    }
}

/// A transaction has either all its new partitions or none (`handleAddPartitionsToTxnRequest`).
fn add_partitions(
    asked: &AddPartitionsToTxnRequest,
    version: i16,
    broker: &dyn Known,
) -> AddPartitionsToTxnResponse {
    if version < SEVERAL {
        return AddPartitionsToTxnResponse::default()
            .with_results_by_topic_v3_and_below(added(&asked.v3_and_below_topics, broker));
    }
    let results = asked.transactions.iter().map(|transaction| {
        AddPartitionsToTxnResult::default()
            .with_transactional_id(transaction.transactional_id.clone())
            .with_topic_results(added(&transaction.topics, broker))
    });
    AddPartitionsToTxnResponse::default().with_results_by_transaction(results.collect())
}

fn added(
    topics: &[AddPartitionsToTxnTopic],
    broker: &dyn Known,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let is_there = |topic: &AddPartitionsToTxnTopic, id: i32| broker.has(&topic.name.0, id);
    let all = topics.iter().all(|topic| topic.partitions.iter().all(|id| is_there(topic, *id)));
    let results = topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|id| {
            let error = match is_there(topic, *id) {
                false => Error::UnknownTopicOrPartition,
                true if all => Error::NotCoordinator,
                true => Error::OperationNotAttempted,
            };
            AddPartitionsToTxnPartitionResult::default()
                .with_partition_index(*id)
                .with_partition_error_code(error.code())
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(topic.name.clone())
            .with_results_by_partition(partitions.collect())
    });
    results.collect()
}

/// The group's coordinator asks the transaction's whether that goes on, and finds none
/// (`handleTxnOffsetCommitRequest`, KIP-890). What is unknown comes first.
fn commit_offsets(asked: &TxnOffsetCommitRequest, broker: &dyn Known) -> TxnOffsetCommitResponse {
    let refusal = match broker.coordinates(&asked.group_id) {
        true => Error::CoordinatorNotAvailable,
        false => Error::NotCoordinator,
    };
    let mut topics: Vec<TxnOffsetCommitResponseTopic> = Vec::new();
    for is_known in [false, true] {
        let error = if is_known { refusal } else { Error::UnknownTopicOrPartition };
        for topic in &asked.topics {
            let partitions = topic.partitions.iter().map(|partition| partition.partition_index);
            let partitions = partitions.filter(|id| broker.has(&topic.name.0, *id) == is_known);
            let mut refused = partitions.map(|id| {
                TxnOffsetCommitResponsePartition::default()
                    .with_partition_index(id)
                    .with_error_code(error.code())
            });
            let Some(first) = refused.next() else { continue };
            let refused = std::iter::once(first).chain(refused);
            match topics.iter_mut().find(|told| told.name == topic.name) {
                Some(told) => told.partitions.extend(refused),
                None => topics.push(
                    TxnOffsetCommitResponseTopic::default()
                        .with_name(topic.name.clone())
                        .with_partitions(refused.collect()),
                ),
            }
        }
    }
    TxnOffsetCommitResponse::default().with_topics(topics)
}

/// Markers come from coordinators of transactions, which are not there: a leader refuses as one that lets
/// only brokers write them (`handleWriteTxnMarkersRequest`).
fn write_markers(asked: &WriteTxnMarkersRequest, broker: &dyn Known) -> WriteTxnMarkersResponse {
    let error_of = |topic: &WireName, id: i32| match broker.leads(&topic.0, id) {
        true => Error::ClusterAuthorizationFailed,
        false if broker.has(&topic.0, id) => Error::NotLeaderOrFollower,
        false => Error::UnknownTopicOrPartition,
    };
    let markers = asked.markers.iter().filter(|marker| !marker.topics.is_empty()).map(|marker| {
        let topics = marker.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|id| {
                WritableTxnMarkerPartitionResult::default()
                    .with_partition_index(*id)
                    .with_error_code(error_of(&topic.name, *id).code())
            });
            WritableTxnMarkerTopicResult::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        WritableTxnMarkerResult::default()
            .with_producer_id(marker.producer_id)
            .with_topics(topics.collect())
    });
    WriteTxnMarkersResponse::default().with_markers(markers.collect())
}

fn alter_log_dirs(
    asked: &AlterReplicaLogDirsRequest,
    broker: &dyn Known,
) -> AlterReplicaLogDirsResponse {
    let mut results: Vec<AlterReplicaLogDirTopicResult> = Vec::new();
    for (dir, topic) in asked.dirs.iter().flat_map(|dir| dir.topics.iter().map(move |t| (dir, t))) {
        let partitions = topic.partitions.iter().map(|id| {
            AlterReplicaLogDirPartitionResult::default()
                .with_partition_index(*id)
                .with_error_code(broker.moving(&dir.path, &topic.name.0, *id))
        });
        match results.iter_mut().find(|told| told.topic_name == topic.name) {
            Some(told) => told.partitions.extend(partitions),
            None => results.push(
                AlterReplicaLogDirTopicResult::default()
                    .with_topic_name(topic.name.clone())
                    .with_partitions(partitions.collect()),
            ),
        }
    }
    AlterReplicaLogDirsResponse::default().with_results(results)
}

/// No feature is supported in ZooKeeper mode, and none is finalized
/// (`KafkaController.validateFeatureUpdate`).
fn update_features(
    asked: &UpdateFeaturesRequest,
    version: i16,
    broker: &dyn Known,
) -> UpdateFeaturesResponse {
    if !broker.is_controller() {
        return UpdateFeaturesResponse::default()
            .with_error_code(Error::NotController.code())
            .with_error_message(text(NOT_CONTROLLER));
    }
    let results = asked.feature_updates.iter().map(|update| {
        let level = update.max_version_level;
        let is_upgrade = match version < UPGRADE_TYPES {
            true => !update.allow_downgrade,
            false => update.upgrade_type == UPGRADE,
        };
        let is_unknown = version >= UPGRADE_TYPES
            && !(UPGRADE..=UNSAFE_DOWNGRADE).contains(&update.upgrade_type);
        let words = if update.feature.is_empty() {
            NAMELESS.to_owned()
        } else if is_unknown {
            UNKNOWN_UPGRADE.to_owned()
        } else if level < 1 && is_upgrade {
            let without = "without setting the SAFE downgradeType in the request.";
            format!("Can not provide versionLevel: {level} less than 1 {without}")
        } else if level < 1 {
            NOTHING_TO_DELETE.to_owned()
        } else {
            UNSUPPORTED.to_owned()
        };
        UpdatableFeatureResult::default()
            .with_feature(update.feature.clone())
            .with_error_code(Error::InvalidRequest.code())
            .with_error_message(Some(StrBytes::from_string(words)))
    });
    UpdateFeaturesResponse::default().with_error_message(None).with_results(results.collect())
}
