//! Settings of a world, its brokers and its topics, with the defaults of Kafka 3.9.
//!
//! Names are Kafka's; values are typed once, here, so that the rest of the engine never parses text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::error::ConfigError;
use crate::engine::ids::Text;
use crate::engine::setting::{
    CleanupPolicy, CompressionType, LogDirs, Ratio, Setting, TimestampKind, Truncation,
};
use crate::engine::time::Micros;

/// Everything a world starts from. The same config and commands give the same events everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldConfig {
    /// Seed of every random stream.
    pub seed: u64,
    /// Number of brokers, with ids from 1. In `1..=32`.
    pub brokers: u16,
    /// Every link starts as this.
    pub link: LinkConfig,
    /// Server settings, the same for every broker.
    pub broker: BrokerConfig,
    /// Milliseconds since 1970 at world time 0: what record timestamps count from.
    pub epoch_ms: i64,
    /// Encode and decode every message at delivery; the events are the same either way. Built
    /// without the feature `wire`, as the page is, a world keeps this setting and passes messages on
    /// as they are.
    pub wire_mode: bool,
    /// Brokers start by themselves as the world begins; otherwise their hosts are there and wait for
    /// somebody to start them.
    pub boot: bool,
}

impl Default for WorldConfig {
    fn default() -> WorldConfig {
        WorldConfig {
            seed: 1,
            brokers: 3,
            link: LinkConfig::default(),
            broker: BrokerConfig::default(),
            epoch_ms: 1_767_225_600_000,
            wire_mode: false,
            boot: true,
        }
    }
}

/// Delay of one direction of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkConfig {
    /// Least one-way delay. At least 1 µs.
    pub latency: Micros,
    /// A message takes up to this much longer, drawn evenly from the network's stream.
    pub jitter: Micros,
}

impl Default for LinkConfig {
    fn default() -> LinkConfig {
        LinkConfig { latency: Micros(1_000), jitter: Micros(100) }
    }
}

/// Most of an INT among Kafka's types; what may be more is a LONG.
const INT: i64 = 2_147_483_647;
/// Most of a LONG.
const LONG: i64 = i64::MAX;

macro_rules! settings {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $key:literal $field:ident: $ty:ty = $default:expr, $range:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $ty,)* }

        impl Default for $name {
            fn default() -> $name { $name { $($field: $default,)* } }
        }

        impl $name {
            /// Kafka's names of the settings modelled here, in order.
            pub const KEYS: &'static [&'static str] = &[$($key),*];

            /// Sets one setting from Kafka's text form.
            ///
            /// # Errors
            /// The name is not modelled, or the value does not parse or is out of range.
            pub fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
                match key {
                    $($key => { self.$field = parse(key, value, $range)?; Ok(()) })*
                    _ => Err(ConfigError::Unknown { key: key.into() }),
                }
            }

            /// The setting in Kafka's text form; `None` when the name is not modelled.
            #[must_use]
            pub fn get(&self, key: &str) -> Option<String> {
                match key {
                    $($key => Some(Setting::text(&self.$field)),)*
                    _ => None,
                }
            }

            /// Least and most of a setting, as far as it is a number.
            #[must_use]
            pub fn range(key: &str) -> Option<(i64, i64)> {
                match key {
                    $($key => Some($range),)*
                    _ => None,
                }
            }
        }
    };
}

