//! How an idempotent producer comes by its id: InitProducerId, asked of any broker as it starts, before
//! anything is sent (`Sender.maybeSendAndPollTransactionalRequest`, `InitProducerIdHandler`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};

use crate::engine::client::alarm::Deadline;
use crate::engine::client::network_client::version;
use crate::engine::node::Ctx;
use crate::engine::protocol::Request;
use crate::engine::time::Micros;

use super::idempotence::ProducerId;
use super::{Asked, Producer};

/// Where the question for an id stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Asking {
    /// It is not under way.
    #[default]
    No,
    /// A broker was asked.
    Sent,
    /// It failed, and is not asked again before.
    Resting(Deadline),
    /// It was refused for good: nothing can be sent any more.
    Refused,
}

impl Producer {
    /// Asks for an id when one is wanted and there is none.
    pub(super) fn ask_for_producer_id(&mut self, ctx: &mut Ctx<'_>) {
        let may_ask = match self.asking {
            Asking::No => true,
            Asking::Resting(pause) => pause.at <= ctx.now,
            Asking::Sent | Asking::Refused => false,
        };
        if !may_ask || !self.config.idempotent || self.idempotence.producer().is_some() {
            return;
        }
        if let Some(broker) = self.network.least_loaded(ctx)
            && self.network.ready(ctx, broker)
        {
            let request = InitProducerIdRequest::default()
                .with_transactional_id(None)
                .with_transaction_timeout_ms(i32::MAX)
                .with_producer_id((-1).into())
                .with_producer_epoch(-1);
            let body = Request::InitProducerId(request);
            self.network.send(ctx, broker, version::INIT_PRODUCER_ID, body, Asked::ProducerId);
            self.asking = Asking::Sent;
        }
    }

    /// A broker gave an id, or did not.
    pub(super) fn on_producer_id(&mut self, ctx: &mut Ctx<'_>, response: &InitProducerIdResponse) {
        let error = ResponseError::try_from_code(response.error_code);
        self.asking = match error {
            None => {
                let (id, epoch) = (response.producer_id.0, response.producer_epoch);
                self.idempotence.initialized(ProducerId { id, epoch });
                Asking::No
            }
            Some(error) if error.is_retriable() => self.rest(ctx),
            Some(_) => Asking::Refused,
        };
    }

    /// The broker that was asked did not answer.
    pub(super) fn producer_id_failed(&mut self, ctx: &mut Ctx<'_>) {
        self.asking = self.rest(ctx);
    }

    /// When an id is asked for again.
    pub(super) fn next_ask(&self, now: Micros) -> Option<Deadline> {
        match self.asking {
            Asking::Resting(pause) if pause.at > now => Some(pause),
            _ => None,
        }
    }

    /// Rewrites the batches of partitions whose sequences begin anew.
    pub(super) fn settle_sequences(&mut self) {
        let rewritten = self.idempotence.settle();
        if rewritten.is_empty() {
            return;
        }
        let waiting = self.accumulator.batches_mut();
        for batch in waiting.chain(self.in_flight.values_mut()) {
            if let Some(state) = rewritten.get(&batch.id) {
                batch.set_producer_state(*state);
            }
        }
    }

    fn rest(&self, ctx: &mut Ctx<'_>) -> Asking {
        let pause = self.config.retry_backoff.pause(ctx, 0);
        Asking::Resting(Deadline { at: ctx.now + pause, cause: ctx.timer_cause() })
    }
}
