//! A new controller learns the cluster and puts it right (`KafkaController.onControllerFailover`).
//!
//! In Kafka's order: watches are set with the lists, everything is read, all brokers hear who lives,
//! replicas on live brokers get their roles, those on dead ones leave the ISRs, and only then are
//! leaders elected. So a partition whose leader died together with the controller is written twice:
//! first with leader −1, then with the new one (ANOMALIES §7, leaderEpoch+2).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::controller::ControlPlane;
use crate::engine::controller::admin_znodes::{PREFERRED_ELECTION, REASSIGN_PARTITIONS};
use crate::engine::controller::context::Status;
use crate::engine::controller::operation::{Phase, Question};
use crate::engine::controller::reassign::Assignment;
use crate::engine::controller::state_json::{
    self, BROKER_IDS, DELETE_TOPICS, FEATURE, FEATURE_DATA, LOG_DIR_EVENTS, TOPICS, broker_path,
    state_path, topic_path,
};
use crate::engine::event::ElectionReason;
use crate::engine::ids::{BrokerId, PartitionId, Text, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

impl ControlPlane {
    pub(super) fn ask_for_cluster(&self) -> Question {
        let (path, data) = (FEATURE.into(), FEATURE_DATA.into());
        Question::Pipelined(vec![
            ZkOp::Create { path, data, ephemeral: false, sequential: false },
            ZkOp::GetChildren { path: BROKER_IDS.into(), watch: true },
            ZkOp::GetChildren { path: TOPICS.into(), watch: true },
            ZkOp::GetChildren { path: DELETE_TOPICS.into(), watch: true },
            ZkOp::GetChildren { path: LOG_DIR_EVENTS.into(), watch: true },
            ZkOp::Exists { path: REASSIGN_PARTITIONS.into(), watch: true },
            ZkOp::Exists { path: PREFERRED_ELECTION.into(), watch: true },
        ])
    }

    pub(super) fn found_cluster(&mut self, results: &Results) {
        let brokers = broker_ids(results.get(1));
        let topics = topic_names(results.get(2));
        self.context.deleting = topic_names(results.get(3)).into_iter().collect();
        // Every broker is sent its roles anyway.
        let names = children(results.get(4));
        let is_there = |place| matches!(results.get(place), Some(Ok(ZkResult::Exists { .. })));
        self.context.asked_by_znode = is_there(5).then(BTreeSet::new);
        let mut phases =
            vec![Phase::DeleteLogDirEvents { names }, Phase::LoadCluster { brokers, topics }];
        phases.extend(is_there(6).then_some(Phase::FindElections));
        self.queue.then(phases);
    }

    /// Data of brokers and topics.
    pub(super) fn ask_for_members(&self, brokers: &[BrokerId], topics: &[TopicName]) -> Question {
        let read = |path, watch| ZkOp::GetData { path, watch };
        let brokers = brokers.iter().map(|broker| read(broker_path(*broker), false));
        let topics = topics.iter().map(|topic| read(topic_path(topic), true));
        Question::Pipelined(brokers.chain(topics).collect())
    }

    pub(super) fn loaded_cluster(
        &mut self,
        brokers: &[BrokerId],
        topics: &[TopicName],
        results: &Results,
    ) {
        self.context.registered = registrations(brokers, results).into_iter().ordered();
        self.add_topics(topics, results.get(brokers.len()..).unwrap_or_default());
        let partitions = self.context.partitions.keys().cloned().collect();
        self.queue.then([Phase::LoadStates { partitions }]);
    }

    /// Reads topics' znodes into the context.
    pub(super) fn add_topics(&mut self, topics: &[TopicName], results: &Results) {
        for (topic, result) in topics.iter().zip(results) {
            if let Ok(ZkResult::Data { data, .. }) = result
                && let Some(assignment) = state_json::read_topic(data)
            {
                self.context.add_topic(topic, assignment.id, &assignment.partitions);
                for (id, replicas) in &assignment.partitions {
                    let part = |rows: &BTreeMap<PartitionId, Vec<BrokerId>>| {
                        rows.get(id).cloned().unwrap_or_default()
                    };
                    let (adding, removing) = (part(&assignment.adding), part(&assignment.removing));
                    let assigned = Assignment { replicas: replicas.clone(), adding, removing };
                    self.context.put_assignment(&TopicPartition::new(topic, *id), &assigned);
                }
            }
        }
    }

    pub(super) fn ask_for_states(&self, partitions: &[TopicPartition]) -> Question {
        let read = |partition| ZkOp::GetData { path: state_path(partition), watch: false };
        Question::Pipelined(partitions.iter().map(read).collect())
    }

    pub(super) fn loaded_states(&mut self, partitions: &[TopicPartition], results: &Results) {
        for (partition, result) in partitions.iter().zip(results) {
            if let Ok(ZkResult::Data { data, version, .. }) = result
                && let Some(state) = state_json::read_state(data, *version)
            {
                self.context.put_state(partition, state);
            }
        }
        let assigned: BTreeSet<BrokerId> =
            self.context.partitions.values().flat_map(|p| p.replicas.iter().copied()).ordered();
        let dead = assigned.into_iter().filter(|id| !self.context.registered.contains_key(id));
        let dead: Vec<BrokerId> = dead.collect();
        let leave = |broker: BrokerId| {
            let mut partitions = self.context.partitions_on(broker);
            partitions.retain(|partition| !self.context.is_deleting(&partition.topic));
            Phase::Leave { broker, partitions }
        };
        let leaving: Vec<Phase> = dead.into_iter().map(leave).collect();
        self.take_over_deletions();
        let elect = Phase::Elect { reason: ElectionReason::LeaderDied, topic: None };
        let phases = [Phase::Introduce].into_iter().chain(leaving);
        let asked = self.context.asked_by_znode.as_ref().map(|_| Phase::FindReassignments);
        let then = [Phase::Flush, Phase::Classify, elect, Phase::Flush].into_iter().chain(asked);
        let last = [Phase::ResumeReassignments, Phase::ListDeletions];
        self.queue.then(phases.chain(then).chain(last));
    }

    /// Tells all brokers who lives, then each what it holds.
    pub(super) fn introduce(&mut self, ctx: &mut Ctx) {
        let registered = self.context.registered_ids();
        self.channels.keep(&registered);
        self.batch.add_metadata(registered.iter().copied(), []);
        self.flush(ctx);
        for broker in registered {
            self.add_roles_of(broker);
        }
        self.flush(ctx);
    }

    /// A broker is to learn its role in every partition that it holds.
    pub(super) fn add_roles_of(&mut self, broker: BrokerId) {
        for partition in self.context.partitions_on(broker) {
            if self.context.partitions.get(&partition).is_some_and(|p| p.state.is_some()) {
                self.batch.add_roles(&self.context, &[broker], &partition, false);
            }
        }
    }

    /// Where each partition stands, from its state and the brokers that live.
    pub(super) fn classify(&mut self) {
        let live = self.context.live();
        let stand = |(partition, entry): (&TopicPartition, &super::context::Partition)| {
            let status = match entry.state.as_ref().map(|state| state.leadership.leader) {
                None => Status::New,
                Some(Some(leader)) if live.contains(&leader) => Status::Online,
                Some(_) => Status::Offline,
            };
            (partition.clone(), status)
        };
        let standing: Vec<_> = self.context.partitions.iter().map(stand).collect();
        for (partition, status) in standing {
            self.context.put_status(&partition, status);
        }
    }

    /// Sends what has been gathered.
    pub(super) fn flush(&mut self, ctx: &mut Ctx) {
        let (channels, ids) = (&mut self.channels, &mut self.correlations);
        self.batch.flush(ctx, self.broker, &self.context, channels, ids);
    }
}

/// The names that a list of children holds.
pub(super) fn children(result: Option<&Result<ZkResult, ZkError>>) -> Vec<Text> {
    match result {
        Some(Ok(ZkResult::Children { names })) => names.clone(),
        _ => Vec::new(),
    }
}

/// Children of `/brokers/ids`.
pub(super) fn broker_ids(result: Option<&Result<ZkResult, ZkError>>) -> Vec<BrokerId> {
    children(result).iter().filter_map(|name| name.parse().ok().map(BrokerId)).collect()
}

/// Children of `/brokers/topics`.
pub(super) fn topic_names(result: Option<&Result<ZkResult, ZkError>>) -> Vec<TopicName> {
    children(result).into_iter().map(|name| TopicName::new(&name)).collect()
}

/// Brokers whose znode is still there, with their broker epochs.
pub(super) fn registrations(brokers: &[BrokerId], results: &Results) -> Vec<(BrokerId, i64)> {
    let pairs = brokers.iter().zip(results);
    let there = pairs.filter_map(|(broker, result)| match result {
        Ok(ZkResult::Data { created, .. }) => Some((*broker, *created)),
        _ => None,
    });
    there.collect()
}