settings! {
    /// Server settings (`config/server.properties`). Sources: `vectors/configs.json`, KafkaConfig.
    BrokerConfig {
        /// How long a follower may be behind before it leaves the ISR, in ms.
        "replica.lag.time.max.ms" replica_lag_time_max_ms: i64 = 30_000, (1, i64::MAX);
        /// How long a leader holds a follower's fetch that has nothing to answer, in ms.
        "replica.fetch.wait.max.ms" replica_fetch_wait_max_ms: i64 = 500, (1, i64::MAX);
        /// Bytes that complete a follower's fetch.
        "replica.fetch.min.bytes" replica_fetch_min_bytes: i64 = 1, (0, i64::MAX);
        /// Most bytes of one partition in a follower's fetch.
        "replica.fetch.max.bytes" replica_fetch_max_bytes: i64 = 1_048_576, (0, i64::MAX);
        /// Pause of a fetcher after an error, in ms.
        "replica.fetch.backoff.ms" replica_fetch_backoff_ms: i64 = 1_000, (0, i64::MAX);
        /// Names of the log directories, each on a disk of its own; empty: there is one.
        "log.dirs" log_dirs: LogDirs = LogDirs::default(), (0, 0);
        /// How often high watermarks are written to disk, in ms.
        "replica.high.watermark.checkpoint.interval.ms" replica_high_watermark_checkpoint_interval_ms: i64 = 5_000, (1, i64::MAX);
        /// Silence after which ZooKeeper ends a broker's session, in ms.
        "zookeeper.session.timeout.ms" zookeeper_session_timeout_ms: i64 = 18_000, (1, i64::MAX);
        /// Whether a broker hands its leaderships over before a clean stop.
        "controlled.shutdown.enable" controlled_shutdown_enable: bool = true, (0, 1);
        /// Whether asking for a topic's metadata creates it.
        "auto.create.topics.enable" auto_create_topics_enable: bool = true, (0, 1);
        /// Whether topics can be deleted.
        "delete.topic.enable" delete_topic_enable: bool = true, (0, 1);
        /// Partitions of a topic created without a number.
        "num.partitions" num_partitions: i64 = 1, (1, i64::MAX);
        /// Replicas of a topic created without a number.
        "default.replication.factor" default_replication_factor: i64 = 1, (1, i64::MAX);
        /// Whether leaderships return to the preferred replica by themselves.
        "auto.leader.rebalance.enable" auto_leader_rebalance_enable: bool = true, (0, 1);
        /// How often the controller looks whether they should, in seconds.
        "leader.imbalance.check.interval.seconds" leader_imbalance_check_interval_seconds: i64 = 300, (1, i64::MAX);
        /// Share of a broker's preferred partitions, in percent, that others may lead before they do.
        "leader.imbalance.per.broker.percentage" leader_imbalance_per_broker_percentage: i64 = 10, (0, i64::MAX);
        /// Cluster default of the topic setting.
        "unclean.leader.election.enable" unclean_leader_election_enable: bool = false, (0, 1);
        /// Cluster default of the topic setting.
        "min.insync.replicas" min_insync_replicas: i64 = 1, (1, INT);
        /// Cluster default of `segment.bytes`.
        "log.segment.bytes" log_segment_bytes: i64 = 1_073_741_824, (14, 2_147_483_647);
        /// Cluster default of `index.interval.bytes`.
        "log.index.interval.bytes" log_index_interval_bytes: i64 = 4_096, (0, INT);
        /// Silence after which a partition forgets an idempotent producer, in ms.
        "producer.id.expiration.ms" producer_id_expiration_ms: i64 = 86_400_000, (1, i64::MAX);
        /// How often that is looked for, in ms.
        "producer.id.expiration.check.interval.ms" producer_id_expiration_check_interval_ms: i64 = 600_000, (1, i64::MAX);
        /// Cluster default of `message.downconversion.enable`.
        "log.message.downconversion.enable" log_message_downconversion_enable: bool = true, (0, 1);
        /// Cluster default of `max.message.bytes`.
        "message.max.bytes" message_max_bytes: i64 = 1_048_588, (0, INT);
        /// Cluster default of the topic setting.
        "compression.type" compression_type: CompressionType = CompressionType::Producer, (0, 0);
        /// Cluster default of `message.timestamp.type`.
        "log.message.timestamp.type" log_message_timestamp_type: TimestampKind = TimestampKind::CreateTime, (0, 0);
        /// Cluster default of `message.timestamp.before.max.ms`.
        "log.message.timestamp.before.max.ms" log_message_timestamp_before_max_ms: i64 = LONG, (0, LONG);
        /// Cluster default of `message.timestamp.after.max.ms`.
        "log.message.timestamp.after.max.ms" log_message_timestamp_after_max_ms: i64 = LONG, (0, LONG);
        /// Cluster default of `segment.ms`, in ms; not set, `log.roll.hours` counts.
        "log.roll.ms" log_roll_ms: Option<i64> = None, (1, LONG);
        /// Cluster default of `segment.ms`, in hours.
        "log.roll.hours" log_roll_hours: i64 = 168, (1, INT);
        /// Cluster default of `segment.jitter.ms`, in ms; not set, `log.roll.jitter.hours` counts.
        "log.roll.jitter.ms" log_roll_jitter_ms: Option<i64> = None, (0, LONG);
        /// Cluster default of `segment.jitter.ms`, in hours.
        "log.roll.jitter.hours" log_roll_jitter_hours: i64 = 0, (0, INT);
        /// Cluster default of `segment.index.bytes`.
        "log.index.size.max.bytes" log_index_size_max_bytes: i64 = 10_485_760, (4, INT);
        /// Cluster default of `retention.ms`, in ms; not set, minutes and then hours count.
        "log.retention.ms" log_retention_ms: Option<i64> = None, (-1, LONG);
        /// Cluster default of `retention.ms`, in minutes.
        "log.retention.minutes" log_retention_minutes: Option<i64> = None, (-1, INT);
        /// Cluster default of `retention.ms`, in hours.
        "log.retention.hours" log_retention_hours: i64 = 168, (-1, INT);
        /// Cluster default of `retention.bytes`.
        "log.retention.bytes" log_retention_bytes: i64 = -1, (-LONG, LONG);
        /// How often logs are looked through for what may go, in ms.
        "log.retention.check.interval.ms" log_retention_check_interval_ms: i64 = 300_000, (1, LONG);
        /// How long after a start the logs' periodic tasks run first, in ms.
        "log.initial.task.delay.ms" log_initial_task_delay_ms: i64 = 30_000, (0, LONG);
        /// Cluster default of `cleanup.policy`.
        "log.cleanup.policy" log_cleanup_policy: CleanupPolicy = CleanupPolicy::DELETE, (0, 0);
        /// Cluster default of `file.delete.delay.ms`.
        "log.segment.delete.delay.ms" log_segment_delete_delay_ms: i64 = 60_000, (0, LONG);
        /// Cluster default of `flush.messages`.
        "log.flush.interval.messages" log_flush_interval_messages: i64 = LONG, (1, LONG);
        /// Cluster default of `flush.ms`; not set, the scheduler's interval counts.
        "log.flush.interval.ms" log_flush_interval_ms: Option<i64> = None, (0, LONG);
        /// How often logs are looked through for what is to be flushed, in ms.
        "log.flush.scheduler.interval.ms" log_flush_scheduler_interval_ms: i64 = LONG, (1, LONG);
        /// How often recovery points are written to disk, in ms.
        "log.flush.offset.checkpoint.interval.ms" log_flush_offset_checkpoint_interval_ms: i64 = 60_000, (1, INT);
        /// How often log start offsets are written to disk, in ms.
        "log.flush.start.offset.checkpoint.interval.ms" log_flush_start_offset_checkpoint_interval_ms: i64 = 60_000, (1, INT);
        /// Whether logs are compacted at all.
        "log.cleaner.enable" log_cleaner_enable: bool = true, (0, 1);
        /// How long the cleaner sleeps when no log is to be cleaned, in ms.
        "log.cleaner.backoff.ms" log_cleaner_backoff_ms: i64 = 15_000, (0, LONG);
        /// Number of cleaners that share the memory below. They take no time here.
        "log.cleaner.threads" log_cleaner_threads: i64 = 1, (0, INT);
        /// Memory for reading and writing, in bytes.
        "log.cleaner.io.buffer.size" log_cleaner_io_buffer_size: i64 = 524_288, (0, INT);
        /// Memory for the offset map, in bytes: 24 for each key of one cleaning.
        "log.cleaner.dedupe.buffer.size" log_cleaner_dedupe_buffer_size: i64 = 134_217_728, (24, LONG);
        /// Share of the offset map that is filled.
        "log.cleaner.io.buffer.load.factor" log_cleaner_io_buffer_load_factor: Ratio = Ratio(900_000), (0, 1);
        /// Cluster default of `min.cleanable.dirty.ratio`.
        "log.cleaner.min.cleanable.ratio" log_cleaner_min_cleanable_ratio: Ratio = Ratio(500_000), (0, 1);
        /// Cluster default of `delete.retention.ms`.
        "log.cleaner.delete.retention.ms" log_cleaner_delete_retention_ms: i64 = 86_400_000, (0, LONG);
        /// Cluster default of `min.compaction.lag.ms`.
        "log.cleaner.min.compaction.lag.ms" log_cleaner_min_compaction_lag_ms: i64 = 0, (0, LONG);
        /// Cluster default of `max.compaction.lag.ms`.
        "log.cleaner.max.compaction.lag.ms" log_cleaner_max_compaction_lag_ms: i64 = LONG, (1, LONG);
        /// Partitions of `__consumer_offsets` when it is created.
        "offsets.topic.num.partitions" offsets_topic_num_partitions: i64 = 50, (1, INT);
        /// Replicas of each; it is not created before as many brokers live.
        "offsets.topic.replication.factor" offsets_topic_replication_factor: i64 = 3, (1, 32_767);
        /// Its `segment.bytes`.
        "offsets.topic.segment.bytes" offsets_topic_segment_bytes: i64 = 104_857_600, (1, INT);
        /// Most characters of the text beside a committed offset.
        "offset.metadata.max.bytes" offset_metadata_max_bytes: i64 = 4_096, (0, INT);
        /// How long a coordinator waits for the replicas of what it writes, in ms.
        "offsets.commit.timeout.ms" offsets_commit_timeout_ms: i64 = 5_000, (1, INT);
        /// How long committed offsets of a group without members are kept, in minutes.
        "offsets.retention.minutes" offsets_retention_minutes: i64 = 10_080, (1, INT);
        /// How often that is looked for, in ms.
        "offsets.retention.check.interval.ms" offsets_retention_check_interval_ms: i64 = 600_000, (1, LONG);
        /// Least `session.timeout.ms` of a group's members.
        "group.min.session.timeout.ms" group_min_session_timeout_ms: i64 = 6_000, (0, INT);
        /// Most `session.timeout.ms` of a group's members.
        "group.max.session.timeout.ms" group_max_session_timeout_ms: i64 = 1_800_000, (0, INT);
        /// How long the first rebalance of an empty group waits for more members, in ms.
        "group.initial.rebalance.delay.ms" group_initial_rebalance_delay_ms: i64 = 3_000, (0, INT);
        /// Most members of a group.
        "group.max.size" group_max_size: i64 = INT, (1, INT);
        /// Not Kafka's: 0, brokers are called `b1:9092`; else broker 1 is at this port of 127.0.0.1,
        /// the others at those after it.
        "lab.loopback.port" lab_loopback_port: i64 = 0, (0, 65_000);
        /// Not Kafka's: how followers cut their logs. Anything but `epoch` is an old release's way.
        "lab.truncation" lab_truncation: Truncation = Truncation::Epoch, (0, 0);
    }
}

