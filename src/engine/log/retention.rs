//! Making room from the oldest end: segments that are too old, too much, or below the log start offset
//! (`UnifiedLog.deleteOldSegments`), and the log start offset itself.
//!
//! Whole segments go, oldest first, never one that reaches past the high watermark. When all of them
//! go, an empty one is left that is named after the log's end.

use crate::engine::config::TopicConfig;
use crate::engine::disk::Disk;
use crate::engine::event::RetentionReason as Reason;
use crate::engine::ids::Offset;
use crate::engine::log::Log;
use crate::engine::log::segment::Segment;
use crate::engine::planted::{self, Bug};

/// Segments that retention deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub segments: u32,
    /// Bytes of their `.log` files.
    pub bytes: u64,
    /// Where the log starts now.
    pub log_start_offset: Offset,
    /// Base offset of the segment that began because none was left.
    pub rolled: Option<Offset>,
}

impl Log {
    /// The retention check of one log: what was deleted, by reason in Kafka's order. Compacted logs
    /// without `delete` lose only what lies below the log start offset.
    pub fn delete_old_segments(
        &mut self,
        disk: &mut Disk,
        config: &TopicConfig,
        high_watermark: Offset,
        wall_ms: i64,
    ) -> Vec<Deleted> {
        let mut all = Vec::new();
        let start = self.log_start_offset;
        let below = self.oldest_while(high_watermark, |_, next| next.is_some_and(|n| n <= start));
        all.extend(self.delete_oldest(disk, below, Reason::StartOffset));
        if !config.cleanup_policy.delete {
            return all;
        }
        let most = u64::try_from(config.retention_bytes).unwrap_or(u64::MAX);
        if let Some(mut excess) = self.size_bytes().checked_sub(most) {
            let too_much = self.oldest_while(high_watermark, |segment, _| {
                let goes = segment.bytes <= excess;
                excess -= if goes { segment.bytes } else { 0 };
                goes
            });
            all.extend(self.delete_oldest(disk, too_much, Reason::Size));
        }
        if config.retention_ms >= 0 {
            let expired = self.oldest_while(high_watermark, |segment, _| {
                segment.newest_ms().is_some_and(|newest| wall_ms - newest > config.retention_ms)
            });
            all.extend(self.delete_oldest(disk, expired, Reason::Time));
        }
        all
    }

    /// The last time (wall clock, ms) at which a retention check can find nothing, if the log stays as
    /// it is: cheap, for the many logs that have nothing.
    #[must_use]
    pub fn keeps_all_until(&self, config: &TopicConfig) -> i64 {
        let oldest = self.sealed.front().unwrap_or(&self.active);
        let below = self.log_start_offset > self.first_base() && !self.sealed.is_empty();
        let sized = config.retention_bytes >= 0 && oldest.bytes > 0;
        match oldest.newest_ms() {
            _ if below || (config.cleanup_policy.delete && sized) => i64::MIN,
            Some(newest) if config.cleanup_policy.delete && config.retention_ms >= 0 => {
                newest.saturating_add(config.retention_ms)
            }
            _ => i64::MAX,
        }
    }

    /// Moves the log start offset forward; records before it are gone for readers, and their segments
    /// go at the next retention check. Returns whether it moved (`maybeIncrementLogStartOffset`). The
    /// caller sees to it that it does not pass the high watermark.
    pub fn advance_log_start(&mut self, disk: &mut Disk, to: Offset) -> bool {
        if to <= self.log_start_offset {
            return false;
        }
        self.log_start_offset = to;
        self.epochs.truncate_from_start(disk, &self.dir, to);
        self.producers.log_starts_at(disk, &self.dir, to);
        true
    }

    /// Whether the log start offset must be remembered: the files do not tell it
    /// (`LogManager.checkpointLogStartOffsetsInDir`).
    #[must_use]
    pub fn starts_within_a_segment(&self) -> bool {
        self.log_start_offset > self.first_base()
    }

    /// Number of the oldest segments that `goes` takes, one after the other; it is told where the next
    /// one starts (`deletableSegments`).
    fn oldest_while(
        &self,
        high_watermark: Offset,
        mut goes: impl FnMut(&Segment, Option<Offset>) -> bool,
    ) -> usize {
        let segments = self.all_segments();
        let nexts = self.all_segments().skip(1).map(|next| Some(next.base)).chain([None]);
        let deletable = |(segment, next): &(&Segment, Option<Offset>)| {
            let end = next.unwrap_or(self.log_end_offset);
            let is_last_and_empty = next.is_none() && segment.bytes == 0;
            let committed = high_watermark >= end || planted::has(Bug::RetentionPastHighWatermark);
            committed && goes(segment, *next) && !is_last_and_empty
        };
        segments.zip(nexts).take_while(deletable).count()
    }

    fn delete_oldest(&mut self, disk: &mut Disk, count: usize, reason: Reason) -> Option<Deleted> {
        if count == 0 {
            return None;
        }
        let rolled = (count > self.sealed.len()).then(|| self.roll(disk));
        let kept = self.sealed.split_off(count);
        let gone = std::mem::replace(&mut self.sealed, kept);
        self.advance_log_start(disk, self.first_base());
        let bytes = gone.iter().map(|segment| segment.bytes).sum();
        for segment in gone.iter() {
            segment.bury(disk, &self.dir, &mut self.trash);
        }
        let segments = u32::try_from(gone.len()).unwrap_or(u32::MAX);
        let log_start_offset = self.log_start_offset;
        Some(Deleted { reason, segments, bytes, log_start_offset, rolled })
    }

    /// Base offset of the oldest segment.
    pub(super) fn first_base(&self) -> Offset {
        self.sealed.front().unwrap_or(&self.active).base
    }
}
