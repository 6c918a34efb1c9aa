//! What is kept of the events that pass, so that predicates about the past can be answered.
//!
//! Events themselves are not kept: of each pattern that is asked for, how often it matched and when
//! first; of each partition whose leader is watched, how long it had none that was up; the ledger of
//! records; single records that were sent; and what consumers read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, EventId, NodeId, Text, TopicPartition};
use crate::engine::time::Micros;
use crate::scenario::predicate::fields::matches;
use crate::scenario::predicate::ledger::Ledger;
use crate::scenario::predicate::readings::Readings;
use crate::scenario::predicate::sends::{Sends, Sent};
use crate::scenario::predicate::{Pattern, Predicate, Quantity};

/// Most events that are kept of a pattern whose place after a record is asked for.
const PLACES_MAX: usize = 1_000;

/// What passed so far, as far as some predicates need it.
#[derive(Clone, Debug, Default)]
pub struct History {
    clients: Vec<Text>,
    patterns: Vec<(Pattern, Matched)>,
    leaders: BTreeMap<TopicPartition, Watched>,
    down: BTreeSet<BrokerId>,
    /// Events before it match no pattern.
    since: Micros,
    /// Events that matched a pattern, oldest first, for `after`.
    places: Vec<(Pattern, VecDeque<EventId>)>,
    /// All records, when something asks for them.
    pub(super) ledger: Option<Ledger>,
    /// Single records, when something asks for them.
    sends: Option<Sends>,
    /// What consumers read, when something asks for it.
    pub(super) readings: Option<Readings>,
}

/// How often a pattern matched, and when first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: Option<(Micros, EventId)>,
}

/// A partition's leader.
#[derive(Clone, Copy, Debug, Default)]
struct Watched {
    leader: Option<BrokerId>,
    /// Since when it is not up.
    since: Option<Micros>,
    longest: Micros,
}

impl History {
    /// A history that can answer these predicates, of a world whose clients have these names.
    #[must_use]
    pub fn of<'p>(
        predicates: impl IntoIterator<Item = &'p Predicate>,
        clients: Vec<Text>,
    ) -> History {
        let mut history = History { clients, ..History::default() };
        for predicate in predicates {
            history.watch(predicate);
        }
        history
    }

    /// The same, of which only events from a moment on match patterns: a task opens in a world that
    /// has run for a while.
    #[must_use]
    pub fn since(self, since: Micros) -> History {
        History { since, ..self }
    }

    fn watch(&mut self, predicate: &Predicate) {
        for pattern in predicate.patterns() {
            if !self.patterns.iter().any(|(known, _)| known == pattern) {
                self.patterns.push((pattern.clone(), Matched::default()));
            }
        }
        match predicate {
            Predicate::Not(inner) => self.watch(inner),
            Predicate::Leaderless(partition, ..) => {
                self.leaders.entry(partition.clone()).or_default();
            }
            Predicate::NoneLost | Predicate::NoneDuplicated | Predicate::InOrder => {
                self.ledger.get_or_insert_default();
            }
            Predicate::After(pattern, _) => {
                self.places.push((pattern.clone(), VecDeque::new()));
                self.sends.get_or_insert_default();
            }
            Predicate::Record(..)
            | Predicate::Number(Quantity::Copies(_) | Quantity::Offset(_), ..) => {
                self.sends.get_or_insert_default();
            }
            Predicate::Read(..) => {
                self.sends.get_or_insert_default();
                self.readings.get_or_insert_default();
            }
            Predicate::Number(Quantity::Backlog(_), ..) => {
                self.readings.get_or_insert_default();
            }
            _ => {}
        }
    }

    /// Takes in the next event.
    pub fn observe(&mut self, event: &Event) {
        if event.at >= self.since {
            self.match_patterns(event);
        }
        if let Some(sends) = &mut self.sends {
            sends.observe(event);
        }
        if let Some(readings) = &mut self.readings {
            readings.observe(event);
        }
        if !self.leaders.is_empty() {
            self.follow_leaders(event);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.observe(event);
        }
    }

    fn match_patterns(&mut self, event: &Event) {
        for (pattern, matched) in &mut self.patterns {
            if !matches(pattern, event, &self.clients) {
                continue;
            }
            matched.count += 1;
            matched.first.get_or_insert((event.at, event.id));
            for (_, places) in self.places.iter_mut().filter(|(known, _)| known == pattern) {
                if places.len() == PLACES_MAX {
                    places.pop_front();
                }
                places.push_back(event.id);
            }
        }
    }

    /// Single records that were sent, newest first; none when nothing asks about one.
    pub fn sent(&self) -> impl Iterator<Item = &Sent> {
        self.sends.iter().flat_map(Sends::newest)
    }

    /// The first event behind another that matched a pattern of an `after`.
    #[must_use]
    pub fn matched_after(&self, pattern: &Pattern, event: EventId) -> Option<EventId> {
        let (_, places) = self.places.iter().find(|(known, _)| known == pattern)?;
        places.iter().find(|place| **place > event).copied()
    }

    /// How often a pattern matched; never for one that was not asked for.
    #[must_use]
    pub fn matched(&self, pattern: &Pattern) -> Matched {
        let found = self.patterns.iter().find(|(known, _)| known == pattern);
        found.map(|(_, matched)| *matched).unwrap_or_default()
    }

    /// The longest time up to `now` that a watched partition, once it had a leader, had none that was
    /// up.
    #[must_use]
    pub fn leaderless(&self, partition: &TopicPartition, now: Micros) -> Micros {
        let Some(watched) = self.leaders.get(partition) else { return Micros::ZERO };
        let open = watched.since.map_or(Micros::ZERO, |since| now.since(since));
        watched.longest.max(open)
    }

    fn follow_leaders(&mut self, event: &Event) {
        match (&event.kind, event.node) {
            (
                EventKind::ProcessKilled
                | EventKind::ProcessStopped
                | EventKind::ProcessFailed { .. }
                | EventKind::PowerLost,
                Some(NodeId::Broker(broker)),
            ) => {
                self.down.insert(broker);
            }
            (EventKind::ProcessStarted, Some(NodeId::Broker(broker))) => {
                self.down.remove(&broker);
            }
            (EventKind::LeaderElected { partition, leader, .. }, _) => {
                if let Some(watched) = self.leaders.get_mut(partition) {
                    watched.leader = *leader;
                    if leader.is_none() {
                        watched.since.get_or_insert(event.at);
                    }
                }
            }
            _ => return,
        }
        for watched in self.leaders.values_mut() {
            match watched.leader {
                Some(leader) if self.down.contains(&leader) => {
                    watched.since.get_or_insert(event.at);
                }
                Some(_) => {
                    if let Some(since) = watched.since.take() {
                        watched.longest = watched.longest.max(event.at.since(since));
                    }
                }
                None => {}
            }
        }
    }
}
