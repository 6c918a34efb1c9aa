//! What a leader requires of a producer's batch, and the form in which it stores it (`LogValidator`,
//! `UnifiedLog.analyzeAndValidateRecords`).
//!
//! A batch is stored as it was sent but for its base offset and leader epoch, which lie outside of its
//! CRC; unless the topic wants another codec (`compression.type`), then it is written anew, or the
//! broker's clock (`message.timestamp.type=LogAppendTime`), then two fields of its header and the CRC
//! change.

use bytes::Bytes;

use crate::engine::config::TopicConfig;
use crate::engine::ids::Offset;
use crate::engine::log::AppendError;
use crate::engine::record::batch::{
    BatchError, BatchHeader, Codec, MAGIC_V2, TimestampType, batches, with_timestamps,
};
use crate::engine::record::builder::{BatchBuilder, Header};
use crate::engine::record::codec;
use crate::engine::record::reader::{RecordRef, records as records_of, uncompressed};
use crate::engine::record::sound::{self, Facts};
use crate::engine::setting::{CompressionType, TimestampKind};

/// `RecordBatch.NO_TIMESTAMP`.
const NO_TIMESTAMP: i64 = -1;

/// The settings of a topic that decide about its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    max_message_bytes: u64,
    segment_bytes: u64,
    compact: bool,
    compression: CompressionType,
    timestamps: TimestampKind,
    before_max_ms: i64,
    after_max_ms: i64,
}

/// Records of a batch that are not allowed (`RecordValidationException`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Whether a time is the reason (INVALID_TIMESTAMP); else it is INVALID_RECORD.
    pub invalid_timestamp: bool,
    /// Ordinal of each such record in its batch, and what Kafka says of it.
    pub records: Vec<(i32, String)>,
}

impl Rejected {
    /// What Kafka says of the whole batch.
    #[must_use]
    pub fn message(&self) -> String {
        if self.invalid_timestamp {
            return "One or more records have been rejected due to invalid timestamp".to_owned();
        }
        let shown = self.records.iter().take(3);
        let shown = shown.map(|(i, text)| format!("RecordError(batchIndex={i}, message='{text}')"));
        format!(
            "One or more records have been rejected due to {} record errors in total, and only showing \
             the first three errors at most: [{}]",
            self.records.len(),
            shown.collect::<Vec<_>>().join(", ")
        )
    }
}

/// A batch that may be appended.
pub(super) struct Sound {
    /// Its header as it is stored, but for offset and epoch.
    pub(super) header: BatchHeader,
    /// Its bytes as they are stored, but for offset and epoch.
    pub(super) bytes: Bytes,
    /// The broker's time, when records carry that.
    pub(super) log_append_time: Option<i64>,
}

impl Rules {
    pub(super) fn of(config: &TopicConfig) -> Rules {
        Rules {
            max_message_bytes: config.max_message_bytes.unsigned_abs(),
            segment_bytes: config.segment_bytes.unsigned_abs(),
            compact: config.cleanup_policy.compact,
            compression: config.compression_type,
            timestamps: config.message_timestamp_type,
            before_max_ms: config.message_timestamp_before_max_ms,
            after_max_ms: config.message_timestamp_after_max_ms,
        }
    }

    /// The one batch of a produce request, checked, in the form in which it is stored. `partition` is
    /// for messages only; `now` is the broker's clock in ms since 1970.
    ///
    /// # Errors
    /// It is not valid; the order of the checks is Kafka's.
    pub(super) fn check(
        self,
        partition: &str,
        records: &Bytes,
        now: i64,
    ) -> Result<Sound, AppendError> {
        let (header, bytes) = self.one_batch(records)?;
        check_header(&header)?;
        let (source, target) = (header.codec(), self.target(header.codec()));
        let plain = uncompressed(&bytes).map_err(|error| AppendError::of_records(&error))?;
        let known = sound::facts(&bytes).filter(|facts| self.allows_all(&header, *facts, now));
        let largest = match known {
            Some(facts) => facts.latest,
            None => self.check_records(partition, &header, &plain, now)?,
        };
        let (kind, largest) = match self.timestamps {
            TimestampKind::CreateTime => (TimestampType::CreateTime, largest),
            TimestampKind::LogAppendTime => (TimestampType::LogAppendTime, now),
        };
        // Records of a compressed batch count from 0, or the batch is written anew so that they do.
        let dense = source == Codec::None || counts_from_zero(&header, &plain);
        let stored = match source == target && dense {
            true => bytes,
            false => self.write_anew(&header, &plain, target)?,
        };
        let bytes = with_timestamps(&stored, kind, largest);
        let header = BatchHeader::parse(&bytes).map_err(|_| AppendError::Corrupt)?;
        let (size, most) = (header.size(), self.segment_bytes);
        if size > most {
            return Err(AppendError::LargerThanSegment { bytes: size, most });
        }
        let log_append_time = (kind == TimestampType::LogAppendTime).then_some(now);
        Ok(Sound { header, bytes, log_append_time })
    }

    fn one_batch(self, records: &Bytes) -> Result<(BatchHeader, Bytes), AppendError> {
        let mut walk = batches(records);
        let Some((header, bytes)) = walk.next() else {
            return Err(match BatchHeader::parse(records) {
                Err(BatchError::BadLength(_)) => AppendError::Corrupt,
                _ => AppendError::Invalid("a produce request has at least one record batch"),
            });
        };
        if !(0..=MAGIC_V2).contains(&header.magic) {
            return Err(AppendError::Corrupt);
        }
        if header.magic != MAGIC_V2 {
            return Err(AppendError::Invalid("only record batches with magic 2 are allowed"));
        }
        if walk.next().is_some() {
            return Err(AppendError::Invalid("a produce request has exactly one record batch"));
        }
        if header.base_offset != Offset(0) {
            return Err(AppendError::Invalid("the base offset of a producer's batch is 0"));
        }
        self.check_size(header.size())?;
        if sound::is_sound(&bytes) { Ok((header, bytes)) } else { Err(AppendError::Corrupt) }
    }

