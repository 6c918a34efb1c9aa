//! Topics are deleted (`TopicDeletionManager`, `KafkaController.processTopicDeletion`).
//!
//! A name under `/admin/delete_topics` starts it. Brokers forget the topic's metadata first; then its
//! replicas are taken out of service and deleted by StopReplica. As long as a broker with a replica
//! is dead, or a replica is being moved, the deletion waits; it goes on when that is over. The
//! topic's znodes go last, when every replica is gone.

use std::collections::BTreeSet;

use crate::engine::controller::ControlPlane;
use crate::engine::controller::context::ReplicaDeletion;
use crate::engine::controller::failover::children;
use crate::engine::controller::operation::{Phase, Question};
use crate::engine::controller::partitions::fenced;
use crate::engine::controller::state_json::{
    DELETE_TOPICS, config_path, delete_topic_path, state_path, topic_path,
};
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

impl ControlPlane {
    pub(super) fn ask_for_deletions(&self) -> Question {
        Question::Pipelined(vec![ZkOp::GetChildren { path: DELETE_TOPICS.into(), watch: true }])
    }

    /// Topics were marked for deletion.
    pub(super) fn found_deletions(&mut self, results: &Results) {
        let marked = children(results.first()).into_iter().map(|name| TopicName::new(&name));
        let (there, missing): (Vec<TopicName>, Vec<TopicName>) =
            marked.partition(|topic| self.context.topics.contains_key(topic));
        if !self.config.delete_topic_enable {
            let topics = there.into_iter().chain(missing).collect();
            return self.queue.then([Phase::Unmark { topics }]);
        }
        for topic in there {
            if self.context.is_reassigning(&topic) {
                self.context.ineligible.insert(topic.clone());
            }
            self.context.deleting.insert(topic);
        }
        self.queue.then([Phase::Unmark { topics: missing }, Phase::ResumeDeletions]);
    }

    pub(super) fn ask_to_unmark(&self, topics: &[TopicName]) -> Question {
        let delete = |topic| ZkOp::Delete { path: delete_topic_path(topic), version: -1 };
        Question::Guarded(topics.iter().map(delete).collect())
    }

    /// Topics marked for deletion as a new controller finds them: those with dead replicas wait
    /// (`fetchTopicDeletionsInProgress`, `initializeReplicaState`).
    pub(super) fn take_over_deletions(&mut self) {
        let live = self.context.live();
        for topic in self.context.deleting.clone() {
            for (partition, broker) in self.context.replicas_of(&topic) {
                if !live.contains(&broker) {
                    self.mark_replica(partition, broker, ReplicaDeletion::Ineligible);
                    self.context.ineligible.insert(topic.clone());
                }
            }
            if self.context.is_reassigning(&topic) {
                self.context.ineligible.insert(topic);
            }
        }
    }

    /// What kept these topics' deletion waiting may be over.
    pub(super) fn resume_deletions_of(&mut self, topics: impl IntoIterator<Item = TopicName>) {
        let mut any = false;
        for topic in topics.into_iter().filter(|topic| self.context.deleting.contains(topic)) {
            self.context.ineligible.remove(&topic);
            any = true;
        }
        if any {
            self.queue.then([Phase::ResumeDeletions]);
        }
    }

    /// Finishes, begins or retries deletions, as each topic stands (`resumeDeletions`).
    pub(super) fn resume_deletions(&mut self) {
        let mut phases = Vec::new();
        for topic in self.context.deleting.clone() {
            let replicas = self.context.replicas_of(&topic);
            let stands = |wanted: ReplicaDeletion| {
                let deletions = &self.context.deletions;
                replicas.iter().filter(|replica| deletions.get(*replica) == Some(&wanted)).count()
            };
            if stands(ReplicaDeletion::Successful) == replicas.len() {
                phases.push(Phase::RemoveTopic { topic });
                continue;
            }
            if stands(ReplicaDeletion::Started) > 0 {
                continue;
            }
            let failed: Vec<_> = replicas
                .iter()
                .filter(|r| self.context.deletions.get(*r) == Some(&ReplicaDeletion::Ineligible))
                .cloned()
                .collect();
            for replica in &failed {
                self.context.deletions.remove(replica);
            }
            if !self.context.ineligible.contains(&topic) {
                phases.extend(self.begin_deletion(&topic));
            }
        }
        self.queue.then(phases);
    }

