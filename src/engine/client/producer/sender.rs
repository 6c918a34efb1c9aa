//! Sends batches to leaders and hears the answers: Kafka's `Sender`.
//!
//! One request per broker holds at most one batch of each partition. A retriable error puts the batch
//! back, until `delivery.timeout.ms` after it was begun. With idempotence its sequence keeps it in order
//! and in the log only once ([`super::idempotence`]); without, a retry may put the same records into the
//! log twice, and with more than one request in flight behind a later batch. With
//! `max.in.flight.requests.per.connection=1` a partition has one batch under way at most.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{self as kafka, ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::network_client::{Failed, version};
use crate::engine::command::Acks;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::Request;

use super::batch::ProducerBatch;
use super::outcome::Failure;
use super::{Asked, MESSAGE_TOO_LARGE, Producer, REQUEST_TIMED_OUT};

/// DUPLICATE_SEQUENCE_NUMBER: the broker has the batch, and no longer knows where.
const DUPLICATE_SEQUENCE_NUMBER: i16 = 46;
/// NETWORK_EXCEPTION: the client's own word for a connection that broke.
const NETWORK_EXCEPTION: i16 = 13;

/// What a Produce request carried: batches by partition.
#[derive(Clone, Debug)]
pub struct Produced {
    batches: Vec<(TopicPartition, u64)>,
}

impl Produced {
    /// Ordinals of its batches.
    pub(super) fn batches(&self) -> impl Iterator<Item = u64> {
        self.batches.iter().map(|(_, id)| *id)
    }
}

impl Producer {
    /// Sends what should be sent and can be: to each leader, as many requests as may be in flight.
    pub(super) fn send_ready(&mut self, ctx: &mut Ctx<'_>) {
        let mut by_leader = self.sendable(ctx);
        self.rest.disturbed = false;
        while !by_leader.is_empty() {
            // Unless all of it is sent: whether a leader can be sent to shows only when it is tried.
            self.rest.disturbed = true;
            by_leader.retain(|leader, partitions| {
                let ready = self.network.in_flight(*leader) < self.config.max_in_flight
                    && self.network.ready(ctx, *leader)
                    && self.network.in_flight(*leader) < self.config.max_in_flight;
                self.note_latency(ctx.now, *leader, ready);
                ready && !partitions.is_empty()
            });
            for (leader, partitions) in &by_leader {
                self.send_to(ctx, *leader, partitions);
            }
            if !by_leader.is_empty() {
                by_leader = self.sendable(ctx);
                self.rest.disturbed = !by_leader.is_empty();
            }
        }
    }

    /// Partitions with a batch to send now, by leader. Those without a leader ask for metadata.
    fn sendable(&mut self, ctx: &Ctx<'_>) -> BTreeMap<BrokerId, Vec<TopicPartition>> {
        let muted: BTreeSet<&TopicPartition> = match self.config.max_in_flight {
            1 => self.in_flight.values().map(|batch| &batch.partition).ordered(),
            _ => BTreeSet::new(),
        };
        let mut by_leader: BTreeMap<BrokerId, Vec<TopicPartition>> = BTreeMap::new();
        let mut leaderless = false;
        for partition in self.accumulator.waiting() {
            let epoch = || self.network.metadata.leader_epoch(partition);
            let limits = self.config.limits;
            if muted.contains(partition)
                || !self.accumulator.is_sendable(ctx.now, partition, limits, epoch)
                || !self.may_drain(partition)
            {
                continue;
            }
            match self.network.metadata.leader(partition) {
                Some(leader) => by_leader.entry(leader).or_default().push(partition.clone()),
                None => leaderless = true,
            }
        }
        if leaderless {
            self.network.metadata.request_update(ctx.timer_cause());
        }
        by_leader
    }

    /// Whether the batch that waits longest may be sent, as far as sequences decide that.
    fn may_drain(&self, partition: &TopicPartition) -> bool {
        let Some(batch) = self.accumulator.front(partition) else { return false };
        let sequenced = self.config.idempotent || batch.producer_state().is_some();
        !sequenced || self.idempotence.may_drain(batch)
    }

