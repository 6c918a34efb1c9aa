//! What an inspector reads of a log: its segments with both indexes, entry by entry, and where its
//! batches lie. Nothing here changes anything.

use bytes::Bytes;

use crate::engine::disk::Disk;
use crate::engine::ids::Offset;
use crate::engine::log::index::{self, OFFSET_ENTRY, TIME_ENTRY};
use crate::engine::log::segment::Segment;
use crate::engine::log::{Log, SegmentInfo};
use crate::engine::record::batch::{self, BatchHeader};

/// Bytes read at once when batches are listed.
const READ_BYTES: u64 = 65_536;

/// One segment, with what only an inspector wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentDetail {
    /// Offsets and bytes.
    pub info: SegmentInfo,
    /// Entries of its `.timeindex`.
    pub time_entries: u64,
    /// Largest timestamp in it, in ms since 1970; −1 while it is empty. Retention goes by it.
    pub newest_ms: i64,
    /// Whether it takes appends.
    pub active: bool,
}

impl Log {
    /// Its directory on the disk: `topic-partition`.
    #[must_use]
    pub fn dir(&self) -> &str {
        &self.dir
    }

    /// How many segments it has; at least one.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.sealed.len() + 1
    }

    /// Segments from the `first`-th on, at most `limit`, oldest first.
    #[must_use]
    pub fn segment_details(&self, disk: &Disk, first: usize, limit: usize) -> Vec<SegmentDetail> {
        let detail = |segment: &Segment| SegmentDetail {
            info: segment.info(disk),
            time_entries: disk.filled_len(segment.time_index) / TIME_ENTRY,
            newest_ms: segment.largest.timestamp,
            active: segment.base == self.active.base,
        };
        self.all_segments().skip(first).take(limit).map(detail).collect()
    }

    /// Entries of the offset index of the segment from `base`, from the `first`-th on: offset and
    /// position in the `.log`. Empty when there is no such segment.
    #[must_use]
    pub fn offset_index(
        &self,
        disk: &Disk,
        base: Offset,
        first: u64,
        limit: u64,
    ) -> Vec<(Offset, u64)> {
        let Some(segment) = self.segment_from(base) else { return Vec::new() };
        let entries = disk.filled_len(segment.offset_index) / OFFSET_ENTRY;
        let slots = first..entries.min(first.saturating_add(limit));
        let entry = |slot| index::offset_entry(disk, segment.offset_index, base, slot);
        slots.map(entry).map(|entry| (entry.offset, entry.position)).collect()
    }

    /// Entries of the time index of the segment from `base`, from the `first`-th on: timestamp in ms
    /// since 1970, and offset. Empty when there is no such segment.
    #[must_use]
    pub fn time_index(
        &self,
        disk: &Disk,
        base: Offset,
        first: u64,
        limit: u64,
    ) -> Vec<(i64, Offset)> {
        let Some(segment) = self.segment_from(base) else { return Vec::new() };
        let entries = disk.filled_len(segment.time_index) / TIME_ENTRY;
        let slots = first..entries.min(first.saturating_add(limit));
        let entry = |slot| index::time_entry(disk, segment.time_index, base, slot);
        slots.map(entry).map(|entry| (entry.timestamp, entry.offset)).collect()
    }

    /// Batches from the one that contains `offset` on, until they hold `records` records or more.
    #[must_use]
    pub fn batches_from(
        &self,
        disk: &Disk,
        offset: Offset,
        records: u32,
    ) -> Vec<(BatchHeader, Bytes)> {
        let end = self.log_end_offset;
        let mut found = Vec::new();
        let mut at = offset.max(self.log_start_offset);
        let mut left = i64::from(records);
        while at < end && left > 0 {
            let Ok(bytes) = self.read(disk, at, READ_BYTES, end, true) else { break };
            let mut next = at;
            for (header, batch) in batch::batches(&bytes) {
                if left > 0 {
                    left -= i64::from(header.record_count.max(1));
                    found.push((header, batch));
                }
                next = header.next_offset();
            }
            if next <= at {
                break;
            }
            at = next;
        }
        found
    }

    fn segment_from(&self, base: Offset) -> Option<&Segment> {
        self.all_segments().find(|segment| segment.base == base)
    }
}