    /// Replicas were deleted, or could not be: what a broker answered.
    pub(super) fn replicas_deleted(
        &mut self,
        broker: BrokerId,
        partitions: Vec<(TopicPartition, i16)>,
    ) {
        for (partition, error) in partitions {
            if !self.context.is_deleting(&partition.topic) {
                continue;
            }
            if error == 0 {
                self.mark_replica(partition, broker, ReplicaDeletion::Successful);
            } else {
                self.context.ineligible.insert(partition.topic.clone());
                self.mark_replica(partition, broker, ReplicaDeletion::Ineligible);
            }
        }
        self.queue.then([Phase::ResumeDeletions]);
    }

    /// A broker died: its replicas of topics on their way out cannot be deleted for now. Returns the
    /// other partitions that it holds.
    pub(super) fn fail_deletions_on(&mut self, broker: BrokerId) -> Vec<TopicPartition> {
        let partitions = self.context.partitions_on(broker);
        self.fail_deletions_of(broker, partitions)
    }

    /// The same of some of a broker's replicas.
    pub(super) fn fail_deletions_of(
        &mut self,
        broker: BrokerId,
        partitions: Vec<TopicPartition>,
    ) -> Vec<TopicPartition> {
        let (deleting, others): (Vec<TopicPartition>, Vec<TopicPartition>) = partitions
            .into_iter()
            .partition(|partition| self.context.is_deleting(&partition.topic));
        for partition in deleting {
            self.context.ineligible.insert(partition.topic.clone());
            self.mark_replica(partition, broker, ReplicaDeletion::Ineligible);
        }
        others
    }

    /// The second half of the way out: replicas that stopped are to be deleted.
    pub(super) fn start_replica_deletion(&mut self, topic: &TopicName) {
        for (partition, broker) in self.context.replicas_of(topic) {
            let done = self.context.deletions.get(&(partition.clone(), broker));
            if self.context.is_online(broker, &partition)
                && done != Some(&ReplicaDeletion::Successful)
            {
                self.batch.add_stop(&self.context, broker, &partition, true);
                self.mark_replica(partition, broker, ReplicaDeletion::Started);
            }
        }
    }

    /// Every replica is gone: so go the znodes (`KafkaZkClient.deleteTopicZNode`,
    /// `deleteTopicConfigs`, `deleteTopicDeletions`).
    pub(super) fn ask_to_remove_topic(&self, topic: &TopicName) -> Question {
        let delete = |path| ZkOp::Delete { path, version: -1 };
        let mut ops = Vec::new();
        let partitions = format!("{}/partitions", topic_path(topic));
        for partition in self.context.partitions_of(topic) {
            ops.push(delete(state_path(&partition)));
            ops.push(delete(format!("{partitions}/{}", partition.partition).into()));
        }
        ops.push(delete(partitions.into()));
        ops.push(delete(topic_path(topic)));
        ops.push(delete(config_path(topic)));
        ops.push(delete(delete_topic_path(topic)));
        Question::Guarded(ops)
    }

    pub(super) fn removed_topic(&mut self, ctx: &mut Ctx, topic: &TopicName, results: &Results) {
        if fenced(results) {
            return self.moved(ctx);
        }
        self.context.remove_topic(topic);
        ctx.emit(EventKind::TopicDeleted { topic: topic.clone() });
    }

    fn begin_deletion(&mut self, topic: &TopicName) -> Vec<Phase> {
        let live = self.context.live();
        let registered = self.context.registered_ids();
        let partitions = self.context.partitions_of(topic);
        self.batch.add_metadata(registered, partitions.iter().cloned());
        let mut phases = vec![Phase::Flush];
        let replicas = self.context.replicas_of(topic);
        let brokers: BTreeSet<BrokerId> = replicas.iter().map(|(_, broker)| *broker).ordered();
        for broker in brokers {
            let held = replicas.iter().filter(|(_, holder)| *holder == broker);
            let held = held.map(|(partition, _)| partition.clone());
            let (partitions, offline): (Vec<TopicPartition>, Vec<TopicPartition>) = held
                .filter(|partition| {
                    let done = self.context.deletions.get(&(partition.clone(), broker));
                    done != Some(&ReplicaDeletion::Successful)
                })
                .partition(|partition| self.context.is_online(broker, partition));
            if live.contains(&broker) {
                phases.push(Phase::Leave { broker, partitions });
            }
            if offline.is_empty() {
                continue;
            }
            self.context.ineligible.insert(topic.clone());
            for partition in offline {
                self.mark_replica(partition, broker, ReplicaDeletion::Ineligible);
            }
        }
        let topic = topic.clone();
        phases.extend([Phase::Flush, Phase::StartReplicaDeletion { topic }, Phase::Flush]);
        phases
    }

    fn mark_replica(
        &mut self,
        partition: TopicPartition,
        broker: BrokerId,
        stands: ReplicaDeletion,
    ) {
        self.context.deletions.insert((partition, broker), stands);
    }
}
