//! Partitions get other replicas (KIP-455, `KafkaController.onPartitionReassignment`).
//!
//! While it goes on, the assignment is the targets followed by the rest of the old replicas. The
//! leader copies to those that are added as to any follower; when all targets are in the ISR, a target
//! leads, the others leave the ISR and are deleted, and the assignment is the targets alone. The
//! letters in comments are those of the steps in Kafka's description.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::AlterPartitionReassignmentsRequest;

use crate::engine::controller::ControlPlane;
use crate::engine::controller::admin_znodes::Settled;
use crate::engine::controller::operation::{Asker, Phase, Question};
use crate::engine::controller::partitions::{Transition, fenced};
use crate::engine::controller::reassign_request::Answers;
use crate::engine::controller::state_json::{self, TopicAssignment, topic_path};
use crate::engine::controller::topic_plan::{Refusal, refusal};
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

/// Replicas of a partition, and which of them come and go (Kafka's `ReplicaAssignment`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// All of them, targets first.
    pub replicas: Vec<BrokerId>,
    /// Those that are being added.
    pub adding: Vec<BrokerId>,
    /// Those that are being removed.
    pub removing: Vec<BrokerId>,
}

impl Assignment {
    /// The replicas as they are to be.
    #[must_use]
    pub fn targets(&self) -> Vec<BrokerId> {
        without(&self.replicas, &self.removing)
    }

    /// The replicas as they were.
    #[must_use]
    pub fn origin(&self) -> Vec<BrokerId> {
        without(&self.replicas, &self.adding)
    }

    /// Whether replicas come or go.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        !self.adding.is_empty() || !self.removing.is_empty()
    }

    /// With other targets (`reassignTo`).
    #[must_use]
    pub fn to(&self, targets: &[BrokerId]) -> Assignment {
        let origin = self.origin();
        let mut replicas: Vec<BrokerId> = Vec::new();
        for id in targets.iter().chain(&origin) {
            if !replicas.contains(id) {
                replicas.push(*id);
            }
        }
        let adding = without(&replicas, &origin);
        let removing = without(&replicas, targets);
        Assignment { replicas, adding, removing }
    }
}

impl ControlPlane {
    /// An AlterPartitionReassignments request has its turn.
    pub(super) fn reassign_as_asked(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &AlterPartitionReassignmentsRequest,
    ) {
        if !self.active {
            return Answers::refused(asker, request, ResponseError::NotController).send(ctx);
        }
        let mut answers = Answers::new(asker);
        let mut phases = Vec::new();
        for topic in &request.topics {
            let name = TopicName::new(&topic.name);
            for row in &topic.partitions {
                let partition = TopicPartition::new(&name, PartitionId(row.partition_index));
                let ids = |ids: &Vec<kafka_protocol::messages::BrokerId>| -> Vec<BrokerId> {
                    ids.iter().map(|id| BrokerId(id.0)).collect()
                };
                let targets = row.replicas.as_ref().map(ids);
                let planned = self.plan_reassignment(&partition, targets.as_deref());
                if let Ok(assignment) = &planned {
                    let (partition, assignment) = (partition.clone(), assignment.clone());
                    phases.push(Phase::Reassign { partition, assignment });
                }
                answers.add(partition, planned.err());
            }
        }
        // The newest word counts: the old znode's is taken back.
        let named = phases.iter().filter_map(|phase| match phase {
            Phase::Reassign { partition, .. } => Some(partition.clone()),
            _ => None,
        });
        let settle = self.settle_znode(Settled::Any(named.ordered()));
        phases.splice(..0, settle);
        phases.push(Phase::AnswerReassignment(answers));
        self.queue.then(phases);
    }

