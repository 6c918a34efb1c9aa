//! The flags of `kafka-console-consumer`: which go together, and what they make of a consumer
//! (`ConsoleConsumerOptions`).

use crate::engine::command::ConsumerSpec;
use crate::engine::error::ConfigError;
use crate::engine::ids::{Text, TopicName};
use crate::engine::pattern::Pattern;
use crate::engine::program::settings::set_consumer;
use crate::engine::program::tool::consuming::ConsumerPlan;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::formatters::Formatter;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Saved, Shell, Stop, config_fault};
use crate::engine::setting::CommitMode;

/// Groups that are made up, and the numbers behind their names.
const GROUP: &str = "console-consumer-";
const GROUPS: u64 = 100_000;
/// `client.id`, where none is given.
const CLIENT: &str = "console-consumer";

/// What is to be read, and how it is shown.
pub(super) struct Plan {
    /// `--topic`; none with a pattern.
    pub(super) topic: Option<Text>,
    /// `--partition`: then it is read without a group.
    pub(super) only: Option<i32>,
    /// Where that partition begins: an offset, −1 the end, −2 the beginning.
    pub(super) start: i64,
    pub(super) timeout_ms: i64,
    pub(super) skips_faults: bool,
    /// `--enable-systest-events`.
    pub(super) says_end: bool,
    pub(super) formatter: Formatter,
    pub(super) group: Text,
    pub(super) client: Text,
    pub(super) settings: Properties,
}

/// Reads a command line.
pub(super) fn plan(shell: &mut Shell<'_>, flags: &Flags) -> Flow<Plan> {
    check(shell, flags)?;
    let (mut settings, mut groups) = settings(shell, flags)?;
    let start = start(shell, flags)?;
    let group = match (groups.pop(), &shell.saved) {
        (Some(group), _) => group.into(),
        // What was drawn before it was saved is not drawn again.
        (None, Some(Saved::Consumer(reading))) => reading.group.clone(),
        (None, _) => format!("{GROUP}{}", shell.random(GROUPS)?).into(),
    };
    if !flags.has("group") && settings.get("group.id").is_none() {
        settings.set_default("enable.auto.commit", "false");
    }
    let timeout = flags.number("timeout-ms", i64::from(i32::MAX))?.filter(|ms| *ms >= 0);
    let formatter = Formatter::new(shell, flags).map_err(|fault| shell.usage(fault.words()))?;
    Ok(Plan {
        topic: flags.value("topic")?.cloned(),
        only: flags.int("partition")?,
        start,
        timeout_ms: timeout.unwrap_or(i64::MAX),
        skips_faults: flags.has("skip-message-on-error"),
        says_end: flags.has("enable-systest-events"),
        formatter,
        group,
        client: settings.get("client.id").unwrap_or(CLIENT).into(),
        settings,
    })
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
pub(super) fn start(shell: &mut Shell<'_>, flags: &Flags) -> Flow<i64> {
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

/// Settings of the consumer that are its own, by Kafka's names.
const KEYS: [&str; 15] = [
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "group.instance.id",
    "heartbeat.interval.ms",
    "isolation.level",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "max.poll.records",
    "metadata.max.age.ms",
    "partition.assignment.strategy",
    "request.timeout.ms",
    "session.timeout.ms",
];

/// The consumer to be, once brokers are known (`KafkaConsumer`).
pub(super) fn consumer(
    shell: &Shell<'_>,
    flags: &Flags,
    plan: &Plan,
) -> Result<ConsumerPlan, Fault> {
    let topic = plan.topic.as_deref().unwrap_or_default();
    let mut spec = ConsumerSpec::new(&TopicName::new(topic));
    spec.group = plan.group.clone();
    for (key, value) in plan.settings.all().filter(|(key, _)| KEYS.contains(key)) {
        set_consumer(&mut spec, key, value).map_err(|error| refused(key, value, &error))?;
    }
    let auto = plan.settings.get("enable.auto.commit").unwrap_or("true");
    spec.commit = match auto.trim().to_ascii_lowercase().as_str() {
        "true" => CommitMode::Auto,
        "false" => CommitMode::None,
        _ => {
            return Err(config_fault(&format!(
                "Invalid value {auto} for configuration enable.auto.commit: Expected value to be \
                 either true or false"
            )));
        }
    };
    if plan.topic.is_none() {
        let name = if flags.has("include") { "include" } else { "whitelist" };
        let pattern = flags.value(name)?.map_or("", |text| text);
        if Pattern::read(pattern).is_none() {
            return Err(Fault::new("java.util.regex.PatternSyntaxException", pattern));
        }
        spec.topic_pattern = pattern.into();
    }
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    Ok(ConsumerPlan { spec, name: plan.client.clone(), bootstrap: shell.bootstrap(&servers)? })
}

/// What Kafka's `ConfigDef` says of a value that will not do.
fn refused(key: &str, value: &str, error: &ConfigError) -> Fault {
    let why = match (key, error) {
        ("auto.offset.reset", _) => "String must be one of: latest, earliest, none".to_owned(),
        ("isolation.level", _) => {
            "String must be one of: read_committed, read_uncommitted".to_owned()
        }
        ("partition.assignment.strategy", _) => {
            return Fault::new(
                "org.apache.kafka.common.KafkaException",
                &format!("{value} ClassNotFoundException exception occurred"),
            );
        }
        _ if value.trim().parse::<i32>().is_err() => "Not a number of type INT".to_owned(),
        _ => {
            let least = i32::from(!matches!(
                key,
                "fetch.min.bytes"
                    | "fetch.max.wait.ms"
                    | "fetch.max.bytes"
                    | "max.partition.fetch.bytes"
                    | "auto.commit.interval.ms"
                    | "session.timeout.ms"
                    | "request.timeout.ms"
                    | "metadata.max.age.ms"
            ));
            format!("Value must be at least {least}")
        }
    };
    config_fault(&format!("Invalid value {value} for configuration {key}: {why}"))
}
