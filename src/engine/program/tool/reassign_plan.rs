//! Files of `kafka-reassign-partitions`: which replicas partitions are to have, and which topics are to
//! be moved.

use crate::engine::ids::Text;
use crate::engine::json::{Json, quote};
use crate::engine::program::tool::cluster::list;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::json_files::{
    array, integer, is_of_parser, mapping, member, not_json, string, twice, unexpected,
};
use crate::engine::program::tool::partitions::Partition;

/// A log directory that may be any.
const ANY: &str = "any";

/// Replicas of a partition.
pub(super) type Assignment = (Partition, Vec<i32>);
/// A replica: topic, partition, broker.
pub(super) type Replica = (Text, i32, i32);

/// What a file asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) partitions: Vec<Assignment>,
    /// Replicas that are to lie in a certain directory.
    pub(super) directories: Vec<(Replica, String)>,
}

pub(super) fn failed(words: &str) -> Fault {
    Fault::command("AdminCommandFailedException", words)
}

fn refused(words: &str) -> Fault {
    Fault::command("AdminOperationException", words)
}

/// An object; a text of blanks is none, but no JSON that could not be read.
fn read_object(text: &str) -> Result<Json, Fault> {
    if text.trim().is_empty() {
        return Err(mapping("Expected JSON object, received "));
    }
    let json = Json::parse(text).ok_or_else(|| not_json(text))?;
    match json.members() {
        Some(_) => Ok(json),
        None => Err(unexpected("JSON object", &json)),
    }
}

fn check_version(json: &Json) -> Result<(), Fault> {
    match json.get("version").map(integer).transpose()? {
        None | Some(1) => Ok(()),
        Some(other) => Err(refused(&format!("Not supported version field value {other}"))),
    }
}

/// Reads a plan (`parsePartitionReassignmentData`).
pub(super) fn read(text: &str) -> Result<Plan, Fault> {
    let json = read_object(text).map_err(|fault| match is_of_parser(&fault) {
        true => refused(fault.words()).caused(fault),
        false => fault,
    })?;
    check_version(&json)?;
    let mut plan = Plan::default();
    let rows = json.get("partitions").map(array).transpose()?.unwrap_or_default();
    for row in rows {
        let topic = string(member(row, "topic")?)?;
        let index = integer(member(row, "partition")?)?;
        let replicas = array(member(row, "replicas")?)?;
        let replicas = replicas.iter().map(integer).collect::<Result<Vec<i32>, Fault>>()?;
        if let Some(directories) = row.get("log_dirs") {
            let directories = array(directories)?.iter().map(string);
            let directories = directories.collect::<Result<Vec<Text>, Fault>>()?;
            if directories.len() != replicas.len() {
                let shown: Vec<&str> = directories.iter().map(|dir| &**dir).collect();
                return Err(failed(&format!(
                    "Size of replicas list [{}] is different from size of log dirs list [{}] for \
                     partition {topic}-{index}",
                    list(&replicas).replace(',', ", "),
                    shown.join(", ")
                )));
            }
            let named = replicas.iter().zip(&directories).filter(|(_, dir)| &***dir != ANY);
            let named = named.map(|(id, dir)| ((topic.clone(), index, *id), dir.to_string()));
            plan.directories.extend(named);
        }
        plan.partitions.push(((topic, index), replicas));
    }
    Ok(plan)
}

/// The same, to be carried out (`parseExecuteAssignmentArgs`): nothing is there twice.
pub(super) fn read_to_execute(text: &str) -> Result<Plan, Fault> {
    let plan = read(text)?;
    if plan.partitions.is_empty() {
        return Err(failed("Partition reassignment list cannot be empty"));
    }
    if plan.partitions.iter().any(|(_, replicas)| replicas.is_empty()) {
        return Err(failed("Partition replica list cannot be empty"));
    }
    let partitions: Vec<Partition> = plan.partitions.iter().map(|(p, _)| p.clone()).collect();
    let again = twice(&partitions);
    if !again.is_empty() {
        return Err(failed(&format!(
            "Partition reassignment contains duplicate topic partitions: {}",
            again.join(",")
        )));
    }
    let rows = plan.partitions.iter().map(|(p, replicas)| (p, repeated(replicas)));
    let rows =
        rows.filter(|(_, repeated)| !repeated.is_empty()).map(|((topic, index), repeated)| {
            format!("{topic}-{index} contains multiple entries for {}", list(&repeated))
        });
    let rows: Vec<String> = rows.collect();
    if !rows.is_empty() {
        return Err(failed(&format!(
            "Partition replica lists may not contain duplicate entries: {}",
            rows.join(". ")
        )));
    }
    Ok(plan)
}

/// Numbers that are there more than once.
pub(super) fn repeated(numbers: &[i32]) -> Vec<i32> {
    let again = numbers.iter().enumerate().filter(|(at, n)| numbers[..*at].contains(n));
    let mut again: Vec<i32> = again.map(|(_, number)| *number).collect();
    again.sort_unstable();
    again.dedup();
    again
}

/// Reads which topics are to be moved (`parseTopicsData`).
pub(super) fn read_topics(text: &str) -> Result<Vec<Text>, Fault> {
    let json = read_object(text).map_err(|fault| match is_of_parser(&fault) {
        true => refused("The input string is not a valid JSON"),
        false => fault,
    })?;
    check_version(&json)?;
    let rows = json.get("topics").map(array).transpose()?.unwrap_or_default();
    let topics = rows.iter().map(|row| string(member(row, "topic")?));
    let topics = topics.collect::<Result<Vec<Text>, Fault>>()?;
    let again = topics.iter().enumerate().filter(|(at, topic)| topics[..*at].contains(topic));
    let again: Vec<&str> = again.map(|(_, topic)| &**topic).collect();
    if !again.is_empty() {
        return Err(failed(&format!(
            "List of topics to reassign contains duplicate entries: [{}]",
            again.join(", ")
        )));
    }
    Ok(topics)
}

/// Writes assignments (`formatAsReassignmentJson`), sorted.
pub(super) fn written(assignments: &[Assignment]) -> String {
    let mut sorted: Vec<&Assignment> = assignments.iter().collect();
    sorted.sort();
    let rows = sorted.into_iter().map(|((topic, index), replicas)| {
        let any = vec!["\"any\""; replicas.len()].join(",");
        format!(
            "{{\"topic\":{},\"partition\":{index},\"replicas\":[{}],\"log_dirs\":[{any}]}}",
            quote(topic),
            list(replicas)
        )
    });
    let rows: Vec<String> = rows.collect();
    format!("{{\"version\":1,\"partitions\":[{}]}}", rows.join(","))
}
