//! Client programs as Kafka's own: what writes by itself is `kafka-producer-perf-test`, what is handed
//! records `kafka-console-producer`, what reads `kafka-console-consumer`.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::command::{Command, ConsumerSpec, Keys, ProducerSpec, RecordSpec, ToolCommand};
use crate::engine::ids::Text;
use crate::scenario::ast::Scenario;
use crate::scenario::export::words::{address, quote};
use crate::scenario::spec;

/// Records that a producer without a limit is given: more than any scenario waits for.
const NO_LIMIT: u64 = 1_000_000_000;
/// Bytes of a value, when the world's programs send short names.
const SHORT_VALUE_BYTES: u32 = 16;
/// Between a key and its value on a console producer's input; no value of a lesson holds it.
const SEPARATOR: &str = "\t";

/// What is known of the programs while the commands pass.
pub(super) struct Programs {
    producers: BTreeMap<Text, ProducerSpec>,
    consumers: BTreeMap<Text, ConsumerSpec>,
    /// Terminals into which something is typed.
    typed_into: BTreeSet<Text>,
}

impl Programs {
    pub(super) fn new(scenario: &Scenario) -> Programs {
        let typed = |command: &Command| match command {
            Command::Tool(
                ToolCommand::Input { name, .. }
                | ToolCommand::EndOfInput { name }
                | ToolCommand::Interrupt { name },
            ) => Some(name.clone()),
            _ => None,
        };
        Programs {
            producers: BTreeMap::new(),
            consumers: BTreeMap::new(),
            typed_into: scenario
                .commands
                .iter()
                .filter_map(|timed| typed(&timed.command))
                .collect(),
        }
    }

    /// Whether the script must not wait for a tool's end.
    pub(super) fn is_interactive(&self, terminal: &Text, argv: &[Text]) -> bool {
        let reads_on = argv.first().is_some_and(|tool| tool.starts_with("kafka-console-consumer"));
        reads_on || self.typed_into.contains(terminal)
    }

    /// The lines that carry out a command about a program; `None` when no tool can.
    pub(super) fn lines(&mut self, command: &Command) -> Option<Vec<String>> {
        match command {
            Command::AddProducer { name, spec } => {
                self.producers.insert(name.clone(), spec.clone());
                Some(self.again(name).unwrap_or_default())
            }
            Command::AddConsumer { name, spec } => {
                self.consumers.insert(name.clone(), spec.clone());
                self.again(name)
            }
            Command::SetClient { name, key, value } => {
                let producer = self.producers.get_mut(name).filter(|spec| spec.rate == 0)?;
                spec::set_producer(producer, key, value).ok()?;
                Some(Vec::new())
            }
            Command::Send { name, records } => {
                let spec = self.producers.get(name)?;
                let has_place = |record: &RecordSpec| record.partition.is_some();
                if records.iter().any(has_place) {
                    return None;
                }
                let runs = records.chunk_by(|a, b| a.key.is_some() == b.key.is_some());
                Some(runs.map(|run| send(spec, run)).collect())
            }
            _ => None,
        }
    }

    /// The line that starts a program; `None` when there is none.
    pub(super) fn again(&self, name: &str) -> Option<Vec<String>> {
        if let Some(spec) = self.producers.get(name) {
            return (spec.rate > 0).then(|| perf_test(name, spec));
        }
        Some(vec![console_consumer(name, self.consumers.get(name)?)])
    }
}

/// A program's settings that are Kafka's own, as `NAME=VALUE`.
fn kafka_settings(settings: Vec<(&'static str, String)>, own: &[&str]) -> Vec<String> {
    let is_kafkas = |(key, _): &(&str, String)| !own.contains(key);
    settings.into_iter().filter(is_kafkas).map(|(key, value)| format!("{key}={value}")).collect()
}

fn producer_properties(spec: &ProducerSpec) -> Vec<String> {
    const OWN: &[&str] =
        &["topic", "defaults", "rate", "keys", "value.bytes", "limit", "partitioner"];
    kafka_settings(spec::producer_settings(spec), OWN)
}

fn perf_test(name: &str, spec: &ProducerSpec) -> Vec<String> {
    let records = if spec.limit == 0 { NO_LIMIT } else { spec.limit };
    let bytes = if spec.value_bytes == 0 { SHORT_VALUE_BYTES } else { spec.value_bytes };
    let mut line = format!(
        "launch {} kafka-producer-perf-test.sh --topic {} --num-records {records} --record-size {bytes} --throughput {}",
        quote(name),
        quote(spec.topic.as_str()),
        spec.rate,
    );
    line += " --producer-props bootstrap.servers=\"$BOOTSTRAP\"";
    for property in producer_properties(spec) {
        line.push(' ');
        line += &quote(&property);
    }
    let keys = matches!(spec.keys, Keys::Cycle(_));
    let note =
        keys.then(|| format!("# {name} has keys in Highwater; kafka-producer-perf-test has none"));
    note.into_iter().chain([line]).collect()
}

fn send(spec: &ProducerSpec, records: &[RecordSpec]) -> String {
    let has_keys = records.iter().any(|record| record.key.is_some());
    let rows: Vec<String> = records
        .iter()
        .map(|record| match &record.key {
            Some(key) => quote(&format!("{key}{SEPARATOR}{}", record.value)),
            None => quote(&record.value),
        })
        .collect();
    let mut line = format!(
        "printf '%s\\n' {} | kafka-console-producer.sh {} --topic {}",
        rows.join(" "),
        address(),
        quote(spec.topic.as_str()),
    );
    if has_keys {
        line += " --property parse.key=true";
    }
    for property in producer_properties(spec) {
        line += &format!(" --producer-property {}", quote(&property));
    }
    // The tool batches and compresses as it likes, but sends in order and waits for the answers.
    line + " --sync"
}

fn console_consumer(name: &str, spec: &ConsumerSpec) -> String {
    const OWN: &[&str] = &[
        "topic",
        "from",
        "group",
        "group.instance.id",
        "commit",
        "work",
        "partition.assignment.strategy",
    ];
    let mut line = format!(
        "launch {} kafka-console-consumer.sh {} --topic {}",
        quote(name),
        address(),
        quote(spec.topic.as_str()),
    );
    if spec.from_beginning {
        line += " --from-beginning";
    }
    if !spec.group.is_empty() {
        line += &format!(" --group {}", quote(&spec.group));
    }
    for property in kafka_settings(spec::consumer_settings(spec), OWN) {
        line += &format!(" --consumer-property {}", quote(&property));
    }
    line
}
