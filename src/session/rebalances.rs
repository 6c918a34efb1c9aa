//! Rebalances of a timeline: when each began, when all had joined, when the last member had its part, and
//! for how long partitions had no reader meanwhile.
//!
//! What is measured is what a class sees: a partition is paused from the moment when its reader gives it up
//! or dies until somebody has it again. In the eager protocol that is every partition of the group, in the
//! cooperative one only those that move. A pause belongs to the rebalance that ended it.
//!
//! As marks do, rebalances of what lies ahead stay after a rewind, until another future is begun.

use std::collections::BTreeMap;

use crate::engine::event::{Event, EventKind, GroupState};
use crate::engine::ids::{ClientId, EventId, NodeId, Text, TopicPartition};
use crate::engine::time::Micros;
use crate::view::group::Rebalance;

/// Most rebalances kept of one group.
const ROUNDS_MAX: usize = 500;
/// Most spans kept of one partition.
const HOLDS_MAX: usize = 64;

/// A moment, by the event that made it.
type At = (EventId, Micros);

/// A partition has this reader.
#[derive(Clone, Copy, Debug)]
struct Hold {
    reader: ClientId,
    from: At,
    to: Option<At>,
}

#[derive(Clone, Debug)]
struct Round {
    began: At,
    joined: Option<At>,
    /// Moments at which it could be over: stable or empty, and each member's taking of its part.
    ends: Vec<At>,
    generation: i32,
    members: u32,
    protocol: Option<Text>,
}

#[derive(Clone, Debug, Default)]
struct GroupLog {
    rounds: Vec<Round>,
    holds: BTreeMap<TopicPartition, Vec<Hold>>,
}

/// All rebalances of a timeline.
#[derive(Clone, Debug, Default)]
pub struct Rebalances {
    groups: BTreeMap<Text, GroupLog>,
}

impl Rebalances {
    /// Takes the next event; none twice.
    pub fn update(&mut self, event: &Event) {
        let at = (event.id, event.at);
        match &event.kind {
            EventKind::GroupStateChanged { group, state, generation, members } => {
                let log = self.groups.entry(group.clone()).or_default();
                log.is_in_state(at, *state, *generation, *members);
            }
            EventKind::GenerationStarted { group, generation, protocol, members, .. } => {
                if let Some(round) = self.groups.entry(group.clone()).or_default().open_round() {
                    round.joined = Some(at);
                    (round.generation, round.members) = (*generation, *members);
                    round.protocol.clone_from(protocol);
                }
            }
            EventKind::PartitionsAssigned { group, generation, partitions } => {
                let Some(NodeId::Client(reader)) = event.node else { return };
                let log = self.groups.entry(group.clone()).or_default();
                log.assigned(at, reader, *generation, partitions);
            }
            EventKind::PartitionsRevoked { group, partitions, .. } => {
                let Some(NodeId::Client(reader)) = event.node else { return };
                let log = self.groups.entry(group.clone()).or_default();
                for partition in partitions {
                    log.released(at, reader, partition);
                }
            }
            EventKind::ProcessKilled
            | EventKind::ProcessFailed { .. }
            | EventKind::ProcessStopped
            | EventKind::PowerLost => {
                if let Some(NodeId::Client(reader)) = event.node {
                    self.groups.values_mut().for_each(|log| log.reader_gone(at, reader));
                }
            }
            _ => {}
        }
    }

    /// Forgets what another future replaced: events from `next` on.
    pub fn cut(&mut self, next: EventId) {
        for log in self.groups.values_mut() {
            log.rounds.retain(|round| round.began.0 < next);
            for round in &mut log.rounds {
                round.joined = round.joined.filter(|at| at.0 < next);
                round.ends.retain(|at| at.0 < next);
            }
            for holds in log.holds.values_mut() {
                holds.retain(|hold| hold.from.0 < next);
                for hold in holds {
                    hold.to = hold.to.filter(|at| at.0 < next);
                }
            }
        }
    }

    /// The newest rebalances of a group before the event `next`, newest first, at most `most`.
    #[must_use]
    pub fn of(&self, group: &str, (next, now): At, most: usize) -> Vec<Rebalance> {
        let Some((name, log)) = self.groups.get_key_value(group) else { return Vec::new() };
        let begun = log.rounds.partition_point(|round| round.began.0 < next);
        let newest = (0..begun).rev().take(most);
        newest.map(|place| log.tell(name, place, (next, now))).collect()
    }

    /// The newest rebalance of every group that had one before the event `next`.
    #[must_use]
    pub fn newest(&self, at: At) -> Vec<Rebalance> {
        self.groups.keys().filter_map(|group| self.of(group, at, 1).pop()).collect()
    }
}

impl GroupLog {
    fn open_round(&mut self) -> Option<&mut Round> {
        self.rounds.last_mut()
    }

