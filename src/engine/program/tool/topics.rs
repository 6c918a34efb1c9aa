//! `kafka-topics`: creates, lists, describes, grows and deletes topics (`TopicCommand`).

use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::{
    self as kafka, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest,
};

use crate::engine::client::admin_task::Destination;
use crate::engine::client::network_client::version as versions;
use crate::engine::ids::{Text, base64};
use crate::engine::pattern::Pattern;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::cluster::{
    PartitionInfo, Reassignment, TOPIC, TopicInfo, list, text, topic_name,
};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::java_order::{sort_as_java, sort_as_scala};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::program::tool::{topic_settings, topics_options};
use crate::engine::protocol::{Request, Response};

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-topics", flags: FLAGS, run };

const FLAGS: &str = "alter at-min-isr-partitions bootstrap-server= command-config= config= create \
    delete delete-config= describe exclude-internal help if-exists if-not-exists list \
    partition-size-limit-per-response= partitions= replica-assignment= replication-factor= topic= \
    topic-id= topics-with-overrides unavailable-partitions under-min-isr-partitions \
    under-replicated-partitions version";

/// Its logger.
const LOGGER: &str = "org.apache.kafka.tools.TopicCommand";
/// How long a request for topics may take at the controller.
const REQUEST_MS: i32 = 60_000;

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = match prepare(shell) {
        Ok(flags) => flags,
        Err(Stop::Thrown(fault)) => return Err(shell.print_fault(&fault)),
        Err(stop) => return Err(stop),
    };
    let done = match topics_options::ACTIONS.iter().find(|action| flags.has(action)) {
        Some(&"create") => create(shell, &flags),
        Some(&"alter") => alter(shell, &flags),
        Some(&"list") => list_topics(shell, &flags),
        Some(&"describe") => describe(shell, &flags),
        _ => delete(shell, &flags),
    };
    match done {
        Err(Stop::Thrown(fault)) => {
            let fault = match fault.cause.clone() {
                Some(cause) if fault.is("ExecutionException") => *cause,
                _ => fault,
            };
            shell.out(&format!("Error while executing topic command : {}", fault.words()));
            shell.log_error(LOGGER, &fault.trace());
            Err(Stop::Exit(1))
        }
        done => done,
    }
}

