//! Blocks of producer ids (`KafkaController.handleAllocateProducerIds`,
//! `ZkProducerIdManager.getNewProducerIdBlock`, KIP-730).
//!
//! A broker that runs out of ids asks the controller for the next 1000. The controller reads
//! `/latest_producer_id_block` and writes the block behind it, on the condition that nobody wrote
//! meanwhile; if somebody did, it reads again. So no id is given out twice, whoever is the controller.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{AllocateProducerIdsRequest, AllocateProducerIdsResponse};

use crate::engine::controller::operation::Asker;
use crate::engine::controller::state_json::PRODUCER_ID_BLOCK;
use crate::engine::controller::{AdminTask, ControlPlane, Tag};
use crate::engine::ids::{BrokerEpoch, BrokerId, Text};
use crate::engine::json::Json;
use crate::engine::node::Ctx;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Response};

/// `ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`.
const BLOCK_IDS: i32 = 1_000;

/// A block on its way to a broker.
#[derive(Clone, Debug)]
pub struct BlockClaim {
    asker: Asker,
    broker: BrokerId,
    /// First id of the block that is being written; `None` while the last one is being read.
    writing: Option<i64>,
}

impl ControlPlane {
    pub(super) fn allocate_producer_ids(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &AllocateProducerIdsRequest,
    ) {
        let broker = BrokerId(request.broker_id.0);
        let claim = BlockClaim { asker, broker, writing: None };
        if !self.active {
            return claim.answer(ctx, Err(ResponseError::NotController));
        }
        if !self.context.registered.contains_key(&broker) {
            return claim.answer(ctx, Err(ResponseError::BrokerIdNotRegistered));
        }
        if self.context.broker_epoch(broker) != BrokerEpoch(request.broker_epoch) {
            return claim.answer(ctx, Err(ResponseError::StaleBrokerEpoch));
        }
        let id = self.add_task(AdminTask::ProducerIds(claim));
        self.zk.ask(ctx, Tag::Admin(id), vec![read()]);
    }

    /// ZooKeeper answered; returns the claim while it is not settled.
    pub(super) fn producer_ids_answered(
        &mut self,
        ctx: &mut Ctx,
        id: u64,
        mut claim: BlockClaim,
        results: &[Result<ZkResult, ZkError>],
    ) -> Option<BlockClaim> {
        let (claimed, result) = (claim.writing.take(), results.first());
        let ops = match (claimed, result) {
            (Some(first), Some(Ok(_))) => {
                claim.answer(ctx, Ok(first));
                return None;
            }
            (Some(_), Some(Err(ZkError::BadVersion))) => vec![read()],
            (None, Some(Ok(ZkResult::Data { data, version, .. }))) => {
                let first = next_block(data);
                claim.writing = Some(first);
                let data = block(claim.broker, first);
                vec![ZkOp::SetData { path: PRODUCER_ID_BLOCK.into(), data, version: *version }]
            }
            _ => {
                claim.answer(ctx, Err(ResponseError::UnknownServerError));
                return None;
            }
        };
        self.zk.ask(ctx, Tag::Admin(id), ops);
        Some(claim)
    }
}

impl BlockClaim {
    pub(super) fn answer(&self, ctx: &mut Ctx, block: Result<i64, ResponseError>) {
        let Asker { from, correlation, version } = self.asker;
        let response = match block {
            Ok(first) => AllocateProducerIdsResponse::default()
                .with_producer_id_start(first.into())
                .with_producer_id_len(BLOCK_IDS),
            Err(error) => AllocateProducerIdsResponse::default().with_error_code(error.code()),
        };
        let body = Response::AllocateProducerIds(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }
}

fn read() -> ZkOp {
    ZkOp::GetData { path: PRODUCER_ID_BLOCK.into(), watch: false }
}

/// First id behind the block that a znode tells of; an empty znode tells of none.
fn next_block(data: &str) -> i64 {
    let end = Json::parse(data)
        .and_then(|json| json.get("block_end")?.text()?.parse::<i64>().ok())
        .unwrap_or(-1);
    end.saturating_add(1)
}

/// `ProducerIdBlockZNode.generateProducerIdBlockJson`.
fn block(broker: BrokerId, first: i64) -> Text {
    let last = first.saturating_add(i64::from(BLOCK_IDS) - 1);
    format!(
        "{{\"version\":1,\"broker\":{broker},\"block_start\":\"{first}\",\"block_end\":\"{last}\"}}"
    )
    .into()
}
