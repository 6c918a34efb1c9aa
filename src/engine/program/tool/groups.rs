//! `kafka-consumer-groups`: tells of groups, deletes them, and sets their offsets
//! (`ConsumerGroupCommand`).

use std::collections::BTreeMap;

use kafka_protocol::messages::DeleteGroupsRequest;
use kafka_protocol::messages::GroupId;

use crate::engine::ids::Text;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::cluster::{text, version};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::groups_admin::{Described, Listed, Question};
use crate::engine::program::tool::java_order::{sort_as_java, sort_partitions_as_java};
use crate::engine::program::tool::partitions::{Kind, Partition};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::program::tool::{groups_options, groups_reset, groups_tables};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-consumer-groups", flags: FLAGS, run };

const FLAGS: &str = "all-groups all-topics bootstrap-server= by-duration= command-config= delete \
    delete-offsets describe dry-run execute export from-file= group= help list members offsets \
    reset-offsets shift-by= state=? timeout= to-current to-datetime= to-earliest to-latest \
    to-offset= topic= type=? verbose version";

/// The client's id, for its log.
pub(super) const CLIENT: &str = "adminclient-1";
/// States of groups (`ConsumerGroupState`).
const STATES: [&str; 7] = [
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
];
/// Types of groups (`GroupType`).
const TYPES: [&str; 2] = ["Consumer", "Classic"];

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    groups_options::check(shell, &flags)?;
    match act(shell, &flags) {
        Err(Stop::Thrown(fault)) if fault.is("IllegalArgumentException") => {
            Err(shell.usage(fault.words()))
        }
        Err(Stop::Thrown(fault)) => {
            let words = format!("Executing consumer group command failed due to {}", fault.words());
            shell.print_error(&words);
            shell.err(fault.trace().trim_end_matches('\n'));
            Ok(())
        }
        done => done,
    }
}

impl Shell<'_> {
    /// `printError`.
    pub(super) fn print_error(&mut self, words: &str) {
        self.out(&format!("\nError: {words}"));
    }
}

fn act(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let settings = match flags.value("command-config")? {
        Some(file) => {
            let lost = |fault| Fault::wrapping(RUNTIME, fault);
            shell.properties(file).map_err(lost)?
        }
        None => Properties::default(),
    };
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &settings)?;
    if let (Some(admin), Some(ms)) = (&mut shell.admin, flags.number("timeout", i64::MAX)?) {
        admin.api_timeout = Micros::from_ms(ms.clamp(0, i64::from(i32::MAX)));
    } else if let Some(admin) = &mut shell.admin {
        admin.api_timeout = Micros::from_ms(5_000);
    }
    match groups_options::ACTIONS.iter().find(|action| flags.has(action)) {
        Some(&"list") => list(shell, flags),
        Some(&"describe") => describe(shell, flags),
        Some(&"delete") => delete(shell, flags),
        Some(&"reset-offsets") => groups_reset::reset(shell, flags),
        _ => groups_reset::delete_offsets(shell, flags),
    }
}

/// What wraps a failure where Java's code may not throw it.
pub(super) const RUNTIME: &str = "java.lang.RuntimeException";

/// What was thrown, wrapped so.
pub(super) fn in_runtime<T>(done: Flow<T>) -> Flow<T> {
    done.map_err(|stop| match stop {
        Stop::Thrown(fault) => Stop::Thrown(Fault::wrapping(RUNTIME, fault)),
        stop => stop,
    })
}

/// The groups that a command line is about.
pub(super) fn groups(shell: &mut Shell<'_>, flags: &Flags) -> Flow<Vec<Text>> {
    if flags.has("all-groups") {
        let listed = in_runtime(shell.list_groups(&[], &[]))?;
        return Ok(listed.into_iter().map(|row| row.group).collect());
    }
    Ok(flags.values("group").cloned().collect())
}

fn list(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let (with_type, with_state) = (flags.has("type"), flags.has("state"));
    if !with_type && !with_state {
        for row in in_runtime(shell.list_groups(&[], &[]))? {
            shell.out(&row.group);
        }
        return Ok(());
    }
    let kinds = filter(flags, "type", &TYPES, ("types", "types"))?;
    let states = filter(flags, "state", &STATES, ("state", "states"))?;
    let listed: Vec<Listed> = shell.list_groups(&states, &kinds)?;
    let width = listed.iter().map(|row| row.group.len().max(15)).max().unwrap_or(15) + 10;
    let mut line = |group: &str, kind: &str, state: &str| {
        let mut line = groups_tables::padded(group, width);
        for (_, word) in [(with_type, kind), (with_state, state)].iter().filter(|(with, _)| *with) {
            line.push(' ');
            line.push_str(&groups_tables::padded(word, 20));
        }
        shell.out(&line);
    };
    line("GROUP", "TYPE", "STATE");
    for row in &listed {
        let kind = TYPES.iter().find(|kind| kind.eq_ignore_ascii_case(&row.kind));
        line(&row.group, kind.unwrap_or(&"Unknown"), &row.state);
    }
    Ok(())
}

/// The words of a list of states or types; none for all.
fn filter(
    flags: &Flags,
    name: &str,
    known: &[&'static str],
    (one, all): (&str, &str),
) -> Result<Vec<&'static str>, Fault> {
    let Some(given) = flags.value(name)?.filter(|text| !text.is_empty()) else {
        return Ok(Vec::new());
    };
    let find = |word: &str| known.iter().find(|known| known.eq_ignore_ascii_case(word.trim()));
    let found: Option<Vec<&'static str>> =
        given.split(',').map(|word| find(word).copied()).collect();
    found.ok_or_else(|| {
        let known = known.join(", ");
        Fault::illegal(&format!("Invalid {one} list '{given}'. Valid {all} are: {known}"))
    })
}

