//! DeleteRecords: the log start offset moves up to an offset, on the leader at once and on followers
//! as their fetches tell them (`ReplicaManager.deleteRecords`, `DelayedDeleteRecords`).
//!
//! The answer waits until the low watermark, the least log start offset of the live replicas, is
//! there. Files go with the next retention check.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{
    DeleteRecordsRequest, DeleteRecordsResponse, TopicName as WireName,
};

use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, EventId, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Response;
use crate::engine::replication::partition::Partition;
use crate::engine::time::Micros;

/// Asks for everything below the high watermark (`DeleteRecordsRequest.HIGH_WATERMARK`).
const HIGH_WATERMARK: i64 = -1;

/// A request that waits for followers.
#[derive(Clone, Debug)]
pub struct ParkedDelete {
    caller: Caller,
    /// The event of its arrival: the cause of an answer that only time brought.
    asked: Option<EventId>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    wire_name: WireName,
    id: TopicPartition,
    error: i16,
    low_watermark: Offset,
    /// The low watermark that completes it. `None`: complete.
    waits_for: Option<Offset>,
}

impl Broker {
    pub(super) fn delete_records(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: &DeleteRecordsRequest,
    ) {
        let mut parts = Vec::new();
        for topic in &request.topics {
            let name = TopicName::new(&topic.name.0);
            for ask in &topic.partitions {
                let id = TopicPartition::new(&name, PartitionId(ask.partition_index));
                let (error, low_watermark, waits_for) =
                    match self.delete_to(ctx, disk, &id, ask.offset) {
                        Ok((to, low)) => (0, low, (low < to).then_some(to)),
                        Err(error) => (error.code(), Offset::NONE, None),
                    };
                let wire_name = topic.name.clone();
                parts.push(Part { wire_name, id, error, low_watermark, waits_for });
            }
        }
        let waits: Vec<TopicPartition> =
            parts.iter().filter(|p| p.waits_for.is_some()).map(|part| part.id.clone()).collect();
        let parked = ParkedDelete { caller, asked: ctx.timer_cause(), parts };
        if waits.is_empty() {
            return answer(ctx, parked);
        }
        let deadline = ctx.now + Micros::from_ms(i64::from(request.timeout_ms));
        let (_, armed) = self.delete_purgatory.park(parked, waits, deadline);
        arm(ctx, armed);
    }

    /// Moves the leader's log start; returns the offset asked for and the low watermark
    /// (`Partition.deleteRecordsOnLeader`).
    fn delete_to(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        offset: i64,
    ) -> Result<(Offset, Offset), ResponseError> {
        if id.topic.as_str().starts_with("__") {
            return Err(ResponseError::InvalidTopicException);
        }
        if self.log_dirs.is_offline(id) {
            return Err(ResponseError::KafkaStorageError);
        }
        let Some(partition) = self.partitions.get_mut(id) else {
            return Err(match self.metadata.knows(id) {
                true => ResponseError::NotLeaderOrFollower,
                false => ResponseError::UnknownTopicOrPartition,
            });
        };
        if partition.leading().is_none() {
            return Err(ResponseError::NotLeaderOrFollower);
        }
        if !partition.config.cleanup_policy.delete {
            return Err(ResponseError::PolicyViolation);
        }
        let high_watermark = partition.high_watermark;
        let to = if offset == HIGH_WATERMARK { high_watermark } else { Offset(offset) };
        if to < Offset(0) || to > high_watermark {
            return Err(ResponseError::OffsetOutOfRange);
        }
        let from = partition.log.log_start_offset();
        if partition.log.advance_log_start(disk, to) {
            let partition = id.clone();
            ctx.emit(EventKind::LogStartAdvanced { partition, from, to, leader: true });
            self.wake_sessions(id);
        }
        let partition = self.partitions.get(id).expect("found above");
        Ok((to, self.low_watermark(partition)))
    }

    /// The least log start offset of the leader and its live followers; −1 while one did not tell
    /// (`Partition.lowWatermarkIfLeader`).
    fn low_watermark(&self, partition: &Partition) -> Offset {
        let own = partition.log.log_start_offset();
        let Some(leading) = partition.leading() else { return own };
        let live = leading.followers.iter().filter(|(broker, _)| self.is_alive(**broker));
        live.map(|(_, replica)| replica.log_start_offset).min().map_or(own, |least| least.min(own))
    }

