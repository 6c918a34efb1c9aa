//! Incremental fetch sessions, leader's side (KIP-227; `FetchSession`, `FetchSessionCache`).
//!
//! A fetcher tells once what it wants and then only what changed; the answers bring only what has
//! news. Kafka looks at every partition of the session on every fetch. Here a session keeps the set of
//! its partitions that may have news, and a fetch costs as much as that set is large.
//!
//! What always holds: a partition that is *quiet*, outside that set, has nothing to answer, and its
//! follower, in the ISR, stands at the end of a log that is committed to its end. All that a fetch
//! would change for it is the time when the follower was last caught up; that is made good when the
//! partition stops being quiet ([`FetchSession::last_fetch`]).

use std::collections::BTreeMap;

use crate::engine::persistent::{OrdMap, OrdSet};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::TopicName as WireName;
use uuid::Uuid;

use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, TopicName, TopicPartition};
use crate::engine::time::Micros;

/// Shards of the cache (`KafkaBroker.NumFetchSessionCacheShards`): a new session goes to each in turn.
const SHARDS: i32 = 8;
/// Sessions of one shard: an eighth of `max.incremental.fetch.session.cache.slots`.
const SLOTS: u32 = 1_000 / SHARDS.unsigned_abs();
/// Numbers of one shard's sessions: from its index times this, below the next one's.
const RANGE: i32 = i32::MAX / SHARDS;
/// Age and idle time from which a session gives way (`MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`).
const EVICTION: Micros = Micros(120_000_000);
/// Epoch that opens a session; with a session's number, in its place (`FetchMetadata.INITIAL_EPOCH`).
const INITIAL_EPOCH: i32 = 0;
/// Epoch of a fetch that wants no session (`FetchMetadata.FINAL_EPOCH`).
const FINAL_EPOCH: i32 = -1;

/// One partition of a fetch.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The topic's name as messages carry it.
    pub wire_name: WireName,
    /// The topic's id, when the fetch names topics by id.
    pub topic_id: Uuid,
    /// Which.
    pub id: TopicPartition,
    /// From where.
    pub offset: Offset,
    /// Where the fetcher's own log starts; −1 for a consumer.
    pub log_start: Offset,
    /// The reign that the fetcher knows.
    pub leader_epoch: LeaderEpoch,
    /// The reign of the last record that it has.
    pub last_fetched_epoch: LeaderEpoch,
    /// `partition_max_bytes`.
    pub max_bytes: u64,
}

/// How the name of a topic begins of which only the id is known: no topic's name can.
const UNRESOLVED: char = '?';

impl Ask {
    /// Stands for the name of a topic of which only the id is known.
    #[must_use]
    pub fn unresolved(id: Uuid) -> TopicName {
        TopicName::new(&format!("{UNRESOLVED}{id}"))
    }

    /// Whether only the topic's id is known.
    #[must_use]
    pub fn is_unresolved(&self) -> bool {
        self.id.topic.as_str().starts_with(UNRESOLVED)
    }
}

/// One partition of a session (`CachedPartition`).
#[derive(Clone, Debug)]
struct Cached {
    ask: Ask,
    /// High watermark and log start of the last answer.
    told: Told,
    /// Its place among those that may have news.
    place: Option<u64>,
}

/// What an answer tells of a partition besides records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// High watermark.
    pub high_watermark: Offset,
    /// Log start offset.
    pub log_start: Offset,
}

const NOTHING: Told = Told { high_watermark: Offset::NONE, log_start: Offset::NONE };

/// What one fetcher wants.
#[derive(Clone, Debug)]
pub struct FetchSession {
    /// The follower that fetches; `None` for consumers.
    pub follower: Option<BrokerId>,
    /// When its last fetch came: until then a quiet follower counts as caught up.
    pub last_fetch: Micros,
    /// Its fetch that waits for data.
    pub parked: Option<u64>,
    created: Micros,
    /// Whether its fetches name topics by id.
    by_id: bool,
    /// The epoch that its next fetch must carry.
    epoch: i32,
    partitions: OrdMap<TopicPartition, Cached>,
    /// Partitions that may have news. Those that got records go to the end, so that none starves.
    news: OrdMap<u64, TopicPartition>,
    next_place: u64,
}

