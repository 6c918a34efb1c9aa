//! Cutting a log: what a follower does to become a prefix of its leader (`UnifiedLog.truncateTo`,
//! `truncateFullyAndStartAt`).

use crate::engine::disk::Disk;
use crate::engine::ids::Offset;
use crate::engine::log::segment::Segment;
use crate::engine::log::{Log, RecentBatches};

impl Log {
    /// Removes every record from `offset` on; returns whether there was any. Epochs that start there
    /// or later are forgotten in either case: an epoch may have been noted at the end of the log
    /// before its first record came.
    pub fn truncate_to(&mut self, disk: &mut Disk, offset: Offset) -> bool {
        if offset >= self.log_end_offset {
            self.epochs.truncate_from_end(disk, &self.dir, offset);
            return false;
        }
        let first = self.sealed.front().unwrap_or(&self.active).base;
        if offset < first {
            self.truncate_fully_and_start_at(disk, offset);
            return true;
        }
        while self.active.base > offset {
            self.active.bury(disk, &self.dir, &mut self.trash);
            self.active =
                self.sealed.pop_back().expect("the first segment starts before the offset");
        }
        self.active.truncate_to(disk, offset);
        self.active.become_active(disk, self.limits.segment_index_bytes);
        self.epochs.truncate_from_end(disk, &self.dir, offset);
        self.ends_at(offset);
        self.rebuild_producers(disk, offset);
        true
    }

    /// Removes everything; the log is empty and starts at `offset`.
    pub fn truncate_fully_and_start_at(&mut self, disk: &mut Disk, offset: Offset) {
        for segment in self.sealed.iter().chain(std::iter::once(&self.active)) {
            segment.bury(disk, &self.dir, &mut self.trash);
        }
        self.sealed.clear();
        self.active = Segment::create(disk, &self.dir, offset, self.limits.segment_index_bytes);
        self.recent = RecentBatches::default();
        self.epochs.clear(disk, &self.dir);
        self.producers.start_over(disk, &self.dir, offset);
        self.log_start_offset = offset;
        self.ends_at(offset);
        // Kafka moves it forward too: there is nothing before the new start to be scanned.
        self.recovery_point = offset;
    }

    fn ends_at(&mut self, offset: Offset) {
        self.log_end_offset = offset;
        self.log_start_offset = self.log_start_offset.min(offset);
        self.recovery_point = self.recovery_point.min(offset);
        self.recent.forget();
    }
}
