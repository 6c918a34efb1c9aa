//! What is known only at the end of a run: that groups deal everything out, that a group which commits
//! after its work has worked on everything, and that idempotent producers' records stand in their order.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use crate::engine::command::{Command, ConsumerSpec};
use crate::engine::event::{Event, EventKind, GroupState};
use crate::engine::ids::{BrokerId, ClientId, NodeId, Offset, Text, TopicPartition};
use crate::engine::program::ClientProcess;
use crate::engine::protocol::Api;
use crate::engine::setting::CommitMode;
use crate::engine::sim::world::World;
use crate::scenario::ast::Scenario;
use crate::view::cluster::{ClusterView, PartitionView};
use crate::view::project;

/// What a run told, as far as promises are about it.
#[derive(Default)]
pub(super) struct Ledger {
    /// Members of groups that commit after their work.
    careful: BTreeMap<ClientId, Text>,
    /// Offsets that each such group worked on.
    processed: BTreeMap<(Text, TopicPartition), BTreeSet<i64>>,
    /// Partitions that lost records, as is allowed: by retention, compaction, elections or power.
    lossy: BTreeSet<TopicPartition>,
    /// Producers whose settings changed under way.
    changed: BTreeSet<Text>,
    /// Logs that were opened or cut: of a producer's batches a snapshot tells only the last one
    /// (`ProducerStateManager.writeSnapshot`).
    reloaded: BTreeSet<(BrokerId, TopicPartition)>,
    /// Partitions whose leader refused a sequence after that. It may have had that batch and a later
    /// one of those in flight; then the producer takes the gap for real, raises its epoch and sends
    /// both again (`TransactionManager.canRetry`).
    forgetful: BTreeSet<TopicPartition>,
}

impl Ledger {
    pub(super) fn note(&mut self, world: &World, event: &Event) {
        match (&event.kind, event.node) {
            (EventKind::PartitionsAssigned { group, .. }, Some(NodeId::Client(client)))
                if spec(world, client).is_some_and(is_careful) =>
            {
                self.careful.insert(client, group.clone());
            }
            (
                EventKind::RecordsProcessed { partition, first, last },
                Some(NodeId::Client(client)),
            ) => {
                if let Some(group) = self.careful.get(&client) {
                    let key = (group.clone(), partition.clone());
                    self.processed.entry(key).or_default().extend(first.0..=last.0);
                }
            }
            (
                EventKind::LogRecovered { partition, .. }
                | EventKind::LogTruncated { partition, .. },
                Some(NodeId::Broker(broker)),
            ) => {
                self.reloaded.insert((broker, partition.clone()));
            }
            (EventKind::ProduceRefused { partition, error }, Some(NodeId::Broker(broker)))
                if *error == ResponseError::OutOfOrderSequenceNumber.code()
                    && self.reloaded.contains(&(broker, partition.clone())) =>
            {
                self.forgetful.insert(partition.clone());
            }
            (EventKind::CommittedRecordsLost { partition, .. }, _)
            | (EventKind::LogCleaned { partition, .. }, _)
            | (EventKind::SegmentsDeleted { partition, .. }, _)
            | (EventKind::LogStartAdvanced { partition, .. }, _) => {
                self.lossy.insert(partition.clone());
            }
            (EventKind::CommandApplied { command: Command::SetClient { name, .. } }, _) => {
                self.changed.insert(name.clone());
            }
            _ => {}
        }
    }

    /// What of the promises is not kept, once all is well.
    pub(super) fn broken(
        &self,
        world: &World,
        scenario: &Scenario,
        spoiled: &[&str],
    ) -> Option<Text> {
        let cluster = project::cluster(world);
        let sound =
            || cluster.topics.iter().filter(|topic| !spoiled.contains(&topic.name.as_str()));
        let partitions = || sound().flat_map(|topic| &topic.partitions);
        let safe = || partitions().filter(|one| !self.lossy.contains(&one.partition));
        safe().find_map(|one| self.skipped(one)).or_else(|| {
            let one_at_a_time = self.ordered(scenario, 1);
            let ordered = self.ordered(scenario, u32::MAX);
            safe().find_map(|one| {
                let forgetful = self.forgetful.contains(&one.partition);
                out_of_order(world, one, if forgetful { &one_at_a_time } else { &ordered })
            })
        })
    }

