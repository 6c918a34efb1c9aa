//! What a consumer program does, alone or as a member of a group.

use serde::{Deserialize, Serialize};

use crate::engine::ids::{Text, TopicName};
use crate::engine::setting::CommitMode;

/// What a consumer program does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerSpec {
    /// The topic that it follows.
    pub topic: TopicName,
    /// Start at the log's beginning (true) or at its end.
    pub from_beginning: bool,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: i32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait_ms: i32,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: i32,
    /// `auto.offset.reset=none`: an offset that is nowhere ends the program.
    pub never_resets: bool,
    /// `group.id`; empty without a group: then it follows all partitions by itself.
    pub group: Text,
    /// `group.instance.id`; empty without one.
    pub instance: Text,
    /// `partition.assignment.strategy`: assignors by name, with commas.
    pub assignors: Text,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `heartbeat.interval.ms`.
    pub heartbeat_interval_ms: i32,
    /// `max.poll.interval.ms`.
    pub max_poll_interval_ms: i32,
    /// `max.poll.records`.
    pub max_poll_records: u32,
    /// `auto.commit.interval.ms`.
    pub auto_commit_interval_ms: i32,
    /// When it commits.
    pub commit: CommitMode,
    /// How long it works on a record, in ms.
    pub work_ms: u32,
}

impl ConsumerSpec {
    /// Kafka 3.9's defaults, from the beginning.
    #[must_use]
    pub fn new(topic: &TopicName) -> ConsumerSpec {
        ConsumerSpec {
            topic: topic.clone(),
            from_beginning: true,
            fetch_min_bytes: 1,
            fetch_max_wait_ms: 500,
            max_partition_fetch_bytes: 1_048_576,
            never_resets: false,
            group: "".into(),
            instance: "".into(),
            assignors: "range,cooperative-sticky".into(),
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 3_000,
            max_poll_interval_ms: 300_000,
            max_poll_records: 500,
            auto_commit_interval_ms: 5_000,
            commit: CommitMode::Auto,
            work_ms: 0,
        }
    }
}
