//! Fetch, follower's side (`AbstractFetcherThread`, `ReplicaFetcherThread`): ask the leader from the
//! own log's end, cut where the logs part, append, take over the high watermark, ask again.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{
    BrokerId as WireBroker, FetchRequest, FetchResponse, TopicName as WireName,
};

use crate::engine::broker::list_offsets::LATEST;
use crate::engine::broker::{Broker, Phase};
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{
    BrokerId, CorrelationId, LeaderEpoch, NodeId, Offset, PartitionId, TopicName, TopicPartition,
};
use crate::engine::log::Appended;
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::{Payload, Request};
use crate::engine::replication::fetcher::{Fetcher, InFlight, Position};
use crate::engine::replication::partition::Partition;
use crate::engine::replication::truncation::truncation_offset;
use crate::engine::setting::Truncation;
use crate::engine::time::Micros;

/// Fetch version that followers speak: topic names, and epochs of the last fetched record (KIP-595).
const FETCH_VERSION: i16 = 12;
/// `replica.socket.timeout.ms`: silence after which a fetcher breaks its connection.
const SOCKET_TIMEOUT: Micros = Micros(30_000_000);
/// `replica.fetch.response.max.bytes`.
const RESPONSE_MAX_BYTES: i32 = 10_485_760;
/// What a fetcher learned about a partition's next step.
pub(super) enum Next {
    /// Go on at once.
    Again,
    /// After `replica.fetch.backoff.ms`.
    Later,
    /// Not from this leader any more: the controller will say from whom.
    Stop,
    /// The offset is out of the leader's range: ask for the range first.
    AskRange,
    /// What came does not fit the log: not again in this reign (`markPartitionFailed`).
    Fail,
}

impl Broker {
    /// Sends the next fetch to a leader, unless one is in flight or nothing may be fetched.
    pub(super) fn fetch_from(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId) {
        if matches!(self.phase, Phase::Closing) {
            return;
        }
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        if fetcher.in_flight.is_some() {
            return;
        }
        if !fetcher.wake(ctx.now) {
            self.rest(ctx, leader);
            return;
        }
        let truncation = self.config.lab_truncation;
        let position = |partition: &Partition| position(partition, truncation);
        let plan = fetcher.plan(|id| self.partitions.get(id).map(position));
        let (topics, forgotten) = (self.topics(&plan.listed), self.forgotten(&plan.forgotten));
        let correlation = self.correlation();
        let request = FetchRequest::default()
            .with_replica_id(WireBroker(self.id.0))
            .with_max_wait_ms(clamp(self.config.replica_fetch_wait_max_ms))
            .with_min_bytes(clamp(self.config.replica_fetch_min_bytes))
            .with_max_bytes(RESPONSE_MAX_BYTES)
            .with_session_id(plan.session.0)
            .with_session_epoch(plan.session.1)
            .with_forgotten_topics_data(forgotten)
            .with_topics(topics);
        let body = Request::Fetch(request);
        let payload =
            Payload::Request { correlation, version: FETCH_VERSION, client_id: None, body };
        ctx.send(NodeId::Broker(leader), payload);
        let sent_at = ctx.now;
        let fetcher = self.fetchers.entry(leader).or_default();
        fetcher.in_flight = Some(InFlight { correlation, sent_at });
        watch(ctx, fetcher, leader, SOCKET_TIMEOUT);
    }

    /// Partitions to ask for, by topic.
    fn topics(&self, listed: &[(TopicPartition, Position)]) -> Vec<FetchTopic> {
        let mut topics: Vec<FetchTopic> = Vec::new();
        for (id, position) in listed {
            let ask = FetchPartition::default()
                .with_partition(id.partition.0)
                .with_current_leader_epoch(position.leader_epoch.0)
                .with_fetch_offset(position.offset.0)
                .with_last_fetched_epoch(position.last_epoch.0)
                .with_log_start_offset(position.log_start.0)
                .with_partition_max_bytes(clamp(self.config.replica_fetch_max_bytes));
            match topics.last_mut() {
                Some(topic) if topic.topic.0.as_str() == id.topic.as_str() => {
                    topic.partitions.push(ask);
                }
                _ => topics.push(
                    FetchTopic::default().with_topic(self.wire_name(id)).with_partitions(vec![ask]),
                ),
            }
        }
        topics
    }

    /// Partitions that leave the session, by topic.
    fn forgotten(&self, gone: &[TopicPartition]) -> Vec<ForgottenTopic> {
        let mut topics: Vec<ForgottenTopic> = Vec::new();
        for id in gone {
            match topics.last_mut() {
                Some(topic) if topic.topic.0.as_str() == id.topic.as_str() => {
                    topic.partitions.push(id.partition.0);
                }
                _ => topics.push(
                    ForgottenTopic::default()
                        .with_topic(self.wire_name(id))
                        .with_partitions(vec![id.partition.0]),
                ),
            }
        }
        topics
    }

