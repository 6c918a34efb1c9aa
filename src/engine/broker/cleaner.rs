//! When logs are compacted (`LogCleaner`, `LogCleanerManager`): the dirtiest first, one after the
//! other, until none is dirty enough; then a rest of `log.cleaner.backoff.ms`.
//!
//! A cleaning takes no time. Where it got to is remembered in `cleaner-offset-checkpoint`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::broker::Broker;
use crate::engine::broker::checkpoints::{CLEANED_TO, in_dir};
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{Offset, TopicPartition};
use crate::engine::log::{Cleanable, Room, checkpoint};
use crate::engine::node::{Ctx, Timer};
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::time::Micros;

/// Bytes of a key in Kafka's offset map: an MD5 hash and an offset (`SkimpyOffsetMap`).
const BYTES_PER_KEY: u64 = 24;

/// What a broker's cleaner remembers.
#[derive(Clone, Debug, Default)]
pub struct LogCleaner {
    /// First dirty offset of each log that was cleaned.
    cleaned_to: BTreeMap<TopicPartition, Offset>,
    /// Logs that it could not read: left alone until the process starts anew
    /// (`markPartitionUncleanable`).
    uncleanable: BTreeMap<TopicPartition, ()>,
    /// The compacted logs, and the replicas' count of changes when they were looked up.
    compacted: Option<(u64, Rc<[TopicPartition]>)>,
}

impl Broker {
    /// Starts the cleaner, whose first round is at once.
    pub(super) fn start_cleaner(&mut self, ctx: &mut Ctx<'_>, disk: &Disk) {
        for dir in self.log_dirs.live() {
            self.cleaner.cleaned_to.extend(checkpoint::read(disk, &in_dir(dir, CLEANED_TO)));
        }
        if self.config.log_cleaner_enable {
            ctx.set_timer(Micros(0), Timer { purpose: TimerPurpose::LogCleaner, tag: 0 });
        }
    }

    /// A round of the cleaner (`CleanerThread.doWork`).
    pub(super) fn cleaner_timer(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, timer: &Timer) {
        let ids = self.compacted();
        while let Some((id, what)) = self.filthiest(ctx, disk, &ids) {
            self.clean_log(ctx, disk, &id, &what);
        }
        for id in ids.iter() {
            self.delete_old_segments(ctx, disk, id);
        }
        let cause = ctx.timer_cause();
        let rest = Micros::from_ms(self.config.log_cleaner_backoff_ms).max(Micros(1_000));
        ctx.set_timer_caused(rest, timer.clone(), cause);
    }

    /// Logs with `cleanup.policy=compact`. All are looked through only when a replica has changed and
    /// some topic can be compacted at all.
    fn compacted(&mut self) -> Rc<[TopicPartition]> {
        let asks = |own: &Rc<TopicOverrides>| own.contains_key("cleanup.policy");
        if !self.config.log_cleanup_policy.compact && !self.overrides.values().any(asks) {
            return Rc::default();
        }
        let changes = self.partitions.changes();
        if let Some((seen, ids)) = &self.cleaner.compacted
            && *seen == changes
        {
            return ids.clone();
        }
        let all = self.partitions.values();
        let compacted = all.filter(|partition| partition.config.cleanup_policy.compact);
        let ids: Rc<[TopicPartition]> = compacted.map(|partition| partition.id.clone()).collect();
        self.cleaner.compacted = Some((changes, ids.clone()));
        ids
    }

