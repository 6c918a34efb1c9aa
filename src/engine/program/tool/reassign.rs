//! `kafka-reassign-partitions`: moves partitions to other brokers (`ReassignPartitionsCommand`).

use std::collections::BTreeMap;

use kafka_protocol::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::{AlterPartitionReassignmentsRequest, BrokerId as WireBroker};

use crate::engine::client::admin_task::Destination;
use crate::engine::client::network_client::version as versions;
use crate::engine::ids::Text;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::cluster::{Reassignment, TopicInfo, list, topic_name};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::java_order::sort_as_java;
use crate::engine::program::tool::partitions::Partition;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::reassign_plan::{self as plan, Assignment, failed};
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::program::tool::{reassign_directories, reassign_spread, reassign_throttles};
use crate::engine::protocol::{Request, Response};

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-reassign-partitions", flags: FLAGS, run };

const FLAGS: &str = "additional bootstrap-server= broker-list= cancel command-config= \
    disable-rack-aware execute generate help list preserve-throttles reassignment-json-file= \
    replica-alter-log-dirs-throttle= throttle= timeout= topics-to-move-json-file= verify version";

/// Actions, the flags that each must have, and those that it may have.
const ACTIONS: [(&str, &[&str], &[&str]); 5] = [
    (
        "generate",
        &["topics-to-move-json-file", "broker-list"],
        &["bootstrap-server", "command-config", "disable-rack-aware"],
    ),
    (
        "execute",
        &["reassignment-json-file"],
        &[
            "additional",
            "bootstrap-server",
            "command-config",
            "throttle",
            "replica-alter-log-dirs-throttle",
            "timeout",
        ],
    ),
    (
        "verify",
        &["reassignment-json-file"],
        &["bootstrap-server", "command-config", "preserve-throttles"],
    ),
    (
        "cancel",
        &["reassignment-json-file"],
        &["bootstrap-server", "command-config", "preserve-throttles", "timeout"],
    ),
    ("list", &[], &["bootstrap-server", "command-config"]),
];

const EXISTING: &str = "Cannot execute because there is an existing partition assignment.  Use \
    --additional to override this and create a new partition assignment in addition to the existing \
    one. The --additional flag can also be used to change the throttle by resubmitting the current \
    reassignment.";

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    let action = action(shell, &flags)?;
    match act(shell, &flags, action) {
        Err(Stop::Thrown(fault)) if *fault.class == *TERSE => {
            shell.out(fault.words());
            Err(Stop::Exit(1))
        }
        Err(Stop::Thrown(fault)) => {
            shell.out(&format!("Error: {}", fault.words()));
            shell.out(&fault.trace());
            Err(Stop::Exit(1))
        }
        done => done,
    }
}

/// What is told without a trace.
const TERSE: &str = "org.apache.kafka.tools.TerseException";

/// What is told without a trace.
pub(super) fn terse(words: &str) -> Fault {
    Fault::new(TERSE, words)
}

/// What is to be done (`validateAndParseArgs`).
fn action(shell: &mut Shell<'_>, flags: &Flags) -> Flow<&'static str> {
    shell.help_or_version(flags, "This tool helps to move topic partitions between replicas.")?;
    let given: Vec<_> = ACTIONS.iter().filter(|(name, ..)| flags.has(name)).collect();
    let [(action, required, permitted)] = given[..] else {
        return Err(shell.usage(
            "Command must include exactly one action: --generate, --execute, --verify, --cancel, \
             --list",
        ));
    };
    if !flags.has("bootstrap-server") {
        return Err(shell.usage("Please specify --bootstrap-server"));
    }
    shell.require(flags, required)?;
    let fits =
        |name: &str| name == *action || required.contains(&name) || permitted.contains(&name);
    if let Some((name, _)) = flags.given().find(|(name, _)| !fits(name)) {
        let words = format!("Option \"[{name}]\" can't be used with action \"[{action}]\"");
        return Err(shell.usage(&words));
    }
    Ok(action)
}

fn act(shell: &mut Shell<'_>, flags: &Flags, action: &str) -> Flow<()> {
    let settings = match flags.value("command-config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &settings)?;
    let file = |shell: &Shell<'_>, name: &str| -> Result<Text, Fault> {
        shell.read_file(flags.value(name)?.map_or("", |file| file))
    };
    match action {
        "list" => list_moves(shell),
        "generate" => {
            let topics = file(shell, "topics-to-move-json-file")?;
            generate(shell, flags, &topics)
        }
        "execute" => {
            let text = file(shell, "reassignment-json-file")?;
            execute(shell, flags, &text)
        }
        "verify" => {
            let text = file(shell, "reassignment-json-file")?;
            verify(shell, flags, &text)
        }
        _ => {
            let text = file(shell, "reassignment-json-file")?;
            cancel(shell, flags, &text)
        }
    }
}

fn named(partition: &Partition) -> String {
    format!("{}-{}", partition.0, partition.1)
}

fn names<'a>(partitions: impl Iterator<Item = &'a Partition>) -> String {
    let mut partitions: Vec<&Partition> = partitions.collect();
    partitions.sort();
    let names: Vec<String> = partitions.into_iter().map(named).collect();
    names.join(",")
}

