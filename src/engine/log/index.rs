//! The two indexes of a segment, in Kafka's file formats (`OffsetIndex`, `TimeIndex`).
//!
//! Entries are fixed-size and sorted, so that a lookup is a binary search in the file. Offsets are
//! relative to the segment's base. The files of the active segment are preallocated: what was not
//! written yet is a hole, and the length tells how many entries fit (`segment.index.bytes`). Functions
//! over a disk and a file: an index has no state of its own.

use std::cmp::Ordering;

use crate::engine::disk::{Disk, FileId};
use crate::engine::ids::Offset;

/// Bytes of an offset index entry: relative offset i32, position i32.
pub(super) const OFFSET_ENTRY: u64 = 8;
/// Bytes of a time index entry: timestamp i64, relative offset i32.
pub(super) const TIME_ENTRY: u64 = 12;
/// One entry of the offset index: the batch that ends at or after `offset` starts at or after
/// `position`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetEntry {
    pub(super) offset: Offset,
    pub(super) position: u64,
}

/// One entry of the time index: no record before `offset` is newer than `timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeEntry {
    pub(super) timestamp: i64,
    pub(super) offset: Offset,
}

/// Whether either index has no room for another entry. The time index keeps its last slot for the
/// entry of the roll (`TimeIndex.isFull`).
pub(super) fn is_full(disk: &Disk, offset_index: FileId, time_index: FileId) -> bool {
    let slots = disk.len(offset_index) / OFFSET_ENTRY;
    let time_slots = (disk.len(time_index) / TIME_ENTRY).saturating_sub(1);
    disk.filled_len(offset_index) / OFFSET_ENTRY >= slots
        || disk.filled_len(time_index) / TIME_ENTRY >= time_slots
}

/// Makes room for as many entries as fit `bytes` (`AbstractIndex.resize`).
pub(super) fn preallocate(disk: &mut Disk, (offsets, times): (FileId, FileId), bytes: u64) {
    disk.extend(offsets, bytes - bytes % OFFSET_ENTRY);
    disk.extend(times, bytes - bytes % TIME_ENTRY);
}

/// Gives back the room that no entry took (`trimToValidSize`).
pub(super) fn trim(disk: &mut Disk, (offsets, times): (FileId, FileId)) {
    disk.truncate(offsets, disk.filled_len(offsets));
    disk.truncate(times, disk.filled_len(times));
}

/// Adds an entry to an offset index.
pub(super) fn append_offset(disk: &mut Disk, file: FileId, base: Offset, entry: OffsetEntry) {
    let position = i32::try_from(entry.position).expect("segment.bytes is below 2 GiB");
    let mut bytes = [0; OFFSET_ENTRY as usize];
    bytes[..4].copy_from_slice(&relative(base, entry.offset).to_be_bytes());
    bytes[4..].copy_from_slice(&position.to_be_bytes());
    disk.append_small(file, &bytes);
}

/// Adds an entry to a time index, if it is newer than the last one (`TimeIndex.maybeAppend`).
pub(super) fn maybe_append_time(disk: &mut Disk, file: FileId, base: Offset, entry: TimeEntry) {
    let last = last_time_entry(disk, file, base).map_or(-1, |last| last.timestamp);
    if entry.timestamp > last {
        let mut bytes = [0; TIME_ENTRY as usize];
        bytes[..8].copy_from_slice(&entry.timestamp.to_be_bytes());
        bytes[8..].copy_from_slice(&relative(base, entry.offset).to_be_bytes());
        disk.append_small(file, &bytes);
    }
}

/// The last entry whose offset is at most `target`; `None` when there is none.
pub(super) fn lookup_offset(
    disk: &Disk,
    file: FileId,
    base: Offset,
    target: Offset,
) -> Option<OffsetEntry> {
    let entries = disk.filled_len(file) / OFFSET_ENTRY;
    let at = |slot| offset_entry(disk, file, base, slot);
    let after = first_slot_after(entries, |slot| at(slot).offset.cmp(&target));
    after.checked_sub(1).map(at)
}

