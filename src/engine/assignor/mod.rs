//! Partition assignors: how the leader of a consumer group deals its topics' partitions out.
//!
//! Kafka's four (`RangeAssignor`, `RoundRobinAssignor`, `StickyAssignor`, `CooperativeStickyAssignor` of
//! 3.9), with racks (KIP-881) and generations (KIP-792), and the bytes in which members tell what they
//! want and hear what they get ([`consumer_protocol`]). Where a Java class goes through a hash map and
//! the outcome depends on that order, the order is Java's ([`java`]).
//!
//! Everything here is a function of what the members sent; what a consumer remembers from one rebalance
//! to the next is [`Memory`].

pub mod consumer_protocol;
pub mod java;
mod problem;
mod racks;
mod range;
mod round_robin;
mod sticky;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use thiserror::Error;

use crate::engine::ids::{PartitionId, Text, TopicName, TopicPartition};
use problem::Problem;

/// What a member of a group asks for (`ConsumerPartitionAssignor.Subscription`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// The topics that it wants.
    pub topics: Vec<TopicName>,
    /// What its assignor adds ([`Assignor::user_data`]).
    pub user_data: Option<Bytes>,
    /// The partitions that it owns as it joins; version 1 and later.
    pub owned: Vec<TopicPartition>,
    /// The generation in which it got them, from 0; version 2 and later.
    pub generation: Option<i32>,
    /// `client.rack`; version 3 and later.
    pub rack: Option<Text>,
    /// `group.instance.id`: told by the coordinator, not by these bytes.
    pub instance: Option<Text>,
}

/// What a member gets (`ConsumerPartitionAssignor.Assignment`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Its partitions, in the order in which the assignor dealt them.
    pub partitions: Vec<TopicPartition>,
    /// None of Kafka's own assignors adds any.
    pub user_data: Option<Bytes>,
}

/// A partition as the leader's metadata has it; whether it has a leader does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Which of its topic.
    pub partition: PartitionId,
    /// `broker.rack` of each replica, also of those that are down.
    pub racks: Vec<Option<Text>>,
}

/// A topic and its partitions by number.
pub type TopicPartitions = (TopicName, Vec<PartitionInfo>);

/// How members give up what they own (`RebalanceProtocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RebalanceProtocol {
    /// Everything, before joining.
    Eager,
    /// Only what moves, after the leader has said so (KIP-429).
    Cooperative,
}

/// One of Kafka's assignors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignor {
    /// Topic by topic a run of partitions for each member.
    Range,
    /// All partitions of all topics, one member after the other.
    RoundRobin,
    /// As even as can be, moving as little as can be.
    Sticky,
    /// The same without giving everything up first.
    CooperativeSticky,
}

/// What an assignor's object keeps in a consumer from one rebalance to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The generation of the last assignment; -1 before the first (`DEFAULT_GENERATION`).
    pub generation: i32,
    /// The last assignment, which [`Assignor::Sticky`] sends along; none before the first.
    pub assigned: Option<Vec<TopicPartition>>,
    /// The highest generation that any member has told so far (`AbstractStickyAssignor.maxGeneration`).
    pub max_generation: i32,
    /// A switch of Kafka's own tests: racks count also where every rack has every partition.
    pub prefer_rack_aware: bool,
}

impl Default for Memory {
    fn default() -> Memory {
        Memory { generation: -1, assigned: None, max_generation: -1, prefer_rack_aware: false }
    }
}

/// What Kafka's assignor would have died of; the leader's `poll` throws it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AssignorError {
    /// `IllegalStateException` with these words.
    #[error("{0}")]
    IllegalState(&'static str),
    /// `NullPointerException`: something that was owned is nobody's any more.
    #[error("java.lang.NullPointerException")]
    NullPointer,
}

/// Partitions by member id.
pub type Assignments = BTreeMap<Text, Vec<TopicPartition>>;

impl Assignor {
    /// All of them, as `partition.assignment.strategy` may name them.
    pub const ALL: [Assignor; 4] =
        [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];

