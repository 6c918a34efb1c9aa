//! Fetches from every leader in parallel and hands records to the application.
//!
//! Kafka's `Fetcher`. A consumer sees offsets below the high watermark only, with
//! `isolation.level=read_committed` below the last stable one; the position is the next offset that the
//! application has not got, and only moves back by a reset or because the application seeks. A
//! fetch that starts inside a batch gets the whole batch: what lies below the position is skipped. An
//! offset that the leader does not have is reset by `auto.offset.reset`; a leader that is none any more
//! means fresh metadata and another try after `retry.backoff.ms`.

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{self as kafka, FetchRequest, FetchResponse};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::alarm::{Alarms, Deadline, earliest};
use crate::engine::client::backoff::RETRY;
use crate::engine::client::network_client::{Failed, NetworkClient, version};
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{
    BrokerId, CorrelationId, LeaderEpoch, Offset, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::ordered::Ordered;
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

use super::delivery::{Delivered, corrupt, take_records};
use super::isolation::Aborted;
use super::membership::{GroupAsked, GroupConfig, Membership};
use super::polling::Buffered;
use super::session::{Session, Want};
use super::subscription::{Followed, PartitionPosition, Position, ResetTo, Topics};

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
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: i32,
    /// `isolation.level=read_committed`.
    pub read_committed: bool,
    /// The first record of this time or later is where it starts, in ms since 1970.
    pub from_time: Option<i64>,
    /// `request.timeout.ms`.
    pub request_timeout: Micros,
    /// `metadata.max.age.ms`.
    pub metadata_max_age: Micros,
}

/// What an answer is for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// Where to go on: the partitions asked about.
    ListOffsets(Vec<TopicPartition>),
    /// Whether a leader's log goes so far: the partitions, and where each is.
    EpochEnds(Vec<(TopicPartition, Offset)>),
    /// Records: the partitions, and the positions asked from.
    Fetch(Vec<(TopicPartition, Offset)>),
    /// Something of its group.
    Group(GroupAsked),
}

/// A consumer of topics: of all their partitions, or of those that its group gives it.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub(super) topics: Topics,
    pub(super) config: ConsumerConfig,
    pub(super) network: NetworkClient<Asked>,
    pub(super) partitions: BTreeMap<TopicPartition, Followed>,
    /// The state of the metadata that its partitions and their leaders were last compared with.
    pub(super) seen_version: u64,
    /// Brokers with a fetch that waits for an answer: one per broker at most.
    fetching: Vec<BrokerId>,
    /// The fetch session with each leader.
    sessions: BTreeMap<BrokerId, Session>,
    alarms: Alarms,
    /// Whether it threw: the application ends and asks for nothing more.
    pub(super) failed: bool,
    /// Whether its application catches what it throws; else that ends the application.
    pub(super) catches: bool,
    /// What it threw, and nobody was told yet.
    pub(super) thrown: Option<Text>,
    /// Its place in a group, when it has one: then its partitions are those that it was given.
    pub(super) membership: Option<Box<Membership>>,
    /// Whether its application polls: then what was fetched waits for it in the buffer.
    pub(super) polls: bool,
    /// Whether the application is in `poll`.
    pub(super) polling: bool,
    /// What was fetched and not polled yet.
    pub(super) buffer: VecDeque<Buffered>,
}

impl Consumer {
    /// A consumer that knows only its bootstrap brokers.
    #[must_use]
    pub fn new(topics: Topics, config: ConsumerConfig, bootstrap: Vec<BrokerId>) -> Consumer {
        let mut network = NetworkClient::new(bootstrap, config.request_timeout);
        network.metadata.set_max_age(config.metadata_max_age);
        Consumer {
            topics,
            config,
            network,
            partitions: BTreeMap::new(),
            seen_version: 0,
            fetching: Vec::new(),
            sessions: BTreeMap::new(),
            alarms: Alarms::default(),
            failed: false,
            catches: false,
            thrown: None,
            membership: None,
            polls: false,
            polling: false,
            buffer: VecDeque::new(),
        }
    }

