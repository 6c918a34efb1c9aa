//! Who leads a partition next, and who stays in its ISR: pure rules, a table of tests beside them.
//!
//! Kafka's `PartitionLeaderElectionAlgorithms`, `Election` and `ReplicaStateMachine.
//! doRemoveReplicasFromIsr`. Each change that is written raises the leader epoch by one, also when
//! the leader stays (measured, ANOMALIES table 1). The ISR is never empty: its last member stays
//! listed when it dies.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ids::BrokerId;
use crate::engine::planted::{self, Bug};

/// Leader and ISR of a partition, as written to its `state` znode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leadership {
    /// `None` is −1.
    pub leader: Option<BrokerId>,
    /// In-sync replicas, in ISR order.
    pub isr: Vec<BrokerId>,
}

/// Brokers that are registered, with the epoch of each registration (its znode's czxid).
pub type LiveBrokers = BTreeMap<BrokerId, i64>;

/// A new partition: its first live replica leads, all live ones are in sync. `None`: nobody lives.
#[must_use]
pub fn initial(replicas: &[BrokerId], live: &BTreeSet<BrokerId>) -> Option<Leadership> {
    let isr: Vec<BrokerId> = replicas.iter().copied().filter(|id| live.contains(id)).collect();
    Some(Leadership { leader: Some(*isr.first()?), isr })
}

/// The leader is gone: the first replica in assignment order that lives and is in the ISR leads; dead
/// members leave the ISR. `None`: no such replica.
#[must_use]
pub fn offline(
    replicas: &[BrokerId],
    isr: &[BrokerId],
    live: &BTreeSet<BrokerId>,
) -> Option<Leadership> {
    let may_lead = |id: &BrokerId| isr.contains(id) || planted::has(Bug::LeaderFromAnywhere);
    let leader = replicas.iter().copied().find(|id| live.contains(id) && may_lead(id))?;
    let isr = isr.iter().copied().filter(|id| live.contains(id)).collect();
    Some(Leadership { leader: Some(leader), isr })
}

/// The leader is stopping: as [`offline`], but brokers that are stopping cannot lead and leave the
/// ISR. `registered` includes those that are stopping.
#[must_use]
pub fn controlled_shutdown(
    replicas: &[BrokerId],
    isr: &[BrokerId],
    registered: &BTreeSet<BrokerId>,
    stopping: &BTreeSet<BrokerId>,
) -> Option<Leadership> {
    let may_lead =
        |id: &BrokerId| registered.contains(id) && isr.contains(id) && !stopping.contains(id);
    let leader = replicas.iter().copied().find(may_lead)?;
    let isr = isr.iter().copied().filter(|id| !stopping.contains(id)).collect();
    Some(Leadership { leader: Some(leader), isr })
}

/// Nobody in the ISR lives, and losing records is allowed: the first live replica in assignment order
/// leads, and is all of the ISR (`unclean.leader.election.enable`). `None`: nobody lives.
#[must_use]
pub fn unclean(replicas: &[BrokerId], live: &BTreeSet<BrokerId>) -> Option<Leadership> {
    let leader = replicas.iter().copied().find(|id| live.contains(id))?;
    Some(Leadership { leader: Some(leader), isr: vec![leader] })
}

/// The preferred replica, the first of the assignment, leads if it lives and is in the ISR, which
/// stays as it is. `None`: it cannot.
#[must_use]
pub fn preferred(
    replicas: &[BrokerId],
    isr: &[BrokerId],
    live: &BTreeSet<BrokerId>,
) -> Option<Leadership> {
    let leader = *replicas.first()?;
    let may_lead = live.contains(&leader) && isr.contains(&leader);
    may_lead.then(|| Leadership { leader: Some(leader), isr: isr.to_vec() })
}

/// A reassignment ends: the first live ISR member among the targets leads; the ISR stays as it is.
#[must_use]
pub fn reassigned(
    targets: &[BrokerId],
    isr: &[BrokerId],
    live: &BTreeSet<BrokerId>,
) -> Option<Leadership> {
    let leader = targets.iter().copied().find(|id| live.contains(id) && isr.contains(id))?;
    Some(Leadership { leader: Some(leader), isr: isr.to_vec() })
}