settings! {
    /// Settings of one topic, resolved: its own over the cluster's defaults (LogConfig, TopicConfig).
    TopicConfig {
        /// ISR size below which acks=all is refused and the high watermark holds.
        "min.insync.replicas" min_insync_replicas: i64 = 1, (1, INT);
        /// Size that a segment does not exceed.
        "segment.bytes" segment_bytes: i64 = 1_073_741_824, (14, 2_147_483_647);
        /// Bytes between two entries of the offset index.
        "index.interval.bytes" index_interval_bytes: i64 = 4_096, (0, INT);
        /// Whether readers older than Kafka 0.11 are served (KIP-283).
        "message.downconversion.enable" message_downconversion_enable: bool = true, (0, 1);
        /// Largest batch.
        "max.message.bytes" max_message_bytes: i64 = 1_048_588, (0, INT);
        /// How the leader stores batches.
        "compression.type" compression_type: CompressionType = CompressionType::Producer, (0, 0);
        /// Whose clock timestamps are of.
        "message.timestamp.type" message_timestamp_type: TimestampKind = TimestampKind::CreateTime, (0, 0);
        /// How far a record's own timestamp may lie before the broker's clock, in ms.
        "message.timestamp.before.max.ms" message_timestamp_before_max_ms: i64 = LONG, (0, LONG);
        /// How far a record's own timestamp may lie after the broker's clock, in ms.
        "message.timestamp.after.max.ms" message_timestamp_after_max_ms: i64 = LONG, (0, LONG);
        /// Age at which a segment rolls though it is not full, in ms.
        "segment.ms" segment_ms: i64 = 604_800_000, (1, LONG);
        /// Most by which a segment rolls earlier than `segment.ms`, drawn for each, in ms.
        "segment.jitter.ms" segment_jitter_ms: i64 = 0, (0, LONG);
        /// Size at which an index is full and its segment rolls; the active one's are that long.
        "segment.index.bytes" segment_index_bytes: i64 = 10_485_760, (4, INT);
        /// What makes room: `delete`, `compact`, or both.
        "cleanup.policy" cleanup_policy: CleanupPolicy = CleanupPolicy::DELETE, (0, 0);
        /// Age after which segments go, in ms; −1 never.
        "retention.ms" retention_ms: i64 = 604_800_000, (-1, LONG);
        /// Size of a log above which its oldest segments go; negative never.
        "retention.bytes" retention_bytes: i64 = -1, (-LONG, LONG);
        /// How long a deleted segment's files stay, as `.deleted`, in ms.
        "file.delete.delay.ms" file_delete_delay_ms: i64 = 60_000, (0, LONG);
        /// How long tombstones stay after the first cleaning that met them, in ms.
        "delete.retention.ms" delete_retention_ms: i64 = 86_400_000, (0, LONG);
        /// Age below which a record is not compacted away, in ms.
        "min.compaction.lag.ms" min_compaction_lag_ms: i64 = 0, (0, LONG);
        /// Age at which a record is compacted whatever the dirty ratio is, in ms.
        "max.compaction.lag.ms" max_compaction_lag_ms: i64 = LONG, (1, LONG);
        /// Share of a log that must not have been cleaned yet before it is.
        "min.cleanable.dirty.ratio" min_cleanable_dirty_ratio: Ratio = Ratio(500_000), (0, 1);
        /// Number of records after which a log is flushed.
        "flush.messages" flush_messages: i64 = LONG, (1, LONG);
        /// Age of the oldest unflushed record at which a log is flushed, in ms.
        "flush.ms" flush_ms: i64 = LONG, (0, LONG);
        /// Whether a replica outside the ISR may lead when no member of it lives.
        "unclean.leader.election.enable" unclean_leader_election_enable: bool = false, (0, 1);
    }
}

