//! The log of one replica (`UnifiedLog`, `LocalLog`): segments of v2 batches in Kafka's file formats.
//!
//! A log holds ids of files and offsets, never bytes: the disk is passed to every call. So a clone of
//! a log is a few counters, and a clone of a disk and its logs is a checkpoint. What always holds: the
//! active segment takes every append, offsets only grow along the files, and the recovery point (all
//! before it is flushed) is never past the end.

mod append;
pub mod audit;
pub mod checkpoint;
mod cleaner;
mod epoch_cache;
mod index;
mod inspect;
mod metadata_file;
mod producer_recovery;
mod producer_state;
mod read;
mod recovery;
mod retention;
mod segment;
mod trash;
mod truncate;
mod validator;

#[cfg(test)]
mod tests;

use uuid::Uuid;

use crate::engine::config::TopicConfig;
use crate::engine::disk::{Disk, FileId};
use crate::engine::ids::{LeaderEpoch, Offset, Text, TopicPartition};
use crate::engine::log::epoch_cache::EpochCache;
use crate::engine::log::producer_state::Producers;
use crate::engine::log::segment::Segment;
use crate::engine::log::trash::Trash;
use crate::engine::log::validator::Rules;
use crate::engine::persistent::Vector;

pub use crate::engine::log::append::{AppendError, Appended};
pub use crate::engine::log::cleaner::{Cleanable, Cleaned, Room};
pub use crate::engine::log::inspect::SegmentDetail;
pub use crate::engine::log::producer_state::{ProducerBatch, ProducerEntry, read_snapshot};
pub use crate::engine::log::read::OutOfRange;
pub use crate::engine::log::recovery::{Opening, Recovery};
pub use crate::engine::log::retention::Deleted;
pub use crate::engine::log::validator::Rejected;

/// The settings that a log goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    segment_bytes: u64,
    /// Age at which a segment rolls (`LogConfig.maxSegmentMs`), and most by which it may be earlier.
    segment_ms: i64,
    segment_jitter_ms: i64,
    segment_index_bytes: u64,
    index_interval_bytes: u64,
    flush_messages: i64,
    rules: Rules,
}

impl Limits {
    fn of(config: &TopicConfig) -> Limits {
        let lag =
            if config.cleanup_policy.compact { config.max_compaction_lag_ms } else { i64::MAX };
        Limits {
            segment_bytes: config.segment_bytes.unsigned_abs(),
            segment_ms: config.segment_ms.min(lag),
            segment_jitter_ms: config.segment_jitter_ms.min(config.segment_ms),
            segment_index_bytes: config.segment_index_bytes.unsigned_abs(),
            flush_messages: config.flush_messages,
            index_interval_bytes: config.index_interval_bytes.unsigned_abs(),
            rules: Rules::of(config),
        }
    }
}

/// A replica's log.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its directory, `topic-partition`.
    dir: Text,
    limits: Limits,
    log_start_offset: Offset,
    log_end_offset: Offset,
    /// Everything before it was flushed.
    recovery_point: Offset,
    /// Segments that are full, in order.
    sealed: Vector<Segment>,
    active: Segment,
    recent: RecentBatches,
    epochs: EpochCache,
    producers: Producers,
    /// Seed of the segments' roll jitter.
    jitter_seed: u64,
    /// The broker's clock at the last flush, in ms since 1970 (`LocalLog.lastFlushTime`).
    flushed_ms: i64,
    trash: Trash,
    /// What `partition.metadata` says.
    topic_id: Option<Uuid>,
}

/// One segment as tables and the stage show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its first offset, which names its files.
    pub base: Offset,
    /// First offset after it.
    pub end: Offset,
    /// Bytes of its `.log`.
    pub bytes: u64,
    /// Bytes of its `.log` that a power loss would leave.
    pub flushed_bytes: u64,
    /// Entries of its `.index`.
    pub index_entries: u64,
}

impl Log {
    /// A new, empty log that starts at offset 0.
    pub fn create(disk: &mut Disk, partition: &TopicPartition, config: &TopicConfig) -> Log {
        Log::create_in(disk, "", partition, config)
    }

