//! Opening a log that is on the disk (`LogLoader`, `LogSegment.recover`).
//!
//! After a clean stop nothing is scanned: what happened to the files meanwhile is believed. After any
//! other end, segments from the recovery point on are read batch by batch; at the first one that is
//! torn or damaged the log is cut, and later segments are deleted. Damage before the recovery point
//! stays, as in Kafka. In either case what a cleaning left half done is finished or undone first, and
//! a segment without its `.index` is read anew.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::engine::config::TopicConfig;
use crate::engine::disk::Disk;
use crate::engine::ids::{Offset, Text, TopicPartition};
use crate::engine::log::epoch_cache::EpochCache;
use crate::engine::log::index::TimeEntry;
use crate::engine::log::metadata_file;
use crate::engine::log::producer_state::Producers;
use crate::engine::log::segment::{self, Arrival, Segment};
use crate::engine::log::trash::{DELETED, Trash};
use crate::engine::log::{Limits, Log, RecentBatches};
use crate::engine::planted::{self, Bug};
use crate::engine::record::batch::{BatchHeader, HEADER_BYTES, MAGIC_V2, verify_crc};

/// Suffix of a file that a cleaning is still writing.
pub(super) const CLEANED: &str = ".cleaned";
/// Suffix of a file that a cleaning has written and that takes the place of others.
pub(super) const SWAP: &str = ".swap";

