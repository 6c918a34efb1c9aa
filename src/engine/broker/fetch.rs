//! Fetch, leader's side: for followers up to the log's end, for consumers below the high watermark.
//!
//! A follower's fetch is also its acknowledgement. Data is read before the follower's progress is
//! taken in, so what this answer brings is acknowledged only by the next fetch, and the high watermark
//! in it is the one from before (`ReplicaManager.fetchMessages`, `DelayedFetch`). A fetch within a
//! session looks only at the partitions that may have news (`fetch_session`).

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_response::{
    EpochEndOffset, FetchableTopicResponse, PartitionData,
};
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use crate::engine::broker::fetch_session::{Ask, Context, FetchSession, Told};
use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{
    BrokerId, EventId, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Response;
use crate::engine::replication::partition::Partition;
use crate::engine::replication::truncation;
use crate::engine::rng::Stream;
use crate::engine::time::Micros;

/// A fetch that waits for data.
#[derive(Clone, Debug)]
pub struct ParkedFetch {
    caller: Caller,
    /// The event of its arrival: the cause of an answer that no news brought.
    asked: Option<EventId>,
    follower: Option<BrokerId>,
    min_bytes: u64,
    max_bytes: u64,
    scope: Scope,
}

/// Which partitions a fetch is about.
#[derive(Clone, Debug)]
enum Scope {
    /// Those it lists.
    Listed(Vec<Ask>),
    /// Those of a session that has just been opened: all are answered.
    Opened(i32),
    /// Those of a session: the ones with news are answered.
    Session(i32),
}

/// What one partition answers.
#[derive(Clone, Debug, Default)]
struct Piece {
    error: i16,
    high_watermark: Offset,
    log_start: Offset,
    diverging: Option<(LeaderEpoch, Offset)>,
    records: Bytes,
}

impl Broker {
    pub(super) fn fetch(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: &FetchRequest,
    ) {
        let fetch = match self.parse(ctx, caller, request) {
            Ok(fetch) => fetch,
            Err(error) => return refuse(ctx, caller, error),
        };
        let asks = self.asks(&fetch);
        let pieces = self.read_all(disk, &fetch, &asks);
        if let Some(follower) = fetch.follower {
            self.acknowledge(ctx, disk, follower, &asks);
        }
        if let Scope::Session(session) = fetch.scope {
            self.quieten(session, &asks);
        }
        let bytes: u64 = pieces.iter().map(|piece| piece.records.len() as u64).sum();
        let urgent = pieces.iter().any(|piece| piece.error != 0 || piece.diverging.is_some());
        let wait = Micros::from_ms(i64::from(request.max_wait_ms));
        if urgent || bytes >= fetch.min_bytes || wait == Micros::ZERO || self.is_empty(&fetch) {
            self.answer(ctx, &fetch, &asks, pieces);
            return;
        }
        let session = fetch.session();
        let watched = match session {
            Some(_) => Vec::new(),
            None => asks.into_iter().map(|ask| ask.id).collect(),
        };
        let (id, armed) = self.fetch_purgatory.park(fetch, watched, ctx.now + wait);
        if let Some(session) = session.and_then(|session| self.fetch_sessions.get_mut(session)) {
            session.parked = Some(id);
        }
        arm(ctx, armed);
    }

    /// The partitions to look at.
    fn asks(&self, fetch: &ParkedFetch) -> Vec<Ask> {
        match &fetch.scope {
            Scope::Listed(asks) => asks.clone(),
            Scope::Opened(id) | Scope::Session(id) => {
                self.fetch_sessions.get(*id).map_or_else(Vec::new, FetchSession::asks)
            }
        }
    }

    fn is_empty(&self, fetch: &ParkedFetch) -> bool {
        match &fetch.scope {
            Scope::Listed(asks) => asks.is_empty(),
            Scope::Opened(id) | Scope::Session(id) => {
                self.fetch_sessions.get(*id).is_none_or(FetchSession::is_empty)
            }
        }
    }

    /// Lets go of the partitions of which later fetches of the session need not think: nothing to
    /// answer, and nothing that a fetch of its follower could change but the time.
    fn quieten(&mut self, session: i32, asks: &[Ask]) {
        let Some(session) = self.fetch_sessions.get_mut(session) else { return };
        for ask in asks {
            let Some(partition) = self.partitions.get(&ask.id) else { continue };
            let told = Told {
                high_watermark: partition.high_watermark,
                log_start: partition.log.log_start_offset(),
            };
            let leo = partition.log.log_end_offset();
            let in_step = session.follower.is_none_or(|follower| {
                partition.high_watermark == leo && partition.isr().contains(&follower)
            });
            let quiet = in_step
                && ask.offset == upper_bound(partition, session.follower)
                && session.told(&ask.id) == told
                && check_epoch(partition, ask.leader_epoch).is_ok()
                && matches!(
                    truncation::divergence(&partition.log, ask.last_fetched_epoch, ask.offset),
                    Ok(None)
                );
            if quiet {
                session.quiet(&ask.id);
            }
        }
    }

    /// A partition is about to change: it is no longer quiet in its sessions, and followers that were
    /// caught up with it are so as of their last fetch.
    pub(super) fn wake_sessions(&mut self, id: &TopicPartition) {
        if self.partitions.get(id).is_some_and(|partition| partition.leading().is_some()) {
            self.unsettled.insert(id.clone());
        }
        for session in self.fetch_sessions.of(id) {
            let Some(session) = self.fetch_sessions.get_mut(session) else { continue };
            if session.mark(id)
                && let Some(follower) = session.follower
                && let Some(partition) = self.partitions.get_mut(id)
            {
                partition.follower_kept_up(follower, session.last_fetch);
            }
        }
    }

    /// The follower has everything before the offsets that it asks for.
    fn acknowledge(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        follower: BrokerId,
        asks: &[Ask],
    ) {
        for ask in asks {
            let Some(partition) = self.partitions.get_mut(&ask.id) else { continue };
            if check_epoch(partition, ask.leader_epoch).is_err() {
                continue;
            }
            let leo = partition.log.log_end_offset();
            if ask.offset > leo {
                continue;
            }
            partition.follower_fetched(follower, ask.offset, ctx.now);
            if ask.offset != leo {
                self.unsettled.insert(ask.id.clone());
            } else if partition.is_settled() {
                self.unsettled.remove(&ask.id);
            }
            self.maybe_expand(ctx, &ask.id, follower);
            self.advance_leader_watermark(ctx, disk, &ask.id);
        }
    }

    fn read_all(&self, disk: &Disk, fetch: &ParkedFetch, asks: &[Ask]) -> Vec<Piece> {
        let mut left = fetch.max_bytes;
        let mut first = true;
        let mut pieces = Vec::with_capacity(asks.len());
        for ask in asks {
            let piece = match self.partitions.get(&ask.id) {
                Some(partition) => read(disk, partition, ask, fetch.follower, left, first),
                None => self.missing(&ask.id),
            };
            first &= piece.records.is_empty();
            left = left.saturating_sub(piece.records.len() as u64);
            pieces.push(piece);
        }
        pieces
    }

    fn missing(&self, id: &TopicPartition) -> Piece {
        let error = if self.metadata.knows(id) {
            ResponseError::NotLeaderOrFollower
        } else {
            ResponseError::UnknownTopicOrPartition
        };
        Piece::failed(error)
    }

    /// Answers the fetches that a change of this partition completes: new data for followers, a
    /// higher watermark for consumers.
    pub(super) fn complete_fetches(&mut self, ctx: &mut Ctx<'_>, disk: &Disk, id: &TopicPartition) {
        self.wake_sessions(id);
        for waiting in self.waiting_for(id) {
            let Some(fetch) = self.fetch_purgatory.get(waiting) else { continue };
            if self.has_news(disk, fetch, id) {
                self.answer_parked(ctx, disk, waiting);
            }
        }
    }

    /// Fetches that wait for a partition, oldest first.
    fn waiting_for(&self, id: &TopicPartition) -> Vec<u64> {
        let mut waiting = self.fetch_purgatory.watching(id);
        let sessions = self.fetch_sessions.of(id);
        let parked = |session| self.fetch_sessions.get(session).and_then(|session| session.parked);
        waiting.extend(sessions.into_iter().filter_map(parked));
        waiting.sort_unstable();
        waiting
    }

    /// Answers the fetches of a partition that this broker no longer leads.
    pub(super) fn fail_fetches(&mut self, ctx: &mut Ctx<'_>, id: &TopicPartition) {
        let disk = Disk::default();
        for waiting in self.waiting_for(id) {
            let Some(fetch) = self.take_parked(waiting) else { continue };
            let asks = self.asks(&fetch);
            let failed = |ask: &Ask| match ask.id == *id {
                true => Piece::failed(ResponseError::NotLeaderOrFollower),
                false => self.partitions.get(&ask.id).map_or_else(
                    || self.missing(&ask.id),
                    |partition| read(&disk, partition, ask, fetch.follower, 0, false),
                ),
            };
            let pieces = asks.iter().map(failed).collect();
            self.answer(ctx, &fetch, &asks, pieces);
        }
    }

    fn take_parked(&mut self, id: u64) -> Option<ParkedFetch> {
        let fetch = self.fetch_purgatory.take(id)?;
        let session = fetch.session().and_then(|session| self.fetch_sessions.get_mut(session));
        if let Some(session) = session {
            session.parked = session.parked.filter(|parked| *parked != id);
        }
        Some(fetch)
    }

    /// The timer of the fetch purgatory fired.
    pub(super) fn fetch_waited(&mut self, ctx: &mut Ctx<'_>, disk: &Disk) {
        for id in self.fetch_purgatory.expired(ctx.now) {
            if let Some(asked) = self.fetch_purgatory.get(id).and_then(|fetch| fetch.asked) {
                ctx.set_cause(asked);
            }
            self.answer_parked(ctx, disk, id);
        }
        let armed = self.fetch_purgatory.arm();
        arm(ctx, armed);
    }

    fn answer_parked(&mut self, ctx: &mut Ctx<'_>, disk: &Disk, id: u64) {
        if let Some(fetch) = self.take_parked(id) {
            let asks = self.asks(&fetch);
            let pieces = self.read_all(disk, &fetch, &asks);
            self.answer(ctx, &fetch, &asks, pieces);
        }
    }

    /// Whether a parked fetch can be answered, seen from the partition that changed.
    fn has_news(&self, disk: &Disk, fetch: &ParkedFetch, id: &TopicPartition) -> bool {
        let news = |ask: &Ask| {
            self.partitions.get(id).is_none_or(|partition| {
                check_epoch(partition, ask.leader_epoch).is_err()
                    || upper_bound(partition, fetch.follower) > ask.offset
            })
        };
        let changed = match &fetch.scope {
            Scope::Listed(asks) => asks.iter().filter(|ask| ask.id == *id).any(news),
            Scope::Opened(session) | Scope::Session(session) => self
                .fetch_sessions
                .get(*session)
                .and_then(|session| session.ask(id))
                .is_some_and(news),
        };
        if !changed || fetch.min_bytes <= 1 {
            return changed;
        }
        let pieces = self.read_all(disk, fetch, &self.asks(fetch));
        pieces.iter().map(|piece| piece.records.len() as u64).sum::<u64>() >= fetch.min_bytes
    }

    /// Sends the answer; within a session only what is news to the fetcher
    /// (`CachedPartition.maybeUpdateResponseData`).
    fn answer(&mut self, ctx: &mut Ctx<'_>, fetch: &ParkedFetch, asks: &[Ask], pieces: Vec<Piece>) {
        let mut responses: Vec<FetchableTopicResponse> = Vec::new();
        let number = fetch.session().unwrap_or(0);
        for (ask, piece) in asks.iter().zip(pieces) {
            if let Some(session) = self.fetch_sessions.get_mut(number) {
                let has_records = !piece.records.is_empty();
                let told = piece.told();
                let quiet = told == Some(session.told(&ask.id))
                    && !has_records
                    && piece.diverging.is_none()
                    && matches!(fetch.scope, Scope::Session(_));
                session.answered(&ask.id, told, has_records);
                if quiet {
                    continue;
                }
            }
            let data = piece.data(ask.id.partition);
            match responses.last_mut() {
                Some(topic) if topic.topic == ask.wire_name => topic.partitions.push(data),
                _ => responses.push(
                    FetchableTopicResponse::default()
                        .with_topic(ask.wire_name.clone())
                        .with_partitions(vec![data]),
                ),
            }
        }
        let response = FetchResponse::default().with_session_id(number).with_responses(responses);
        ctx.send(fetch.caller.node, fetch.caller.answer(Response::Fetch(response)));
    }

    /// Takes in a request: what it asks, and its session's part.
    fn parse(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &FetchRequest,
    ) -> Result<ParkedFetch, ResponseError> {
        let replica = request.replica_id.0.max(request.replica_state.replica_id.0);
        let follower = (replica >= 0).then_some(BrokerId(replica));
        let asks = listed(request);
        let session = (request.session_id, request.session_epoch);
        let random = if session.1 == 0 { ctx.random_u64(Stream::Broker) } else { 0 };
        let context = self.fetch_sessions.context(
            session,
            follower,
            &asks,
            &forgotten(request),
            (ctx.now, random),
        )?;
        let scope = match context {
            Context::Sessionless => Scope::Listed(asks),
            Context::Full(id) => Scope::Opened(id),
            Context::Incremental(id) => Scope::Session(id),
        };
        Ok(ParkedFetch {
            caller,
            asked: ctx.timer_cause(),
            follower,
            min_bytes: u64::try_from(request.min_bytes).unwrap_or(0),
            max_bytes: u64::try_from(request.max_bytes).unwrap_or(0),
            scope,
        })
    }
}

impl ParkedFetch {
    fn session(&self) -> Option<i32> {
        match self.scope {
            Scope::Listed(_) => None,
            Scope::Opened(id) | Scope::Session(id) => Some(id),
        }
    }
}

impl Piece {
    /// What it tells besides records; an error tells nothing.
    fn told(&self) -> Option<Told> {
        let told = Told { high_watermark: self.high_watermark, log_start: self.log_start };
        (self.error == 0).then_some(told)
    }

    fn data(self, partition: PartitionId) -> PartitionData {
        let data = PartitionData::default()
            .with_partition_index(partition.0)
            .with_error_code(self.error)
            .with_high_watermark(self.high_watermark.0)
            .with_last_stable_offset(self.high_watermark.0)
            .with_log_start_offset(self.log_start.0)
            .with_records(Some(self.records));
        match self.diverging {
            Some((epoch, end)) => data.with_diverging_epoch(
                EpochEndOffset::default().with_epoch(epoch.0).with_end_offset(end.0),
            ),
            None => data,
        }
    }

    fn failed(error: ResponseError) -> Piece {
        Piece {
            error: error.code(),
            high_watermark: Offset::NONE,
            log_start: Offset::NONE,
            diverging: None,
            records: Bytes::new(),
        }
    }
}

fn listed(request: &FetchRequest) -> Vec<Ask> {
    let asks = request.topics.iter().flat_map(|topic| {
        let name = TopicName::new(&topic.topic.0);
        topic.partitions.iter().map(move |p| Ask {
            wire_name: topic.topic.clone(),
            id: TopicPartition::new(&name, PartitionId(p.partition)),
            offset: Offset(p.fetch_offset),
            leader_epoch: LeaderEpoch(p.current_leader_epoch),
            last_fetched_epoch: LeaderEpoch(p.last_fetched_epoch),
            max_bytes: u64::try_from(p.partition_max_bytes).unwrap_or(0),
        })
    });
    asks.collect()
}

fn forgotten(request: &FetchRequest) -> Vec<TopicPartition> {
    let topics = request.forgotten_topics_data.iter();
    let ids = topics.flat_map(|topic| {
        let name = TopicName::new(&topic.topic.0);
        topic.partitions.iter().map(move |id| TopicPartition::new(&name, PartitionId(*id)))
    });
    ids.collect()
}

/// Older reigns are fenced, newer ones are news to this broker; −1 is not checked.
pub(super) fn check_epoch(partition: &Partition, asked: LeaderEpoch) -> Result<(), ResponseError> {
    let known = partition.leader_epoch();
    if asked != LeaderEpoch::NONE && asked < known {
        return Err(ResponseError::FencedLeaderEpoch);
    }
    if asked > known {
        return Err(ResponseError::UnknownLeaderEpoch);
    }
    match partition.leading() {
        Some(_) => Ok(()),
        None => Err(ResponseError::NotLeaderOrFollower),
    }
}

/// First offset that the reader may not see: the log's end for followers, the high watermark for
/// consumers.
fn upper_bound(partition: &Partition, follower: Option<BrokerId>) -> Offset {
    match follower {
        Some(_) => partition.log.log_end_offset(),
        None => partition.high_watermark,
    }
}

fn read(
    disk: &Disk,
    partition: &Partition,
    ask: &Ask,
    follower: Option<BrokerId>,
    left: u64,
    first: bool,
) -> Piece {
    if let Err(error) = check_epoch(partition, ask.leader_epoch) {
        return Piece::failed(error);
    }
    let log = &partition.log;
    let mut piece = Piece {
        error: 0,
        high_watermark: partition.high_watermark,
        log_start: log.log_start_offset(),
        diverging: None,
        records: Bytes::new(),
    };
    match truncation::divergence(log, ask.last_fetched_epoch, ask.offset) {
        Ok(Some(diverging)) => {
            piece.diverging = Some(diverging);
            return piece;
        }
        Ok(None) => {}
        Err(truncation::UnknownEpoch) => return Piece::failed(ResponseError::OffsetOutOfRange),
    }
    if ask.offset > log.log_end_offset() || ask.offset < log.log_start_offset() {
        return Piece::failed(ResponseError::OffsetOutOfRange);
    }
    let upper = upper_bound(partition, follower);
    let most = ask.max_bytes.min(left);
    if ask.offset < upper && (most > 0 || first) {
        match log.read(disk, ask.offset, most, upper, first) {
            Ok(records) => piece.records = records,
            Err(_) => return Piece::failed(ResponseError::OffsetOutOfRange),
        }
    }
    piece
}

fn arm(ctx: &mut Ctx<'_>, at: Option<Micros>) {
    if let Some(at) = at {
        let timer = Timer { purpose: TimerPurpose::FetchWait, tag: 0 };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(at.since(ctx.now), timer, cause);
    }
}

/// The session is unknown or out of step: the fetcher opens a new one.
fn refuse(ctx: &mut Ctx<'_>, caller: Caller, error: ResponseError) {
    let response = FetchResponse::default().with_error_code(error.code());
    ctx.send(caller.node, caller.answer(Response::Fetch(response)));
}