/// Java's plural.
pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn list_moves(shell: &mut Shell<'_>) -> Flow<()> {
    let mut moves = shell.reassignments()?;
    if moves.is_empty() {
        shell.out("No partition reassignments found.");
        return Ok(());
    }
    moves.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    shell.out("Current partition reassignments:");
    for one in moves {
        let part = |word: &str, ids: &[i32]| match ids {
            [] => String::new(),
            ids => format!(" {word}: {}.", list(ids)),
        };
        shell.out(&format!(
            "{}-{}: replicas: {}.{}{}",
            one.topic,
            one.partition,
            list(&one.replicas),
            part("adding", &one.adding),
            part("removing", &one.removing)
        ));
    }
    Ok(())
}

/// Topics that must be there, in the order of Java's map.
fn described(shell: &mut Shell<'_>, names: impl Iterator<Item = Text>) -> Flow<Vec<TopicInfo>> {
    let mut names: Vec<Text> = names.collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut topics = shell.topics("describeTopics", Some(&names))?;
    sort_as_java(&mut topics, 16, |topic| &topic.name);
    if let Some(topic) = topics.iter().find(|topic| topic.error != 0) {
        let words = format!("Topic {} not found.", topic.name);
        let words = (topic.error == UNKNOWN_TOPIC).then_some(&*words);
        return Err(Fault::execution(Fault::of_error(topic.error, words)).into());
    }
    Ok(topics)
}

/// UNKNOWN_TOPIC_OR_PARTITION.
const UNKNOWN_TOPIC: i16 = 3;

fn assignments(topics: &[TopicInfo]) -> Vec<Assignment> {
    let rows = topics.iter().flat_map(|topic| {
        let row =
            |p: &super::cluster::PartitionInfo| ((topic.name.clone(), p.index), p.replicas.clone());
        topic.partitions.iter().map(row)
    });
    rows.collect()
}

fn generate(shell: &mut Shell<'_>, flags: &Flags, text: &str) -> Flow<()> {
    let brokers = flags.value("broker-list")?.map_or("", |list| list);
    let brokers = brokers.split(',').map(|id| id.parse().map_err(|_| Fault::no_number(id)));
    let brokers = brokers.collect::<Result<Vec<i32>, Fault>>()?;
    let again = plan::repeated(&brokers);
    if !again.is_empty() {
        let again = list(&again).replace(',', ", ");
        let words = format!("Broker list contains duplicate entries: [{again}]");
        return Err(failed(&words).into());
    }
    let names = plan::read_topics(text)?;
    let topics = described(shell, names.into_iter())?;
    let live = shell.brokers()?.into_iter().map(|(id, ..)| id);
    let usable: Vec<i32> = live.filter(|id| brokers.contains(id)).collect();
    let mut proposed = Vec::new();
    for topic in &topics {
        proposed.extend(reassign_spread::spread(shell, topic, &usable)?);
    }
    shell.out(&format!(
        "Current partition replica assignment\n{}\n\nProposed partition reassignment \
         configuration\n{}",
        plan::written(&assignments(&topics)),
        plan::written(&proposed)
    ));
    Ok(())
}

