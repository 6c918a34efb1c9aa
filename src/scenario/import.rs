//! What `kafka-topics --describe` printed of a real cluster, as a scenario: the same brokers, topics,
//! placement and settings.
//!
//! Releases since 0.9 print the same fields in the same order, some of them more. A terminal may have
//! turned the tabs into blanks. Ids of brokers become `b1`, `b2`, … in their order, unless they are
//! that already. Who is in no ISR is killed once the topics are there, so that the cluster stands as it
//! was described; which replica leads beyond that is the election's choice ([`Imported::elsewhere`]).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::command::{Command, Placement, TimedCommand};
use crate::engine::config::{TopicConfig, WorldConfig};
use crate::engine::ids::{BrokerId, NodeId, PartitionId, Text, TopicName, TopicPartition};
use crate::engine::time::Micros;
use crate::scenario::ast::{BROKERS_MAX, PARTITIONS_MAX, SETTLED, Scenario};
use crate::scenario::error::{ParseError, Problem, Wanted};

/// When brokers that are in no ISR are killed: all have copied the empty logs by then.
const KILLED_AT: Micros = Micros(3_000_000);
/// Fields that `kafka-topics --describe` prints.
const FIELDS: &[&str] = &[
    "Topic",
    "TopicId",
    "PartitionCount",
    "ReplicationFactor",
    "Configs",
    "Partition",
    "Leader",
    "Replicas",
    "Isr",
    "Elr",
    "LastKnownElr",
    "Adding Replicas",
    "Removing Replicas",
    "Offline",
    "MarkedForDeletion",
];

/// A cluster that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What makes it.
    pub scenario: Scenario,
    /// Ids that had to change: the real one, and the one here.
    pub renamed: Vec<(u32, BrokerId)>,
    /// Settings of topics that are not modelled, as `topic: setting=value`.
    pub left_out: Vec<Text>,
    /// Partitions whose leader is another one here: the first replica that is in sync.
    pub elsewhere: Vec<TopicPartition>,
}

/// Whether a text looks like what `kafka-topics --describe` prints.
#[must_use]
pub fn is_described(text: &str) -> bool {
    text.lines().any(|line| {
        let names: Vec<&str> = fields(line).into_iter().map(|field| field.name).collect();
        names.contains(&"Topic")
            && (names.contains(&"PartitionCount") || names.contains(&"Replicas"))
    })
}

/// Reads what `kafka-topics --describe` printed. Other lines of a terminal are passed over.
///
/// # Errors
/// The first line that lacks something, holds no number where one belongs, or goes beyond what a
/// world may have; a text without any partition.
pub fn describe(text: &str) -> Result<Imported, ParseError> {
    let mut topics: Vec<Topic> = Vec::new();
    let lines = text.lines().zip(1..).map(|(line, number)| Line { number, fields: fields(line) });
    for line in lines {
        if line.find("PartitionCount").is_some() {
            let topic = head(&line)?;
            if topics.iter().any(|known| known.name == topic.name && known.partitions.is_empty()) {
                return Err(line.wrong("Topic", Problem::Twice { what: topic.name }));
            }
            topics.push(topic);
        } else if line.find("Replicas").is_some() {
            partition(&line, &mut topics)?;
        }
    }
    let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
    let missing = |what: &str| ParseError {
        line: last,
        column: 1,
        problem: Problem::Missing { what: what.into() },
        suggestion: None,
    };
    if topics.is_empty() {
        return Err(missing("Topic:"));
    }
    for topic in &topics {
        let count = topic.partitions.len();
        if count == 0 || topic.partitions.keys().zip(0..).any(|(id, wanted)| *id != wanted) {
            return Err(missing(&format!("{} Partition:", topic.name)));
        }
    }
    cluster(topics).map_err(|problem| ParseError {
        line: last,
        column: 1,
        problem,
        suggestion: None,
    })
}

/// A field of a line, with the column at which its value stands.
struct Field<'a> {
    name: &'static str,
    value: &'a str,
    column: u32,
}

struct Line<'a> {
    number: u32,
    fields: Vec<Field<'a>>,
}