/// Settings that stand for one another: the finer unit counts (`KafkaConfig.logRetentionTimeMillis`
/// and its neighbours).
impl BrokerConfig {
    /// Cluster default of `segment.ms`.
    #[must_use]
    pub fn roll_ms(&self) -> i64 {
        self.log_roll_ms.unwrap_or(HOUR_MS * self.log_roll_hours)
    }

    /// Cluster default of `segment.jitter.ms`.
    #[must_use]
    pub fn roll_jitter_ms(&self) -> i64 {
        self.log_roll_jitter_ms.unwrap_or(HOUR_MS * self.log_roll_jitter_hours)
    }

    /// Cluster default of `retention.ms`; −1 is for ever.
    #[must_use]
    pub fn retention_ms(&self) -> i64 {
        let in_minutes = self.log_retention_minutes.map(|minutes| minutes * MINUTE_MS);
        let ms = self.log_retention_ms.or(in_minutes);
        ms.unwrap_or(HOUR_MS * self.log_retention_hours).max(-1)
    }

    /// Cluster default of `flush.ms`.
    #[must_use]
    pub fn flush_ms(&self) -> i64 {
        self.log_flush_interval_ms.unwrap_or(self.log_flush_scheduler_interval_ms)
    }
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl TopicConfig {
    /// The cluster's defaults with a topic's own settings over them. Settings that do not parse are
    /// left at the default: they were refused when they were set.
    #[must_use]
    pub fn resolve(broker: &BrokerConfig, own: &BTreeMap<Text, Text>) -> TopicConfig {
        let mut config = TopicConfig {
            min_insync_replicas: broker.min_insync_replicas,
            segment_bytes: broker.log_segment_bytes,
            index_interval_bytes: broker.log_index_interval_bytes,
            message_downconversion_enable: broker.log_message_downconversion_enable,
            max_message_bytes: broker.message_max_bytes,
            compression_type: broker.compression_type,
            message_timestamp_type: broker.log_message_timestamp_type,
            message_timestamp_before_max_ms: broker.log_message_timestamp_before_max_ms,
            message_timestamp_after_max_ms: broker.log_message_timestamp_after_max_ms,
            segment_ms: broker.roll_ms(),
            segment_jitter_ms: broker.roll_jitter_ms(),
            segment_index_bytes: broker.log_index_size_max_bytes,
            cleanup_policy: broker.log_cleanup_policy,
            retention_ms: broker.retention_ms(),
            retention_bytes: broker.log_retention_bytes,
            file_delete_delay_ms: broker.log_segment_delete_delay_ms,
            delete_retention_ms: broker.log_cleaner_delete_retention_ms,
            min_compaction_lag_ms: broker.log_cleaner_min_compaction_lag_ms,
            max_compaction_lag_ms: broker.log_cleaner_max_compaction_lag_ms,
            min_cleanable_dirty_ratio: broker.log_cleaner_min_cleanable_ratio,
            flush_messages: broker.log_flush_interval_messages,
            flush_ms: broker.flush_ms(),
            unclean_leader_election_enable: broker.unclean_leader_election_enable,
        };
        for (key, value) in own {
            let _refused_earlier = config.set(key, value);
        }
        config
    }
}

fn parse<T: Setting>(key: &str, value: &str, range: (i64, i64)) -> Result<T, ConfigError> {
    T::parse(key, value, range)
}
