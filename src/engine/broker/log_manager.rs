//! What a broker does with its logs over time (`LogManager`): retention, flushing, checkpoints, the
//! removal of files that were renamed, and of whole logs.
//!
//! Each is a task that runs first after `log.initial.task.delay.ms` and then at its own interval, as
//! Kafka's scheduler does it. They take no time.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::engine::broker::Broker;
use crate::engine::broker::checkpoints::{LOG_STARTS, RECOVERY_POINTS, Written, in_dir};
use crate::engine::broker::replicas::Rest;
use crate::engine::disk::{Disk, FileId};
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{Offset, Text, TopicPartition};
use crate::engine::log::{Deleted, checkpoint};
use crate::engine::node::{Ctx, Timer};
use crate::engine::replication::partition::Partition;
use crate::engine::rng::Stream;
use crate::engine::time::Micros;

/// Suffix of the directory of a log that is to go.
const DELETE_DIR: &str = "-delete";
/// Longest name of a file or directory.
const NAME_MAX: usize = 255;

/// Files of this broker that wait for their removal, by the tag of the timer that removes them.
#[derive(Clone, Debug, Default)]
pub struct Waste {
    next: u64,
    waiting: BTreeMap<u64, Doomed>,
}

#[derive(Clone, Debug)]
enum Doomed {
    /// Segments' files, renamed to `.deleted`.
    Files(Vec<FileId>),
    /// A log's directory, renamed to `…-delete`.
    Directory(Text),
}

impl Broker {
    /// Sets the tasks' timers (`LogManager.startupWithConfigOverrides`).
    pub(super) fn arm_log_tasks(&self, ctx: &mut Ctx<'_>) {
        let first = Micros::from_ms(self.config.log_initial_task_delay_ms);
        let mut tasks = vec![
            Timer { purpose: TimerPurpose::LogRetention, tag: 0 },
            Timer { purpose: TimerPurpose::LogCheckpoint, tag: RECOVERY_TASK },
            Timer { purpose: TimerPurpose::LogCheckpoint, tag: START_TASK },
        ];
        if self.config.log_flush_scheduler_interval_ms < i64::MAX {
            tasks.push(Timer { purpose: TimerPurpose::LogFlush, tag: 0 });
        }
        for task in tasks {
            ctx.set_timer(first, task);
        }
    }

    /// The retention check (`LogManager.cleanupLogs`). Compacted logs are the cleaner's.
    pub(super) fn retention_timer(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, timer: &Timer) {
        again(ctx, timer, self.config.log_retention_check_interval_ms);
        let wall_ms = ctx.wall_ms();
        if self.retention_rests.goes_on(&self.partitions, wall_ms) {
            return;
        }
        let keeps_until = |partition: &Partition| match &partition.config {
            config if config.cleanup_policy.compact => i64::MAX,
            config => partition.log.keeps_all_until(config),
        };
        let due = self.partitions.values().filter(|it| wall_ms > keeps_until(it));
        let ids: Vec<TopicPartition> = due.map(|partition| partition.id.clone()).collect();
        self.retention_rests = Rest::of(&self.partitions, keeps_until);
        for id in ids {
            self.delete_old_segments(ctx, disk, &id);
        }
    }

    /// Deletes what retention does not keep of one log.
    pub(super) fn delete_old_segments(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
    ) {
        let Some(partition) = self.partitions.get(id) else { return };
        if ctx.wall_ms() <= partition.log.keeps_all_until(&partition.config) {
            return;
        }
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let (config, high_watermark) = (partition.config.clone(), partition.high_watermark);
        let wall_ms = ctx.wall_ms();
        let all = partition.log.delete_old_segments(disk, &config, high_watermark, wall_ms);
        let moved = !all.is_empty();
        for Deleted { reason, segments, bytes, log_start_offset, rolled } in all {
            if let Some(base) = rolled {
                ctx.emit(EventKind::SegmentRolled { partition: id.clone(), base });
            }
            let partition = id.clone();
            ctx.emit(EventKind::SegmentsDeleted {
                partition,
                reason,
                segments,
                bytes,
                log_start_offset,
            });
        }
        if moved {
            self.wake_sessions(id);
            self.remove_later(ctx, disk, id);
        }
    }

    /// The flusher's round (`LogManager.flushDirtyLogs`).
    pub(super) fn flush_timer(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, timer: &Timer) {
        again(ctx, timer, self.config.log_flush_scheduler_interval_ms);
        let wall_ms = ctx.wall_ms();
        let ids: Vec<TopicPartition> = self.partitions.keys().cloned().collect();
        for id in ids {
            if let Some(partition) = self.partitions.get_mut(&id) {
                let flush_ms = partition.config.flush_ms;
                partition.log.flush_if_due(disk, flush_ms, wall_ms);
            }
        }
    }

    /// Recovery points or log start offsets are due to be saved.
    pub(super) fn log_checkpoint_timer(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        timer: &Timer,
    ) {
        if timer.tag == RECOVERY_TASK {
            again(ctx, timer, self.config.log_flush_offset_checkpoint_interval_ms);
            self.write_recovery_points(disk);
        } else {
            again(ctx, timer, self.config.log_flush_start_offset_checkpoint_interval_ms);
            self.write_log_starts(disk);
        }
    }

    /// Writes `recovery-point-offset-checkpoint`, if it says anything new.
    pub(super) fn write_recovery_points(&mut self, disk: &mut Disk) {
        let changes = self.partitions.changes();
        for dir in self.log_dirs.live() {
            let here = self.partitions.iter().filter(|(_, p)| p.log.lies_in(dir));
            let points = here.map(|(id, p)| (id, p.log.recovery_point()));
            let path = in_dir(dir, RECOVERY_POINTS);
            write_changed(disk, path, &mut self.points_written, changes, points);
        }
    }

