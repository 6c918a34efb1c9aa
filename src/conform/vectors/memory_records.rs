//! Bytes read as Kafka's `MemoryRecords` reads them: batch by batch, each made sure of and then read.
//!
//! Three stages can refuse them: `iterate` (lengths and magic, `ByteBufferLogInputStream`), `ensureValid`
//! (size and CRC) and `read` (records, and their compression).

use bytes::Bytes;
use serde_json::{Value, json};

use crate::conform::vectors::hex;
use crate::conform::vectors::legacy;
use crate::engine::record::batch::{BatchHeader, Codec, HEADER_BYTES, TimestampType, verify_crc};
use crate::engine::record::codec::{CodecError, is_built_in};
use crate::engine::record::control::{ControlRecord, ControlType};
use crate::engine::record::reader::{RecordError, RecordRef, records, uncompressed};

/// `Records.LOG_OVERHEAD`: what stands before a batch's length counts.
pub const LOG_OVERHEAD: usize = 12;
/// `LegacyRecord.RECORD_OVERHEAD_V0`: the least length of anything.
pub const OVERHEAD_V0: i32 = 14;
/// `Records.HEADER_SIZE_UP_TO_MAGIC`.
const UP_TO_MAGIC: usize = 17;

/// Kafka's exceptions, as their classes are called.
pub const CORRUPT: &str = "CorruptRecordException";
/// The records are not what their lengths say.
pub const INVALID: &str = "InvalidRecordException";
/// The records cannot be decompressed.
pub const KAFKA: &str = "KafkaException";

/// Why Kafka refuses bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where: `iterate`, `ensureValid` or `read`.
    pub stage: &'static str,
    /// Its exception.
    pub class: &'static str,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// Batches in Kafka's words.
    pub batches: Vec<Value>,
    /// Bytes of these batches.
    pub valid_bytes: usize,
    /// Bytes behind them that are no whole batch.
    pub trailing_bytes: usize,
    /// What ended the reading early.
    pub refused: Option<Refused>,
    /// What this build cannot do, when that was met.
    pub missing: Option<String>,
}

/// Reads bytes to their end, or to what is refused.
#[must_use]
pub fn decode(bytes: &Bytes) -> Decoded {
    let mut decoded = Decoded::default();
    loop {
        let rest = bytes.slice(decoded.valid_bytes..);
        match next_batch(&rest) {
            Ok(None) => {
                decoded.trailing_bytes = rest.len();
                return decoded;
            }
            Ok(Some(size)) => {
                let batch = rest.slice(..size);
                match read_batch(&batch) {
                    Ok(told) => decoded.batches.push(told),
                    Err(Problem::Refused(refused)) => {
                        decoded.refused = Some(refused);
                        return decoded;
                    }
                    Err(Problem::Missing(what)) => {
                        decoded.missing = Some(what);
                        return decoded;
                    }
                }
                decoded.valid_bytes += size;
            }
            Err(refused) => {
                decoded.refused = Some(refused);
                return decoded;
            }
        }
    }
}

/// What keeps a batch from being read.
pub enum Problem {
    /// Kafka refuses it.
    Refused(Refused),
    /// This build cannot read it.
    Missing(String),
}

/// A refusal at a stage.
#[must_use]
pub fn refuse(stage: &'static str, class: &'static str) -> Problem {
    Problem::Refused(Refused { stage, class })
}

/// Size of the next batch; `None` when the bytes end before it does.
fn next_batch(rest: &[u8]) -> Result<Option<usize>, Refused> {
    let corrupt = Err(Refused { stage: "iterate", class: CORRUPT });
    let Some(length) = rest.get(8..LOG_OVERHEAD) else { return Ok(None) };
    let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
    if length < OVERHEAD_V0 {
        return corrupt;
    }
    if rest.len() < UP_TO_MAGIC {
        return Ok(None);
    }
    if !(0..=2).contains(&rest[16].cast_signed()) {
        return corrupt;
    }
    let size = LOG_OVERHEAD + length.unsigned_abs() as usize;
    Ok((size <= rest.len()).then_some(size))
}

fn read_batch(batch: &Bytes) -> Result<Value, Problem> {
    if batch[16] < 2 {
        return legacy::read(batch);
    }
    if batch.len() < HEADER_BYTES || !verify_crc(batch) {
        return Err(refuse("ensureValid", CORRUPT));
    }
    let header = BatchHeader::parse(batch).map_err(|_| refuse("ensureValid", CORRUPT))?;
    let records = read_records(&header, batch)?;
    Ok(describe(&header, batch.len(), records))
}

