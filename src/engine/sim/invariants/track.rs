//! What is remembered of a partition and of each of its replicas.

use std::rc::Rc;

use crate::engine::persistent::OrdMap;

use crate::engine::ids::{BrokerId, LeaderEpoch, Offset};
use crate::engine::log::Log;
use crate::engine::record::batch::BatchHeader;

/// A batch, by what must be the same in every replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    base: Offset,
    next: Offset,
    epoch: LeaderEpoch,
    crc: u32,
}

impl Mark {
    pub(super) fn of(header: &BatchHeader) -> Mark {
        Mark {
            base: header.base_offset,
            next: header.next_offset(),
            epoch: header.leader_epoch,
            crc: header.crc,
        }
    }
}

/// A partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    /// The reign that ZooKeeper tells of.
    pub(super) epoch: LeaderEpoch,
    /// Its leader.
    pub(super) leader: Option<BrokerId>,
    /// The ISR that ZooKeeper tells of.
    pub(super) isr: Rc<[BrokerId]>,
    /// Who led in each reign.
    pub(super) leaders: OrdMap<LeaderEpoch, BrokerId>,
    /// Newest reign whose leader came from outside of the ISR, as the settings allow.
    pub(super) unclean: Option<LeaderEpoch>,
    /// Everything below it is committed by the leaders that ZooKeeper named.
    pub(super) committed_end: Offset,
    /// The last committed batch; `None` when it cannot be told (compacted away, lost).
    pub(super) mark: Option<Mark>,
    /// The reigns of the committed records, each with its first offset, as the leader of
    /// `reigns_told_by` knew them when it first called something committed.
    pub(super) reigns: Rc<[(LeaderEpoch, Offset)]>,
    /// See `reigns`.
    pub(super) reigns_told_by: Option<LeaderEpoch>,
    /// Most that any leader ever called committed.
    pub(super) promised_end: Offset,
    /// Most that any leader ever had.
    pub(super) appended_end: Offset,
    /// Lowest offset from which committed records were lost, as is allowed.
    pub(super) lost_from: Option<Offset>,
}

impl Track {
    /// Up to where a log holds the committed records: reigns and offsets name records, so two logs
    /// agree up to the end of the last reign that both have (KIP-101), and no further.
    pub(super) fn kept_by(&self, log: &Log) -> Offset {
        let (end, committed) = (log.log_end_offset(), self.committed_end);
        let theirs = log.epochs();
        if theirs.is_empty() || self.reigns.is_empty() {
            return end.min(committed);
        }
        let end_of = |all: &[(LeaderEpoch, Offset)], epoch, end: Offset| {
            let next = all.iter().find(|(later, _)| *later > epoch);
            next.map_or(end, |(_, start)| (*start).min(end))
        };
        let shared = self.reigns.iter().rev().find(|(epoch, start)| {
            *start < committed && theirs.iter().any(|(their_epoch, _)| their_epoch == epoch)
        });
        let Some((epoch, _)) = shared else { return log.log_start_offset().min(committed) };
        end_of(&self.reigns, *epoch, committed).min(end_of(theirs, *epoch, end))
    }
}

/// A replica.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplicaTrack {
    /// Its log end offset, once it is known.
    pub(super) end: Option<Offset>,
    /// Its high watermark since it leads; `None` while it does not.
    pub(super) leads: Option<Offset>,
    /// Newest epoch and sequence of each idempotent producer, since its log was last cut.
    pub(super) sequences: OrdMap<i64, (i16, i32)>,
    /// Entries of its active segment's index when last looked at.
    pub(super) index_entries: u64,
}
