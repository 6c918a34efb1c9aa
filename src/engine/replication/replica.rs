//! What a leader knows of one follower (Kafka's `Replica`, `ReplicaState`).

use crate::engine::ids::Offset;
use crate::engine::time::Micros;

/// Progress of one follower, as its fetches told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its log end offset: the offset of its last fetch. −1 while unknown.
    pub log_end_offset: Offset,
    /// Where its log starts, as its last fetch told. −1 while unknown.
    pub log_start_offset: Offset,
    /// The last time when it had everything that the leader had.
    pub last_caught_up: Micros,
    /// The leader's log end offset at its last fetch.
    pub last_fetch_leader_leo: Offset,
    /// When its last fetch came.
    pub last_fetch_time: Micros,
}

impl Replica {
    /// A follower of a leader that starts its reign: nothing is known of its log, and those in the
    /// ISR count as caught up now.
    #[must_use]
    pub fn unknown(now: Micros, leader_leo: Offset, in_isr: bool) -> Replica {
        let seen = if in_isr { now } else { Micros::ZERO };
        Replica {
            log_end_offset: Offset::NONE,
            log_start_offset: Offset::NONE,
            last_caught_up: seen,
            last_fetch_leader_leo: leader_leo,
            last_fetch_time: seen,
        }
    }

    /// A follower of a leader that goes on with a new epoch: its offset is still known.
    pub fn renew(&mut self, now: Micros, leader_leo: Offset, in_isr: bool) {
        let seen = if in_isr { now } else { Micros::ZERO };
        self.last_fetch_leader_leo = leader_leo;
        self.last_fetch_time = seen;
        self.last_caught_up = seen;
    }

    /// A fetch from `offset` came while the leader's log ended at `leader_leo`
    /// (`Replica.updateFetchStateOrThrow`). Having caught up with where the leader was at the fetch
    /// before counts as of that time: a follower that always asks in time is never late.
    pub fn fetched(&mut self, offset: Offset, leader_leo: Offset, now: Micros) {
        if offset >= leader_leo {
            self.last_caught_up = self.last_caught_up.max(now);
        } else if offset >= self.last_fetch_leader_leo {
            self.last_caught_up = self.last_caught_up.max(self.last_fetch_time);
        }
        self.log_end_offset = offset;
        self.last_fetch_leader_leo = leader_leo;
        self.last_fetch_time = now;
    }

    /// Fetches from the end of an unchanged log came, the last of them at `until`: as if each had been
    /// taken in by [`Replica::fetched`].
    pub fn kept_up(&mut self, until: Micros) {
        self.last_caught_up = self.last_caught_up.max(until);
        self.last_fetch_time = self.last_fetch_time.max(until);
    }

    /// Whether it counts as caught up: at the leader's end, or there within the lag time. With
    /// nothing to fetch nobody is behind.
    #[must_use]
    pub fn is_caught_up(&self, leader_leo: Offset, now: Micros, lag_max: Micros) -> bool {
        self.log_end_offset == leader_leo || now.since(self.last_caught_up) <= lag_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: Micros = Micros(10);

    fn replica() -> Replica {
        Replica::unknown(Micros(100), Offset(0), true)
    }

    #[test]
    fn a_follower_at_the_end_is_caught_up_however_long_it_is_silent() {
        let mut follower = replica();
        follower.fetched(Offset(5), Offset(5), Micros(110));
        assert!(follower.is_caught_up(Offset(5), Micros(1_000), LAG));
        assert!(!follower.is_caught_up(Offset(6), Micros(1_000), LAG));
    }

    #[test]
    fn fetches_of_an_unchanged_log_may_be_taken_in_at_once() {
        let (mut one_by_one, mut at_once) = (replica(), replica());
        one_by_one.fetched(Offset(5), Offset(5), Micros(110));
        at_once.fetched(Offset(5), Offset(5), Micros(110));
        one_by_one.fetched(Offset(5), Offset(5), Micros(120));
        one_by_one.fetched(Offset(5), Offset(5), Micros(130));
        at_once.kept_up(Micros(130));
        assert_eq!(one_by_one, at_once);
    }

    #[test]
    fn reaching_the_end_of_the_fetch_before_counts_as_of_that_fetch() {
        let mut follower = replica();
        follower.fetched(Offset(0), Offset(5), Micros(110));
        follower.fetched(Offset(5), Offset(9), Micros(118));
        assert_eq!(follower.last_caught_up, Micros(110));
    }

    #[test]
    fn falling_short_of_both_ends_leaves_the_time_alone() {
        let mut follower = replica();
        follower.fetched(Offset(0), Offset(5), Micros(110));
        follower.fetched(Offset(3), Offset(9), Micros(118));
        assert_eq!(follower.last_caught_up, Micros(100));
    }
}