    fn send_to(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId, partitions: &[TopicPartition]) {
        let mut batches: Vec<ProducerBatch> = Vec::new();
        let mut bytes = 0;
        for partition in partitions {
            bytes += self.accumulator.front_bytes(partition);
            if bytes > self.config.max_request_size && !batches.is_empty() {
                break;
            }
            batches.extend(self.accumulator.take(partition));
        }
        if self.config.idempotent {
            batches.iter_mut().for_each(|batch| self.idempotence.assign(batch));
        }
        for batch in &mut batches {
            batch.attempts += 1;
            batch.retry_at = None;
            batch.leader_epoch = self.network.metadata.leader_epoch(&batch.partition);
        }
        let body = Request::Produce(self.request(&mut batches));
        let queued = batches.iter().filter_map(|batch| batch.last_queued).max();
        let at_once = queued.filter(|queued| self.fresh.is_some_and(|fresh| *queued >= fresh));
        let trigger = at_once.map(|queued| ctx.set_cause(queued));
        self.dispatch(ctx, leader, body, batches);
        if let Some(trigger) = trigger {
            ctx.restore_cause(trigger);
        }
    }

    fn dispatch(
        &mut self,
        ctx: &mut Ctx<'_>,
        leader: BrokerId,
        body: Request,
        batches: Vec<ProducerBatch>,
    ) {
        if self.config.acks == Acks::None {
            let message = self.network.send_unanswered(ctx, leader, version::PRODUCE, body);
            let trigger = ctx.set_cause(message);
            for batch in batches {
                self.succeed(ctx, &batch, Offset::NONE);
            }
            ctx.restore_cause(trigger);
            return;
        }
        let named = batches.iter().map(|batch| (batch.partition.clone(), batch.id)).collect();
        let produced = Asked::Produce(Produced { batches: named });
        self.network.send(ctx, leader, version::PRODUCE, body, produced);
        self.in_flight.extend(batches.into_iter().map(|batch| (batch.id, batch)));
    }

    fn request(&self, batches: &mut [ProducerBatch]) -> ProduceRequest {
        let mut topics: BTreeMap<TopicName, Vec<PartitionProduceData>> = BTreeMap::new();
        for batch in batches {
            let data = PartitionProduceData::default()
                .with_index(batch.partition.partition.0)
                .with_records(Some(batch.seal(self.config.codec)));
            topics.entry(batch.partition.topic.clone()).or_default().push(data);
        }
        let topics = topics.into_iter().map(|(topic, data)| {
            let name = kafka::TopicName(StrBytes::from_string(topic.as_str().to_owned()));
            TopicProduceData::default().with_name(name).with_partition_data(data)
        });
        let timeout_ms = i32::try_from(self.config.request_timeout.as_ms()).unwrap_or(i32::MAX);
        ProduceRequest::default()
            .with_acks(self.config.acks.wire())
            .with_timeout_ms(timeout_ms)
            .with_topic_data(topics.collect())
    }

    /// A Produce was answered. Batches that have failed meanwhile are not here any more.
    pub(super) fn complete(
        &mut self,
        ctx: &mut Ctx<'_>,
        produced: &Produced,
        response: &ProduceResponse,
    ) {
        let mut answers = BTreeMap::new();
        for topic in &response.responses {
            let name = TopicName::new(topic.name.as_str());
            for part in &topic.partition_responses {
                let partition = TopicPartition::new(&name, PartitionId(part.index));
                let words = part.error_message.as_ref().map_or("", |words| words.as_str());
                let failure = Failure { error: part.error_code, message: words.into() };
                answers.insert(partition, (failure, Offset(part.base_offset)));
            }
        }
        for (partition, id) in &produced.batches {
            let Some(batch) = self.in_flight.remove(id) else { continue };
            match answers.get(partition) {
                Some((Failure { error: 0, .. }, base)) => self.succeed(ctx, &batch, *base),
                Some((Failure { error: DUPLICATE_SEQUENCE_NUMBER, .. }, _)) => {
                    self.succeed(ctx, &batch, Offset::NONE);
                }
                Some((failure, _)) if failure.error == MESSAGE_TOO_LARGE && batch.records() > 1 => {
                    self.send_in_parts(ctx, &batch);
                }
                Some((failure, _)) => self.retry_or_fail(ctx, batch, failure),
                None => {
                    self.idempotence.failed(&batch, false);
                    let error = ResponseError::UnknownServerError.code();
                    self.fail(ctx, &batch, &Failure { error, message: "".into() });
                }
            }
        }
    }

    /// A batch was too large for its topic: its parts are sent, and count as not tried
    /// (`Sender.completeBatch`).
    fn send_in_parts(&mut self, ctx: &mut Ctx<'_>, batch: &ProducerBatch) {
        for run in batch.runs() {
            let (partition, error) = (batch.partition.clone(), MESSAGE_TOO_LARGE);
            let (first, count) = (run.first, run.count);
            ctx.emit(EventKind::BatchRetried { partition, first, count, error });
        }
        let parts = batch.split(self.config.limits.batch_size);
        if parts.is_empty() {
            self.idempotence.failed(batch, false);
            let failure = Failure { error: MESSAGE_TOO_LARGE, message: "".into() };
            return self.fail(ctx, batch, &failure);
        }
        self.idempotence.split(batch, &parts);
        self.accumulator.release(batch);
        for part in parts.into_iter().rev() {
            self.accumulator.give_back(part);
        }
    }

