//! Opening a log that is on the disk (`LogLoader`, `LogSegment.recover`).
//!
//! After a clean stop nothing is scanned: what happened to the files meanwhile is believed. After any
//! other end, segments from the recovery point on are read batch by batch; at the first one that is
//! torn, damaged or out of order the log is cut, and later segments are deleted. Damage before the
//! recovery point stays, as in Kafka.

use bytes::Bytes;

use crate::engine::config::TopicConfig;
use crate::engine::disk::Disk;
use crate::engine::ids::{Offset, Text, TopicPartition};
use crate::engine::log::epoch_cache::EpochCache;
use crate::engine::log::index::{self, TimeEntry};
use crate::engine::log::producer_state::Producers;
use crate::engine::log::segment::{Arrival, Segment};
use crate::engine::log::{Limits, Log, RecentBatches};
use crate::engine::record::batch::{BatchHeader, HEADER_BYTES, MAGIC_V2, verify_crc};

/// What opening a log had to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes cut from the log, later segments included; 0 when all was sound.
    pub truncated_bytes: u64,
    /// Where the first bad byte was in `segment`; the length of the last segment when all was sound.
    pub truncated_at: u64,
    /// Base offset of the last segment that is left.
    pub segment: Offset,
    /// False when a clean stop let the scan be skipped.
    pub scanned: bool,
}

impl Log {
    /// Opens the log whose files are on the disk, or makes it. `clean`: the broker stopped cleanly.
    /// `recovery_point`: what `recovery-point-offset-checkpoint` says, 0 if nothing.
    pub fn open(
        disk: &mut Disk,
        partition: &TopicPartition,
        config: &TopicConfig,
        clean: bool,
        recovery_point: Offset,
    ) -> (Log, Recovery) {
        let dir: Text = partition.to_string().into();
        let limits = Limits::of(config);
        let bases = segment_bases(disk, &dir);
        let Some((first, last)) = bases.first().zip(bases.last()) else {
            let log = Log::empty(disk, dir, limits, Offset(0));
            let recovery = Recovery {
                truncated_bytes: 0,
                truncated_at: 0,
                segment: Offset(0),
                scanned: !clean,
            };
            return (log, recovery);
        };
        let mut log = Log {
            active: Segment::open(disk, &dir, *last),
            epochs: EpochCache::load(disk, &dir),
            sealed: imbl::Vector::new(),
            recent: RecentBatches::default(),
            log_start_offset: *first,
            log_end_offset: *last,
            recovery_point,
            producers: Producers::default(),
            dir,
            limits,
        };
        let truncated_bytes = log.load_segments(disk, &bases, clean);
        log.log_end_offset = log.active.end;
        log.recovery_point =
            if clean { log.log_end_offset } else { recovery_point.min(log.log_end_offset) };
        let end = log.log_end_offset;
        log.epochs.truncate_from_end(disk, &log.dir, end);
        log.load_producers(disk, clean);
        let recovery = Recovery {
            truncated_bytes,
            truncated_at: log.active.bytes,
            segment: log.active.base,
            scanned: !clean,
        };
        (log, recovery)
    }

    /// Loads the segments with these bases, scanning those that need it; returns the bytes cut.
    fn load_segments(&mut self, disk: &mut Disk, bases: &[Offset], clean: bool) -> u64 {
        let mut loaded: Vec<Segment> = Vec::with_capacity(bases.len());
        let mut cut = 0;
        for (which, base) in bases.iter().enumerate() {
            if cut > 0 {
                cut += delete_segment(disk, &self.dir, *base);
                continue;
            }
            let next = bases.get(which + 1).copied();
            let indexed = has_indexes(disk, &self.dir, *base);
            let mut segment = Segment::open(disk, &self.dir, *base);
            let flushed = next.is_some_and(|next| next <= self.recovery_point);
            let sane =
                indexed && index::is_sane(disk, segment.offset_index, segment.time_index, *base);
            if (clean || flushed) && sane {
                segment.end = match next {
                    Some(next) => next,
                    None => {
                        let (end, position) = segment.read_next_offset(disk);
                        self.recent.behind_torn_tail = position < segment.bytes;
                        end
                    }
                };
            } else {
                let mut producers = self.producers_before(disk, &loaded, &segment);
                cut += self.recover(disk, &mut segment, &mut producers);
                producers.take_snapshot(disk, &self.dir);
            }
            loaded.push(segment);
        }
        self.active = loaded.pop().expect("a log on the disk has a segment");
        self.sealed = loaded.into_iter().collect();
        cut
    }

