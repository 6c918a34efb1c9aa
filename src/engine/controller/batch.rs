//! Requests gathered while partitions change, sent together (Kafka's `ControllerBrokerRequestBatch`).
//!
//! A broker gets one LeaderAndIsr with all its changed partitions, and every registered broker one
//! UpdateMetadata, in that order: replicas learn their role before clients can be told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::controller::channel::{Channels, Correlations};
use crate::engine::controller::context::Context;
use crate::engine::ids::{BrokerId, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Request;
use crate::engine::protocol::inter_broker::{
    LeaderAndIsrRequest, PartitionState, StopReplicaPartitionState, StopReplicaRequest,
    UpdateMetadataRequest,
};

/// What is to be told, and to whom.
#[derive(Clone, Debug, Default)]
pub struct RequestBatch {
    roles: BTreeMap<BrokerId, BTreeMap<TopicPartition, bool>>,
    metadata: BTreeSet<TopicPartition>,
    recipients: BTreeSet<BrokerId>,
    stops: BTreeMap<BrokerId, BTreeMap<TopicPartition, StopReplicaPartitionState>>,
}

impl RequestBatch {
    /// Brokers learn their role in a partition, and all brokers its metadata.
    pub fn add_roles(
        &mut self,
        context: &Context,
        brokers: &[BrokerId],
        partition: &TopicPartition,
        is_new: bool,
    ) {
        for broker in brokers {
            let roles = self.roles.entry(*broker).or_default();
            *roles.entry(partition.clone()).or_default() |= is_new;
        }
        self.add_metadata(context.registered_ids(), [partition.clone()]);
    }

    /// Brokers learn which brokers live, and the metadata of partitions.
    pub fn add_metadata(
        &mut self,
        brokers: impl IntoIterator<Item = BrokerId>,
        partitions: impl IntoIterator<Item = TopicPartition>,
    ) {
        self.recipients.extend(brokers);
        self.metadata.extend(partitions);
    }

    /// A broker is to keep a replica still, or to delete it.
    pub fn add_stop(
        &mut self,
        context: &Context,
        broker: BrokerId,
        partition: &TopicPartition,
        delete_partition: bool,
    ) {
        let stops = self.stops.entry(broker).or_default();
        let state = stops.entry(partition.clone()).or_insert(StopReplicaPartitionState {
            partition: partition.clone(),
            leader_epoch: context.stop_epoch(partition),
            delete_partition,
        });
        state.delete_partition |= delete_partition;
    }

    /// Queues the requests, with partitions as they stand now.
    pub fn flush(
        &mut self,
        ctx: &mut Ctx,
        controller_id: BrokerId,
        context: &Context,
        channels: &mut Channels,
        ids: &mut Correlations,
    ) {
        let batch = std::mem::take(self);
        let controller_epoch = context.epoch;
        for (broker, roles) in batch.roles {
            let states = roles.iter().filter_map(|(p, is_new)| context.partition_state(p, *is_new));
            let partition_states: Vec<PartitionState> = states.collect();
            let request = LeaderAndIsrRequest {
                controller_id,
                controller_epoch,
                broker_epoch: context.broker_epoch(broker),
                partition_states,
            };
            channels.enqueue(ctx, ids, broker, Rc::new(Request::LeaderAndIsr(request)));
        }
        if !batch.recipients.is_empty() {
            let states = batch.metadata.iter().filter_map(|p| context.partition_metadata(p));
            let partition_states: Rc<[PartitionState]> = states.collect();
            let live_brokers: Vec<BrokerId> = context.registered.keys().copied().collect();
            for broker in batch.recipients {
                let request = UpdateMetadataRequest {
                    controller_id,
                    controller_epoch,
                    broker_epoch: context.broker_epoch(broker),
                    partition_states: Rc::clone(&partition_states),
                    live_brokers: live_brokers.clone(),
                };
                channels.enqueue(ctx, ids, broker, Rc::new(Request::UpdateMetadata(request)));
            }
        }
        for (broker, stops) in batch.stops {
            let partition_states = stops.into_values().collect();
            let request = StopReplicaRequest {
                controller_id,
                controller_epoch,
                broker_epoch: context.broker_epoch(broker),
                partition_states,
            };
            channels.enqueue(ctx, ids, broker, Rc::new(Request::StopReplica(request)));
        }
    }
}
