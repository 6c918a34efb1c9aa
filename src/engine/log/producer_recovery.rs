//! Bringing the producer state to where the log ends, after it was opened or cut
//! (`UnifiedLog.rebuildProducerState`, `LogLoader.recoverSegment`): the latest snapshot that holds,
//! then the batches behind it.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::engine::disk::Disk;
use crate::engine::ids::Offset;
use crate::engine::log::Log;
use crate::engine::log::producer_state::{Producers, delete_strays, snapshots};
use crate::engine::log::segment::Segment;

impl Log {
    /// After a cut: the state as it was when the log ended at `end`. A log that knew no producer
    /// before knows none now, and nothing is read.
    pub(super) fn rebuild_producers(&mut self, disk: &mut Disk, end: Offset) {
        let knew_none = self.producers.is_empty() && self.producers.end() >= end;
        let segments: Vec<Segment> = self.all_segments().copied().collect();
        let start = self.log_start_offset;
        rebuild(&mut self.producers, disk, &self.dir, &segments, start..end, !knew_none);
    }

    /// Once the segments are loaded. After a clean stop without any snapshot, as an old broker leaves
    /// a log, nothing is read: empty snapshots say that no producer is known.
    pub(super) fn load_producers(&mut self, disk: &mut Disk, clean: bool) {
        let segments: Vec<Segment> = self.all_segments().copied().collect();
        let bases: BTreeSet<Offset> = segments.iter().map(|segment| segment.base).collect();
        delete_strays(disk, &self.dir, &bases);
        self.producers = Producers::default();
        let end = self.log_end_offset;
        if clean && snapshots(disk, &self.dir).is_empty() {
            for base in last_two(&segments).chain([end]) {
                self.producers.ends_at(base);
                self.producers.take_snapshot(disk, &self.dir);
            }
            return;
        }
        let start = self.log_start_offset;
        rebuild(&mut self.producers, disk, &self.dir, &segments, start..end, true);
    }

    /// Before `segment` is scanned: the state as of its start, from the segments before it.
    pub(super) fn producers_before(
        &self,
        disk: &mut Disk,
        earlier: &[Segment],
        segment: &Segment,
    ) -> Producers {
        let mut producers = Producers::default();
        let range = self.log_start_offset..segment.base;
        rebuild(&mut producers, disk, &self.dir, earlier, range, true);
        producers
    }
}

/// Takes the latest snapshot within `range`, the log's start and end, and appends what lies behind it
/// if `read` allows; writes snapshots at the last two segments' starts and at the end.
fn rebuild(
    producers: &mut Producers,
    disk: &mut Disk,
    dir: &str,
    segments: &[Segment],
    range: std::ops::Range<Offset>,
    read: bool,
) {
    let (start, end) = (range.start, range.end);
    producers.reload(disk, dir, start, end);
    let from = producers.end();
    let behind = segments.iter().filter(|segment| segment.end > from && segment.base < end);
    for segment in behind.filter(|_| read) {
        let first = segment.base.max(producers.end()).max(start);
        producers.ends_at(first);
        if last_two(segments).any(|base| base == segment.base) {
            producers.take_snapshot(disk, dir);
        }
        append_from(producers, disk, segment, first, end);
    }
    producers.ends_at(end);
    producers.take_snapshot(disk, dir);
}

fn append_from(
    producers: &mut Producers,
    disk: &Disk,
    segment: &Segment,
    first: Offset,
    end: Offset,
) {
    let Some((position, _)) = segment.locate(disk, first, None) else { return };
    for (position, header) in segment.walk(disk, position) {
        if header.base_offset >= end {
            return;
        }
        // Only a marker's record is looked at.
        let batch = match header.is_control() {
            true => disk.read(segment.log, position, header.size()),
            false => Bytes::new(),
        };
        producers.appended(&header, &batch);
    }
}

fn last_two(segments: &[Segment]) -> impl Iterator<Item = Offset> {
    segments[segments.len().saturating_sub(2)..].iter().map(|segment| segment.base)
}
