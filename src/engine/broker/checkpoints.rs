//! Small files of a broker: `replication-offset-checkpoint`, `recovery-point-offset-checkpoint`, and
//! the marker of a clean shutdown.

use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;

use crate::engine::broker::Broker;
use crate::engine::broker::replicas::Rest;
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, Offset, Text, TopicPartition};
use crate::engine::log::checkpoint;
use crate::engine::node::{Ctx, Timer};
use crate::engine::replication::partition::Partition;
use crate::engine::time::Micros;

/// Written when every log was closed: the next start need not scan (`CleanShutdownFileHandler`).
pub const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
const META_PROPERTIES: &str = "meta.properties";
const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
/// Offsets up to which logs are flushed.
pub const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
/// Offsets up to which compacted logs are cleaned.
pub const CLEANED_TO: &str = "cleaner-offset-checkpoint";
/// Log start offsets that lie within a segment.
pub const LOG_STARTS: &str = "log-start-offset-checkpoint";

/// A checkpoint as this process wrote it last.
#[derive(Clone, Debug)]
pub struct Written {
    /// What the replicas' count of changes was then.
    pub changes: u64,
    /// The whole file.
    pub text: Bytes,
    /// What it says, where that is compared before a text is made of it.
    pub offsets: Rc<[(TopicPartition, Offset)]>,
}

/// High watermarks as last written in a log directory; none when the file is absent or damaged.
pub fn high_watermarks(disk: &Disk, dir: &str) -> BTreeMap<TopicPartition, Offset> {
    checkpoint::read(disk, &in_dir(dir, HIGH_WATERMARKS))
}

/// Offsets up to which logs were flushed, as last written.
pub fn recovery_points(disk: &Disk, dir: &str) -> BTreeMap<TopicPartition, Offset> {
    checkpoint::read(disk, &in_dir(dir, RECOVERY_POINTS))
}

/// Log start offsets, as last written, of logs whose files do not tell them.
pub fn log_starts(disk: &Disk, dir: &str) -> BTreeMap<TopicPartition, Offset> {
    checkpoint::read(disk, &in_dir(dir, LOG_STARTS))
}

/// A broker's own file in one of its log directories.
pub fn in_dir(dir: &str, file: &str) -> String {
    format!("{dir}{file}")
}

/// Writes `meta.properties`, which says whose log directory this is (`MetaPropertiesEnsemble`,
/// `PropertiesUtils.writePropertiesFile`), unless it is there.
pub fn write_meta_properties(
    disk: &mut Disk,
    dir: &str,
    broker: BrokerId,
    cluster: Option<&Text>,
    wall_ms: i64,
) {
    let path = in_dir(dir, META_PROPERTIES);
    if disk.find(&path).is_none() {
        let (date, cluster) = (date_text(wall_ms), cluster.map_or("", |id| &**id));
        let text = format!("#\n#{date}\ncluster.id={cluster}\nversion=0\nbroker.id={broker}\n");
        disk.replace(&path, Bytes::from(text));
    }
}

