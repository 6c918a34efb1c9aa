//! When racks count at all, and which partition has how many members near it (KIP-881).

use std::collections::BTreeSet;

use crate::engine::assignor::problem::Problem;

/// Whether racks are to be matched (`AbstractPartitionAssignor.useRackAwareAssignment`): a member has a
/// rack that some partition has too, and not every partition has all racks.
pub fn are_used<'a>(
    problem: &Problem<'_>,
    consumers: &BTreeSet<u32>,
    partitions: impl Iterator<Item = &'a BTreeSet<u32>> + Clone,
) -> bool {
    if consumers.is_empty() {
        return false;
    }
    let all: BTreeSet<u32> = partitions.clone().flatten().copied().collect();
    if consumers.is_disjoint(&all) {
        return false;
    }
    problem.prefer_rack_aware || partitions.clone().any(|racks| *racks != all)
}
