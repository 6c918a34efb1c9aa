//! Log directories that failed (`KafkaController.processLogDirEventNotification`,
//! `processLeaderAndIsrResponseReceived`, `onReplicasBecomeOffline`).
//!
//! A broker tells only that some directory of its failed, by a znode. The controller then sends it
//! every role that it has, and learns from the answer which replicas are offline: those with
//! KAFKA_STORAGE_ERROR. They lead no longer, leave the ISR, and are offline until the broker registers
//! anew.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::controller::context::Status;
use crate::engine::controller::failover::children;
use crate::engine::controller::operation::{ControllerEvent, Phase, Question};
use crate::engine::controller::state_json::{
    self, LOG_DIR_EVENT_PREFIX, LOG_DIR_EVENTS, log_dir_event_path,
};
use crate::engine::controller::{ControlPlane, Tag};
use crate::engine::event::{ElectionReason, EventKind};
use crate::engine::ids::{BrokerId, Text, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

/// KAFKA_STORAGE_ERROR.
const STORAGE_ERROR: i16 = 56;

impl ControlPlane {
    /// A log directory of this broker failed: the controller is told
    /// (`KafkaZkClient.propagateLogDirEvent`).
    pub fn propagate_log_dir_event(&mut self, ctx: &mut Ctx) {
        let create = ZkOp::Create {
            path: format!("{LOG_DIR_EVENTS}/{LOG_DIR_EVENT_PREFIX}").into(),
            data: state_json::log_dir_event(self.broker),
            ephemeral: false,
            sequential: true,
        };
        self.zk.ask(ctx, Tag::LogDirEvent, vec![create]);
    }

    pub(super) fn ask_for_log_dir_events(&self) -> Question {
        Question::Pipelined(vec![ZkOp::GetChildren { path: LOG_DIR_EVENTS.into(), watch: true }])
    }

    pub(super) fn found_log_dir_events(&mut self, results: &Results) {
        let names = children(results.first());
        if !names.is_empty() {
            self.queue.then([Phase::ReadLogDirEvents { names }]);
        }
    }

    pub(super) fn ask_for_failed_brokers(&self, names: &[Text]) -> Question {
        let read = |name: &Text| ZkOp::GetData { path: log_dir_event_path(name), watch: false };
        Question::Pipelined(names.iter().map(read).collect())
    }

    /// Which brokers have lost directories: each is sent all its roles.
    pub(super) fn read_log_dir_events(
        &mut self,
        ctx: &mut Ctx,
        names: Vec<Text>,
        results: &Results,
    ) {
        let broker = |result: &Result<ZkResult, ZkError>| match result {
            Ok(ZkResult::Data { data, .. }) => state_json::read_log_dir_event(data),
            _ => None,
        };
        let brokers: BTreeSet<BrokerId> = results.iter().filter_map(broker).ordered();
        for broker in brokers {
            self.add_roles_of(broker);
        }
        self.flush(ctx);
        self.queue.then([Phase::DeleteLogDirEvents { names }]);
    }

    pub(super) fn ask_to_delete_log_dir_events(&self, names: &[Text]) -> Question {
        let delete = |name: &Text| ZkOp::Delete { path: log_dir_event_path(name), version: -1 };
        Question::Guarded(names.iter().map(delete).collect())
    }

    /// What a broker answered to LeaderAndIsr, as far as directories are concerned.
    pub(super) fn note_leader_and_isr_answer(
        &mut self,
        ctx: &mut Ctx,
        broker: BrokerId,
        asked: impl Iterator<Item = TopicPartition>,
        errors: &BTreeMap<TopicPartition, i16>,
    ) {
        let failed = |partition: &TopicPartition| errors.get(partition) == Some(&STORAGE_ERROR);
        let known = self.context.offline_replicas.contains_key(&broker);
        if !known && !errors.values().any(|error| *error == STORAGE_ERROR) {
            return;
        }
        let (offline, online) = asked.partition(failed);
        self.enqueue(ctx, ControllerEvent::LeaderAndIsrAnswered { broker, offline, online });
    }

    /// Replicas turned out to be offline, or to be well again.
    pub(super) fn leader_and_isr_answered(
        &mut self,
        ctx: &mut Ctx,
        broker: BrokerId,
        offline: Vec<TopicPartition>,
        online: &[TopicPartition],
    ) {
        let known = self.context.offline_replicas.entry(broker).or_default();
        for partition in online {
            known.remove(partition);
        }
        let mut new = offline;
        new.retain(|partition| known.insert(partition.clone()));
        if new.is_empty() {
            return;
        }
        ctx.emit(EventKind::ReplicasOffline { broker, partitions: new.clone() });
        let led = |partition: &TopicPartition| {
            let state = self.context.partitions.get(partition).and_then(|p| p.state.as_ref());
            state.is_some_and(|state| state.leadership.leader == Some(broker))
        };
        let leaderless: Vec<_> = new.iter().filter(|partition| led(partition)).cloned().collect();
        for partition in leaderless {
            self.context.put_status(&partition, Status::Offline);
        }
        let elect = Phase::Elect { reason: ElectionReason::LogDirFailed, topic: None };
        let new = self.fail_deletions_of(broker, new);
        let phases = [elect, Phase::Flush, Phase::Leave { broker, partitions: new }, Phase::Flush];
        self.queue.then(phases.into_iter().chain([Phase::ResumeDeletions]));
    }
}
