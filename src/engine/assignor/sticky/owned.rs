//! Who owns what before the deal, and whether all want the same (`allSubscriptionsEqual`).

use std::collections::{BTreeMap, BTreeSet};

use super::{MemberData, remove_first};
use crate::engine::assignor::problem::{Dealt, Problem, Tp};

/// "No generation".
pub const DEFAULT_GENERATION: i32 = -1;

/// What members own that is still dealt out.
pub struct Owned {
    /// Whether all subscribed to the same topics.
    pub equal: bool,
    /// By member, in the order in which it told them.
    pub by_member: Dealt,
    /// Claimed by two of one generation: nobody's.
    pub doubly_claimed: BTreeSet<Tp>,
}

impl Owned {
    /// Believes each claim by its generation. `max_generation` rises to the highest.
    pub fn new(problem: &Problem<'_>, data: &[MemberData], max_generation: &mut i32) -> Owned {
        let by_member = vec![Vec::new(); problem.members.len()];
        let mut owned = Owned { equal: true, by_member, doubly_claimed: BTreeSet::new() };
        let mut topics: BTreeSet<u32> = BTreeSet::new();
        let mut owner: BTreeMap<Tp, u32> = BTreeMap::new();
        for place in problem.order.iter().copied() {
            let wants = &problem.member(place).topics;
            if topics.is_empty() {
                topics.extend(wants);
            } else if wants.len() != topics.len() || wants.iter().any(|t| !topics.contains(t)) {
                owned.equal = false;
            }
            let data = &data[place as usize];
            let generation = data.generation.unwrap_or(DEFAULT_GENERATION);
            *max_generation = generation.max(*max_generation);
            for told in &data.partitions {
                let Some(topic) = problem.topic(&told.topic) else { continue };
                let tp = Tp { topic, partition: told.partition.0 };
                owned.claim(problem, &mut owner, tp, place, generation);
            }
        }
        owned
    }

    fn claim(
        &mut self,
        problem: &Problem<'_>,
        owner: &mut BTreeMap<Tp, u32>,
        tp: Tp,
        place: u32,
        generation: i32,
    ) {
        let Some(other) = owner.get(&tp).copied() else {
            self.by_member[place as usize].push(tp);
            owner.insert(tp, place);
            return;
        };
        // The other's generation is that of its subscription, not that of its user data: so Kafka does.
        let told = problem.member(other).subscription.generation;
        let others = told.filter(|generation| *generation >= 0).unwrap_or(DEFAULT_GENERATION);
        if generation == others {
            self.doubly_claimed.insert(tp);
            remove_first(&mut self.by_member[other as usize], tp);
            owner.insert(tp, place);
        } else if generation > others {
            self.by_member[place as usize].push(tp);
            remove_first(&mut self.by_member[other as usize], tp);
            owner.insert(tp, place);
        }
    }
}
