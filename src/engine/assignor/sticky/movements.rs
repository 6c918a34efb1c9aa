//! Which partitions moved between whom in one deal, so that none moves there while another of its topic
//! moves back (`AbstractStickyAssignor.PartitionMovements`).

use std::collections::BTreeMap;

use crate::engine::assignor::problem::{PartitionSet, Problem, Tp};

/// From whom, to whom.
type Pair = (u32, u32);

/// The movements of one deal.
#[derive(Default)]
pub struct Movements {
    by_topic: BTreeMap<u32, BTreeMap<Pair, PartitionSet>>,
    of: BTreeMap<Tp, Pair>,
    /// How many partitions each pair of a topic holds.
    sizes: BTreeMap<(u32, Pair), u32>,
}

impl Movements {
    /// A partition moves.
    pub fn record(&mut self, problem: &Problem<'_>, tp: Tp, old: u32, new: u32) {
        let Some(existing) = self.of.remove(&tp) else {
            return self.add(problem, tp, (old, new));
        };
        self.forget(problem, tp, existing);
        if existing.0 != new {
            self.add(problem, tp, (existing.0, new));
        }
    }

    /// The partition to move instead: one that moved the other way, when there is one.
    pub fn actual(&self, tp: Tp, old: u32, new: u32) -> Tp {
        let Some(pairs) = self.by_topic.get(&tp.topic) else { return tp };
        let old = self.of.get(&tp).map_or(old, |pair| pair.0);
        pairs.get(&(new, old)).and_then(PartitionSet::first).unwrap_or(tp)
    }

    fn add(&mut self, problem: &Problem<'_>, tp: Tp, pair: Pair) {
        self.of.insert(tp, pair);
        *self.sizes.entry((tp.topic, pair)).or_default() += 1;
        let pairs = self.by_topic.entry(tp.topic).or_default();
        pairs.entry(pair).or_default().add(problem, tp);
    }

    fn forget(&mut self, problem: &Problem<'_>, tp: Tp, pair: Pair) {
        let Some(pairs) = self.by_topic.get_mut(&tp.topic) else { return };
        if let Some(set) = pairs.get_mut(&pair) {
            set.remove(problem, tp);
        }
        // An empty set goes: the next one of this pair has a table of its own.
        let size = self.sizes.entry((tp.topic, pair)).or_default();
        *size = size.saturating_sub(1);
        if *size == 0 {
            pairs.remove(&pair);
            if pairs.is_empty() {
                self.by_topic.remove(&tp.topic);
            }
        }
    }
}
