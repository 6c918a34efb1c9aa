//! What is kept of the events that pass, so that predicates about the past can be answered.
//!
//! Events themselves are not kept: of each pattern that is asked for, how often it matched and when
//! first; of each partition whose leader is watched, how long it had none that was up; and the ledger
//! of records.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, EventId, NodeId, Text, TopicPartition};
use crate::engine::time::Micros;
use crate::scenario::predicate::fields::matches;
use crate::scenario::predicate::ledger::Ledger;
use crate::scenario::predicate::{Pattern, Predicate, Quantity};

/// What passed so far, as far as some predicates need it.
#[derive(Clone, Debug, Default)]
pub struct History {
    clients: Vec<Text>,
    patterns: Vec<(Pattern, Matched)>,
    leaders: BTreeMap<TopicPartition, Watched>,
    down: BTreeSet<BrokerId>,
    /// Records sent, when something asks for them.
    pub(super) ledger: Option<Ledger>,
}

/// How often a pattern matched, and when first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: Option<(Micros, EventId)>,
    /// The last time.
    pub last: Option<(Micros, EventId)>,
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
            Predicate::NoneLost
            | Predicate::NoneDuplicated
            | Predicate::InOrder
            | Predicate::Number(Quantity::Copies(_), ..) => {
                self.ledger.get_or_insert_default();
            }
            _ => {}
        }
    }

    /// Takes in the next event.
    pub fn observe(&mut self, event: &Event) {
        for (pattern, matched) in &mut self.patterns {
            if matches(pattern, event, &self.clients) {
                matched.count += 1;
                matched.first.get_or_insert((event.at, event.id));
                matched.last = Some((event.at, event.id));
            }
        }
        if !self.leaders.is_empty() {
            self.follow_leaders(event);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.observe(event);
        }
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
