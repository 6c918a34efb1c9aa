//! Topics and client programs: `topic t: b1>b2>b3 {min.insync.replicas=2}`,
//! `producer web{topic=t, rate=10}`, `consumer app{topic=t, from=end}`, `set web acks=1`.

use std::collections::BTreeSet;

use crate::engine::command::{Command, ConsumerSpec, Placement, ProducerSpec};
use crate::engine::config::TopicConfig;
use crate::engine::error::ConfigError;
use crate::engine::ids::{BrokerId, Text, TopicName};
use crate::engine::program::settings;
use crate::scenario::ast::{ADMIN, BROKERS_MAX, PARTITIONS_MAX};
use crate::scenario::error::{Problem, Wanted};
use crate::scenario::spec::{CONSUMER_KEYS, PRODUCER_KEYS, set_consumer, set_producer};
use crate::scenario::suggest::nearest;

use super::Reader;
use super::command::{broker_number, broker_out_of_range};
use super::expect::Known;
use super::lexical::{
    Fail, Input, Parsed, expected, fail_at, gap, has_sign, here, number, sign, word,
};

/// A setting as it was read: name, value, and where each stands.
pub(super) struct Entry {
    pub key: Text,
    pub value: Text,
    key_at: usize,
    value_at: usize,
}

impl Entry {
    fn fail(&self, problem: Problem, known: &[&'static str]) -> Fail {
        let unknown = matches!(
            problem,
            Problem::Unknown { .. } | Problem::Config(ConfigError::Unknown { .. })
        );
        if unknown {
            let suggestion = nearest(&self.key, known.iter().copied());
            return Fail { offset: self.key_at, problem, suggestion };
        }
        fail_at(self.value_at, problem)
    }
}

impl Reader {
    /// `topic t: b1>b2>b3 | b2>b3>b1 {k=v}` or `topic t p3 rf2 {k=v}`.
    pub(super) fn topic(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        gap(input, Wanted::Topic)?;
        let topic = TopicName(word(input, Wanted::Topic)?);
        let placement = if has_sign(input, ':') {
            Placement::Assigned(self.placed(input)?)
        } else {
            automatic(input)?
        };
        let mut configs = Vec::new();
        if has_sign(input, '{') && !has_sign(input, '}') {
            let mut seen = BTreeSet::new();
            loop {
                let start = here(input);
                let (key, value) = self.topic_setting(input)?;
                if !seen.insert(key.clone()) {
                    return Err(fail_at(start, Problem::Twice { what: key }));
                }
                configs.push((key, value));
                if !has_sign(input, ',') {
                    break sign(input, '}')?;
                }
            }
        }
        Ok(Command::CreateTopic { topic, placement, configs })
    }

    /// `b1>b2 | b2>b3` of brokers that the world has, none of them twice in a row.
    fn placed(&mut self, input: &mut Input<'_>) -> Parsed<Vec<Vec<BrokerId>>> {
        let mut partitions = vec![Vec::new()];
        loop {
            let at = here(input);
            let id = broker(input)?;
            let name = format!("b{}", id.0);
            let row = partitions.last_mut().expect("it begins with one");
            if row.contains(&id) {
                return Err(fail_at(at, Problem::Twice { what: name.into() }));
            }
            row.push(id);
            self.know(Known::Host, &name, at);
            if has_sign(input, '|') {
                partitions.push(Vec::new());
            } else if !has_sign(input, '>') {
                return Ok(partitions);
            }
        }
    }

    /// One setting of a topic. The name must be one that is modelled; the value is the broker's to
    /// judge, as in Kafka.
    pub(super) fn topic_setting(&mut self, input: &mut Input<'_>) -> Parsed<(Text, Text)> {
        let entry = entry(input)?;
        if TopicConfig::KEYS.contains(&&*entry.key) {
            return Ok((entry.key, entry.value));
        }
        let problem = ConfigError::Unknown { key: entry.key.clone() }.into();
        Err(entry.fail(problem, TopicConfig::KEYS))
    }

    pub(super) fn producer(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        let name = self.new_client(input)?;
        let mut spec = ProducerSpec::new(&TopicName::new(""));
        for entry in entries(input, PRODUCER_KEYS)? {
            set_producer(&mut spec, &entry.key, &entry.value)
                .map_err(|problem| entry.fail(problem, PRODUCER_KEYS))?;
        }
        Ok(Command::AddProducer { name, spec })
    }

    pub(super) fn consumer(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        let name = self.new_client(input)?;
        let mut spec = ConsumerSpec::new(&TopicName::new(""));
        for entry in entries(input, CONSUMER_KEYS)? {
            set_consumer(&mut spec, &entry.key, &entry.value)
                .map_err(|problem| entry.fail(problem, CONSUMER_KEYS))?;
        }
        Ok(Command::AddConsumer { name, spec })
    }

    /// `set web acks=1`. The value is judged as the program judges it.
    pub(super) fn set_client(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        let name = self.a_client(input)?;
        gap(input, Wanted::Setting)?;
        let entry = entry(input)?;
        let topic = TopicName::new("");
        let (mut producer, mut consumer) = (ProducerSpec::new(&topic), ConsumerSpec::new(&topic));
        let as_producer = settings::set_producer(&mut producer, &entry.key, &entry.value);
        let as_consumer = settings::set_consumer(&mut consumer, &entry.key, &entry.value);
        match (as_producer, as_consumer) {
            (Ok(()), _) | (_, Ok(())) => {
                Ok(Command::SetClient { name, key: entry.key, value: entry.value })
            }
            (Err(ConfigError::Unknown { .. }), Err(problem)) => {
                let known = [settings::PRODUCER_KEYS, settings::CONSUMER_KEYS].concat();
                Err(entry.fail(problem.into(), &known))
            }
            (Err(problem), _) => Err(entry.fail(problem.into(), settings::PRODUCER_KEYS)),
        }
    }