/// `Tue Nov 24 19:58:37 UTC 2026` (`java.util.Date.toString`), from milliseconds since 1970.
fn date_text(wall_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [(&str, i64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let seconds = wall_ms.div_euclid(1_000);
    let (mut day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let weekday = DAYS[usize::try_from(day.rem_euclid(7)).unwrap_or(0)];
    let mut year = 1970;
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    while day >= 365 + i64::from(is_leap(year)) {
        day -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = "Jan";
    for (name, days) in MONTHS {
        let days = days + i64::from(name == "Feb" && is_leap(year));
        month = name;
        if day < days {
            break;
        }
        day -= days;
    }
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let day = day + 1;
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

impl Broker {
    pub(super) fn checkpoint_timer(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        self.expire_producers(ctx);
        // Kafka writes always, and so learns of a disk that takes nothing more.
        if self.watermarks_changed || disk.is_troubled() {
            self.write_high_watermarks(disk);
            let partitions = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
            let cause = ctx.timer_cause();
            self.arm_checkpoint(ctx, cause);
            if !disk.has_failed() {
                ctx.emit(EventKind::HighWatermarksCheckpointed { partitions });
            }
        } else {
            let cause = ctx.timer_cause();
            self.arm_checkpoint(ctx, cause);
        }
    }

    /// Partitions forget producers that were silent for `producer.id.expiration.ms`. Kafka has a task
    /// of its own for it (`PeriodicProducerExpirationCheck`); here the checkpoint's timer looks
    /// whether it is time.
    fn expire_producers(&mut self, ctx: &Ctx<'_>) {
        let interval = self.config.producer_id_expiration_check_interval_ms;
        if ctx.now.since(self.producers_checked) < Micros::from_ms(interval) {
            return;
        }
        self.producers_checked = ctx.now;
        let (wall_ms, expiration) = (ctx.wall_ms(), self.config.producer_id_expiration_ms);
        if self.producers_rest.goes_on(&self.partitions, wall_ms) {
            return;
        }
        let keeps_until = |partition: &Partition| partition.log.keeps_producers_until(expiration);
        let due = self.partitions.values().filter(|it| wall_ms > keeps_until(it));
        let ids: Vec<TopicPartition> = due.map(|partition| partition.id.clone()).collect();
        for id in ids {
            if let Some(partition) = self.partitions.get_mut(&id) {
                partition.log.expire_producers(wall_ms, expiration);
            }
        }
        self.producers_rest = Rest::of(&self.partitions, keeps_until);
    }

    fn arm_checkpoint(&self, ctx: &mut Ctx<'_>, cause: Option<crate::engine::ids::EventId>) {
        let interval = Micros::from_ms(self.config.replica_high_watermark_checkpoint_interval_ms);
        let timer = Timer { purpose: TimerPurpose::HighWatermarkCheckpoint, tag: 0 };
        ctx.set_timer_caused(interval, timer, cause);
    }

    pub(super) fn write_high_watermarks(&mut self, disk: &mut Disk) {
        self.watermarks_changed = false;
        let moved = std::mem::take(&mut self.moved_watermarks);
        let changes = self.partitions.members();
        // Few of many: only their lines are made anew.
        let few = moved.len() < self.partitions.len() / 8;
        for dir in self.log_dirs.live() {
            let path = in_dir(dir, HIGH_WATERMARKS);
            let whole = || {
                let here = self.partitions.iter().filter(|(_, p)| p.log.lies_in(dir));
                checkpoint::text(here.map(|(id, p)| (id, p.high_watermark)))
            };
            let last = self.watermarks_written.get(&path);
            let text = match last.filter(|last| few && last.changes == changes) {
                Some(last) => {
                    let watermark = |id| Some((id, self.partitions.get(id)?.high_watermark));
                    let moved = moved.iter().filter_map(watermark);
                    let text = checkpoint::with_changed(&last.text, moved);
                    debug_assert_eq!(
                        text,
                        whole().into_bytes(),
                        "a high watermark moved unnoticed"
                    );
                    Bytes::from(text)
                }
                None => Bytes::from(whole()),
            };
            disk.replace(&path, text.clone());
            let offsets = Rc::new([]);
            self.watermarks_written.insert(path, Written { changes, text, offsets });
        }
    }

    /// Flushes and closes every log, and leaves the marker of a clean shutdown.
    pub(super) fn close_logs(&mut self, disk: &mut Disk, wall_ms: i64) {
        let ids: Vec<TopicPartition> = self.partitions.keys().cloned().collect();
        for id in ids {
            if let Some(partition) = self.partitions.get_mut(&id) {
                partition.log.close_cleanly(disk, wall_ms);
            }
        }
        self.write_high_watermarks(disk);
        self.write_recovery_points(disk);
        self.write_log_starts(disk);
        let marker = Bytes::from_static(b"{\"version\":0,\"brokerEpoch\":-1}");
        for dir in self.log_dirs.live() {
            disk.replace(&in_dir(dir, CLEAN_SHUTDOWN), marker.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_printed_as_java_prints_it() {
        assert_eq!(date_text(0), "Thu Jan 01 00:00:00 UTC 1970");
        assert_eq!(date_text(1_795_550_317_999), "Tue Nov 24 19:58:37 UTC 2026");
        assert_eq!(date_text(1_709_164_800_000), "Thu Feb 29 00:00:00 UTC 2024");
        assert_eq!(date_text(1_767_225_600_000), "Thu Jan 01 00:00:00 UTC 2026");
    }
}