impl FetchSession {
    fn new(follower: Option<BrokerId>, by_id: bool, now: Micros) -> FetchSession {
        FetchSession {
            follower,
            last_fetch: now,
            parked: None,
            created: now,
            by_id,
            epoch: 1,
            partitions: OrdMap::new(),
            news: OrdMap::new(),
            next_place: 0,
        }
    }

    /// Whether it has no partitions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// What may have news, in the order of answering.
    #[must_use]
    pub fn asks(&self) -> Vec<Ask> {
        self.news.values().filter_map(|id| self.ask(id)).cloned().collect()
    }

    /// What is asked of one partition.
    #[must_use]
    pub fn ask(&self, id: &TopicPartition) -> Option<&Ask> {
        self.partitions.get(id).map(|cached| &cached.ask)
    }

    /// What the last answer told of a partition.
    #[must_use]
    pub fn told(&self, id: &TopicPartition) -> Told {
        self.partitions.get(id).map_or(NOTHING, |cached| cached.told)
    }

    /// A partition may have news. Returns true when it was quiet until now.
    pub fn mark(&mut self, id: &TopicPartition) -> bool {
        match self.partitions.get(id) {
            Some(cached) if cached.place.is_none() => {}
            _ => return false,
        }
        self.move_to_end(id);
        true
    }

    /// The partition has no news until it is marked again.
    pub fn quiet(&mut self, id: &TopicPartition) {
        if let Some(place) = self.partitions.get_mut(id).and_then(|cached| cached.place.take()) {
            self.news.remove(&place);
        }
    }

    /// An answer tells this of a partition; an error makes the answer after it tell all again. With
    /// records it goes behind the others.
    pub fn answered(&mut self, id: &TopicPartition, told: Option<Told>, has_records: bool) {
        let told = told.unwrap_or(NOTHING);
        if self.told(id) != told
            && let Some(cached) = self.partitions.get_mut(id)
        {
            cached.told = told;
        }
        if has_records {
            self.move_to_end(id);
        }
    }

    fn move_to_end(&mut self, id: &TopicPartition) {
        let Some(cached) = self.partitions.get_mut(id) else { return };
        let place = self.next_place;
        self.next_place += 1;
        if let Some(before) = cached.place.replace(place) {
            self.news.remove(&before);
        }
        self.news.insert(place, id.clone());
    }

    /// Takes in what a fetch asks anew. Another reign is told everything again.
    fn update(&mut self, ask: Ask) {
        let id = ask.id.clone();
        match self.partitions.get_mut(&id) {
            Some(cached) => {
                if cached.ask.leader_epoch != ask.leader_epoch {
                    cached.told = NOTHING;
                }
                cached.ask = ask;
            }
            None => {
                self.partitions.insert(id.clone(), Cached { ask, told: NOTHING, place: None });
            }
        }
        self.mark(&id);
    }

    fn forget(&mut self, id: &TopicPartition) {
        self.quiet(id);
        self.partitions.remove(id);
    }

    /// How readily it gives way, least first (`EvictableKey`).
    fn weight(&self, id: i32) -> (bool, usize, i32) {
        (self.follower.is_some(), self.partitions.len(), id)
    }
}

/// The sessions of one broker.
#[derive(Clone, Debug, Default)]
pub struct FetchSessions {
    sessions: BTreeMap<i32, FetchSession>,
    /// Which sessions a partition belongs to.
    members: OrdSet<(TopicPartition, i32)>,
    /// The shard that the next new session goes to.
    next_shard: i32,
}

/// What a fetch is, seen from sessions (`FetchManager.newContext`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// It wants no session: everything is listed and answered.
    Sessionless,
    /// It wants one from its answer on: everything is listed and answered.
    Full,
    /// It goes on with this session.
    Incremental(i32),
}

