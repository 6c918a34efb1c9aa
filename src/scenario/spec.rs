//! Settings of the client programs, as text: one table that parser and printer share.
//!
//! The names and values are the programs' own ([`crate::engine::program::settings`]); `topic` and
//! `from` are the language's. What is at its default is not printed.

use crate::engine::command::{Acks, ConsumerSpec, Keys, ProducerSpec};
use crate::engine::ids::{Text, TopicName};
use crate::engine::pattern::Pattern;
use crate::engine::program::settings;
use crate::engine::setting::Partitioner;
use crate::scenario::error::{Problem, Wanted};

/// Settings of a producer program, `topic` first; in the order in which they are set, and so the defaults
/// of another release before all that stands beside them.
pub const PRODUCER_KEYS: &[&str] = &[
    "topic",
    settings::DEFAULTS,
    "rate",
    "keys",
    "value.bytes",
    "limit",
    "acks",
    "batch.size",
    "linger.ms",
    "request.timeout.ms",
    "delivery.timeout.ms",
    "retry.backoff.ms",
    "max.in.flight.requests.per.connection",
    "enable.idempotence",
    "compression.type",
    "retries",
    "retry.backoff.max.ms",
    "max.block.ms",
    "buffer.memory",
    "max.request.size",
    "partitioner",
    "partitioner.class",
    "partitioner.ignore.keys",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "metadata.max.age.ms",
];

/// Settings of a consumer program, `topic` first.
pub const CONSUMER_KEYS: &[&str] = &[
    "topic",
    "topic.pattern",
    settings::DEFAULTS,
    "from",
    "fetch.min.bytes",
    "fetch.max.wait.ms",
    "max.partition.fetch.bytes",
    "fetch.max.bytes",
    "isolation.level",
    "request.timeout.ms",
    "metadata.max.age.ms",
    "auto.offset.reset",
    "group",
    "group.instance.id",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "max.poll.records",
    "auto.commit.interval.ms",
    "commit",
    "work",
];

/// Sets one setting of a producer.
///
/// # Errors
/// The name is none of [`PRODUCER_KEYS`], or the value is not one of its values.
pub fn set_producer(spec: &mut ProducerSpec, key: &str, value: &str) -> Result<(), Problem> {
    match key {
        "topic" => spec.topic = TopicName::new(value),
        _ => settings::set_producer(spec, key, value)?,
    }
    Ok(())
}

/// A producer's settings that differ from the defaults, in the order of [`PRODUCER_KEYS`].
#[must_use]
pub fn producer_settings(spec: &ProducerSpec) -> Vec<(&'static str, String)> {
    let default = Partitioner::Kafka33.word();
    let values = |spec: &ProducerSpec| {
        let is_class = spec.partitioner == Partitioner::RoundRobin;
        vec![
            spec.topic.to_string(),
            // What it set is printed by itself.
            String::new(),
            spec.rate.to_string(),
            keys_text(spec.keys),
            spec.value_bytes.to_string(),
            spec.limit.to_string(),
            acks_text(spec.acks).to_owned(),
            spec.batch_size.to_string(),
            spec.linger_ms.to_string(),
            spec.request_timeout_ms.to_string(),
            spec.delivery_timeout_ms.to_string(),
            spec.retry_backoff_ms.to_string(),
            spec.max_in_flight.to_string(),
            spec.enable_idempotence.map_or(String::new(), |on| on.to_string()),
            spec.compression.name().to_owned(),
            spec.retries.to_string(),
            spec.retry_backoff_max_ms.to_string(),
            spec.max_block_ms.to_string(),
            spec.buffer_memory.to_string(),
            spec.max_request_size.to_string(),
            if is_class { default.to_owned() } else { spec.partitioner.word().to_owned() },
            if is_class { spec.partitioner.word().to_owned() } else { String::new() },
            spec.ignore_keys.to_string(),
            spec.adaptive.to_string(),
            spec.availability_timeout_ms.to_string(),
            spec.metadata_max_age_ms.to_string(),
        ]
    };
    differing(PRODUCER_KEYS, values(spec), values(&ProducerSpec::new(&spec.topic)))
}

