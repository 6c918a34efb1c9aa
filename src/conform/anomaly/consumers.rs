//! Whole consumers of a case as programs of the world: their settings, and what they did.

use std::collections::BTreeMap;

use crate::conform::anomaly::case::ConsumerStart;
use crate::conform::anomaly::cluster::{ConsumerEvent, Outcome, Problem};
use crate::engine::command::ConsumerSpec;
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, ClientId, NodeId, Offset, TopicName, TopicPartition};
use crate::engine::program::settings::set_consumer;
use crate::engine::record::batch::batches;
use crate::engine::record::reader::records;
use crate::engine::replication::partition::Partition;
use crate::engine::sim::world::World;

/// What consumers did.
#[derive(Debug, Default)]
pub struct Consumers {
    events: BTreeMap<ClientId, Vec<ConsumerEvent>>,
    /// Commits that reached all replicas, by group.
    committed: BTreeMap<String, u32>,
    groups: BTreeMap<ClientId, String>,
    /// Generations by group: number, protocol, members.
    generations: BTreeMap<String, Vec<Generation>>,
}

type Generation = (i32, Option<String>, i32);

/// The settings of a case's consumer. It polls one record at a time, as librdkafka does.
///
/// # Errors
/// A setting that no program has.
pub fn spec(topic: &str, consumer: &ConsumerStart) -> Outcome<ConsumerSpec> {
    if consumer.assignor.as_deref() == Some("cooperative-sticky") {
        let text = "it was recorded of librdkafka's consumers, whose sticky assignor is not Java's";
        return Err(Problem::Cannot(text.to_owned()));
    }
    if consumer.offset.is_some() {
        return Err(Problem::Cannot("no program reads from an offset that it is told".to_owned()));
    }
    let mut spec = ConsumerSpec::new(&TopicName::new(topic));
    let reset = match consumer.reset.as_deref() {
        None => "earliest",
        Some("error") => "none",
        Some(policy) => policy,
    };
    let mut settings = vec![
        ("group", consumer.group.clone()),
        ("auto.offset.reset", reset.to_owned()),
        ("max.poll.records", "1".to_owned()),
        ("work", consumer.hold_ms.unwrap_or(0).to_string()),
        ("commit", consumer.commit.clone().unwrap_or_else(|| "none".to_owned())),
    ];
    let number = |key, value: Option<i32>| value.map(|value| (key, value.to_string()));
    settings.extend(number("session.timeout.ms", consumer.session_timeout_ms));
    settings.extend(number("max.poll.interval.ms", consumer.max_poll_interval_ms));
    settings.extend(
        consumer.assignor.clone().map(|assignor| ("partition.assignment.strategy", assignor)),
    );
    if consumer.is_static {
        settings.push(("group.instance.id", consumer.name.clone()));
    }
    // What is killed between two records needs a moment between them.
    if consumer.kill_after.is_some() {
        settings.push(("work", "1".to_owned()));
    }
    for (key, value) in settings {
        set_consumer(&mut spec, key, &value)
            .map_err(|error| Problem::Cannot(format!("consumer: {error}")))?;
    }
    Ok(spec)
}

impl Consumers {
    /// An event of the world.
    pub fn see(&mut self, world: &World, event: &Event) {
        self.see_group(&event.kind);
        let Some(NodeId::Client(id)) = event.node else { return };
        let numbers =
            |list: &[TopicPartition]| list.iter().map(|tp| tp.partition.0).collect::<Vec<i32>>();
        let told = self.events.entry(id).or_default();
        match &event.kind {
            EventKind::PartitionsAssigned { group, partitions, .. } => {
                self.groups.insert(id, group.to_string());
                told.push(ConsumerEvent::Assign(numbers(partitions)));
            }
            EventKind::PartitionsRevoked { partitions, .. } => {
                told.push(ConsumerEvent::Revoke(numbers(partitions)));
            }
            EventKind::RecordsDelivered { partition, first, last, .. } => {
                let offsets = first.0..=last.0;
                let value = |at| value_at(world, partition, Offset(at));
                let record = |at| ConsumerEvent::Record(partition.partition.0, at, value(at));
                told.extend(offsets.map(record));
            }
            EventKind::RecordsProcessed { partition, first, last } => {
                let offsets = first.0..=last.0;
                let done = |at| ConsumerEvent::Done(partition.partition.0, at);
                told.extend(offsets.map(done));
            }
            EventKind::CommitFailed { error, .. } => {
                let name = crate::conform::anomaly::requests::error_name(*error);
                told.push(ConsumerEvent::CommitError(name.to_string()));
            }
            EventKind::ProcessFailed { error } => {
                told.push(ConsumerEvent::Error(error.to_string()));
            }
            _ => {}
        }
    }

