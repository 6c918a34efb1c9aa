//! Rules about replicas: their logs, their high watermarks, and who may lead.

use crate::engine::disk::Disk;

use crate::engine::event::{EventKind, Invariant};
use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, TopicPartition};
use crate::engine::log::Log;
use crate::engine::persistent::OrdMap;
use crate::engine::protocol::inter_broker::PartitionState;
use crate::engine::replication::partition::Partition;
use crate::engine::sim::invariants::track::Mark;
use crate::engine::sim::invariants::{Case, Invariants};

/// A partition on a broker.
type At<'p> = (&'p TopicPartition, BrokerId);

impl Invariants {
    /// Offsets go on where the log ended; a follower's bytes are its leader's.
    pub(super) fn appended(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        (base, last): (Offset, Offset),
        as_leader: bool,
    ) {
        let Some((partition, disk)) = case.sight.replica(broker, id) else { return };
        let expected = self.replica_mut(id, broker).end;
        let compacted = partition.config.cleanup_policy.compact;
        let restarted = base == partition.log.log_start_offset();
        if expected.is_some_and(|end| end != base) && !compacted && !restarted {
            let end = expected.unwrap_or(base);
            self.broken(case, Invariant::OffsetsNotDense, Some(id), (end, base));
        }
        let replica = self.replica_mut(id, broker);
        replica.end = Some(last.plus(1));
        if expected != Some(base) {
            // Another log, or one that was emptied.
            replica.sequences = OrdMap::new();
        }
        if as_leader {
            let track = self.partitions.entry(id.clone()).or_default();
            track.appended_end = track.appended_end.max(last.plus(1));
        }
        self.look_at_sequences(case, (id, broker), &partition.log, disk, (base, last), as_leader);
        if !as_leader && !compacted {
            self.compare_with_leader(case, (id, broker), partition, disk, last);
            self.compare_with_leader(case, (id, broker), partition, disk, base.plus(-1));
        }
        self.look_at_index(case, (id, broker), partition, disk);
        self.look_at_watermark(case, (id, broker), partition);
    }

    /// Once a log holds a sequence of an idempotent producer, it is not appended there again by its
    /// leader (`ProducerStateManager`). Each log counts for itself: a leader that does not know yet
    /// that it was replaced appends what its successor appends too, until it cuts its log.
    fn look_at_sequences(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        log: &Log,
        disk: &Disk,
        (base, last): (Offset, Offset),
        as_leader: bool,
    ) {
        let mut next = base;
        while next <= last
            && let Some(header) = log.header_at(disk, next)
        {
            next = header.next_offset();
            if header.producer_id < 0 || header.is_control() {
                continue;
            }
            // Sequences begin anew after the largest: what counts is the distance on the circle.
            let newest = header.base_sequence.wrapping_add(header.last_offset_delta) & i32::MAX;
            let sequences = &mut self.replica_mut(id, broker).sequences;
            let before = sequences.insert(header.producer_id, (header.producer_epoch, newest));
            let repeated = before.is_some_and(|(epoch, sequence)| {
                let ahead = sequence.wrapping_sub(header.base_sequence) & i32::MAX;
                epoch == header.producer_epoch && ahead < i32::MAX / 2
            });
            if repeated && as_leader && !self.is_weak(broker, id) {
                let batch = (header.base_offset, header.last_offset());
                self.broken(case, Invariant::SequenceRepeated, Some(id), batch);
            }
        }
    }

    fn compare_with_leader(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        partition: &Partition,
        disk: &Disk,
        offset: Offset,
    ) {
        let Some(leader) = partition.leader() else { return };
        let Some((theirs, their_disk)) = case.sight.replica(leader, id) else { return };
        let same_reign =
            theirs.leading().is_some() && theirs.leader_epoch() == partition.leader_epoch();
        if !same_reign || self.is_weak(leader, id) || self.is_weak(broker, id) {
            return;
        }
        if differ(&partition.log, disk, &theirs.log, their_disk, offset) {
            let next = offset.plus(1);
            self.broken(case, Invariant::PrefixesDiffer, Some(id), (offset, next));
        }
    }

