//! One segment of a log (`LogSegment`): its `.log`, `.index` and `.timeindex`, named by base offset.
//!
//! Plain numbers and file ids: copied freely. A batch is indexed only when enough bytes were appended
//! since the last entry, so a lookup ends with a short walk over batch headers.

use crate::engine::disk::{Disk, FileId};
use crate::engine::ids::Offset;
use crate::engine::log::index::{self, OFFSET_ENTRY, OffsetEntry, TimeEntry};
use crate::engine::log::{SegmentInfo, Trash};
use crate::engine::planted::{self, Bug};
use crate::engine::record::batch::{BatchHeader, HEADER_BYTES, batches};

use bytes::Bytes;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) base: Offset,
    /// First offset after it.
    pub(super) end: Offset,
    /// Length of the `.log`, with a torn tail if there is one.
    pub(super) bytes: u64,
    pub(super) log: FileId,
    pub(super) offset_index: FileId,
    pub(super) time_index: FileId,
    /// Bytes appended since the last index entry, or since the segment was opened.
    bytes_since_entry: u64,
    /// Largest timestamp so far, and the last offset of the batch that has it; −1 while empty.
    pub(super) largest: TimeEntry,
    /// Largest timestamp of the first append, by which the segment's age counts
    /// (`rollingBasedTimestamp`); not known while empty, or since it was opened.
    first_timestamp: Option<i64>,
    /// The broker's clock at the first append: counts when records have no timestamps. Not known
    /// after it was opened.
    begun_ms: Option<i64>,
}

/// What an append brings, as far as the segment needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) last: Offset,
    pub(super) largest: TimeEntry,
    /// The broker's clock, in ms since 1970.
    pub(super) wall_ms: i64,
}

impl Segment {
    /// A new, active segment from `base`; its files are made, its indexes with room for
    /// `index_bytes`, and what had their names is gone.
    pub(super) fn create(disk: &mut Disk, dir: &str, base: Offset, index_bytes: u64) -> Segment {
        for suffix in SUFFIXES {
            disk.delete(&path(dir, base, suffix));
        }
        let segment = Segment::open(disk, dir, base);
        segment.become_active(disk, index_bytes);
        segment
    }

    /// The segment whose files are on the disk, as far as its indexes tell. Its end is not known yet.
    pub(super) fn open(disk: &mut Disk, dir: &str, base: Offset) -> Segment {
        Segment::open_as(disk, dir, base, "")
    }

    /// The same for files whose names end with `suffix`: those of a cleaning.
    pub(super) fn open_as(disk: &mut Disk, dir: &str, base: Offset, suffix: &str) -> Segment {
        let [log, offset_index, time_index] =
            SUFFIXES.map(|kind| disk.open(&format!("{}{suffix}", path(dir, base, kind))));
        let none = TimeEntry { timestamp: -1, offset: base };
        let largest = index::last_time_entry(disk, time_index, base).unwrap_or(none);
        let bytes = disk.len(log);
        Segment {
            base,
            end: base,
            bytes,
            log,
            offset_index,
            time_index,
            bytes_since_entry: 0,
            largest,
            first_timestamp: None,
            begun_ms: None,
        }
    }

    /// Makes room in the indexes (`resizeIndexes`).
    pub(super) fn become_active(&self, disk: &mut Disk, index_bytes: u64) {
        index::preallocate(disk, (self.offset_index, self.time_index), index_bytes);
    }

    /// How long it has been filled, in ms: by records' timestamps, up to `timestamp`; by the broker's
    /// clock when its first have none (`timeWaitedForRoll`).
    pub(super) fn age_ms(&self, disk: &Disk, timestamp: i64, wall_ms: i64) -> i64 {
        match self.first_timestamp(disk) {
            Some(first) if first >= 0 => timestamp.saturating_sub(first),
            _ => self.begun_ms.map_or(0, |begun| wall_ms - begun),
        }
    }

    /// Largest timestamp of the first append; of the first batch, for a segment that was opened
    /// (`loadFirstBatchTimestamp`).
    pub(super) fn first_timestamp(&self, disk: &Disk) -> Option<i64> {
        self.first_timestamp
            .or_else(|| self.walk(disk, 0).next().map(|(_, header)| header.max_timestamp))
    }