fn describe(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let wanted = groups(shell, flags)?;
    let mut described: BTreeMap<Text, Described> = BTreeMap::new();
    for (group, told) in shell.describe_groups(&wanted)? {
        described.insert(group, told.map_err(Fault::execution)?);
    }
    if flags.has("members") {
        for (group, told) in &described {
            groups_tables::members(shell, group, told, flags.has("verbose"))?;
        }
    } else if flags.has("state") {
        for (group, told) in &described {
            groups_tables::state(shell, group, told)?;
        }
    } else {
        let mut tables = Vec::new();
        for (group, told) in &described {
            tables.push((group, told, rows(shell, group, told)?));
        }
        for (group, told, rows) in tables {
            groups_tables::offsets(shell, group, told, &rows)?;
        }
    }
    Ok(())
}

/// A row of a group's table of offsets.
pub(super) struct Row {
    pub(super) partition: Partition,
    pub(super) committed: Option<i64>,
    pub(super) end: i64,
    /// Id, host and client of the member whose it is; `-` for none.
    pub(super) owner: [String; 3],
}

/// Members with most partitions first, then partitions that nobody has.
fn rows(shell: &mut Shell<'_>, group: &Text, told: &Described) -> Flow<Vec<Row>> {
    let committed = in_runtime(shell.committed(group))?;
    let mut members: Vec<_> =
        told.members.iter().filter(|member| !member.partitions.is_empty()).collect();
    members.sort_by_key(|member| std::cmp::Reverse(member.partitions.len()));
    let mut rows = Vec::new();
    for member in &members {
        let owner = [&member.id, &member.host, &member.client_id].map(Clone::clone);
        rows.extend(rows_of(shell, &member.partitions, &committed, &owner)?);
    }
    let nobody: Vec<Partition> = committed
        .iter()
        .map(|(partition, _)| partition.clone())
        .filter(|partition| members.iter().all(|member| !member.partitions.contains(partition)))
        .collect();
    let owner = ["-"; 3].map(str::to_owned);
    rows.extend(rows_of(shell, &nobody, &committed, &owner)?);
    Ok(rows)
}

fn rows_of(
    shell: &mut Shell<'_>,
    partitions: &[Partition],
    committed: &[(Partition, i64)],
    owner: &[String; 3],
) -> Flow<Vec<Row>> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = offsets(shell, partitions, LATEST)?.into_iter().map(|(partition, end)| {
        let known = committed.iter().find(|(known, _)| *known == partition);
        Row { partition, committed: known.map(|(_, offset)| *offset), end, owner: owner.clone() }
    });
    Ok(rows.collect())
}

/// ListOffsets: the offset of the next record.
pub(super) const LATEST: i64 = -1;
/// ListOffsets: the first offset kept.
pub(super) const EARLIEST: i64 = -2;

/// Offsets of partitions, in the order of Java's map (`getLogOffsets`).
pub(super) fn offsets(
    shell: &mut Shell<'_>,
    partitions: &[Partition],
    timestamp: i64,
) -> Flow<Vec<(Partition, i64)>> {
    let wanted: Vec<(Partition, i64)> =
        partitions.iter().map(|partition| (partition.clone(), timestamp)).collect();
    let mut offsets = Vec::new();
    for (partition, found) in shell.ask_leaders(Kind::ListOffsets, CLIENT, &wanted)? {
        let found = found.map_err(|fault| Fault::wrapping(RUNTIME, Fault::execution(fault)))?;
        offsets.push((partition, found));
    }
    offsets.sort_by_key(|((_, index), _)| *index);
    sort_partitions_as_java(&mut offsets, 16, |((topic, index), _)| (topic, *index));
    Ok(offsets)
}

fn delete(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let wanted = groups(shell, flags)?;
    let request = |groups: &[Text]| {
        let names = groups.iter().map(|group| GroupId(text(group))).collect();
        vec![Request::DeleteGroups(DeleteGroupsRequest::default().with_groups_names(names))]
    };
    let error = |response: &Response, group: &str| match response {
        Response::DeleteGroups(told) => {
            let row = told.results.iter().find(|row| *row.group_id.0 == *group);
            row.map_or(0, |row| row.error_code)
        }
        _ => 0,
    };
    let question = Question {
        names: (
            "deleteConsumerGroups(api=FIND_COORDINATOR)",
            "deleteConsumerGroups(api=DELETE_GROUPS)",
        ),
        version: version(42, 2),
        request: &request,
        error: &error,
    };
    let mut results: Vec<(Text, Option<Fault>)> = shell
        .ask_coordinators(&wanted, &question)?
        .into_iter()
        .map(|(group, answer)| (group, answer.err()))
        .collect();
    sort_as_java(&mut results, 16, |(group, _)| group);
    let (failed, done): (Vec<_>, Vec<_>) = results.into_iter().partition(|(_, f)| f.is_some());
    let done: Vec<&str> = done.iter().map(|(group, _)| &**group).collect();
    if failed.is_empty() {
        shell.out(&format!(
            "Deletion of requested consumer groups ('{}') was successful.",
            done.join(", ")
        ));
        return Ok(());
    }
    shell.print_error("Deletion of some consumer groups failed:");
    for (group, fault) in failed {
        let told = fault.map(Fault::execution).map_or_else(String::new, |fault| fault.told());
        shell.out(&format!("* Group '{group}' could not be deleted due to: {told}"));
    }
    if !done.is_empty() {
        // The quotes stand as Kafka sets them.
        let done = done.join("'");
        shell.out(&format!("\nThese consumer groups were deleted successfully: '{done}', '"));
    }
    Ok(())
}