    /// U1: the assignment that is to be goes to ZooKeeper first, so that another controller can go on
    /// with it.
    pub(super) fn ask_to_reassign(
        &self,
        partition: &TopicPartition,
        assignment: &Assignment,
    ) -> Question {
        let entry = self.context.partitions.get(partition);
        if entry.is_none_or(|entry| entry.assignment() == *assignment) {
            return Question::Guarded(Vec::new());
        }
        let data = state_json::topic(&self.topic_with(partition, assignment));
        let path = topic_path(&partition.topic);
        Question::Guarded(vec![ZkOp::SetData { path, data, version: -1 }])
    }

    /// U2 and U3: replicas that an earlier reassignment added and this one does not want are deleted.
    pub(super) fn reassigned(
        &mut self,
        ctx: &mut Ctx,
        partition: TopicPartition,
        assignment: &Assignment,
        results: &[Result<ZkResult, ZkError>],
    ) {
        if fenced(results) {
            return self.moved(ctx);
        }
        let Some(entry) = self.context.partitions.get(&partition) else { return };
        let unneeded = without(&entry.replicas, &assignment.replicas);
        let changed = !results.is_empty();
        self.context.put_assignment(&partition, assignment);
        if self.context.deleting.contains(&partition.topic) {
            self.context.ineligible.insert(partition.topic.clone());
        }
        if changed {
            tell(ctx, &partition, assignment);
        }
        let mut phases = self.removal(&partition, &unneeded);
        phases.push(Phase::AdvanceReassignment { partition });
        self.queue.then(phases);
    }

    /// Phase A, or phase B when every target is in the ISR.
    pub(super) fn advance_reassignment(&mut self, ctx: &mut Ctx, partition: TopicPartition) {
        let Some(entry) = self.context.partitions.get(&partition) else { return };
        let assignment = entry.assignment();
        if !self.is_reassigned(&partition) {
            let starting =
                Phase::StartReplicas { partition: partition.clone(), brokers: assignment.adding };
            let transition = Transition::RaiseEpoch;
            let raise = Phase::ReadStates { transition, partitions: vec![partition] };
            return self.queue.then([raise, Phase::Flush, starting, Phase::Flush]);
        }
        let leader = entry.state.as_ref().and_then(|state| state.leadership.leader);
        let targets = assignment.targets();
        let live = self.context.live();
        let stays = leader.is_some_and(|id| targets.contains(&id) && live.contains(&id));
        let transition = if stays { Transition::RaiseEpoch } else { Transition::Reassign };
        let settle = self.settle_znode(Settled::To(partition.clone(), targets.clone()));
        let done = Assignment { replicas: targets, adding: Vec::new(), removing: Vec::new() };
        self.context.put_assignment(&partition, &done);
        if assignment.is_moving() {
            tell(ctx, &partition, &done);
        }
        let elect = Phase::ReadStates { transition, partitions: vec![partition.clone()] };
        let mut phases = vec![elect, Phase::Flush];
        phases.extend(self.removal(&partition, &assignment.removing));
        let (topic, write) = (partition.topic.clone(), partition.clone());
        let registered = self.context.registered_ids();
        phases.push(Phase::WriteAssignment { partition: write });
        phases.extend(settle);
        phases.extend([
            Phase::TellMetadata { brokers: registered, partition },
            Phase::Flush,
            Phase::ResumeDeletionsOf { topic },
        ]);
        self.queue.then(phases);
    }

    /// B6: the assignment without what was.
    pub(super) fn ask_to_write_assignment(&self, partition: &TopicPartition) -> Question {
        let Some(entry) = self.context.partitions.get(partition) else {
            return Question::Guarded(Vec::new());
        };
        let data = state_json::topic(&self.topic_with(partition, &entry.assignment()));
        let path = topic_path(&partition.topic);
        Question::Guarded(vec![ZkOp::SetData { path, data, version: -1 }])
    }

    /// A2: added replicas begin to follow.
    pub(super) fn start_replicas(&mut self, partition: &TopicPartition, brokers: &[BrokerId]) {
        self.batch.add_roles(&self.context, brokers, partition, true);
    }

