//! Reading: whole batches from an offset, and the offset for a time (`LocalLog.read`,
//! `LogSegment.read`, `LogSegment.findOffsetByTimestamp`).
//!
//! A read stays within one segment, as in Kafka, so that its bytes are a slice of one file; they are
//! copied only when they were appended in pieces. Kafka may end a read within a batch, which clients
//! drop; here it ends before it.

use bytes::Bytes;
use thiserror::Error;

use crate::engine::disk::Disk;
use crate::engine::ids::Offset;
use crate::engine::log::Log;
use crate::engine::log::index;
use crate::engine::log::segment::Segment;
use crate::engine::record::reader::{RecordRef, records as records_of, uncompressed};

/// An offset that the log does not have: before its start, or past its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("offset {requested} is not in {start}..={end}")]
pub struct OutOfRange {
    /// What was asked for.
    pub requested: Offset,
    /// Log start offset.
    pub start: Offset,
    /// Log end offset, which may be asked for and yields nothing.
    pub end: Offset,
}

impl Log {
    /// Whole batches from the one that contains `offset`, up to `max_bytes`, and none with a record at
    /// `upper` or later. With `at_least_one` the first batch comes even when it is larger. Empty when
    /// there is nothing between `offset` and `upper`.
    ///
    /// # Errors
    /// `offset` is outside of the log.
    pub fn read(
        &self,
        disk: &Disk,
        offset: Offset,
        max_bytes: u64,
        upper: Offset,
        at_least_one: bool,
    ) -> Result<Bytes, OutOfRange> {
        let (start, end) = (self.log_start_offset, self.log_end_offset);
        if offset < start || offset > end {
            return Err(OutOfRange { requested: offset, start, end });
        }
        if offset >= upper.min(end) {
            return Ok(Bytes::new());
        }
        for which in self.segment_of(offset)..=self.sealed.len() {
            let (segment, hint) = self.segment_with_hint(which, offset);
            if let Some((position, first)) = segment.locate(disk, offset, hint) {
                let least = if at_least_one { first.size() } else { 0 };
                let size = self.whole_batches(disk, segment, position, max_bytes.max(least), upper);
                return Ok(disk.read(segment.log, position, size));
            }
            // Nothing at or after the offset here: compaction, or damage at its end.
        }
        Ok(Bytes::new())
    }

    /// Bytes that Kafka takes for the same read: up to `max_bytes` or `upper`, whatever they cut through
    /// (`LogSegment.read`). Batches of older formats are made to be as long.
    #[must_use]
    pub fn read_bytes(
        &self,
        disk: &Disk,
        offset: Offset,
        max_bytes: u64,
        upper: Offset,
        at_least_one: bool,
    ) -> u64 {
        for which in self.segment_of(offset)..=self.sealed.len() {
            let (segment, hint) = self.segment_with_hint(which, offset);
            if let Some((position, first)) = segment.locate(disk, offset, hint) {
                let least = if at_least_one { first.size() } else { 0 };
                let end = segment.locate(disk, upper, None).map_or(segment.bytes, |(at, _)| at);
                return end.saturating_sub(position).min(max_bytes.max(least));
            }
        }
        0
    }

    /// The first record that is at least as new as `timestamp` (ms since 1970), with its own time and
    /// offset; `None` when all are older. In a batch that cannot be decompressed, the batch's largest
    /// time and first offset.
    #[must_use]
    pub fn offset_for_timestamp(&self, disk: &Disk, timestamp: i64) -> Option<(i64, Offset)> {
        let segment = self.all_segments().find(|segment| segment.largest.timestamp >= timestamp)?;
        let from_time = index::lookup_time(disk, segment.time_index, segment.base, timestamp);
        let from_offset = from_time.map_or(segment.base, |entry| entry.offset);
        let position = segment.position_before(disk, from_offset.max(self.log_start_offset));
        for (position, header) in segment.walk(disk, position) {
            if header.max_timestamp < timestamp {
                continue;
            }
            let batch = disk.read(segment.log, position, header.size());
            let batch = uncompressed(&batch).unwrap_or(batch);
            let mut records = records_of(&batch).map_while(Result::ok).peekable();
            if records.peek().is_none() {
                return Some((header.max_timestamp, header.base_offset));
            }
            if let Some(record) = records.find(|record| self.is_record_at(record, timestamp)) {
                return Some((record.timestamp, record.offset));
            }
        }
        None
    }

    /// The largest timestamp of a record, in ms since 1970; −1 when there is none.
    #[must_use]
    pub fn max_timestamp(&self) -> i64 {
        self.all_segments().map(|segment| segment.largest.timestamp).max().unwrap_or(-1)
    }

    fn is_record_at(&self, record: &RecordRef<'_>, timestamp: i64) -> bool {
        record.timestamp >= timestamp && record.offset >= self.log_start_offset
    }

    /// Bytes of the whole batches from `position` that fit.
    fn whole_batches(
        &self,
        disk: &Disk,
        segment: &Segment,
        position: u64,
        max_bytes: u64,
        upper: Offset,
    ) -> u64 {
        let rest = segment.bytes - position;
        if rest <= max_bytes && segment.end <= upper {
            return rest;
        }
        let mut size = 0;
        for (_, header) in segment.walk(disk, position) {
            if header.last_offset() >= upper || size + header.size() > max_bytes {
                break;
            }
            size += header.size();
        }
        size
    }

    /// Index of the segment that `offset` falls into; the active one comes after the sealed ones.
    pub(super) fn segment_of(&self, offset: Offset) -> usize {
        if offset >= self.active.base {
            return self.sealed.len();
        }
        match self.sealed.binary_search_by_key(&offset, |segment| segment.base) {
            Ok(exact) => exact,
            Err(after) => after.saturating_sub(1),
        }
    }

    /// A segment, and a batch start at or before `offset` if one is remembered.
    pub(super) fn segment_with_hint(
        &self,
        which: usize,
        offset: Offset,
    ) -> (&Segment, Option<u64>) {
        match self.sealed.get(which) {
            Some(segment) => (segment, None),
            None => (&self.active, self.recent.before(offset).map(|(_, position)| position)),
        }
    }
}
