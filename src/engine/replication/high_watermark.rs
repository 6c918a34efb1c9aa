//! The leader's rule of the high watermark (`Partition.maybeIncrementLeaderHW`).
//!
//! The smallest log end offset among the leader, the maximal ISR, and replicas that are caught up
//! though not in the ISR yet. It never moves back on a leader, and since 3.7 it does not move while
//! the ISR is smaller than `min.insync.replicas`.

use crate::engine::ids::{BrokerId, Offset};
use crate::engine::planted::{self, Bug};
use crate::engine::replication::partition::Partition;
use crate::engine::time::Micros;

impl Partition {
    /// Moves the leader's high watermark as far as the rule allows. `is_alive` says which brokers may
    /// join the ISR. Returns the move, when there is one.
    pub fn advance_high_watermark(
        &mut self,
        now: Micros,
        lag_max: Micros,
        is_alive: impl Fn(BrokerId) -> bool,
    ) -> Option<(Offset, Offset)> {
        if self.is_under_min_isr() {
            return None;
        }
        let leo = self.log.log_end_offset();
        let leading = self.leading()?;
        let mut to = leo;
        for (broker, replica) in &leading.followers {
            let counts = self.in_maximal_isr(*broker)
                || (replica.is_caught_up(leo, now, lag_max) && is_alive(*broker));
            if counts && !planted::has(Bug::HighWatermarkAsMaximum) {
                to = to.min(replica.log_end_offset);
            }
        }
        let from = self.high_watermark;
        if to <= from {
            return None;
        }
        self.high_watermark = to;
        Some((from, to))
    }

    /// `min.insync.replicas`, as far as the number of replicas allows.
    #[must_use]
    pub fn effective_min_isr(&self) -> usize {
        let replicas = self.state.as_ref().map_or(1, |state| state.replicas.len());
        usize::try_from(self.config.min_insync_replicas).unwrap_or(usize::MAX).min(replicas)
    }

    /// Whether the committed ISR is too small for acks=all.
    #[must_use]
    pub fn is_under_min_isr(&self) -> bool {
        self.isr().len() < self.effective_min_isr() && !planted::has(Bug::MinIsrIgnored)
    }
}
