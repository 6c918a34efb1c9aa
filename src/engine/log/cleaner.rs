//! Compaction of one log: what may be cleaned, the offset map, and the copy of what stays
//! (`LogCleanerManager.cleanableOffsets`, `Cleaner`).
//!
//! Only whole segments behind the active one are cleaned, and none that reaches past the stable end.
//! Of each key the last record stays; offsets never change. A tombstone stays too until the delete
//! horizon, which the first cleaning that meets it writes into its batch. Segments that have become
//! small are put together.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::engine::config::TopicConfig;
use crate::engine::disk::Disk;
use crate::engine::ids::Offset;
use crate::engine::log::Log;
use crate::engine::log::index::TimeEntry;
use crate::engine::log::recovery::{CLEANED, SWAP};
use crate::engine::log::segment::{Arrival, SUFFIXES, Segment, path};
use crate::engine::record::batch::{BatchHeader, batches};
use crate::engine::record::reader::{RecordRef, records, uncompressed};
use crate::engine::record::retain::{Retained, emptied, retain};

/// What a cleaner finds when it looks at a log (`LogToClean`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleanable {
    /// Where the part begins that was not cleaned yet.
    pub first_dirty: Offset,
    /// Base offset of the first segment that may not be cleaned.
    pub first_uncleanable: Offset,
    /// Bytes before the dirty part.
    pub clean_bytes: u64,
    /// Bytes of the dirty part that may be cleaned.
    pub dirty_bytes: u64,
    /// Something is older than `max.compaction.lag.ms`: the dirty ratio does not count.
    pub overdue: bool,
    /// What was remembered of the last cleaning does not fit the log (any more).
    pub reset: bool,
}

/// What a cleaning did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// First offset that is still dirty: the next cleaning begins there.
    pub end: Offset,
    /// Segments before and after.
    pub segments: (u32, u32),
    /// Bytes of their `.log` files before and after.
    pub bytes: (u64, u64),
    /// Records read, and records that stayed.
    pub records: (u64, u64),
}

/// Room that a cleaner has (`CleanerConfig`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Most keys of one cleaning: slots of the offset map, as far as they are filled.
    pub keys: u64,
    /// Bytes read at once: what stays of them is one append, and so at most one index entry.
    pub read_bytes: u64,
}

/// The last offset of each key (`OffsetMap`). Kafka's holds hashes of the keys.
#[derive(Default)]
struct OffsetMap {
    last: BTreeMap<Bytes, Offset>,
    /// Last offset that it knows about.
    latest: Option<Offset>,
}

impl Log {
    /// Looks at what could be cleaned. `last_clean` is what `cleaner-offset-checkpoint` says,
    /// `stable_end` the end of what is settled: no record from there on may be cleaned.
    #[must_use]
    pub fn cleanable(
        &self,
        disk: &Disk,
        config: &TopicConfig,
        last_clean: Option<Offset>,
        stable_end: Offset,
        wall_ms: i64,
    ) -> Cleanable {
        let start = self.log_start_offset;
        let remembered = last_clean.unwrap_or(start);
        let fits = remembered >= start && remembered <= self.log_end_offset;
        let first_dirty = if fits { remembered } else { start };
        let dirty = || self.segments_within(first_dirty, self.active.base);
        let too_young = |segment: &&Segment| {
            let newest = segment.newest_ms().unwrap_or(i64::MIN);
            config.min_compaction_lag_ms > 0 && newest > wall_ms - config.min_compaction_lag_ms
        };
        let young = dirty().find(too_young).map_or(self.active.base, |segment| segment.base);
        let uncleanable = stable_end.min(self.active.base).min(young).max(first_dirty);
        let first_uncleanable = self
            .segments_within(uncleanable, self.active.base)
            .next()
            .map_or(self.active.base, |segment| segment.base);
        let oldest = dirty().filter_map(|s| s.first_timestamp(disk)).filter(|at| *at > 0).min();
        let bytes = |from, to| self.segments_within(from, to).map(|segment| segment.bytes).sum();
        Cleanable {
            first_dirty,
            first_uncleanable,
            clean_bytes: self
                .all_segments()
                .filter(|segment| segment.base < first_dirty)
                .map(|segment| segment.bytes)
                .sum(),
            dirty_bytes: bytes(first_dirty.min(first_uncleanable), first_uncleanable),
            overdue: oldest
                .is_some_and(|at| at < wall_ms.saturating_sub(config.max_compaction_lag_ms)),
            reset: last_clean.is_some() && !fits,
        }
    }