/// Sets one setting of a consumer.
///
/// # Errors
/// The name is none of [`CONSUMER_KEYS`], or the value is not one of its values.
pub fn set_consumer(spec: &mut ConsumerSpec, key: &str, value: &str) -> Result<(), Problem> {
    match key {
        "topic" => {
            let mut topics = value.split(',').map(|topic| TopicName::new(topic.trim()));
            spec.topic = topics.next().expect("a text has a first part");
            spec.more_topics = topics.collect();
        }
        "topic.pattern" => spec.topic_pattern = pattern(value)?,
        "from" => match value.parse() {
            Ok(time @ 0..) => spec.from_time = Some(time),
            _ => spec.from_beginning = from_beginning(value)?,
        },
        _ => settings::set_consumer(spec, key, value)?,
    }
    Ok(())
}

/// A consumer's settings that differ from the defaults, in the order of [`CONSUMER_KEYS`].
#[must_use]
pub fn consumer_settings(spec: &ConsumerSpec) -> Vec<(&'static str, String)> {
    let values = |spec: &ConsumerSpec| {
        vec![
            if spec.topic_pattern.is_empty() { spec.follows() } else { String::new() },
            spec.topic_pattern.to_string(),
            // What it set is printed by itself.
            String::new(),
            match spec.from_time {
                Some(time) => time.to_string(),
                None if spec.from_beginning => "beginning".to_owned(),
                None => "end".to_owned(),
            },
            spec.fetch_min_bytes.to_string(),
            spec.fetch_max_wait_ms.to_string(),
            spec.max_partition_fetch_bytes.to_string(),
            spec.fetch_max_bytes.to_string(),
            (if spec.read_committed { "read_committed" } else { "read_uncommitted" }).to_owned(),
            spec.request_timeout_ms.to_string(),
            spec.metadata_max_age_ms.to_string(),
            match spec.never_resets {
                true => "none".to_owned(),
                // Else `from` says it.
                false if spec.from_time.is_some() && !spec.from_beginning => "latest".to_owned(),
                false => String::new(),
            },
            spec.group.to_string(),
            spec.instance.to_string(),
            spec.assignors.to_string(),
            spec.session_timeout_ms.to_string(),
            spec.heartbeat_interval_ms.to_string(),
            spec.max_poll_interval_ms.to_string(),
            spec.max_poll_records.to_string(),
            spec.auto_commit_interval_ms.to_string(),
            spec.commit.word().to_owned(),
            format!("{}ms", spec.work_ms),
        ]
    };
    differing(CONSUMER_KEYS, values(spec), values(&ConsumerSpec::new(&spec.topic)))
}

fn differing(
    keys: &'static [&'static str],
    values: Vec<String>,
    defaults: Vec<String>,
) -> Vec<(&'static str, String)> {
    let rows = keys.iter().zip(values).zip(defaults);
    let counts = |key: &str, value: &str, default: &str| match key {
        "topic" => !value.is_empty(),
        _ => value != default,
    };
    rows.filter(|((key, value), default)| counts(key, value, default))
        .map(|((key, value), _)| (*key, value))
        .collect()
}

fn acks_text(acks: Acks) -> &'static str {
    match acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    }
}

fn keys_text(keys: Keys) -> String {
    match keys {
        Keys::None => "none".to_owned(),
        Keys::Cycle(count) => count.to_string(),
    }
}

/// A regular expression, as `subscribe(Pattern)` takes it.
fn pattern(value: &str) -> Result<Text, Problem> {
    match Pattern::read(value).filter(|_| !value.is_empty()) {
        Some(_) => Ok(value.into()),
        None => {
            let wanted = Wanted::Keyword("ord.*");
            Err(Problem::Expected { wanted, found: value.into() })
        }
    }
}

fn from_beginning(value: &str) -> Result<bool, Problem> {
    match value {
        "beginning" => Ok(true),
        "end" => Ok(false),
        _ => Err(Problem::Expected {
            wanted: Wanted::Keyword("beginning | end | 1700000000000"),
            found: value.into(),
        }),
    }
}