fn read_records(header: &BatchHeader, batch: &Bytes) -> Result<Vec<Value>, Problem> {
    if let Codec::Unknown(_) = header.codec() {
        return Err(refuse("read", "IllegalArgumentException"));
    }
    if header.record_count == 0 {
        return Ok(Vec::new());
    }
    if !is_built_in(header.codec()) {
        return Err(Problem::Missing(format!("no codec {} in this build", header.codec().name())));
    }
    let refusal = |error: &RecordError| match error {
        RecordError::Codec(CodecError::Malformed | CodecError::TooLarge) => refuse("read", KAFKA),
        _ => refuse("read", INVALID),
    };
    let plain = uncompressed(batch).map_err(|error| refusal(&error))?;
    let mut told = Vec::new();
    for record in records(&plain) {
        let record = record.map_err(|error| refusal(&error))?;
        told.push(describe_record(header, &plain, &record));
    }
    Ok(told)
}

fn describe(header: &BatchHeader, size: usize, records: Vec<Value>) -> Value {
    let last_sequence = match header.base_sequence {
        -1 => -1,
        base => sequence(base, header.last_offset_delta),
    };
    let mut told = json!({
        "baseOffset": header.base_offset.0,
        "lastOffset": header.last_offset().0,
        "nextOffset": header.next_offset().0,
        "sizeInBytes": size,
        "magic": header.magic,
        "crc": header.crc,
        "compression": header.codec().name(),
        "timestampType": timestamp_type(header),
        "maxTimestamp": header.max_timestamp,
        "partitionLeaderEpoch": header.leader_epoch.0,
        "baseTimestamp": header.base_timestamp,
        "producerId": header.producer_id,
        "producerEpoch": header.producer_epoch,
        "baseSequence": header.base_sequence,
        "lastSequence": last_sequence,
        "isTransactional": header.is_transactional(),
        "isControlBatch": header.is_control(),
        "countOrNull": header.record_count,
        "hasProducerId": header.producer_id >= 0,
        "isCompressed": header.codec() != Codec::None,
        "deleteHorizonMs": header.delete_horizon(),
        "attributes": header.attributes,
        "lastOffsetDelta": header.last_offset_delta,
    });
    told["records"] = Value::Array(records);
    told
}

fn timestamp_type(header: &BatchHeader) -> &'static str {
    match header.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    }
}

fn describe_record(header: &BatchHeader, batch: &Bytes, record: &RecordRef<'_>) -> Value {
    let delta = i32::try_from(record.offset.0.wrapping_sub(header.base_offset.0)).unwrap_or(0);
    let headers: Vec<Value> = record
        .headers
        .iter()
        .map(|(key, value)| json!([String::from_utf8_lossy(key), hex(value)]))
        .collect();
    let mut told = json!({
        "offset": record.offset.0,
        "timestamp": record.timestamp,
        "sequence": if header.base_sequence < 0 { -1 } else { sequence(header.base_sequence, delta) },
        "keyHex": hex(record.key),
        "valueHex": hex(record.value),
        "headers": headers,
    });
    if header.is_control()
        && let Some(marker) = ControlRecord::of(batch)
    {
        told["controlType"] = json!(match marker.kind {
            ControlType::Abort => "ABORT",
            ControlType::Commit => "COMMIT",
            ControlType::Other(2) => "LEADER_CHANGE",
            ControlType::Other(3) => "SNAPSHOT_HEADER",
            ControlType::Other(4) => "SNAPSHOT_FOOTER",
            ControlType::Other(5) => "KRAFT_VERSION",
            ControlType::Other(6) => "KRAFT_VOTERS",
            ControlType::Other(_) => "UNKNOWN",
        });
        told["coordinatorEpoch"] = json!(marker.coordinator_epoch);
    }
    told
}

/// `DefaultRecordBatch.incrementSequence`.
fn sequence(base: i32, delta: i32) -> i32 {
    match base > i32::MAX.wrapping_sub(delta) {
        true => delta.wrapping_sub(i32::MAX.wrapping_sub(base)).wrapping_sub(1),
        false => base.wrapping_add(delta),
    }
}
