//! Replicas that are to lie in a certain log directory: where they lie, and moves between directories
//! of one broker, which brokers here do not carry out.

use std::collections::BTreeMap;

use kafka_protocol::messages::DescribeLogDirsRequest;
use kafka_protocol::messages::describe_log_dirs_request::DescribableLogDirTopic;

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::Call;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::cluster::{answered, topic_name, version};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::reassign::terse;
use crate::engine::program::tool::reassign_plan::Replica;
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

/// In which directory each replica lies; `None`: in none that works.
fn directories(
    shell: &mut Shell<'_>,
    wanted: &[(Replica, String)],
) -> Flow<BTreeMap<Replica, Option<String>>> {
    let mut by_broker: BTreeMap<i32, BTreeMap<&Text, Vec<i32>>> = BTreeMap::new();
    for ((topic, index, broker), _) in wanted {
        by_broker.entry(*broker).or_default().entry(topic).or_default().push(*index);
    }
    let calls = by_broker.iter().map(|(broker, topics)| {
        let topics = topics.iter().map(|(topic, indexes)| {
            let topic = DescribableLogDirTopic::default().with_topic(topic_name(topic));
            topic.with_partitions(indexes.clone())
        });
        let request = DescribeLogDirsRequest::default().with_topics(Some(topics.collect()));
        Call {
            name: "describeReplicaLogDirs",
            to: Destination::Broker(BrokerId(*broker)),
            version: version(35, 4),
            body: Request::DescribeLogDirs(request),
        }
    });
    let answers = shell.ask_all(calls.collect())?;
    let mut found: BTreeMap<Replica, Option<String>> =
        wanted.iter().map(|(replica, _)| (replica.clone(), None)).collect();
    for (broker, answer) in by_broker.keys().zip(answers.iter()) {
        let Response::DescribeLogDirs(told) = answered(answer)? else { continue };
        for dir in told.results.iter().filter(|dir| dir.error_code == 0) {
            for topic in &dir.topics {
                for part in &topic.partitions {
                    let replica = (topic.name.as_str().into(), part.partition_index, *broker);
                    found.entry(replica).and_modify(|at| *at = Some(dir.log_dir.to_string()));
                }
            }
        }
    }
    Ok(found)
}

/// Whether replicas lie where they are to lie (`verifyReplicaMoves`); none is ever on its way.
pub(super) fn verify(shell: &mut Shell<'_>, wanted: &[(Replica, String)]) -> Flow<bool> {
    let found = directories(shell, wanted)?;
    let mut wanted: Vec<&(Replica, String)> = wanted.iter().collect();
    wanted.sort_by_key(|((topic, index, broker), _)| (*broker, topic, *index));
    let mut lines = Vec::new();
    for (replica, target) in wanted {
        let (topic, index, broker) = replica;
        lines.push(match found.get(replica).and_then(Option::as_ref) {
            None => format!(
                "Partition {topic}-{index} is not found in any live log dir on broker {broker}. \
                 There is likely an offline log directory on the broker."
            ),
            Some(at) if at == target => {
                format!("Reassignment of replica {topic}-{index}-{broker} completed successfully.")
            }
            Some(at) => format!(
                "Partition {topic}-{index} on broker {broker} is not being moved from log dir {at} \
                 to {target}."
            ),
        });
    }
    shell.out(&lines.join("\n"));
    Ok(false)
}

/// Waits until replicas are where they are to be (`executeMoves`): what is there already needs no move.
pub(super) fn start(
    shell: &mut Shell<'_>,
    flags: &Flags,
    wanted: &[(Replica, String)],
) -> Flow<()> {
    let timeout = flags.number("timeout", i64::MAX)?.unwrap_or(10_000);
    let mut open: Vec<&(Replica, String)> = wanted.iter().collect();
    open.sort_by_key(|((topic, index, broker), _)| (*broker, topic, *index));
    if open.is_empty() {
        return Ok(());
    }
    let started = shell.pause(Micros::ZERO)?;
    loop {
        let found = directories(shell, wanted)?;
        let mut still = Vec::new();
        for one in open {
            let ((topic, index, broker), target) = one;
            match found.get(&one.0).and_then(Option::as_ref) {
                None => still.push(one),
                Some(at) if at == target => shell.out(&format!(
                    "Successfully started moving log directory to {target} for replica \
                     {topic}-{index} with broker {broker} "
                )),
                Some(_) => return Err(no_directory(&one.0).into()),
            }
        }
        open = still;
        if open.is_empty() {
            return Ok(());
        }
        let now = shell.pause(Micros::from_ms(100))?;
        if now >= started.saturating_add(timeout) {
            let names =
                open.iter().map(|((topic, index, broker), _)| format!("{topic}-{index}-{broker}"));
            let names: Vec<String> = names.collect();
            let plural = if names.len() == 1 { "" } else { "s" };
            return Err(terse(&format!(
                "Timed out before log directory move{plural} could be started for: {}",
                names.join(",")
            ))
            .into());
        }
    }
}

/// A directory that the broker does not have.
fn no_directory((topic, index, broker): &Replica) -> Fault {
    let cause = Fault::execution(Fault::of_error(57, None));
    let words = format!("Failed to alter dir for {topic}-{index}-{broker}");
    Fault::command("AdminCommandFailedException", &words).caused(cause)
}