    /// Cleans it (`Cleaner.doClean`). A batch that cannot be read ends the cleaning before its
    /// segment's group, which stays as it is; `None` then.
    pub fn clean(
        &mut self,
        disk: &mut Disk,
        config: &TopicConfig,
        what: &Cleanable,
        room: Room,
        wall_ms: i64,
    ) -> Option<Cleaned> {
        let map = self.offset_map(disk, what, room)?;
        let end = map.latest.map_or(Offset(0), |latest| latest.plus(1));
        let mut cleaned = Cleaned { end, segments: (0, 0), bytes: (0, 0), records: (0, 0) };
        let horizon_ms = wall_ms.saturating_add(config.delete_retention_ms);
        let pass = Pass { map: &map, wall_ms, horizon_ms, read_bytes: room.read_bytes };
        for group in self.groups(disk, end) {
            let replacement = self.clean_group(disk, &group, &pass, &mut cleaned)?;
            cleaned.segments.0 += u32::try_from(group.len()).unwrap_or(u32::MAX);
            cleaned.segments.1 += 1;
            cleaned.bytes.0 += group.iter().map(|segment| segment.bytes).sum::<u64>();
            cleaned.bytes.1 += replacement.bytes;
            self.swap_in(disk, replacement, &group);
        }
        Some(cleaned)
    }

    /// Segments from the one that holds `from` on that begin before `to`; none when the range is empty
    /// (`LogSegments.values`).
    fn segments_within(&self, from: Offset, to: Offset) -> impl Iterator<Item = &Segment> {
        let first = if from < to { self.segment_of(from) } else { usize::MAX };
        self.all_segments().skip(first).take_while(move |segment| segment.base < to)
    }

    /// The last offset of each key of the dirty part, until the map is full
    /// (`Cleaner.buildOffsetMap`).
    fn offset_map(&self, disk: &Disk, what: &Cleanable, room: Room) -> Option<OffsetMap> {
        let (start, end) = (what.first_dirty, what.first_uncleanable);
        let mut map = OffsetMap::default();
        let dirty: Vec<&Segment> = self.segments_within(start, end).collect();
        for (which, segment) in dirty.iter().enumerate() {
            for (position, header) in segment.walk(disk, segment.position_before(disk, start)) {
                if !header.is_control() {
                    let batch = disk.read(segment.log, position, header.size());
                    if !map.take(&batch, start, room.keys)? {
                        return Some(map);
                    }
                }
                if header.last_offset() >= start {
                    map.latest = map.latest.max(Some(header.last_offset()));
                }
            }
            // Where offsets are missing at its end, the segment is known up to the next one.
            let next = dirty.get(which + 1).map_or(end, |next| next.base);
            map.latest = map.latest.max(Some(next.plus(-1)));
        }
        Some(map)
    }

    /// Segments before `end`, in groups that fit one segment (`groupSegmentsBySize`).
    fn groups(&self, disk: &Disk, end: Offset) -> Vec<Vec<Segment>> {
        let mut groups: Vec<Vec<Segment>> = Vec::new();
        let mut sizes = [0; 3];
        for segment in self.all_segments().filter(|s| s.base < end && s.base < self.active.base) {
            let lens = [disk.len(segment.offset_index), disk.len(segment.time_index)];
            let own = [segment.bytes, lens[0], lens[1]];
            let index_bytes = self.limits.segment_index_bytes;
            let most = [self.limits.segment_bytes, index_bytes, index_bytes];
            let fits = groups.last().is_some_and(|group| {
                let span = segment.end.0 - 1 - group[0].base.0;
                (0..3).all(|i| sizes[i] + own[i] <= most[i])
                    && (segment.bytes == 0 || span <= i64::from(i32::MAX))
            });
            match groups.last_mut().filter(|_| fits) {
                Some(group) => {
                    group.push(*segment);
                    (0..3).for_each(|i| sizes[i] += own[i]);
                }
                None => {
                    groups.push(vec![*segment]);
                    sizes = own;
                }
            }
        }
        groups
    }

    /// Copies what stays of a group into a new segment, whose files end in `.cleaned`.
    fn clean_group(
        &self,
        disk: &mut Disk,
        group: &[Segment],
        pass: &Pass<'_>,
        counts: &mut Cleaned,
    ) -> Option<Segment> {
        let base = group[0].base;
        for kind in SUFFIXES {
            disk.delete(&format!("{}{CLEANED}", path(&self.dir, base, kind)));
        }
        let mut target = Segment::open_as(disk, &self.dir, base, CLEANED);
        for source in group {
            let mut position = 0;
            while position < source.bytes {
                let Some((chunk, size)) = read_chunk(disk, source, position, pass.read_bytes)
                else {
                    break;
                };
                position += size;
                let Some(kept) = self.filter(&chunk, pass, counts) else {
                    delete_files(disk, &target);
                    return None;
                };
                if !kept.bytes.is_empty() {
                    let interval = self.limits.index_interval_bytes;
                    target.append(disk, kept.bytes.into(), kept.arrival, interval);
                }
            }
        }
        target.become_inactive(disk);
        target.flush(disk);
        target.end = group[group.len() - 1].end;
        Some(target)
    }

