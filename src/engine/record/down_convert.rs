//! Batches as readers older than Kafka 0.11 know them: sets of messages of magic 0 or 1
//! (`RecordsUtil.downConvert`, `LazyDownConversionRecords` and its send, KIP-283).
//!
//! Headers are dropped, control batches passed over. Messages of a compressed batch stand within one that
//! wraps them: with their own offsets in format 0, with offsets that count from the first in format 1
//! (KIP-31), where the wrapper has that of the last. The answer is as long as what was read from the log,
//! or as the first batch when that grew; what conversion leaves of it is filled with the beginning of a
//! batch that ends past the answer, which readers pass over.

use bytes::Bytes;

use crate::engine::ids::Offset;
use crate::engine::record::batch::{
    BatchHeader, Codec, HEADER_BYTES, LOG_OVERHEAD, TimestampType, batches,
};
use crate::engine::record::codec;
use crate::engine::record::reader::{RecordRef, records, uncompressed};

/// Bytes of batches that are converted together (`LazyDownConversionRecordsSend.MAX_READ_SIZE`).
const CHUNK_BYTES: usize = 131_072;
/// The bit of a message's attributes that says LogAppendTime, in format 1.
const LOG_APPEND_TIME: i8 = 0b1000;

/// A format before v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldFormat {
    /// Magic 0: without timestamps.
    V0,
    /// Magic 1, since Kafka 0.10: with a timestamp (KIP-32).
    V1,
}

/// Why a batch has no form before v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOldForm {
    /// It is compressed with zstd, which those readers do not know (KIP-110).
    #[error("zstd has no place in a format before v2")]
    Zstd,
    /// It cannot be read.
    #[error("the batch cannot be read")]
    Unreadable,
}

/// What an old reader gets for `read`, the whole batches of a read that begins at `first` and of which
/// the log gave `read_bytes` bytes, a part of a last batch among them.
///
/// # Errors
/// The first batch has no old form; later ones are left to the next read.
pub fn down_convert(
    read: &Bytes,
    read_bytes: usize,
    format: OldFormat,
    first: Offset,
) -> Result<Bytes, NoOldForm> {
    let mut left = batches(read).peekable();
    let Some((header, batch)) = left.next() else { return Ok(Bytes::new()) };
    let mut set = Vec::new();
    convert(&header, &batch, format, first, &mut set)?;
    let length = read_bytes.max(set.len());
    while set.len() < length {
        let mut chunk = Vec::new();
        let mut taken = 0;
        let mut refused = false;
        while let Some((header, batch)) =
            left.next_if(|(_, batch)| taken == 0 || taken + batch.len() <= CHUNK_BYTES)
        {
            taken += batch.len();
            refused |= convert(&header, &batch, format, first, &mut chunk).is_err();
        }
        if refused || taken == 0 {
            break;
        }
        set.append(&mut chunk);
    }
    set.truncate(length);
    fill(&mut set, length);
    Ok(set.into())
}

/// The rest of an answer: an offset of −1 and a length past its end, as much of them as there is room
/// for (`buildOverflowBatch`).
fn fill(set: &mut Vec<u8>, length: usize) {
    while set.len() < length {
        let left = length - set.len();
        let told = i32::try_from(left + 1).unwrap_or(i32::MAX).max(HEADER_BYTES as i32);
        let mut piece = (-1i64).to_be_bytes().to_vec();
        piece.extend_from_slice(&told.to_be_bytes());
        piece.resize(left.clamp(LOG_OVERHEAD, CHUNK_BYTES), 0);
        piece.truncate(left);
        set.append(&mut piece);
    }
}

/// Writes one batch in the old format. Records before `first` are left out where they stand by
/// themselves.
fn convert(
    header: &BatchHeader,
    batch: &Bytes,
    format: OldFormat,
    first: Offset,
    out: &mut Vec<u8>,
) -> Result<(), NoOldForm> {
    if header.is_control() {
        return Ok(());
    }
    let codec = header.codec();
    if codec == Codec::Zstd {
        return Err(NoOldForm::Zstd);
    }
    let plain = uncompressed(batch).map_err(|_| NoOldForm::Unreadable)?;
    let read: Result<Vec<RecordRef<'_>>, _> = records(&plain).collect();
    let mut read = read.map_err(|_| NoOldForm::Unreadable)?;
    if codec == Codec::None {
        read.retain(|record| record.offset >= first);
    }
    let (Some(base), Some(last)) = (read.first().map(|r| r.offset), read.last().map(|r| r.offset))
    else {
        return Ok(());
    };
    let writer =
        Writer { format, stamped: header.timestamp_type() == TimestampType::LogAppendTime };
    if codec == Codec::None {
        for record in &read {
            writer.message(out, record.offset.0, record.timestamp, (record.key, record.value));
        }
        return Ok(());
    }
    let mut inner = Vec::new();
    for record in &read {
        let offset = match format {
            OldFormat::V0 => record.offset.0,
            OldFormat::V1 => record.offset.0 - base.0,
        };
        writer.message(&mut inner, offset, record.timestamp, (record.key, record.value));
    }
    let mut packed = Vec::new();
    codec::compress(codec, &inner, &mut packed).map_err(|_| NoOldForm::Unreadable)?;
    if codec == Codec::Lz4 && format == OldFormat::V0 {
        with_old_checksum(&mut packed);
    }
    let newest = read.iter().map(|record| record.timestamp).max().unwrap_or(-1);
    writer.wrapper(out, last.0, newest, (codec, &packed));
    Ok(())
}