    fn wire_name(&self, id: &TopicPartition) -> WireName {
        self.partitions.get(id).map(|partition| partition.wire_name.clone()).unwrap_or_default()
    }

    /// A leader's answer.
    pub(super) fn fetched(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        from: NodeId,
        correlation: CorrelationId,
        response: &FetchResponse,
    ) {
        let NodeId::Broker(leader) = from else { return };
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        if fetcher.in_flight.take_if(|flight| flight.correlation == correlation).is_none() {
            return;
        }
        // The leader forgot the session, or is at another of its epochs: a new one is opened at once.
        match response.error_code {
            0 => fetcher.answered(response.session_id),
            _ => fetcher.new_session(),
        }
        for topic in &response.responses {
            let name = TopicName::new(&topic.topic.0);
            for data in &topic.partitions {
                let id = TopicPartition::new(&name, PartitionId(data.partition_index));
                if self.still_fits(leader, &id) {
                    let next = self.take_in(ctx, disk, &id, data);
                    self.settle(ctx, leader, &id, next);
                }
            }
        }
        self.fetch_from(ctx, leader);
    }

    /// Whether the partition is still where it was when this was asked.
    fn still_fits(&self, leader: BrokerId, id: &TopicPartition) -> bool {
        let Some(fetcher) = self.fetchers.get(&leader) else { return false };
        let now = self.partitions.get(id).map(|p| (p.log.log_end_offset(), p.leader_epoch()));
        let asked = fetcher.asked(id).map(|asked| (asked.offset, asked.leader_epoch));
        fetcher.follows(id) && now.is_some() && now == asked
    }

    fn take_in(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        data: &PartitionData,
    ) -> Next {
        match ResponseError::try_from_code(data.error_code) {
            None => {}
            Some(ResponseError::FencedLeaderEpoch) => return Next::Stop,
            Some(ResponseError::OffsetOutOfRange) => return Next::AskRange,
            Some(_) => return Next::Later,
        }
        if data.diverging_epoch.end_offset >= 0 {
            let epoch = LeaderEpoch(data.diverging_epoch.epoch);
            self.cut_to_leader(ctx, disk, id, epoch, Offset(data.diverging_epoch.end_offset));
            return Next::Again;
        }
        let Some(partition) = self.partitions.get_mut(id) else { return Next::Stop };
        if let Some(records) = data.records.as_ref().filter(|records| !records.is_empty()) {
            let mut outcome = partition.log.append_as_follower(disk, records, ctx.wall_ms());
            if let Err(error) = &outcome
                && self.may_start_within(disk, id, error)
                && let Some(partition) = self.partitions.get_mut(id)
            {
                outcome = partition.log.append_as_follower(disk, records, ctx.wall_ms());
            }
            match outcome {
                Ok(_) if disk.has_failed() => return Next::Stop,
                Ok(appended) => tell_appended(ctx, id, &appended),
                Err(error) => return self.refuse_from_leader(ctx, id, &error),
            }
        }
        let Some(partition) = self.partitions.get_mut(id) else { return Next::Stop };
        if let Some((from, to)) = partition.follow_high_watermark(Offset(data.high_watermark)) {
            self.watermarks_changed = true;
            self.moved_watermarks.insert(id.clone());
            let partition = id.clone();
            ctx.emit(EventKind::HighWatermarkAdvanced { partition, from, to, leader: false });
            // Consumers that read from followers.
            self.complete_fetches(ctx, disk, id);
        }
        self.follow_log_start(ctx, disk, id, Offset(data.log_start_offset));
        Next::Again
    }

    /// The leader's log has `epoch` ending at `leader_end`: what lies behind the common part goes.
    fn cut_to_leader(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        epoch: LeaderEpoch,
        leader_end: Offset,
    ) {
        let Some(partition) = self.partitions.get(id) else { return };
        let to = truncation_offset(&partition.log, epoch, leader_end);
        self.truncate(ctx, disk, id, to);
    }

    pub(super) fn truncate(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        to: Offset,
    ) {
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let from = partition.log.log_end_offset();
        partition.log.truncate_to(disk, to);
        let high_watermark = partition.high_watermark;
        partition.high_watermark = high_watermark.min(to);
        self.moved_watermarks.insert(id.clone());
        if to < from {
            let partition = id.clone();
            ctx.emit(EventKind::LogTruncated { partition, from, to, high_watermark });
        }
        self.log_cut(ctx, disk, id, to);
    }

    /// What rests on a log's end once it has been cut (`LogManager.truncateTo`,
    /// `truncateFullyAndStartAt`): files on their way out, the cleaner's place, recovery points.
    pub(super) fn log_cut(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        to: Offset,
    ) {
        self.remove_later(ctx, disk, id);
        self.cleaned_log_cut(disk, id, to);
        self.write_recovery_points(disk);
    }

