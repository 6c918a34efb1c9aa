//! Where the replicas of a new topic go, without racks (Kafka's `AdminUtils`).
//!
//! Leaders go round the brokers from a random start; the second replica is a random shift away from
//! the first, the others follow it; each time the partitions have gone once round, the shift grows by
//! one. So leaders and replicas are spread evenly.

use std::ops::Range;

use crate::engine::ids::BrokerId;

/// Replicas of each of `partitions` partitions, preferred leader first.
///
/// `brokers` is sorted by id and not empty; `start` and `shift` are below its length;
/// `replication_factor` is in `1..=brokers.len()`.
#[must_use]
pub fn assign_replicas(
    brokers: &[BrokerId],
    partitions: u32,
    replication_factor: u16,
    start: u32,
    shift: u64,
) -> Vec<Vec<BrokerId>> {
    let rows = 0..u64::from(partitions);
    place(brokers, rows, replication_factor, start, shift)
}

/// Replicas of partitions that are added behind the first `had`. They go on from `start`, the place
/// of the topic's very first replica among the brokers, which is also the shift that they begin with.
#[must_use]
pub fn assign_more_replicas(
    brokers: &[BrokerId],
    had: u32,
    more: u32,
    replication_factor: u16,
    start: u32,
) -> Vec<Vec<BrokerId>> {
    let rows = u64::from(had)..u64::from(had) + u64::from(more);
    place(brokers, rows, replication_factor, start, u64::from(start))
}

fn place(
    brokers: &[BrokerId],
    partitions: Range<u64>,
    replication_factor: u16,
    start: u32,
    mut shift: u64,
) -> Vec<Vec<BrokerId>> {
    let count = brokers.len() as u64;
    let at = |index: u64| brokers[usize::try_from(index % count).expect("below the broker count")];
    let mut assignment = Vec::new();
    for partition in partitions {
        if partition > 0 && partition % count == 0 {
            shift += 1;
        }
        let first = partition + u64::from(start);
        let mut replicas = vec![at(first)];
        for replica in 0..u64::from(replication_factor.saturating_sub(1)) {
            // With one broker there is no second replica, so the divisor is never 0 here.
            replicas.push(at(first + 1 + (shift + replica) % (count - 1)));
        }
        assignment.push(replicas);
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(brokers: i32, partitions: u32, factor: u16, start: u32, shift: u64, rows: &str) {
        let brokers: Vec<BrokerId> = (0..brokers).map(BrokerId).collect();
        let assigned = assign_replicas(&brokers, partitions, factor, start, shift);
        let row = |replicas: &Vec<BrokerId>| {
            replicas.iter().map(ToString::to_string).collect::<Vec<_>>().join(":")
        };
        assert_eq!(assigned.iter().map(row).collect::<Vec<_>>().join(" "), rows);
    }

    #[test]
    fn the_example_in_kafkas_comment_comes_out() {
        // AdminUtils' table: 5 brokers, 10 partitions, 3 replicas, start 0, shift 0.
        check(5, 10, 3, 0, 0, "0:1:2 1:2:3 2:3:4 3:4:0 4:0:1 0:2:3 1:3:4 2:4:0 3:0:1 4:1:2");
    }

    #[test]
    fn start_moves_leaders_and_shift_moves_followers() {
        check(3, 3, 2, 1, 0, "1:2 2:0 0:1");
        check(3, 3, 2, 0, 1, "0:2 1:0 2:1");
    }

    #[test]
    fn one_broker_takes_everything() {
        check(1, 3, 1, 0, 0, "0 0 0");
    }

    #[test]
    fn no_partition_has_a_broker_twice() {
        let brokers: Vec<BrokerId> = [1, 2, 5, 9].map(BrokerId).to_vec();
        for start in 0..4 {
            for shift in 0..4 {
                for replicas in assign_replicas(&brokers, 40, 4, start, shift) {
                    let mut sorted = replicas.clone();
                    sorted.sort_unstable();
                    assert_eq!(sorted, brokers);
                }
            }
        }
    }
}
