//! Finds where to start, fetches from every leader in parallel, and hands records to the application.
//!
//! Kafka's `OffsetFetcher` and `Fetcher`. A consumer sees offsets below the high watermark only; the
//! position is the next offset that the application has not got, and only moves back by a reset. A
//! fetch that starts inside a batch gets the whole batch: what lies below the position is skipped. An
//! offset that the leader does not have is reset by `auto.offset.reset`; a leader that is none any more
//! means fresh metadata and another try after `retry.backoff.ms`.

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::list_offsets_response::ListOffsetsPartitionResponse;
use kafka_protocol::messages::{
    self as kafka, FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::alarm::{Alarms, Deadline, earliest};
use crate::engine::client::backoff::RETRY;
use crate::engine::client::metadata;
use crate::engine::client::network_client::{Failed, NetworkClient, version};
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{
    BrokerId, CorrelationId, Offset, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::ordered::Ordered;
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

use super::delivery::{Delivered, corrupt, take_records};
use super::membership::{GroupAsked, GroupConfig, Membership};
use super::polling::Buffered;
use super::session::{Session, Want};

/// `request.timeout.ms` of a consumer.
const REQUEST_TIMEOUT: Micros = Micros(30_000_000);
/// `fetch.max.bytes`.
const FETCH_MAX_BYTES: i32 = 52_428_800;
/// ListOffsets: the offset of the next record.
const LATEST_TIMESTAMP: i64 = -1;
/// ListOffsets: the first offset kept.
const EARLIEST_TIMESTAMP: i64 = -2;

/// Settings of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// `auto.offset.reset`: `earliest` when true, else `latest`. Also where it starts.
    pub from_beginning: bool,
    /// `auto.offset.reset=none`: an offset that is nowhere is an error.
    pub never_resets: bool,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: i32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait_ms: i32,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: i32,
}

/// What an answer is for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// Where to start: the partitions asked about.
    ListOffsets(Vec<PartitionId>),
    /// Records: the partitions, and the positions asked from.
    Fetch(Vec<(PartitionId, Offset)>),
    /// Something of its group.
    Group(GroupAsked),
}

/// Where one partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Unknown: the group's coordinator is to be asked.
    Committed,
    /// Unknown: the leader is to be asked. The offset that was out of range, if that is why.
    Resetting(Option<Offset>),
    /// The next offset to fetch.
    At(Offset),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Followed {
    pub(super) position: Position,
    /// Part of a request that is not answered yet.
    pub(super) asked: bool,
    /// Not to be asked for before.
    pub(super) not_before: Deadline,
}

impl Followed {
    fn is_resetting(&self) -> bool {
        matches!(self.position, Position::Resetting(_))
    }

    fn is_fetchable(&self) -> bool {
        matches!(self.position, Position::At(_))
    }
}

/// A consumer of all partitions of one topic.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub(super) topic: TopicName,
    config: ConsumerConfig,
    pub(super) network: NetworkClient<Asked>,
    pub(super) partitions: BTreeMap<PartitionId, Followed>,
    /// Brokers with a fetch that waits for an answer: one per broker at most.
    fetching: Vec<BrokerId>,
    /// The fetch session with each leader.
    sessions: BTreeMap<BrokerId, Session>,
    alarms: Alarms,
    /// Whether it threw: the application ends and asks for nothing more.
    pub(super) failed: bool,
    /// Its place in a group, when it has one: then its partitions are those that it was given.
    pub(super) membership: Option<Box<Membership>>,
    /// What a member fetched and did not poll yet.
    pub(super) buffer: VecDeque<Buffered>,
}

impl Consumer {
    /// A consumer that knows only its bootstrap brokers.
    #[must_use]
    pub fn new(topic: TopicName, config: ConsumerConfig, bootstrap: Vec<BrokerId>) -> Consumer {
        Consumer {
            topic,
            config,
            network: NetworkClient::new(bootstrap, REQUEST_TIMEOUT),
            partitions: BTreeMap::new(),
            fetching: Vec::new(),
            sessions: BTreeMap::new(),
            alarms: Alarms::default(),
            failed: false,
            membership: None,
            buffer: VecDeque::new(),
        }
    }

    /// The same, as a member of a group that calls itself `name`.
    #[must_use]
    pub fn of_group(mut self, group: GroupConfig, name: &Text) -> Consumer {
        self.network = self.network.named(name);
        self.membership = Some(Box::new(Membership::new(group)));
        self
    }

