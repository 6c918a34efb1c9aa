//! A follower's fetcher: one per leader broker, one request in flight (`ReplicaFetcherThread`).
//!
//! It keeps what was asked, so that an answer which no longer fits (the partition moved on meanwhile)
//! is not applied; and, for its fetch session (KIP-227, `FetchSessionHandler`), which partitions must be
//! looked at before the next request. What is not among them is in the session as it should be.

use crate::engine::persistent::{OrdMap, OrdSet};

use crate::engine::ids::{CorrelationId, LeaderEpoch, Offset, TopicPartition};
use crate::engine::time::Micros;

/// Copies from one leader broker.
#[derive(Clone, Debug, Default)]
pub struct Fetcher {
    /// Partitions copied.
    partitions: OrdMap<TopicPartition, Followed>,
    /// Those that rest, by the end of their rest.
    resting: OrdSet<(Micros, TopicPartition)>,
    /// Those of which the session may have to be told.
    touched: OrdSet<TopicPartition>,
    /// What the leader's session has: the request for each partition as sent last.
    told: OrdMap<TopicPartition, Position>,
    /// Number and next epoch of the session; zeros open one.
    session: (i32, i32),
    /// The request that waits for an answer.
    pub in_flight: Option<InFlight>,
    /// When the fetcher looks again because everything rests; one timer at a time.
    pub retry_at: Option<Micros>,
    /// Whether the timer that watches for an answer is set; one at a time.
    pub timeout_armed: bool,
}

/// Whether a partition may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Followed {
    /// Now.
    Awake,
    /// Not before this time (`replica.fetch.backoff.ms` after an error).
    RestsUntil(Micros),
}

/// What a fetch asks of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The follower's log end.
    pub offset: Offset,
    /// The reign that it knows.
    pub leader_epoch: LeaderEpoch,
    /// The reign of its last record.
    pub last_epoch: LeaderEpoch,
    /// Where its log starts.
    pub log_start: Offset,
}

/// A request without an answer yet.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// Its number.
    pub correlation: CorrelationId,
    /// When it was sent.
    pub sent_at: Micros,
}

/// What the next request says.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Number and epoch of the session.
    pub session: (i32, i32),
    /// Partitions asked anew.
    pub listed: Vec<(TopicPartition, Position)>,
    /// Partitions that leave the session.
    pub forgotten: Vec<TopicPartition>,
}

impl Fetcher {
    /// Whether a partition is copied from this leader.
    #[must_use]
    pub fn follows(&self, id: &TopicPartition) -> bool {
        self.partitions.contains_key(id)
    }

    /// Copies a partition from now on, or goes on with it at once.
    pub fn follow(&mut self, id: TopicPartition) {
        if self.partitions.get(&id) != Some(&Followed::Awake) {
            self.set(id.clone(), Followed::Awake);
        }
        self.touched.insert(id);
    }

    /// Lets a partition rest.
    pub fn rest(&mut self, id: &TopicPartition, until: Micros) {
        self.set(id.clone(), Followed::RestsUntil(until));
        self.resting.insert((until, id.clone()));
        self.touched.insert(id.clone());
    }

    /// Copies a partition no longer.
    pub fn stop(&mut self, id: &TopicPartition) {
        if let Some(before) = self.partitions.remove(id) {
            self.no_longer(id, before);
            self.touched.insert(id.clone());
        }
    }

    fn set(&mut self, id: TopicPartition, now: Followed) {
        if let Some(before) = self.partitions.insert(id.clone(), now) {
            self.no_longer(&id, before);
        }
    }

    fn no_longer(&mut self, id: &TopicPartition, before: Followed) {
        if let Followed::RestsUntil(until) = before {
            self.resting.remove(&(until, id.clone()));
        }
    }

    /// Goes on with those whose rest is over. Returns whether anything may be fetched.
    pub fn wake(&mut self, now: Micros) -> bool {
        while let Some((_, id)) = self.resting.first().filter(|(until, _)| *until <= now) {
            self.follow(id.clone());
        }
        self.partitions.len() > self.resting.len()
    }

    /// When the first resting partition may be fetched.
    #[must_use]
    pub fn next_ready(&self) -> Option<Micros> {
        self.resting.first().map(|(until, _)| *until)
    }