    /// At least once: a record that a careful group never worked on.
    fn skipped(&self, partition: &PartitionView) -> Option<Text> {
        let id = &partition.partition;
        let groups = self.processed.iter().filter(|((_, of), _)| of == id);
        groups.into_iter().find_map(|((group, _), offsets)| {
            let missing = (0..partition.high_watermark.0).find(|at| !offsets.contains(at))?;
            Some(format!("{group} never worked on offset {missing} of {id}").into())
        })
    }

    /// Names of producers with at most `in_flight` requests under way whose records keep their order,
    /// whatever is tried again.
    fn ordered(&self, scenario: &Scenario, in_flight: u32) -> BTreeSet<Text> {
        let commands = || scenario.commands.iter().map(|timed| &timed.command);
        // What a process sent before it died comes late only where a command says so: not as in TCP.
        let late = commands().any(|command| match command {
            Command::Delay { message, .. } | Command::Duplicate { message, .. } => {
                message.api == Api::Produce
            }
            Command::SetLoss { duplication_ppm, .. } => *duplication_ppm > 0,
            _ => false,
        });
        let dies = commands().any(|command| match command {
            Command::Kill { node } | Command::Stop { node } => matches!(node, NodeId::Client(_)),
            Command::PowerLoss { .. } => true,
            _ => false,
        });
        if late && dies {
            return BTreeSet::new();
        }
        let added = scenario.commands.iter().filter_map(|timed| match &timed.command {
            Command::AddProducer { name, spec }
                if spec.is_idempotent() && spec.max_in_flight <= in_flight =>
            {
                Some(name.clone())
            }
            _ => None,
        });
        added.filter(|name| !self.changed.contains(name)).collect()
    }
}

/// Records of a producer in one partition: their numbers only grow.
fn out_of_order(world: &World, partition: &PartitionView, of: &BTreeSet<Text>) -> Option<Text> {
    let id = &partition.partition;
    let mut newest: BTreeMap<&str, u64> = BTreeMap::new();
    let records = project::records(world, partition.leader?, id, Offset(0), u32::MAX);
    for record in &records {
        let Some((name, number)) =
            record.value.as_deref().and_then(|text| text.trim_end().split_once('-'))
        else {
            continue;
        };
        let (Some(name), Ok(number)) = (of.get(name), number.parse::<u64>()) else { continue };
        let before = newest.insert(name, number);
        if before.is_some_and(|before| before >= number) {
            return Some(format!("{name}-{number} stands out of order in {id}").into());
        }
    }
    None
}

/// A group whose partitions are not each with one member, though its members run.
pub(super) fn group_trouble(world: &World, cluster: &ClusterView) -> Option<Text> {
    let mut owned: BTreeMap<(Text, &TopicPartition), u32> = BTreeMap::new();
    let members = || cluster.consumers.iter().filter(|consumer| consumer.state.is_up());
    let specs = members().filter_map(|consumer| spec(world, consumer.id));
    for spec in specs.filter(|spec| !spec.group.is_empty()) {
        let topic = cluster.topics.iter().find(|topic| topic.name == spec.topic);
        for partition in topic.into_iter().flat_map(|topic| &topic.partitions) {
            owned.entry((spec.group.clone(), &partition.partition)).or_default();
        }
        let brokers = world.hosts().filter_map(|(node, _)| world.broker(node.broker()?));
        let mut states = brokers.filter_map(|broker| broker.groups().group(&spec.group));
        if !states.any(|group| group.state == GroupState::Stable) {
            return Some(format!("group {} is not stable", spec.group).into());
        }
    }
    for consumer in members() {
        let status = world.client(consumer.id).and_then(ClientProcess::consumer_status);
        let Some(status) = status.and_then(|status| status.member) else { continue };
        for ((group, partition), members) in &mut owned {
            let is_own = status.group == *group && status.owned.contains(partition);
            *members += u32::from(is_own);
        }
    }
    let ((group, partition), members) = owned.iter().find(|(_, members)| **members != 1)?;
    Some(format!("{partition} is with {members} members of {group}").into())
}

fn spec(world: &World, client: ClientId) -> Option<&ConsumerSpec> {
    world.client(client)?.consumer_spec()
}

/// Whether a consumer commits only what it has worked on.
fn is_careful(spec: &ConsumerSpec) -> bool {
    matches!(spec.commit, CommitMode::After | CommitMode::Sync | CommitMode::Async)
}
