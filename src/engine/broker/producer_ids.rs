//! InitProducerId: an id of its own for every idempotent producer (KIP-98,
//! `TransactionCoordinator.handleInitProducerId`, `RPCProducerIdManager`).
//!
//! A broker gives ids out of blocks of 1000 that the controller allocates. The first request after a
//! start finds no block: it is answered with COORDINATOR_LOAD_IN_PROGRESS, which clients try again,
//! and asks for one. The next block is asked for when nine tenths of one are used.
//!
//! There is no transaction coordinator: a request with a transactional id is answered as by a broker
//! that is not the coordinator of that id.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, BrokerId as WireBroker,
    InitProducerIdRequest, InitProducerIdResponse,
};

use crate::engine::broker::{Broker, Caller};
use crate::engine::ids::{BrokerId, CorrelationId, NodeId};
use crate::engine::node::Ctx;
use crate::engine::protocol::{Payload, Request, Response};
use crate::engine::time::Micros;

/// `ProducerIdManager.RetryBackoffMs`: pause after a request for a block that failed.
const RETRY_BACKOFF: Micros = Micros(50_000);
/// `request.timeout.ms` between brokers.
const REQUEST_TIMEOUT: Micros = Micros(30_000_000);
const ALLOCATE_VERSION: i16 = 0;

/// Ids `next..end` of a block that began at `first`.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: i64,
    next: i64,
    end: i64,
}

/// What a broker has to give.
#[derive(Clone, Debug, Default)]
pub struct ProducerIds {
    current: Option<Block>,
    /// The block after it, allocated before it is needed.
    following: Option<Block>,
    /// The request for a block that is not answered yet, and who was asked.
    asked: Option<(CorrelationId, BrokerId)>,
    /// Not to be asked for before: the request may still be answered, or one failed.
    not_before: Micros,
}

impl ProducerIds {
    /// The next id, and whether another block should be asked for.
    fn take(&mut self) -> (Option<i64>, bool) {
        if self.current.is_none_or(|block| block.next == block.end)
            && let Some(following) = self.following.take()
        {
            self.current = Some(following);
        }
        let Some(block) = self.current.as_mut().filter(|block| block.next < block.end) else {
            return (None, true);
        };
        let id = block.next;
        block.next += 1;
        // Asked for once, at nine tenths (`PidPrefetchThreshold`).
        (Some(id), id == block.first + (block.end - block.first) * 9 / 10)
    }
}

impl Broker {
    pub(super) fn init_producer_id(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &InitProducerIdRequest,
    ) {
        let outcome = match &request.transactional_id {
            Some(id) if id.0.is_empty() => Err(ResponseError::InvalidRequest),
            Some(_) => Err(ResponseError::NotCoordinator),
            None => {
                let (id, more) = self.producer_ids.take();
                if more {
                    self.ask_for_producer_ids(ctx);
                }
                id.ok_or(ResponseError::CoordinatorLoadInProgress)
            }
        };
        let response = match outcome {
            Ok(id) => {
                InitProducerIdResponse::default().with_producer_id(id.into()).with_producer_epoch(0)
            }
            Err(error) => InitProducerIdResponse::default()
                .with_error_code(error.code())
                .with_producer_id((-1).into())
                .with_producer_epoch(-1),
        };
        ctx.send(caller.node, caller.answer(Response::InitProducerId(response)));
    }

    /// One request at a time, to the controller that is known. One that was replaced is no longer
    /// waited for.
    fn ask_for_producer_ids(&mut self, ctx: &mut Ctx<'_>) {
        let Some(controller) = self.control.controller() else { return };
        let replaced = self.producer_ids.asked.is_some_and(|(_, asked)| asked != controller);
        if !replaced && ctx.now < self.producer_ids.not_before {
            return;
        }
        let correlation = self.correlation();
        let request = AllocateProducerIdsRequest::default()
            .with_broker_id(WireBroker(self.id.0))
            .with_broker_epoch(self.control.broker_epoch().0);
        let body = Request::AllocateProducerIds(request);
        let payload =
            Payload::Request { correlation, version: ALLOCATE_VERSION, client_id: None, body };
        ctx.send(NodeId::Broker(controller), payload);
        self.producer_ids.asked = Some((correlation, controller));
        self.producer_ids.not_before = ctx.now + REQUEST_TIMEOUT;
    }

    /// The controller's answer.
    pub(super) fn allocated_producer_ids(
        &mut self,
        ctx: &mut Ctx<'_>,
        correlation: CorrelationId,
        response: &AllocateProducerIdsResponse,
    ) {
        let ids = &mut self.producer_ids;
        if ids.asked.take_if(|(asked, _)| *asked == correlation).is_none() {
            return;
        }
        if response.error_code != 0 {
            ids.not_before = ctx.now + RETRY_BACKOFF;
            return;
        }
        ids.not_before = ctx.now;
        let first = response.producer_id_start.0;
        let end = first + i64::from(response.producer_id_len);
        ids.following = Some(Block { first, next: first, end });
    }

    /// The controller that was asked is gone.
    pub(super) fn producer_ids_disconnected(&mut self, ctx: &Ctx<'_>, peer: BrokerId) {
        let ids = &mut self.producer_ids;
        if ids.asked.take_if(|(_, asked)| *asked == peer).is_some() {
            ids.not_before = ctx.now + RETRY_BACKOFF;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_run_on_from_block_to_block_and_the_next_is_asked_for_in_time() {
        let mut ids = ProducerIds::default();
        assert_eq!(ids.take(), (None, true));
        ids.following = Some(Block { first: 0, next: 0, end: 10 });
        let taken: Vec<(Option<i64>, bool)> = (0..10).map(|_| ids.take()).collect();
        let ordinals: Vec<Option<i64>> = (0..10).map(Some).collect();
        assert_eq!(taken.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ordinals);
        assert_eq!(taken.iter().position(|(_, more)| *more), Some(9));
        ids.following = Some(Block { first: 5_000, next: 5_000, end: 6_000 });
        assert_eq!(ids.take(), (Some(5_000), false));
    }
}
