//! StopReplica: replicas that this broker is to keep still, or to delete
//! (`ReplicaManager.stopReplicas`).

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;

use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::EventKind;
use crate::engine::ids::{LeaderEpoch, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;
use crate::engine::protocol::inter_broker::{
    StopReplicaPartitionState, StopReplicaRequest, StopReplicaResponse,
};

impl Broker {
    pub(super) fn stop_replica(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: StopReplicaRequest,
    ) {
        let error_code = self.check_request(request.controller_epoch, request.broker_epoch);
        let mut partition_errors = BTreeMap::new();
        if error_code == 0 {
            for state in request.partition_states {
                let error = self.stop_one(ctx, disk, &state);
                partition_errors.insert(state.partition, error);
            }
        }
        let answer = StopReplicaResponse { error_code, partition_errors };
        ctx.send(caller.node, caller.answer(Response::StopReplica(answer)));
    }

    /// Only a request of an older reign is refused; when a topic goes, reigns do not count.
    fn stop_one(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        state: &StopReplicaPartitionState,
    ) -> i16 {
        let id = &state.partition;
        if self.log_dirs.is_offline(id) {
            return ResponseError::KafkaStorageError.code();
        }
        let current = self.partitions.get(id).map(|partition| partition.leader_epoch());
        let whatever = [LeaderEpoch::DURING_DELETE, LeaderEpoch::UNKNOWN];
        if !whatever.contains(&state.leader_epoch)
            && current.is_some_and(|current| state.leader_epoch < current)
        {
            return ResponseError::FencedLeaderEpoch.code();
        }
        self.stop_fetching(id);
        if state.delete_partition {
            self.delete_replica(ctx, disk, id);
        }
        0
    }

    /// The replica is no more: who waits for it is told, and its files go.
    fn delete_replica(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, id: &TopicPartition) {
        let there = self.partitions.contains_key(id);
        self.delete_log(ctx, disk, id);
        self.coordinates(ctx, id);
        self.isr_channel.forget(id);
        self.unsettled.remove(id);
        self.complete_produces(ctx, id);
        self.complete_fetches(ctx, disk, id);
        if there {
            ctx.emit(EventKind::ReplicaDeleted { partition: id.clone() });
        }
    }
}