    /// Time of its newest record, in ms since 1970; of its first append, when records have none
    /// (Kafka: of its file's last change). `None`: not known.
    pub(super) fn newest_ms(&self) -> Option<i64> {
        if self.largest.timestamp >= 0 { Some(self.largest.timestamp) } else { self.begun_ms }
    }

    /// Appends records in one write, and counts them batch by batch: each may get its index entry, as
    /// in 3.9 (`LogSegment.append`; measured on a follower that copies whole segments). Returns the
    /// position.
    pub(super) fn append(
        &mut self,
        disk: &mut Disk,
        records: Bytes,
        arrival: Arrival,
        index_interval_bytes: u64,
    ) -> u64 {
        let position = disk.append(self.log, records.clone());
        if position == 0 {
            self.first_timestamp = Some(arrival.largest.timestamp);
            self.begun_ms = Some(arrival.wall_ms);
        }
        let mut at = position;
        for (header, batch) in batches(&records) {
            let last = header.last_offset();
            let largest = TimeEntry { timestamp: header.max_timestamp, offset: last };
            let arrival = Arrival { last, largest, ..arrival };
            self.note(disk, at, batch.len() as u64, arrival, index_interval_bytes);
            at += batch.len() as u64;
        }
        position
    }

    /// Takes account of bytes in the `.log`: end, largest timestamp, indexes.
    pub(super) fn note(
        &mut self,
        disk: &mut Disk,
        position: u64,
        size: u64,
        arrival: Arrival,
        index_interval_bytes: u64,
    ) {
        if arrival.largest.timestamp > self.largest.timestamp {
            self.largest = arrival.largest;
        }
        if self.bytes_since_entry > index_interval_bytes {
            let position = position + u64::from(planted::has(Bug::IndexOffByOne));
            let entry = OffsetEntry { offset: arrival.last, position };
            index::append_offset(disk, self.offset_index, self.base, entry);
            index::maybe_append_time(disk, self.time_index, self.base, self.largest);
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += size;
        self.bytes = position + size;
        self.end = arrival.last.plus(1);
    }

    /// One more time index entry for the largest timestamp, if it is newer than the last, and no more
    /// room in the indexes than entries: on roll, clean close and recovery
    /// (`onBecomeInactiveSegment`).
    pub(super) fn become_inactive(&self, disk: &mut Disk) {
        if self.largest.timestamp >= 0 {
            index::maybe_append_time(disk, self.time_index, self.base, self.largest);
        }
        index::trim(disk, (self.offset_index, self.time_index));
    }

    /// Starts over with empty indexes, before a scan.
    pub(super) fn reset_indexes(&mut self, disk: &mut Disk) {
        disk.truncate(self.offset_index, 0);
        disk.truncate(self.time_index, 0);
        self.largest = TimeEntry { timestamp: -1, offset: self.base };
        self.bytes_since_entry = 0;
        self.end = self.base;
        self.bytes = 0;
    }

    /// Counts bytes up to the next index entry from here, as a segment that was just opened does.
    pub(super) fn forget_interval(&mut self) {
        self.bytes_since_entry = 0;
    }

    /// Position and header of the first batch that ends at `offset` or later, found from the indexes
    /// or from `hint`, a batch start at or before it (`translateOffset`).
    pub(super) fn locate(
        &self,
        disk: &Disk,
        offset: Offset,
        hint: Option<u64>,
    ) -> Option<(u64, BatchHeader)> {
        let start = hint.unwrap_or_else(|| self.position_before(disk, offset));
        self.walk(disk, start).find(|(_, header)| header.last_offset() >= offset)
    }

    /// The indexed position at or before `offset`.
    pub(super) fn position_before(&self, disk: &Disk, offset: Offset) -> u64 {
        index::lookup_offset(disk, self.offset_index, self.base, offset)
            .map_or(0, |entry| entry.position)
    }

    /// Batch headers from a position on, until the file ends or holds no whole batch.
    pub(super) fn walk<'a>(&self, disk: &'a Disk, position: u64) -> Walk<'a> {
        Walk { disk, log: self.log, end: self.bytes, position, run: Bytes::new(), run_start: 0 }
    }

    /// First offset after the last whole batch, and where that ends in the file, found behind the last
    /// index entry (`readNextOffset`). As in Kafka, the base offset when the very batch of that entry
    /// is torn.
    pub(super) fn read_next_offset(&self, disk: &Disk) -> (Offset, u64) {
        let start = index::last_offset_entry(disk, self.offset_index, self.base)
            .map_or(0, |entry| entry.position);
        let last = self.walk(disk, start).last();
        last.map_or((self.base, start), |(position, header)| {
            (header.next_offset(), position + header.size())
        })
    }

    /// Removes the batch that contains `offset` and all after it; returns the bytes removed.
    pub(super) fn truncate_to(&mut self, disk: &mut Disk, offset: Offset) -> u64 {
        let found = self.locate(disk, offset, None);
        index::truncate_to(disk, (self.offset_index, self.time_index), self.base, offset);
        let before = self.bytes;
        if let Some((position, _)) = found {
            disk.truncate(self.log, position);
            self.bytes = position;
        }
        if self.bytes == 0 {
            self.first_timestamp = None;
            self.begun_ms = None;
        }
        self.end = offset;
        self.bytes_since_entry = 0;
        self.largest = self.read_largest_timestamp(disk);
        before - self.bytes
    }

    /// Largest timestamp after a cut: the last time entry, or a batch behind it
    /// (`LogSegment.readLargestTimestamp`).
    fn read_largest_timestamp(&self, disk: &Disk) -> TimeEntry {
        let none = TimeEntry { timestamp: -1, offset: self.base };
        let mut largest = index::last_time_entry(disk, self.time_index, self.base).unwrap_or(none);
        let start = self.position_before(disk, largest.offset);
        for (_, header) in self.walk(disk, start) {
            if header.max_timestamp > largest.timestamp {
                largest =
                    TimeEntry { timestamp: header.max_timestamp, offset: header.last_offset() };
            }
        }
        largest
    }

    pub(super) fn flush(&self, disk: &mut Disk) {
        disk.flush(self.log);
        disk.flush(self.offset_index);
        disk.flush(self.time_index);
    }

    /// Gives its files, and the snapshot of producers at its start, the suffix `.deleted`; they go
    /// later (`LocalLog.deleteSegmentFiles`, `UnifiedLog.deleteProducerSnapshots`).
    pub(super) fn bury(&self, disk: &mut Disk, dir: &str, trash: &mut Trash) {
        for suffix in SUFFIXES.into_iter().chain(["snapshot"]) {
            trash.bury(disk, &path(dir, self.base, suffix));
        }
    }

    pub(super) fn info(&self, disk: &Disk) -> SegmentInfo {
        SegmentInfo {
            base: self.base,
            end: self.end,
            bytes: self.bytes,
            flushed_bytes: disk.flushed_len(self.log),
            index_entries: disk.filled_len(self.offset_index) / OFFSET_ENTRY,
        }
    }
}

