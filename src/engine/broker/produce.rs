//! Produce: append on the leader, then answer at once (acks 0 and 1) or when the high watermark has
//! passed (acks=all). Rules and their order: `ReplicaManager.appendRecords`,
//! `Partition.appendRecordsToLeader`, `DelayedProduce`.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse, TopicName as WireName};

use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{EventId, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Response;
use crate::engine::time::Micros;

/// acks=all on the wire.
const ALL: i16 = -1;

/// A produce request that waits for its high watermarks.
#[derive(Clone, Debug)]
pub struct ParkedProduce {
    caller: Caller,
    /// The event of its arrival: the cause of an answer that only time brought.
    asked: Option<EventId>,
    parts: Vec<Part>,
}

/// One partition of a produce request.
#[derive(Clone, Debug)]
struct Part {
    wire_name: WireName,
    id: TopicPartition,
    error: i16,
    base: Offset,
    /// First offset after the records: the high watermark that completes it. `None`: complete.
    waits_for: Option<Offset>,
}

impl Broker {
    pub(super) fn produce(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: &ProduceRequest,
    ) {
        let acks = request.acks;
        let mut parts = Vec::new();
        for topic in &request.topic_data {
            let name = TopicName::new(&topic.name.0);
            for data in &topic.partition_data {
                let id = TopicPartition::new(&name, PartitionId(data.index));
                let records = data.records.clone().unwrap_or_default();
                parts.push(self.append_part(ctx, disk, &topic.name, id, &records, acks));
            }
        }
        if acks == 0 {
            // Without an answer, closing the connection is how the broker says that something is wrong.
            if parts.iter().any(|part| part.error != 0) {
                ctx.disconnect(caller.node);
            }
            return;
        }
        let timeout = Micros::from_ms(i64::from(request.timeout_ms));
        let asked = ctx.timer_cause();
        self.answer_or_park(ctx, ParkedProduce { caller, asked, parts }, timeout);
    }

    fn append_part(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        wire_name: &WireName,
        id: TopicPartition,
        records: &Bytes,
        acks: i16,
    ) -> Part {
        let part = |id, error, base, waits_for| Part {
            wire_name: wire_name.clone(),
            id,
            error,
            base,
            waits_for,
        };
        match self.append_to_leader(ctx, disk, &id, records, acks) {
            Ok((base, end)) => {
                let reached = self.partitions.get(&id).is_some_and(|p| p.high_watermark >= end);
                let waits_for = (acks == ALL && !reached).then_some(end);
                part(id, 0, base, waits_for)
            }
            Err(error) => {
                ctx.emit(EventKind::ProduceRefused { partition: id.clone(), error });
                part(id, error, Offset::NONE, None)
            }
        }
    }

    /// Appends; returns the base offset and the first offset after the records.
    fn append_to_leader(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        records: &Bytes,
        acks: i16,
    ) -> Result<(Offset, Offset), i16> {
        if !(ALL..=1).contains(&acks) {
            return Err(ResponseError::InvalidRequiredAcks.code());
        }
        let unknown = !self.metadata.knows(id);
        let Some(partition) = self.partitions.get_mut(id) else {
            let error = if unknown {
                ResponseError::UnknownTopicOrPartition
            } else {
                ResponseError::NotLeaderOrFollower
            };
            return Err(error.code());
        };
        if partition.leading().is_none() {
            return Err(ResponseError::NotLeaderOrFollower.code());
        }
        if acks == ALL && partition.is_under_min_isr() {
            return Err(ResponseError::NotEnoughReplicas.code());
        }
        let epoch = partition.leader_epoch();
        let before = partition.log.active_base();
        let appended = partition.log.append_as_leader(disk, records, epoch, ctx.wall_ms());
        let base = partition.log.active_base();
        if base != before {
            ctx.emit(EventKind::SegmentRolled { partition: id.clone(), base });
        }
        let appended = appended.map_err(|error| error.code())?;
        if appended.duplicate {
            ctx.emit(EventKind::DuplicateRefused {
                partition: id.clone(),
                base: appended.base,
                last: appended.last,
            });
            return Ok((appended.base, appended.last.plus(1)));
        }
        let event = ctx.emit(EventKind::BatchAppended {
            partition: id.clone(),
            leader_epoch: epoch,
            base: appended.base,
            last: appended.last,
            bytes: appended.bytes,
            leader: true,
        });
        let trigger = ctx.set_cause(event);
        self.wake_sessions(id);
        self.advance_leader_watermark(ctx, disk, id);
        self.complete_fetches(ctx, disk, id);
        ctx.restore_cause(trigger);
        Ok((appended.base, appended.last.plus(1)))
    }

    fn answer_or_park(&mut self, ctx: &mut Ctx<'_>, request: ParkedProduce, timeout: Micros) {
        let waits: Vec<TopicPartition> = request
            .parts
            .iter()
            .filter(|part| part.waits_for.is_some())
            .map(|part| part.id.clone())
            .collect();
        if waits.is_empty() {
            answer(ctx, request);
            return;
        }
        let (_, armed) = self.produce_purgatory.park(request, waits, ctx.now + timeout);
        arm(ctx, armed);
    }

    /// The leader's high watermark may move: after an append, a follower's fetch, an ISR change.
    /// What waits for it is answered.
    pub(super) fn advance_leader_watermark(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
    ) {
        let lag_max = self.lag_max();
        let live = self.metadata.live();
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let alive = |broker| live.contains(&broker);
        let Some((from, to)) = partition.advance_high_watermark(ctx.now, lag_max, alive) else {
            return;
        };
        self.watermarks_changed = true;
        let moved =
            EventKind::HighWatermarkAdvanced { partition: id.clone(), from, to, leader: true };
        let event = ctx.emit(moved);
        let trigger = ctx.set_cause(event);
        self.complete_produces(ctx, id);
        self.complete_fetches(ctx, disk, id);
        ctx.restore_cause(trigger);
    }

    /// Answers the produce requests that a partition's high watermark, or the loss of its leadership,
    /// completes (`DelayedProduce.tryComplete`).
    pub(super) fn complete_produces(&mut self, ctx: &mut Ctx<'_>, id: &TopicPartition) {
        for waiting in self.produce_purgatory.watching(id) {
            let status =
                |end: Offset| self.partitions.get(id).map_or(Some(lost()), |p| reached(p, end));
            let Some(request) = self.produce_purgatory.get(waiting) else { continue };
            let outcomes: Vec<Option<i16>> = request
                .parts
                .iter()
                .map(|part| part.waits_for.filter(|_| part.id == *id).and_then(status))
                .collect();
            let Some(request) = self.produce_purgatory.get_mut(waiting) else { continue };
            for (part, outcome) in request.parts.iter_mut().zip(outcomes) {
                if let Some(error) = outcome {
                    part.error = error;
                    part.waits_for = None;
                }
            }
            let done = request.parts.iter().all(|part| part.waits_for.is_none());
            if done && let Some(request) = self.produce_purgatory.take(waiting) {
                answer(ctx, request);
            }
        }
    }

    /// The timer of the produce purgatory fired: those whose time is over get REQUEST_TIMED_OUT. The
    /// records stay, and the answer carries their offset.
    pub(super) fn produce_timed_out(&mut self, ctx: &mut Ctx<'_>) {
        for id in self.produce_purgatory.expired(ctx.now) {
            let Some(mut request) = self.produce_purgatory.take(id) else { continue };
            for part in &mut request.parts {
                if part.waits_for.take().is_some() {
                    part.error = ResponseError::RequestTimedOut.code();
                }
            }
            if let Some(asked) = request.asked {
                ctx.set_cause(asked);
            }
            answer(ctx, request);
        }
        let armed = self.produce_purgatory.arm();
        arm(ctx, armed);
    }
}

fn lost() -> i16 {
    ResponseError::NotLeaderOrFollower.code()
}

/// Whether records that end at `end` are committed: `Some(0)`, `Some(error)`, or not yet.
fn reached(
    partition: &crate::engine::replication::partition::Partition,
    end: Offset,
) -> Option<i16> {
    if partition.leading().is_none() {
        return Some(lost());
    }
    if partition.high_watermark < end {
        return None;
    }
    if partition.maximal_isr_len() < partition.effective_min_isr() {
        return Some(ResponseError::NotEnoughReplicasAfterAppend.code());
    }
    Some(0)
}

fn arm(ctx: &mut Ctx<'_>, at: Option<Micros>) {
    if let Some(at) = at {
        let timer = Timer { purpose: TimerPurpose::ProduceTimeout, tag: 0 };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(at.since(ctx.now), timer, cause);
    }
}

fn answer(ctx: &mut Ctx<'_>, request: ParkedProduce) {
    let mut responses: Vec<TopicProduceResponse> = Vec::new();
    for part in request.parts {
        let response = PartitionProduceResponse::default()
            .with_index(part.id.partition.0)
            .with_error_code(part.error)
            .with_base_offset(part.base.0)
            .with_log_append_time_ms(-1)
            .with_log_start_offset(if part.error == 0 { 0 } else { -1 });
        match responses.last_mut() {
            Some(topic) if topic.name == part.wire_name => topic.partition_responses.push(response),
            _ => responses.push(
                TopicProduceResponse::default()
                    .with_name(part.wire_name)
                    .with_partition_responses(vec![response]),
            ),
        }
    }
    let body = Response::Produce(ProduceResponse::default().with_responses(responses));
    ctx.send(request.caller.node, request.caller.answer(body));
}
