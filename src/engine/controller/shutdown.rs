//! Controlled shutdown, both sides (`KafkaServer.controlledShutdown`,
//! `KafkaController.doControlledShutdown`).
//!
//! A broker that is to stop asks the controller to move its leaderships. The controller elects in its
//! place where it can, takes it out of the ISRs where it follows, and answers with what it still
//! leads. After three answers that leave something, or none at all, the broker stops all the same.

use kafka_protocol::ResponseError;

use crate::engine::controller::operation::{Asker, Phase};
use crate::engine::controller::partitions::Transition;
use crate::engine::controller::{ControlPlane, Notice, tags};
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{BrokerEpoch, BrokerId, CorrelationId, NodeId, TopicPartition};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::inter_broker::{
    ControlledShutdownRequest, ControlledShutdownResponse,
};
use crate::engine::protocol::{Payload, Request, Response};
use crate::engine::time::Micros;

/// `controlled.shutdown.max.retries`.
const MAX_RETRIES: u32 = 3;
/// `controlled.shutdown.retry.backoff.ms`.
const RETRY_BACKOFF: Micros = Micros(5_000_000);
/// `request.timeout.ms`.
const REQUEST_TIMEOUT: Micros = Micros(30_000_000);
/// Version that 3.9 sends.
const VERSION: i16 = 3;

/// Where this broker's own controlled shutdown stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shutdown {
    /// It was not asked to stop.
    #[default]
    NotAsked,
    /// The controller has been asked.
    Asking { controller: BrokerId, correlation: CorrelationId, left: u32 },
    /// A pause before the next try.
    Pausing { left: u32 },
    /// It may stop.
    Granted,
}

impl ControlPlane {
    /// Asks the controller to take this broker's leaderships; [`Notice::ShutdownGranted`] follows.
    pub fn begin_shutdown(&mut self, ctx: &mut Ctx) {
        if self.shutdown != Shutdown::NotAsked {
            return;
        }
        if self.config.controlled_shutdown_enable && self.registered {
            self.ask_to_stop(ctx, MAX_RETRIES);
        } else {
            self.granted();
        }
    }

    /// The controller's answer; true when it was to this broker's own request.
    pub(super) fn shutdown_answered(
        &mut self,
        ctx: &mut Ctx,
        correlation: CorrelationId,
        response: &ControlledShutdownResponse,
    ) -> bool {
        match self.shutdown {
            Shutdown::Asking { correlation: asked, left, .. } if asked == correlation => {
                if response.error_code == 0 && response.remaining_partitions.is_empty() {
                    self.granted();
                } else {
                    self.try_later(ctx, left);
                }
                true
            }
            _ => false,
        }
    }

    pub(super) fn shutdown_connection_lost(&mut self, ctx: &mut Ctx, peer: BrokerId) {
        if let Shutdown::Asking { controller, left, .. } = self.shutdown
            && controller == peer
        {
            self.try_later(ctx, left);
        }
    }

    pub(super) fn shutdown_timed_out(&mut self, ctx: &mut Ctx, late: CorrelationId) {
        if let Shutdown::Asking { correlation, left, .. } = self.shutdown
            && correlation == late
        {
            self.try_later(ctx, left);
        }
    }

    pub(super) fn shutdown_retry(&mut self, ctx: &mut Ctx) {
        if let Shutdown::Pausing { left } = self.shutdown {
            self.ask_to_stop(ctx, left);
        }
    }

    /// The controller's side: begins to move what `broker` leads.
    pub(super) fn controlled_shutdown(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        (broker, epoch): (BrokerId, BrokerEpoch),
    ) {
        if !self.active {
            return self.refuse_shutdown(ctx, asker);
        }
        if epoch != BrokerEpoch::UNKNOWN && epoch < self.context.broker_epoch(broker) {
            let error = ResponseError::StaleBrokerEpoch;
            return self.answer_stopping(ctx, asker, error.code(), Vec::new());
        }
        if !self.context.registered.contains_key(&broker) {
            let error = ResponseError::BrokerNotAvailable;
            return self.answer_stopping(ctx, asker, error.code(), Vec::new());
        }
        self.context.stopping.insert(broker);
        let mut leads = Vec::new();
        let mut follows = Vec::new();
        for partition in self.context.partitions_on(broker) {
            let Some(entry) = self.context.partitions.get(&partition) else { continue };
            let Some(state) = &entry.state else { continue };
            if self.context.is_deleting(&partition.topic) {
                continue;
            }
            match state.leadership.leader {
                _ if entry.replicas.len() < 2 => {}
                Some(leader) if leader == broker => leads.push(partition),
                _ => follows.push(partition),
            }
        }
        self.queue.then([
            Phase::ReadStates { transition: Transition::HandOver, partitions: leads },
            Phase::Flush,
            Phase::Leave { broker, partitions: follows },
            Phase::Flush,
            Phase::AnswerShutdown { asker, broker },
        ]);
    }

    pub(super) fn answer_shutdown(&mut self, ctx: &mut Ctx, asker: Asker, broker: BrokerId) {
        let remaining = self.context.led_by(broker);
        self.answer_stopping(ctx, asker, 0, remaining);
    }

    pub(super) fn refuse_shutdown(&mut self, ctx: &mut Ctx, asker: Asker) {
        self.answer_stopping(ctx, asker, ResponseError::NotController.code(), Vec::new());
    }

    fn answer_stopping(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        error_code: i16,
        remaining_partitions: Vec<TopicPartition>,
    ) {
        let Asker { from, correlation, version } = asker;
        let response = ControlledShutdownResponse { error_code, remaining_partitions };
        let body = Response::ControlledShutdown(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }

    fn ask_to_stop(&mut self, ctx: &mut Ctx, left: u32) {
        let Some(controller) = self.known else { return self.try_later(ctx, left) };
        let correlation = self.correlations.take();
        let request =
            ControlledShutdownRequest { broker_id: self.broker, broker_epoch: self.broker_epoch };
        let body = Request::ControlledShutdown(request);
        ctx.send(
            NodeId::Broker(controller),
            Payload::Request { correlation, version: VERSION, client_id: None, body },
        );
        let tag = tags::REQUEST_TIMEOUT + u64::from(correlation.0);
        ctx.set_timer(REQUEST_TIMEOUT, Timer { purpose: TimerPurpose::RequestTimeout, tag });
        self.shutdown = Shutdown::Asking { controller, correlation, left };
    }

    fn try_later(&mut self, ctx: &mut Ctx, left: u32) {
        if left <= 1 {
            return self.granted();
        }
        self.shutdown = Shutdown::Pausing { left: left - 1 };
        let tag = tags::SHUTDOWN_RETRY;
        ctx.set_timer(RETRY_BACKOFF, Timer { purpose: TimerPurpose::Backoff, tag });
    }

    fn granted(&mut self) {
        self.shutdown = Shutdown::Granted;
        self.notices.push(Notice::ShutdownGranted);
    }
}