    /// The next request, given where each partition stands.
    pub fn plan(&mut self, position: impl Fn(&TopicPartition) -> Option<Position>) -> Plan {
        let mut plan = Plan { session: self.session, ..Plan::default() };
        let is_full = self.session.1 == 0;
        if is_full {
            self.told = OrdMap::new();
            self.touched = self.partitions.keys().cloned().collect();
        }
        for id in std::mem::take(&mut self.touched).iter() {
            let awake = self.partitions.get(id) == Some(&Followed::Awake);
            match position(id).filter(|_| awake) {
                Some(position) if self.told.get(id) != Some(&position) => {
                    self.told.insert(id.clone(), position);
                    plan.listed.push((id.clone(), position));
                }
                Some(_) => {}
                None => {
                    if self.told.remove(id).is_some() {
                        plan.forgotten.push(id.clone());
                    }
                }
            }
        }
        plan
    }

    /// What was asked last of a partition.
    #[must_use]
    pub fn asked(&self, id: &TopicPartition) -> Option<Position> {
        self.told.get(id).copied()
    }

    /// An answer without an error came: the session that the next request goes on with. Number 0
    /// means that the leader keeps none.
    pub fn answered(&mut self, session: i32) {
        self.session = match (session, self.session.1) {
            (0, _) => (0, 0),
            (id, epoch) => (id, epoch.checked_add(1).unwrap_or(1)),
        };
    }

    /// The session is lost: the next request opens a new one.
    pub fn new_session(&mut self) {
        self.session = (0, 0);
    }

    /// The connection broke: everything rests, in a session to come.
    pub fn disconnected(&mut self, until: Micros) {
        self.in_flight = None;
        self.new_session();
        let all: Vec<TopicPartition> = self.partitions.keys().cloned().collect();
        for id in all {
            self.rest(&id, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::{PartitionId, TopicName};

    fn id(partition: i32) -> TopicPartition {
        TopicPartition::new(&TopicName::new("t"), PartitionId(partition))
    }

    fn at(offset: i64) -> Option<Position> {
        let (leader_epoch, last_epoch) = (LeaderEpoch(0), LeaderEpoch(0));
        Some(Position { offset: Offset(offset), leader_epoch, last_epoch, log_start: Offset(0) })
    }

    /// A fetcher of two partitions whose session is open.
    fn fetcher() -> Fetcher {
        let mut fetcher = Fetcher::default();
        fetcher.follow(id(0));
        fetcher.follow(id(1));
        let plan = fetcher.plan(|_| at(0));
        assert_eq!((plan.session, plan.listed.len()), ((0, 0), 2));
        fetcher.answered(7);
        fetcher
    }

    #[test]
    fn a_session_is_told_only_what_changed() {
        let mut fetcher = fetcher();
        let plan = fetcher.plan(|_| at(0));
        assert_eq!((plan.session, plan.listed.len()), ((7, 1), 0));
        fetcher.answered(7);
        fetcher.follow(id(0));
        fetcher.follow(id(1));
        let plan = fetcher.plan(|id| at(i64::from(id.partition.0)));
        let listed: Vec<_> = plan.listed.into_iter().map(|(id, _)| id).collect();
        assert_eq!((plan.session, listed), ((7, 2), vec![id(1)]));
    }

    #[test]
    fn what_rests_or_stops_leaves_the_session_and_comes_back() {
        let mut fetcher = fetcher();
        fetcher.rest(&id(0), Micros(10));
        fetcher.stop(&id(1));
        assert_eq!(fetcher.plan(|_| at(0)).forgotten, [id(0), id(1)]);
        assert!(!fetcher.wake(Micros(9)));
        assert!(fetcher.wake(Micros(10)));
        assert_eq!(fetcher.plan(|_| at(0)).listed.len(), 1);
    }

    #[test]
    fn a_lost_session_is_opened_anew_with_everything() {
        let mut fetcher = fetcher();
        fetcher.new_session();
        let plan = fetcher.plan(|_| at(0));
        assert_eq!((plan.session, plan.listed.len()), ((0, 0), 2));
    }

    #[test]
    fn a_leader_that_keeps_no_session_is_told_everything_each_time() {
        let mut fetcher = fetcher();
        fetcher.new_session();
        fetcher.plan(|_| at(0));
        fetcher.answered(0);
        assert_eq!(fetcher.plan(|_| at(0)).listed.len(), 2);
    }
}
