//! Old tools ask by znodes: `/admin/reassign_partitions` and `/admin/preferred_replica_election`
//! (`KafkaController.processZkPartitionReassignment`, `processReplicaLeaderElection` of `ZkTriggered`,
//! `maybeRemoveFromZkReassignment`; formats in `ZkData.scala`).
//!
//! The controller watches both from its first moment. It moves what the first asks for, without the
//! checks that a request goes through, and takes each partition out of it when it is done or cannot
//! be; with the last one goes the znode. The second goes once its elections were tried, whatever came
//! of them. After each removal the controller looks again, which also sets the watch again.

use std::collections::BTreeSet;

use crate::engine::controller::ControlPlane;
use crate::engine::controller::operation::{ControllerEvent, Phase, Question};
use crate::engine::controller::partitions::{Transition, fenced};
use crate::engine::ids::{BrokerId, PartitionId, Text, TopicName, TopicPartition};
use crate::engine::json::{Json, quote};
use crate::engine::node::Ctx;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

/// Partitions that are to get other replicas (`ReassignPartitionsZNode`).
pub const REASSIGN_PARTITIONS: &str = "/admin/reassign_partitions";
/// Partitions that are to be led by their first replica (`PreferredReplicaElectionZNode`).
pub const PREFERRED_ELECTION: &str = "/admin/preferred_replica_election";

type Results = [Result<ZkResult, ZkError>];
type Targets = (TopicPartition, Vec<BrokerId>);

/// Partitions to be taken out of `/admin/reassign_partitions`.
#[derive(Clone, Debug)]
pub enum Settled {
    /// These, whatever was asked for them.
    Any(BTreeSet<TopicPartition>),
    /// This one, if these replicas were asked for.
    To(TopicPartition, Vec<BrokerId>),
}

impl Settled {
    fn covers(&self, (partition, targets): &Targets) -> bool {
        match self {
            Settled::Any(partitions) => partitions.contains(partition),
            Settled::To(one, replicas) => one == partition && replicas == targets,
        }
    }
}

impl ControlPlane {
    /// Whether a znode is there, and its data; from now on its creation is told.
    pub(super) fn ask_for_znode(path: &str) -> Question {
        Question::Pipelined(vec![
            ZkOp::Exists { path: path.into(), watch: true },
            ZkOp::GetData { path: path.into(), watch: false },
        ])
    }

    /// What `/admin/reassign_partitions` asks for begins; what cannot is taken out.
    pub(super) fn found_reassignments(&mut self, results: &Results) {
        let Some(asked) = data(results).map(read_reassignments) else {
            self.context.asked_by_znode = None;
            return;
        };
        let mut failed = BTreeSet::new();
        let mut phases = Vec::new();
        let mut begun = BTreeSet::new();
        for (partition, targets) in asked {
            let entry = self.context.partitions.get(&partition);
            match entry.filter(|_| !self.context.is_deleting(&partition.topic)) {
                Some(entry) if !targets.is_empty() => {
                    let assignment = entry.assignment().to(&targets);
                    begun.insert(partition.clone());
                    phases.push(Phase::Reassign { partition, assignment });
                }
                _ => {
                    failed.insert(partition);
                }
            }
        }
        self.context.asked_by_znode = Some(begun);
        if !failed.is_empty() {
            phases.push(Phase::ReadSettled(Settled::Any(failed)));
        }
        self.queue.then(phases);
    }

    /// The phase that takes partitions out of `/admin/reassign_partitions`, while that is there.
    pub(super) fn settle_znode(&self, settled: Settled) -> Option<Phase> {
        self.context.asked_by_znode.is_some().then_some(Phase::ReadSettled(settled))
    }

    /// What is left of `/admin/reassign_partitions` is written.
    pub(super) fn read_settled(&mut self, settled: &Settled, results: &Results) {
        let Some(data) = data(results) else { return };
        let mut left = read_reassignments(data);
        left.retain(|row| !settled.covers(row));
        self.queue.then([Phase::WriteReassignments { left }]);
    }