    /// A new entry of the active segment's index names the start of the batch that it is for.
    fn look_at_index(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        partition: &Partition,
        disk: &Disk,
    ) {
        let entries = partition.log.index_entries(disk);
        let track = self.replica_mut(id, broker);
        if std::mem::replace(&mut track.index_entries, entries) == entries {
            return;
        }
        if let Some(entry) = partition.log.newest_index_entry(disk)
            && entry.last.is_none_or(|last| last > entry.offset)
        {
            let to = entry.last.unwrap_or(entry.offset);
            self.broken(case, Invariant::IndexAstray, Some(id), (entry.offset, to));
        }
    }

    /// The high watermark lies within the log, and does not fall while its replica leads.
    fn look_at_watermark(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        partition: &Partition,
    ) {
        let (log, hw) = (&partition.log, partition.high_watermark);
        if hw > log.log_end_offset() || hw < log.log_start_offset() {
            let bounds = (log.log_start_offset(), log.log_end_offset());
            self.broken(case, Invariant::HighWatermarkOutOfLog, Some(id), bounds);
        }
        let leads = partition.leading().is_some();
        let track = self.replica_mut(id, broker);
        let before = std::mem::replace(&mut track.leads, leads.then_some(hw));
        if let Some(before) = before.filter(|before| leads && *before > hw) {
            self.broken(case, Invariant::HighWatermarkFell, Some(id), (before, hw));
        }
    }

    /// A leader calls records committed: every live member of its ISR has them, and there are enough.
    pub(super) fn leaders_watermark(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        to: Offset,
    ) {
        let Some((partition, disk)) = case.sight.replica(broker, id) else { return };
        self.look_at_watermark(case, (id, broker), partition);
        let enough = partition.isr().len() >= partition.effective_min_isr();
        if partition.leading().is_some() && !enough {
            self.broken(case, Invariant::UnderMinIsr, Some(id), (to, to));
        }
        let track = self.partitions.entry(id.clone()).or_default();
        track.promised_end = track.promised_end.max(to);
        let reigns = track.leader == Some(broker) && track.epoch == partition.leader_epoch();
        if !reigns || to <= track.committed_end {
            return;
        }
        let from = track.committed_end;
        track.committed_end = to;
        if track.reigns_told_by != Some(track.epoch) {
            track.reigns_told_by = Some(track.epoch);
            track.reigns = partition.log.epochs().into();
        }
        track.mark = partition.log.header_at(disk, to.plus(-1)).as_ref().map(Mark::of);
        for member in partition.isr().iter().copied().filter(|member| *member != broker) {
            // A reassignment takes a replica away before it leaves the ISR: it cannot be elected.
            let assigned = |state: &PartitionState| state.replicas.contains(&member);
            if !partition.state.as_ref().is_some_and(assigned) {
                continue;
            }
            if self.is_weak(member, id) || self.is_weak(broker, id) {
                continue;
            }
            let theirs = case.sight.replica(member, id);
            let end = theirs.map_or(Offset(0), |(theirs, _)| theirs.log.log_end_offset());
            if end < to {
                self.broken(case, Invariant::CommittedNotInIsr, Some(id), (end.max(from), to));
            } else if let Some((theirs, their_disk)) = theirs
                && !partition.config.cleanup_policy.compact
                && differ(&partition.log, disk, &theirs.log, their_disk, to.plus(-1))
            {
                self.broken(case, Invariant::PrefixesDiffer, Some(id), (to.plus(-1), to));
            }
        }
    }

    /// Who joins the ISR has everything that the leader calls committed.
    pub(super) fn joined(&mut self, case: &mut Case<'_>, (id, broker): At<'_>, member: BrokerId) {
        let Some((partition, _)) = case.sight.replica(broker, id) else { return };
        let Some((theirs, _)) = case.sight.replica(member, id) else { return };
        let (end, hw) = (theirs.log.log_end_offset(), partition.high_watermark);
        let current = theirs.leader_epoch() == partition.leader_epoch();
        if end < hw && current && !self.is_weak(member, id) && !self.is_weak(broker, id) {
            self.broken(case, Invariant::CommittedNotInIsr, Some(id), (end, hw));
        }
    }

