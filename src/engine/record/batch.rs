//! The v2 record batch (`DefaultRecordBatch`, KIP-98): a header of 61 bytes, then records.
//!
//! A batch is its bytes. The header is read in place, and the two fields that a leader assigns, base
//! offset and leader epoch, lie outside the CRC, so that what a producer sent is stored unchanged.
//! Older formats (magic 0 and 1) are recognised by [`BatchHeader::magic`] and read by nobody.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::engine::crc::crc32c;
use crate::engine::ids::{LeaderEpoch, Offset};

/// Bytes of a v2 header: where the records start.
pub const HEADER_BYTES: usize = 61;
/// Bytes before `batchLength` ends: what the length does not count (`Records.LOG_OVERHEAD`).
pub const LOG_OVERHEAD: usize = 12;
/// The only format that is served (`RecordBatch.MAGIC_VALUE_V2`).
pub const MAGIC_V2: i8 = 2;

const LEADER_EPOCH: usize = 12;
const CRC: usize = 17;
const CRC_STARTS: usize = 21;
/// The bit of the attributes that says LogAppendTime.
const LOG_APPEND_TIME: i16 = 0b1000;

/// The fields of a batch's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record (of the first that ever was in it, after compaction).
    pub base_offset: Offset,
    /// Bytes after this field.
    pub batch_length: i32,
    /// Reign in which the leader appended it; −1 before a leader did.
    pub leader_epoch: LeaderEpoch,
    /// Format version.
    pub magic: i8,
    /// CRC-32C of everything after it.
    pub crc: u32,
    /// Codec in bits 0–2, then timestamp type, transactional, control, delete horizon.
    pub attributes: i16,
    /// Offset of the last record, from `base_offset`.
    pub last_offset_delta: i32,
    /// What record timestamps count from, in ms since 1970.
    pub base_timestamp: i64,
    /// Largest timestamp of a record, in ms since 1970.
    pub max_timestamp: i64,
    /// Idempotent producer's id; −1 is none.
    pub producer_id: i64,
    /// Its epoch; −1 is none.
    pub producer_epoch: i16,
    /// Sequence of the first record; −1 is none.
    pub base_sequence: i32,
    /// Number of records.
    pub record_count: i32,
}

/// Why bytes are not a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// They end before the batch does.
    #[error("the batch is incomplete")]
    Incomplete,
    /// Its length is less than a header.
    #[error("a batch length of {0} is too small")]
    BadLength(i32),
}

/// How records of a batch are compressed (`CompressionType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Codec {
    /// Not at all.
    #[default]
    None,
    /// gzip
    Gzip,
    /// snappy
    Snappy,
    /// lz4
    Lz4,
    /// zstd (KIP-110)
    Zstd,
    /// A number that Kafka does not define.
    Unknown(i16),
}

impl Codec {
    /// The bits of a batch's attributes that name its codec.
    pub const MASK: i16 = 0b111;

    /// Its number in a batch's attributes (`CompressionType.id`).
    #[must_use]
    pub fn id(self) -> i16 {
        match self {
            Codec::None => 0,
            Codec::Gzip => 1,
            Codec::Snappy => 2,
            Codec::Lz4 => 3,
            Codec::Zstd => 4,
            Codec::Unknown(id) => id,
        }
    }

    /// Its name in settings (`CompressionType.name`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Codec::None => "none",
            Codec::Gzip => "gzip",
            Codec::Snappy => "snappy",
            Codec::Lz4 => "lz4",
            Codec::Zstd => "zstd",
            Codec::Unknown(_) => "unknown",
        }
    }

    /// The codec of a name; `None` when Kafka has none of it.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Codec> {
        let all = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];
        all.into_iter().find(|codec| codec.name() == name)
    }
}

/// Whose clock a batch's timestamps are of (`TimestampType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's, each record's own.
    CreateTime,
    /// The broker's: every record has the batch's largest.
    LogAppendTime,
}

impl BatchHeader {
    /// Reads the header at the front of `bytes`; the records behind it need not be there.
    ///
    /// # Errors
    /// Fewer than 61 bytes, or a length field smaller than the rest of a header.
    pub fn parse(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(BatchError::Incomplete)?;
        let batch_length = i32::from_be_bytes(field(header, 8));
        if i64::from(batch_length) < (HEADER_BYTES - LOG_OVERHEAD) as i64 {
            return Err(BatchError::BadLength(batch_length));
        }
        Ok(BatchHeader {
            base_offset: Offset(i64::from_be_bytes(field(header, 0))),
            batch_length,
            leader_epoch: LeaderEpoch(i32::from_be_bytes(field(header, LEADER_EPOCH))),
            magic: i8::from_be_bytes(field(header, 16)),
            crc: u32::from_be_bytes(field(header, CRC)),
            attributes: i16::from_be_bytes(field(header, 21)),
            last_offset_delta: i32::from_be_bytes(field(header, 23)),
            base_timestamp: i64::from_be_bytes(field(header, 27)),
            max_timestamp: i64::from_be_bytes(field(header, 35)),
            producer_id: i64::from_be_bytes(field(header, 43)),
            producer_epoch: i16::from_be_bytes(field(header, 51)),
            base_sequence: i32::from_be_bytes(field(header, 53)),
            record_count: i32::from_be_bytes(field(header, 57)),
        })
    }

    /// Bytes of the whole batch, at least 61.
    #[must_use]
    pub fn size(&self) -> u64 {
        LOG_OVERHEAD as u64 + u64::from(self.batch_length.unsigned_abs())
    }

    /// Offset of the last record.
    #[must_use]
    pub fn last_offset(&self) -> Offset {
        self.base_offset.plus(i64::from(self.last_offset_delta))
    }

