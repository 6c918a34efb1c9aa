//! Who is the controller (Kafka's `KafkaController.elect`, `maybeResign`, `onControllerResignation`).
//!
//! The first broker to create the ephemeral `/controller` is, and raises `/controller_epoch` in the
//! same transaction. Every broker watches the znode; when it goes, all try again. A controller whose
//! session is over, or that finds another name there, resigns and forgets what it knew.

use crate::engine::controller::ControlPlane;
use crate::engine::controller::operation::{ControllerEvent, Phase, Question};
use crate::engine::controller::state_json::{self, CONTROLLER, CONTROLLER_EPOCH};
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, ControllerEpoch};
use crate::engine::node::Ctx;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

impl ControlPlane {
    pub(super) fn ask_for_controller(&self) -> Question {
        let path = || CONTROLLER.into();
        Question::Pipelined(vec![
            ZkOp::Exists { path: path(), watch: true },
            ZkOp::GetData { path: path(), watch: false },
            ZkOp::GetData { path: CONTROLLER_EPOCH.into(), watch: false },
        ])
    }

    /// Nobody there: claim the post. Somebody else there: this broker is not the controller.
    pub(super) fn found_controller(&mut self, ctx: &mut Ctx, results: &Results) {
        self.known = named(results);
        if self.active && self.known != Some(self.broker) {
            self.resign(ctx);
        }
        if self.known.is_none() && self.registered {
            self.queue.then([Phase::ReadEpoch]);
        }
    }

    pub(super) fn ask_for_epoch(&self) -> Question {
        Question::Pipelined(vec![ZkOp::GetData { path: CONTROLLER_EPOCH.into(), watch: false }])
    }

    pub(super) fn found_epoch(&mut self, results: &Results) {
        self.queue.then([match epoch(results.first()) {
            Some((epoch, version)) => Phase::Claim { epoch: ControllerEpoch(epoch.0 + 1), version },
            None => Phase::CreateEpoch,
        }]);
    }

    pub(super) fn ask_for_new_epoch(&self) -> Question {
        Question::Pipelined(vec![ZkOp::Create {
            path: CONTROLLER_EPOCH.into(),
            data: "0".into(),
            ephemeral: false,
            sequential: false,
        }])
    }

    pub(super) fn ask_for_post(&self, ctx: &Ctx, epoch: ControllerEpoch, version: i32) -> Question {
        let create = ZkOp::Create {
            path: CONTROLLER.into(),
            data: state_json::controller(self.broker, ctx.wall_ms()),
            ephemeral: true,
            sequential: false,
        };
        let data = epoch.to_string().into();
        let raise = ZkOp::SetData { path: CONTROLLER_EPOCH.into(), data, version };
        Question::Atomic(vec![create, raise])
    }

    pub(super) fn claimed(&mut self, ctx: &mut Ctx, epoch: ControllerEpoch, results: &Results) {
        match results.get(1) {
            Some(Ok(ZkResult::Set { version })) => self.take_office(ctx, epoch, *version),
            _ => self.queue.then([Phase::CheckClaim { epoch }]),
        }
    }

    /// A claim whose answer was lost is refused when it is made again: then this broker is there
    /// already, with the epoch that it wanted (`checkControllerAndEpoch`).
    pub(super) fn checked_claim(
        &mut self,
        ctx: &mut Ctx,
        wanted: ControllerEpoch,
        results: &Results,
    ) {
        match epoch(results.get(2)) {
            Some((epoch, version)) if named(results) == Some(self.broker) && epoch == wanted => {
                self.take_office(ctx, wanted, version);
            }
            _ => self.found_controller(ctx, results),
        }
    }

    /// Stops being the controller and forgets the cluster; who waits for an answer is told to look
    /// elsewhere.
    pub(super) fn resign(&mut self, ctx: &mut Ctx) {
        if !self.active {
            return;
        }
        self.active = false;
        let epoch = self.context.epoch;
        ctx.emit(EventKind::ControllerResigned { broker: self.broker, epoch });
        self.context = Default::default();
        self.channels = Default::default();
        self.batch = Default::default();
        for event in self.queue.drain() {
            match event {
                ControllerEvent::ControllerChange => self.queue.push_first(event),
                event => self.refuse(ctx, event),
            }
        }
    }

    /// Another controller has taken over while this one worked (ControllerMovedException).
    pub(super) fn moved(&mut self, ctx: &mut Ctx) {
        self.drop_operation(ctx);
        self.resign(ctx);
        self.queue.push_first(ControllerEvent::ControllerChange);
    }

    /// Gives the current event up, answering its asker.
    pub(super) fn drop_operation(&mut self, ctx: &mut Ctx) {
        for phase in self.queue.abandon() {
            match phase {
                Phase::WriteIsrs(writes) => self.refuse_alter_partition(ctx, writes.asker),
                Phase::AnswerShutdown { asker, .. } => self.refuse_shutdown(ctx, asker),
                Phase::AnswerElection(ballot) => ballot.abandon(ctx),
                Phase::AnswerReassignment(answers) => answers.abandon(ctx),
                _ => {}
            }
        }
    }

    fn refuse(&mut self, ctx: &mut Ctx, event: ControllerEvent) {
        match event {
            ControllerEvent::AlterPartition { asker, .. } => {
                self.refuse_alter_partition(ctx, asker)
            }
            ControllerEvent::ControlledShutdown { asker, .. } => self.refuse_shutdown(ctx, asker),
            ControllerEvent::ElectLeaders { asker, request } => {
                self.elect_as_asked(ctx, asker, &request);
            }
            ControllerEvent::Reassign { asker, request } => {
                self.reassign_as_asked(ctx, asker, &request);
            }
            ControllerEvent::ControllerChange
            | ControllerEvent::TopicDeletion
            | ControllerEvent::PartitionModifications { .. }
            | ControllerEvent::ReplicasDeleted { .. }
            | ControllerEvent::BrokerChange
            | ControllerEvent::TopicChange
            | ControllerEvent::RebalanceLeaders
            | ControllerEvent::LogDirFailure
            | ControllerEvent::ZnodeReassignment
            | ControllerEvent::ZnodeElection
            | ControllerEvent::LeaderAndIsrAnswered { .. }
            | ControllerEvent::UncleanEnabled { .. } => {}
        }
    }

    fn take_office(&mut self, ctx: &mut Ctx, epoch: ControllerEpoch, version: i32) {
        self.active = true;
        self.known = Some(self.broker);
        self.context = Default::default();
        self.context.epoch = epoch;
        self.context.epoch_version = version;
        ctx.emit(EventKind::ControllerElected { broker: self.broker, epoch });
        self.queue.then([Phase::ListCluster]);
        self.schedule_rebalance(ctx, true);
    }
}

fn named(results: &Results) -> Option<BrokerId> {
    match results.get(1) {
        Some(Ok(ZkResult::Data { data, .. })) => state_json::read_controller(data),
        _ => None,
    }
}

fn epoch(result: Option<&Result<ZkResult, ZkError>>) -> Option<(ControllerEpoch, i32)> {
    match result {
        Some(Ok(ZkResult::Data { data, version, .. })) => {
            Some((ControllerEpoch(data.trim().parse().ok()?), *version))
        }
        _ => None,
    }
}