    /// The old way (`ReplicaManager.makeFollowers` up to 0.10.2): whatever lies past the own high
    /// watermark goes, committed or not, and is fetched again.
    pub(super) fn truncate_to_high_watermark(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
    ) {
        let Some(partition) = self.partitions.get(id) else { return };
        let to = partition.high_watermark;
        if to < partition.log.log_end_offset() {
            self.truncate(ctx, disk, id, to);
        }
    }

    pub(super) fn settle(
        &mut self,
        ctx: &mut Ctx<'_>,
        leader: BrokerId,
        id: &TopicPartition,
        next: Next,
    ) {
        let backoff = Micros::from_ms(self.config.replica_fetch_backoff_ms);
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        match next {
            Next::Again => {
                fetcher.follow(id.clone());
            }
            Next::Later => {
                fetcher.rest(id, ctx.now + backoff);
            }
            Next::Stop => {
                fetcher.stop(id);
            }
            Next::Fail => {
                fetcher.stop(id);
                self.failed_fetches.insert(id.clone());
            }
            Next::AskRange => {
                fetcher.rest(id, ctx.now + backoff);
                self.ask_range(ctx, leader, id, LATEST);
            }
        }
    }

    /// Everything rests: look again when the first may go on.
    fn rest(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        let Some(at) = fetcher.next_ready() else { return };
        if fetcher.retry_at.is_none_or(|armed| armed > at) {
            fetcher.retry_at = Some(at);
            let timer = Timer { purpose: TimerPurpose::Backoff, tag: tag(leader) };
            let cause = ctx.timer_cause();
            ctx.set_timer_caused(at.since(ctx.now), timer, cause);
        }
    }

    pub(super) fn fetcher_rested(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId) {
        if let Some(fetcher) = self.fetchers.get_mut(&leader) {
            fetcher.retry_at = None;
            self.fetch_from(ctx, leader);
        }
    }

    /// The connection to a leader broke: what was asked is lost, and everything rests for a while.
    pub(super) fn fetcher_disconnected(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId) {
        let backoff = Micros::from_ms(self.config.replica_fetch_backoff_ms);
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        fetcher.disconnected(ctx.now + backoff);
        self.rest(ctx, leader);
    }

    pub(super) fn fetcher_timed_out(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        fetcher.timeout_armed = false;
        let Some(flight) = &fetcher.in_flight else { return };
        if self.slow_disk.holds_from(leader) {
            // The answer came; the disk has not taken it yet.
            return watch(ctx, fetcher, leader, SOCKET_TIMEOUT);
        }
        let waited = ctx.now.since(flight.sent_at);
        if waited >= SOCKET_TIMEOUT {
            self.fetcher_disconnected(ctx, leader);
        } else {
            watch(ctx, fetcher, leader, Micros(SOCKET_TIMEOUT.0 - waited.0));
        }
    }
}

/// Tells of records copied; what follows in this handler is caused by them. An answer without a whole
/// batch appends nothing.
fn tell_appended(ctx: &mut Ctx<'_>, id: &TopicPartition, appended: &Appended) {
    if let Some(base) = appended.rolled {
        ctx.emit(EventKind::SegmentRolled { partition: id.clone(), base });
    }
    if appended.bytes > 0 {
        let event = ctx.emit(EventKind::BatchAppended {
            partition: id.clone(),
            leader_epoch: appended.leader_epoch,
            base: appended.base,
            last: appended.last,
            bytes: appended.bytes,
            leader: false,
        });
        ctx.set_cause(event);
    }
}

/// Sets the one timer that watches for a fetcher's answer.
fn watch(ctx: &mut Ctx<'_>, fetcher: &mut Fetcher, leader: BrokerId, after: Micros) {
    if !fetcher.timeout_armed {
        fetcher.timeout_armed = true;
        let timer = Timer { purpose: TimerPurpose::RequestTimeout, tag: tag(leader) };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(after, timer, cause);
    }
}

fn tag(leader: BrokerId) -> u64 {
    u64::try_from(leader.0).unwrap_or(0)
}

fn clamp(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Where a follower stands: what it asks its leader. The old way knows no epochs of records.
fn position(partition: &Partition, truncation: Truncation) -> Position {
    let last_epoch = match truncation {
        Truncation::Epoch => partition.log.latest_epoch(),
        Truncation::HighWatermark => None,
    };
    Position {
        offset: partition.log.log_end_offset(),
        leader_epoch: partition.leader_epoch(),
        last_epoch: last_epoch.unwrap_or(LeaderEpoch::NONE),
        log_start: partition.log.log_start_offset(),
    }
}