    fn is_in_state(&mut self, at: At, state: GroupState, generation: i32, members: u32) {
        match state {
            GroupState::PreparingRebalance => {
                if self.rounds.len() >= ROUNDS_MAX {
                    self.rounds.remove(0);
                }
                self.rounds.push(Round {
                    began: at,
                    joined: None,
                    ends: Vec::new(),
                    generation,
                    members,
                    protocol: None,
                });
            }
            GroupState::Stable | GroupState::Empty => {
                if let Some(round) = self.open_round() {
                    round.ends.push(at);
                }
            }
            GroupState::CompletingRebalance | GroupState::Dead => {}
        }
    }

    fn assigned(&mut self, at: At, reader: ClientId, generation: i32, given: &[TopicPartition]) {
        if let Some(round) = self.open_round().filter(|round| round.generation == generation) {
            round.ends.push(at);
        }
        for partition in given {
            let holds = self.holds.entry(partition.clone()).or_default();
            if holds.len() >= HOLDS_MAX {
                holds.remove(0);
            }
            holds.push(Hold { reader, from: at, to: None });
        }
    }

    fn released(&mut self, at: At, reader: ClientId, partition: &TopicPartition) {
        let holds = self.holds.entry(partition.clone()).or_default();
        if let Some(hold) = holds.iter_mut().rev().find(|hold| hold.reader == reader) {
            hold.to.get_or_insert(at);
        }
    }

    fn reader_gone(&mut self, at: At, reader: ClientId) {
        for holds in self.holds.values_mut() {
            if let Some(hold) = holds.iter_mut().rev().find(|hold| hold.reader == reader) {
                hold.to.get_or_insert(at);
            }
        }
    }

    fn tell(&self, group: &Text, place: usize, (next, now): At) -> Rebalance {
        let round = &self.rounds[place];
        let until = self.rounds.get(place + 1).map_or(next, |later| later.began.0).min(next);
        let known = |at: &&At| at.0 < next;
        let mut told = Rebalance {
            group: group.clone(),
            event: round.began.0,
            began: round.began.1,
            joined: round.joined.as_ref().filter(known).map(|at| at.1),
            ended: round.ends.iter().filter(known).map(|at| at.1).max(),
            generation: round.generation,
            members: round.members,
            protocol: round.protocol.clone(),
            partitions: 0,
            paused: 0,
            pause: Micros::ZERO,
            is_paused: false,
            idle: Vec::new(),
        };
        let mut spans: BTreeMap<ClientId, Vec<Hold>> = BTreeMap::new();
        for holds in self.holds.values() {
            let begun = holds.iter().take_while(|hold| hold.from.0 < next);
            let begun: Vec<Hold> = begun.copied().collect();
            told.partitions += u32::from(begun.iter().any(|hold| hold.from.0 < round.began.0));
            for hold in &begun {
                spans.entry(hold.reader).or_default().push(*hold);
            }
            let Some(gap) = gap_ending_in(&begun, round.began.0, until, (next, now)) else {
                continue;
            };
            told.paused += 1;
            told.pause = told.pause.max(gap.length);
            told.is_paused |= gap.is_open;
        }
        for (reader, mut holds) in spans {
            holds.sort_by_key(|hold| hold.from);
            if let Some(gap) = gap_ending_in(&holds, round.began.0, until, (next, now)) {
                told.idle.push((reader, gap.length));
            }
        }
        told
    }
}

struct Gap {
    length: Micros,
    is_open: bool,
}