    fn see_group(&mut self, kind: &EventKind) {
        match kind {
            EventKind::OffsetCommitted { group, .. } => {
                *self.committed.entry(group.to_string()).or_default() += 1;
            }
            EventKind::GenerationStarted { group, generation, protocol, members, .. } => {
                let protocol = protocol.as_ref().map(ToString::to_string);
                let members = i32::try_from(*members).unwrap_or(i32::MAX);
                let begun = (*generation, protocol, members);
                self.generations.entry(group.to_string()).or_default().push(begun);
            }
            // Written once more, under the member's new id.
            EventKind::MemberReplaced { group, .. } => {
                let known = self.generations.entry(group.to_string()).or_default();
                known.extend(known.last().cloned());
            }
            _ => {}
        }
    }

    /// The generations of a group so far.
    #[must_use]
    pub fn generations(&self, group: &str) -> Vec<Generation> {
        self.generations.get(group).cloned().unwrap_or_default()
    }

    /// A killed consumer starts again: its events are told from here.
    pub fn begin_anew(&mut self, id: ClientId) {
        self.events.remove(&id);
    }

    /// What a consumer did, in order.
    #[must_use]
    pub fn events(&self, id: ClientId) -> Vec<ConsumerEvent> {
        self.events.get(&id).cloned().unwrap_or_default()
    }

    /// How many records a consumer is done with, or, with `committed`, has committed.
    #[must_use]
    pub fn reached(&self, id: ClientId, committed: bool) -> u32 {
        if committed {
            let group = self.groups.get(&id);
            return group.and_then(|group| self.committed.get(group)).copied().unwrap_or(0);
        }
        let events = self.events.get(&id).into_iter().flatten();
        let done = events.filter(|event| matches!(event, ConsumerEvent::Done(..)));
        u32::try_from(done.count()).unwrap_or(u32::MAX)
    }
}

/// Whether a consumer has partitions, and has read each of them to its end.
#[must_use]
pub fn is_at_end(world: &World, id: ClientId) -> bool {
    let Some(status) = world.client(id).and_then(|client| client.consumer_status()) else {
        return false;
    };
    let Some(member) = status.member.filter(|member| !member.owned.is_empty()) else {
        return false;
    };
    member.owned.iter().all(|owned| {
        let at = status.positions.iter().find(|at| at.partition == *owned);
        at.is_some_and(|at| Some(at.offset) == end_of(world, owned))
    })
}

fn value_at(world: &World, partition: &TopicPartition, offset: Offset) -> Option<String> {
    let (id, replica) = leader_of(world, partition)?;
    let disk = world.disk(NodeId::Broker(id))?;
    let end = replica.log.log_end_offset();
    let found = replica.log.read(disk, offset, 1, end, true).ok()?;
    let (_, batch) = batches(&found).next()?;
    let record = records(&batch).flatten().find(|record| record.offset == offset)?;
    record.value.map(|value| String::from_utf8_lossy(value).into_owned())
}

fn leader_of<'a>(
    world: &'a World,
    partition: &TopicPartition,
) -> Option<(BrokerId, &'a Partition)> {
    let brokers = (1..=32).map(BrokerId).filter_map(|id| Some((id, world.broker(id)?)));
    let replicas = brokers.filter_map(|(id, broker)| Some((id, broker.partition(partition)?)));
    replicas.into_iter().find(|(_, replica)| replica.leading().is_some())
}

fn end_of(world: &World, partition: &TopicPartition) -> Option<Offset> {
    leader_of(world, partition).map(|(_, leader)| leader.high_watermark)
}
