//! How `kafka-reassign-partitions --generate` spreads a topic over brokers
//! (`AdminUtils.assignReplicasToBrokers`, without racks).

use crate::engine::program::tool::cluster::TopicInfo;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::reassign_plan::Assignment;
use crate::engine::program::tool::shell::{Flow, Shell};

/// INVALID_REPLICATION_FACTOR.
const INVALID_FACTOR: i16 = 38;

/// New replicas for every partition of a topic: leaders go round from a random start, each further
/// replica is a growing shift away.
pub(super) fn spread(
    shell: &mut Shell<'_>,
    topic: &TopicInfo,
    brokers: &[i32],
) -> Flow<Vec<Assignment>> {
    let factor = topic.partitions.first().map_or(0, |partition| partition.replicas.len());
    let count = brokers.len();
    if factor > count {
        let words = format!("Replication factor: {factor} larger than available brokers: {count}.");
        return Err(Fault::of_error(INVALID_FACTOR, Some(&words)).into());
    }
    let start = draw(shell, count)?;
    let shift = draw(shell, count)?;
    let rows = topic.partitions.iter().enumerate().map(|(index, partition)| {
        let shift = shift + index / count;
        let first = (index + start) % count;
        let others = (0..factor - 1).map(|n| (first + 1 + (shift + n) % (count - 1)) % count);
        let replicas = [first].into_iter().chain(others).map(|at| brokers[at]).collect();
        ((topic.name.clone(), partition.index), replicas)
    });
    Ok(rows.collect())
}

fn draw(shell: &mut Shell<'_>, count: usize) -> Flow<usize> {
    let drawn = shell.random(u64::try_from(count).unwrap_or(1))?;
    Ok(usize::try_from(drawn).unwrap_or(0))
}