    /// Writes `log-start-offset-checkpoint`: of the logs whose files do not tell.
    pub(super) fn write_log_starts(&mut self, disk: &mut Disk) {
        let changes = self.partitions.changes();
        for dir in self.log_dirs.live() {
            let here = self.partitions.iter().filter(|(_, p)| p.log.lies_in(dir));
            let within = here.filter(|(_, p)| p.log.starts_within_a_segment());
            let starts = within.map(|(id, p)| (id, p.log.log_start_offset()));
            write_changed(disk, in_dir(dir, LOG_STARTS), &mut self.starts_written, changes, starts);
        }
    }

    /// Takes the files that a log has renamed to `.deleted`; they go after `file.delete.delay.ms`.
    pub(super) fn remove_later(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, id: &TopicPartition) {
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let files = partition.log.take_trash();
        if !files.is_empty() {
            let delay = partition.config.file_delete_delay_ms;
            self.throw_away(ctx, disk, Doomed::Files(files), delay);
        }
    }

    /// Takes a replica's log away: it is no replica any more. Its directory is renamed to
    /// `topic-partition.<random>-delete` and goes after `log.segment.delete.delay.ms`
    /// (`LogManager.asyncDelete`, `LocalLog.logDeleteDirName`).
    pub fn delete_log(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, id: &TopicPartition) {
        let Some(gone) = self.partitions.remove(id) else { return };
        let parent = gone.log.parent();
        let high = u128::from(ctx.random_u64(Stream::Broker));
        let random = high << 64 | u128::from(ctx.random_u64(Stream::Broker));
        let suffix = format!("-{}.{random:032x}{DELETE_DIR}", id.partition);
        let topic: String = id.topic.as_str().chars().take(NAME_MAX - suffix.len()).collect();
        let dir: Text = format!("{parent}{topic}{suffix}").into();
        let from = format!("{}/", gone.log.dir());
        for (path, _) in disk.list(&from) {
            disk.rename(&path, &format!("{dir}/{}", &path[from.len()..]));
        }
        self.write_recovery_points(disk);
        self.write_log_starts(disk);
        self.remember_cleaned(disk, id, None);
        let delay = self.config.log_segment_delete_delay_ms;
        self.throw_away(ctx, disk, Doomed::Directory(dir), delay);
    }

    /// Directories of deleted logs that the last process left (`LogManager.addLogToBeDeleted`).
    pub(super) fn find_deleted_logs(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        let mut dirs: Vec<Text> = Vec::new();
        for (path, _) in disk.list("") {
            let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
            if dir.ends_with(DELETE_DIR) && dirs.last().is_none_or(|last| &**last != dir) {
                dirs.push(dir.into());
            }
        }
        for dir in dirs {
            let delay = self.config.log_segment_delete_delay_ms;
            self.throw_away(ctx, disk, Doomed::Directory(dir), delay);
        }
    }

    fn throw_away(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, what: Doomed, delay_ms: i64) {
        if delay_ms == 0 {
            return remove(disk, what);
        }
        let tag = self.waste.next;
        self.waste.next += 1;
        self.waste.waiting.insert(tag, what);
        let timer = Timer { purpose: TimerPurpose::FileDelete, tag };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(Micros::from_ms(delay_ms), timer, cause);
    }

    /// The delay of some files is over.
    pub(super) fn file_delete_timer(&mut self, disk: &mut Disk, timer: &Timer) {
        if let Some(what) = self.waste.waiting.remove(&timer.tag) {
            remove(disk, what);
        }
    }
}

const RECOVERY_TASK: u64 = 0;
const START_TASK: u64 = 1;

/// Sets a periodic task's timer anew; its cause stays the first one's.
fn again(ctx: &mut Ctx<'_>, timer: &Timer, interval_ms: i64) {
    let cause = ctx.timer_cause();
    ctx.set_timer_caused(Micros::from_ms(interval_ms), timer.clone(), cause);
}

fn remove(disk: &mut Disk, what: Doomed) {
    match what {
        Doomed::Files(files) => files.into_iter().for_each(|file| disk.delete_file(file)),
        Doomed::Directory(dir) => {
            for (path, _) in disk.list(&format!("{dir}/")) {
                disk.delete(&path);
            }
        }
    }
}

/// Replaces a checkpoint, unless it says the same already. While no replica changed, the file is only
/// compared with what was written last; where none of its offsets did, no text is made of them.
fn write_changed<'a>(
    disk: &mut Disk,
    path: String,
    written: &mut BTreeMap<String, Written>,
    changes: u64,
    offsets: impl Iterator<Item = (&'a TopicPartition, Offset)>,
) {
    let found = disk.read_path(&path);
    let last = written.get_mut(&path).filter(|last| found.as_ref() == Some(&last.text));
    if last.as_ref().is_some_and(|last| last.changes == changes) {
        return;
    }
    let offsets: Vec<(&TopicPartition, Offset)> = offsets.collect();
    let told = |last: &Written| {
        let same = |(told, now): (&(TopicPartition, Offset), &(&TopicPartition, Offset))| {
            told.1 == now.1 && told.0 == *now.0
        };
        last.offsets.len() == offsets.len() && last.offsets.iter().zip(&offsets).all(same)
    };
    if let Some(last) = last
        && told(last)
    {
        last.changes = changes;
        return;
    }
    let text = Bytes::from(checkpoint::text(offsets.iter().copied()));
    if found.as_ref() != Some(&text) {
        disk.replace(&path, text.clone());
    }
    let offsets = offsets.into_iter().map(|(id, offset)| (id.clone(), offset)).collect();
    written.insert(path, Written { changes, text, offsets });
}
