//! A leader asks for another ISR (KIP-497, `KafkaController.tryProcessAlterPartition`).
//!
//! The controller checks the request against what it knows, writes the `state` znode on the condition
//! that it is the one the leader knows, tells every broker, and answers with the new partition epoch.
//! The leader epoch does not change.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;

use crate::engine::controller::ControlPlane;
use crate::engine::controller::election::Leadership;
use crate::engine::controller::operation::{Asker, Phase};
use crate::engine::controller::partitions::fenced;
use crate::engine::controller::state_json::LeaderAndIsr;
use crate::engine::ids::{BrokerEpoch, BrokerId, PartitionEpoch, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::inter_broker::{
    AlterPartition, AlterPartitionRequest, AlterPartitionResponse, AlteredPartition,
};
use crate::engine::protocol::zk::{ZkError, ZkResult};
use crate::engine::protocol::{Payload, Response};

type Answers = BTreeMap<TopicPartition, Result<AlteredPartition, i16>>;

/// ISRs that passed the checks, on their way to ZooKeeper, and the answers that are settled.
#[derive(Clone, Debug)]
pub struct IsrWrites {
    /// Who asked.
    pub asker: Asker,
    /// What is written.
    pub plans: Vec<(TopicPartition, LeaderAndIsr)>,
    /// What was answered without writing.
    pub settled: Answers,
}

/// What a check says.
enum Verdict {
    Write(LeaderAndIsr),
    Settled(Result<AlteredPartition, i16>),
}

impl ControlPlane {
    pub(super) fn alter_partition(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &AlterPartitionRequest,
    ) {
        if !self.active {
            return self.refuse_alter_partition(ctx, asker);
        }
        // Who is not registered has no epoch that could be the right one.
        let epoch = self.context.broker_epoch(request.broker_id);
        if epoch == BrokerEpoch::UNKNOWN || epoch != request.broker_epoch {
            let error_code = ResponseError::StaleBrokerEpoch.code();
            return self.answer_alter_partition(ctx, asker, error_code, Answers::new());
        }
        let mut writes = IsrWrites { asker, plans: Vec::new(), settled: Answers::new() };
        for wanted in &request.partitions {
            match self.check_isr(request.broker_id, wanted) {
                Verdict::Write(state) => writes.plans.push((wanted.partition.clone(), state)),
                Verdict::Settled(answer) => {
                    writes.settled.insert(wanted.partition.clone(), answer);
                }
            }
        }
        self.queue.then([Phase::WriteIsrs(writes)]);
    }

    pub(super) fn wrote_isrs(
        &mut self,
        ctx: &mut Ctx,
        writes: IsrWrites,
        results: &[Result<ZkResult, ZkError>],
    ) {
        if fenced(results) {
            self.refuse_alter_partition(ctx, writes.asker);
            return self.moved(ctx);
        }
        let mut answers = writes.settled;
        let mut written = Vec::new();
        for ((partition, mut state), result) in writes.plans.into_iter().zip(results) {
            let answer = match result {
                Ok(ZkResult::Set { version }) => {
                    state.partition_epoch = PartitionEpoch(*version);
                    self.context.put_state(&partition, state.clone());
                    written.push(partition.clone());
                    altered(&state)
                }
                Err(ZkError::BadVersion) => Err(ResponseError::InvalidUpdateVersion.code()),
                _ => Err(ResponseError::UnknownServerError.code()),
            };
            answers.insert(partition, answer);
        }
        if !written.is_empty() {
            self.batch.add_metadata(self.context.registered_ids(), written.iter().cloned());
            self.flush(ctx);
        }
        self.answer_alter_partition(ctx, writes.asker, 0, answers);
        self.complete_reassignments(&written);
    }

    pub(super) fn refuse_alter_partition(&mut self, ctx: &mut Ctx, asker: Asker) {
        let error_code = ResponseError::NotController.code();
        self.answer_alter_partition(ctx, asker, error_code, Answers::new());
    }

    fn check_isr(&self, leader: BrokerId, wanted: &AlterPartition) -> Verdict {
        let entry = self.context.partitions.get(&wanted.partition);
        let Some(current) = entry.and_then(|entry| entry.state.as_ref()) else {
            return refuse(ResponseError::UnknownTopicOrPartition);
        };
        let asked = Leadership { leader: Some(leader), isr: wanted.new_isr.clone() };
        if wanted.partition_epoch > current.partition_epoch
            || wanted.leader_epoch > current.leader_epoch
        {
            // The leader knows more than this controller: another must have taken over.
            return refuse(ResponseError::NotController);
        }
        if wanted.leader_epoch < current.leader_epoch {
            return refuse(ResponseError::FencedLeaderEpoch);
        }
        if asked == current.leadership {
            return Verdict::Settled(altered(current));
        }
        if wanted.partition_epoch < current.partition_epoch {
            return refuse(ResponseError::InvalidUpdateVersion);
        }
        let live = self.context.live();
        if wanted.new_isr.iter().any(|id| !live.contains(id)) {
            return refuse(ResponseError::IneligibleReplica);
        }
        let controller_epoch = self.context.epoch;
        Verdict::Write(LeaderAndIsr {
            leadership: asked,
            controller_epoch,
            recovering: false,
            ..current.clone()
        })
    }

    fn answer_alter_partition(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        error_code: i16,
        partitions: Answers,
    ) {
        let Asker { from, correlation, version } = asker;
        let body = Response::AlterPartition(AlterPartitionResponse { error_code, partitions });
        ctx.send(from, Payload::Response { correlation, version, body });
    }
}

fn refuse(error: ResponseError) -> Verdict {
    Verdict::Settled(Err(error.code()))
}

fn altered(state: &LeaderAndIsr) -> Result<AlteredPartition, i16> {
    Ok(AlteredPartition {
        leader: state.leadership.leader.ok_or(ResponseError::UnknownServerError.code())?,
        leader_epoch: state.leader_epoch,
        isr: state.leadership.isr.clone(),
        partition_epoch: state.partition_epoch,
    })
}