/// The last time without a hold that ended between two events, or goes on at the second, which is the
/// present. Holds come in the order of their beginnings.
fn gap_ending_in(holds: &[Hold], after: EventId, until: EventId, (next, now): At) -> Option<Gap> {
    let mut holds = holds.iter();
    let end_of = |hold: &Hold| hold.to.filter(|at| at.0 < next);
    // Until when somebody has it; `None` is for ever.
    let mut held = end_of(holds.next()?);
    let mut found = None;
    for hold in holds {
        let gap = held.filter(|end| end.0 < hold.from.0);
        if let Some(end) = gap.filter(|_| after < hold.from.0 && hold.from.0 < until) {
            found = Some(Gap { length: hold.from.1.since(end.1), is_open: false });
        }
        held = held.and_then(|end| Some(end.max(end_of(hold)?)));
    }
    match held.filter(|_| until == next) {
        Some(end) => Some(Gap { length: now.since(end.1), is_open: true }),
        None => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::{PartitionId, TopicName};

    const GROUP: &str = "g";

    fn orders(partition: i32) -> TopicPartition {
        TopicPartition::new(&TopicName::new("orders"), PartitionId(partition))
    }

    /// Events of a group at milliseconds, in order.
    fn log(events: &[(u64, Option<u16>, EventKind)]) -> Rebalances {
        let mut rebalances = Rebalances::default();
        for (id, (ms, reader, kind)) in (0u64..).zip(events) {
            rebalances.update(&Event {
                id: EventId(id),
                at: Micros(ms * 1_000),
                node: reader.map(|id| NodeId::Client(ClientId(id))),
                cause: None,
                kind: kind.clone(),
            });
        }
        rebalances
    }

    fn state(state: GroupState) -> EventKind {
        EventKind::GroupStateChanged { group: GROUP.into(), state, generation: 1, members: 2 }
    }

    fn generation(generation: i32) -> EventKind {
        let protocol = Some("range".into());
        let leader = None;
        EventKind::GenerationStarted {
            group: GROUP.into(),
            generation,
            protocol,
            leader,
            members: 2,
        }
    }

    fn given(generation: i32, partitions: &[i32]) -> EventKind {
        let partitions = partitions.iter().map(|p| orders(*p)).collect();
        EventKind::PartitionsAssigned { group: GROUP.into(), generation, partitions }
    }

    fn gave_up(partitions: &[i32]) -> EventKind {
        let partitions = partitions.iter().map(|p| orders(*p)).collect();
        EventKind::PartitionsRevoked { group: GROUP.into(), partitions, lost: false }
    }

    /// One member has both partitions from 10 ms on; what follows is a rebalance.
    fn after_first(events: &[(u64, Option<u16>, EventKind)]) -> Rebalances {
        let mut all = vec![
            (0, None, state(GroupState::PreparingRebalance)),
            (5, None, generation(1)),
            (9, None, state(GroupState::Stable)),
            (10, Some(1), given(1, &[0, 1])),
        ];
        all.extend(events.to_vec());
        log(&all)
    }

    fn newest(rebalances: &Rebalances, now_ms: u64) -> Rebalance {
        let at = (EventId(u64::MAX), Micros(now_ms * 1_000));
        rebalances.of(GROUP, at, 1).pop().expect("there is one")
    }

    #[test]
    fn the_first_rebalance_pauses_nothing() {
        let first = newest(&after_first(&[]), 50);
        assert_eq!((first.partitions, first.paused, first.pause), (0, 0, Micros::ZERO));
        assert_eq!((first.began, first.ended), (Micros::ZERO, Some(Micros(10_000))));
    }

    #[test]
    fn in_the_eager_protocol_every_partition_has_no_reader_for_a_while() {
        let rebalances = after_first(&[
            (100, None, state(GroupState::PreparingRebalance)),
            (110, Some(1), gave_up(&[0, 1])),
            (120, None, generation(2)),
            (130, None, state(GroupState::Stable)),
            (131, Some(1), given(2, &[0])),
            (133, Some(2), given(2, &[1])),
        ]);
        let eager = newest(&rebalances, 500);
        assert_eq!((eager.partitions, eager.paused, eager.is_paused), (2, 2, false));
        assert_eq!(eager.pause, Micros(23_000));
        assert_eq!(eager.idle, [(ClientId(1), Micros(21_000))]);
    }

    #[test]
    fn in_the_cooperative_protocol_only_what_moves_has_none() {
        let rebalances = after_first(&[
            (100, None, state(GroupState::PreparingRebalance)),
            (120, None, generation(2)),
            (130, None, state(GroupState::Stable)),
            (131, Some(1), gave_up(&[1])),
            (132, Some(1), given(2, &[])),
            (140, None, state(GroupState::PreparingRebalance)),
            (150, None, generation(3)),
            (160, None, state(GroupState::Stable)),
            (161, Some(2), given(3, &[1])),
        ]);
        let second = newest(&rebalances, 500);
        assert_eq!((second.partitions, second.paused), (2, 1));
        assert_eq!(second.pause, Micros(30_000));
        assert!(second.idle.is_empty(), "its reader kept the other partition");
        let both = rebalances.of(GROUP, (EventId(u64::MAX), Micros(500_000)), 2);
        assert_eq!(both[1].paused, 0, "a pause belongs to the rebalance that ended it");
    }

    #[test]
    fn a_pause_begins_with_the_readers_death_and_lasts_while_nobody_takes_over() {
        let rebalances = after_first(&[
            (100, Some(1), EventKind::ProcessKilled),
            (300, None, state(GroupState::PreparingRebalance)),
        ]);
        let open = newest(&rebalances, 400);
        assert_eq!((open.paused, open.is_paused, open.pause), (2, true, Micros(300_000)));
        assert_eq!(open.ended, None);
    }

    #[test]
    fn what_another_future_replaced_is_forgotten() {
        let mut rebalances = after_first(&[
            (100, None, state(GroupState::PreparingRebalance)),
            (110, Some(1), gave_up(&[0, 1])),
        ]);
        rebalances.cut(EventId(4));
        let first = newest(&rebalances, 200);
        assert_eq!((first.began, first.is_paused), (Micros::ZERO, false));
    }

    #[test]
    fn what_lies_ahead_is_not_told() {
        let rebalances = after_first(&[(100, None, state(GroupState::PreparingRebalance))]);
        let told = rebalances.of(GROUP, (EventId(4), Micros(20_000)), 9);
        assert_eq!(told.len(), 1);
    }
}
