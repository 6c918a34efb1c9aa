//! What older releases had as defaults, in one stroke: the study notes of many are about those.

use crate::engine::command::{Acks, ConsumerSpec, ProducerSpec};
use crate::engine::setting::Partitioner;

/// Releases whose defaults are known.
pub const RELEASES: &[&str] = &["2.3", "3.9"];

impl ProducerSpec {
    /// The same program with all settings of the library at the defaults of a release of [`RELEASES`]; of
    /// any other, as it is. 2.3 had acks=1, no idempotence (both until 3.0), pauses that do not grow (3.7),
    /// and round robin without keys (2.4).
    #[must_use]
    pub fn with_defaults_of(self, release: &str) -> ProducerSpec {
        let kafka = ProducerSpec {
            rate: self.rate,
            keys: self.keys,
            value_bytes: self.value_bytes,
            limit: self.limit,
            ..ProducerSpec::new(&self.topic)
        };
        match release {
            "3.9" => kafka,
            "2.3" => ProducerSpec {
                enable_idempotence: Some(false),
                acks: Acks::Leader,
                retry_backoff_max_ms: 100,
                partitioner: Partitioner::Kafka23,
                ..kafka
            },
            _ => self,
        }
    }
}

impl ConsumerSpec {
    /// The same for a consumer. 2.3 had sessions of 10 s (until 3.0) and the range assignor alone (2.4 added
    /// the cooperative one, 3.0 gave it by default).
    #[must_use]
    pub fn with_defaults_of(self, release: &str) -> ConsumerSpec {
        let kafka = ConsumerSpec {
            more_topics: self.more_topics.clone(),
            topic_pattern: self.topic_pattern.clone(),
            from_beginning: self.from_beginning,
            from_time: self.from_time,
            group: self.group.clone(),
            instance: self.instance.clone(),
            commit: self.commit,
            work_ms: self.work_ms,
            ..ConsumerSpec::new(&self.topic)
        };
        match release {
            "3.9" => kafka,
            "2.3" => {
                ConsumerSpec { session_timeout_ms: 10_000, assignors: "range".into(), ..kafka }
            }
            _ => self,
        }
    }
}
