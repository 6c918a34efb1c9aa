//! Where a follower cuts its log so that it is a prefix of the leader's (KIP-101, KIP-279, KIP-595).
//!
//! The follower sends the epoch of its last record with each fetch; a leader whose log has that epoch
//! ending earlier answers with the epoch and offset where the two logs part.

use crate::engine::ids::{LeaderEpoch, Offset};
use crate::engine::log::Log;
use crate::engine::planted::{self, Bug};

/// Leader's side: where a follower's log, ending at `fetch_offset` in `last_fetched_epoch`, parts from
/// this one. `Ok(None)`: it is a prefix. `Err`: this log knows nothing of that epoch.
///
/// # Errors
/// The epoch is unknown here: OFFSET_OUT_OF_RANGE is the answer (`Partition.readRecords`).
pub fn divergence(
    log: &Log,
    last_fetched_epoch: LeaderEpoch,
    fetch_offset: Offset,
) -> Result<Option<(LeaderEpoch, Offset)>, UnknownEpoch> {
    if last_fetched_epoch == LeaderEpoch::NONE || planted::has(Bug::DivergenceIgnored) {
        return Ok(None);
    }
    let (epoch, end) = log.end_offset_for_epoch(last_fetched_epoch);
    if epoch == LeaderEpoch::NONE || end == Offset::NONE {
        return Err(UnknownEpoch);
    }
    let parts = epoch < last_fetched_epoch || end < fetch_offset;
    Ok(parts.then_some((epoch, end)))
}

/// The leader has no record of the epoch that a follower named, nor of an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEpoch;

/// Follower's side: the offset to cut to, given where the leader's log has `epoch` ending
/// (`AbstractFetcherThread.getOffsetTruncationState`).
#[must_use]
pub fn truncation_offset(log: &Log, epoch: LeaderEpoch, leader_end: Offset) -> Offset {
    let leo = log.log_end_offset();
    let (own_epoch, own_end) = log.end_offset_for_epoch(epoch);
    if own_end == Offset::NONE {
        return leader_end.min(leo);
    }
    if own_epoch == epoch { own_end.min(leader_end).min(leo) } else { own_end.min(leo) }
}