/// The last entry whose timestamp is at most `target`; `None` when there is none.
pub(super) fn lookup_time(
    disk: &Disk,
    file: FileId,
    base: Offset,
    target: i64,
) -> Option<TimeEntry> {
    let entries = disk.filled_len(file) / TIME_ENTRY;
    let at = |slot| time_entry(disk, file, base, slot);
    let after = first_slot_after(entries, |slot| at(slot).timestamp.cmp(&target));
    after.checked_sub(1).map(at)
}

/// The last entry of an offset index.
pub(super) fn last_offset_entry(disk: &Disk, file: FileId, base: Offset) -> Option<OffsetEntry> {
    let entries = disk.filled_len(file) / OFFSET_ENTRY;
    entries.checked_sub(1).map(|slot| offset_entry(disk, file, base, slot))
}

/// The last entry of a time index.
pub(super) fn last_time_entry(disk: &Disk, file: FileId, base: Offset) -> Option<TimeEntry> {
    let entries = disk.filled_len(file) / TIME_ENTRY;
    entries.checked_sub(1).map(|slot| time_entry(disk, file, base, slot))
}

/// Removes the entries at `offset` and after it from both indexes (`truncateTo`).
pub(super) fn truncate_to(
    disk: &mut Disk,
    (offset_index, time_index): (FileId, FileId),
    base: Offset,
    offset: Offset,
) {
    let offsets = disk.filled_len(offset_index) / OFFSET_ENTRY;
    let kept = first_slot_at(offsets, |slot| {
        offset_entry(disk, offset_index, base, slot).offset.cmp(&offset)
    });
    disk.truncate(offset_index, kept * OFFSET_ENTRY);
    let times = disk.filled_len(time_index) / TIME_ENTRY;
    let kept =
        first_slot_at(times, |slot| time_entry(disk, time_index, base, slot).offset.cmp(&offset));
    disk.truncate(time_index, kept * TIME_ENTRY);
}

/// The entry in a slot that is there.
pub(super) fn offset_entry(disk: &Disk, file: FileId, base: Offset, slot: u64) -> OffsetEntry {
    let mut bytes = [0; OFFSET_ENTRY as usize];
    let whole = disk.read_exact(file, slot * OFFSET_ENTRY, &mut bytes);
    debug_assert!(whole, "slots are counted in whole entries");
    let [o0, o1, o2, o3, p0, p1, p2, p3] = bytes;
    let position = u32::from_be_bytes([p0, p1, p2, p3]);
    OffsetEntry {
        offset: base.plus(i64::from(i32::from_be_bytes([o0, o1, o2, o3]))),
        position: u64::from(position),
    }
}

/// The entry in a slot that is there.
pub(super) fn time_entry(disk: &Disk, file: FileId, base: Offset, slot: u64) -> TimeEntry {
    let mut timestamp = [0; 8];
    let mut offset = [0; 4];
    let whole = disk.read_exact(file, slot * TIME_ENTRY, &mut timestamp)
        && disk.read_exact(file, slot * TIME_ENTRY + 8, &mut offset);
    debug_assert!(whole, "slots are counted in whole entries");
    TimeEntry {
        timestamp: i64::from_be_bytes(timestamp),
        offset: base.plus(i64::from(i32::from_be_bytes(offset))),
    }
}

fn relative(base: Offset, offset: Offset) -> i32 {
    i32::try_from(offset.0 - base.0).expect("a segment rolls before offsets leave 31 bits")
}

/// Number of slots whose key is at most the target.
fn first_slot_after(slots: u64, compare: impl Fn(u64) -> Ordering) -> u64 {
    partition_point(slots, |slot| compare(slot) != Ordering::Greater)
}

/// Number of slots whose key is less than the target.
fn first_slot_at(slots: u64, compare: impl Fn(u64) -> Ordering) -> u64 {
    partition_point(slots, |slot| compare(slot) == Ordering::Less)
}

fn partition_point(slots: u64, goes_before: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, slots);
    while low < high {
        let middle = low + (high - low) / 2;
        if goes_before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
