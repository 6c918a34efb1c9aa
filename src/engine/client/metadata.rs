//! What a client knows of the cluster: live brokers, the controller, each partition's leader.
//!
//! Kafka's `Metadata`: refreshed when something turns out to be wrong and every
//! `metadata.max.age.ms`, with a pause between two refreshes that grows while they bring nothing new.
//! A partition's leader epoch never goes back: an answer from a broker that is behind is not believed
//! (KIP-320).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponse, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{self as kafka, MetadataRequest};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::engine::client::alarm::Deadline;
use crate::engine::client::backoff;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, EventId, LeaderEpoch, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::time::Micros;

/// `metadata.max.age.ms`.
const MAX_AGE: Micros = Micros(300_000_000);

/// A topic as the last answer had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMetadata {
    /// Its id; nil when the broker did not tell.
    pub id: Uuid,
    /// Its partitions, from 0.
    pub partitions: Vec<PartitionMetadata>,
    /// Those with a leader, or all when none has one.
    pub available: Rc<[PartitionId]>,
}

impl TopicMetadata {
    fn new(id: Uuid, partitions: Vec<PartitionMetadata>) -> TopicMetadata {
        let led = partitions.iter().any(|partition| partition.leader.is_some());
        let all = (0..).map(PartitionId).zip(&partitions);
        let available = all.filter(|(_, it)| it.leader.is_some() || !led).map(|(id, _)| id);
        TopicMetadata { id, available: available.collect(), partitions }
    }
}

/// A partition as the last believed answer had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionMetadata {
    /// Who leads; `None` while nobody does.
    pub leader: Option<BrokerId>,
    /// Number of the leader's reign.
    pub leader_epoch: LeaderEpoch,
}

/// Where a refresh stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refresh {
    /// Nothing is known to be wrong.
    Idle,
    /// One is needed, for the reason given.
    Needed(Option<EventId>),
    /// One is on its way.
    InFlight,
}

/// The cluster as one client knows it.
#[derive(Clone, Debug)]
pub struct Metadata {
    brokers: Vec<BrokerId>,
    controller: Option<BrokerId>,
    topics: BTreeMap<TopicName, TopicMetadata>,
    wanted: BTreeSet<TopicName>,
    /// Whether every topic is wanted, as for a subscription by pattern.
    all: bool,
    max_age: Micros,
    refresh: Refresh,
    not_before: Micros,
    /// Answers in a row that failed or brought nothing new.
    fruitless: u32,
    updated: Option<Deadline>,
    /// Answers that brought something new.
    version: u64,
}

impl Metadata {
    /// Nothing is known; the first refresh is due at once.
    #[must_use]
    pub fn new() -> Metadata {
        Metadata {
            brokers: Vec::new(),
            controller: None,
            topics: BTreeMap::new(),
            wanted: BTreeSet::new(),
            all: false,
            max_age: MAX_AGE,
            refresh: Refresh::Needed(None),
            not_before: Micros::ZERO,
            fruitless: 0,
            updated: None,
            version: 0,
        }
    }

    /// Follows a topic from now on.
    pub fn want(&mut self, ctx: &Ctx<'_>, topic: &TopicName) {
        if self.wanted.insert(topic.clone()) {
            self.request_update(ctx.timer_cause());
        }
    }

    /// Follows every topic from now on.
    pub fn want_all(&mut self) {
        self.all = true;
    }

    /// Sets `metadata.max.age.ms`.
    pub fn set_max_age(&mut self, max_age: Micros) {
        self.max_age = max_age;
    }

