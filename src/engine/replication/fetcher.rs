//! A follower's fetcher: one per leader broker, one request in flight (`ReplicaFetcherThread`).
//!
//! It keeps what was asked, so that an answer which no longer fits (the partition moved on meanwhile)
//! is not applied.

use std::collections::BTreeMap;

use crate::engine::ids::{CorrelationId, LeaderEpoch, Offset, TopicPartition};
use crate::engine::time::Micros;

/// Copies from one leader broker.
#[derive(Clone, Debug, Default)]
pub struct Fetcher {
    /// Partitions copied, and until when each rests after an error.
    pub partitions: BTreeMap<TopicPartition, Rest>,
    /// The request that waits for an answer.
    pub in_flight: Option<InFlight>,
    /// When the fetcher looks again because everything rests; one timer at a time.
    pub retry_at: Option<Micros>,
    /// Whether the timer that watches for an answer is set; one at a time.
    pub timeout_armed: bool,
}

/// Whether a partition may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Now.
    No,
    /// Not before this time (`replica.fetch.backoff.ms` after an error).
    Until(Micros),
}

/// A request without an answer yet.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// Its number.
    pub correlation: CorrelationId,
    /// When it was sent.
    pub sent_at: Micros,
    /// What was asked: the offset and the reign of each partition.
    pub asked: BTreeMap<TopicPartition, (Offset, LeaderEpoch)>,
}

impl Fetcher {
    /// Partitions that may be fetched now.
    pub fn ready(&self, now: Micros) -> impl Iterator<Item = &TopicPartition> {
        self.partitions.iter().filter(move |(_, rest)| rest.is_over(now)).map(|(id, _)| id)
    }

    /// When the first resting partition may be fetched.
    #[must_use]
    pub fn next_ready(&self) -> Option<Micros> {
        let until = |rest: &Rest| match rest {
            Rest::No => None,
            Rest::Until(at) => Some(*at),
        };
        self.partitions.values().filter_map(until).min()
    }
}

impl Rest {
    fn is_over(self, now: Micros) -> bool {
        match self {
            Rest::No => true,
            Rest::Until(at) => at <= now,
        }
    }
}
