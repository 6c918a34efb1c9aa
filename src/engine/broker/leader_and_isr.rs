//! What the controller says: LeaderAndIsr makes replicas lead or follow, UpdateMetadata tells everybody.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::EventKind;
use crate::engine::ids::{
    BrokerEpoch, BrokerId, ControllerEpoch, Offset, TopicName, TopicPartition,
};
use crate::engine::log::Log;
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::Response;
use crate::engine::protocol::inter_broker::{
    LeaderAndIsrRequest, LeaderAndIsrResponse, PartitionState, UpdateMetadataRequest,
    UpdateMetadataResponse,
};
use crate::engine::replication::partition::Partition;
use crate::engine::setting::Truncation;

/// LeaderAndIsr requests that wait until the settings of their topics are read: a log is opened with
/// its topic's settings (`LogManager.getOrCreateLog` reads them from ZooKeeper, and waits).
#[derive(Clone, Debug, Default)]
pub struct AwaitingSettings {
    topics: BTreeSet<TopicName>,
    requests: Vec<(Caller, LeaderAndIsrRequest)>,
}

impl Broker {
    pub(super) fn leader_and_isr(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: LeaderAndIsrRequest,
    ) {
        let states = request.partition_states.iter();
        let unread: BTreeSet<TopicName> = states
            .map(|state| &state.partition.topic)
            .filter(|topic| !self.overrides.contains_key(*topic))
            .cloned()
            .ordered();
        if unread.is_empty() && self.awaiting.requests.is_empty() {
            self.apply_leader_and_isr(ctx, disk, caller, request);
            return;
        }
        let new: Vec<TopicName> =
            unread.into_iter().filter(|topic| self.awaiting.topics.insert(topic.clone())).collect();
        self.awaiting.requests.push((caller, request));
        if !new.is_empty() {
            self.control.fetch_topic_settings(ctx, &new);
        }
    }

    /// A topic's settings were read: what waited for the last of them goes on, in order.
    pub(super) fn settings_read(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, topic: &TopicName) {
        self.awaiting.topics.remove(topic);
        if self.awaiting.topics.is_empty() {
            self.stop_awaiting(ctx, disk);
        }
    }

    /// Goes on with the settings that are known: also when the session is lost, and nothing will come.
    pub(super) fn stop_awaiting(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        for (caller, request) in std::mem::take(&mut self.awaiting).requests {
            self.apply_leader_and_isr(ctx, disk, caller, request);
        }
    }

    fn apply_leader_and_isr(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: LeaderAndIsrRequest,
    ) {
        let error_code = self.check_request(request.controller_epoch, request.broker_epoch);
        let mut partition_errors = BTreeMap::new();
        if error_code == 0 {
            let mut leaders = BTreeSet::new();
            for state in request.partition_states {
                let id = state.partition.clone();
                leaders.extend(self.apply_state(ctx, disk, state));
                if self.log_dirs.is_offline(&id) {
                    partition_errors.insert(id, ResponseError::KafkaStorageError.code());
                }
            }
            for leader in leaders {
                self.fetch_from(ctx, leader);
            }
        }
        let response = LeaderAndIsrResponse { error_code, partition_errors };
        let answer = Response::LeaderAndIsr(response);
        ctx.send(caller.node, caller.answer(answer));
    }

    pub(super) fn update_metadata(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: UpdateMetadataRequest,
    ) {
        let error_code = self.check_request(request.controller_epoch, request.broker_epoch);
        if error_code == 0 {
            let states = request.partition_states.clone();
            self.metadata.update(request);
            self.groups_told(ctx, &states);
        }
        let answer = Response::UpdateMetadata(UpdateMetadataResponse { error_code });
        ctx.send(caller.node, caller.answer(answer));
    }

