//! Takes records out of a batch, as compaction does (`MemoryRecords.filterTo`,
//! `MemoryRecords.buildRetainedRecordsInto`).
//!
//! What is left keeps its offsets, and the batch the span that it had: base offset, last offset,
//! producer and sequence stay, so that followers and producers find nothing missing.

use bytes::Bytes;

use crate::engine::crc::crc32c;
use crate::engine::ids::Offset;
use crate::engine::record::batch::{BatchHeader, Codec, HEADER_BYTES, LOG_OVERHEAD, TimestampType};
use crate::engine::record::builder;
use crate::engine::record::codec;
use crate::engine::record::reader::{RecordError, RecordRef, records, uncompressed};

/// Attribute of a batch whose base timestamp is its delete horizon (KIP-534).
const HORIZON: i16 = 0b100_0000;

/// What is left of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retained {
    /// Every record; the batch stays as it is.
    All,
    /// Some records, or all of them with a delete horizon that is new.
    Some {
        /// The batch.
        batch: Bytes,
        /// Offset of the last record that is left, which may be before the batch's last offset.
        last: Offset,
        /// How many records are left.
        records: u32,
    },
    /// No record.
    None,
}

/// Keeps the records of a batch that `keep` wants. A batch that is left with a tombstone and has no
/// delete horizon yet gets `horizon_ms`.
///
/// # Errors
/// The batch cannot be read, or its codec is not built in.
pub fn retain(
    batch: &Bytes,
    header: &BatchHeader,
    horizon_ms: i64,
    mut keep: impl FnMut(&RecordRef<'_>) -> bool,
) -> Result<Retained, RecordError> {
    let plain = uncompressed(batch)?;
    let mut kept = Vec::new();
    let mut dropped = false;
    for record in records(&plain) {
        let record = record?;
        match keep(&record) {
            true => kept.push(record),
            false => dropped = true,
        }
    }
    let Some(last) = kept.last().map(|record| record.offset) else { return Ok(Retained::None) };
    let has_tombstone = kept.iter().any(|record| record.value.is_none());
    let new_horizon = (has_tombstone && header.delete_horizon().is_none()).then_some(horizon_ms);
    if !dropped && new_horizon.is_none() {
        return Ok(Retained::All);
    }
    let batch = rebuild(header, new_horizon.or(header.delete_horizon()), &kept)?;
    let records = u32::try_from(kept.len()).unwrap_or(u32::MAX);
    Ok(Retained::Some { batch, last, records })
}

fn rebuild(
    header: &BatchHeader,
    horizon: Option<i64>,
    kept: &[RecordRef<'_>],
) -> Result<Bytes, RecordError> {
    let base_timestamp = horizon.unwrap_or(kept[0].timestamp);
    let mut plain = Vec::new();
    let mut max_timestamp = -1;
    for record in kept {
        max_timestamp = max_timestamp.max(record.timestamp);
        let offset = record.offset.0 - header.base_offset.0;
        builder::write_record(&mut plain, record, record.timestamp - base_timestamp, offset);
    }
    if header.timestamp_type() == TimestampType::LogAppendTime {
        max_timestamp = header.max_timestamp;
    }
    let mut buffer = vec![0; HEADER_BYTES];
    match header.codec() {
        Codec::None => buffer.extend_from_slice(&plain),
        codec => codec::compress(codec, &plain, &mut buffer)?,
    }
    let attributes = header.attributes & !HORIZON | if horizon.is_some() { HORIZON } else { 0 };
    let record_count = i32::try_from(kept.len()).unwrap_or(i32::MAX);
    let times = (base_timestamp, max_timestamp);
    write_header(&mut buffer, header, attributes, times, record_count);
    Ok(Bytes::from(buffer))
}

/// A batch without records that keeps the span, the producer and the sequence of this one
/// (`DefaultRecordBatch.writeEmptyHeader`).
#[must_use]
pub fn emptied(header: &BatchHeader) -> Bytes {
    let mut buffer = vec![0; HEADER_BYTES];
    let attributes = header.attributes & !(HORIZON | Codec::MASK);
    write_header(&mut buffer, header, attributes, (-1, header.max_timestamp), 0);
    Bytes::from(buffer)
}

/// Writes a batch's header before its records, and the CRC of both.
fn write_header(
    buffer: &mut [u8],
    from: &BatchHeader,
    attributes: i16,
    (base_timestamp, max_timestamp): (i64, i64),
    record_count: i32,
) {
    let length = i32::try_from(buffer.len() - LOG_OVERHEAD).expect("no larger than it was");
    let header = &mut buffer[..HEADER_BYTES];
    header[..8].copy_from_slice(&from.base_offset.0.to_be_bytes());
    header[8..12].copy_from_slice(&length.to_be_bytes());
    header[12..16].copy_from_slice(&from.leader_epoch.0.to_be_bytes());
    header[16..17].copy_from_slice(&from.magic.to_be_bytes());
    header[21..23].copy_from_slice(&attributes.to_be_bytes());
    header[23..27].copy_from_slice(&from.last_offset_delta.to_be_bytes());
    header[27..35].copy_from_slice(&base_timestamp.to_be_bytes());
    header[35..43].copy_from_slice(&max_timestamp.to_be_bytes());
    header[43..51].copy_from_slice(&from.producer_id.to_be_bytes());
    header[51..53].copy_from_slice(&from.producer_epoch.to_be_bytes());
    header[53..57].copy_from_slice(&from.base_sequence.to_be_bytes());
    header[57..61].copy_from_slice(&record_count.to_be_bytes());
    let crc = crc32c(&buffer[21..]);
    buffer[17..21].copy_from_slice(&crc.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::LeaderEpoch;
    use crate::engine::record::batch::{verify_crc, with_offset_and_epoch};
    use crate::engine::record::builder::BatchBuilder;

    fn batch(codec: Codec) -> Bytes {
        let mut builder = BatchBuilder::new().producer(7, 1, 20).compressed(codec);
        builder.append(100, Some(b"f"), Some(b"1"), &[("h", Some(b"x")), ("h", None)]);
        builder.append(200, Some(b"f"), Some(b"2"), &[("h", Some(b"x")), ("h", None)]);
        builder.append(150, Some(b"g"), None, &[]);
        with_offset_and_epoch(&builder.build(), Offset(9), LeaderEpoch(3))
    }

    fn kept(batch: &Bytes, header: &BatchHeader, from: i64) -> Retained {
        retain(batch, header, 5_000, |record| record.offset >= Offset(from)).expect("readable")
    }

    #[test]
    fn a_batch_keeps_its_span_its_producer_and_its_records_offsets_and_times() {
        for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4] {
            let batch = batch(codec);
            let header = BatchHeader::parse(&batch).expect("a header");
            let Retained::Some { batch, last, records: 2 } = kept(&batch, &header, 10) else {
                panic!("two are left");
            };
            assert!(verify_crc(&batch));
            let after = BatchHeader::parse(&batch).expect("a header");
            let same = BatchHeader {
                batch_length: header.batch_length,
                crc: header.crc,
                record_count: 3,
                attributes: header.attributes,
                base_timestamp: header.base_timestamp,
                ..after
            };
            assert_eq!((same, last, after.codec()), (header, Offset(11), codec));
            assert_eq!((after.delete_horizon(), after.record_count), (Some(5_000), 2));
            let plain = uncompressed(&batch).expect("readable");
            let read: Vec<_> = records(&plain).map(|record| record.expect("sound")).collect();
            let seen: Vec<_> = read.iter().map(|r| (r.offset.0, r.timestamp, r.value)).collect();
            assert_eq!(seen, [(10, 200, Some(&b"2"[..])), (11, 150, None)]);
            assert_eq!(read[0].headers.iter().count(), 2);
        }
    }

    #[test]
    fn a_horizon_is_set_once_and_kept() {
        let first = batch(Codec::None);
        let header = BatchHeader::parse(&first).expect("a header");
        let Retained::Some { batch, records: 3, .. } = kept(&first, &header, 0) else {
            panic!("a tombstone asks for a horizon");
        };
        let header = BatchHeader::parse(&batch).expect("a header");
        assert_eq!(retain(&batch, &header, 9_000, |_| true), Ok(Retained::All));
        let Ok(Retained::Some { batch, .. }) =
            retain(&batch, &header, 9_000, |record| record.offset > Offset(9))
        else {
            panic!("one is gone");
        };
        let again = BatchHeader::parse(&batch).expect("a header");
        assert_eq!(again.delete_horizon(), Some(5_000));
    }

    #[test]
    fn what_is_left_without_records_is_nothing_or_an_empty_header() {
        let batch = batch(Codec::Gzip);
        let header = BatchHeader::parse(&batch).expect("a header");
        assert_eq!(kept(&batch, &header, 12), Retained::None);
        let empty = emptied(&header);
        assert!(verify_crc(&empty));
        let after = BatchHeader::parse(&empty).expect("a header");
        assert_eq!(
            (after.record_count, after.last_offset(), after.base_sequence),
            (0, Offset(11), 20)
        );
        assert_eq!((empty.len(), records(&empty).count()), (HEADER_BYTES, 0));
    }
}