/// What is known of a log before its files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The broker stopped cleanly.
    pub clean: bool,
    /// What `recovery-point-offset-checkpoint` says, 0 if nothing.
    pub recovery_point: Offset,
    /// What `log-start-offset-checkpoint` says, 0 if nothing.
    pub log_start_offset: Offset,
}

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
    /// Opens the log whose files are on the disk, or makes it.
    pub fn open(
        disk: &mut Disk,
        partition: &TopicPartition,
        config: &TopicConfig,
        opening: Opening,
    ) -> (Log, Recovery) {
        Log::open_in(disk, "", partition, config, opening)
    }

    /// The same in a log directory, whose files' paths begin with `parent`.
    pub fn open_in(
        disk: &mut Disk,
        parent: &str,
        partition: &TopicPartition,
        config: &TopicConfig,
        opening: Opening,
    ) -> (Log, Recovery) {
        let dir: Text = format!("{parent}{partition}").into();
        let limits = Limits::of(config);
        finish_cleanings(disk, &dir);
        let bases = segment_bases(disk, &dir);
        drop_orphans(disk, &dir, &bases);
        let Some((first, last)) = bases.first().zip(bases.last()) else {
            let log = Log::empty(disk, dir, limits, opening.log_start_offset);
            let recovery = Recovery {
                truncated_bytes: 0,
                truncated_at: 0,
                segment: log.active.base,
                scanned: !opening.clean,
            };
            return (log, recovery);
        };
        let mut log = Log {
            active: Segment::open(disk, &dir, *last),
            epochs: EpochCache::load(disk, &dir),
            sealed: crate::engine::persistent::Vector::new(),
            recent: RecentBatches::default(),
            log_start_offset: opening.log_start_offset.max(*first),
            log_end_offset: *last,
            recovery_point: opening.recovery_point,
            producers: Producers::default(),
            jitter_seed: 0,
            flushed_ms: 0,
            trash: Trash::default(),
            topic_id: metadata_file::read(disk, &dir),
            dir,
            limits,
        };
        let truncated_bytes = log.load_segments(disk, &bases, opening.clean);
        log.settle_offsets(disk, opening);
        log.load_producers(disk, opening.clean);
        let recovery = Recovery {
            truncated_bytes,
            truncated_at: log.active.bytes,
            segment: log.active.base,
            scanned: !opening.clean,
        };
        (log, recovery)
    }

    /// End, start and recovery point, once the segments are known (`recoverLog`, `load`).
    fn settle_offsets(&mut self, disk: &mut Disk, opening: Opening) {
        self.log_end_offset = self.active.end;
        if self.log_end_offset < opening.log_start_offset {
            // Files were lost: what is left ends before the log starts
            // (deleteSegmentsIfLogStartGreaterThanLogEnd).
            self.truncate_fully_and_start_at(disk, opening.log_start_offset);
        }
        self.log_start_offset = opening.log_start_offset.max(self.first_base());
        let point = if opening.clean { self.log_end_offset } else { opening.recovery_point };
        self.recovery_point = point.min(self.log_end_offset);
        self.active.become_active(disk, self.limits.segment_index_bytes);
        let (start, end) = (opening.log_start_offset, self.log_end_offset);
        self.epochs.truncate_from_end(disk, &self.dir, end);
        self.epochs.truncate_from_start(disk, &self.dir, start);
    }

    /// Loads the segments with these bases, scanning those that need it; returns the bytes cut.
    fn load_segments(&mut self, disk: &mut Disk, bases: &[Offset], clean: bool) -> u64 {
        let mut loaded: Vec<Segment> = Vec::with_capacity(bases.len());
        let mut cut = 0;
        for (which, base) in bases.iter().enumerate() {
            if cut > 0 {
                let segment = Segment::open(disk, &self.dir, *base);
                cut += segment.bytes;
                segment.bury(disk, &self.dir, &mut self.trash);
                continue;
            }
            let next = bases.get(which + 1).copied();
            let indexed = disk.find(&segment::path(&self.dir, *base, "index")).is_some();
            let mut segment = Segment::open(disk, &self.dir, *base);
            let flushed = next.is_some_and(|next| next <= self.recovery_point);
            if (clean || flushed) && indexed {
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
            let arrival = Arrival { last, largest, wall_ms: 0 };
            let interval = self.limits.index_interval_bytes;
            segment.note(disk, position, header.size(), arrival, interval);
            if self.latest_epoch().is_none_or(|latest| header.leader_epoch > latest) {
                self.epochs.assign(disk, &self.dir, header.leader_epoch, header.base_offset);
            }
            producers.appended(&header, &bytes);
            position += header.size();
        }
        segment.become_inactive(disk);
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
    let sound = verify_crc(&bytes) || planted::has(Bug::RecoverySkipsCrc);
    (header.magic == MAGIC_V2 && in_order && sound).then_some((header, bytes))
}

/// Removes what is to go, undoes cleanings that were not finished, and finishes those that were: the
/// segments that a `.swap` replaces go, and it takes its name
/// (`LogLoader.removeTempFilesAndCollectSwapFiles` and the passes after it).
fn finish_cleanings(disk: &mut Disk, dir: &str) {
    let names: Vec<Text> =
        disk.list(&format!("{dir}/")).into_iter().map(|(path, _)| path).collect();
    let with = |suffix: &'static str| names.iter().filter(move |name| name.ends_with(suffix));
    let cleaned: Vec<&Text> = with(CLEANED).collect();
    let least_cleaned = cleaned.iter().filter_map(|path| base_of(path)).min();
    for path in with(DELETED).chain(cleaned) {
        disk.delete(path);
    }
    let mut swaps = BTreeMap::new();
    for path in with(SWAP) {
        match base_of(path) {
            Some(base) if least_cleaned.is_none_or(|least| base < least) => {
                swaps.insert(path, base);
            }
            _ => disk.delete(path),
        }
    }
    let mut replaced: Option<(Offset, Offset)> = None;
    for (_, base) in swaps.iter().filter(|(path, _)| path.ends_with(".log.swap")) {
        let end = Segment::open_as(disk, dir, *base, SWAP).read_next_offset(disk).0;
        let (least, most) = replaced.unwrap_or((*base, end));
        replaced = Some((least.min(*base), most.max(end)));
    }
    if let Some((least, most)) = replaced {
        for path in names.iter().filter(|name| !name.ends_with(SWAP)) {
            if base_of(path).is_some_and(|base| base >= least && base < most) {
                disk.delete(path);
            }
        }
    }
    for (path, _) in disk.list(&format!("{dir}/")) {
        if let Some(place) = path.strip_suffix(SWAP) {
            disk.rename(&path, place);
        }
    }
}

/// Removes indexes that have no log.
fn drop_orphans(disk: &mut Disk, dir: &str, bases: &[Offset]) {
    for (path, _) in disk.list(&format!("{dir}/")) {
        let is_index = path.ends_with(".index") || path.ends_with(".timeindex");
        if is_index && base_of(&path).is_some_and(|base| !bases.contains(&base)) {
            disk.delete(&path);
        }
    }
}

/// `orders-0/00000000000000000042.index` is of the segment from 42.
fn base_of(path: &str) -> Option<Offset> {
    let (_, name) = path.rsplit_once('/')?;
    let (digits, _) = name.split_once('.')?;
    let is_name = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_name { digits.parse().ok().map(Offset) } else { None }
}

/// Base offsets of the segments in a directory, in order.
fn segment_bases(disk: &Disk, dir: &str) -> Vec<Offset> {
    let files = disk.list(&format!("{dir}/"));
    files
        .iter()
        .filter(|(path, _)| path.ends_with(".log"))
        .filter_map(|(p, _)| base_of(p))
        .collect()
}