    /// Its name in JoinGroup (`ConsumerPartitionAssignor.name`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Assignor::Range => "range",
            Assignor::RoundRobin => "roundrobin",
            Assignor::Sticky => "sticky",
            Assignor::CooperativeSticky => "cooperative-sticky",
        }
    }

    /// The name of its Java class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Assignor::Range => "org.apache.kafka.clients.consumer.RangeAssignor",
            Assignor::RoundRobin => "org.apache.kafka.clients.consumer.RoundRobinAssignor",
            Assignor::Sticky => "org.apache.kafka.clients.consumer.StickyAssignor",
            Assignor::CooperativeSticky => {
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
            }
        }
    }

    /// The assignor of this name: that of JoinGroup, or its Java class.
    #[must_use]
    pub fn named(name: &str) -> Option<Assignor> {
        Assignor::ALL.into_iter().find(|assignor| {
            name == assignor.name()
                || name == assignor.class()
                || assignor.class().rsplit('.').next() == Some(name)
        })
    }

    /// The protocols that it can work with, the best last (`supportedProtocols`). A consumer follows the
    /// best that all assignors of its list have (`ConsumerCoordinator`).
    #[must_use]
    pub fn protocols(self) -> &'static [RebalanceProtocol] {
        match self {
            Assignor::CooperativeSticky => {
                &[RebalanceProtocol::Eager, RebalanceProtocol::Cooperative]
            }
            _ => &[RebalanceProtocol::Eager],
        }
    }

    /// What a member sends along as it joins (`subscriptionUserData`).
    #[must_use]
    pub fn user_data(self, memory: &Memory) -> Option<Bytes> {
        match self {
            Assignor::Range | Assignor::RoundRobin => None,
            Assignor::Sticky => {
                let assigned = memory.assigned.as_deref()?;
                Some(sticky::user_data::write(assigned, memory.generation))
            }
            Assignor::CooperativeSticky => {
                Some(Bytes::copy_from_slice(&memory.generation.to_be_bytes()))
            }
        }
    }

    /// A member has got its assignment (`onAssignment`).
    pub fn on_assignment(self, memory: &mut Memory, assignment: &Assignment, generation: i32) {
        if matches!(self, Assignor::Sticky | Assignor::CooperativeSticky) {
            memory.generation = generation;
            memory.assigned = Some(assignment.partitions.clone());
        }
    }

    /// Deals the partitions of the subscribed topics out, as the group's leader does
    /// (`AbstractPartitionAssignor.assign(Cluster, GroupSubscription)`).
    ///
    /// `topics` is the leader's metadata, in any order; what nobody subscribed to is left out. `members`
    /// are in the order of the JoinGroup answer.
    ///
    /// # Errors
    /// Where Kafka's class throws.
    pub fn assign(
        self,
        memory: &mut Memory,
        topics: &[TopicPartitions],
        members: &[(Text, Subscription)],
    ) -> Result<Assignments, AssignorError> {
        let subscribed = problem::subscribed(topics, members);
        self.assign_partitions(memory, &subscribed, members)
    }

    /// The same of exactly these topics, in the order in which they were put into a map
    /// (`assignPartitions`).
    ///
    /// # Errors
    /// Where Kafka's class throws.
    pub fn assign_partitions(
        self,
        memory: &mut Memory,
        topics: &[TopicPartitions],
        members: &[(Text, Subscription)],
    ) -> Result<Assignments, AssignorError> {
        let problem = Problem::new(topics, members, memory.prefer_rack_aware);
        let dealt = match self {
            Assignor::Range => range::assign(&problem),
            Assignor::RoundRobin => round_robin::assign(&problem),
            Assignor::Sticky | Assignor::CooperativeSticky => {
                let cooperative = self == Assignor::CooperativeSticky;
                sticky::assign(&problem, cooperative, &mut memory.max_generation)?
            }
        };
        Ok(problem.named(dealt))
    }
}
