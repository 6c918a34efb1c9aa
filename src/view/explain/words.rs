//! Words that phrases are made of: names of hosts, lists of brokers, Kafka's names of error codes.

use crate::engine::event::{DropReason, RetentionReason};
use crate::engine::ids::{BrokerId, NodeId};
use crate::view::explain::Names;

/// The name of a host as sentences use it: `broker 2`, `ZooKeeper`, `web`.
#[must_use]
pub fn node_name(node: NodeId, names: &(impl Names + ?Sized)) -> String {
    match node {
        NodeId::Zookeeper => "ZooKeeper".to_owned(),
        NodeId::Broker(id) => format!("broker {id}"),
        NodeId::Client(id) => {
            names.client(id).map_or_else(|| node.to_string(), |name| name.to_string())
        }
    }
}

/// The same name at the beginning of an English sentence. Names that somebody gave stay as they are.
pub(super) fn node_name_first(node: NodeId, names: &(impl Names + ?Sized)) -> String {
    match node {
        NodeId::Broker(id) => format!("Broker {id}"),
        _ => node_name(node, names),
    }
}

/// Brokers as Kafka's tools list them: `2,3`; a dash for none.
pub(super) fn broker_list(brokers: &[BrokerId]) -> String {
    if brokers.is_empty() {
        return "–".to_owned();
    }
    let ids: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    ids.join(",")
}

/// A file length that people can read: `4.0 KB`.
pub(super) fn bytes(count: u64) -> String {
    const KIB: u64 = 1_024;
    match count {
        0..KIB => format!("{count} B"),
        KIB..1_048_576 => format!("{}.{} KB", count / KIB, count % KIB * 10 / KIB),
        _ => format!("{}.{} MB", count / 1_048_576, count % 1_048_576 * 10 / 1_048_576),
    }
}

/// Kafka's name of an error code (`org.apache.kafka.common.protocol.Errors`), or ZooKeeper's (`KeeperException.Code`).
pub(super) fn error_name(code: i16) -> String {
    let name = match code {
        0 => "NONE",
        1 => "OFFSET_OUT_OF_RANGE",
        2 => "CORRUPT_MESSAGE",
        3 => "UNKNOWN_TOPIC_OR_PARTITION",
        5 => "LEADER_NOT_AVAILABLE",
        6 => "NOT_LEADER_OR_FOLLOWER",
        7 => "REQUEST_TIMED_OUT",
        8 => "BROKER_NOT_AVAILABLE",
        9 => "REPLICA_NOT_AVAILABLE",
        10 => "MESSAGE_TOO_LARGE",
        11 => "STALE_CONTROLLER_EPOCH",
        13 => "NETWORK_EXCEPTION",
        14 => "COORDINATOR_LOAD_IN_PROGRESS",
        15 => "COORDINATOR_NOT_AVAILABLE",
        16 => "NOT_COORDINATOR",
        17 => "INVALID_TOPIC_EXCEPTION",
        12 => "OFFSET_METADATA_TOO_LARGE",
        18 => "RECORD_LIST_TOO_LARGE",
        19 => "NOT_ENOUGH_REPLICAS",
        20 => "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        21 => "INVALID_REQUIRED_ACKS",
        22 => "ILLEGAL_GENERATION",
        23 => "INCONSISTENT_GROUP_PROTOCOL",
        24 => "INVALID_GROUP_ID",
        25 => "UNKNOWN_MEMBER_ID",
        26 => "INVALID_SESSION_TIMEOUT",
        27 => "REBALANCE_IN_PROGRESS",
        28 => "INVALID_COMMIT_OFFSET_SIZE",
        32 => "INVALID_TIMESTAMP",
        35 => "UNSUPPORTED_VERSION",
        36 => "TOPIC_ALREADY_EXISTS",
        37 => "INVALID_PARTITIONS",
        38 => "INVALID_REPLICATION_FACTOR",
        39 => "INVALID_REPLICA_ASSIGNMENT",
        40 => "INVALID_CONFIG",
        41 => "NOT_CONTROLLER",
        42 => "INVALID_REQUEST",
        45 => "OUT_OF_ORDER_SEQUENCE_NUMBER",
        46 => "DUPLICATE_SEQUENCE_NUMBER",
        47 => "INVALID_PRODUCER_EPOCH",
        48 => "INVALID_TXN_STATE",
        56 => "KAFKA_STORAGE_ERROR",
        68 => "NON_EMPTY_GROUP",
        69 => "GROUP_ID_NOT_FOUND",
        70 => "FETCH_SESSION_ID_NOT_FOUND",
        71 => "INVALID_FETCH_SESSION_EPOCH",
        74 => "FENCED_LEADER_EPOCH",
        75 => "UNKNOWN_LEADER_EPOCH",
        76 => "UNSUPPORTED_COMPRESSION_TYPE",
        78 => "OFFSET_NOT_AVAILABLE",
        79 => "MEMBER_ID_REQUIRED",
        81 => "GROUP_MAX_SIZE_REACHED",
        82 => "FENCED_INSTANCE_ID",
        86 => "GROUP_SUBSCRIBED_TO_TOPIC",
        87 => "INVALID_RECORD",
        95 => "INVALID_UPDATE_VERSION",
        100 => "UNKNOWN_TOPIC_ID",
        -1 => "UNKNOWN_SERVER_ERROR",
        -101 => "NONODE",
        -103 => "BADVERSION",
        -110 => "NODEEXISTS",
        -112 => "SESSIONEXPIRED",
        _ => return code.to_string(),
    };
    name.to_owned()
}

/// The word of a reason in texts.
pub fn retention_reason(reason: RetentionReason) -> &'static str {
    match reason {
        RetentionReason::StartOffset => "start",
        RetentionReason::Size => "size",
        RetentionReason::Time => "time",
    }
}

/// The word of a reason in texts.
pub fn drop_reason(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Commanded => "commanded",
        DropReason::Refused => "refused",
        DropReason::ConnectionDied => "died",
        DropReason::Cut => "cut",
        DropReason::Chance => "chance",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_the_largest_unit_that_fits() {
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(4_096), "4.0 KB");
        assert_eq!(bytes(1_572_864), "1.5 MB");
    }

    #[test]
    fn an_error_without_a_name_is_told_by_its_number() {
        assert_eq!(error_name(19), "NOT_ENOUGH_REPLICAS");
        assert_eq!(error_name(12_345), "12345");
    }
}