    /// A request for an earlier registration of this broker is refused first (`isBrokerEpochStale`): the
    /// controller did not know yet that the broker went and came back (KIP-380).
    pub(super) fn check_request(&mut self, epoch: ControllerEpoch, broker: BrokerEpoch) -> i16 {
        if broker != BrokerEpoch::UNKNOWN && broker < self.control.broker_epoch() {
            return ResponseError::StaleBrokerEpoch.code();
        }
        self.check_controller(epoch)
    }

    /// A controller of an older reign is refused: it does not know that it was replaced.
    fn check_controller(&mut self, epoch: ControllerEpoch) -> i16 {
        if epoch < self.controller_epoch && !planted::has(Bug::ControllerNotFenced) {
            return ResponseError::StaleControllerEpoch.code();
        }
        self.controller_epoch = epoch;
        0
    }

    /// Applies one partition's state when its reign is newer. Returns the leader to copy from.
    fn apply_state(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        state: PartitionState,
    ) -> Option<BrokerId> {
        let id = state.partition.clone();
        self.open_replica(disk, &id, state.is_new);
        let partition = self.partitions.get_mut(&id)?;
        if state.leader_epoch <= partition.leader_epoch() {
            return None;
        }
        partition.log.assign_topic_id(disk, state.topic_id);
        self.stop_fetching(&id);
        self.wake_sessions(&id);
        let leader = if state.leader == Some(self.id) {
            self.lead(ctx, disk, &id, state);
            None
        } else {
            self.follow(ctx, disk, &id, state)
        };
        self.coordinates(ctx, &id);
        leader
    }

    /// Opens the replica's log, made anew when this broker has none, unless it may be in a log
    /// directory that failed (`LogManager.getOrCreateLog`).
    fn open_replica(&mut self, disk: &mut Disk, id: &TopicPartition, is_new: bool) {
        if self.partitions.contains_key(id) || self.log_dirs.is_offline(id) {
            return;
        }
        let Some(dir) = self.dir_for(id, is_new) else { return };
        let config = self.topic_config(&id.topic);
        let log = Log::create_in(disk, &dir, id, &config).with_jitter_seed(self.jitter_seed);
        self.partitions.insert(id.clone(), Partition::new(id.clone(), log, config, Offset(0)));
    }

    fn lead(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        state: PartitionState,
    ) {
        let leader_epoch = state.leader_epoch;
        let me = self.id;
        let partition = self.partitions.get_mut(id).expect("opened by the caller");
        let newly = partition.make_leader(disk, me, state, ctx.now);
        let log_end_offset = partition.log.log_end_offset();
        self.moved_watermarks.insert(id.clone());
        if newly {
            ctx.emit(EventKind::BecameLeader {
                partition: id.clone(),
                leader_epoch,
                log_end_offset,
            });
        }
        self.isr_channel.forget(id);
        self.advance_leader_watermark(ctx, disk, id);
        self.complete_fetches(ctx, disk, id);
    }

    fn follow(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        state: PartitionState,
    ) -> Option<BrokerId> {
        let (leader, leader_epoch) = (state.leader, state.leader_epoch);
        let partition = self.partitions.get_mut(id).expect("opened by the caller");
        let led = partition.leading().is_some();
        partition.make_follower(state);
        ctx.emit(EventKind::BecameFollower { partition: id.clone(), leader, leader_epoch });
        if self.config.lab_truncation == Truncation::HighWatermark
            || planted::has(Bug::TruncatesToHighWatermark)
        {
            self.truncate_to_high_watermark(ctx, disk, id);
        }
        self.isr_channel.forget(id);
        if led {
            self.complete_produces(ctx, id);
            self.complete_deletes(ctx, id);
        }
        self.complete_fetches(ctx, disk, id);
        let leader = leader?;
        self.fetchers.entry(leader).or_default().follow(id.clone());
        Some(leader)
    }

    pub(super) fn stop_fetching(&mut self, id: &TopicPartition) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.stop(id);
        }
        self.failed_fetches.remove(id);
    }

    /// Whether a broker is registered, as the controller said last.
    pub(super) fn is_alive(&self, broker: BrokerId) -> bool {
        self.metadata.is_alive(broker)
    }
}