    /// The log with the largest dirty share among those that are dirty enough
    /// (`grabFilthiestCompactedLog`).
    fn filthiest(
        &mut self,
        ctx: &Ctx<'_>,
        disk: &mut Disk,
        ids: &[TopicPartition],
    ) -> Option<(TopicPartition, Cleanable)> {
        let mut best: Option<(TopicPartition, Cleanable)> = None;
        for id in ids {
            if self.cleaner.uncleanable.contains_key(id) {
                continue;
            }
            let Some(partition) = self.partitions.get(id) else { continue };
            let last = self.cleaner.cleaned_to.get(id).copied();
            let (config, stable_end) = (&partition.config, partition.high_watermark);
            let what = partition.log.cleanable(disk, config, last, stable_end, ctx.wall_ms());
            let total = what.clean_bytes + what.dirty_bytes;
            let dirty = config.min_cleanable_dirty_ratio.is_exceeded_by(what.dirty_bytes, total);
            if what.reset {
                self.remember_cleaned(disk, id, Some(what.first_dirty));
            }
            let is_candidate = total > 0 && (dirty || (what.overdue && what.dirty_bytes > 0));
            if is_candidate && best.as_ref().is_none_or(|(_, best)| is_dirtier(&what, best)) {
                best = Some((id.clone(), what));
            }
        }
        best
    }

    fn clean_log(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        what: &Cleanable,
    ) {
        let threads = self.config.log_cleaner_threads.max(1).unsigned_abs();
        let buffer = self.config.log_cleaner_dedupe_buffer_size.unsigned_abs() / threads;
        let slots = buffer.min(i32::MAX.unsigned_abs().into()) / BYTES_PER_KEY;
        let keys = self.config.log_cleaner_io_buffer_load_factor.of(slots).max(1);
        let io = self.config.log_cleaner_io_buffer_size.unsigned_abs() / threads / 2;
        let room = Room { keys, read_bytes: io };
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let config = partition.config.clone();
        let cleaned = partition.log.clean(disk, &config, what, room, ctx.wall_ms());
        self.remove_later(ctx, disk, id);
        // A pass that gets nowhere would be made for ever.
        let Some(cleaned) = cleaned.filter(|cleaned| cleaned.end > what.first_dirty) else {
            self.cleaner.uncleanable.insert(id.clone(), ());
            return;
        };
        ctx.emit(EventKind::LogCleaned {
            partition: id.clone(),
            from: what.first_dirty,
            to: cleaned.end,
            records_before: cleaned.records.0,
            records_after: cleaned.records.1,
            bytes_before: cleaned.bytes.0,
            bytes_after: cleaned.bytes.1,
        });
        self.remember_cleaned(disk, id, Some(cleaned.end));
    }

    /// A log was cut: what was cleaned behind the cut is dirty again (`maybeTruncateCheckpoint`).
    pub(super) fn cleaned_log_cut(&mut self, disk: &mut Disk, id: &TopicPartition, to: Offset) {
        if self.cleaner.cleaned_to.get(id).is_some_and(|end| *end > to) {
            self.remember_cleaned(disk, id, Some(to));
        }
    }

    /// Writes `cleaner-offset-checkpoint` with another first dirty offset of one log, or without it.
    pub(super) fn remember_cleaned(
        &mut self,
        disk: &mut Disk,
        id: &TopicPartition,
        end: Option<Offset>,
    ) {
        match end {
            Some(end) => self.cleaner.cleaned_to.insert(id.clone(), end),
            None => self.cleaner.cleaned_to.remove(id),
        };
        let all = std::mem::take(&mut self.cleaner.cleaned_to).into_iter();
        let live = all.filter(|(id, _)| self.partitions.contains_key(id));
        self.cleaner.cleaned_to = live.ordered();
        for dir in self.log_dirs.live() {
            let all = self.cleaner.cleaned_to.iter();
            let is_here = |id| self.partitions.get(id).is_some_and(|p| p.log.parent() == &**dir);
            let entries = all.filter(|(id, _)| is_here(*id)).map(|(id, offset)| (id, *offset));
            checkpoint::write(disk, &in_dir(dir, CLEANED_TO), entries);
        }
    }
}

/// By share of dirty bytes; the first of equals stays.
fn is_dirtier(one: &Cleanable, other: &Cleanable) -> bool {
    let total = |what: &Cleanable| u128::from(what.clean_bytes + what.dirty_bytes);
    u128::from(one.dirty_bytes) * total(other) > u128::from(other.dirty_bytes) * total(one)
}