    /// Whether the cluster has answered once.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.updated.is_some()
    }

    /// Live brokers; empty before the first answer.
    #[must_use]
    pub fn brokers(&self) -> &[BrokerId] {
        &self.brokers
    }

    /// The controller, as the last answer had it.
    #[must_use]
    pub fn controller(&self) -> Option<BrokerId> {
        self.controller
    }

    /// A topic that is known to exist.
    #[must_use]
    pub fn topic(&self, topic: &TopicName) -> Option<&TopicMetadata> {
        self.topics.get(topic)
    }

    /// Topics that are known to exist.
    pub fn topics(&self) -> impl Iterator<Item = &TopicName> {
        self.topics.keys()
    }

    /// How often something new was learned: nothing is new while it stays.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many partitions a topic has, as far as is known.
    #[must_use]
    pub fn partition_count(&self, topic: &TopicName) -> u32 {
        self.topics.get(topic).map_or(0, |known| count(known.partitions.len()))
    }

    /// Partitions of a topic, as far as they are known.
    pub fn partitions(&self, topic: &TopicName) -> impl Iterator<Item = PartitionId> + use<> {
        let count = self.topics.get(topic).map_or(0, |known| known.partitions.len());
        (0..).map(PartitionId).take(count)
    }

    /// A partition that is known to exist.
    #[must_use]
    pub fn partition(&self, partition: &TopicPartition) -> Option<PartitionMetadata> {
        let index = usize::try_from(partition.partition.0).ok()?;
        self.topics.get(&partition.topic)?.partitions.get(index).copied()
    }

    /// Who leads a partition.
    #[must_use]
    pub fn leader(&self, partition: &TopicPartition) -> Option<BrokerId> {
        self.partition(partition)?.leader
    }

    /// The reign in which [`Metadata::leader`] leads.
    #[must_use]
    pub fn leader_epoch(&self, partition: &TopicPartition) -> LeaderEpoch {
        self.partition(partition).map_or(LeaderEpoch::NONE, |known| known.leader_epoch)
    }

    /// Something known is wrong or missing: ask again as soon as the pause allows.
    pub fn request_update(&mut self, cause: Option<EventId>) {
        if self.refresh == Refresh::Idle {
            self.refresh = Refresh::Needed(cause);
        }
    }

    /// What the controller was is no longer so.
    pub fn forget_controller(&mut self, cause: Option<EventId>) {
        self.controller = None;
        self.request_update(cause);
    }

    /// When the next refresh is due; `None` while one is on its way.
    #[must_use]
    pub fn due(&self) -> Option<Deadline> {
        match self.refresh {
            Refresh::InFlight => None,
            Refresh::Needed(cause) => Some(Deadline { at: self.not_before, cause }),
            Refresh::Idle => {
                self.updated.map(|updated| Deadline { at: updated.at + self.max_age, ..updated })
            }
        }
    }

    /// The request for what is wanted; it counts as sent.
    pub fn take_request(&mut self) -> MetadataRequest {
        self.refresh = Refresh::InFlight;
        let topics = self.wanted.iter().map(|topic| {
            let name = kafka::TopicName(StrBytes::from_string(topic.as_str().to_owned()));
            MetadataRequestTopic::default().with_name(Some(name))
        });
        MetadataRequest::default()
            .with_topics((!self.all).then(|| topics.collect()))
            .with_allow_auto_topic_creation(true)
    }

    /// The request got no answer.
    pub fn failed(&mut self, ctx: &mut Ctx<'_>) {
        self.refresh = Refresh::Needed(ctx.timer_cause());
        self.pause(ctx);
    }

    /// Takes an answer in. True when it brought something new.
    pub fn update(&mut self, ctx: &mut Ctx<'_>, response: &MetadataResponse) -> bool {
        if response.brokers.is_empty() {
            self.failed(ctx);
            return false;
        }
        self.refresh = Refresh::Idle;
        self.updated = Some(Deadline { at: ctx.now, cause: ctx.timer_cause() });
        let brokers: Vec<BrokerId> =
            response.brokers.iter().map(|b| BrokerId(b.node_id.0)).collect();
        let controller = Some(BrokerId(response.controller_id.0)).filter(|id| id.0 >= 0);
        let mut topics = BTreeMap::new();
        for topic in &response.topics {
            if let Some((name, known)) = self.believe(ctx, topic) {
                topics.insert(name, known);
            }
        }
        let changed =
            brokers != self.brokers || controller != self.controller || topics != self.topics;
        (self.brokers, self.controller, self.topics) = (brokers, controller, topics);
        if changed {
            self.fruitless = 0;
            self.version += 1;
            ctx.emit(EventKind::MetadataUpdated {
                brokers: count(self.brokers.len()),
                partitions: count(self.topics.values().map(|topic| topic.partitions.len()).sum()),
            });
        }
        self.pause(ctx);
        changed
    }

    fn believe(
        &mut self,
        ctx: &Ctx<'_>,
        topic: &MetadataResponseTopic,
    ) -> Option<(TopicName, TopicMetadata)> {
        let name = TopicName::new(topic.name.as_ref()?.as_str());
        if topic.error_code != 0 {
            self.request_update(ctx.timer_cause());
            return None;
        }
        let old = self.topics.get(&name).filter(|old| old.id == topic.topic_id).cloned();
        let unknown = PartitionMetadata { leader: None, leader_epoch: LeaderEpoch::NONE };
        let mut partitions = vec![unknown; topic.partitions.len()];
        for told in &topic.partitions {
            let index = usize::try_from(told.partition_index).unwrap_or(usize::MAX);
            let before = old.as_ref().and_then(|old| old.partitions.get(index)).copied();
            let Some(partition) = partitions.get_mut(index) else { continue };
            *partition = newer(before, told);
            if told.error_code != 0 || partition.leader.is_none() {
                self.request_update(ctx.timer_cause());
            }
        }
        Some((name, TopicMetadata::new(topic.topic_id, partitions)))
    }

    fn pause(&mut self, ctx: &mut Ctx<'_>) {
        self.not_before = ctx.now + backoff::RETRY.pause(ctx, self.fruitless);
        self.fruitless = self.fruitless.saturating_add(1);
    }
}

impl Default for Metadata {
    fn default() -> Metadata {
        Metadata::new()
    }
}

/// Partitions of a topic in order, with their numbers.
pub fn numbered(topic: &TopicMetadata) -> impl Iterator<Item = (PartitionId, PartitionMetadata)> {
    (0..).map(PartitionId).zip(topic.partitions.iter().copied())
}

/// What was told, unless what was known before is of a later reign.
fn newer(before: Option<PartitionMetadata>, told: &MetadataResponsePartition) -> PartitionMetadata {
    let leader = Some(BrokerId(told.leader_id.0)).filter(|id| id.0 >= 0);
    let leader_epoch = LeaderEpoch(told.leader_epoch);
    match before {
        Some(before) if leader_epoch.0 >= 0 && leader_epoch < before.leader_epoch => before,
        _ => PartitionMetadata { leader, leader_epoch },
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