    fn check_size(self, bytes: u64) -> Result<(), AppendError> {
        let most = self.max_message_bytes;
        if bytes > most { Err(AppendError::TooLarge { bytes, most }) } else { Ok(()) }
    }

    /// The codec in which a batch is stored (`BrokerCompressionType.targetCompression`).
    fn target(self, source: Codec) -> Codec {
        match self.compression {
            CompressionType::Producer => source,
            CompressionType::Uncompressed => Codec::None,
            CompressionType::Gzip => Codec::Gzip,
            CompressionType::Snappy => Codec::Snappy,
            CompressionType::Lz4 => Codec::Lz4,
            CompressionType::Zstd => Codec::Zstd,
        }
    }

    /// Whether records of which that much is known are all allowed; they may also be, if not.
    fn allows_all(self, header: &BatchHeader, facts: Facts, now: i64) -> bool {
        let timed = |time| time != NO_TIMESTAMP && self.is_in_range(time, now);
        (facts.keyed || !self.compact)
            && self.timestamps == TimestampKind::CreateTime
            && header.timestamp_type() == TimestampType::CreateTime
            && timed(facts.earliest)
            && timed(facts.latest)
    }

    fn is_in_range(self, time: i64, now: i64) -> bool {
        let age = now.wrapping_sub(time);
        age <= self.before_max_ms && age.wrapping_neg() <= self.after_max_ms
    }

    /// Every record, and the largest of their times (`LogValidator.validateRecord`).
    fn check_records(
        self,
        partition: &str,
        header: &BatchHeader,
        plain: &[u8],
        now: i64,
    ) -> Result<i64, AppendError> {
        let mut rejected = Rejected { invalid_timestamp: false, records: Vec::new() };
        let mut largest = NO_TIMESTAMP;
        for (ordinal, record) in (0i32..).zip(records_of(plain)) {
            let record = record.map_err(|error| AppendError::of_records(&error))?;
            largest = largest.max(record.timestamp);
            if self.compact && record.key.is_none() {
                let text = format!(
                    "Compacted topic cannot accept message without key in topic partition {partition}"
                );
                rejected.records.push((ordinal, text));
            } else if let Some(text) = self.check_time(header, &record, now) {
                rejected.invalid_timestamp = true;
                rejected.records.push((ordinal, text));
            }
        }
        match rejected.records.is_empty() {
            true => Ok(largest),
            false => Err(AppendError::Rejected(Box::new(rejected))),
        }
    }

    fn check_time(self, header: &BatchHeader, record: &RecordRef<'_>, now: i64) -> Option<String> {
        let time = record.timestamp;
        if self.timestamps == TimestampKind::CreateTime && time != NO_TIMESTAMP {
            let (least, most) =
                (now.wrapping_sub(self.before_max_ms), now.wrapping_add(self.after_max_ms));
            return (!self.is_in_range(time, now)).then(|| {
                format!(
                    "Timestamp {time} of message with offset {} is out of range. The timestamp should \
                     be within [{least}, {most}]",
                    record.offset
                )
            });
        }
        let stamped = header.timestamp_type() == TimestampType::LogAppendTime;
        stamped.then(|| {
            "Invalid timestamp type in message. Producer should not set timestamp type to \
             LogAppendTime."
                .to_owned()
        })
    }

    /// The same records in a batch of another codec (`buildRecordsAndAssignOffsets`).
    fn write_anew(
        self,
        header: &BatchHeader,
        plain: &[u8],
        target: Codec,
    ) -> Result<Bytes, AppendError> {
        if header.is_transactional() {
            return Err(AppendError::NoTransaction);
        }
        if !codec::is_built_in(target) {
            return Err(AppendError::Undecodable);
        }
        let mut builder = BatchBuilder::with_capacity(u32::try_from(plain.len()).unwrap_or(0))
            .producer(header.producer_id, header.producer_epoch, header.base_sequence)
            .compressed(target);
        for record in records_of(plain).flatten() {
            let headers: Vec<Header<'_>> = record
                .headers
                .iter()
                .filter_map(|(key, value)| Some((std::str::from_utf8(key).ok()?, value)))
                .collect();
            builder.append(record.timestamp, record.key, record.value, &headers);
        }
        let written = builder.build();
        self.check_size(written.len() as u64)?;
        Ok(written)
    }
}

/// What the header says of itself (`LogValidator.validateBatch`).
fn check_header(header: &BatchHeader) -> Result<(), AppendError> {
    let count_from_offsets = i64::from(header.last_offset_delta) + 1;
    if count_from_offsets <= 0 || header.record_count <= 0 {
        return Err(AppendError::Invalid("the batch has no records"));
    }
    if count_from_offsets != i64::from(header.record_count) {
        return Err(AppendError::Invalid("offsets and number of records differ"));
    }
    if header.is_control() {
        return Err(AppendError::Invalid("clients are not allowed to write control records"));
    }
    if header.producer_id >= 0 && header.base_sequence < 0 {
        return Err(AppendError::Invalid("a producer with an id numbers its batches"));
    }
    Ok(())
}

fn counts_from_zero(header: &BatchHeader, plain: &[u8]) -> bool {
    let offsets = records_of(plain).flatten().map(|record| record.offset.0 - header.base_offset.0);
    offsets.eq(0..i64::from(header.record_count))
}

#[cfg(test)]
#[path = "tests/validator.rs"]
mod tests;
