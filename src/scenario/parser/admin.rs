//! Statements for the admin client: `delete t`, `partitions t 4`, `elect preferred t-0`,
//! `reassign t-0: b3>b2`, `config t k=v`, `brokerconfig b1 k=v`.

use crate::engine::command::{Command, ElectionKind};
use crate::engine::config::TopicConfig;
use crate::engine::error::ConfigError;
use crate::engine::ids::{BrokerId, PartitionId, Text, TopicName, TopicPartition};
use crate::scenario::ast::PARTITIONS_MAX;
use crate::scenario::error::Wanted;

use super::Reader;
use super::lexical::{
    Input, Parsed, end_of_line, expected, fail_at, gap, has_sign, here, number, word,
};
use super::program::{assignment, broker, entry, row};

/// One of the statements that are one command.
pub(super) fn command(input: &mut Input<'_>, verb: &str) -> Parsed<Command> {
    match verb {
        "delete" => {
            gap(input, Wanted::Topic)?;
            Ok(Command::DeleteTopic { topic: TopicName(word(input, Wanted::Topic)?) })
        }
        "partitions" => partitions(input),
        "elect" => elect(input),
        _ => reassign(input),
    }
}

impl Reader {
    /// `config t min.insync.replicas=2, -segment.bytes`: one command per setting.
    pub(super) fn config(&mut self, input: &mut Input<'_>) -> Parsed<Vec<Command>> {
        gap(input, Wanted::Topic)?;
        let topic = TopicName(word(input, Wanted::Topic)?);
        gap(input, Wanted::Setting)?;
        let mut commands = Vec::new();
        loop {
            let start = here(input);
            let (key, value) = match taken_back(input)? {
                Some(key) if TopicConfig::KEYS.contains(&&*key) => (key, None),
                Some(key) => return Err(fail_at(start, ConfigError::Unknown { key }.into())),
                None => {
                    let (key, value) = self.topic_setting(input)?;
                    (key, Some(value))
                }
            };
            commands.push(Command::SetTopicConfig { topic: topic.clone(), key, value });
            if !has_sign(input, ',') {
                return Ok(commands);
            }
        }
    }

    /// `brokerconfig b1 log.cleaner.threads=2, -log.retention.ms`, `brokerconfig default …`: what is
    /// no setting is the brokers' to judge.
    pub(super) fn broker_config(&mut self, input: &mut Input<'_>) -> Parsed<Vec<Command>> {
        gap(input, Wanted::Broker)?;
        let mut ahead = *input;
        let broker = if &*word(&mut ahead, Wanted::Broker)? == "default" {
            *input = ahead;
            None
        } else {
            Some(broker(input)?)
        };
        gap(input, Wanted::Setting)?;
        let mut commands = Vec::new();
        loop {
            let (key, value) = match taken_back(input)? {
                Some(key) => (key, None),
                None => {
                    let entry = entry(input)?;
                    (entry.key, Some(entry.value))
                }
            };
            commands.push(Command::SetBrokerConfig { broker, key, value });
            if !has_sign(input, ',') {
                return Ok(commands);
            }
        }
    }
}

/// `-key`: the setting is taken back.
fn taken_back(input: &mut Input<'_>) -> Parsed<Option<Text>> {
    let mut ahead = *input;
    super::lexical::blanks(&mut ahead)?;
    let key = word(&mut ahead, Wanted::Setting)?;
    let Some(key) = key.strip_prefix('-') else { return Ok(None) };
    *input = ahead;
    Ok(Some(key.into()))
}

/// `partitions t 4` or `partitions t 4: b1>b2 | b2>b3`.
fn partitions(input: &mut Input<'_>) -> Parsed<Command> {
    gap(input, Wanted::Topic)?;
    let topic = TopicName(word(input, Wanted::Topic)?);
    gap(input, Wanted::Partitions)?;
    let count = number(input, Wanted::Partitions, 1, u64::from(PARTITIONS_MAX))?;
    let count = u32::try_from(count).unwrap_or(PARTITIONS_MAX);
    let assignment = if has_sign(input, ':') { assignment(input)? } else { Vec::new() };
    Ok(Command::AddPartitions { topic, count, assignment })
}

/// `elect preferred t-0`, `elect unclean`.
fn elect(input: &mut Input<'_>) -> Parsed<Command> {
    let wanted = Wanted::Keyword("preferred, unclean");
    gap(input, wanted)?;
    let start = *input;
    let kind = match &*word(input, wanted)? {
        "preferred" => ElectionKind::Preferred,
        "unclean" => ElectionKind::Unclean,
        _ => return Err(expected(&start, wanted)),
    };
    let mut ahead = *input;
    if end_of_line(&mut ahead).is_ok() {
        return Ok(Command::ElectLeaders { kind, partition: None });
    }
    gap(input, Wanted::Partition)?;
    Ok(Command::ElectLeaders { kind, partition: Some(partition(input)?) })
}

/// `reassign t-0: b3>b2`, `reassign t-0 cancel`.
fn reassign(input: &mut Input<'_>) -> Parsed<Command> {
    gap(input, Wanted::Partition)?;
    let partition = partition(input)?;
    if has_sign(input, ':') {
        let replicas: Vec<BrokerId> = row(input)?;
        return Ok(Command::Reassign { partition, replicas });
    }
    let wanted = Wanted::Keyword(": | cancel");
    gap(input, wanted)?;
    let start = *input;
    match &*word(input, wanted)? {
        "cancel" => Ok(Command::Reassign { partition, replicas: Vec::new() }),
        _ => Err(expected(&start, wanted)),
    }
}

/// `orders-0`: the number stands behind the last dash.
pub(super) fn partition(input: &mut Input<'_>) -> Parsed<TopicPartition> {
    let start = *input;
    let name = word(input, Wanted::Partition)?;
    let parts = name.rsplit_once('-');
    let read = parts.and_then(|(topic, number)| Some((topic, number.parse::<u32>().ok()?)));
    let (topic, number) = read.ok_or_else(|| expected(&start, Wanted::Partition))?;
    let number = i32::try_from(number).map_err(|_| expected(&start, Wanted::Partition))?;
    Ok(TopicPartition::new(&TopicName::new(topic), PartitionId(number)))
}
