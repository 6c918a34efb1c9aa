//! `RangeAssignor`: per topic a run of partitions for each member, the first members one more each.
//!
//! With racks (KIP-881) partitions go first to members of a rack that has a replica, as far as the sizes
//! of the runs allow. Topics of equal size with the same members keep partition *n* of all with one
//! member.

use std::collections::BTreeSet;

use crate::engine::assignor::problem::{Dealt, Problem, Tp, count};
use crate::engine::assignor::racks;

/// One topic while it is dealt out (`TopicAssignmentState`).
struct State {
    topic: u32,
    /// Who takes part, by instance id or member id.
    consumers: Vec<u32>,
    rack_aware: bool,
    /// Whether the racks of partitions were looked at: only where a member has one.
    has_racks: bool,
    unassigned: Vec<i32>,
    partitions: u32,
    /// How many each of `consumers` has.
    assigned: Vec<u32>,
    per_consumer: u32,
    with_extra: u32,
}

/// Deals all topics out.
pub fn assign(problem: &Problem<'_>) -> Dealt {
    let members = problem.by_instance();
    let topics = problem.topic_order.iter().filter(|topic| !problem.partitions(**topic).is_empty());
    let mut states: Vec<State> =
        topics.map(|topic| State::new(problem, *topic, &members)).collect();
    let mut dealt: Dealt = vec![Vec::new(); problem.members.len()];
    let rack_aware = states.iter().any(|state| state.rack_aware);
    if rack_aware {
        assign_with_rack_matching(problem, &mut states, &mut dealt);
    }
    for state in &mut states {
        state.assign_ranges(|_, _| true, &mut dealt);
    }
    if rack_aware {
        dealt.iter_mut().for_each(|list| list.sort_unstable());
    }
    dealt
}

fn assign_with_rack_matching(problem: &Problem<'_>, states: &mut [State], dealt: &mut Dealt) {
    // Topics with the same members and as many partitions go together.
    let mut done = BTreeSet::new();
    for first in 0..states.len() {
        if done.contains(&first) {
            continue;
        }
        // Members of no rack leave a topic's racks unknown, whatever its size (`partitionRacks.size()`).
        let of = |state: &State| {
            let mut consumers = state.consumers.clone();
            consumers.sort_unstable();
            (consumers, if state.has_racks { state.partitions } else { 0 })
        };
        let key = of(&states[first]);
        let group: Vec<usize> = (first..states.len()).filter(|i| of(&states[*i]) == key).collect();
        done.extend(group.iter().copied());
        if group.len() > 1 {
            assign_co_partitioned(problem, states, &group, key.1, dealt);
        } else if states[first].rack_aware {
            let state = &mut states[first];
            let topic = state.topic;
            let has_racks = state.has_racks;
            state.assign_ranges(
                |consumer, partition| {
                    racks_match(problem, has_racks, consumer, Tp { topic, partition })
                },
                dealt,
            );
        }
    }
}

fn assign_co_partitioned(
    problem: &Problem<'_>,
    states: &mut [State],
    group: &[usize],
    partitions: u32,
    dealt: &mut Dealt,
) {
    // Equal members in both, but in the order of the first: that of `groupingBy`'s key.
    let mut remaining = states[group[0]].consumers.clone();
    for partition in 0..partitions.cast_signed() {
        let fits = |consumer: u32| {
            group.iter().all(|i| {
                let state = &states[*i];
                let tp = Tp { topic: state.topic, partition };
                racks_match(problem, state.has_racks, consumer, tp)
                    && state.max_assignable(consumer) > 0
            })
        };
        let Some(consumer) = remaining.iter().copied().find(|consumer| fits(*consumer)) else {
            continue;
        };
        group.iter().for_each(|i| states[*i].give(consumer, &[partition], dealt));
        if group.iter().all(|i| states[*i].max_assignable(consumer) == 0) {
            remaining.retain(|one| *one != consumer);
            if remaining.is_empty() {
                break;
            }
        }
    }
}

fn racks_match(problem: &Problem<'_>, has_racks: bool, consumer: u32, tp: Tp) -> bool {
    let Some(rack) = problem.member(consumer).rack else { return true };
    has_racks && problem.racks(tp).is_some_and(|racks| racks.contains(&rack))
}

impl State {
    fn new(problem: &Problem<'_>, topic: u32, members: &[u32]) -> State {
        let subscribed = |member: &u32| problem.member(*member).topics.contains(&topic);
        let consumers: Vec<u32> = members.iter().copied().filter(subscribed).collect();
        let partitions = problem.partitions(topic);
        let racks: BTreeSet<u32> =
            consumers.iter().filter_map(|member| problem.member(*member).rack).collect();
        let rack_aware =
            racks::are_used(problem, &racks, partitions.iter().map(|(_, racks)| racks));
        let (size, shares) = (count(partitions), count(&consumers).max(1));
        State {
            topic,
            rack_aware,
            has_racks: !racks.is_empty(),
            unassigned: partitions.iter().map(|(number, _)| *number).collect(),
            partitions: size,
            assigned: vec![0; consumers.len()],
            per_consumer: if consumers.is_empty() { 0 } else { size / shares },
            with_extra: if consumers.is_empty() { 0 } else { size % shares },
            consumers,
        }
    }

    fn assign_ranges(&mut self, may: impl Fn(u32, i32) -> bool, dealt: &mut Dealt) {
        for consumer in self.consumers.clone() {
            if self.unassigned.is_empty() {
                break;
            }
            let most = self.max_assignable(consumer) as usize;
            let fit = self.unassigned.iter().copied().filter(|partition| may(consumer, *partition));
            let taken: Vec<i32> = fit.take(most).collect();
            if !taken.is_empty() {
                self.give(consumer, &taken, dealt);
            }
        }
    }

    fn place(&self, consumer: u32) -> usize {
        let place = self.consumers.iter().position(|one| *one == consumer);
        place.expect("only who takes part is asked for")
    }

    fn max_assignable(&self, consumer: u32) -> u32 {
        let most = self.per_consumer + u32::from(self.with_extra > 0);
        most.saturating_sub(self.assigned[self.place(consumer)])
    }

    fn give(&mut self, consumer: u32, partitions: &[i32], dealt: &mut Dealt) {
        let topic = self.topic;
        let taken = partitions.iter().map(|partition| Tp { topic, partition: *partition });
        dealt[consumer as usize].extend(taken);
        let place = self.place(consumer);
        self.assigned[place] += count(partitions);
        if self.assigned[place] > self.per_consumer {
            self.with_extra = self.with_extra.saturating_sub(1);
        }
        self.unassigned.retain(|partition| !partitions.contains(partition));
    }
}