    /// A client program that the text adds somewhere.
    pub(super) fn a_client(&mut self, input: &mut Input<'_>) -> Parsed<Text> {
        gap(input, Wanted::Client)?;
        let at = here(input);
        let name = word(input, Wanted::Client)?;
        self.know(Known::Client, &name, at);
        Ok(name)
    }

    /// A name that no host and no other client has.
    fn new_client(&mut self, input: &mut Input<'_>) -> Parsed<Text> {
        gap(input, Wanted::Client)?;
        let start = *input;
        let name = word(input, Wanted::Client)?;
        if name.is_empty() || [ADMIN, "zk"].contains(&&*name) || broker_number(&name).is_some() {
            return Err(expected(&start, Wanted::Client));
        }
        self.once(here(&start), &format!("client {name}"))
            .map_err(|_| fail_at(here(&start), Problem::Twice { what: name.clone() }))?;
        Ok(name)
    }
}

/// `b1>b2 | b2>b3`.
pub(super) fn assignment(input: &mut Input<'_>) -> Parsed<Vec<Vec<BrokerId>>> {
    let mut partitions = Vec::new();
    loop {
        partitions.push(row(input)?);
        if !has_sign(input, '|') {
            return Ok(partitions);
        }
    }
}

/// `b1>b2>b3`.
pub(super) fn row(input: &mut Input<'_>) -> Parsed<Vec<BrokerId>> {
    let mut replicas = vec![broker(input)?];
    while has_sign(input, '>') {
        replicas.push(broker(input)?);
    }
    Ok(replicas)
}

/// `b1`.
pub(super) fn broker(input: &mut Input<'_>) -> Parsed<BrokerId> {
    let start = *input;
    let name = word(input, Wanted::Broker)?;
    let id = broker_number(&name).ok_or_else(|| expected(&start, Wanted::Broker))?;
    if !(1..=u64::from(BROKERS_MAX)).contains(&id) {
        return Err(broker_out_of_range(here(&start), &name));
    }
    Ok(BrokerId(i32::try_from(id).unwrap_or(i32::MAX)))
}

/// `p3 rf2`.
fn automatic(input: &mut Input<'_>) -> Parsed<Placement> {
    gap(input, Wanted::Keyword(": | p"))?;
    let partitions = lettered(input, "p", Wanted::Partitions, u64::from(PARTITIONS_MAX))?;
    gap(input, Wanted::Keyword("rf"))?;
    let replicas = lettered(input, "rf", Wanted::Replicas, u64::from(BROKERS_MAX))?;
    Ok(Placement::Automatic {
        partitions: u32::try_from(partitions).unwrap_or(PARTITIONS_MAX),
        replication_factor: u16::try_from(replicas).unwrap_or(BROKERS_MAX),
    })
}

fn lettered(input: &mut Input<'_>, letters: &'static str, what: Wanted, most: u64) -> Parsed<u64> {
    let start = *input;
    let token = word(input, Wanted::Keyword(letters))?;
    let digits = token.strip_prefix(letters).filter(|d| !d.is_empty());
    let digits = digits.ok_or_else(|| expected(&start, Wanted::Keyword(letters)))?;
    let mut rest = Input::new(digits);
    number(&mut rest, what, 0, most).map_err(|fail| Fail { offset: here(&start), ..fail })
}

/// `{k=v, k=v}` of a client program, in the order in which they are to be set; `topic` must be among
/// them, or a pattern; nothing twice.
fn entries(input: &mut Input<'_>, order: &[&str]) -> Parsed<Vec<Entry>> {
    let start = here(input);
    sign(input, '{')?;
    let mut entries: Vec<Entry> = Vec::new();
    if !has_sign(input, '}') {
        loop {
            let next = entry(input)?;
            if entries.iter().any(|e| e.key == next.key) {
                return Err(fail_at(next.key_at, Problem::Twice { what: next.key }));
            }
            entries.push(next);
            if !has_sign(input, ',') {
                break sign(input, '}')?;
            }
        }
    }
    if !entries.iter().any(|e| ["topic", "topic.pattern"].contains(&&*e.key)) {
        if let Some(slip) = entries.iter().find(|entry| !order.contains(&&*entry.key)) {
            let problem = ConfigError::Unknown { key: slip.key.clone() }.into();
            return Err(Fail {
                suggestion: nearest(&slip.key, order.iter().copied()),
                ..fail_at(slip.key_at, problem)
            });
        }
        return Err(fail_at(start, Problem::Missing { what: "topic".into() }));
    }
    entries.sort_by_key(|entry| order.iter().position(|key| *key == &*entry.key));
    Ok(entries)
}

pub(super) fn entry(input: &mut Input<'_>) -> Parsed<Entry> {
    let key_at = here(input);
    let key = word(input, Wanted::Setting)?;
    sign(input, '=')?;
    let value_at = here(input);
    let value = word(input, Wanted::Value)?;
    Ok(Entry { key, value, key_at, value_at })
}