/// A broker is gone or stopping, and nobody was elected in its place: it leaves the ISR unless it is
/// the last member, and does not lead. `None`: it was not in the ISR, nothing is written.
#[must_use]
pub fn without(current: &Leadership, gone: BrokerId) -> Option<Leadership> {
    if !current.isr.contains(&gone) {
        return None;
    }
    let leader = current.leader.filter(|leader| *leader != gone);
    let isr = match current.isr.len() {
        1 => current.isr.clone(),
        _ => current.isr.iter().copied().filter(|id| *id != gone).collect(),
    };
    Some(Leadership { leader, isr })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[i32]) -> Vec<BrokerId> {
        list.iter().copied().map(BrokerId).collect()
    }

    fn set(list: &[i32]) -> BTreeSet<BrokerId> {
        list.iter().copied().map(BrokerId).collect()
    }

    fn check(found: Option<Leadership>, expected: Option<(i32, &[i32])>) {
        let expected = expected.map(|(leader, isr)| Leadership {
            leader: (leader >= 0).then_some(BrokerId(leader)),
            isr: ids(isr),
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_new_partition_is_led_by_its_first_live_replica() {
        check(initial(&ids(&[1, 2, 3]), &set(&[2, 3])), Some((2, &[2, 3])));
    }

    #[test]
    fn a_new_partition_without_live_replicas_has_no_leader() {
        check(initial(&ids(&[9]), &set(&[1, 2])), None);
    }

    #[test]
    fn the_choice_goes_by_replica_order_and_the_isr_keeps_its_own() {
        check(offline(&ids(&[1, 2, 3]), &ids(&[1, 3, 2]), &set(&[2, 3])), Some((2, &[3, 2])));
    }

    #[test]
    fn a_replica_outside_the_isr_is_skipped() {
        check(offline(&ids(&[1, 2, 3]), &ids(&[1, 3]), &set(&[2, 3])), Some((3, &[3])));
    }

    #[test]
    fn nobody_leads_when_no_isr_member_lives() {
        check(offline(&ids(&[1, 2]), &ids(&[1]), &set(&[2])), None);
    }

    #[test]
    fn an_unclean_election_takes_the_first_live_replica_and_nobody_else_is_in_sync() {
        check(unclean(&ids(&[1, 3, 2]), &set(&[2, 3])), Some((3, &[3])));
        check(unclean(&ids(&[1]), &set(&[2])), None);
    }

    #[test]
    fn the_preferred_replica_leads_only_from_the_isr_whose_order_stays() {
        let order: &[i32] = &[2, 3, 1];
        check(preferred(&ids(&[1, 2, 3]), &ids(order), &set(&[1, 2, 3])), Some((1, order)));
        check(preferred(&ids(&[1, 2]), &ids(&[2]), &set(&[1, 2])), None);
        check(preferred(&ids(&[1, 2]), &ids(&[2, 1]), &set(&[2])), None);
    }

    #[test]
    fn a_reassigned_partition_is_led_by_its_first_live_target_in_the_isr() {
        let isr: &[i32] = &[1, 2, 3];
        check(reassigned(&ids(&[4, 3, 2]), &ids(isr), &set(&[1, 2, 3])), Some((3, isr)));
        check(reassigned(&ids(&[4]), &ids(isr), &set(&[1, 4])), None);
    }

    #[test]
    fn a_stopping_leader_hands_over_to_the_first_that_stays() {
        let elected = controlled_shutdown(
            &ids(&[1, 2, 3]),
            &ids(&[1, 2, 3]),
            &set(&[1, 2, 3]),
            &set(&[1, 2]),
        );
        check(elected, Some((3, &[3])));
    }

    #[test]
    fn a_stopping_leader_alone_in_the_isr_hands_over_to_nobody() {
        let elected = controlled_shutdown(&ids(&[1, 2]), &ids(&[1]), &set(&[1, 2]), &set(&[1]));
        check(elected, None);
    }

    #[test]
    fn a_dead_follower_leaves_the_isr_and_the_leader_stays() {
        let current = Leadership { leader: Some(BrokerId(1)), isr: ids(&[1, 2, 3]) };
        check(without(&current, BrokerId(2)), Some((1, &[1, 3])));
    }

    #[test]
    fn a_follower_outside_the_isr_changes_nothing() {
        let current = Leadership { leader: Some(BrokerId(1)), isr: ids(&[1, 3]) };
        check(without(&current, BrokerId(2)), None);
    }

    #[test]
    fn the_last_isr_member_stays_listed() {
        let current = Leadership { leader: Some(BrokerId(1)), isr: ids(&[1]) };
        check(without(&current, BrokerId(1)), Some((-1, &[1])));
    }

    #[test]
    fn a_dead_leader_that_was_not_replaced_yet_leaves_the_isr() {
        let current = Leadership { leader: Some(BrokerId(1)), isr: ids(&[1, 2, 3]) };
        check(without(&current, BrokerId(1)), Some((-1, &[2, 3])));
    }
}