    /// Reassignments go on: all but those that have just begun by the znode, or those that wait for one
    /// of these brokers.
    pub(super) fn resume_reassignments(&mut self, of: Option<&BTreeSet<BrokerId>>) {
        let begun = |partition: &TopicPartition| {
            self.context.asked_by_znode.as_ref().is_some_and(|begun| begun.contains(partition))
        };
        let waits = |partition: &TopicPartition, targets: Vec<BrokerId>| match of {
            None => !begun(partition),
            Some(brokers) => targets.iter().any(|id| brokers.contains(id)),
        };
        let moving = self.context.partitions.iter().filter(|(partition, entry)| {
            let assignment = entry.assignment();
            assignment.is_moving() && waits(partition, assignment.targets())
        });
        let phases: Vec<Phase> = moving
            .map(|(partition, _)| Phase::AdvanceReassignment { partition: partition.clone() })
            .collect();
        self.queue.then(phases);
    }

    /// ISRs changed: reassignments that waited for that are finished
    /// (`processPartitionReassignmentIsrChange`).
    pub(super) fn complete_reassignments(&mut self, changed: &[TopicPartition]) {
        let complete = |partition: &&TopicPartition| {
            let entry = self.context.partitions.get(*partition);
            entry.is_some_and(|entry| entry.assignment().is_moving())
                && self.is_reassigned(partition)
        };
        let phases: Vec<Phase> = changed
            .iter()
            .filter(complete)
            .map(|partition| Phase::AdvanceReassignment { partition: partition.clone() })
            .collect();
        self.queue.then(phases);
    }

    fn plan_reassignment(
        &self,
        partition: &TopicPartition,
        targets: Option<&[BrokerId]>,
    ) -> Result<Assignment, Refusal> {
        let none = Assignment { replicas: Vec::new(), adding: Vec::new(), removing: Vec::new() };
        let entry = self.context.partitions.get(partition);
        let current = entry.map_or(none, |entry| entry.assignment());
        if let Some(targets) = targets {
            self.check_targets(&current, targets)?;
        }
        let assignment = match targets {
            Some(targets) => current.to(targets),
            None if current.is_moving() => current.to(&current.origin()),
            None => {
                let error = ResponseError::NoReassignmentInProgress;
                return Err(Refusal { code: error.code(), message: None });
            }
        };
        if entry.is_none() || self.context.is_deleting(&partition.topic) {
            let text = "The partition does not exist.";
            return Err(refusal(ResponseError::UnknownTopicOrPartition, text.into()));
        }
        Ok(assignment)
    }

    /// `validateReplicas`.
    fn check_targets(&self, current: &Assignment, targets: &[BrokerId]) -> Result<(), Refusal> {
        let invalid =
            |text: String| Err(refusal(ResponseError::InvalidReplicaAssignment, text.into()));
        let distinct: BTreeSet<&BrokerId> = targets.iter().ordered();
        if targets.is_empty() {
            return invalid("Empty replica list specified in partition reassignment.".into());
        }
        if distinct.len() != targets.len() {
            let list = scala("List", targets);
            return invalid(format!(
                "Duplicate replica ids in partition reassignment replica list: {list}"
            ));
        }
        if targets.iter().any(|id| id.0 < 0) {
            return invalid(format!(
                "Invalid broker id in replica list: {}",
                scala("List", targets)
            ));
        }
        let adding = current.to(targets).adding;
        let live = self.context.live();
        if adding.iter().any(|id| !live.contains(id)) {
            let live: Vec<BrokerId> = live.into_iter().collect();
            return invalid(format!(
                "Replica assignment has brokers that are not alive. Replica list: {}, live broker list: {}",
                scala("List", &adding),
                scala("Set", &live)
            ));
        }
        Ok(())
    }

    /// Whether every target is in the ISR (`isReassignmentComplete`).
    fn is_reassigned(&self, partition: &TopicPartition) -> bool {
        let Some(entry) = self.context.partitions.get(partition) else { return false };
        let assignment = entry.assignment();
        let isr = entry.state.as_ref().map(|state| &state.leadership.isr);
        !assignment.is_moving()
            || isr.is_some_and(|isr| assignment.targets().iter().all(|id| isr.contains(id)))
    }

