//! Small files of a broker: `replication-offset-checkpoint`, `recovery-point-offset-checkpoint`, and
//! the marker of a clean shutdown.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::engine::broker::Broker;
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{Offset, TopicPartition};
use crate::engine::log::checkpoint;
use crate::engine::node::{Ctx, Timer};
use crate::engine::replication::partition::Partition;
use crate::engine::time::Micros;

/// Written when every log was closed: the next start need not scan (`CleanShutdownFileHandler`).
pub const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";

/// High watermarks as last written; none when the file is absent or damaged.
pub fn high_watermarks(disk: &Disk) -> BTreeMap<TopicPartition, Offset> {
    checkpoint::read(disk, HIGH_WATERMARKS)
}

/// Offsets up to which logs were flushed, as last written.
pub fn recovery_points(disk: &Disk) -> BTreeMap<TopicPartition, Offset> {
    checkpoint::read(disk, RECOVERY_POINTS)
}

impl Broker {
    pub(super) fn checkpoint_timer(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        self.expire_producers(ctx);
        if self.watermarks_changed {
            self.write_high_watermarks(disk);
            let partitions = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
            let cause = ctx.timer_cause();
            self.arm_checkpoint(ctx, cause);
            ctx.emit(EventKind::HighWatermarksCheckpointed { partitions });
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
        let knows_some = |partition: &&Partition| partition.log.producers().next().is_some();
        let ids: Vec<TopicPartition> =
            self.partitions.values().filter(knows_some).map(|p| p.id.clone()).collect();
        for id in ids {
            if let Some(partition) = self.partitions.get_mut(&id) {
                let expiration = self.config.producer_id_expiration_ms;
                partition.log.expire_producers(ctx.wall_ms(), expiration);
            }
        }
    }

    fn arm_checkpoint(&self, ctx: &mut Ctx<'_>, cause: Option<crate::engine::ids::EventId>) {
        let interval = Micros::from_ms(self.config.replica_high_watermark_checkpoint_interval_ms);
        let timer = Timer { purpose: TimerPurpose::HighWatermarkCheckpoint, tag: 0 };
        ctx.set_timer_caused(interval, timer, cause);
    }

    pub(super) fn write_high_watermarks(&mut self, disk: &mut Disk) {
        self.watermarks_changed = false;
        let entries = self.partitions.iter().map(|(id, p)| (id, p.high_watermark));
        checkpoint::write(disk, HIGH_WATERMARKS, entries);
    }

    /// Flushes and closes every log, and leaves the marker of a clean shutdown.
    pub(super) fn close_logs(&mut self, disk: &mut Disk) {
        let ids: Vec<TopicPartition> = self.partitions.keys().cloned().collect();
        for id in ids {
            if let Some(partition) = self.partitions.get_mut(&id) {
                partition.log.close_cleanly(disk);
            }
        }
        self.write_high_watermarks(disk);
        let ends = self.partitions.iter().map(|(id, p)| (id, p.log.log_end_offset()));
        checkpoint::write(disk, RECOVERY_POINTS, ends);
        disk.replace(CLEAN_SHUTDOWN, Bytes::from_static(b"{\"version\":0,\"brokerEpoch\":-1}"));
    }
}