struct Topic {
    name: Text,
    configs: Vec<(Text, Text)>,
    partitions: BTreeMap<u32, Described>,
}

struct Described {
    leader: Option<u32>,
    replicas: Vec<u32>,
    isr: Vec<u32>,
}

/// The fields of a line; what stands before the first of them is not looked at.
fn fields(line: &str) -> Vec<Field<'_>> {
    let mut starts: Vec<(usize, &'static str)> = Vec::new();
    for name in FIELDS {
        let label = format!("{name}:");
        let is_word = |at: usize| at == 0 || line[..at].ends_with(char::is_whitespace);
        let found = line.match_indices(&label).map(|(at, _)| at).find(|at| is_word(*at));
        // `Replicas:` is also the end of `Adding Replicas:`.
        let inner =
            |at: usize| starts.iter().any(|(start, known)| at > *start && at < start + known.len());
        starts.extend(found.filter(|at| !inner(*at)).map(|at| (at, *name)));
    }
    starts.sort_unstable();
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([line.len()]);
    let field = |((at, name), end): (&(usize, &'static str), usize)| {
        let text = line.get(at + name.len() + 1..end).unwrap_or_default();
        let value = text.trim_start();
        let begin = end - value.len();
        let column = u32::try_from(line[..begin].chars().count()).unwrap_or(u32::MAX);
        Field { name, value: value.trim_end(), column: column + 1 }
    };
    starts.iter().zip(ends).map(field).collect()
}

impl Line<'_> {
    fn find(&self, name: &str) -> Option<&Field<'_>> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn wrong(&self, name: &str, problem: Problem) -> ParseError {
        let column = self.find(name).map_or(1, |field| field.column);
        ParseError { line: self.number, column, problem, suggestion: None }
    }

    fn value(&self, name: &str) -> Result<&str, ParseError> {
        match self.find(name) {
            Some(field) if !field.value.is_empty() => Ok(field.value),
            _ => Err(self.wrong(name, Problem::Missing { what: format!("{name}:").into() })),
        }
    }

    fn number(&self, name: &str) -> Result<u32, ParseError> {
        let text = self.value(name)?;
        text.parse().map_err(|_| {
            self.wrong(name, Problem::Expected { wanted: Wanted::Number, found: text.into() })
        })
    }

    fn numbers(&self, name: &str) -> Result<Vec<u32>, ParseError> {
        let text = self.find(name).map_or("", |field| field.value);
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let numbers: Result<Vec<u32>, _> = parts.map(str::parse).collect();
        numbers.map_err(|_| {
            self.wrong(name, Problem::Expected { wanted: Wanted::Broker, found: text.into() })
        })
    }
}

fn head(line: &Line<'_>) -> Result<Topic, ParseError> {
    let name = line.value("Topic")?.into();
    let configs = line.find("Configs").map_or("", |field| field.value);
    let mut rows: Vec<(Text, Text)> = Vec::new();
    for part in configs.split(',').filter(|part| !part.is_empty()) {
        match (part.split_once('='), rows.last_mut()) {
            (Some((key, value)), _) => rows.push((key.into(), value.into())),
            // A value may hold commas: `cleanup.policy=compact,delete`.
            (None, Some((_, value))) => *value = format!("{value},{part}").into(),
            (None, None) => {
                let found = part.into();
                return Err(
                    line.wrong("Configs", Problem::Expected { wanted: Wanted::Setting, found })
                );
            }
        }
    }
    Ok(Topic { name, configs: rows, partitions: BTreeMap::new() })
}

