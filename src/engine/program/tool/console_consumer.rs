//! `kafka-console-consumer`: prints records as they come (`ConsoleConsumer`,
//! `ConsoleConsumerOptions`, `DefaultMessageFormatter`).
//!
//! It reads all partitions of its topics itself, and joins no group.

use std::collections::BTreeMap;

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{BrokerId as WireBroker, FetchRequest};

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::{Answer, Call};
use crate::engine::client::network_client::version as versions;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::pattern::Pattern;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::cluster::{TopicInfo, topic_name};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::partitions::{Kind, Partition};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::sending::waiting;
use crate::engine::program::tool::shell::{Flow, Saved, Shell, Stop, config_fault};
use crate::engine::protocol::{Request, Response};
use crate::engine::record::batch::{TimestampType, batches};
use crate::engine::record::reader::{RecordRef, records, uncompressed};
use crate::engine::time::Micros;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-console-consumer", flags: FLAGS, run };

const FLAGS: &str = "bootstrap-server= consumer-property= consumer.config= \
    enable-systest-events formatter= formatter-config= from-beginning group= help include= \
    isolation-level= key-deserializer= max-messages= offset= partition= property= \
    skip-message-on-error timeout-ms= topic= value-deserializer= version whitelist=";

const LOGGER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
/// `fetch.max.wait.ms`.
const FETCH_WAIT_MS: i64 = 500;

/// What is read.
enum What {
    Topic(Text),
    Matching(Pattern),
}

struct Plan {
    what: What,
    /// `--partition`.
    only: Option<i32>,
    /// Where a partition without a position begins: an offset, −1 the end, −2 the beginning.
    start: i64,
    /// Where one begins whose position is not in its log.
    reset: i64,
    timeout_ms: i64,
    committed_only: bool,
    format: Format,
    group: String,
}

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = match Flags::parse(FLAGS, shell.words()) {
        Ok(flags) => flags,
        Err(fault) => return Err(shell.usage(fault.words())),
    };
    let about = "This tool helps to read data from Kafka topics and outputs it to standard output.";
    shell.help_or_version(&flags, about)?;
    let (plan, settings) = plan(shell, &flags)?;
    match waiting(read_all(shell, &flags, plan, &settings))? {
        Ok(()) => Ok(()),
        Err(fault) => {
            log_fault(shell, "Unknown error when running consumer: ", &fault);
            Err(Stop::Exit(1))
        }
    }
}

fn log_fault(shell: &mut Shell<'_>, words: &str, fault: &Fault) {
    shell.log_error(LOGGER, words);
    shell.err(fault.trace().trim_end_matches('\n'));
}

fn check(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let include = flags.has("include") || flags.has("whitelist");
    if flags.has("topic") == include {
        let more = match flags.has("whitelist") {
            true => {
                "--whitelist is DEPRECATED use --include instead; ignored if --include specified."
            }
            false => "",
        };
        return Err(shell.usage(&format!("Exactly one of --include/--topic is required. {more}")));
    }
    if flags.has("partition") {
        if !flags.has("topic") {
            return Err(shell.usage("The topic is required when partition is specified."));
        }
        if flags.has("from-beginning") && flags.has("offset") {
            let words = "Options from-beginning and offset cannot be specified together.";
            return Err(shell.usage(words));
        }
    } else if flags.has("offset") {
        return Err(shell.usage("The partition is required when offset is specified."));
    }
    shell.require(flags, &["bootstrap-server"])
}

/// The consumer's settings, and the groups that are named.
fn settings(shell: &mut Shell<'_>, flags: &Flags) -> Flow<(Properties, Vec<String>)> {
    let beginning = flags.has("from-beginning");
    let mut settings = match flags.value("consumer.config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    let extra = Properties::of_words(flags.values("consumer-property").map(|word| &**word));
    let mut groups: Vec<String> =
        flags.value("group")?.map(ToString::to_string).into_iter().collect();
    for given in [settings.get("group.id"), extra.get("group.id")].into_iter().flatten() {
        if !groups.iter().any(|known| known == given) {
            groups.push(given.to_owned());
        }
    }
    if groups.len() > 1 {
        let groups: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
        return Err(shell.usage(&format!(
            "The group ids provided in different places (directly using '--group', via \
             '--consumer-property', or via '--consumer.config') do not match. Detected group ids: {}",
            groups.join(", ")
        )));
    }
    if !groups.is_empty() && flags.has("partition") {
        return Err(shell.usage("Options group and partition cannot be specified together."));
    }
    settings.set_all(&extra);
    match settings.get("auto.offset.reset").map(str::to_owned) {
        Some(given) if beginning && given != "earliest" => {
            shell.err(&format!(
                "Can't simultaneously specify --from-beginning and 'auto.offset.reset={given}', \
                 please remove one option"
            ));
            return Err(Stop::Exit(1));
        }
        Some(_) => {}
        None => settings.set("auto.offset.reset", if beginning { "earliest" } else { "latest" }),
    }
    if flags.has("isolation-level") || settings.get("isolation.level").is_none() {
        let level = flags.value("isolation-level")?.map_or("read_uncommitted", |level| level);
        settings.set("isolation.level", level);
    }
    Ok((settings, groups))
}

/// `parseOffset`.
fn start(shell: &mut Shell<'_>, flags: &Flags) -> Flow<i64> {
    let offset = flags.value("offset")?.cloned();
    Ok(match offset.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("earliest") => -2,
        Some("latest") => -1,
        Some(text) => match text.parse::<i64>() {
            Ok(offset) if offset >= 0 => offset,
            _ => {
                return Err(shell.usage(&format!(
                    "The provided offset value '{}' is incorrect. Valid values are 'earliest', \
                     'latest', or a non-negative long.",
                    offset.as_deref().unwrap_or_default()
                )));
            }
        },
        None if flags.has("from-beginning") => -2,
        None => -1,
    })
}

