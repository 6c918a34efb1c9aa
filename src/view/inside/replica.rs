//! A replica in depth: segments, index entries, batches with their records, files, checkpoints.

use bytes::Bytes;

use crate::engine::broker::checkpoints;
use crate::engine::disk::Disk;
use crate::engine::ids::{BrokerId, LeaderEpoch, NodeId, Offset, Text, TopicPartition};
use crate::engine::log::Log;
use crate::engine::record::batch::{BatchHeader, Codec};
use crate::engine::record::reader;
use crate::engine::sim::world::World;
use crate::view::inside::{PAGE, Paged, Place};

/// One replica, as its broker's process and disk have it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaInside {
    /// Its broker.
    pub broker: BrokerId,
    /// The partition.
    pub partition: TopicPartition,
    /// Whether the broker's process runs.
    pub running: bool,
    /// Its directory on the disk.
    pub dir: Text,
    /// First offset kept.
    pub log_start_offset: Offset,
    /// Next offset to write.
    pub log_end_offset: Offset,
    /// Its own high watermark.
    pub high_watermark: Offset,
    /// Everything before it was flushed, as the process knows.
    pub recovery_point: Offset,
    /// Its line of `replication-offset-checkpoint`: what the high watermark is after a restart.
    pub high_watermark_on_disk: Option<Offset>,
    /// Its line of `recovery-point-offset-checkpoint`: where a scan would begin.
    pub recovery_point_on_disk: Option<Offset>,
    /// Segments, oldest first.
    pub segments: Paged<SegmentRow>,
    /// The indexes that are open.
    pub index: Option<IndexView>,
    /// Leader epochs and where they start, oldest first.
    pub epochs: Vec<(LeaderEpoch, Offset)>,
    /// Batches with the records of the page.
    pub batches: Vec<BatchView>,
    /// Producers that the log remembers.
    pub producers: Vec<ProducerEntry>,
    /// Files in its directory, by name.
    pub files: Vec<FileView>,
}

/// A segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    /// First offset: its name.
    pub base: Offset,
    /// Next offset after its last.
    pub end: Offset,
    /// Bytes of its `.log`.
    pub bytes: u64,
    /// Bytes of it that a power loss would leave.
    pub flushed_bytes: u64,
    /// Entries of its `.index`.
    pub index_entries: u64,
    /// Entries of its `.timeindex`.
    pub time_entries: u64,
    /// How old its newest record is, in ms; `None` while it has none. Retention by time goes by it.
    pub age_ms: Option<i64>,
    /// Whether it takes appends.
    pub active: bool,
}

/// A page of the two indexes of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexView {
    /// The segment.
    pub base: Offset,
    /// Entries of the `.index`: offset, and position in the `.log`.
    pub offsets: Paged<(Offset, u64)>,
    /// Entries of the `.timeindex`: ms since 1970, and offset.
    pub times: Paged<(i64, Offset)>,
}

/// A batch, and those of its records that are on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    /// First offset.
    pub base: Offset,
    /// Last offset.
    pub last: Offset,
    /// Reign in which it was appended.
    pub leader_epoch: LeaderEpoch,
    /// Bytes of the whole batch.
    pub bytes: u64,
    /// Kafka's name of its codec; `None` when it is not compressed.
    pub codec: Option<&'static str>,
    /// Producer id, its epoch, and the first record's sequence; `None` without idempotence.
    pub producer: Option<(i64, i16, i32)>,
    /// Whether it is a marker of a transaction rather than data.
    pub control: bool,
    /// Its records on this page.
    pub records: Vec<RecordRow>,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Its offset.
    pub offset: Offset,
    /// Its time, in ms since 1970.
    pub timestamp_ms: i64,
    /// Its key as text (lossy); `None` is null.
    pub key: Option<Text>,
    /// Its value as text (lossy); `None` is null.
    pub value: Option<Text>,
    /// How many headers it has.
    pub headers: u32,
}

/// A producer as the log remembers it (`ProducerStateEntry`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    /// Its id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// Sequence of its newest record.
    pub last_sequence: i32,
    /// Offset of its newest record.
    pub last_offset: Offset,
}

/// A file of the replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileView {
    /// Its name within the directory.
    pub name: Text,
    /// Its bytes.
    pub bytes: u64,
    /// Bytes that a power loss would leave; the rest is in the page cache only.
    pub flushed_bytes: u64,
}