/// Writers of format 0 hashed the magic number of an LZ4 frame too (KAFKA-3160), and its readers want it
/// so (`Lz4BlockOutputStream`).
fn with_old_checksum(frame: &mut [u8]) {
    /// Magic number, flags and descriptor.
    const HASHED: usize = 6;
    let checksum = (xxhash_rust::xxh32::xxh32(&frame[..HASHED], 0) >> 8) as u8;
    frame[HASHED] = checksum;
}

/// Writes messages (`LegacyRecord.write`).
#[derive(Clone, Copy)]
struct Writer {
    format: OldFormat,
    /// Whether timestamps are the broker's.
    stamped: bool,
}

impl Writer {
    fn message(
        self,
        out: &mut Vec<u8>,
        offset: i64,
        timestamp: i64,
        (key, value): (Option<&[u8]>, Option<&[u8]>),
    ) {
        self.write(out, (offset, timestamp), Codec::None, (key, value));
    }

    fn wrapper(
        self,
        out: &mut Vec<u8>,
        offset: i64,
        timestamp: i64,
        (codec, packed): (Codec, &[u8]),
    ) {
        self.write(out, (offset, timestamp), codec, (None, Some(packed)));
    }

    fn write(
        self,
        out: &mut Vec<u8>,
        (offset, timestamp): (i64, i64),
        codec: Codec,
        (key, value): (Option<&[u8]>, Option<&[u8]>),
    ) {
        let mut body = Vec::new();
        let codec = i8::try_from(codec.id()).unwrap_or(0);
        match self.format {
            OldFormat::V0 => body.extend_from_slice(&[0, codec.cast_unsigned()]),
            OldFormat::V1 => {
                let attributes = if self.stamped { codec | LOG_APPEND_TIME } else { codec };
                body.extend_from_slice(&[1, attributes.cast_unsigned()]);
                body.extend_from_slice(&timestamp.to_be_bytes());
            }
        }
        for field in [key, value] {
            let length = field.map_or(-1, |field| i32::try_from(field.len()).unwrap_or(i32::MAX));
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(field.unwrap_or_default());
        }
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        let size = i32::try_from(body.len() + 4).unwrap_or(i32::MAX);
        out.extend_from_slice(&offset.to_be_bytes());
        out.extend_from_slice(&size.to_be_bytes());
        out.extend_from_slice(&crc.sum().to_be_bytes());
        out.extend_from_slice(&body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::batch::with_timestamps;
    use crate::engine::record::builder::BatchBuilder;

    fn batch(codec: Codec) -> Bytes {
        let mut builder = BatchBuilder::new().compressed(codec);
        for value in [&b"one"[..], b"two"] {
            builder.append(7, Some(b"k"), Some(value), &[("header", None)]);
        }
        builder.build()
    }

    fn check(read: &Bytes, format: OldFormat, wanted: &[(i64, u8, u8)]) {
        let set = down_convert(read, 0, format, Offset(0)).expect("it has an old form");
        let (mut rest, mut got) = (&set[..], Vec::new());
        while let Some((head, _)) = rest.split_first_chunk::<18>() {
            let offset = i64::from_be_bytes(*head.first_chunk().expect("eight bytes"));
            let size = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
            got.push((offset, head[16], head[17]));
            rest = &rest[LOG_OVERHEAD + size as usize..];
        }
        assert_eq!(got, wanted, "offset, magic, attributes");
    }

    #[test]
    fn the_brokers_own_time_is_told_by_every_message_of_format_1_alone() {
        let stamped = with_timestamps(&batch(Codec::None), TimestampType::LogAppendTime, 99);
        check(&stamped, OldFormat::V0, &[(0, 0, 0), (1, 0, 0)]);
        check(&stamped, OldFormat::V1, &[(0, 1, 8), (1, 1, 8)]);
        let set = down_convert(&stamped, 0, OldFormat::V1, Offset(1)).expect("it has a form");
        assert_eq!(set[18..26], 99i64.to_be_bytes(), "the record before the first is left out");
    }

    #[test]
    fn a_compressed_batch_is_one_message_with_the_offset_of_its_last() {
        for (codec, id) in [(Codec::Gzip, 1), (Codec::Snappy, 2), (Codec::Lz4, 3)] {
            check(&batch(codec), OldFormat::V0, &[(1, 0, id)]);
            check(&batch(codec), OldFormat::V1, &[(1, 1, id)]);
        }
    }

    #[test]
    fn a_control_batch_has_no_old_form_and_is_passed_over() {
        let mut marker = batch(Codec::None).to_vec();
        marker[22] |= 0b10_0000;
        check(&marker.clone().into(), OldFormat::V1, &[]);
        marker.extend_from_slice(&batch(Codec::None));
        let both = Bytes::from(marker);
        let set = down_convert(&both, both.len(), OldFormat::V1, Offset(0)).expect("it has a form");
        assert_eq!(set.len(), both.len(), "as long as what was read");
    }

    #[test]
    fn zstd_has_no_old_form_and_ends_what_stands_before_it() {
        let mut zstd = batch(Codec::None).to_vec();
        zstd[22] |= 4;
        let refused = down_convert(&zstd.clone().into(), 0, OldFormat::V1, Offset(0));
        assert_eq!(refused, Err(NoOldForm::Zstd));
        let both = Bytes::from([&batch(Codec::None)[..], &zstd].concat());
        let set = down_convert(&both, both.len(), OldFormat::V0, Offset(0)).expect("one has");
        let plain = down_convert(&batch(Codec::None), 0, OldFormat::V0, Offset(0)).expect("all");
        assert_eq!(set[..plain.len()], plain[..]);
        assert_eq!(set[plain.len()..plain.len() + 8], [0xff; 8], "nothing more is told");
    }
}
