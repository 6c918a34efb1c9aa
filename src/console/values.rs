//! What the argument of a flag may be: names that the world knows, or words that Kafka takes.

use crate::console::complete::Kind;
use crate::engine::config_def::Scope;
use crate::engine::ids::{BrokerId, Text};
use crate::view::known::Known;

/// Arguments that are one of a few words, by flag.
const WORDS: &[(&str, &[&str])] = &[
    ("compression-codec", &["none", "gzip", "snappy", "lz4", "zstd"]),
    ("election-type", &["preferred", "unclean"]),
    ("entity-type", &["topics", "brokers", "broker-loggers", "clients", "users", "ips"]),
    ("isolation-level", &["read_committed", "read_uncommitted"]),
    ("offset", &["earliest", "latest"]),
    ("request-required-acks", &["all", "1", "0"]),
    ("time", &["earliest", "latest", "max-timestamp"]),
];
/// Properties of the producer's reader and of the consumer's formatter.
const READER: &[&str] = &[
    "parse.key=true",
    "key.separator=",
    "parse.headers=true",
    "headers.delimiter=",
    "headers.separator=",
    "headers.key.separator=",
    "null.marker=",
    "ignore.error=true",
];
const FORMATTER: &[&str] = &[
    "print.key=true",
    "print.partition=true",
    "print.offset=true",
    "print.timestamp=true",
    "print.headers=true",
    "print.value=false",
    "key.separator=",
    "line.separator=",
    "null.literal=",
];
/// Settings that lessons and people set from a command line.
const PRODUCER: &[&str] = &[
    "acks=",
    "batch.size=",
    "compression.type=",
    "delivery.timeout.ms=",
    "enable.idempotence=",
    "linger.ms=",
    "request.timeout.ms=",
    "retries=",
];
const CONSUMER: &[&str] = &[
    "auto.commit.interval.ms=",
    "auto.offset.reset=",
    "client.id=",
    "enable.auto.commit=",
    "fetch.max.wait.ms=",
    "fetch.min.bytes=",
    "group.id=",
    "group.instance.id=",
    "isolation.level=",
    "max.poll.records=",
    "partition.assignment.strategy=",
    "session.timeout.ms=",
];

/// What may follow a flag of a tool. `words` are those of the line before it.
#[must_use]
pub fn of_flag(tool: &str, flag: &str, words: &[Text], known: &Known) -> Vec<(String, Kind)> {
    let fixed = |words: &[&str], kind| words.iter().map(|w| ((*w).to_owned(), kind)).collect();
    match flag {
        "bootstrap-server" => addresses(known),
        "broker-list" if tool == "kafka-console-producer" || tool == "kafka-get-offsets" => {
            addresses(known)
        }
        "zk-tls-config-file" => Vec::new(),
        "zookeeper" | "server" => vec![("zk:2181".to_owned(), Kind::Address)],
        "broker-list" | "broker" => brokers(known),
        "topic" | "topics" | "topic-list" | "include" | "whitelist" => topics(known),
        "group" => known.groups.iter().map(|group| (group.to_string(), Kind::Group)).collect(),
        "topic-partitions" => partitions(known),
        "partition" | "partitions" if flag == "partition" || tool == "kafka-get-offsets" => {
            numbers(words, known)
        }
        "entity-name" => match argument(words, "entity-type") {
            Some("topics") => topics(known),
            Some("brokers" | "broker-loggers") => brokers(known),
            _ => Vec::new(),
        },
        "config" | "add-config" => settings(words, "="),
        "delete-config" => settings(words, ""),
        "property" if tool == "kafka-console-producer" => fixed(READER, Kind::Setting),
        "property" => fixed(FORMATTER, Kind::Setting),
        "producer-property" | "producer-props" => fixed(PRODUCER, Kind::Setting),
        "consumer-property" => fixed(CONSUMER, Kind::Setting),
        _ if is_file(flag) => files(known),
        _ => match WORDS.iter().find(|(name, _)| *name == flag) {
            Some((_, words)) => fixed(words, Kind::Word),
            None => Vec::new(),
        },
    }
}

/// Whether the argument of a flag may be several with commas between them.
#[must_use]
pub fn is_list(flag: &str) -> bool {
    const LISTS: &[&str] = &[
        "add-config",
        "bootstrap-server",
        "broker-list",
        "delete-config",
        "partitions",
        "topic-list",
        "topic-partitions",
    ];
    LISTS.contains(&flag)
}

