//! Records that applications sent, what they were told about each, and what the leaders' logs hold.
//!
//! A record is known by its producer, its number and its value: what a program makes by itself is
//! `NAME-N`, what it was handed has the value of its `RecordsQueued`.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{ClientId, NodeId, Offset, Text, TopicPartition};
use crate::engine::protocol::Api;
use crate::engine::sim::world::World;
use crate::view::cluster::PartitionView;
use crate::view::project;

/// Records of a log that are read at most.
pub(super) const RECORDS_MAX: u32 = 1_000_000;

/// Records told to be a success: `count` from the number `first` on, at offsets from `base` on.
#[derive(Clone, Debug)]
struct Told {
    producer: ClientId,
    partition: TopicPartition,
    first: u64,
    count: u32,
    base: Offset,
}

/// A record's key and value.
pub(super) type Pair = (Option<Text>, String);

/// What was sent so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    told: Vec<Told>,
    /// Values that are not the program's name and the record's number.
    values: BTreeMap<(ClientId, u64), Text>,
}

/// What the ledger and the logs say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Audit {
    /// Records of which success was told and that no leader has.
    pub lost: Vec<String>,
    /// Values that stand more than once in a leader's log.
    pub duplicated: Vec<String>,
    /// Values that stand behind one that was sent later with the same key.
    pub disordered: Vec<String>,
}

impl Ledger {
    pub fn observe(&mut self, event: &Event) {
        let Some(producer) = event.node.and_then(NodeId::client) else { return };
        match &event.kind {
            EventKind::RecordsQueued { first, count: 1, value: Some(value), .. } => {
                self.values.insert((producer, *first), value.trim_end().into());
            }
            EventKind::RecordsAcked { partition, first, count, base } => {
                let (partition, first, count, base) = (partition.clone(), *first, *count, *base);
                self.told.push(Told { producer, partition, first, count, base });
            }
            _ => {}
        }
    }

    /// Compares what was told with the logs of the leaders that are there.
    pub fn audit(&self, world: &World) -> Audit {
        let names = world.client_names();
        let value = |producer: ClientId, number: u64| -> String {
            let own = || {
                let name = names.iter().find(|(id, _)| *id == producer).map(|(_, name)| &**name);
                format!("{}-{number}", name.unwrap_or_default())
            };
            self.values.get(&(producer, number)).map_or_else(own, ToString::to_string)
        };
        let sending = senders(world);
        let mut audit = Audit::default();
        let view = project::cluster(world);
        for partition in view.topics.iter().flat_map(|topic| &topic.partitions) {
            let Some((start, log)) = leaders_log(world, partition) else { continue };
            let held: BTreeSet<&str> = log.iter().map(|(_, value)| &**value).collect();
            let mine = self.told.iter().filter(|told| told.partition == partition.partition);
            for told in mine.filter(|told| !sending.contains(&told.producer)) {
                for index in 0..u64::from(told.count) {
                    let offset = told.base.plus(i64::try_from(index).unwrap_or(i64::MAX));
                    let expired = told.base != Offset::NONE && offset < start;
                    let value = value(told.producer, told.first + index);
                    if !expired && !held.contains(&*value) {
                        audit.lost.push(value);
                    }
                }
            }
            audit.look_through(&log);
        }
        audit
    }
}

impl Audit {
    /// Finds what stands twice, and what stands behind something later of its name and key.
    fn look_through(&mut self, log: &[Pair]) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut newest: BTreeMap<(&Option<Text>, &str), u64> = BTreeMap::new();
        for (key, value) in log {
            if !seen.insert(value) {
                self.duplicated.push(value.clone());
                continue;
            }
            let Some((name, number)) = value.rsplit_once('-') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            let last = newest.entry((key, name)).or_insert(number);
            if number < *last {
                self.disordered.push(value.clone());
            }
            *last = (*last).max(number);
        }
    }
}

/// How often a value stands in the logs of the leaders that are there.
pub(super) fn copies(world: &World, value: &str) -> u64 {
    let view = project::cluster(world);
    let partitions = view.topics.iter().flat_map(|topic| &topic.partitions);
    let logs = partitions.filter_map(|partition| leaders_log(world, partition));
    logs.map(|(_, log)| log.iter().filter(|(_, v)| v == value).count() as u64).sum()
}

/// Producers of which a Produce request is on its way: what it carries is neither lost nor there.
pub(super) fn senders(world: &World) -> BTreeSet<ClientId> {
    let messages = project::messages(world, &[]);
    let produce = messages.iter().filter(|m| m.api == Api::Produce && !m.response);
    produce.filter_map(|message| message.from.client()).collect()
}

/// The first offset of a leader's log, and keys and values of its records.
pub(super) fn leaders_log(world: &World, partition: &PartitionView) -> Option<(Offset, Vec<Pair>)> {
    let leader = partition.leader?;
    let replica = partition.replicas.iter().find(|replica| replica.broker == leader)?;
    let records = project::records(world, leader, &partition.partition, Offset(0), RECORDS_MAX);
    let text = |value: Option<Text>| value.as_deref().unwrap_or_default().trim_end().to_owned();
    let pairs = records.into_iter().map(|record| (record.key, text(record.value)));
    Some((replica.log_start_offset, pairs.collect()))
}
