//! `kafka-console-consumer`: prints records as they come (`ConsoleConsumer`).
//!
//! It is a member of a group, with Kafka's client library: of the one that is named, or of one that is
//! made up for it. With `--partition` it reads that partition alone ([`console_partition`]).

use crate::engine::ids::Text;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::console_consumer_options::{self as options, Plan};
use crate::engine::program::tool::console_partition;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::formatters::Shown;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::sending::waiting;
use crate::engine::program::tool::shell::{Flow, Saved, Shell, Stop};
use crate::engine::record::batch::batches;
use crate::engine::record::reader::records;
use crate::engine::time::Micros;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-console-consumer", flags: FLAGS, run };

const FLAGS: &str = "bootstrap-server= consumer-property= consumer.config= \
    enable-systest-events formatter= formatter-config= from-beginning group= help include= \
    isolation-level= key-deserializer= max-messages= offset= partition= property= \
    skip-message-on-error timeout-ms= topic= value-deserializer= version whitelist=";

const LOGGER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const KAFKA_EXCEPTION: &str = "org.apache.kafka.common.KafkaException";

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = match Flags::parse(FLAGS, shell.words()) {
        Ok(flags) => flags,
        Err(fault) => return Err(shell.usage(fault.words())),
    };
    let about = "This tool helps to read data from Kafka topics and outputs it to standard output.";
    shell.help_or_version(&flags, about)?;
    let plan = options::plan(shell, &flags)?;
    match waiting(read_all(shell, &flags, &plan))? {
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

/// How far a consumer has come.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Records printed.
    pub(super) count: u64,
    /// When the last came, in ms since 1970.
    pub(super) heard: i64,
    /// The name of its group.
    pub(super) group: Text,
    /// With `--partition`: the next offset.
    pub(super) position: Option<i64>,
}

fn read_all(shell: &mut Shell<'_>, flags: &Flags, plan: &Plan) -> Flow<()> {
    let construct = |cause: Fault| {
        if &*cause.class == CONFIG_EXCEPTION && !cause.words().contains("bootstrap") {
            return cause;
        }
        Fault::new(KAFKA_EXCEPTION, "Failed to construct kafka consumer").caused(cause)
    };
    let consumer = options::consumer(shell, flags, plan).map_err(construct)?;
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &Properties::default())?;
    if let Some(admin) = &mut shell.admin {
        admin.api_timeout = admin.api_timeout.min(Micros::from_ms(plan.timeout_ms.min(30_000)));
    }
    shell.consumer = Some(consumer);
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
            let heard = shell.pause(Micros::ZERO)?;
            Reading { count: 0, heard, group: plan.group.clone(), position: None }
        }
    };
    let failed = waiting(read(shell, plan, &mut reading, most))?;
    if plan.only.is_none() {
        shell.close_consumer()?;
    }
    shell.err(&format!("Processed a total of {} messages", reading.count));
    if plan.says_end {
        shell.out("shutdown_complete");
    }
    failed.map_err(Stop::from)
}

const CONFIG_EXCEPTION: &str = "org.apache.kafka.common.config.ConfigException";

/// Reads until there is enough, or what fails ends it. Throws what a formatter throws.
fn read(shell: &mut Shell<'_>, plan: &Plan, reading: &mut Reading, most: u64) -> Flow<()> {
    if let Some(topic) = plan.topic.as_ref().filter(|_| shell.saved.is_none())
        && let Some(fault) = invalid(shell, plan, topic)?
    {
        log_fault(shell, "Error processing message, terminating consumer process: ", &fault);
        return Ok(());
    }
    while reading.count < most {
        let came = match plan.only {
            Some(_) => console_partition::step(shell, plan, reading, most),
            None => step(shell, plan, reading, most),
        };
        match waiting(came)? {
            Err(fault) if fault.is(SERIALIZATION) => return Err(fault.into()),
            Err(fault) => {
                let words = "Error processing message, terminating consumer process: ";
                log_fault(shell, words, &fault);
                break;
            }
            Ok(()) => shell.save(Saved::Consumer(reading.clone())),
        }
    }
    Ok(())
}

/// What a deserializer throws.
const SERIALIZATION: &str = "SerializationException";

/// What is wrong with the topic's name. Asking for the topic makes it, where brokers do that.
fn invalid(shell: &mut Shell<'_>, plan: &Plan, topic: &Text) -> Flow<Option<Fault>> {
    let told = waiting(shell.topics_or_new("metadata", std::slice::from_ref(topic)))?;
    let told = told.unwrap_or_default();
    if told.iter().all(|topic| topic.error != INVALID_TOPIC) {
        return Ok(None);
    }
    shell.log_error(
        "org.apache.kafka.clients.Metadata",
        &format!(
            "[Consumer clientId={}, groupId={}] Metadata response reported invalid topics [{topic}]",
            plan.client, plan.group
        ),
    );
    Ok(Some(Fault::of_error(INVALID_TOPIC, Some(&format!("Invalid topics: [{topic}]")))))
}

/// INVALID_TOPIC_EXCEPTION.
const INVALID_TOPIC: i16 = 17;

/// One poll. Throws when `--timeout-ms` is over.
fn step(shell: &mut Shell<'_>, plan: &Plan, reading: &mut Reading, most: u64) -> Flow<()> {
    let polled = shell.consumer.as_ref().map_or(500, |consumer| consumer.spec.max_poll_records);
    // No more than it prints: what it did not print it is not to commit.
    let wanted = u32::try_from(most - reading.count).unwrap_or(u32::MAX).min(polled);
    let wait = Some(plan.timeout_ms).filter(|ms| *ms < i64::MAX).map(Micros::from_ms);
    let (polled, now) = shell.poll(wanted, wait)?;
    if polled.is_empty() && now.saturating_sub(reading.heard) >= plan.timeout_ms {
        return Err(no_more().into());
    }
    let mut rest = &polled[..];
    while let Some(first) = rest.first() {
        let same = rest
            .iter()
            .take_while(|next| next.partition == first.partition && next.batch == first.batch);
        let (some, others) = rest.split_at(same.count());
        rest = others;
        let kind = batches(&first.batch).next().map(|(header, _)| header.timestamp_type());
        let Some(kind) = kind else { continue };
        let wanted = |offset| some.iter().any(|next| next.offset == offset);
        for record in records(&first.batch).flatten().filter(|record| wanted(record.offset)) {
            let partition = first.partition.partition.0;
            show(shell, plan, reading, &Shown { record: &record, partition, kind })?;
        }
        reading.heard = now;
    }
    Ok(())
}

/// Prints a record.
pub(super) fn show(
    shell: &mut Shell<'_>,
    plan: &Plan,
    reading: &mut Reading,
    shown: &Shown<'_>,
) -> Flow<()> {
    reading.count += 1;
    match plan.formatter.text(shown) {
        Ok(text) => shell.print(&text),
        Err(fault) if plan.skips_faults => {
            log_fault(shell, "Error processing message, skipping this message: ", &fault);
        }
        Err(fault) => return Err(fault.into()),
    }
    Ok(())
}

/// `--timeout-ms` is over.
pub(super) fn no_more() -> Fault {
    Fault { message: None, ..Fault::timeout("") }
}