fn plan(shell: &mut Shell<'_>, flags: &Flags) -> Flow<(Plan, Properties)> {
    check(shell, flags)?;
    let (settings, mut groups) = settings(shell, flags)?;
    let start = start(shell, flags)?;
    let what = match flags.value("topic")? {
        Some(topic) => What::Topic(topic.clone()),
        None => {
            let name = if flags.has("include") { "include" } else { "whitelist" };
            let text = flags.value(name)?.map_or("", |text| text);
            let refused = || Fault::new("java.util.regex.PatternSyntaxException", text);
            What::Matching(Pattern::read(text).ok_or_else(refused)?)
        }
    };
    let reset = if settings.get("auto.offset.reset") == Some("earliest") { -2 } else { -1 };
    let timeout = flags.number("timeout-ms", i64::from(i32::MAX))?.filter(|ms| *ms >= 0);
    let group = match (groups.pop(), &shell.saved) {
        (Some(group), _) => group,
        // What was drawn before it was saved is not drawn again.
        (None, Some(Saved::Consumer(reading))) => reading.group.clone(),
        (None, _) => format!("console-consumer-{}", shell.random(100_000)?),
    };
    let plan = Plan {
        what,
        only: flags.int("partition")?,
        start: if flags.has("partition") { start } else { reset },
        reset,
        timeout_ms: timeout.unwrap_or(i64::MAX),
        committed_only: settings.get("isolation.level") == Some("read_committed"),
        format: Format::new(shell, flags)?,
        group,
    };
    Ok((plan, settings))
}

fn read_all(shell: &mut Shell<'_>, flags: &Flags, plan: Plan, settings: &Properties) -> Flow<()> {
    for (key, allowed) in [
        ("isolation.level", "read_committed, read_uncommitted"),
        ("auto.offset.reset", "latest, earliest, none"),
    ] {
        let value = settings.get(key).unwrap_or_default();
        if !allowed.split(", ").any(|known| known == value) {
            return Err(config_fault(&format!(
                "Invalid value {value} for configuration {key}: String must be one of: {allowed}"
            ))
            .into());
        }
    }
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    if let Err(fault) = shell.connect(&servers, &Properties::default()) {
        let class = "org.apache.kafka.common.KafkaException";
        let cause = fault.cause.map_or_else(|| fault_of(class), |cause| *cause);
        return Err(Fault::new(class, "Failed to construct kafka consumer").caused(cause).into());
    }
    if let Some(admin) = &mut shell.admin {
        admin.api_timeout = admin.api_timeout.min(Micros::from_ms(plan.timeout_ms.min(30_000)));
    }
    let most = match flags.int("max-messages") {
        Ok(most) => most.filter(|most| *most >= 0),
        Err(fault) => {
            shell.err("Processed a total of 0 messages");
            return Err(fault.into());
        }
    };
    let most = most.and_then(|most| u64::try_from(most).ok()).unwrap_or(u64::MAX);
    let mut reading = match shell.saved.clone() {
        Some(Saved::Consumer(reading)) => reading,
        _ => {
            let (positions, group) = (BTreeMap::new(), plan.group.clone());
            Reading { positions, count: 0, heard: shell.pause(Micros::ZERO)?, group }
        }
    };
    while reading.count < most {
        let failed = waiting(step(shell, &plan, &mut reading, most))?;
        if let Err(fault) = failed {
            log_fault(shell, "Error processing message, terminating consumer process: ", &fault);
            break;
        }
        shell.save(Saved::Consumer(reading.clone()));
    }
    shell.err(&format!("Processed a total of {} messages", reading.count));
    Ok(())
}

