//! What a consumer follows and where it stands in each partition (`SubscriptionState`).

use std::collections::BTreeSet;

use crate::engine::client::alarm::Deadline;
use crate::engine::client::metadata::Metadata;
use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, Text, TopicName, TopicPartition};
use crate::engine::pattern::Pattern;
use crate::engine::time::Micros;

/// Topics that clients do not find by a pattern (`exclude.internal.topics`).
const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// What a consumer follows.
#[derive(Clone, Debug)]
pub enum Topics {
    /// These topics.
    Named(Vec<TopicName>),
    /// Every topic of which the whole name matches.
    Matching(Pattern),
}

impl Topics {
    /// By `topic.pattern` when there is one, else by name.
    #[must_use]
    pub fn new(named: Vec<TopicName>, pattern: &Text) -> Topics {
        match Pattern::read(pattern).filter(|_| !pattern.is_empty()) {
            Some(pattern) => Topics::Matching(pattern),
            None => Topics::Named(named),
        }
    }

    /// Their names, sorted: those that exist, with a pattern.
    pub(super) fn names(&self, metadata: &Metadata) -> Vec<TopicName> {
        let names: BTreeSet<TopicName> = match self {
            Topics::Named(names) => names.iter().cloned().collect(),
            Topics::Matching(pattern) => {
                let known = metadata.topics().filter(|name| {
                    !INTERNAL.contains(&name.as_str()) && pattern.matches(name.as_str())
                });
                known.cloned().collect()
            }
        };
        names.into_iter().collect()
    }
}

/// Where to, when a position is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetTo {
    /// As `auto.offset.reset` says.
    Policy,
    /// The log's beginning (`seekToBeginning`).
    Beginning,
    /// The log's end (`seekToEnd`).
    End,
    /// The first record of this time or later, in ms since 1970 (`offsetsForTimes`); the end when there
    /// is none.
    Time(i64),
}

/// Where one partition stands (`FetchStates`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Unknown: the group's coordinator is to be asked.
    Committed,
    /// Unknown: the leader is to be asked. The offset that was left, if there was one.
    Resetting(ResetTo, Option<Offset>),
    /// Known, and the leader is another one now: it is to be asked whether its log goes so far
    /// (`AWAIT_VALIDATION`).
    Validating(Offset),
    /// The next offset to fetch.
    At(Offset),
}

/// A partition that a consumer follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Followed {
    pub(super) position: Position,
    /// Part of a request that is not answered yet.
    pub(super) asked: bool,
    /// Not to be asked for before.
    pub(super) not_before: Deadline,
    /// The application does not want its records now.
    pub(super) paused: bool,
    /// Reign of what it got last: what a new leader is asked about. `NONE` when it got nothing.
    pub(super) epoch: LeaderEpoch,
    /// The leader, and its reign, for which the position is good.
    pub(super) leader: Option<(BrokerId, LeaderEpoch)>,
    /// Where the log ends for this consumer, as the last answer told.
    pub(super) end: Option<Offset>,
}

impl Followed {
    pub(super) fn new(position: Position) -> Followed {
        Followed {
            position,
            asked: false,
            not_before: Deadline { at: Micros::ZERO, cause: None },
            paused: false,
            epoch: LeaderEpoch::NONE,
            leader: None,
            end: None,
        }
    }

    pub(super) fn is_resetting(&self) -> bool {
        matches!(self.position, Position::Resetting(..))
    }

    pub(super) fn is_validating(&self) -> bool {
        matches!(self.position, Position::Validating(_))
    }

    pub(super) fn is_fetchable(&self) -> bool {
        matches!(self.position, Position::At(_)) && !self.paused
    }

    /// The next offset that the application gets, when it is known.
    pub(super) fn offset(&self) -> Option<Offset> {
        match self.position {
            Position::At(offset) | Position::Validating(offset) => Some(offset),
            Position::Resetting(..) | Position::Committed => None,
        }
    }

    /// Goes to a known offset; the next change of the leader is not one for it.
    pub(super) fn go(&mut self, offset: Offset, epoch: LeaderEpoch) {
        self.position = Position::At(offset);
        self.epoch = epoch;
    }
}

/// How a consumer stands in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionPosition {
    /// The partition.
    pub partition: TopicPartition,
    /// The next offset that the application gets.
    pub offset: Offset,
    /// Records behind the end that the last answer told (`records-lag`).
    pub lag: Option<u64>,
    /// Whether the application has paused it.
    pub paused: bool,
}