fn execute(shell: &mut Shell<'_>, flags: &Flags, text: &str) -> Flow<()> {
    let plan = plan::read_to_execute(text)?;
    let throttle = flags.number("throttle", i64::MAX);
    let directory_throttle = flags.number("replica-alter-log-dirs-throttle", i64::MAX);
    let (throttle, directory_throttle) = (throttle?, directory_throttle?);
    let moves = shell.reassignments()?;
    if !flags.has("additional") && !moves.is_empty() {
        return Err(terse(EXISTING).into());
    }
    let live: Vec<i32> = shell.brokers()?.into_iter().map(|(id, ..)| id).collect();
    let mut wanted: Vec<i32> =
        plan.partitions.iter().flat_map(|(_, replicas)| replicas.iter().copied()).collect();
    wanted.sort_unstable();
    if let Some(unknown) = wanted.iter().find(|id| !live.contains(id)) {
        return Err(failed(&format!("Unknown broker id {unknown}")).into());
    }
    let current = current(shell, &plan.partitions)?;
    shell.out(&format!(
        "Current partition replica assignment\n\n{}\n\nSave this to use as the \
         --reassignment-json-file option during rollback",
        plan::written(&current)
    ));
    let throttle = throttle.filter(|rate| *rate >= 0);
    let directory_throttle = directory_throttle.filter(|rate| *rate >= 0);
    if throttle.is_some() || directory_throttle.is_some() {
        shell.out(
            "Warning: You must run --verify periodically, until the reassignment completes, to \
             ensure the throttle is removed.",
        );
    }
    if let Some(rate) = throttle {
        reassign_throttles::set(shell, rate, &moves, (&plan.partitions, &current))?;
    }
    if let Some(rate) = directory_throttle {
        reassign_throttles::set_for_directories(shell, rate, &plan.directories)?;
    }
    let targets: Vec<(Partition, Option<Vec<i32>>)> =
        plan.partitions.iter().map(|(p, replicas)| (p.clone(), Some(replicas.clone()))).collect();
    let errors = reassign(shell, &targets)?;
    if !errors.is_empty() {
        let words = format!("Error reassigning partition(s):\n{}", errors.join("\n"));
        return Err(terse(&words).into());
    }
    shell.out(&format!(
        "Successfully started partition reassignment{} for {}",
        plural(plan.partitions.len()),
        names(plan.partitions.iter().map(|(partition, _)| partition))
    ));
    reassign_directories::start(shell, flags, &plan.directories)
}

/// Replicas that partitions have now (`getReplicaAssignmentForPartitions`).
fn current(shell: &mut Shell<'_>, wanted: &[Assignment]) -> Flow<Vec<Assignment>> {
    let topics = described(shell, wanted.iter().map(|((topic, _), _)| topic.clone()))?;
    let is_wanted = |(partition, _): &Assignment| wanted.iter().any(|(p, _)| p == partition);
    let current: Vec<Assignment> = assignments(&topics).into_iter().filter(is_wanted).collect();
    let mut missing: Vec<&Partition> = wanted.iter().map(|(partition, _)| partition).collect();
    missing.retain(|partition| current.iter().all(|(known, _)| known != *partition));
    if !missing.is_empty() {
        let missing: Vec<String> = missing.into_iter().map(named).collect();
        let words = format!("Unable to find partition: {}", missing.join(", "));
        return Err(Fault::execution(Fault::of_error(UNKNOWN_TOPIC, Some(&words))).into());
    }
    Ok(current)
}

/// `Admin.alterPartitionReassignments`: begins moves, or ends them where there are no replicas. What
/// went wrong, by partition.
fn reassign(shell: &mut Shell<'_>, targets: &[(Partition, Option<Vec<i32>>)]) -> Flow<Vec<String>> {
    let mut topics: BTreeMap<&Text, Vec<ReassignablePartition>> = BTreeMap::new();
    for ((topic, index), replicas) in targets {
        let replicas = replicas.as_ref().map(|ids| ids.iter().map(|id| WireBroker(*id)).collect());
        topics.entry(topic).or_default().push(
            ReassignablePartition::default().with_partition_index(*index).with_replicas(replicas),
        );
    }
    let topics = topics.into_iter().map(|(topic, rows)| {
        ReassignableTopic::default().with_name(topic_name(topic)).with_partitions(rows)
    });
    let request = AlterPartitionReassignmentsRequest::default()
        .with_topics(topics.collect())
        .with_timeout_ms(60_000);
    let request = Request::AlterPartitionReassignments(request);
    let version = versions::ALTER_PARTITION_REASSIGNMENTS;
    let call = "alterPartitionReassignments";
    let response = shell.ask(call, Destination::Controller, version, request)?;
    let Response::AlterPartitionReassignments(told) = response else { return Ok(Vec::new()) };
    let mut errors: Vec<(Partition, String)> = Vec::new();
    for (partition, _) in targets {
        let rows = told.responses.iter().filter(|topic| *topic.name.0 == *partition.0);
        let row = rows.flat_map(|topic| &topic.partitions);
        let row = row.into_iter().find(|row| row.partition_index == partition.1);
        let (code, words) = match (told.error_code, row) {
            (0, Some(row)) => (row.error_code, row.error_message.as_deref()),
            (code, _) => (code, told.error_message.as_deref()),
        };
        if code != 0 {
            let fault = Fault::of_error(code, words);
            errors.push((partition.clone(), format!("{}: {}", named(partition), fault.words())));
        }
    }
    errors.sort();
    Ok(errors.into_iter().map(|(_, words)| words).collect())
}