    /// The same in a log directory, whose files' paths begin with `parent`.
    pub fn create_in(
        disk: &mut Disk,
        parent: &str,
        partition: &TopicPartition,
        config: &TopicConfig,
    ) -> Log {
        Log::empty(disk, format!("{parent}{partition}").into(), Limits::of(config), Offset(0))
    }

    fn empty(disk: &mut Disk, dir: Text, limits: Limits, start: Offset) -> Log {
        let active = Segment::create(disk, &dir, start, limits.segment_index_bytes);
        Log {
            dir,
            limits,
            log_start_offset: start,
            log_end_offset: start,
            recovery_point: start,
            sealed: Vector::new(),
            active,
            recent: RecentBatches::default(),
            epochs: EpochCache::default(),
            producers: Producers::starting_at(start),
            jitter_seed: 0,
            flushed_ms: 0,
            trash: Trash::default(),
            topic_id: None,
        }
    }

    /// Gives it its share of chance: segments roll up to `segment.jitter.ms` early.
    #[must_use]
    pub fn with_jitter_seed(mut self, seed: u64) -> Log {
        self.jitter_seed = seed;
        self
    }

    /// Files that were renamed to `.deleted`: the caller removes them after `file.delete.delay.ms`.
    pub fn take_trash(&mut self) -> Vec<FileId> {
        self.trash.take()
    }

