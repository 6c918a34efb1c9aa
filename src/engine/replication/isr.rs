//! Who is in sync: expansion, shrinking, and the ISR between a wish and its answer.
//!
//! While a change is in flight the *maximal* ISR (old ∪ new) counts for the high watermark and for
//! acks; only a committed shrink lets the high watermark pass the removed replica (KIP-497).

use crate::engine::ids::{BrokerId, PartitionEpoch};
use crate::engine::planted::{self, Bug};
use crate::engine::replication::partition::Partition;
use crate::engine::time::Micros;

/// An ISR asked of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingIsr {
    /// The ISR wanted, in order.
    pub isr: Vec<BrokerId>,
    /// The state version it is based on.
    pub based_on: PartitionEpoch,
}

impl Partition {
    /// Whether `broker` is in the committed ISR or in the one that is asked for.
    #[must_use]
    pub fn in_maximal_isr(&self, broker: BrokerId) -> bool {
        let pending = self.leading().and_then(|leading| leading.pending.as_ref());
        if let Some(pending) = pending.filter(|_| planted::has(Bug::ShrinkCountsEarly)) {
            return pending.isr.contains(&broker);
        }
        self.isr().contains(&broker) || pending.is_some_and(|pending| pending.isr.contains(&broker))
    }

    /// Number of members of the maximal ISR.
    #[must_use]
    pub fn maximal_isr_len(&self) -> usize {
        let pending = self.leading().and_then(|leading| leading.pending.as_ref());
        let joining = pending.map_or(0, |pending| {
            pending.isr.iter().filter(|broker| !self.isr().contains(broker)).count()
        });
        self.isr().len() + joining
    }

    /// The ISR with `follower` appended, when it should join (`Partition.needsExpandIsr`): nothing is
    /// in flight, it is alive, and it has reached the high watermark and the start of this reign.
    #[must_use]
    pub fn expanded_isr(&self, follower: BrokerId, is_alive: bool) -> Option<Vec<BrokerId>> {
        let leading = self.leading()?;
        let replica = leading.followers.get(&follower)?;
        let joins = leading.pending.is_none()
            && is_alive
            && !self.isr().contains(&follower)
            && (planted::has(Bug::IsrExpandsEarly)
                || (replica.log_end_offset >= self.high_watermark
                    && replica.log_end_offset >= leading.epoch_start));
        joins.then(|| self.isr().iter().copied().chain([follower]).collect())
    }

    /// Whether nobody can be late until something changes here: every follower in the ISR is at the
    /// end and no change of the ISR is in flight, or this broker does not lead.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let Some(leading) = self.leading() else { return true };
        let leo = self.log.log_end_offset();
        let at_end = |broker: &BrokerId| {
            leading.followers.get(broker).is_none_or(|replica| replica.log_end_offset == leo)
        };
        leading.pending.is_none() && self.isr().iter().all(at_end)
    }

    /// The ISR without those that are late, when there are any (`Partition.maybeShrinkIsr`).
    #[must_use]
    pub fn shrunk_isr(&self, now: Micros, lag_max: Micros) -> Option<Vec<BrokerId>> {
        let leading = self.leading()?;
        if leading.pending.is_some() || planted::has(Bug::IsrIgnoresLag) {
            return None;
        }
        let leo = self.log.log_end_offset();
        let stays = |broker: &BrokerId| {
            let replica = leading.followers.get(broker);
            replica.is_none_or(|replica| replica.is_caught_up(leo, now, lag_max))
        };
        let isr: Vec<BrokerId> = self.isr().iter().copied().filter(stays).collect();
        (isr.len() < self.isr().len()).then_some(isr)
    }
}