fn fault_of(class: &str) -> Fault {
    Fault::new(class, "")
}

/// How far a consumer has come.
#[derive(Clone, Debug)]
pub struct Reading {
    positions: BTreeMap<Partition, i64>,
    /// Records printed.
    pub(super) count: u64,
    /// When the last came, in ms since 1970.
    heard: i64,
    /// The name of its group.
    group: String,
}

/// One round of fetches. Throws when `--timeout-ms` is over.
fn step(shell: &mut Shell<'_>, plan: &Plan, reading: &mut Reading, most: u64) -> Flow<()> {
    let topics = waiting(topics(shell, plan))?;
    let topics = match topics {
        Err(fault) if fault.is("InvalidTopicException") => return Err(fault.into()),
        topics => topics.unwrap_or_default(),
    };
    let mut leaders: BTreeMap<Partition, i32> = BTreeMap::new();
    for topic in &topics {
        for partition in &topic.partitions {
            let wanted = plan.only.is_none_or(|only| only == partition.index);
            if let Some(leader) = partition.leader.filter(|_| wanted) {
                leaders.insert((topic.name.clone(), partition.index), leader);
            }
        }
    }
    let mut unknown: Vec<(Partition, i64)> = Vec::new();
    for partition in leaders.keys() {
        if reading.positions.contains_key(partition) {
            continue;
        }
        match plan.start {
            offset @ 0.. => drop(reading.positions.insert(partition.clone(), offset)),
            spec => unknown.push((partition.clone(), spec)),
        }
    }
    if !unknown.is_empty() {
        for (partition, found) in
            shell.ask_leaders(Kind::ListOffsets, "console-consumer", &unknown)?
        {
            if let Ok(offset) = found {
                reading.positions.insert(partition, offset);
            }
        }
    }
    let before = reading.count;
    let asked = fetch(shell, plan, reading, &leaders, most)?;
    let wait = if asked { Micros::ZERO } else { Micros::from_ms(100) };
    let now = shell.pause(wait)?;
    if reading.count > before {
        reading.heard = now;
    } else if now - reading.heard >= plan.timeout_ms {
        let mut fault = Fault::timeout("");
        fault.message = None;
        return Err(fault.into());
    }
    Ok(())
}

fn topics(shell: &mut Shell<'_>, plan: &Plan) -> Flow<Vec<TopicInfo>> {
    match &plan.what {
        What::Topic(name) => {
            let topics = shell.topics_or_new("metadata", std::slice::from_ref(name))?;
            if topics.iter().any(|topic| topic.error == 17) {
                shell.log_error(
                    "org.apache.kafka.clients.Metadata",
                    &format!(
                        "[Consumer clientId=console-consumer, groupId={}] Metadata response \
                         reported invalid topics [{name}]",
                        plan.group
                    ),
                );
                let words = format!("Invalid topics: [{name}]");
                return Err(Fault::of_error(17, Some(&words)).into());
            }
            Ok(topics)
        }
        What::Matching(pattern) => {
            let mut topics = shell.topics("metadata", None)?;
            topics.retain(|topic| !topic.internal && pattern.matches(&topic.name));
            Ok(topics)
        }
    }
}

/// Asks every leader for records, and prints them. False when there was nobody to ask.
fn fetch(
    shell: &mut Shell<'_>,
    plan: &Plan,
    reading: &mut Reading,
    leaders: &BTreeMap<Partition, i32>,
    most: u64,
) -> Flow<bool> {
    let mut by_leader: BTreeMap<i32, Vec<(Partition, i64)>> = BTreeMap::new();
    for (partition, offset) in &reading.positions {
        if let Some(leader) = leaders.get(partition) {
            by_leader.entry(*leader).or_default().push((partition.clone(), *offset));
        }
    }
    let wait = FETCH_WAIT_MS.min(plan.timeout_ms);
    let calls = by_leader.iter().map(|(leader, rows)| fetch_call(plan, *leader, rows, wait));
    let calls: Vec<Call> = calls.collect();
    let asked = !calls.is_empty();
    for answer in shell.ask_all(calls)?.iter() {
        let Answer::Response(Response::Fetch(told)) = answer else { continue };
        for topic in &told.responses {
            for part in &topic.partitions {
                let partition: Partition = (topic.topic.as_str().into(), part.partition_index);
                if part.error_code == 1 {
                    reading.positions.remove(&partition);
                    let reset = [(partition.clone(), plan.reset)];
                    let found = shell.ask_leaders(Kind::ListOffsets, "console-consumer", &reset)?;
                    if let Some(Ok(offset)) = found.get(&partition) {
                        reading.positions.insert(partition, *offset);
                    }
                    continue;
                }
                let bytes = part.records.clone().unwrap_or_default();
                print_records(shell, plan, reading, &partition, &bytes, most);
            }
        }
    }
    Ok(asked)
}

