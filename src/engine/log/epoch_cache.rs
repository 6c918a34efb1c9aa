//! Leader epochs of a log: where each reign starts (`LeaderEpochFileCache`, KIP-101).
//!
//! Kept in `leader-epoch-checkpoint`: version 0, the number of entries, then `epoch offset` lines.
//! Epochs and offsets both rise from entry to entry. The file is written when the first epoch comes.

use std::fmt::Write;
use std::rc::Rc;

use bytes::Bytes;

use crate::engine::disk::Disk;
use crate::engine::ids::{LeaderEpoch, Offset};
use crate::engine::log::checkpoint;

/// Its file within a log's directory.
const FILE: &str = "leader-epoch-checkpoint";

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct EpochCache {
    entries: Rc<Vec<(LeaderEpoch, Offset)>>,
}

impl EpochCache {
    /// What a log's directory holds; empty when the file is absent or not one.
    pub(super) fn load(disk: &Disk, dir: &str) -> EpochCache {
        let bytes = disk.read_path(&path(dir)).unwrap_or_default();
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        EpochCache { entries: Rc::new(checkpoint::entries(text, entry).unwrap_or_default()) }
    }

    pub(super) fn entries(&self) -> &[(LeaderEpoch, Offset)] {
        &self.entries
    }

    pub(super) fn latest(&self) -> Option<(LeaderEpoch, Offset)> {
        self.entries.last().copied()
    }

    /// Notes the start of an epoch. Entries at its end that are not before it, by epoch or by offset,
    /// go (`maybeTruncateNonMonotonicEntries`).
    pub(super) fn assign(&mut self, disk: &mut Disk, dir: &str, epoch: LeaderEpoch, start: Offset) {
        if epoch < LeaderEpoch(0) || start < Offset(0) {
            return;
        }
        if self.latest().is_some_and(|(latest, from)| latest == epoch && from <= start) {
            return;
        }
        let entries = Rc::make_mut(&mut self.entries);
        while entries.last().is_some_and(|(last, from)| *last >= epoch || *from >= start) {
            entries.pop();
        }
        entries.push((epoch, start));
        self.write(disk, dir);
    }

    /// Forgets epochs that start at `end` or later: the log was cut there.
    pub(super) fn truncate_from_end(&mut self, disk: &mut Disk, dir: &str, end: Offset) {
        if self.latest().is_none_or(|(_, from)| from < end) {
            return;
        }
        Rc::make_mut(&mut self.entries).retain(|(_, from)| *from < end);
        self.write(disk, dir);
    }

    /// Forgets epochs that ended at `start` or before; the one that goes on there starts there now
    /// (`truncateFromStart`).
    pub(super) fn truncate_from_start(&mut self, disk: &mut Disk, dir: &str, start: Offset) {
        let before = self.entries.partition_point(|(_, from)| *from <= start);
        let Some(last) = before.checked_sub(1) else { return };
        if last == 0 && self.entries[0].1 == start {
            return;
        }
        let entries = Rc::make_mut(&mut self.entries);
        entries.drain(..last);
        entries[0].1 = start;
        self.write(disk, dir);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self, disk: &mut Disk, dir: &str) {
        if !self.entries.is_empty() {
            self.entries = Rc::default();
            self.write(disk, dir);
        }
    }

    /// See [`super::Log::end_offset_for_epoch`].
    pub(super) fn end_offset_for(
        &self,
        requested: LeaderEpoch,
        log_end_offset: Offset,
    ) -> (LeaderEpoch, Offset) {
        const UNDEFINED: (LeaderEpoch, Offset) = (LeaderEpoch::NONE, Offset::NONE);
        if requested == LeaderEpoch::NONE {
            return UNDEFINED;
        }
        if self.latest().is_some_and(|(latest, _)| latest == requested) {
            return (requested, log_end_offset);
        }
        let higher = self.entries.partition_point(|(epoch, _)| *epoch <= requested);
        let Some((_, end)) = self.entries.get(higher) else { return UNDEFINED };
        match higher.checked_sub(1) {
            Some(floor) => (self.entries[floor].0, *end),
            None => (requested, *end),
        }
    }

    fn write(&self, disk: &mut Disk, dir: &str) {
        let mut text = format!("0\n{}\n", self.entries.len());
        for (epoch, start) in self.entries.iter() {
            writeln!(text, "{epoch} {start}").expect("text takes every write");
        }
        disk.replace(&path(dir), Bytes::from(text));
    }
}