/// Looks into a replica; `None` when the broker has none of that partition.
pub fn look(
    world: &World,
    broker: BrokerId,
    partition: &TopicPartition,
    at: &Place,
) -> Option<ReplicaInside> {
    let replica = world.broker(broker)?.partition(partition)?;
    let disk = world.disk(NodeId::Broker(broker))?;
    let log = &replica.log;
    let now_ms = world.config().epoch_ms + world.now().as_ms();
    let newest = Offset(log.log_end_offset().0 - i64::from(PAGE));
    let first = at.record.unwrap_or(newest).max(log.log_start_offset());
    Some(ReplicaInside {
        broker,
        partition: partition.clone(),
        running: world.host(NodeId::Broker(broker)).is_some_and(|host| host.life.is_up()),
        dir: log.dir().into(),
        log_start_offset: log.log_start_offset(),
        log_end_offset: log.log_end_offset(),
        high_watermark: replica.high_watermark,
        recovery_point: log.recovery_point(),
        high_watermark_on_disk: checkpoints::high_watermarks(disk, log.parent())
            .get(partition)
            .copied(),
        recovery_point_on_disk: checkpoints::recovery_points(disk, log.parent())
            .get(partition)
            .copied(),
        segments: segments(log, disk, at.segments, now_ms),
        index: at.index.and_then(|base| index(log, disk, base, at.entry)),
        epochs: log.epochs().to_vec(),
        batches: batches(log, disk, first),
        producers: log.producers().map(producer).collect(),
        files: files(disk, log.dir()),
    })
}

fn producer((id, entry): (i64, &crate::engine::log::ProducerEntry)) -> ProducerEntry {
    let newest = entry.batches().last();
    ProducerEntry {
        id,
        epoch: entry.epoch,
        last_sequence: entry.last_sequence(),
        last_offset: newest.map_or(Offset::NONE, |batch| batch.last_offset),
    }
}

fn segments(log: &Log, disk: &Disk, first: Option<u64>, now_ms: i64) -> Paged<SegmentRow> {
    let total = log.segment_count();
    let page = PAGE as usize;
    let newest = total.saturating_sub(page);
    let first = first.map_or(newest, |first| usize::try_from(first).unwrap_or(newest).min(newest));
    let row = |detail: crate::engine::log::SegmentDetail| SegmentRow {
        base: detail.info.base,
        end: detail.info.end,
        bytes: detail.info.bytes,
        flushed_bytes: detail.info.flushed_bytes,
        index_entries: detail.info.index_entries,
        time_entries: detail.time_entries,
        age_ms: (detail.newest_ms >= 0).then_some(now_ms - detail.newest_ms),
        active: detail.active,
    };
    let rows = log.segment_details(disk, first, page).into_iter().map(row).collect();
    Paged { first: first as u64, total: total as u64, rows }
}

/// A page of a segment's indexes; `None` when there is no such segment any more.
fn index(log: &Log, disk: &Disk, base: Offset, first: u64) -> Option<IndexView> {
    let all = log.segment_details(disk, 0, usize::MAX);
    let segment = all.into_iter().find(|detail| detail.info.base == base)?;
    let (offsets, times) = (segment.info.index_entries, segment.time_entries);
    // The longer index leads: a shorter one is shown to its end.
    let start = |total: u64| first.min(total.saturating_sub(1));
    Some(IndexView {
        base,
        offsets: Paged {
            first: start(offsets),
            total: offsets,
            rows: log.offset_index(disk, base, start(offsets), u64::from(PAGE)),
        },
        times: Paged {
            first: start(times),
            total: times,
            rows: log.time_index(disk, base, start(times), u64::from(PAGE)),
        },
    })
}

fn batches(log: &Log, disk: &Disk, first: Offset) -> Vec<BatchView> {
    let mut left = PAGE as usize;
    let mut found = Vec::new();
    for (header, bytes) in log.batches_from(disk, first, 2 * PAGE) {
        if left == 0 {
            break;
        }
        let records = records(&bytes, first, left);
        left -= records.len();
        found.push(batch(&header, records));
    }
    found
}

fn batch(header: &BatchHeader, records: Vec<RecordRow>) -> BatchView {
    let codec = match header.codec() {
        Codec::None => None,
        Codec::Gzip => Some("gzip"),
        Codec::Snappy => Some("snappy"),
        Codec::Lz4 => Some("lz4"),
        Codec::Zstd => Some("zstd"),
        Codec::Unknown(_) => Some("?"),
    };
    let has_producer = header.producer_id >= 0;
    let producer = (header.producer_id, header.producer_epoch, header.base_sequence);
    BatchView {
        base: header.base_offset,
        last: header.last_offset(),
        leader_epoch: header.leader_epoch,
        bytes: header.size(),
        codec,
        producer: has_producer.then_some(producer),
        control: header.is_control(),
        records,
    }
}

fn records(batch: &Bytes, first: Offset, most: usize) -> Vec<RecordRow> {
    let text =
        |bytes: Option<&[u8]>| bytes.map(|b| Text::from(String::from_utf8_lossy(b).as_ref()));
    let row = |record: reader::RecordRef<'_>| RecordRow {
        offset: record.offset,
        timestamp_ms: record.timestamp,
        key: text(record.key),
        value: text(record.value),
        headers: record.headers.count(),
    };
    let wanted = reader::records(batch).flatten().filter(|record| record.offset >= first);
    wanted.take(most).map(row).collect()
}

fn files(disk: &Disk, dir: &str) -> Vec<FileView> {
    let prefix = format!("{dir}/");
    let view = |(path, bytes): (Text, u64)| {
        let flushed_bytes = disk.find(&path).map_or(0, |file| disk.flushed_len(file));
        FileView { name: path[prefix.len()..].into(), bytes, flushed_bytes }
    };
    disk.list(&prefix).into_iter().map(view).collect()
}