fn fetch_call(plan: &Plan, leader: i32, rows: &[(Partition, i64)], wait_ms: i64) -> Call {
    let mut topics: BTreeMap<&Text, Vec<FetchPartition>> = BTreeMap::new();
    for ((topic, index), offset) in rows {
        topics.entry(topic).or_default().push(
            FetchPartition::default()
                .with_partition(*index)
                .with_current_leader_epoch(-1)
                .with_fetch_offset(*offset)
                .with_partition_max_bytes(1_048_576),
        );
    }
    let topics = topics.into_iter().map(|(topic, rows)| {
        FetchTopic::default().with_topic(topic_name(topic)).with_partitions(rows)
    });
    let request = FetchRequest::default()
        .with_replica_id(WireBroker(-1))
        .with_max_wait_ms(i32::try_from(wait_ms).unwrap_or(500))
        .with_min_bytes(1)
        .with_max_bytes(52_428_800)
        .with_isolation_level(i8::from(plan.committed_only))
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(topics.collect());
    Call {
        name: "fetch",
        to: Destination::Broker(BrokerId(leader)),
        version: versions::FETCH,
        body: Request::Fetch(request),
    }
}

fn print_records(
    shell: &mut Shell<'_>,
    plan: &Plan,
    reading: &mut Reading,
    partition: &Partition,
    bytes: &bytes::Bytes,
    most: u64,
) {
    for (header, batch) in batches(bytes) {
        let from = reading.positions.get(partition).copied().unwrap_or(0);
        if header.next_offset().0 <= from {
            continue;
        }
        let Ok(batch) = uncompressed(&batch) else { return };
        if !header.is_control() {
            let kind = header.timestamp_type();
            for record in records(&batch).flatten().filter(|record| record.offset.0 >= from) {
                if reading.count >= most {
                    return;
                }
                reading.count += 1;
                reading.positions.insert(partition.clone(), record.offset.0 + 1);
                let text = plan.format.text(&record, partition.1, kind);
                shell.print(&text);
            }
        }
        reading.positions.insert(partition.clone(), header.next_offset().0);
    }
}

/// `DefaultMessageFormatter`.
struct Format {
    timestamp: bool,
    partition: bool,
    offset: bool,
    headers: bool,
    key: bool,
    value: bool,
    key_separator: String,
    line_separator: String,
    headers_separator: String,
    null_literal: String,
}

impl Format {
    fn new(shell: &Shell<'_>, flags: &Flags) -> Result<Format, Fault> {
        let mut settings = match flags.value("formatter-config")? {
            Some(file) => shell.properties(file)?,
            None => Properties::default(),
        };
        settings.set_all(&Properties::of_words(flags.values("property").map(|word| &**word)));
        let is = |key: &str, default: bool| {
            settings.get(key).map_or(default, |v| v.trim().eq_ignore_ascii_case("true"))
        };
        let text = |key: &str, default: &str| settings.get(key).unwrap_or(default).to_owned();
        Ok(Format {
            timestamp: is("print.timestamp", false),
            partition: is("print.partition", false),
            offset: is("print.offset", false),
            headers: is("print.headers", false),
            key: is("print.key", false),
            value: is("print.value", true),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
        })
    }

    fn text(&self, record: &RecordRef<'_>, partition: i32, kind: TimestampType) -> String {
        let bytes = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            None => self.null_literal.clone(),
        };
        let mut columns = Vec::new();
        if self.timestamp {
            let name = match kind {
                TimestampType::CreateTime => "CreateTime",
                TimestampType::LogAppendTime => "LogAppendTime",
            };
            columns.push(match record.timestamp {
                -1 => "NO_TIMESTAMP".to_owned(),
                ms => format!("{name}:{ms}"),
            });
        }
        if self.partition {
            columns.push(format!("Partition:{partition}"));
        }
        if self.offset {
            columns.push(format!("Offset:{}", record.offset));
        }
        if self.headers {
            let headers: Vec<String> = record
                .headers
                .iter()
                .map(|(name, value)| format!("{}:{}", String::from_utf8_lossy(name), bytes(value)))
                .collect();
            columns.push(match headers.is_empty() {
                true => "NO_HEADERS".to_owned(),
                false => headers.join(&self.headers_separator),
            });
        }
        if self.key {
            columns.push(bytes(record.key));
        }
        if self.value {
            columns.push(bytes(record.value));
        }
        if columns.is_empty() {
            String::new()
        } else {
            columns.join(&self.key_separator) + &self.line_separator
        }
    }
}