fn verify(shell: &mut Shell<'_>, flags: &Flags, text: &str) -> Flow<()> {
    let plan = plan::read(text)?;
    let moves = shell.reassignments()?;
    let is_moving = |(topic, index): &Partition| {
        moves.iter().any(|one| one.topic == *topic && one.partition == *index)
    };
    let settled = plan.partitions.iter().filter(|(partition, _)| !is_moving(partition));
    let mut names: Vec<Text> = settled.map(|((topic, _), _)| topic.clone()).collect();
    names.sort();
    names.dedup();
    let topics = match names.is_empty() {
        true => Vec::new(),
        false => shell.topics("describeTopics", Some(&names))?,
    };
    let mut lines = vec!["Status of partition reassignment:".to_owned()];
    let mut partitions: Vec<&Assignment> = plan.partitions.iter().collect();
    partitions.sort();
    for (partition, target) in partitions {
        let name = named(partition);
        if is_moving(partition) {
            lines.push(format!("Reassignment of partition {name} is still in progress."));
            continue;
        }
        let has = replicas_now(&topics, partition)?;
        lines.push(match has == *target {
            true => format!("Reassignment of partition {name} is completed."),
            false => format!(
                "There is no active reassignment of partition {name}, but replica set is {} rather \
                 than {}.",
                list(&has),
                list(target)
            ),
        });
    }
    shell.out(&lines.join("\n"));
    let busy = reassign_directories::verify(shell, &plan.directories)?;
    if moves.is_empty() && !busy && !flags.has("preserve-throttles") {
        reassign_throttles::clear(shell, &plan.partitions)?;
    }
    Ok(())
}

/// Replicas of a partition; none where it is not there.
fn replicas_now(topics: &[TopicInfo], (name, index): &Partition) -> Result<Vec<i32>, Fault> {
    let Some(topic) = topics.iter().find(|topic| topic.name == *name) else {
        return Ok(Vec::new());
    };
    match topic.error {
        0 => {}
        UNKNOWN_TOPIC => return Ok(Vec::new()),
        code => return Err(Fault::execution(Fault::of_error(code, None))),
    }
    let count = topic.partitions.len();
    let at = usize::try_from(*index).unwrap_or(usize::MAX);
    match topic.partitions.get(at) {
        Some(partition) => Ok(partition.replicas.clone()),
        None if at > count => Ok(Vec::new()),
        None => {
            let words = format!("Index {at} out of bounds for length {count}");
            Err(Fault::new("java.lang.IndexOutOfBoundsException", &words))
        }
    }
}

fn cancel(shell: &mut Shell<'_>, flags: &Flags, text: &str) -> Flow<()> {
    let plan = plan::read(text)?;
    let is_wanted = |one: &Reassignment| {
        plan.partitions
            .iter()
            .any(|((topic, index), _)| one.topic == *topic && one.partition == *index)
    };
    let moves = shell.reassignments()?;
    // One that only adds replicas is passed over, as Kafka 3.9 does.
    let ends = |one: &&Reassignment| one.adding.is_empty() || !one.removing.is_empty();
    let moves = moves.iter().filter(|one| is_wanted(one)).filter(ends);
    let targets: Vec<(Partition, Option<Vec<i32>>)> =
        moves.map(|one| ((one.topic.clone(), one.partition), None)).collect();
    if targets.is_empty() {
        shell.out("None of the specified partition reassignments are active.");
    } else {
        let errors = reassign(shell, &targets)?;
        if !errors.is_empty() {
            return Err(terse(&format!(
                "Error cancelling partition reassignment{} for:\n{}",
                plural(errors.len()),
                errors.join("\n")
            ))
            .into());
        }
        shell.out(&format!(
            "Successfully cancelled partition reassignment{} for: {}",
            plural(targets.len()),
            names(targets.iter().map(|(partition, _)| partition))
        ));
    }
    // No line end, as Kafka has none.
    shell.print("None of the specified partition moves are active.");
    if !flags.has("preserve-throttles") {
        reassign_throttles::clear(shell, &plan.partitions)?;
    }
    Ok(())
}