    /// B4 and B5: replicas leave the ISR, stop and are deleted.
    fn removal(&self, partition: &TopicPartition, brokers: &[BrokerId]) -> Vec<Phase> {
        if brokers.is_empty() {
            return Vec::new();
        }
        let leave = |broker: &BrokerId| Phase::Leave {
            broker: *broker,
            partitions: vec![partition.clone()],
        };
        let mut phases: Vec<Phase> = brokers.iter().map(leave).collect();
        let stop =
            Phase::DeleteReplicas { partition: partition.clone(), brokers: brokers.to_vec() };
        phases.extend([Phase::Flush, stop, Phase::Flush]);
        phases
    }

    /// A topic's znode with another assignment of one partition.
    fn topic_with(&self, partition: &TopicPartition, assignment: &Assignment) -> TopicAssignment {
        let topic = &partition.topic;
        let rows = self.context.partitions_of(topic).into_iter().filter_map(|of_it| {
            let found = self.context.partitions.get(&of_it)?.assignment();
            let found = if of_it == *partition { assignment.clone() } else { found };
            Some((of_it.partition, found))
        });
        let rows: BTreeMap<PartitionId, Assignment> = rows.ordered();
        let part = |pick: fn(&Assignment) -> &Vec<BrokerId>| {
            let named = rows.iter().map(move |(p, row)| (*p, pick(row).clone()));
            named.filter(|(_, ids)| !ids.is_empty())
        };
        TopicAssignment {
            id: self.context.topics.get(topic).copied().unwrap_or_default(),
            partitions: part(|row| &row.replicas).ordered(),
            adding: part(|row| &row.adding).ordered(),
            removing: part(|row| &row.removing).ordered(),
        }
    }
}

fn without(ids: &[BrokerId], gone: &[BrokerId]) -> Vec<BrokerId> {
    ids.iter().copied().filter(|id| !gone.contains(id)).collect()
}

fn scala(kind: &str, ids: &[BrokerId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{kind}({})", ids.join(", "))
}

fn tell(ctx: &mut Ctx, partition: &TopicPartition, assignment: &Assignment) {
    ctx.emit(EventKind::ReplicasAssigned {
        partition: partition.clone(),
        replicas: assignment.replicas.clone(),
        adding: assignment.adding.clone(),
        removing: assignment.removing.clone(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[i32]) -> Vec<BrokerId> {
        list.iter().copied().map(BrokerId).collect()
    }

    fn still(replicas: &[i32]) -> Assignment {
        Assignment { replicas: ids(replicas), adding: Vec::new(), removing: Vec::new() }
    }

    #[test]
    fn targets_stand_before_the_replicas_that_go() {
        let moving = still(&[1, 2, 3]).to(&ids(&[3, 4, 2]));
        assert_eq!(moving.replicas, ids(&[3, 4, 2, 1]));
        assert_eq!((moving.adding.clone(), moving.removing.clone()), (ids(&[4]), ids(&[1])));
        assert_eq!((moving.targets(), moving.origin()), (ids(&[3, 4, 2]), ids(&[3, 2, 1])));
    }

    #[test]
    fn another_order_moves_nobody() {
        let moving = still(&[1, 2, 3]).to(&ids(&[2, 3, 1]));
        assert_eq!(moving, still(&[2, 3, 1]));
        assert!(!moving.is_moving());
    }

    #[test]
    fn giving_up_keeps_what_was_but_not_its_order() {
        let moving = still(&[1, 2, 3]).to(&ids(&[3, 4, 2]));
        assert_eq!(
            moving.to(&moving.origin()),
            Assignment { replicas: ids(&[3, 2, 1]), adding: Vec::new(), removing: Vec::new() }
        );
    }
}
