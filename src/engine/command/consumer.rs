//! What a consumer program does, alone or as a member of a group, and what it can be told.

use serde::{Deserialize, Serialize};

use crate::engine::ids::{Text, TopicName, TopicPartition};
use crate::engine::setting::CommitMode;

/// Default of `max.poll.records`.
const MAX_POLL_RECORDS: u32 = 500;

/// What a consumer's application is told to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsumerCommand {
    /// To read on somewhere else (`seek`, `seekToBeginning`, `seekToEnd`, `offsetsForTimes`).
    Seek {
        /// The partition, which must be its own.
        partition: TopicPartition,
        /// Where.
        to: SeekPlace,
    },
    /// To get no records of these partitions (`pause`).
    Pause {
        /// The partitions, which must be its own.
        partitions: Vec<TopicPartition>,
    },
    /// To get records of these partitions again (`resume`).
    Resume {
        /// The partitions, which must be its own.
        partitions: Vec<TopicPartition>,
    },
}

impl ConsumerCommand {
    /// The partitions that it is about.
    #[must_use]
    pub fn partitions(&self) -> &[TopicPartition] {
        match self {
            ConsumerCommand::Seek { partition, .. } => std::slice::from_ref(partition),
            ConsumerCommand::Pause { partitions } | ConsumerCommand::Resume { partitions } => {
                partitions
            }
        }
    }
}

/// Where a consumer is to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeekPlace {
    /// At an offset, whether the log has it or not. Not negative.
    Offset(i64),
    /// Where the log begins.
    Beginning,
    /// Where the log ends.
    End,
    /// At the first record of this time or later, in ms since 1970.
    Time(i64),
}

/// What a consumer program does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerSpec {
    /// The topic that it follows, or the first of them; empty with a pattern.
    pub topic: TopicName,
    /// The other topics that it follows.
    pub more_topics: Vec<TopicName>,
    /// A regular expression for the topics that it follows; empty: it follows those named.
    pub topic_pattern: Text,
    /// Start at the log's beginning (true) or at its end.
    pub from_beginning: bool,
    /// Start at the first record of this time or later, in ms since 1970, whatever was committed.
    pub from_time: Option<i64>,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: i32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait_ms: i32,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: i32,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: i32,
    /// `isolation.level=read_committed`.
    pub read_committed: bool,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i32,
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
    /// Whether its application polls and works: as a member of a group, or because it has work to do or
    /// takes little at once. Else it takes what comes.
    #[must_use]
    pub fn polls(&self) -> bool {
        !self.group.is_empty() || self.work_ms > 0 || self.max_poll_records < MAX_POLL_RECORDS
    }

    /// What it follows, in one word: the topics, with commas, or the pattern.
    #[must_use]
    pub fn follows(&self) -> String {
        if !self.topic_pattern.is_empty() {
            return self.topic_pattern.to_string();
        }
        let mut all = self.topic.to_string();
        for topic in &self.more_topics {
            all.push(',');
            all.push_str(topic.as_str());
        }
        all
    }

    /// Kafka 3.9's defaults, from the beginning.
    #[must_use]
    pub fn new(topic: &TopicName) -> ConsumerSpec {
        ConsumerSpec {
            topic: topic.clone(),
            more_topics: Vec::new(),
            topic_pattern: "".into(),
            from_beginning: true,
            from_time: None,
            fetch_min_bytes: 1,
            fetch_max_wait_ms: 500,
            max_partition_fetch_bytes: 1_048_576,
            fetch_max_bytes: 52_428_800,
            read_committed: false,
            request_timeout_ms: 30_000,
            metadata_max_age_ms: 300_000,
            never_resets: false,
            group: "".into(),
            instance: "".into(),
            assignors: "range,cooperative-sticky".into(),
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 3_000,
            max_poll_interval_ms: 300_000,
            max_poll_records: MAX_POLL_RECORDS,
            auto_commit_interval_ms: 5_000,
            commit: CommitMode::Auto,
            work_ms: 0,
        }
    }
}