    /// The log directory that it lies in, `a/` say; empty where a broker has one.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.dir.rfind('/').map_or("", |slash| &self.dir[..=slash])
    }

    /// Whether that is the log directory that it lies in: what [`Log::parent`] says, for who asks all.
    #[must_use]
    pub fn lies_in(&self, parent: &str) -> bool {
        self.dir.strip_prefix(parent).is_some_and(|name| !name.as_bytes().contains(&b'/'))
    }

    /// Oldest offset that is kept.
    #[must_use]
    pub fn log_start_offset(&self) -> Offset {
        self.log_start_offset
    }

    /// LEO: the offset of the next record.
    #[must_use]
    pub fn log_end_offset(&self) -> Offset {
        self.log_end_offset
    }

    /// Offset before which everything was flushed: what `recovery-point-offset-checkpoint` holds, and
    /// where a scan after an unclean stop starts.
    #[must_use]
    pub fn recovery_point(&self) -> Offset {
        self.recovery_point
    }

    /// Reign of the last record, or of the last leader that began to lead here.
    #[must_use]
    pub fn latest_epoch(&self) -> Option<LeaderEpoch> {
        self.epochs.latest().map(|(epoch, _)| epoch)
    }

    /// Where `requested` ended in this log: the largest epoch up to it that is known, and the first
    /// offset after that epoch; (−1, −1) when it is newer than all (`LeaderEpochFileCache.endOffsetFor`).
    #[must_use]
    pub fn end_offset_for_epoch(&self, requested: LeaderEpoch) -> (LeaderEpoch, Offset) {
        self.epochs.end_offset_for(requested, self.log_end_offset)
    }

    /// Notes that `epoch` starts at `offset`, as a leader does when it is elected. Entries that
    /// contradict it go.
    pub fn assign_epoch_start(&mut self, disk: &mut Disk, epoch: LeaderEpoch, offset: Offset) {
        self.epochs.assign(disk, &self.dir, epoch, offset);
    }

    /// Each known epoch with its first offset, oldest first.
    #[must_use]
    pub fn epochs(&self) -> &[(LeaderEpoch, Offset)] {
        self.epochs.entries()
    }

    /// First offset of the segment that takes appends.
    #[must_use]
    pub fn active_base(&self) -> Offset {
        self.active.base
    }

    /// The idempotent producers that it knows, by id (`ProducerStateManager`).
    pub fn producers(&self) -> impl Iterator<Item = (i64, &ProducerEntry)> {
        self.producers.entries()
    }

    /// Forgets producers that have been silent for `expiration_ms` (`producer.id.expiration.ms`) at
    /// `wall_ms`, the broker's clock in ms since 1970. Returns how many.
    pub fn expire_producers(&mut self, wall_ms: i64, expiration_ms: i64) -> u32 {
        self.producers.expire(wall_ms, expiration_ms)
    }

    /// The last time (wall clock, ms) at which none of its producers has been silent for
    /// `expiration_ms`, if the log stays as it is.
    #[must_use]
    pub fn keeps_producers_until(&self, expiration_ms: i64) -> i64 {
        self.producers
            .silent_since()
            .map_or(i64::MAX, |since| since.saturating_add(expiration_ms - 1))
    }

    /// The segments, oldest first; the last one is active.
    pub fn segments<'a>(&'a self, disk: &'a Disk) -> impl Iterator<Item = SegmentInfo> + 'a {
        self.all_segments().map(|segment| segment.info(disk))
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.all_segments().map(|segment| segment.bytes).sum()
    }

    /// Takes over a topic's settings; they count from the next append.
    pub fn set_config(&mut self, config: &TopicConfig) {
        self.limits = Limits::of(config);
    }

    /// Makes every record durable, and moves the recovery point to the end.
    pub fn flush(&mut self, disk: &mut Disk, wall_ms: i64) {
        self.flush_sealed(disk);
        self.active.flush(disk);
        self.recovery_point = self.log_end_offset;
        self.flushed_ms = wall_ms;
    }

    /// The flusher's round: flushes what has waited for `flush.ms` (`LogManager.flushDirtyLogs`).
    /// Returns whether anything was flushed.
    pub fn flush_if_due(&mut self, disk: &mut Disk, flush_ms: i64, wall_ms: i64) -> bool {
        let due = wall_ms - self.flushed_ms >= flush_ms;
        let dirty = self.recovery_point < self.log_end_offset;
        if due && dirty {
            self.flush(disk, wall_ms);
        }
        due && dirty
    }

    /// Closes it as a clean shutdown does: one more time index entry for the largest timestamp and
    /// no room for more (`LogSegment.close`), a snapshot of the producers, and a flush.
    pub fn close_cleanly(&mut self, disk: &mut Disk, wall_ms: i64) {
        self.producers.take_snapshot(disk, &self.dir);
        self.active.become_inactive(disk);
        self.flush(disk, wall_ms);
    }

    /// Flushes full segments from the recovery point on, as Kafka does after each roll
    /// (`UnifiedLog.flushUptoOffsetExclusive`).
    fn flush_sealed(&mut self, disk: &mut Disk) {
        let flushed_to = self.recovery_point;
        let unflushed = |segment: &&Segment| segment.end > flushed_to;
        for segment in self.sealed.iter().rev().take_while(unflushed) {
            segment.flush(disk);
        }
        self.recovery_point = self.recovery_point.max(self.active.base);
    }

    fn all_segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.sealed.iter().chain(std::iter::once(&self.active))
    }
}

/// Where the last few appends of the active segment start: readers are mostly there, and need no
/// index for it.
#[derive(Clone, Copy, Debug, Default)]
struct RecentBatches {
    /// Base offset and file position, in a ring.
    starts: [Option<(Offset, u64)>; RECENT],
    next: u8,
    /// The segment was opened with a torn tail that nobody cut, as a clean stop allows: what is
    /// appended behind it cannot be found by walking the file, so it must not be found by memory.
    behind_torn_tail: bool,
}

const RECENT: usize = 4;

impl RecentBatches {
    fn push(&mut self, base: Offset, position: u64) {
        if self.behind_torn_tail {
            return;
        }
        self.starts[usize::from(self.next)] = Some((base, position));
        self.next = (self.next + 1) % RECENT as u8;
    }

    /// Forgets positions: the segment was cut.
    fn forget(&mut self) {
        self.starts = [None; RECENT];
    }

    /// The latest known batch start at or before `offset`.
    fn before(&self, offset: Offset) -> Option<(Offset, u64)> {
        self.starts.iter().flatten().filter(|(base, _)| *base <= offset).max().copied()
    }
}