/// Files of a segment.
pub(super) const SUFFIXES: [&str; 3] = ["log", "index", "timeindex"];

/// `orders-0/00000000000000000042.log`.
pub(super) fn path(dir: &str, base: Offset, suffix: &str) -> String {
    format!("{dir}/{:020}.{suffix}", base.0)
}

/// See [`Segment::walk`]. Bytes that lie together are looked up once.
pub(super) struct Walk<'a> {
    disk: &'a Disk,
    log: FileId,
    end: u64,
    position: u64,
    run: Bytes,
    run_start: u64,
}

impl Walk<'_> {
    fn header(&mut self) -> Option<BatchHeader> {
        let run_end = self.run_start + self.run.len() as u64;
        if self.position < self.run_start || self.position >= run_end {
            self.run = self.disk.read_run(self.log, self.position);
            self.run_start = self.position;
        }
        let offset = usize::try_from(self.position - self.run_start).ok()?;
        let here = &self.run[offset..];
        if here.len() >= HEADER_BYTES {
            return BatchHeader::parse(here).ok();
        }
        let mut bytes = [0; HEADER_BYTES];
        let whole = self.disk.read_exact(self.log, self.position, &mut bytes);
        if whole { BatchHeader::parse(&bytes).ok() } else { None }
    }
}

impl Iterator for Walk<'_> {
    type Item = (u64, BatchHeader);

    fn next(&mut self) -> Option<(u64, BatchHeader)> {
        if self.position >= self.end {
            return None;
        }
        let header = self.header()?;
        let position = self.position;
        if position + header.size() > self.end {
            return None;
        }
        self.position += header.size();
        Some((position, header))
    }
}