    /// A follower never knows of more than its leaders committed.
    pub(super) fn followers_watermark(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        to: Offset,
    ) {
        let Some((partition, _)) = case.sight.replica(broker, id) else { return };
        self.look_at_watermark(case, (id, broker), partition);
        let promised = self.partitions.get(id).map_or(to, |track| track.promised_end);
        if to > promised && !self.is_weak(broker, id) {
            self.broken(case, Invariant::FollowerAhead, Some(id), (promised, to));
        }
    }

    /// Nothing below a replica's high watermark goes, unless a loss was told.
    pub(super) fn truncated(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        to: Offset,
        high_watermark: Offset,
    ) {
        let track = self.replica_mut(id, broker);
        (track.end, track.index_entries) = (Some(to), 0);
        track.sequences = OrdMap::new();
        let lost_from = self.partitions.get(id).and_then(|track| track.lost_from);
        let told = lost_from.is_some_and(|lost_from| to >= lost_from);
        if to < high_watermark && !told && !self.is_weak(broker, id) {
            let lost = (to, high_watermark);
            self.broken(case, Invariant::TruncatedBelowHighWatermark, Some(id), lost);
        }
    }

    /// A scan leaves only sound batches.
    pub(super) fn recovered(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        end: Offset,
        scanned: bool,
    ) {
        let track = self.replica_mut(id, broker);
        if track.end != Some(end) {
            track.sequences = OrdMap::new();
        }
        (track.end, track.index_entries, track.leads) = (Some(end), 0, None);
        let Some((partition, disk)) = case.sight.replica(broker, id) else { return };
        if scanned && let Some(rotten) = partition.log.first_rotten(disk) {
            self.broken(case, Invariant::RottenAfterRecovery, Some(id), (rotten, end));
        }
    }

    /// One leader an epoch, and it has everything that was committed.
    pub(super) fn became_leader(
        &mut self,
        case: &mut Case<'_>,
        (id, broker): At<'_>,
        epoch: LeaderEpoch,
        end: Offset,
    ) {
        self.replica_mut(id, broker).end = Some(end);
        let weak = self.is_weak(broker, id);
        let track = self.partitions.entry(id.clone()).or_default();
        let other = track.leaders.insert(epoch, broker).filter(|other| *other != broker);
        if epoch < track.epoch {
            return;
        }
        let (committed, mark) = (track.committed_end, track.mark);
        let allowed = weak || track.unclean == Some(epoch);
        // Where a loss is allowed, what counts is where the logs part: the new leader may have other
        // records, never committed, at the same offsets.
        let log = case.sight.replica(broker, id).map(|(partition, _)| &partition.log);
        let kept = log.filter(|_| allowed).map_or(end, |log| track.kept_by(log)).min(end);
        if kept < committed {
            (track.committed_end, track.mark) = (kept, None);
        }
        if kept < committed && allowed {
            track.lost_from = Some(track.lost_from.map_or(kept, |from| from.min(kept)));
            let partition = id.clone();
            case.say(EventKind::CommittedRecordsLost { partition, from: kept, to: committed });
        } else if end < committed {
            self.broken(case, Invariant::CommittedLost, Some(id), (end, committed));
        } else if !allowed && self.is_another(case, (id, broker), committed, mark) {
            self.broken(case, Invariant::PrefixesDiffer, Some(id), (committed.plus(-1), committed));
        }
        if other.is_some() {
            self.broken(case, Invariant::TwoLeaders, Some(id), (end, end));
        }
    }

    /// Whether the new leader's last committed batch is another than the one that was committed.
    fn is_another(
        &self,
        case: &Case<'_>,
        (id, broker): At<'_>,
        committed: Offset,
        mark: Option<Mark>,
    ) -> bool {
        let Some((partition, disk)) = case.sight.replica(broker, id) else { return false };
        let found = partition.log.header_at(disk, committed.plus(-1)).as_ref().map(Mark::of);
        let compacted = partition.config.cleanup_policy.compact;
        !compacted && found.is_some() && mark.is_some() && found != mark
    }
}

/// Whether two logs hold different batches at an offset that both have.
fn differ(log: &Log, disk: &Disk, other: &Log, other_disk: &Disk, offset: Offset) -> bool {
    let mark = |log: &Log, disk| log.header_at(disk, offset).as_ref().map(Mark::of);
    match (mark(log, disk), mark(other, other_disk)) {
        (Some(one), Some(two)) => one != two,
        _ => false,
    }
}