    /// Begins to look for the topic.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        let topic = self.topic.clone();
        self.network.metadata.want(ctx, &topic);
        self.run(ctx);
    }

    /// Takes new settings; they hold for fetches from now on.
    pub fn configure(&mut self, config: ConsumerConfig) {
        self.config = config;
    }

    /// The next offset of each partition whose position is known.
    #[must_use]
    pub fn positions(&self) -> Vec<(PartitionId, Offset)> {
        let known = self.partitions.iter().filter_map(|(id, followed)| match followed.position {
            Position::At(offset) => Some((*id, offset)),
            Position::Resetting(_) | Position::Committed => None,
        });
        known.collect()
    }

    /// An answer arrived; returns what the application gets.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) -> Vec<Delivered> {
        let delivered = match self.network.on_response(ctx, broker, correlation, body) {
            Some((Asked::ListOffsets(asked), Response::ListOffsets(response))) => {
                self.on_offsets(ctx, &asked, &response);
                Vec::new()
            }
            Some((Asked::Fetch(asked), Response::Fetch(response))) => {
                self.fetching.retain(|fetching| *fetching != broker);
                let session = self.sessions.entry(broker).or_default();
                match session.answered(response.error_code, response.session_id) {
                    true => self.on_fetched(ctx, &asked, &response),
                    false => self.ask_again(&asked),
                }
            }
            Some((Asked::Group(asked), body)) => {
                self.on_group_answer(ctx, broker, asked, &body);
                Vec::new()
            }
            _ => Vec::new(),
        };
        self.run(ctx);
        delivered
    }

    /// A timer fired. True when it was the consumer's.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) -> bool {
        let fired = self.alarms.fired(ctx.now, timer);
        if fired {
            self.run(ctx);
        }
        fired
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        let failed = self.network.on_connection_lost(ctx, broker);
        self.coordinator_lost(ctx, broker);
        self.give_up(ctx, &failed);
        self.run(ctx);
    }

    pub(super) fn run(&mut self, ctx: &mut Ctx<'_>) {
        if self.failed {
            return;
        }
        for failed in self.network.close_overdue(ctx) {
            self.give_up(ctx, &failed);
        }
        self.network.poll(ctx);
        self.follow_new_partitions();
        self.run_group(ctx);
        if self.failed {
            return;
        }
        for (leader, partitions) in self.by_leader(ctx, Followed::is_resetting) {
            if self.network.ready(ctx, leader) {
                self.list_offsets(ctx, leader, partitions);
            }
        }
        for (leader, partitions) in self.by_leader(ctx, Followed::is_fetchable) {
            if !self.fetching.contains(&leader) && self.network.ready(ctx, leader) {
                self.fetch(ctx, leader, partitions);
            }
        }
        let paused = self.partitions.values().map(|followed| followed.not_before);
        let paused = paused.filter(|pause| pause.at > ctx.now).map(Some).fold(None, earliest);
        let backoff = earliest(self.network.next_poll(ctx.now), paused);
        let [again, beat, commit] = self.group_deadlines(ctx.now);
        let backoff = earliest(backoff, again);
        self.alarms.arm(ctx, TimerPurpose::Heartbeat, beat);
        self.alarms.arm(ctx, TimerPurpose::AutoCommit, commit);
        self.alarms.arm(ctx, TimerPurpose::Backoff, backoff);
        self.alarms.arm(ctx, TimerPurpose::RequestTimeout, self.network.next_timeout());
    }

    /// A partition that its group gave it: where the group is in it, is asked first.
    pub(super) fn follow_committed(&mut self, partition: PartitionId) {
        self.partitions.insert(
            partition,
            Followed {
                position: Position::Committed,
                asked: false,
                not_before: Deadline { at: Micros::ZERO, cause: None },
            },
        );
    }

    fn follow_new_partitions(&mut self) {
        if self.membership.is_some() {
            return;
        }
        let Some(topic) = self.network.metadata.topic(&self.topic) else { return };
        for (partition, _) in metadata::numbered(topic) {
            self.partitions.entry(partition).or_insert(Followed {
                position: Position::Resetting(None),
                asked: false,
                not_before: Deadline { at: Micros::ZERO, cause: None },
            });
        }
    }

    /// Partitions that may be asked for now, by leader. Those without a leader ask for metadata.
    fn by_leader(
        &mut self,
        ctx: &Ctx<'_>,
        which: impl Fn(&Followed) -> bool,
    ) -> BTreeMap<BrokerId, Vec<PartitionId>> {
        let mut by_leader: BTreeMap<BrokerId, Vec<PartitionId>> = BTreeMap::new();
        let mut leaderless = false;
        for (partition, followed) in &self.partitions {
            if followed.asked
                || followed.not_before.at > ctx.now
                || !which(followed)
                || self.is_buffered(*partition)
            {
                continue;
            }
            match self.network.metadata.leader(&self.named(*partition)) {
                Some(leader) => by_leader.entry(leader).or_default().push(*partition),
                None => leaderless = true,
            }
        }
        if leaderless {
            self.network.metadata.request_update(ctx.timer_cause());
        }
        by_leader
    }

    fn list_offsets(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId, partitions: Vec<PartitionId>) {
        let timestamp =
            if self.config.from_beginning { EARLIEST_TIMESTAMP } else { LATEST_TIMESTAMP };
        let asked = partitions.iter().map(|partition| {
            ListOffsetsPartition::default()
                .with_partition_index(partition.0)
                .with_current_leader_epoch(self.leader_epoch(*partition))
                .with_timestamp(timestamp)
        });
        let topic = ListOffsetsTopic::default()
            .with_name(self.topic_name())
            .with_partitions(asked.collect());
        let request = ListOffsetsRequest::default()
            .with_replica_id(kafka::BrokerId(-1))
            .with_topics(vec![topic]);
        self.mark(&partitions);
        let (body, asked) = (Request::ListOffsets(request), Asked::ListOffsets(partitions));
        self.network.send(ctx, leader, version::LIST_OFFSETS, body, asked);
    }

    fn fetch(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId, partitions: Vec<PartitionId>) {
        let mut asked = Vec::new();
        let mut wanted = BTreeMap::new();
        for partition in &partitions {
            let Some(Position::At(offset)) = self.partitions.get(partition).map(|f| f.position)
            else {
                continue;
            };
            asked.push((*partition, offset));
            let leader_epoch = self.leader_epoch(*partition);
            let max_bytes = self.config.max_partition_fetch_bytes;
            wanted.insert(*partition, Want { offset, leader_epoch, max_bytes });
        }
        let plan = self.sessions.entry(leader).or_default().plan(&wanted);
        let listed = plan.listed.iter().map(|(partition, want)| {
            FetchPartition::default()
                .with_partition(partition.0)
                .with_current_leader_epoch(want.leader_epoch)
                .with_fetch_offset(want.offset.0)
                .with_partition_max_bytes(want.max_bytes)
        });
        let mut request = FetchRequest::default()
            .with_replica_id(kafka::BrokerId(-1))
            .with_max_wait_ms(self.config.fetch_max_wait_ms)
            .with_min_bytes(self.config.fetch_min_bytes)
            .with_max_bytes(FETCH_MAX_BYTES)
            .with_session_id(plan.session.0)
            .with_session_epoch(plan.session.1);
        let name = self.topic_name();
        let topic = FetchTopic::default().with_topic(name.clone());
        if !plan.listed.is_empty() {
            request.topics.push(topic.with_partitions(listed.collect()));
        }
        if !plan.forgotten.is_empty() {
            let gone = plan.forgotten.iter().map(|partition| partition.0).collect();
            let topic = ForgottenTopic::default().with_topic(name).with_partitions(gone);
            request.forgotten_topics_data.push(topic);
        }
        self.mark(&partitions);
        self.fetching.push(leader);
        let (body, purpose) = (Request::Fetch(request), Asked::Fetch(asked));
        self.network.send(ctx, leader, version::FETCH, body, purpose);
    }

    fn on_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: &[PartitionId],
        response: &ListOffsetsResponse,
    ) {
        let parts = response.topics.iter().flat_map(|topic| &topic.partitions);
        let answers: BTreeMap<PartitionId, &ListOffsetsPartitionResponse> =
            parts.map(|part| (PartitionId(part.partition_index), part)).ordered();
        for partition in asked {
            let answer = answers.get(partition);
            let Some(followed) = self.partitions.get_mut(partition) else { continue };
            followed.asked = false;
            match answer {
                Some(answer) if answer.error_code == 0 && answer.offset >= 0 => {
                    let to = Offset(answer.offset);
                    let before = std::mem::replace(&mut followed.position, Position::At(to));
                    if let Position::Resetting(Some(from)) = before {
                        let partition = TopicPartition::new(&self.topic, *partition);
                        ctx.emit(EventKind::PositionReset { partition, from, to });
                    }
                }
                _ => self.try_later(ctx, *partition),
            }
        }
    }

    fn on_fetched(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: &[(PartitionId, Offset)],
        response: &FetchResponse,
    ) -> Vec<Delivered> {
        let parts = response.responses.iter().flat_map(|topic| &topic.partitions);
        let answers: BTreeMap<PartitionId, &PartitionData> =
            parts.map(|part| (PartitionId(part.partition_index), part)).ordered();
        let mut delivered = Vec::new();
        for (partition, from) in asked {
            if let Some(followed) = self.partitions.get_mut(partition) {
                followed.asked = false;
            }
            match answers.get(partition).map(|part| (part.error_code, *part)) {
                Some((0, part)) if self.membership.is_some() => {
                    self.hold(ctx, *partition, *from, &part.records.clone().unwrap_or_default());
                }
                Some((0, part)) => delivered.extend(self.deliver(ctx, *partition, *from, part)),
                Some((error, _)) => self.on_fetch_error(ctx, *partition, *from, error),
                // Within a session: nothing new.
                None => {}
            }
        }
        delivered
    }

    /// The leader does not know the session: a new one is opened at once.
    fn ask_again(&mut self, asked: &[(PartitionId, Offset)]) -> Vec<Delivered> {
        for (partition, _) in asked {
            if let Some(followed) = self.partitions.get_mut(partition) {
                followed.asked = false;
            }
        }
        Vec::new()
    }

    /// Hands the records from the position on to the application.
    fn deliver(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: PartitionId,
        from: Offset,
        part: &PartitionData,
    ) -> Option<Delivered> {
        let records = part.records.as_ref().filter(|records| !records.is_empty())?;
        let taken = take_records(records, from);
        if let Some((offset, damage)) = taken.damaged {
            ctx.fail(corrupt(&self.named(partition), offset, damage).into());
            self.failed = true;
        }
        let followed = self.partitions.get_mut(&partition)?;
        followed.position = Position::At(taken.next);
        let (first, last, count) = (taken.first?, taken.last, taken.count);
        let partition = TopicPartition::new(&self.topic, partition);
        ctx.emit(EventKind::RecordsDelivered { partition, first, last, count });
        Some(Delivered { count, tail: taken.tail })
    }

    fn on_fetch_error(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: PartitionId,
        from: Offset,
        error: i16,
    ) {
        if ResponseError::try_from_code(error) == Some(ResponseError::OffsetOutOfRange) {
            if !self.may_reset() {
                let named = self.named(partition);
                return self.throw(
                    ctx,
                    &format!("Fetch position {from} is out of range for partition {named}, raising error to the application since no reset policy is configured"),
                );
            }
            if let Some(followed) = self.partitions.get_mut(&partition) {
                followed.position = Position::Resetting(Some(from));
            }
            return;
        }
        self.try_later(ctx, partition);
    }

    /// Another try after `retry.backoff.ms`, with fresh metadata.
    fn try_later(&mut self, ctx: &mut Ctx<'_>, partition: PartitionId) {
        let cause = ctx.timer_cause();
        self.network.metadata.request_update(cause);
        if let Some(followed) = self.partitions.get_mut(&partition) {
            followed.asked = false;
            followed.not_before = Deadline { at: ctx.now + RETRY.first, cause };
        }
    }

    fn give_up(&mut self, ctx: &mut Ctx<'_>, failed: &Failed<Asked>) {
        for asked in &failed.purposes {
            match asked {
                Asked::Group(asked) => self.give_up_group(ctx, failed.broker, asked.clone()),
                Asked::ListOffsets(partitions) => {
                    partitions.iter().for_each(|partition| self.try_later(ctx, *partition));
                }
                Asked::Fetch(partitions) => {
                    self.fetching.retain(|fetching| *fetching != failed.broker);
                    self.sessions.entry(failed.broker).or_default().lost();
                    partitions.iter().for_each(|(partition, _)| self.try_later(ctx, *partition));
                }
            }
        }
    }

    pub(super) fn mark(&mut self, partitions: &[PartitionId]) {
        for partition in partitions {
            if let Some(followed) = self.partitions.get_mut(partition) {
                followed.asked = true;
            }
        }
    }

    /// Whether an offset that is nowhere may be replaced (`auto.offset.reset` is not `none`).
    pub(super) fn may_reset(&self) -> bool {
        !self.config.never_resets
    }

    pub(super) fn named(&self, partition: PartitionId) -> TopicPartition {
        TopicPartition::new(&self.topic, partition)
    }

    pub(super) fn leader_epoch(&self, partition: PartitionId) -> i32 {
        self.network.metadata.leader_epoch(&self.named(partition)).0
    }

    pub(super) fn topic_name(&self) -> kafka::TopicName {
        kafka::TopicName(StrBytes::from_string(self.topic.as_str().to_owned()))
    }
}
