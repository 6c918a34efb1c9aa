//! Messages of the formats before v2 (`LegacyRecord`, `AbstractLegacyRecordBatch`): magic 0, and magic 1
//! with a timestamp. A compressed one wraps a set of others.
//!
//! The engine does not serve them; they are read here because Kafka reads them.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::conform::vectors::hex;
use crate::conform::vectors::memory_records::{
    CORRUPT, INVALID, KAFKA, LOG_OVERHEAD, OVERHEAD_V0, Problem, refuse,
};
use crate::engine::record::batch::Codec;
use crate::engine::record::codec;

/// One message: its own fields, and where it stands.
struct Message<'a> {
    offset: i64,
    size: usize,
    crc: u32,
    magic: i8,
    attributes: i8,
    timestamp: i64,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

/// A whole message of magic 0 or 1 in the words of a batch.
///
/// # Errors
/// Kafka refuses it.
pub fn read(bytes: &Bytes) -> Result<Value, Problem> {
    if !is_valid(&bytes[LOG_OVERHEAD..]) {
        return Err(refuse("ensureValid", CORRUPT));
    }
    let outer = parse(bytes).ok_or_else(|| refuse("read", INVALID))?;
    let records = match codec_of(&outer) {
        Codec::None => vec![describe(&outer, outer.offset, outer.timestamp)],
        Codec::Unknown(_) => return Err(refuse("read", "IllegalArgumentException")),
        codec => inner(&outer, codec)?,
    };
    let base = records
        .first()
        .map_or(outer.offset, |first| first["offset"].as_i64().unwrap_or(outer.offset));
    let stamped = outer.attributes & 0b1000 != 0;
    Ok(json!({
        "baseOffset": base,
        "lastOffset": outer.offset,
        "nextOffset": outer.offset.wrapping_add(1),
        "sizeInBytes": outer.size,
        "magic": outer.magic,
        "crc": outer.crc,
        "compression": codec_of(&outer).name(),
        "timestampType": match (outer.magic, stamped) {
            (0, _) => "NoTimestampType",
            (_, true) => "LogAppendTime",
            (_, false) => "CreateTime",
        },
        "maxTimestamp": outer.timestamp,
        "isCompressed": codec_of(&outer) != Codec::None,
        "countOrNull": Value::Null,
        "records": records,
    }))
}

/// The messages within a compressed one. Format 1 numbers them from 0, and the outer offset is that of
/// the last; a broker's own time on the outer one counts for all.
fn inner(outer: &Message<'_>, codec: Codec) -> Result<Vec<Value>, Problem> {
    let packed = outer.value.ok_or_else(|| refuse("read", INVALID))?;
    let mut plain = Vec::new();
    let mended = (codec == Codec::Lz4 && outer.magic == 0).then(|| with_header_checksum(packed));
    let packed = mended.as_deref().unwrap_or(packed);
    codec::decompress(codec, packed, &mut plain).map_err(|_| refuse("read", KAFKA))?;
    let mut messages = Vec::new();
    let mut rest = &plain[..];
    while rest.len() >= LOG_OVERHEAD {
        let size = i32::from_be_bytes([rest[8], rest[9], rest[10], rest[11]]);
        if size < OVERHEAD_V0 {
            return Err(refuse("read", CORRUPT));
        }
        let Some((bytes, after)) = rest.split_at_checked(LOG_OVERHEAD + size as usize) else {
            break;
        };
        rest = after;
        let message = parse(bytes).ok_or_else(|| refuse("read", INVALID))?;
        if message.magic != outer.magic || codec_of(&message) != Codec::None {
            return Err(refuse("read", INVALID));
        }
        messages.push(message);
    }
    let Some(last) = messages.last() else { return Err(refuse("read", INVALID)) };
    let first = match outer.magic {
        0 => 0,
        _ => outer.offset.wrapping_sub(last.offset),
    };
    let stamped = outer.magic == 1 && outer.attributes & 0b1000 != 0;
    let told = messages.iter().map(|message| {
        let time = if stamped { outer.timestamp } else { message.timestamp };
        describe(message, first.wrapping_add(message.offset), time)
    });
    Ok(told.collect())
}

/// An LZ4 frame of format 0, whose writers hashed the magic number too (KAFKA-3160), with the checksum
/// that others expect: Kafka passes over it there (`Lz4BlockInputStream`).
fn with_header_checksum(frame: &[u8]) -> Vec<u8> {
    /// Magic number, flags and descriptor, and the content's size where the flags name one.
    const SHORT: usize = 6;
    const CONTENT_SIZE: u8 = 0x08;
    let mut frame = frame.to_vec();
    let sized = frame.get(4).is_some_and(|flags| flags & CONTENT_SIZE != 0);
    let end = if sized { SHORT + 8 } else { SHORT };
    if let Some(header) = frame.get(4..end) {
        let checksum = (xxhash_rust::xxh32::xxh32(header, 0) >> 8) as u8;
        if let Some(byte) = frame.get_mut(end) {
            *byte = checksum;
        }
    }
    frame
}

fn describe(message: &Message<'_>, offset: i64, timestamp: i64) -> Value {
    json!({
        "offset": offset,
        "timestamp": timestamp,
        "sequence": -1,
        "keyHex": hex(message.key),
        "valueHex": hex(message.value),
        "headers": [],
    })
}

fn codec_of(message: &Message<'_>) -> Codec {
    match message.attributes & 0b111 {
        0 => Codec::None,
        1 => Codec::Gzip,
        2 => Codec::Snappy,
        3 => Codec::Lz4,
        4 => Codec::Zstd,
        other => Codec::Unknown(i16::from(other)),
    }
}

/// Whether a message is large enough and its CRC-32 fits.
fn is_valid(record: &[u8]) -> bool {
    let Some((stored, covered)) = record.split_first_chunk::<4>() else { return false };
    let mut crc = flate2::Crc::new();
    crc.update(covered);
    record.len() >= OVERHEAD_V0 as usize && crc.sum() == u32::from_be_bytes(*stored)
}

fn parse(bytes: &[u8]) -> Option<Message<'_>> {
    let mut rest = bytes;
    let offset = i64::from_be_bytes(take(&mut rest)?);
    let _length: [u8; 4] = take(&mut rest)?;
    let crc = u32::from_be_bytes(take(&mut rest)?);
    let [magic, attributes] = take(&mut rest)?;
    let (magic, attributes) = (magic.cast_signed(), attributes.cast_signed());
    let timestamp = if magic == 0 { -1 } else { i64::from_be_bytes(take(&mut rest)?) };
    let key = field(&mut rest)?;
    let value = field(&mut rest)?;
    Some(Message { offset, size: bytes.len(), crc, magic, attributes, timestamp, key, value })
}

/// A length and that many bytes; a negative length is null. The outer `None` is malformed.
fn field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = i32::from_be_bytes(take(rest)?);
    let Ok(length) = usize::try_from(length) else { return Some(None) };
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Some(bytes))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}
