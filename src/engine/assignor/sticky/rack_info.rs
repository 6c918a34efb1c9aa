//! Racks as the sticky assignors use them (`AbstractStickyAssignor.RackInfo`).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::assignor::problem::{Problem, Tp};
use crate::engine::assignor::racks;

/// Racks of members and partitions.
pub struct RackInfo<'a> {
    problem: &'a Problem<'a>,
    /// Whether they are to be matched.
    pub used: bool,
    /// Members per rack; empty when no member has one.
    members: BTreeMap<u32, u32>,
}

impl<'a> RackInfo<'a> {
    /// Looks at all members and all partitions.
    pub fn new(problem: &'a Problem<'a>) -> RackInfo<'a> {
        let mut members = BTreeMap::new();
        for rack in problem.members.iter().filter_map(|member| member.rack) {
            *members.entry(rack).or_default() += 1;
        }
        let consumers: BTreeSet<u32> = members.keys().copied().collect();
        let topics = problem.topics.iter().filter_map(|topic| topic.partitions.as_ref());
        let used = racks::are_used(problem, &consumers, topics.flatten().map(|(_, racks)| racks));
        RackInfo { problem, used, members }
    }

    /// The rack of a member, when racks are matched.
    pub fn consumer(&self, member: u32) -> Option<u32> {
        self.problem.member(member).rack.filter(|_| self.used)
    }

    /// The racks of a partition; none when racks are not matched or the partition is not known.
    pub fn of_partition(&self, tp: Tp) -> Option<&BTreeSet<u32>> {
        self.problem.racks(tp).filter(|_| self.used)
    }

    /// Whether the member has a rack in which the partition has no replica.
    pub fn mismatch(&self, member: u32, tp: Tp) -> bool {
        let Some(rack) = self.consumer(member) else { return false };
        !self.of_partition(tp).is_some_and(|racks| racks.contains(&rack))
    }

    /// Partitions with the fewest members near them come first (`sortPartitionsByRackConsumers`).
    pub fn sort(&self, partitions: &mut [Tp]) {
        if self.members.is_empty() {
            return;
        }
        let near = |tp: &Tp| -> u32 {
            let racks = self.problem.racks(*tp).into_iter().flatten();
            racks.filter_map(|rack| self.members.get(rack)).sum()
        };
        partitions.sort_by_cached_key(near);
    }

    /// The place in `consumers`, from `first` on and around, of one in a rack of the partition.
    pub fn next(&self, tp: Tp, consumers: &[u32], first: u32) -> Option<usize> {
        let racks = self.of_partition(tp).filter(|racks| !racks.is_empty())?;
        let places = (0..consumers.len()).map(|i| (first as usize + i) % consumers.len());
        let is_near = |place: &usize| {
            self.consumer(consumers[*place]).is_some_and(|rack| racks.contains(&rack))
        };
        places.into_iter().find(is_near)
    }
}