fn path(dir: &str) -> String {
    format!("{dir}/{FILE}")
}

fn entry(line: &str) -> Option<(LeaderEpoch, Offset)> {
    let (epoch, start) = line.split_once(' ')?;
    Some((LeaderEpoch(epoch.parse().ok()?), Offset(start.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIR: &str = "orders-0";

    fn cache(disk: &mut Disk, entries: &[(i32, i64)]) -> EpochCache {
        let mut cache = EpochCache::default();
        for (epoch, start) in entries {
            cache.assign(disk, DIR, LeaderEpoch(*epoch), Offset(*start));
        }
        cache
    }

    fn check_entries(cache: &EpochCache, expected: &[(i32, i64)]) {
        let entries: Vec<(i32, i64)> = cache.entries().iter().map(|(e, o)| (e.0, o.0)).collect();
        assert_eq!(entries, expected);
    }

    fn check_end(entries: &[(i32, i64)], requested: i32, expected: (i32, i64)) {
        let cache = cache(&mut Disk::default(), entries);
        let (epoch, end) = cache.end_offset_for(LeaderEpoch(requested), Offset(100));
        assert_eq!((epoch.0, end.0), expected);
    }

    #[test]
    fn the_latest_epoch_ends_where_the_log_ends() {
        check_end(&[(2, 0), (5, 40)], 5, (5, 100));
    }

    #[test]
    fn an_epoch_newer_than_all_is_undefined() {
        check_end(&[(2, 0), (5, 40)], 6, (-1, -1));
        check_end(&[], 0, (-1, -1));
        check_end(&[(2, 0)], -1, (-1, -1));
    }

    #[test]
    fn an_epoch_older_than_all_ends_where_the_first_starts() {
        check_end(&[(2, 10), (5, 40)], 1, (1, 10));
    }

    #[test]
    fn an_epoch_in_between_is_answered_by_the_one_below() {
        check_end(&[(2, 0), (5, 40), (9, 70)], 2, (2, 40));
        check_end(&[(2, 0), (5, 40), (9, 70)], 7, (5, 70));
    }

    #[test]
    fn an_assignment_removes_what_contradicts_it() {
        let mut disk = Disk::default();
        let mut cache = cache(&mut disk, &[(1, 0), (2, 10), (3, 20), (4, 30)]);
        cache.assign(&mut disk, DIR, LeaderEpoch(5), Offset(20));
        check_entries(&cache, &[(1, 0), (2, 10), (5, 20)]);
        cache.assign(&mut disk, DIR, LeaderEpoch(2), Offset(25));
        check_entries(&cache, &[(1, 0), (2, 25)]);
    }

    #[test]
    fn the_same_epoch_again_changes_nothing_unless_it_starts_earlier() {
        let mut disk = Disk::default();
        let mut cache = cache(&mut disk, &[(1, 0), (2, 10)]);
        cache.assign(&mut disk, DIR, LeaderEpoch(2), Offset(15));
        check_entries(&cache, &[(1, 0), (2, 10)]);
        cache.assign(&mut disk, DIR, LeaderEpoch(2), Offset(5));
        check_entries(&cache, &[(1, 0), (2, 5)]);
    }

    #[test]
    fn a_cut_forgets_epochs_that_start_there_or_later() {
        let mut disk = Disk::default();
        let mut cache = cache(&mut disk, &[(1, 0), (2, 10), (3, 20)]);
        cache.truncate_from_end(&mut disk, DIR, Offset(10));
        check_entries(&cache, &[(1, 0)]);
    }

    #[test]
    fn the_file_is_kafkas_and_reads_back() {
        let mut disk = Disk::default();
        cache(&mut disk, &[(0, 0), (3, 127)]);
        let text = disk.read_path("orders-0/leader-epoch-checkpoint").expect("it was written");
        assert_eq!(&text[..], b"0\n2\n0 0\n3 127\n");
        check_entries(&EpochCache::load(&disk, DIR), &[(0, 0), (3, 127)]);
    }

    #[test]
    fn a_damaged_file_counts_as_none() {
        let mut disk = Disk::default();
        for text in ["", "1\n0\n", "0\n2\n0 0\n", "0\n1\nzero 0\n"] {
            disk.replace("orders-0/leader-epoch-checkpoint", Bytes::from(text));
            check_entries(&EpochCache::load(&disk, DIR), &[]);
        }
    }
}
