//! Produce: append on the leader, then answer at once (acks 0 and 1) or when the high watermark has
//! passed (acks=all). Rules and their order: `ReplicaManager.appendRecords`,
//! `Partition.appendRecordsToLeader`, `DelayedProduce`.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
    TopicProduceResponse,
};
use kafka_protocol::messages::{
    BrokerId as WireBroker, ProduceRequest, ProduceResponse, TopicName as WireName,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::broker::groups::GroupsWritten;
use crate::engine::broker::{Broker, Caller};
use crate::engine::controller::topic_name::{self, CONSUMER_OFFSETS};
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::group::Write;
use crate::engine::ids::{EventId, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::log::{AppendError, Appended, Rejected};
use crate::engine::node::{Ctx, Timer};
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::Response;
use crate::engine::record::batch::{Codec, batches};
use crate::engine::time::Micros;

/// acks=all on the wire.
const ALL: i16 = -1;
/// First version of the request that may carry zstd (KIP-110).
const ZSTD_SINCE: i16 = 7;
/// First version whose answers name the new leader beside an error (KIP-951).
const NEW_LEADERS: i16 = 10;

/// A produce request that waits for its high watermarks.
#[derive(Clone, Debug)]
pub struct ParkedProduce {
    waiter: Waiter,
    /// The event of its arrival: the cause of an answer that only time brought.
    asked: Option<EventId>,
    parts: Vec<Part>,
}

/// Who waits.
#[derive(Clone, Copy, Debug)]
enum Waiter {
    /// Whoever sent the request.
    Caller(Caller),
    /// This broker's group coordinator, with the number of its write.
    Groups(u64),
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
    /// The broker's time that the records carry; −1 when they carry their own.
    log_append_time: i64,
    /// Where the log starts; −1 when nothing is known of it.
    log_start: Offset,
    /// Which records were refused, when it was for their sake.
    rejected: Option<Box<Rejected>>,
}

/// Why a partition's records were not appended.
struct Refused {
    error: i16,
    /// Whether the log was reached and said so itself: then the answer tells where it starts.
    by_log: bool,
    rejected: Option<Box<Rejected>>,
}

impl From<ResponseError> for Refused {
    fn from(error: ResponseError) -> Refused {
        Refused { error: error.code(), by_log: false, rejected: None }
    }
}

impl From<AppendError> for Refused {
    fn from(error: AppendError) -> Refused {
        // `ReplicaManager.appendToLocalLog` tells nothing of the log with these.
        let bare = matches!(
            error,
            AppendError::Corrupt
                | AppendError::TooLarge { .. }
                | AppendError::LargerThanSegment { .. }
        );
        let code = error.code();
        let rejected = match error {
            AppendError::Rejected(rejected) => Some(rejected),
            _ => None,
        };
        Refused { error: code, by_log: !bare, rejected }
    }
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
                let asked = (acks, caller.version);
                parts.push(self.append_part(ctx, disk, &topic.name, id, &records, asked));
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
        let waiter = Waiter::Caller(caller);
        self.answer_or_park(ctx, ParkedProduce { waiter, asked, parts }, timeout);
    }

    /// What the group coordinator writes, with acks=all; tombstones, without a token, are not waited
    /// for (`GroupMetadataManager.appendForGroup`).
    pub(super) fn produce_for_groups(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, write: Write) {
        let id = TopicPartition::new(&TopicName::new(CONSUMER_OFFSETS), write.partition);
        let acks = if write.token.is_some() { ALL } else { 0 };
        let appended = self.append_to_leader(ctx, disk, &id, &write.records, acks);
        let Some(token) = write.token else { return };
        let (error, base, waits_for) = match appended {
            Ok(appended) => {
                let end = appended.last.plus(1);
                let reached = self.partitions.get(&id).is_some_and(|p| p.high_watermark >= end);
                (0, appended.base, (!reached).then_some(end))
            }
            Err(refused) => (refused.error, Offset::NONE, None),
        };
        let part = Part {
            wire_name: WireName::default(),
            id,
            error,
            base,
            waits_for,
            log_append_time: -1,
            log_start: Offset::NONE,
            rejected: None,
        };
        let timeout = Micros::from_ms(self.config.offsets_commit_timeout_ms);
        let (waiter, asked) = (Waiter::Groups(token), ctx.timer_cause());
        self.answer_or_park(ctx, ParkedProduce { waiter, asked, parts: vec![part] }, timeout);
    }

    fn append_part(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        wire_name: &WireName,
        id: TopicPartition,
        records: &Bytes,
        (acks, version): (i16, i16),
    ) -> Part {
        let log_start = self.partitions.get(&id).map(|partition| partition.log.log_start_offset());
        let log_start = log_start.unwrap_or(Offset::NONE);
        let part = |id, error, base, waits_for| Part {
            wire_name: wire_name.clone(),
            id,
            error,
            base,
            waits_for,
            log_append_time: -1,
            log_start,
            rejected: None,
        };
        if acks == 1
            && planted::has(Bug::AnswersBeforeAppend)
            && let Some(partition) = self.partitions.get(&id).filter(|it| it.leading().is_some())
        {
            let end = partition.log.log_end_offset();
            return part(id, 0, end, None);
        }
        let refused = self.refuse_version(&id, records, version);
        let appended = refused.and_then(|()| self.append_to_leader(ctx, disk, &id, records, acks));
        match appended {
            Ok(appended) => {
                let end = appended.last.plus(1);
                let reached = self.partitions.get(&id).is_some_and(|p| p.high_watermark >= end);
                let early = planted::has(Bug::AnswersBeforeHighWatermark);
                let waits_for = (acks == ALL && !reached && !early).then_some(end);
                let log_append_time = appended.log_append_time;
                Part { log_append_time, ..part(id, 0, appended.base, waits_for) }
            }
            Err(Refused { error, by_log, rejected }) => {
                ctx.emit(EventKind::ProduceRefused { partition: id.clone(), error });
                let log_start = if by_log { log_start } else { Offset::NONE };
                Part { log_start, rejected, ..part(id, error, Offset::NONE, None) }
            }
        }
    }

    /// What a version of the request does not allow (`ProduceRequest.validateRecords`); a partition that
    /// does not exist is told first.
    fn refuse_version(
        &self,
        id: &TopicPartition,
        records: &Bytes,
        version: i16,
    ) -> Result<(), Refused> {
        let zstd = || batches(records).next().is_some_and(|(h, _)| h.codec() == Codec::Zstd);
        if topic_name::is_internal(&id.topic) {
            return Err(ResponseError::InvalidTopicException.into());
        }
        if version < ZSTD_SINCE && self.metadata.knows(id) && zstd() {
            return Err(ResponseError::UnsupportedCompressionType.into());
        }
        Ok(())
    }

    /// Appends; returns what that did.
    fn append_to_leader(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        records: &Bytes,
        acks: i16,
    ) -> Result<Appended, Refused> {
        if self.log_dirs.is_offline(id) {
            return Err(ResponseError::KafkaStorageError.into());
        }
        if !self.metadata.knows(id) && !self.partitions.contains_key(id) {
            return Err(ResponseError::UnknownTopicOrPartition.into());
        }
        if !(ALL..=1).contains(&acks) {
            return Err(ResponseError::InvalidRequiredAcks.into());
        }
        let missing = ResponseError::NotLeaderOrFollower;
        let partition = self.partitions.get_mut(id).ok_or(missing)?;
        if partition.leading().is_none() {
            return Err(ResponseError::NotLeaderOrFollower.into());
        }
        if acks == ALL && partition.is_under_min_isr() {
            let error = ResponseError::NotEnoughReplicas.code();
            return Err(Refused { error, by_log: true, rejected: None });
        }
        let epoch = partition.leader_epoch();
        let before = partition.log.active_base();
        let appended = partition.log.append_as_leader(disk, records, epoch, ctx.wall_ms());
        let base = partition.log.active_base();
        if disk.has_failed() {
            return Err(ResponseError::KafkaStorageError.into());
        }
        if base != before {
            ctx.emit(EventKind::SegmentRolled { partition: id.clone(), base });
        }
        let appended = appended?;
        if appended.duplicate {
            ctx.emit(EventKind::DuplicateRefused {
                partition: id.clone(),
                base: appended.base,
                last: appended.last,
            });
            return Ok(appended);
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
        Ok(appended)
    }

    fn answer_or_park(&mut self, ctx: &mut Ctx<'_>, request: ParkedProduce, timeout: Micros) {
        let waits: Vec<TopicPartition> = request
            .parts
            .iter()
            .filter(|part| part.waits_for.is_some())
            .map(|part| part.id.clone())
            .collect();
        if waits.is_empty() {
            self.answer_produce(ctx, request);
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
        self.moved_watermarks.insert(id.clone());
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
                self.answer_produce(ctx, request);
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
            self.answer_produce(ctx, request);
        }
        let armed = self.produce_purgatory.arm();
        arm(ctx, armed);
    }

    fn answer_produce(&mut self, ctx: &mut Ctx<'_>, request: ParkedProduce) {
        let caller = match request.waiter {
            Waiter::Caller(caller) => caller,
            Waiter::Groups(token) => {
                let (error, base) =
                    request.parts.first().map_or((0, Offset::NONE), |part| (part.error, part.base));
                let cause = ctx.timer_cause();
                return self.group_writes.push(GroupsWritten { token, error, base, cause });
            }
        };
        let mut response = ProduceResponse::default();
        for part in request.parts {
            let mut told = told(&part);
            if caller.version >= NEW_LEADERS && part.error == lost() {
                self.name_leader(&mut told, &mut response, &part.id);
            }
            match response.responses.last_mut() {
                Some(topic) if topic.name == part.wire_name => topic.partition_responses.push(told),
                _ => response.responses.push(
                    TopicProduceResponse::default()
                        .with_name(part.wire_name)
                        .with_partition_responses(vec![told]),
                ),
            }
        }
        ctx.send(caller.node, caller.answer(Response::Produce(response)));
    }

    /// Beside NOT_LEADER_OR_FOLLOWER: who leads now (KIP-951).
    fn name_leader(
        &self,
        told: &mut PartitionProduceResponse,
        response: &mut ProduceResponse,
        id: &TopicPartition,
    ) {
        let (leader, epoch) = self.known_leader(id);
        let node = WireBroker(leader.map_or(-1, |leader| leader.0));
        told.current_leader =
            LeaderIdAndEpoch::default().with_leader_id(node).with_leader_epoch(epoch.0);
        if let Some(leader) = leader.filter(|leader| self.is_alive(*leader))
            && !response.node_endpoints.iter().any(|known| known.node_id == node)
        {
            let host = StrBytes::from_string(self.host_of(leader));
            let node = NodeEndpoint::default().with_node_id(node).with_host(host);
            response.node_endpoints.push(node.with_port(self.port_of(leader)));
        }
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

/// One partition's part of an answer.
fn told(part: &Part) -> PartitionProduceResponse {
    let errors = part.rejected.iter().flat_map(|rejected| &rejected.records);
    let errors = errors.map(|(ordinal, text)| {
        BatchIndexAndErrorMessage::default()
            .with_batch_index(*ordinal)
            .with_batch_index_error_message(Some(StrBytes::from_string(text.clone())))
    });
    let message = part.rejected.as_ref().map(|r| StrBytes::from_string(r.message()));
    PartitionProduceResponse::default()
        .with_index(part.id.partition.0)
        .with_error_code(part.error)
        .with_base_offset(part.base.0)
        .with_log_append_time_ms(part.log_append_time)
        .with_log_start_offset(part.log_start.0)
        .with_record_errors(errors.collect())
        .with_error_message(message)
}