    /// A follower's log start, or the leadership, may have changed: answers what that completes.
    pub(super) fn complete_deletes(&mut self, ctx: &mut Ctx<'_>, id: &TopicPartition) {
        for waiting in self.delete_purgatory.watching(id) {
            let outcome = match self.partitions.get(id) {
                None => Err(ResponseError::UnknownTopicOrPartition),
                Some(partition) if partition.leading().is_none() => {
                    Err(ResponseError::NotLeaderOrFollower)
                }
                Some(partition) => Ok(self.low_watermark(partition)),
            };
            let Some(request) = self.delete_purgatory.get_mut(waiting) else { continue };
            for part in request.parts.iter_mut().filter(|part| part.id == *id) {
                let Some(wanted) = part.waits_for else { continue };
                match outcome {
                    Ok(low) if low < wanted => continue,
                    Ok(low) => part.low_watermark = low,
                    Err(error) => {
                        part.error = error.code();
                        part.low_watermark = Offset::NONE;
                    }
                }
                part.waits_for = None;
            }
            let done = request.parts.iter().all(|part| part.waits_for.is_none());
            if done && let Some(request) = self.delete_purgatory.take(waiting) {
                answer(ctx, request);
            }
        }
    }

    /// The timer of the purgatory fired: those whose time is over get REQUEST_TIMED_OUT, though the
    /// leader has done its part.
    pub(super) fn deletes_timed_out(&mut self, ctx: &mut Ctx<'_>) {
        for id in self.delete_purgatory.expired(ctx.now) {
            let Some(mut request) = self.delete_purgatory.take(id) else { continue };
            for part in request.parts.iter_mut().filter(|part| part.waits_for.is_some()) {
                part.error = ResponseError::RequestTimedOut.code();
            }
            if let Some(asked) = request.asked {
                ctx.set_cause(asked);
            }
            answer(ctx, request);
        }
        let armed = self.delete_purgatory.arm();
        arm(ctx, armed);
    }

    /// Follower's rule: its log starts where the leader's does, as far as it knows that to be
    /// committed (`ReplicaFetcherThread.processPartitionData`).
    pub(super) fn follow_log_start(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        leaders: Offset,
    ) {
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let from = partition.log.log_start_offset();
        if leaders <= partition.high_watermark && partition.log.advance_log_start(disk, leaders) {
            let (partition, to) = (id.clone(), leaders);
            ctx.emit(EventKind::LogStartAdvanced { partition, from, to, leader: false });
        }
    }

    /// A follower told where its log starts.
    pub(super) fn follower_starts_at(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &TopicPartition,
        follower: BrokerId,
        log_start: Offset,
    ) {
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let replica = partition.leading_mut().and_then(|l| l.followers.get_mut(&follower));
        let Some(replica) = replica else { return };
        if replica.log_start_offset != log_start {
            replica.log_start_offset = log_start;
            self.complete_deletes(ctx, id);
        }
    }
}

fn arm(ctx: &mut Ctx<'_>, at: Option<Micros>) {
    if let Some(at) = at {
        let timer = Timer { purpose: TimerPurpose::DeleteRecordsTimeout, tag: 0 };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(at.since(ctx.now), timer, cause);
    }
}

fn answer(ctx: &mut Ctx<'_>, request: ParkedDelete) {
    let mut topics: Vec<DeleteRecordsTopicResult> = Vec::new();
    for part in request.parts {
        let result = DeleteRecordsPartitionResult::default()
            .with_partition_index(part.id.partition.0)
            .with_error_code(part.error)
            .with_low_watermark(part.low_watermark.0);
        match topics.last_mut() {
            Some(topic) if topic.name == part.wire_name => topic.partitions.push(result),
            _ => topics.push(
                DeleteRecordsTopicResult::default()
                    .with_name(part.wire_name)
                    .with_partitions(vec![result]),
            ),
        }
    }
    let body = Response::DeleteRecords(DeleteRecordsResponse::default().with_topics(topics));
    ctx.send(request.caller.node, request.caller.answer(body));
}