    pub(super) fn ask_to_write_reassignments(left: &[Targets]) -> Question {
        let path = REASSIGN_PARTITIONS.into();
        Question::Guarded(vec![match left {
            [] => ZkOp::Delete { path, version: -1 },
            left => ZkOp::SetData { path, data: write_reassignments(left), version: -1 },
        }])
    }

    pub(super) fn wrote_reassignments(
        &mut self,
        ctx: &mut Ctx,
        left: Vec<Targets>,
        results: &Results,
    ) {
        if fenced(results) {
            return self.moved(ctx);
        }
        if left.is_empty() {
            self.context.asked_by_znode = None;
            self.queue.push_last(ControllerEvent::ZnodeReassignment);
        }
    }

    /// The elections of `/admin/preferred_replica_election` that are needed are held.
    pub(super) fn found_elections(&mut self, results: &Results) {
        let Some(data) = data(results) else { return };
        let mut partitions = read_elections(data);
        partitions.retain(|partition| {
            let entry = self.context.partitions.get(partition);
            let leader = entry
                .and_then(|entry| entry.state.as_ref())
                .and_then(|state| state.leadership.leader);
            entry.is_some_and(|entry| leader != entry.replicas.first().copied())
                && !self.context.is_deleting(&partition.topic)
        });
        let transition = Transition::Prefer;
        self.queue.then([
            Phase::ReadStates { transition, partitions },
            Phase::Flush,
            Phase::DeleteElections,
        ]);
    }

    pub(super) fn ask_to_delete_elections() -> Question {
        Question::Guarded(vec![ZkOp::Delete { path: PREFERRED_ELECTION.into(), version: -1 }])
    }

    pub(super) fn deleted_elections(&mut self, ctx: &mut Ctx, results: &Results) {
        if fenced(results) {
            return self.moved(ctx);
        }
        self.queue.push_last(ControllerEvent::ZnodeElection);
    }
}

/// The data that a question for a znode brought; `None` when it is not there.
fn data(results: &Results) -> Option<&str> {
    match results.get(1) {
        Some(Ok(ZkResult::Data { data, .. })) => Some(data),
        _ => None,
    }
}

/// What is asked for, in the order of the znode; nothing when it does not read.
fn read_reassignments(data: &str) -> Vec<Targets> {
    let row = |row: &Json| {
        let replicas = row.get("replicas")?.ints()?.into_iter().map(BrokerId).collect();
        Some((partition(row)?, replicas))
    };
    rows(data, row).unwrap_or_default()
}

fn read_elections(data: &str) -> Vec<TopicPartition> {
    rows(data, partition).unwrap_or_default()
}

fn rows<T>(data: &str, row: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    match Json::parse(data)?.get("partitions")? {
        Json::Array(rows) => rows.iter().map(row).collect(),
        _ => None,
    }
}

fn partition(row: &Json) -> Option<TopicPartition> {
    let topic = TopicName::new(row.get("topic")?.text()?);
    Some(TopicPartition::new(&topic, PartitionId(row.get("partition")?.int()?)))
}

/// As `ReassignPartitionsZNode.encode` writes it.
fn write_reassignments(rows: &[Targets]) -> Text {
    let row = |(partition, replicas): &Targets| {
        let replicas: Vec<String> = replicas.iter().map(ToString::to_string).collect();
        format!(
            r#"{{"topic":{},"partition":{},"replicas":[{}]}}"#,
            quote(partition.topic.as_str()),
            partition.partition,
            replicas.join(",")
        )
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    format!(r#"{{"version":1,"partitions":[{}]}}"#, rows.join(",")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_reads_back() {
        let text = r#"{"version":1,"partitions":[{"topic":"t","partition":1,"replicas":[3,2]}]}"#;
        let rows = read_reassignments(text);
        assert_eq!(rows[0].1, [BrokerId(3), BrokerId(2)]);
        assert_eq!(&*write_reassignments(&rows), text);
    }

    #[test]
    fn what_does_not_read_asks_for_nothing() {
        assert!(read_reassignments("{").is_empty());
        assert!(read_elections(r#"{"partitions":[{"topic":"t"}]}"#).is_empty());
    }
}