/// What a tool takes that is no flag and stands behind none.
pub(super) fn alone(tool: &str, known: &Known) -> Vec<(String, Kind)> {
    let mut found = files(known);
    let own: &[(&str, Kind)] = match tool {
        "kafka-server-start" => {
            &[("-daemon", Kind::Flag), ("config/server.properties", Kind::File)]
        }
        "kill" => &[("-9", Kind::Flag)],
        "zookeeper-shell" => &[("zk:2181", Kind::Address)],
        _ => &[],
    };
    found.splice(0..0, own.iter().map(|(word, kind)| ((*word).to_owned(), *kind)));
    found
}

/// Files of logs on a machine, one folder at a time: as far as there is only one way to go on.
pub(super) fn logs(typed: &str, known: &Known, machine: Option<BrokerId>) -> Vec<(String, Kind)> {
    let here =
        known.logs.iter().filter(|(id, path)| machine == Some(*id) && path.starts_with(typed));
    let here: Vec<&str> = here.map(|(_, path)| &**path).collect();
    let mut begun = typed.len();
    loop {
        let cut = |path: &&str| {
            let rest = path.get(begun..).unwrap_or_default();
            path[..rest.find('/').map_or(path.len(), |slash| begun + slash + 1)].to_owned()
        };
        let mut found: Vec<String> = here.iter().map(cut).collect();
        found.dedup();
        match &*found {
            [only] if only.ends_with('/') && only.len() > begun => begun = only.len(),
            _ => return found.into_iter().map(|path| (path, Kind::File)).collect(),
        }
    }
}

/// Files in the directory in which tools run.
pub(super) fn files(known: &Known) -> Vec<(String, Kind)> {
    known.files.iter().map(|file| (file.to_string(), Kind::File)).collect()
}

/// The argument that a flag has on a line.
pub(super) fn argument<'a>(words: &'a [Text], flag: &str) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(i, word)| {
        let body = word.strip_prefix("--")?;
        match body.split_once('=') {
            Some((name, value)) => (name == flag).then_some(value),
            None => (body == flag).then(|| words.get(i + 1).map(|word| &**word)).flatten(),
        }
    })
}

fn is_file(flag: &str) -> bool {
    flag.ends_with("config") && flag != "add-config"
        || flag.ends_with("json-file")
        || flag.ends_with(".config")
        || matches!(flag, "files" | "payload-file" | "from-file" | "add-config-file")
}

fn addresses(known: &Known) -> Vec<(String, Kind)> {
    known.brokers.iter().map(|(_, at)| (at.to_string(), Kind::Address)).collect()
}

fn brokers(known: &Known) -> Vec<(String, Kind)> {
    known.brokers.iter().map(|(id, _)| (id.to_string(), Kind::Broker)).collect()
}

fn topics(known: &Known) -> Vec<(String, Kind)> {
    known.topics.iter().map(|(topic, _)| (topic.to_string(), Kind::Topic)).collect()
}

fn partitions(known: &Known) -> Vec<(String, Kind)> {
    let all = known.topics.iter().flat_map(|(topic, n)| (0..*n).map(move |p| (topic, p)));
    all.map(|(topic, p)| (format!("{topic}:{p}"), Kind::Partition)).collect()
}

fn numbers(words: &[Text], known: &Known) -> Vec<(String, Kind)> {
    let topic = argument(words, "topic");
    let found = known.topics.iter().find(|(name, _)| Some(&**name) == topic);
    let count = found.map_or(0, |(_, count)| *count);
    (0..count).map(|partition| (partition.to_string(), Kind::Partition)).collect()
}

/// Settings of topics, or of brokers where the line is about these.
fn settings(words: &[Text], end: &str) -> Vec<(String, Kind)> {
    let scope = match argument(words, "entity-type") {
        Some("brokers") => Scope::Broker,
        _ => Scope::Topic,
    };
    let is_shown = |name: &&str| scope != Scope::Broker || !name.starts_with("lab.");
    let names = scope.definitions().filter(|one| !one.internal).map(|one| one.name);
    names.filter(is_shown).map(|name| (format!("{name}{end}"), Kind::Setting)).collect()
}