    /// Requests got no answer: their batches are tried again.
    pub(super) fn retry_all(&mut self, ctx: &mut Ctx<'_>, failed: Failed<Asked>) {
        let error = if failed.timed_out { REQUEST_TIMED_OUT } else { NETWORK_EXCEPTION };
        let failure = Failure { error, message: "".into() };
        for asked in &failed.purposes {
            let Asked::Produce(produced) = asked else {
                self.producer_id_failed(ctx);
                continue;
            };
            for (_, id) in &produced.batches {
                if let Some(batch) = self.in_flight.remove(id) {
                    self.retry_or_fail(ctx, batch, &failure);
                }
            }
        }
    }

    /// Fails batches that were begun `delivery.timeout.ms` ago, also those that wait for an answer.
    pub(super) fn expire(&mut self, ctx: &mut Ctx<'_>) {
        let limits = self.config.limits;
        let mut expired = self.accumulator.take_expired(ctx.now, limits);
        while let Some(oldest) = self.in_flight.first_entry()
            && oldest.get().expiry(limits.delivery_timeout).at <= ctx.now
        {
            expired.push(oldest.remove());
        }
        for batch in expired {
            self.idempotence.failed(&batch, true);
            let (records, partition) = (batch.records(), &batch.partition);
            let waited = ctx.now.since(batch.created).as_ms();
            let words = format!(
                "Expiring {records} record(s) for {partition}:{waited} ms has passed since batch creation"
            );
            self.fail(ctx, &batch, &Failure { error: REQUEST_TIMED_OUT, message: words.into() });
        }
    }

    fn retry_or_fail(&mut self, ctx: &mut Ctx<'_>, mut batch: ProducerBatch, failure: &Failure) {
        let error = failure.error;
        let kind = ResponseError::try_from_code(error);
        if kind.is_some_and(is_about_metadata) {
            self.network.metadata.request_update(ctx.timer_cause());
        }
        let expired = batch.expiry(self.config.limits.delivery_timeout).at <= ctx.now;
        // `Sender.canRetry`: not too late, not too often, and of use.
        let used_up = batch.attempts > self.config.retries;
        let is_of_use = |idempotence: &mut super::idempotence::Idempotence| {
            kind.is_some_and(|kind| idempotence.can_retry(&batch, kind))
        };
        if expired || used_up || !is_of_use(&mut self.idempotence) {
            self.idempotence.failed(&batch, false);
            self.fail(ctx, &batch, failure);
            return;
        }
        let mut told = None;
        for run in batch.runs() {
            let partition = batch.partition.clone();
            let (first, count) = (run.first, run.count);
            told = Some(ctx.emit(EventKind::BatchRetried { partition, first, count, error }));
        }
        let pause = self.config.retry_backoff.pause(ctx, batch.attempts.saturating_sub(1));
        batch.retry_at = Some((ctx.now + pause, told));
        self.accumulator.give_back(batch);
    }

    fn succeed(&mut self, ctx: &mut Ctx<'_>, batch: &ProducerBatch, base: Offset) {
        self.counts.acked += u64::from(batch.records());
        self.accumulator.release(batch);
        self.idempotence.acked(batch);
        for (run, base) in batch.runs_from(base) {
            let partition = batch.partition.clone();
            let (first, count) = (run.first, run.count);
            self.outcomes.acked(&partition, first, count, base);
            ctx.emit(EventKind::RecordsAcked { partition, first, count, base });
        }
    }

    fn fail(&mut self, ctx: &mut Ctx<'_>, batch: &ProducerBatch, failure: &Failure) {
        self.accumulator.release(batch);
        for run in batch.runs() {
            self.fail_records(ctx, batch.partition.clone(), run.first, run.count, failure);
        }
    }
}

/// Kafka's `InvalidMetadataException` and its kin: what was known of the cluster was wrong.
fn is_about_metadata(error: ResponseError) -> bool {
    matches!(
        error,
        ResponseError::UnknownTopicOrPartition
            | ResponseError::LeaderNotAvailable
            | ResponseError::NotLeaderOrFollower
            | ResponseError::ReplicaNotAvailable
            | ResponseError::NetworkException
            | ResponseError::KafkaStorageError
            | ResponseError::ListenerNotFound
            | ResponseError::FencedLeaderEpoch
            | ResponseError::UnknownLeaderEpoch
            | ResponseError::UnknownTopicId
    )
}