fn prepare(shell: &mut Shell<'_>) -> Flow<Flags> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    topics_options::check(shell, &flags)?;
    let settings = match flags.value("command-config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &settings)?;
    Ok(flags)
}

/// What `--create` and `--alter` are about (`CommandTopicPartition`).
struct Wanted {
    name: Text,
    partitions: Option<i32>,
    replication_factor: Option<i32>,
    assignment: Vec<Vec<i32>>,
    configs: Properties,
}

fn wanted(flags: &Flags) -> Result<Wanted, Fault> {
    let name = flags.value("topic")?.cloned().unwrap_or_else(|| "".into());
    let partitions = flags.int("partitions")?;
    let replication_factor = flags.int("replication-factor")?;
    let assignment = match flags.value("replica-assignment")? {
        Some(text) if !text.is_empty() => replica_assignment(text)?,
        _ => Vec::new(),
    };
    let mut configs = Properties::default();
    for pair in flags.values("config") {
        match pair.split('=').collect::<Vec<_>>()[..] {
            [key, value] if !value.is_empty() => configs.set(key.trim(), value.trim()),
            _ => {
                return Err(Fault::illegal(
                    "requirement failed: Invalid topic config: all configs to be added must be in \
                     the format \"key=val\".",
                ));
            }
        }
    }
    let all: Vec<(&str, &str)> = configs.all().collect();
    topic_settings::validate(all.into_iter())?;
    Ok(Wanted { name, partitions, replication_factor, assignment, configs })
}

fn replica_assignment(text: &str) -> Result<Vec<Vec<i32>>, Fault> {
    let mut rows: Vec<Vec<i32>> = Vec::new();
    for (index, row) in text.trim_end_matches(',').split(',').enumerate() {
        let brokers =
            row.split(':').map(|id| id.trim().parse().map_err(|_| Fault::no_number(id.trim())));
        let brokers: Vec<i32> = brokers.collect::<Result<_, _>>()?;
        let twice = duplicates(&brokers);
        if !twice.is_empty() {
            let words = format!(
                "Partition replica lists may not contain duplicate entries: {}",
                list(&twice)
            );
            return Err(Fault::command("AdminCommandFailedException", &words));
        }
        let size = brokers.len();
        let told: Vec<String> = brokers.iter().map(i32::to_string).collect();
        rows.push(brokers);
        if size != rows[0].len() {
            let told = told.join(", ");
            let words = format!("Partition {index} has different replication factor: [{told}]");
            return Err(Fault::command("AdminOperationException", &words));
        }
    }
    Ok(rows)
}

/// What is there more than once, by size.
pub(super) fn duplicates(numbers: &[i32]) -> Vec<i32> {
    let is_twice = |number: &&i32| numbers.iter().filter(|other| other == number).count() > 1;
    let mut twice: Vec<i32> = numbers.iter().filter(is_twice).copied().collect();
    twice.sort_unstable();
    twice.dedup();
    twice
}

fn create(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let topic = wanted(flags)?;
    if topic.name.contains(['.', '_']) {
        shell.out(
            "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore \
             ('_') could collide. To avoid issues it is best to use either, but not both.",
        );
    }
    if topic.replication_factor.is_some_and(|rf| !(1..=i32::from(i16::MAX)).contains(&rf)) {
        let words = "The replication factor must be between 1 and 32767 inclusive";
        return Err(Fault::illegal(words).into());
    }
    if topic.partitions.is_some_and(|count| count < 1) {
        return Err(Fault::illegal("The partitions must be greater than 0").into());
    }
    if topic.name.is_empty() {
        let words = "The given topic name '' cannot be represented in a request.";
        return Err(Fault::of_error(17, Some(words)).into());
    }
    let request = CreateTopicsRequest::default()
        .with_topics(vec![creatable(&topic)])
        .with_timeout_ms(REQUEST_MS);
    let request = Request::CreateTopics(request);
    let response =
        shell.ask("createTopics", Destination::Controller, versions::CREATE_TOPICS, request)?;
    let Response::CreateTopics(told) = response else { return Ok(()) };
    for row in &told.topics {
        if row.error_code == 36 && flags.has("if-not-exists") {
            return Ok(());
        }
        refused(row.error_code, row.error_message.as_deref())?;
    }
    shell.out(&format!("Created topic {}.", topic.name));
    Ok(())
}

fn refused(code: i16, words: Option<&str>) -> Flow<()> {
    match code {
        0 => Ok(()),
        code => Err(Fault::execution(Fault::of_error(code, words)).into()),
    }
}

fn creatable(topic: &Wanted) -> CreatableTopic {
    let configs = topic.configs.all().map(|(key, value)| {
        CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
    });
    let assignments = (0..).zip(&topic.assignment).map(|(index, row)| {
        CreatableReplicaAssignment::default().with_partition_index(index).with_broker_ids(wire(row))
    });
    let factor = topic.replication_factor.and_then(|factor| i16::try_from(factor).ok());
    let is_assigned = !topic.assignment.is_empty();
    CreatableTopic::default()
        .with_name(topic_name(&topic.name))
        .with_num_partitions(topic.partitions.filter(|_| !is_assigned).unwrap_or(-1))
        .with_replication_factor(factor.filter(|_| !is_assigned).unwrap_or(-1))
        .with_configs(configs.collect())
        .with_assignments(assignments.collect())
}

fn wire(brokers: &[i32]) -> Vec<kafka::BrokerId> {
    brokers.iter().map(|id| kafka::BrokerId(*id)).collect()
}

/// `getTopics`: all, or those that `--topic` matches, by name.
fn chosen(shell: &mut Shell<'_>, flags: &Flags) -> Flow<Vec<TopicInfo>> {
    let no_internal = flags.has("exclude-internal");
    let mut topics = shell.topics("listTopics", None)?;
    topics.retain(|topic| !(topic.internal && no_internal));
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(regex) = flags.value("topic")? {
        let pattern = include_list(regex)?;
        topics.retain(|topic| pattern.matches(&topic.name));
    }
    Ok(topics)
}

/// `IncludeList`: a regular expression, where a comma stands for "or".
///
/// # Errors
/// It is none.
pub(super) fn include_list(text: &str) -> Result<Pattern, Fault> {
    let regex = text.trim().replace(',', "|").replace('"', "");
    let regex = regex.trim_start_matches('\'').trim_end_matches('\'');
    Pattern::read(regex).ok_or_else(|| {
        Fault::new("java.lang.RuntimeException", &format!("{regex} is an invalid regex."))
    })
}

/// `ensureTopicExists`.
fn ensure_found(flags: &Flags, found: bool) -> Result<(), Fault> {
    match flags.value("topic")? {
        Some(name) if !found && !name.is_empty() && !flags.has("if-exists") => {
            let words = format!("Topic 'Optional[{name}]' does not exist as expected");
            Err(Fault::illegal(&words))
        }
        _ => Ok(()),
    }
}

fn list_topics(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let names: Vec<Text> = chosen(shell, flags)?.into_iter().map(|topic| topic.name).collect();
    shell.out(&names.join("\n"));
    Ok(())
}

fn alter(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let topic = wanted(flags)?;
    let topics = chosen(shell, flags)?;
    ensure_found(flags, !topics.is_empty())?;
    if topics.is_empty() {
        return Ok(());
    }
    let grown = topics.iter().map(|known| {
        let rows = topic.assignment.iter().skip(known.partitions.len());
        let rows = rows.map(|row| CreatePartitionsAssignment::default().with_broker_ids(wire(row)));
        let assignments = (!topic.assignment.is_empty()).then(|| rows.collect());
        CreatePartitionsTopic::default()
            .with_name(topic_name(&known.name))
            .with_count(topic.partitions.unwrap_or(-1))
            .with_assignments(assignments)
    });
    let request =
        CreatePartitionsRequest::default().with_topics(grown.collect()).with_timeout_ms(REQUEST_MS);
    let request = Request::CreatePartitions(request);
    let version = versions::CREATE_PARTITIONS;
    let response = shell.ask("createPartitions", Destination::Controller, version, request)?;
    if let Response::CreatePartitions(told) = response {
        for row in &told.results {
            refused(row.error_code, row.error_message.as_deref())?;
        }
    }
    Ok(())
}

fn delete(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let topics = chosen(shell, flags)?;
    ensure_found(flags, !topics.is_empty())?;
    if topics.is_empty() {
        return Ok(());
    }
    let states = topics
        .iter()
        .map(|topic| DeleteTopicState::default().with_name(Some(topic_name(&topic.name))));
    let request =
        DeleteTopicsRequest::default().with_topics(states.collect()).with_timeout_ms(REQUEST_MS);
    let request = Request::DeleteTopics(request);
    let version = versions::DELETE_TOPICS;
    let response = shell.ask("deleteTopics", Destination::Controller, version, request)?;
    if let Response::DeleteTopics(told) = response {
        for row in &told.responses {
            refused(row.error_code, row.error_message.as_deref())?;
        }
    }
    Ok(())
}

/// A topic to be described, with what it has set for itself.
struct Described {
    topic: TopicInfo,
    /// Settings that are not the default, in the order in which brokers tell them.
    configs: Vec<(String, String)>,
    min_isr: u32,
}

fn describe(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let topics = described_topics(shell, flags)?;
    flags.int("partition-size-limit-per-response")?;
    let names: Vec<Text> = topics.iter().map(|topic| topic.name.clone()).collect();
    let configs = shell.describe_configs((TOPIC, &names), false)?;
    let live: Vec<i32> = shell.brokers()?.into_iter().map(|(id, ..)| id).collect();
    let moves = shell.reassignments()?;
    for (topic, result) in topics.into_iter().zip(configs) {
        refused(result.error_code, result.error_message.as_deref())?;
        let value = |value: &Option<kafka_protocol::protocol::StrBytes>| {
            value.as_ref().map_or_else(|| "null".to_owned(), ToString::to_string)
        };
        let min_isr = result.configs.iter().find(|c| &*c.name == "min.insync.replicas");
        let min_isr = min_isr.and_then(|c| value(&c.value).parse().ok()).unwrap_or(1);
        let own = result.configs.iter().filter(|c| c.config_source != DEFAULT_SOURCE);
        let mut configs: Vec<(String, String)> =
            own.map(|c| (c.name.to_string(), value(&c.value))).collect();
        sort_as_scala(&mut configs, CONFIG_TABLE, |(key, _)| key);
        print_topic(shell, flags, &Described { topic, configs, min_isr }, (&live, &moves));
    }
    Ok(())
}

/// `ConfigSource.DEFAULT_CONFIG`.
const DEFAULT_SOURCE: i8 = 5;
/// Size of the table in which a broker gathers a topic's 36 settings (`ConfigHelper`).
const CONFIG_TABLE: u32 = 64;

fn described_topics(shell: &mut Shell<'_>, flags: &Flags) -> Flow<Vec<TopicInfo>> {
    let id = match flags.value("topic-id")? {
        Some(text) => Some((text.clone(), uuid(text)?)).filter(|(_, id)| *id != 0),
        None => None,
    };
    let mut topics = match id {
        Some((text, id)) => {
            let mut topics = shell.topics("listTopics", None)?;
            topics.retain(|t| t.id == id && !(t.internal && flags.has("exclude-internal")));
            if topics.is_empty() && !flags.has("if-exists") {
                let words = format!("TopicId '{text}' does not exist as expected");
                return Err(Fault::illegal(&words).into());
            }
            topics
        }
        None => {
            let topics = chosen(shell, flags)?;
            ensure_found(flags, !topics.is_empty())?;
            topics
        }
    };
    if topics.is_empty() {
        return Ok(topics);
    }
    let names: Vec<Text> = topics.iter().map(|topic| topic.name.clone()).collect();
    topics = shell.topics("describeTopics", Some(&names))?;
    for topic in &topics {
        // A partition without a leader is described; a topic without partitions is not there.
        if topic.partitions.is_empty() {
            refused(topic.error, None)?;
        }
    }
    let count = u32::try_from(topics.len()).unwrap_or(u32::MAX);
    sort_as_java(&mut topics, count, |topic| &topic.name);
    Ok(topics)
}

/// `Uuid.fromString`.
fn uuid(text: &str) -> Result<u128, Fault> {
    if text.len() > 24 {
        let words = format!(
            "Input string with prefix `{}` is too long to be decoded as a base64 UUID",
            text.chars().take(24).collect::<String>()
        );
        return Err(Fault::illegal(&words));
    }
    let body = text.trim_end_matches('=');
    let is_digit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if let Some(wrong) = body.chars().find(|c| !is_digit(c)) {
        let words = format!("Illegal base64 character {:x}", u32::from(wrong));
        return Err(Fault::illegal(&words));
    }
    if body.len() % 4 == 1 {
        return Err(Fault::illegal("Last unit does not have enough valid bits"));
    }
    crate::engine::ids::read_base64(body).ok_or_else(|| {
        let bytes = body.len() * 3 / 4;
        Fault::illegal(&format!(
            "Input string `{text}` decoded as {bytes} bytes, which is not equal to the expected 16 \
             bytes of a base64-encoded UUID"
        ))
    })
}

fn print_topic(
    shell: &mut Shell<'_>,
    flags: &Flags,
    described: &Described,
    (live, moves): (&[i32], &[Reassignment]),
) {
    let Described { topic, configs, min_isr } = described;
    let moving = |index: i32| moves.iter().find(|m| m.topic == topic.name && m.partition == index);
    let reports: Vec<&str> =
        topics_options::REPORTS.into_iter().filter(|report| flags.has(report)).collect();
    let only_overrides = flags.has("topics-with-overrides");
    if reports.is_empty()
        && (!only_overrides || !configs.is_empty())
        && let Some(first) = topic.partitions.first()
    {
        let factor = replication_factor(first, moving(first.index));
        let configs: Vec<String> = configs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        shell.out(&format!(
            "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {factor}\tConfigs: {}",
            topic.name,
            base64(topic.id),
            topic.partitions.len(),
            configs.join(",")
        ));
    }
    if only_overrides {
        return;
    }
    for partition in &topic.partitions {
        let moving = moving(partition.index);
        let is_led = partition.leader.is_some();
        let in_sync = u32::try_from(partition.isr.len()).unwrap_or(u32::MAX);
        let shown = |report: &&str| match *report {
            "under-replicated-partitions" => {
                replication_factor(partition, moving) > partition.isr.len()
            }
            "under-min-isr-partitions" => !is_led || in_sync < *min_isr,
            "at-min-isr-partitions" => in_sync == *min_isr,
            _ => partition.leader.is_none_or(|leader| !live.contains(&leader)),
        };
        if reports.is_empty() || reports.iter().any(shown) {
            shell.out(&partition_line(&topic.name, partition, moving));
        }
    }
}

fn partition_line(topic: &str, partition: &PartitionInfo, moving: Option<&Reassignment>) -> String {
    let leader = partition.leader.map_or_else(|| "none".to_owned(), |leader| leader.to_string());
    let moving = moving.map_or_else(String::new, |m| {
        format!("\tAdding Replicas: {}\tRemoving Replicas: {}", list(&m.adding), list(&m.removing))
    });
    format!(
        "\tTopic: {topic}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}{moving}\t\
         Elr: N/A\tLastKnownElr: N/A",
        partition.index,
        list(&partition.replicas),
        list(&partition.isr)
    )
}

/// `getReplicationFactor`: those to come do not count.
fn replication_factor(partition: &PartitionInfo, moving: Option<&Reassignment>) -> usize {
    match moving {
        Some(m)
            if partition
                .replicas
                .iter()
                .any(|id| m.adding.contains(id) || m.removing.contains(id)) =>
        {
            m.replicas.len().saturating_sub(m.adding.len())
        }
        _ => partition.replicas.len(),
    }
}
