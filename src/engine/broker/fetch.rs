//! Fetch, leader's side: for followers up to the log's end, for consumers below the high watermark.
//!
//! A follower's fetch is also its acknowledgement. Data is read before the follower's progress is
//! taken in, so what this answer brings is acknowledged only by the next fetch, and the high watermark
//! in it is the one from before (`ReplicaManager.fetchMessages`, `DelayedFetch`). A fetch within a
//! session looks only at the partitions that may have news (`fetch_session`). Consumers of version 11
//! and later may read from followers (KIP-392).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{FetchRequest, TopicName as WireName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::engine::broker::fetch_answer::refuse;
use crate::engine::broker::fetch_read::{Piece, Reader, check_epoch, upper_bound};
use crate::engine::broker::fetch_session::{Ask, Context, FetchSession, Told};
use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{
    BrokerId, EventId, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::planted::{self, Bug};
use crate::engine::replication::truncation;
use crate::engine::time::Micros;

/// First version in which consumers may read from followers (KIP-392).
const FROM_FOLLOWERS: i16 = 11;
/// First version that reads batches of format v2 (KIP-98).
const FORMAT_V2: i16 = 4;
/// First version whose limits let a first batch pass (KIP-74).
const AT_LEAST_ONE: i16 = 3;
/// First version that names topics by id (KIP-516).
const TOPIC_IDS: i16 = 13;
/// `fetch.max.bytes` of the broker: most bytes of an answer, whatever is asked.
const FETCH_MAX_BYTES: u64 = 57_671_680;

/// A fetch that waits for data.
#[derive(Clone, Debug)]
pub struct ParkedFetch {
    pub(super) caller: Caller,
    /// The event of its arrival: the cause of an answer that no news brought.
    asked: Option<EventId>,
    pub(super) reader: Reader,
    min_bytes: u64,
    max_bytes: u64,
    pub(super) scope: Scope,
}

/// Which partitions a fetch is about.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// Those it lists.
    Listed(Vec<Ask>),
    /// Those it lists, which are a session from its answer on.
    Opening(Vec<Ask>),
    /// Those of a session: the ones with news are answered.
    Session(i32),
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
        let pieces = self.read_all(disk, fetch.reader, fetch.max_bytes, &asks);
        if let Some(follower) = fetch.reader.follower {
            self.acknowledge(ctx, disk, follower, &asks, &pieces);
        }
        if let Scope::Session(session) = fetch.scope {
            self.quieten(session, fetch.reader, &asks);
        }
        let wait = Micros::from_ms(i64::from(request.max_wait_ms));
        if wait == Micros::ZERO || self.is_empty(&fetch) || is_enough(&fetch, &pieces) {
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
            Scope::Listed(asks) | Scope::Opening(asks) => asks.clone(),
            Scope::Session(id) => {
                self.fetch_sessions.get(*id).map_or_else(Vec::new, FetchSession::asks)
            }
        }
    }

    /// Whether there is nothing that could bring news: no partition, or none that is known.
    fn is_empty(&self, fetch: &ParkedFetch) -> bool {
        match &fetch.scope {
            Scope::Listed(asks) | Scope::Opening(asks) => {
                asks.iter().all(|ask| ask.is_unresolved() || !self.exists(&ask.id))
            }
            Scope::Session(id) => self.fetch_sessions.get(*id).is_none_or(FetchSession::is_empty),
        }
    }

    fn exists(&self, id: &TopicPartition) -> bool {
        self.metadata.knows(id) || self.partitions.contains_key(id)
    }

    /// Lets go of the partitions of which later fetches of the session need not think: nothing to
    /// answer, and nothing that a fetch of its follower could change but the time.
    fn quieten(&mut self, session: i32, reader: Reader, asks: &[Ask]) {
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
                && check_epoch(partition, ask.leader_epoch, reader.leader_only).is_ok()
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

    /// The follower has everything before the offsets that it asks for, but where the logs part or
    /// the read failed (`Partition.fetchRecords`, `updateFollowerFetchState`).
    fn acknowledge(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        follower: BrokerId,
        asks: &[Ask],
        pieces: &[Piece],
    ) {
        for (ask, piece) in asks.iter().zip(pieces) {
            let parted = piece.diverging.is_some() && !planted::has(Bug::DivergedFetchCounts);
            if piece.error != 0 || parted {
                continue;
            }
            let Some(partition) = self.partitions.get_mut(&ask.id) else { continue };
            let leo = partition.log.log_end_offset();
            partition.follower_fetched(follower, ask.offset, ctx.now);
            self.follower_starts_at(ctx, &ask.id, follower, ask.log_start);
            let Some(partition) = self.partitions.get(&ask.id) else { continue };
            if ask.offset != leo {
                self.unsettled.insert(ask.id.clone());
            } else if partition.is_settled() {
                self.unsettled.remove(&ask.id);
            }
            self.maybe_expand(ctx, &ask.id, follower);
            self.advance_leader_watermark(ctx, disk, &ask.id);
        }
    }

    /// Answers the fetches that a change of this partition completes: new data for followers, a
    /// higher watermark for consumers, another reign or the loss of its leadership for all.
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
            let pieces = self.read_all(disk, fetch.reader, fetch.max_bytes, &asks);
            self.answer(ctx, &fetch, &asks, pieces);
        }
    }

    /// Whether a parked fetch can be answered, seen from the partition that changed
    /// (`DelayedFetch.tryComplete`): it can be read no longer, its end was cut off below the fetch,
    /// or there is data.
    fn has_news(&self, disk: &Disk, fetch: &ParkedFetch, id: &TopicPartition) -> bool {
        let news = |ask: &Ask| {
            self.partitions.get(id).is_none_or(|partition| {
                check_epoch(partition, ask.leader_epoch, fetch.reader.leader_only).is_err()
                    || upper_bound(partition, fetch.reader.follower) != ask.offset
            })
        };
        let changed = match &fetch.scope {
            Scope::Listed(asks) | Scope::Opening(asks) => {
                asks.iter().filter(|ask| ask.id == *id).any(news)
            }
            Scope::Session(session) => self
                .fetch_sessions
                .get(*session)
                .and_then(|session| session.ask(id))
                .is_some_and(news),
        };
        if !changed {
            return false;
        }
        let asks = self.asks(fetch);
        is_enough(fetch, &self.read_all(disk, fetch.reader, fetch.max_bytes, &asks))
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
        let reader = Reader {
            follower,
            leader_only: follower.is_some() || caller.version < FROM_FOLLOWERS,
            is_old: caller.version < FORMAT_V2,
            at_least_one: caller.version >= AT_LEAST_ONE,
        };
        let by_id = caller.version >= TOPIC_IDS;
        let asks = self.listed(request, by_id);
        let forgotten = self.forgotten_by(request, by_id);
        let session = (request.session_id, request.session_epoch);
        let context = self.fetch_sessions.context(session, by_id, &asks, &forgotten, ctx.now)?;
        let scope = match context {
            Context::Sessionless => Scope::Listed(asks),
            Context::Full => Scope::Opening(asks),
            Context::Incremental(id) => {
                self.resolve_names(id);
                Scope::Session(id)
            }
        };
        let max_bytes = u64::try_from(request.max_bytes).unwrap_or(0).min(FETCH_MAX_BYTES);
        Ok(ParkedFetch {
            caller,
            asked: ctx.timer_cause(),
            reader,
            min_bytes: u64::try_from(request.min_bytes).unwrap_or(0).min(max_bytes),
            max_bytes,
            scope,
        })
    }

    /// A topic as a fetch names it: by name, or by an id that the metadata may not have.
    fn named(&self, name: &WireName, id: Uuid, by_id: bool) -> (WireName, TopicName) {
        if !by_id {
            return (name.clone(), TopicName::new(&name.0));
        }
        match self.metadata.name_of(id) {
            Some(name) => (WireName(StrBytes::from_string(name.as_str().to_owned())), name.clone()),
            None => (WireName::default(), Ask::unresolved(id)),
        }
    }

    fn listed(&self, request: &FetchRequest, by_id: bool) -> Vec<Ask> {
        let asks = request.topics.iter().flat_map(|topic| {
            let (wire_name, name) = self.named(&topic.topic, topic.topic_id, by_id);
            topic.partitions.iter().map(move |p| Ask {
                wire_name: wire_name.clone(),
                topic_id: topic.topic_id,
                id: TopicPartition::new(&name, PartitionId(p.partition)),
                offset: Offset(p.fetch_offset),
                log_start: Offset(p.log_start_offset),
                leader_epoch: LeaderEpoch(p.current_leader_epoch),
                last_fetched_epoch: LeaderEpoch(p.last_fetched_epoch),
                max_bytes: u64::try_from(p.partition_max_bytes).unwrap_or(0),
            })
        });
        asks.collect()
    }

    fn forgotten_by(&self, request: &FetchRequest, by_id: bool) -> Vec<TopicPartition> {
        let topics = request.forgotten_topics_data.iter();
        let ids = topics.flat_map(|topic| {
            let (_, name) = self.named(&topic.topic, topic.topic_id, by_id);
            topic.partitions.iter().map(move |id| TopicPartition::new(&name, PartitionId(*id)))
        });
        ids.collect()
    }

    /// Names that a session's topics got since they were asked for by id
    /// (`CachedPartition.maybeResolveUnknownName`).
    fn resolve_names(&mut self, session: i32) {
        for (id, uuid) in self.fetch_sessions.unresolved(session) {
            if let Some(name) = self.metadata.name_of(uuid) {
                let wire_name = WireName(StrBytes::from_string(name.as_str().to_owned()));
                let named = TopicPartition::new(name, id.partition);
                self.fetch_sessions.rename(session, &id, &named, &wire_name);
            }
        }
    }
}

impl ParkedFetch {
    fn session(&self) -> Option<i32> {
        match self.scope {
            Scope::Listed(_) | Scope::Opening(_) => None,
            Scope::Session(id) => Some(id),
        }
    }
}

/// Whether a fetch need not wait for more: enough bytes, an error, or logs that part.
fn is_enough(fetch: &ParkedFetch, pieces: &[Piece]) -> bool {
    let bytes: u64 = pieces.iter().map(Piece::size).sum();
    let urgent = |piece: &Piece| (piece.error != 0 && !piece.unknown) || piece.diverging.is_some();
    bytes >= fetch.min_bytes || pieces.iter().any(urgent)
}

fn arm(ctx: &mut Ctx<'_>, at: Option<Micros>) {
    if let Some(at) = at {
        let timer = Timer { purpose: TimerPurpose::FetchWait, tag: 0 };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(at.since(ctx.now), timer, cause);
    }
}