    /// Reads a segment batch by batch, rebuilds its indexes and notes new epochs and producers; cuts it at the first
    /// batch that is not sound. Returns the bytes cut.
    fn recover(
        &mut self,
        disk: &mut Disk,
        segment: &mut Segment,
        producers: &mut Producers,
    ) -> u64 {
        segment.reset_indexes(disk);
        let len = disk.len(segment.log);
        let mut position = 0;
        while let Some((header, bytes)) = sound_batch(disk, segment, position, len) {
            let last = header.last_offset();
            let largest = TimeEntry { timestamp: header.max_timestamp, offset: last };
            let arrival = Arrival { last, largest };
            let interval = self.limits.index_interval_bytes;
            segment.note(disk, position, header.size(), arrival, interval);
            if self.latest_epoch().is_none_or(|latest| header.leader_epoch > latest) {
                self.epochs.assign(disk, &self.dir, header.leader_epoch, header.base_offset);
            }
            producers.appended(&header, &bytes);
            position += header.size();
        }
        segment.close_time_index(disk);
        segment.forget_interval();
        disk.truncate(segment.log, position);
        len - position
    }
}

/// The batch at `position` of a segment's `.log`, if it is whole, sound, and past what came before.
fn sound_batch(
    disk: &Disk,
    segment: &Segment,
    position: u64,
    len: u64,
) -> Option<(BatchHeader, Bytes)> {
    let mut run = disk.read_run(segment.log, position);
    let mut header = BatchHeader::parse(&run).ok();
    let is_whole = |header: &BatchHeader, have: u64| header.size() <= have;
    if !header.is_some_and(|header| is_whole(&header, run.len() as u64)) {
        // It does not lie together in memory, or not at all.
        header = BatchHeader::parse(&disk.read(segment.log, position, HEADER_BYTES as u64)).ok();
        let size = header.filter(|header| is_whole(header, len - position))?.size();
        run = disk.read(segment.log, position, size);
    }
    let header = header?;
    let size = usize::try_from(header.size()).ok().filter(|size| *size <= run.len())?;
    let bytes = run.slice(..size);
    let in_order = header.base_offset >= segment.end
        && header.last_offset_delta >= 0
        && header.last_offset().0 - segment.base.0 <= i64::from(i32::MAX);
    (header.magic == MAGIC_V2 && in_order && verify_crc(&bytes)).then_some((header, bytes))
}

/// Base offsets of the segments in a directory, in order.
fn segment_bases(disk: &Disk, dir: &str) -> Vec<Offset> {
    let prefix = format!("{dir}/");
    let base = |path: &str| {
        let digits = path.strip_prefix(&prefix)?.strip_suffix(".log")?;
        let is_name = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_name { digits.parse().ok().map(Offset) } else { None }
    };
    disk.list(&prefix).iter().filter_map(|(path, _)| base(path)).collect()
}

fn has_indexes(disk: &Disk, dir: &str, base: Offset) -> bool {
    use crate::engine::log::segment::path;
    disk.find(&path(dir, base, "index")).is_some()
        && disk.find(&path(dir, base, "timeindex")).is_some()
}

fn delete_segment(disk: &mut Disk, dir: &str, base: Offset) -> u64 {
    let segment = Segment::open(disk, dir, base);
    segment.delete(disk);
    segment.bytes
}