fn partition(line: &Line<'_>, topics: &mut [Topic]) -> Result<(), ParseError> {
    let name = line.value("Topic")?;
    let Some(topic) = topics.iter_mut().find(|topic| &*topic.name == name) else {
        let what = format!("Topic: {name} PartitionCount:").into();
        return Err(line.wrong("Topic", Problem::Missing { what }));
    };
    let number = line.number("Partition")?;
    if number >= PARTITIONS_MAX {
        let (found, most) = (number.to_string().into(), u64::from(PARTITIONS_MAX) - 1);
        let what = Wanted::Partitions;
        return Err(line.wrong("Partition", Problem::OutOfRange { what, found, least: 0, most }));
    }
    let replicas = line.numbers("Replicas")?;
    let isr = line.numbers("Isr")?;
    let distinct: BTreeSet<&u32> = replicas.iter().collect();
    if replicas.is_empty() || distinct.len() != replicas.len() {
        let found = line.find("Replicas").map_or("", |field| field.value).into();
        return Err(line.wrong("Replicas", Problem::Expected { wanted: Wanted::Broker, found }));
    }
    if let Some(stray) = isr.iter().find(|id| !distinct.contains(id)) {
        let (kind, found) = (Wanted::Broker, stray.to_string().into());
        return Err(line.wrong("Isr", Problem::Unknown { kind, found }));
    }
    let leader = match line.find("Leader").map_or("", |field| field.value) {
        "none" | "-1" | "" => None,
        _ => Some(line.number("Leader")?),
    };
    if topic.partitions.insert(number, Described { leader, replicas, isr }).is_some() {
        let what = format!("{name}-{number}").into();
        return Err(line.wrong("Partition", Problem::Twice { what }));
    }
    Ok(())
}

fn cluster(topics: Vec<Topic>) -> Result<Imported, Problem> {
    let partitions = || topics.iter().flat_map(|topic| topic.partitions.values());
    let ids: BTreeSet<u32> = partitions().flat_map(|it| it.replicas.iter().copied()).collect();
    let most = u32::from(BROKERS_MAX);
    let stands = ids.iter().all(|id| (1..=most).contains(id));
    let count = if stands { ids.last().copied().unwrap_or(1) } else { ids.len() as u32 };
    if count > most {
        let (found, most) = (count.to_string().into(), u64::from(most));
        return Err(Problem::OutOfRange { what: Wanted::Brokers, found, least: 1, most });
    }
    let place = |id: u32| ids.iter().position(|known| *known == id).unwrap_or(0) as u32 + 1;
    let here = |id: u32| BrokerId(if stands { id } else { place(id) } as i32);
    let lives: BTreeSet<u32> =
        partitions().flat_map(|it| it.isr.iter().chain(&it.leader)).copied().collect();
    let mut imported = Imported {
        scenario: Scenario {
            config: WorldConfig { brokers: count as u16, ..WorldConfig::default() },
            ..Scenario::default()
        },
        renamed: ids
            .iter()
            .map(|id| (*id, here(*id)))
            .filter(|(id, here)| *id as i32 != here.0)
            .collect(),
        left_out: Vec::new(),
        elsewhere: Vec::new(),
    };
    for topic in &topics {
        imported.add(topic, &lives, here);
    }
    let dead = ids.iter().filter(|id| !lives.contains(id));
    let kill = |id: &u32| TimedCommand {
        at: KILLED_AT,
        before: None,
        command: Command::Kill { node: NodeId::Broker(here(*id)) },
    };
    imported.scenario.commands.extend(dead.map(kill));
    Ok(imported)
}

impl Imported {
    fn add(&mut self, topic: &Topic, lives: &BTreeSet<u32>, here: impl Fn(u32) -> BrokerId) {
        let name = TopicName::new(&topic.name);
        for (number, it) in &topic.partitions {
            let first = it.replicas.iter().find(|id| lives.contains(id) && it.isr.contains(id));
            if first.copied() != it.leader {
                let partition = PartitionId(*number as i32);
                self.elsewhere.push(TopicPartition { topic: name.clone(), partition });
            }
        }
        let is_modelled = |(key, _): &(Text, Text)| TopicConfig::KEYS.contains(&&**key);
        let (configs, others): (Vec<_>, Vec<_>) =
            topic.configs.iter().cloned().partition(is_modelled);
        let others =
            others.iter().map(|(key, value)| format!("{}: {key}={value}", topic.name).into());
        self.left_out.extend(others);
        let rows =
            topic.partitions.values().map(|it| it.replicas.iter().map(|id| here(*id)).collect());
        let placement = Placement::Assigned(rows.collect());
        let command = Command::CreateTopic { topic: name, placement, configs };
        self.scenario.commands.push(TimedCommand { at: SETTLED, before: None, command });
    }
}

#[cfg(test)]
mod tests;