    /// The batches of a chunk as they stay; `None` when one cannot be read.
    fn filter(&self, chunk: &Bytes, pass: &Pass<'_>, counts: &mut Cleaned) -> Option<Kept> {
        let none = TimeEntry { timestamp: -1, offset: Offset(-1) };
        let arrival = Arrival { last: Offset(-1), largest: none, wall_ms: pass.wall_ms };
        let mut kept = Kept { bytes: Vec::new(), arrival };
        for (header, batch) in batches(chunk) {
            counts.records.0 += u64::from(header.record_count.unsigned_abs());
            if header.is_control() {
                kept.add(&header, &batch, header.last_offset());
                continue;
            }
            let keep = |record: &RecordRef<'_>| pass.keeps(&header, record);
            match retain(&batch, &header, pass.horizon_ms, keep).ok()? {
                Retained::All => {
                    counts.records.1 += u64::from(header.record_count.unsigned_abs());
                    kept.add(&header, &batch, header.last_offset());
                }
                Retained::Some { batch, last, records } => {
                    counts.records.1 += u64::from(records);
                    let header = BatchHeader::parse(&batch).ok()?;
                    kept.add(&header, &batch, last);
                }
                Retained::None if self.is_last_of_producer(&header) => {
                    kept.add(&header, &emptied(&header), header.last_offset());
                }
                Retained::None => {}
            }
        }
        Some(kept)
    }

    /// Whether a producer's state rests on this batch: its header stays without records, so that a
    /// log that is read anew knows the last sequence.
    fn is_last_of_producer(&self, header: &BatchHeader) -> bool {
        header.producer_id >= 0
            && self.producers.entries().any(|(id, entry)| {
                let last = entry.batches().last();
                id == header.producer_id
                    && last.is_some_and(|last| last.last_offset == header.last_offset())
            })
    }

    /// Puts a cleaned segment in the place of those it was made of (`LocalLog.replaceSegments`): first
    /// it becomes a `.swap`, so that a process that dies here finishes at its next start.
    fn swap_in(&mut self, disk: &mut Disk, new: Segment, old: &[Segment]) {
        let name = |kind| path(&self.dir, new.base, kind);
        for kind in SUFFIXES {
            disk.rename(&format!("{}{CLEANED}", name(kind)), &format!("{}{SWAP}", name(kind)));
        }
        for segment in old {
            for kind in SUFFIXES {
                self.trash.bury(disk, &path(&self.dir, segment.base, kind));
            }
            if segment.base != new.base {
                self.trash.bury(disk, &path(&self.dir, segment.base, "snapshot"));
            }
        }
        for kind in SUFFIXES {
            disk.rename(&format!("{}{SWAP}", name(kind)), &name(kind));
        }
        let first = self.segment_of(new.base);
        let before = self.sealed.iter().take(first).copied();
        let behind = self.sealed.iter().skip(first + old.len()).copied();
        self.sealed = before.chain([new]).chain(behind).collect();
    }
}

/// What one cleaning goes by.
struct Pass<'a> {
    map: &'a OffsetMap,
    wall_ms: i64,
    /// Delete horizon of batches that get one now.
    horizon_ms: i64,
    read_bytes: u64,
}

impl Pass<'_> {
    /// Whether a record stays (`Cleaner.shouldRetainRecord`).
    fn keeps(&self, header: &BatchHeader, record: &RecordRef<'_>) -> bool {
        if self.map.latest.is_none_or(|latest| record.offset > latest) {
            return true;
        }
        let Some(key) = record.key else { return false };
        let is_last = self.map.last.get(key).is_none_or(|last| record.offset >= *last);
        let in_time = header.delete_horizon().is_none_or(|horizon| self.wall_ms < horizon);
        is_last && (record.value.is_some() || in_time)
    }
}

impl OffsetMap {
    /// Takes in a batch's keys from `start` on. `Some(false)`: it is full. `None`: unreadable.
    fn take(&mut self, batch: &Bytes, start: Offset, most: u64) -> Option<bool> {
        let plain = uncompressed(batch).ok()?;
        for record in records(&plain) {
            let record = record.ok()?;
            let Some(key) = record.key.filter(|_| record.offset >= start) else { continue };
            if self.last.len() as u64 >= most {
                return Some(false);
            }
            self.last.insert(plain.slice_ref(key), record.offset);
        }
        Some(true)
    }
}

/// Batches that stay, as one append.
struct Kept {
    bytes: Vec<u8>,
    arrival: Arrival,
}

impl Kept {
    fn add(&mut self, header: &BatchHeader, batch: &[u8], last: Offset) {
        self.bytes.extend_from_slice(batch);
        let arrival = &mut self.arrival;
        arrival.last = arrival.last.max(last);
        if header.max_timestamp > arrival.largest.timestamp {
            arrival.largest =
                TimeEntry { timestamp: header.max_timestamp, offset: header.last_offset() };
        }
    }
}

/// Whole batches from a position: as many as fit the buffer, which is doubled until one does.
fn read_chunk(
    disk: &Disk,
    source: &Segment,
    position: u64,
    read_bytes: u64,
) -> Option<(Bytes, u64)> {
    let (_, first) = source.walk(disk, position).next()?;
    let mut buffer = read_bytes.max(1);
    while buffer < first.size() {
        buffer *= 2;
    }
    let mut size = 0;
    for (_, header) in source.walk(disk, position) {
        if size + header.size() > buffer {
            break;
        }
        size += header.size();
    }
    Some((disk.read(source.log, position, size), size))
}

fn delete_files(disk: &mut Disk, segment: &Segment) {
    for file in [segment.log, segment.offset_index, segment.time_index] {
        disk.delete_file(file);
    }
}