    /// First offset after the batch.
    #[must_use]
    pub fn next_offset(&self) -> Offset {
        self.last_offset().plus(1)
    }

    /// How the records are compressed.
    #[must_use]
    pub fn codec(&self) -> Codec {
        match self.attributes & Codec::MASK {
            0 => Codec::None,
            1 => Codec::Gzip,
            2 => Codec::Snappy,
            3 => Codec::Lz4,
            4 => Codec::Zstd,
            other => Codec::Unknown(other),
        }
    }

    /// Whose clock its timestamps are of.
    #[must_use]
    pub fn timestamp_type(&self) -> TimestampType {
        if self.attributes & LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// When compaction may drop its tombstones and markers, in ms since 1970, once a cleaning has set
    /// it; the base timestamp holds it then (KIP-534).
    #[must_use]
    pub fn delete_horizon(&self) -> Option<i64> {
        (self.attributes & 0b100_0000 != 0).then_some(self.base_timestamp)
    }

    /// Whether it belongs to a transaction (KIP-98).
    #[must_use]
    pub fn is_transactional(&self) -> bool {
        self.attributes & 0b1_0000 != 0
    }

    /// Whether it is a control batch: a marker of the broker's, which consumers never show.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.attributes & 0b10_0000 != 0
    }
}

/// Whole batches at the front of `records`, one after the other. Ends before a batch that is
/// incomplete or not one at all, as a fetch may cut its last batch short.
#[must_use]
pub fn batches(records: &Bytes) -> Batches<'_> {
    Batches { records, position: 0 }
}

/// See [`batches`].
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    records: &'a Bytes,
    position: usize,
}

impl Batches<'_> {
    /// Bytes that the batches so far took: an index into the records.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Steps over the next batch without taking a share of its bytes.
    fn next_header(&mut self) -> Option<(BatchHeader, std::ops::Range<usize>)> {
        let rest = &self.records[self.position..];
        let header = BatchHeader::parse(rest).ok()?;
        let size = usize::try_from(header.size()).ok().filter(|size| *size <= rest.len())?;
        let range = self.position..self.position + size;
        self.position = range.end;
        Some((header, range))
    }
}

impl Iterator for Batches<'_> {
    type Item = (BatchHeader, Bytes);

    fn next(&mut self) -> Option<(BatchHeader, Bytes)> {
        let (header, range) = self.next_header()?;
        Some((header, self.records.slice(range)))
    }
}

/// Records in the whole batches of `records`, as their headers tell.
#[must_use]
pub fn count_records(records: &Bytes) -> u32 {
    let mut walk = batches(records);
    let mut count = 0u32;
    while let Some((header, _)) = walk.next_header() {
        count = count.saturating_add(u32::try_from(header.record_count).unwrap_or(0));
    }
    count
}

/// Whether the CRC of a whole batch fits its bytes.
#[must_use]
pub fn verify_crc(batch: &[u8]) -> bool {
    match (batch.get(CRC..CRC_STARTS), batch.get(CRC_STARTS..)) {
        (Some(stored), Some(covered)) => crc32c(covered).to_be_bytes() == stored,
        _ => false,
    }
}

/// The batch as a leader stores it: with the offset and the epoch that it assigns. One copy.
///
/// # Panics
/// `batch` is shorter than a header: it was not validated.
#[must_use]
pub fn with_offset_and_epoch(batch: &Bytes, base: Offset, epoch: LeaderEpoch) -> Bytes {
    assert!(batch.len() >= HEADER_BYTES, "a batch is validated before it gets an offset");
    let mut copy = batch.to_vec();
    copy[..8].copy_from_slice(&base.0.to_be_bytes());
    copy[LEADER_EPOCH..LEADER_EPOCH + 4].copy_from_slice(&epoch.0.to_be_bytes());
    Bytes::from(copy)
}

/// The batch with this type and largest of its timestamps: as it is when that changes nothing, else a
/// copy with a CRC of its own (`DefaultRecordBatch.setMaxTimestamp`).
///
/// # Panics
/// `batch` is shorter than a header: it was not validated.
#[must_use]
pub fn with_timestamps(batch: &Bytes, kind: TimestampType, largest: i64) -> Bytes {
    let header = BatchHeader::parse(batch).expect("a batch is validated before it is stamped");
    if header.timestamp_type() == kind && header.max_timestamp == largest {
        return batch.clone();
    }
    let bit = if kind == TimestampType::LogAppendTime { LOG_APPEND_TIME } else { 0 };
    let attributes = header.attributes & !LOG_APPEND_TIME | bit;
    let mut copy = batch.to_vec();
    copy[21..23].copy_from_slice(&attributes.to_be_bytes());
    copy[35..43].copy_from_slice(&largest.to_be_bytes());
    let crc = crc32c(&copy[CRC_STARTS..]);
    copy[CRC..CRC_STARTS].copy_from_slice(&crc.to_be_bytes());
    Bytes::from(copy)
}

/// The batch as another producer's, or with another sequence: a copy with a CRC of its own.
///
/// # Panics
/// `batch` is shorter than a header.
#[must_use]
pub fn with_producer(batch: &Bytes, id: i64, epoch: i16, base_sequence: i32) -> Bytes {
    assert!(batch.len() >= HEADER_BYTES, "a batch that was built has a header");
    let mut copy = batch.to_vec();
    copy[43..51].copy_from_slice(&id.to_be_bytes());
    copy[51..53].copy_from_slice(&epoch.to_be_bytes());
    copy[53..57].copy_from_slice(&base_sequence.to_be_bytes());
    let crc = crc32c(&copy[CRC_STARTS..]);
    copy[CRC..CRC_STARTS].copy_from_slice(&crc.to_be_bytes());
    Bytes::from(copy)
}

fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}