impl FetchSessions {
    /// Takes in a fetch's session part (`FetchManager.newContext`). `by_id`: it names topics by id.
    ///
    /// # Errors
    /// FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, or FETCH_SESSION_TOPIC_ID_ERROR.
    pub fn context(
        &mut self,
        (id, epoch): (i32, i32),
        by_id: bool,
        asks: &[Ask],
        forgotten: &[TopicPartition],
        now: Micros,
    ) -> Result<Context, ResponseError> {
        if epoch == FINAL_EPOCH || epoch == INITIAL_EPOCH {
            self.remove(id);
            return Ok(if epoch == FINAL_EPOCH { Context::Sessionless } else { Context::Full });
        }
        let session = self.sessions.get(&id).ok_or(ResponseError::FetchSessionIdNotFound)?;
        if session.epoch != epoch {
            return Err(ResponseError::InvalidFetchSessionEpoch);
        }
        if session.by_id != by_id {
            return Err(ResponseError::FetchSessionTopicIdError);
        }
        self.take_in(id, asks, forgotten);
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(Context::Sessionless) };
        if session.is_empty() {
            self.remove(id);
            return Ok(Context::Sessionless);
        }
        session.epoch = epoch.checked_add(1).unwrap_or(1);
        session.last_fetch = now;
        Ok(Context::Incremental(id))
    }

    /// Opens a session of these partitions, of each of which its answer tells so much: `random`
    /// numbers it. `None`: there is no room (`FetchSessionCacheShard.maybeCreateSession`).
    pub fn open(
        &mut self,
        follower: Option<BrokerId>,
        asks: &[Ask],
        told: &[Option<Told>],
        (now, random): (Micros, u64),
    ) -> Option<i32> {
        let shard = self.next_shard;
        self.next_shard = (shard + 1) % SHARDS;
        if !self.has_room(shard, follower, asks, now) {
            return None;
        }
        let id = self.unused(shard, random);
        let by_id = asks.iter().any(|ask| ask.topic_id != Uuid::nil());
        self.sessions.insert(id, FetchSession::new(follower, by_id, now));
        self.take_in(id, asks, &[]);
        if let Some(session) = self.sessions.get_mut(&id) {
            for (ask, told) in asks.iter().zip(told) {
                session.answered(&ask.id, *told, false);
            }
        }
        Some(id)
    }

    /// Partitions of a session whose topics are known by id only, with that id.
    #[must_use]
    pub fn unresolved(&self, id: i32) -> Vec<(TopicPartition, Uuid)> {
        let session = self.sessions.get(&id).filter(|session| session.by_id);
        let cached = session.into_iter().flat_map(|session| session.partitions.values());
        let asks = cached.map(|cached| &cached.ask).filter(|ask| ask.is_unresolved());
        asks.map(|ask| (ask.id.clone(), ask.topic_id)).collect()
    }

    /// A topic that was known by id only has a name.
    pub fn rename(
        &mut self,
        session: i32,
        from: &TopicPartition,
        to: &TopicPartition,
        wire_name: &WireName,
    ) {
        let ask = self.sessions.get(&session).and_then(|session| session.ask(from)).cloned();
        if let Some(ask) = ask {
            let named = Ask { id: to.clone(), wire_name: wire_name.clone(), ..ask };
            self.take_in(session, &[named], std::slice::from_ref(from));
        }
    }

    /// A session.
    #[must_use]
    pub fn get(&self, id: i32) -> Option<&FetchSession> {
        self.sessions.get(&id)
    }

    /// A session.
    pub fn get_mut(&mut self, id: i32) -> Option<&mut FetchSession> {
        self.sessions.get_mut(&id)
    }

    /// The sessions that a partition belongs to.
    #[must_use]
    pub fn of(&self, id: &TopicPartition) -> Vec<i32> {
        let all = (id.clone(), i32::MIN)..=(id.clone(), i32::MAX);
        self.members.range(all).map(|(_, session)| *session).collect()
    }

    fn take_in(&mut self, id: i32, asks: &[Ask], forgotten: &[TopicPartition]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        for gone in forgotten {
            session.forget(gone);
            self.members.remove(&(gone.clone(), id));
        }
        for ask in asks {
            if session.ask(&ask.id).is_none() {
                self.members.insert((ask.id.clone(), id));
            }
            session.update(ask.clone());
        }
    }

    fn remove(&mut self, id: i32) {
        if let Some(session) = self.sessions.remove(&id) {
            for partition in session.partitions.keys() {
                self.members.remove(&(partition.clone(), id));
            }
        }
    }

    /// A number of this shard that no session has, from a random one on; never 0.
    fn unused(&self, shard: i32, random: u64) -> i32 {
        let (least, end) = ((shard * RANGE).max(1), (shard + 1) * RANGE);
        let span = u64::from((end - least).unsigned_abs());
        let start = least + i32::try_from(random % span).unwrap_or(0);
        let free = |id: &i32| !self.sessions.contains_key(id);
        (start..end).chain(least..start).find(free).unwrap_or(least)
    }

    /// Whether a new session finds room in its shard: a free slot, or that of one idle for long, or of
    /// one that is less worth keeping (`FetchSessionCacheShard.tryEvict`). Followers come before
    /// consumers, and those that are no longer young may be replaced by larger ones.
    fn has_room(
        &mut self,
        shard: i32,
        follower: Option<BrokerId>,
        asks: &[Ask],
        now: Micros,
    ) -> bool {
        let of_shard = || self.sessions.range(shard * RANGE..(shard + 1) * RANGE);
        if of_shard().count() < SLOTS as usize {
            return true;
        }
        let oldest = of_shard().min_by_key(|(id, session)| (session.last_fetch, **id));
        let Some((id, session)) = oldest else { return false };
        let mut gone = (now.since(session.last_fetch) > EVICTION).then_some(*id);
        if gone.is_none() {
            let weight = (follower.is_some(), asks.len(), 0);
            let yields = |session: &FetchSession| {
                session.last_fetch.since(session.created) > EVICTION
                    || (follower.is_some() && session.follower.is_none())
            };
            let candidates = of_shard().filter(|(_, session)| yields(session));
            let lightest = candidates.map(|(id, session)| session.weight(*id)).min();
            gone = lightest.filter(|lightest| weight >= *lightest).map(|(_, _, id)| id);
        }
        gone.map(|id| self.remove(id)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::PartitionId;

    fn ask(partition: i32) -> Ask {
        Ask {
            log_start: Offset(0),
            wire_name: WireName::default(),
            topic_id: Uuid::nil(),
            id: TopicPartition::new(&TopicName::new("t"), PartitionId(partition)),
            offset: Offset(0),
            leader_epoch: LeaderEpoch(0),
            last_fetched_epoch: LeaderEpoch::NONE,
            max_bytes: 1_000,
        }
    }

    const FOLLOWER: Option<BrokerId> = Some(BrokerId(2));

    fn open(
        sessions: &mut FetchSessions,
        follower: Option<BrokerId>,
        at: Micros,
        random: u64,
    ) -> Option<i32> {
        let asks = [ask(0), ask(1)];
        let wanted = sessions.context((0, 0), false, &asks, &[], at);
        assert_eq!(wanted, Ok(Context::Full));
        sessions.open(follower, &asks, &[None, None], (at, random))
    }

    #[test]
    fn epoch_0_opens_a_session_and_minus_1_wants_none() {
        let mut sessions = FetchSessions::default();
        assert_eq!(open(&mut sessions, FOLLOWER, Micros(0), 6), Some(7));
        let none = sessions.context((0, -1), false, &[ask(0)], &[], Micros(0));
        assert_eq!(none.ok(), Some(Context::Sessionless));
    }

    #[test]
    fn a_wrong_epoch_an_unknown_session_and_names_for_ids_are_errors() {
        let mut sessions = FetchSessions::default();
        open(&mut sessions, FOLLOWER, Micros(0), 6);
        let mut goes_on =
            |id, epoch, by_id| sessions.context((id, epoch), by_id, &[], &[], Micros(1));
        assert_eq!(goes_on(7, 2, false), Err(ResponseError::InvalidFetchSessionEpoch));
        assert_eq!(goes_on(8, 1, false), Err(ResponseError::FetchSessionIdNotFound));
        assert_eq!(goes_on(7, 1, true), Err(ResponseError::FetchSessionTopicIdError));
        assert_eq!(goes_on(7, 1, false), Ok(Context::Incremental(7)));
        assert_eq!(goes_on(7, 1, false), Err(ResponseError::InvalidFetchSessionEpoch));
        assert_eq!(goes_on(7, 2, false), Ok(Context::Incremental(7)));
    }

    #[test]
    fn a_forgotten_partition_belongs_to_the_session_no_more_and_without_any_it_ends() {
        let mut sessions = FetchSessions::default();
        open(&mut sessions, FOLLOWER, Micros(0), 6);
        let gone = [ask(1).id];
        sessions.context((7, 1), false, &[], &gone, Micros(1)).expect("it goes on");
        assert_eq!(sessions.of(&gone[0]), Vec::<i32>::new());
        assert_eq!(sessions.of(&ask(0).id), [7]);
        assert_eq!(sessions.get(7).map(|session| session.asks().len()), Some(1));
        let last = sessions.context((7, 2), false, &[], &[ask(0).id], Micros(2));
        assert_eq!(last, Ok(Context::Sessionless));
        assert!(sessions.get(7).is_none());
    }

    #[test]
    fn a_partition_that_got_records_goes_behind_the_others() {
        let mut sessions = FetchSessions::default();
        open(&mut sessions, FOLLOWER, Micros(0), 6);
        let session = sessions.get_mut(7).expect("it is open");
        session.answered(&ask(0).id, None, true);
        let order: Vec<_> = session.asks().iter().map(|ask| ask.id.partition.0).collect();
        assert_eq!(order, [1, 0]);
    }

    #[test]
    fn a_topic_known_by_id_gets_its_name_later() {
        let mut sessions = FetchSessions::default();
        let uuid = Uuid::from_u128(9);
        let unnamed = TopicPartition::new(&Ask::unresolved(uuid), PartitionId(0));
        let asks = [Ask { topic_id: uuid, id: unnamed.clone(), ..ask(0) }];
        let id = sessions.open(None, &asks, &[None], (Micros(0), 0)).expect("there is room");
        assert_eq!(sessions.unresolved(id), [(unnamed.clone(), uuid)]);
        sessions.rename(id, &unnamed, &ask(0).id, &WireName::default());
        assert_eq!(sessions.unresolved(id), []);
        assert_eq!(sessions.of(&ask(0).id), [id]);
    }

    #[test]
    fn sessions_go_to_each_shard_in_turn() {
        let mut sessions = FetchSessions::default();
        let shards: Vec<i32> = (0..9)
            .filter_map(|_| open(&mut sessions, None, Micros(0), 0))
            .map(|id| id / RANGE)
            .collect();
        assert_eq!(shards, [0, 1, 2, 3, 4, 5, 6, 7, 0]);
    }

    #[test]
    fn in_a_full_cache_a_follower_takes_the_slot_of_a_consumer_and_a_consumer_waits() {
        let mut sessions = FetchSessions::default();
        for _ in 0..SLOTS * SHARDS.unsigned_abs() {
            assert_ne!(open(&mut sessions, None, Micros(0), 0), None);
        }
        let soon = Micros::from_secs(1);
        assert_eq!(open(&mut sessions, None, soon, 5_000), None);
        assert_eq!(open(&mut sessions, FOLLOWER, soon, 5_000), Some(RANGE + 5_000));
        let late = Micros(EVICTION.0 + 1);
        assert_eq!(open(&mut sessions, None, late, 6_000), Some(2 * RANGE + 6_000));
        assert!(sessions.get(2 * RANGE).is_none());
    }
}