    /// The same, as a member of a group that calls itself `name`.
    #[must_use]
    pub fn of_group(mut self, group: GroupConfig, name: &Text) -> Consumer {
        self.network = self.network.named(name);
        self.membership = Some(Box::new(Membership::new(group)));
        self.polling()
    }

    /// The same, of an application that catches what it throws ([`Consumer::take_thrown`]).
    #[must_use]
    pub fn catching(mut self) -> Consumer {
        self.catches = true;
        self
    }

    /// The same, of an application that polls.
    #[must_use]
    pub fn polling(mut self) -> Consumer {
        self.polls = true;
        self
    }

    /// Begins to look for its topics.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        match &self.topics {
            Topics::Named(names) => {
                names.iter().for_each(|topic| self.network.metadata.want(ctx, topic));
            }
            Topics::Matching(_) => self.network.metadata.want_all(),
        }
        self.run(ctx);
    }

    /// Takes new settings; they hold for requests from now on.
    pub fn configure(&mut self, config: ConsumerConfig) {
        self.config = config;
        self.network.set_request_timeout(config.request_timeout);
        self.network.metadata.set_max_age(config.metadata_max_age);
    }

    /// How it stands in each partition whose position is known.
    #[must_use]
    pub fn positions(&self) -> Vec<PartitionPosition> {
        let known = self.partitions.iter().filter_map(|(partition, followed)| {
            let offset = followed.offset()?;
            let lag = followed.end.map(|end| u64::try_from(end.0 - offset.0).unwrap_or(0));
            let (partition, paused) = (partition.clone(), followed.paused);
            Some(PartitionPosition { partition, offset, lag, paused })
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
            Some((Asked::EpochEnds(asked), Response::OffsetForLeaderEpoch(response))) => {
                self.on_epoch_ends(ctx, &asked, &response);
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
        self.doubt_positions();
        for (leader, partitions) in self.by_leader(ctx, Followed::is_validating) {
            if self.network.ready(ctx, leader) {
                self.ask_epoch_ends(ctx, leader, partitions);
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

    pub(super) fn open_sessions(&self) -> impl Iterator<Item = (&BrokerId, &Session)> {
        self.sessions.iter()
    }

    pub(super) fn is_fetching(&self, broker: BrokerId) -> bool {
        self.fetching.contains(&broker)
    }

    /// A partition that its group gave it: where the group is in it, is asked first.
    pub(super) fn follow_committed(&mut self, partition: TopicPartition) {
        let position = match self.config.from_time {
            Some(time) => Position::Resetting(ResetTo::Time(time), None),
            None => Position::Committed,
        };
        self.partitions.insert(partition, Followed::new(position));
    }

    fn follow_new_partitions(&mut self) {
        if self.membership.is_some() || self.seen_version == self.network.metadata.version() {
            return;
        }
        let to = self.config.from_time.map_or(ResetTo::Policy, ResetTo::Time);
        for topic in self.topics.names(&self.network.metadata) {
            for partition in self.network.metadata.partitions(&topic) {
                self.partitions
                    .entry(TopicPartition::new(&topic, partition))
                    .or_insert_with(|| Followed::new(Position::Resetting(to, None)));
            }
        }
    }

    /// Partitions that may be asked for now, by leader. Those without a leader ask for metadata.
    fn by_leader(
        &mut self,
        ctx: &Ctx<'_>,
        which: impl Fn(&Followed) -> bool,
    ) -> BTreeMap<BrokerId, Vec<TopicPartition>> {
        let mut by_leader: BTreeMap<BrokerId, Vec<TopicPartition>> = BTreeMap::new();
        let mut leaderless = false;
        for (partition, followed) in &self.partitions {
            if followed.asked
                || followed.not_before.at > ctx.now
                || !which(followed)
                || self.is_buffered(partition)
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

    fn fetch(&mut self, ctx: &mut Ctx<'_>, leader: BrokerId, partitions: Vec<TopicPartition>) {
        let mut asked = Vec::new();
        let mut wanted = BTreeMap::new();
        for partition in partitions {
            let Some(Position::At(offset)) = self.partitions.get(&partition).map(|f| f.position)
            else {
                continue;
            };
            let leader_epoch = self.leader_epoch(&partition);
            let max_bytes = self.config.max_partition_fetch_bytes;
            wanted.insert(partition.clone(), Want { offset, leader_epoch, max_bytes });
            asked.push((partition, offset));
        }
        let plan = self.sessions.entry(leader).or_default().plan(&wanted);
        let listed = by_topic(plan.listed, |partition, want| {
            FetchPartition::default()
                .with_partition(partition.0)
                .with_current_leader_epoch(want.leader_epoch.0)
                .with_fetch_offset(want.offset.0)
                .with_partition_max_bytes(want.max_bytes)
        });
        let gone = plan.forgotten.into_iter().map(|partition| (partition, ()));
        let gone = by_topic(gone.collect(), |partition, ()| partition.0);
        let topic = |(topic, partitions)| {
            FetchTopic::default().with_topic(wire_topic(&topic)).with_partitions(partitions)
        };
        let forgotten = |(topic, partitions)| {
            ForgottenTopic::default().with_topic(wire_topic(&topic)).with_partitions(partitions)
        };
        let request = FetchRequest::default()
            .with_replica_id(kafka::BrokerId(-1))
            .with_max_wait_ms(self.config.fetch_max_wait_ms)
            .with_min_bytes(self.config.fetch_min_bytes)
            .with_max_bytes(self.config.fetch_max_bytes)
            .with_isolation_level(self.isolation_level())
            .with_session_id(plan.session.0)
            .with_session_epoch(plan.session.1)
            .with_topics(listed.into_iter().map(topic).collect())
            .with_forgotten_topics_data(gone.into_iter().map(forgotten).collect());
        asked.iter().for_each(|(partition, _)| self.mark(partition));
        self.fetching.push(leader);
        let (body, purpose) = (Request::Fetch(request), Asked::Fetch(asked));
        self.network.send(ctx, leader, version::FETCH, body, purpose);
    }

    pub(super) fn isolation_level(&self) -> i8 {
        i8::from(self.config.read_committed)
    }

    fn on_fetched(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: &[(TopicPartition, Offset)],
        response: &FetchResponse,
    ) -> Vec<Delivered> {
        let parts = response.responses.iter().flat_map(|topic| {
            let name = TopicName::new(&topic.topic);
            topic.partitions.iter().map(move |part| {
                (TopicPartition::new(&name, PartitionId(part.partition_index)), part)
            })
        });
        let answers: BTreeMap<TopicPartition, &PartitionData> = parts.ordered();
        let mut delivered = Vec::new();
        for (partition, from) in asked {
            self.asked_no_more(partition);
            match answers.get(partition).map(|part| (part.error_code, *part)) {
                Some((0, part)) => delivered.extend(self.take_in(ctx, partition, *from, part)),
                Some((error, _)) => self.on_fetch_error(ctx, partition, *from, error),
                // Within a session: nothing new.
                None => {}
            }
        }
        delivered
    }

    /// What a leader has for the position from which it was asked, unless the position is another one by
    /// now, or the application wants nothing of it.
    fn take_in(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: &TopicPartition,
        from: Offset,
        part: &PartitionData,
    ) -> Option<Delivered> {
        let read_committed = self.config.read_committed;
        let followed = self.partitions.get_mut(partition)?;
        let end = if read_committed { part.last_stable_offset } else { part.high_watermark };
        followed.end = Some(Offset(end)).filter(|end| end.0 >= 0);
        if followed.position != Position::At(from) || (followed.paused && !self.polls) {
            return None;
        }
        let records = part.records.as_ref().filter(|records| !records.is_empty())?;
        let mut aborted = Aborted::new(part.aborted_transactions.as_deref(), read_committed);
        if self.polls {
            self.hold(ctx, partition, from, records, &mut aborted);
            return None;
        }
        let taken = take_records(records, from, &mut aborted);
        if let Some((offset, damage)) = taken.damaged {
            ctx.fail(corrupt(partition, offset, damage).into());
            self.failed = true;
        }
        let followed = self.partitions.get_mut(partition)?;
        followed.go(taken.next, taken.epoch.max(followed.epoch));
        let (first, last, count) = (taken.first?, taken.last, taken.count);
        ctx.emit(EventKind::RecordsDelivered { partition: partition.clone(), first, last, count });
        Some(Delivered { count, tail: taken.tail })
    }

    /// The leader does not know the session: a new one is opened at once.
    fn ask_again(&mut self, asked: &[(TopicPartition, Offset)]) -> Vec<Delivered> {
        asked.iter().for_each(|(partition, _)| self.asked_no_more(partition));
        Vec::new()
    }

    fn on_fetch_error(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: &TopicPartition,
        from: Offset,
        error: i16,
    ) {
        if ResponseError::try_from_code(error) == Some(ResponseError::OffsetOutOfRange) {
            let followed = self.partitions.get_mut(partition);
            let Some(followed) = followed.filter(|f| f.position == Position::At(from)) else {
                return;
            };
            if self.config.never_resets {
                return self.throw(
                    ctx,
                    &format!("Fetch position {from} is out of range for partition {partition}, raising error to the application since no reset policy is configured"),
                );
            }
            followed.position = Position::Resetting(ResetTo::Policy, Some(from));
            return;
        }
        self.try_later(ctx, partition);
    }

    /// Another try after `retry.backoff.ms`, with fresh metadata.
    pub(super) fn try_later(&mut self, ctx: &mut Ctx<'_>, partition: &TopicPartition) {
        let cause = ctx.timer_cause();
        self.network.metadata.request_update(cause);
        self.rest(ctx, partition);
    }

    /// Another try after `retry.backoff.ms`.
    pub(super) fn rest(&mut self, ctx: &Ctx<'_>, partition: &TopicPartition) {
        if let Some(followed) = self.partitions.get_mut(partition) {
            followed.asked = false;
            let at = ctx.now + RETRY.first;
            followed.not_before = Deadline { at, cause: ctx.timer_cause() };
        }
    }

    fn give_up(&mut self, ctx: &mut Ctx<'_>, failed: &Failed<Asked>) {
        for asked in &failed.purposes {
            match asked {
                Asked::Group(asked) => self.give_up_group(ctx, failed.broker, asked.clone()),
                Asked::ListOffsets(partitions) => {
                    partitions.iter().for_each(|partition| self.try_later(ctx, partition));
                }
                Asked::EpochEnds(partitions) => {
                    partitions.iter().for_each(|(partition, _)| self.try_later(ctx, partition));
                }
                Asked::Fetch(partitions) => {
                    self.fetching.retain(|fetching| *fetching != failed.broker);
                    self.sessions.entry(failed.broker).or_default().lost();
                    partitions.iter().for_each(|(partition, _)| self.try_later(ctx, partition));
                }
            }
        }
    }

    pub(super) fn mark(&mut self, partition: &TopicPartition) {
        if let Some(followed) = self.partitions.get_mut(partition) {
            followed.asked = true;
        }
    }

    pub(super) fn asked_no_more(&mut self, partition: &TopicPartition) {
        if let Some(followed) = self.partitions.get_mut(partition) {
            followed.asked = false;
        }
    }

    pub(super) fn leader_epoch(&self, partition: &TopicPartition) -> LeaderEpoch {
        self.network.metadata.leader_epoch(partition)
    }
}

/// The entries of a request topic by topic, in order.
pub(super) fn by_topic<T, R>(
    entries: Vec<(TopicPartition, T)>,
    entry: impl Fn(PartitionId, T) -> R,
) -> BTreeMap<TopicName, Vec<R>> {
    let mut topics: BTreeMap<TopicName, Vec<R>> = BTreeMap::new();
    for (partition, told) in entries {
        let row = entry(partition.partition, told);
        topics.entry(partition.topic).or_default().push(row);
    }
    topics
}

pub(super) fn wire_topic(topic: &TopicName) -> kafka::TopicName {
    kafka::TopicName(StrBytes::from_string(topic.as_str().to_owned()))
}
