//! Settings of a world, its brokers and its topics, with the defaults of Kafka 3.9.
//!
//! Names are Kafka's; values are typed once, here, so that the rest of the engine never parses text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::error::ConfigError;
use crate::engine::ids::Text;
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
                    $($key => Some(self.$field.to_string()),)*
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
        /// How often high watermarks are written to disk, in ms.
        "replica.high.watermark.checkpoint.interval.ms" replica_high_watermark_checkpoint_interval_ms: i64 = 5_000, (1, i64::MAX);
        /// Silence after which ZooKeeper ends a broker's session, in ms.
        "zookeeper.session.timeout.ms" zookeeper_session_timeout_ms: i64 = 18_000, (1, i64::MAX);
        /// Whether a broker hands its leaderships over before a clean stop.
        "controlled.shutdown.enable" controlled_shutdown_enable: bool = true, (0, 1);
        /// Partitions of a topic created without a number.
        "num.partitions" num_partitions: i64 = 1, (1, i64::MAX);
        /// Replicas of a topic created without a number.
        "default.replication.factor" default_replication_factor: i64 = 1, (1, i64::MAX);
        /// Whether leaderships return to the preferred replica by themselves. Not modelled yet.
        "auto.leader.rebalance.enable" auto_leader_rebalance_enable: bool = false, (0, 1);
        /// Cluster default of the topic setting.
        "min.insync.replicas" min_insync_replicas: i64 = 1, (1, i64::MAX);
        /// Cluster default of `segment.bytes`.
        "log.segment.bytes" log_segment_bytes: i64 = 1_073_741_824, (14, 2_147_483_647);
        /// Cluster default of `index.interval.bytes`.
        "log.index.interval.bytes" log_index_interval_bytes: i64 = 4_096, (0, i64::MAX);
        /// Cluster default of `max.message.bytes`.
        "message.max.bytes" message_max_bytes: i64 = 1_048_588, (0, i64::MAX);
    }
}

settings! {
    /// Settings of one topic, resolved: its own over the cluster's defaults (LogConfig, TopicConfig).
    TopicConfig {
        /// ISR size below which acks=all is refused and the high watermark holds.
        "min.insync.replicas" min_insync_replicas: i64 = 1, (1, i64::MAX);
        /// Size that a segment does not exceed.
        "segment.bytes" segment_bytes: i64 = 1_073_741_824, (14, 2_147_483_647);
        /// Bytes between two entries of the offset index.
        "index.interval.bytes" index_interval_bytes: i64 = 4_096, (0, i64::MAX);
        /// Largest batch.
        "max.message.bytes" max_message_bytes: i64 = 1_048_588, (0, i64::MAX);
        /// Whether a replica outside the ISR may lead when no member of it lives. Not modelled yet.
        "unclean.leader.election.enable" unclean_leader_election_enable: bool = false, (0, 1);
    }
}

impl TopicConfig {
    /// The cluster's defaults with a topic's own settings over them. Settings that do not parse are
    /// left at the default: they were refused when they were set.
    #[must_use]
    pub fn resolve(broker: &BrokerConfig, own: &BTreeMap<Text, Text>) -> TopicConfig {
        let mut config = TopicConfig {
            min_insync_replicas: broker.min_insync_replicas,
            segment_bytes: broker.log_segment_bytes,
            index_interval_bytes: broker.log_index_interval_bytes,
            max_message_bytes: broker.message_max_bytes,
            ..TopicConfig::default()
        };
        for (key, value) in own {
            let _refused_earlier = config.set(key, value);
        }
        config
    }
}

trait Setting: Sized {
    fn parse(key: &str, value: &str, range: (i64, i64)) -> Result<Self, ConfigError>;
}

impl Setting for i64 {
    fn parse(key: &str, value: &str, range: (i64, i64)) -> Result<i64, ConfigError> {
        let number: i64 = value
            .trim()
            .parse()
            .map_err(|_| ConfigError::NotANumber { key: key.into(), value: value.into() })?;
        if number < range.0 || number > range.1 {
            return Err(ConfigError::OutOfRange {
                key: key.into(),
                value: number,
                least: range.0,
                most: range.1,
            });
        }
        Ok(number)
    }
}

impl Setting for bool {
    fn parse(key: &str, value: &str, _: (i64, i64)) -> Result<bool, ConfigError> {
        match value.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(ConfigError::NotABoolean { key: key.into(), value: value.into() }),
        }
    }
}

fn parse<T: Setting>(key: &str, value: &str, range: (i64, i64)) -> Result<T, ConfigError> {
    T::parse(key, value, range)
}
