//! The log against facts: the files of a real broker, and Kafka's rules one by one.

mod kafka_files;
mod append;
mod cleaner;
mod read;
mod truncate;
mod recovery;
mod retention;

use bytes::Bytes;

use super::*;
use crate::engine::ids::{PartitionId, TopicName};
use crate::engine::record::batch::{batches, with_offset_and_epoch};
use crate::engine::record::builder::BatchBuilder;

/// Far beyond every offset: no upper bound.
const ALL: Offset = Offset(i64::MAX);

fn orders() -> TopicPartition {
    TopicPartition::new(&TopicName::new("orders"), PartitionId(0))
}

fn config(segment_bytes: i64, index_interval_bytes: i64) -> TopicConfig {
    TopicConfig { segment_bytes, index_interval_bytes, ..TopicConfig::default() }
}

fn opening(clean: bool, recovery_point: i64) -> Opening {
    Opening { clean, recovery_point: Offset(recovery_point), log_start_offset: Offset(0) }
}

/// A producer's batch of records with these timestamps and values of `value_bytes`.
fn batch(timestamps: &[i64], value_bytes: usize) -> Bytes {
    let mut builder = BatchBuilder::new();
    for timestamp in timestamps {
        builder.append(*timestamp, None, Some(&vec![b'v'; value_bytes]), &[]);
    }
    builder.build()
}

/// A batch as a leader sends it to followers.
fn sent(base: i64, epoch: i32, records: usize) -> Bytes {
    let made = batch(&vec![1_000 + base; records], 10);
    with_offset_and_epoch(&made, Offset(base), LeaderEpoch(epoch))
}

/// A log and its disk, with `orders-0`.
struct Replica {
    disk: Disk,
    log: Log,
}

impl Replica {
    fn new(config: &TopicConfig) -> Replica {
        let mut disk = Disk::default();
        let log = Log::create(&mut disk, &orders(), config);
        Replica { disk, log }
    }

    fn lead(&mut self, records: &Bytes) -> Appended {
        self.try_lead(records).expect("a sound batch")
    }

    fn try_lead(&mut self, records: &Bytes) -> Result<Appended, AppendError> {
        self.log.append_as_leader(&mut self.disk, records, LeaderEpoch(0), 0)
    }

    fn follow(&mut self, records: &Bytes) -> Result<Appended, AppendError> {
        self.log.append_as_follower(&mut self.disk, records, 0)
    }

    /// `count` batches of one record, with timestamps that count from 1.
    fn fill(&mut self, count: i64, value_bytes: usize) {
        for timestamp in 1..=count {
            self.lead(&batch(&[timestamp], value_bytes));
        }
    }

    fn read(&self, offset: i64, max_bytes: u64) -> Bytes {
        self.log.read(&self.disk, Offset(offset), max_bytes, ALL, true).expect("in range")
    }

    /// Base offsets of the batches that one read returns.
    fn bases(&self, offset: i64, max_bytes: u64, upper: Offset, at_least_one: bool) -> Vec<i64> {
        let read = self.log.read(&self.disk, Offset(offset), max_bytes, upper, at_least_one);
        batches(&read.expect("in range")).map(|(header, _)| header.base_offset.0).collect()
    }

    fn files(&self) -> Vec<String> {
        self.disk.list("orders-0/").into_iter().map(|(path, _)| path[9..].to_owned()).collect()
    }

    /// What was written of a file, without the room in an active index.
    fn file(&self, name: &str) -> Bytes {
        self.disk.written(&format!("orders-0/{name}")).expect("the file is there")
    }

    /// `(offset, position)` of an offset index's entries.
    fn index(&self, segment: i64) -> Vec<(i64, u32)> {
        let bytes = self.file(&format!("{segment:020}.index"));
        let entry = |entry: &[u8]| {
            let (offset, position) = entry.split_at(4);
            let word = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().expect("four bytes"));
            (segment + i64::from(word(offset)), word(position))
        };
        bytes.chunks(8).map(entry).collect()
    }

    fn segment_bases(&self) -> Vec<i64> {
        self.log.segments(&self.disk).map(|segment| segment.base.0).collect()
    }

    /// The same disk, opened again.
    fn reopen(
        &self,
        config: &TopicConfig,
        clean: bool,
        recovery_point: i64,
    ) -> (Replica, Recovery) {
        let mut disk = self.disk.clone();
        let (log, recovery) =
            Log::open(&mut disk, &orders(), config, opening(clean, recovery_point));
        (Replica { disk, log }, recovery)
    }
}
