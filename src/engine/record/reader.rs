//! Takes a v2 batch apart into records (`DefaultRecordBatch.iterator`, `DefaultRecord.readFrom`).
//!
//! Records borrow from the batch; nothing is copied, unless it has to be decompressed. The CRC is not
//! checked here: whoever takes bytes from outside does that once ([`super::batch::verify_crc`]).

use bytes::Bytes;

use crate::engine::ids::Offset;
use crate::engine::record::batch::{
    BatchError, BatchHeader, Codec, HEADER_BYTES, LOG_OVERHEAD, MAGIC_V2, TimestampType,
};
use crate::engine::record::codec::{self, CodecError};
use crate::engine::record::varint;

/// Why records cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes are not a whole batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Another format than v2.
    #[error("magic {0} is not served")]
    Magic(i8),
    /// They are still compressed: [`uncompressed`] comes first.
    #[error("records are compressed: {0:?}")]
    Compressed(Codec),
    /// They cannot be decompressed.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A record's fields do not fit its length, or the batch's records do not fit the batch.
    #[error("record {0} of the batch is malformed")]
    Malformed(i32),
}

/// One record, borrowed from its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// Its offset.
    pub offset: Offset,
    /// Its time, in ms since 1970.
    pub timestamp: i64,
    /// Its key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` is null, a tombstone.
    pub value: Option<&'a [u8]>,
    /// Its headers.
    pub headers: Headers<'a>,
}

/// The headers of a record, still encoded, and known to be sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<'a> {
    count: u32,
    encoded: &'a [u8],
}

impl<'a> Headers<'a> {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Each header's key and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let mut rest = self.encoded;
        (0..self.count).map_while(move |_| {
            let key = read_bytes(&mut rest)??;
            Some((key, read_bytes(&mut rest)?))
        })
    }
}

/// The batch with its records uncompressed: the same header but for the codec and the length, and so
/// with a CRC that no longer fits. A batch without a codec is returned as it is.
///
/// # Errors
/// The bytes are not a whole batch of format v2, or cannot be decompressed.
pub fn uncompressed(batch: &Bytes) -> Result<Bytes, RecordError> {
    let (header, records) = whole(batch)?;
    if header.codec() == Codec::None {
        return Ok(batch.clone());
    }
    let mut plain = batch[..HEADER_BYTES].to_vec();
    codec::decompress(header.codec(), records, &mut plain)?;
    let length = i32::try_from(plain.len() - LOG_OVERHEAD).map_err(|_| CodecError::TooLarge)?;
    plain[8..12].copy_from_slice(&length.to_be_bytes());
    plain[21..23].copy_from_slice(&(header.attributes & !Codec::MASK).to_be_bytes());
    Ok(plain.into())
}

/// The records of one uncompressed batch. Ends after the first error.
#[must_use]
pub fn records(batch: &[u8]) -> Records<'_> {
    match open(batch) {
        Ok((header, rest)) => {
            Records { frame: Some(Frame::of(&header)), rest, next: 0, refused: None }
        }
        Err(error) => Records { frame: None, rest: &[], next: 0, refused: Some(error) },
    }
}

/// See [`records`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    frame: Option<Frame>,
    rest: &'a [u8],
    next: i32,
    refused: Option<RecordError>,
}

/// What a record takes from its batch.
#[derive(Clone, Copy, Debug)]
struct Frame {
    base_offset: i64,
    base_timestamp: i64,
    /// The broker's time, which all of them have.
    append_time: Option<i64>,
    record_count: i32,
}

impl Frame {
    fn of(header: &BatchHeader) -> Frame {
        Frame {
            base_offset: header.base_offset.0,
            base_timestamp: header.base_timestamp,
            append_time: match header.timestamp_type() {
                TimestampType::CreateTime => None,
                TimestampType::LogAppendTime => Some(header.max_timestamp),
            },
            record_count: header.record_count,
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<RecordRef<'a>, RecordError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let Some(frame) = &self.frame else { return self.refused.take().map(Err) };
        let ordinal = self.next;
        if ordinal >= frame.record_count {
            // A negative count is no count; a batch that compaction emptied has none.
            let none = frame.record_count < 0;
            self.frame = None;
            return none.then_some(Err(RecordError::Malformed(ordinal)));
        }
        let record = read_record(frame, &mut self.rest);
        self.next += 1;
        // The last record ends the batch.
        let left_over = self.next == frame.record_count && !self.rest.is_empty();
        if record.is_none() || left_over {
            self.frame = None;
            return Some(Err(RecordError::Malformed(ordinal)));
        }
        record.map(Ok)
    }
}

fn open(batch: &[u8]) -> Result<(BatchHeader, &[u8]), RecordError> {
    let (header, records) = whole(batch)?;
    match header.codec() {
        Codec::None => Ok((header, records)),
        codec => Err(RecordError::Compressed(codec)),
    }
}

fn whole(batch: &[u8]) -> Result<(BatchHeader, &[u8]), RecordError> {
    let header = BatchHeader::parse(batch)?;
    if header.magic != MAGIC_V2 {
        return Err(RecordError::Magic(header.magic));
    }
    let end = usize::try_from(header.size()).map_err(|_| BatchError::Incomplete)?;
    let records = batch.get(HEADER_BYTES..end).ok_or(BatchError::Incomplete)?;
    Ok((header, records))
}

#[inline]
fn read_record<'a>(frame: &Frame, rest: &mut &'a [u8]) -> Option<RecordRef<'a>> {
    let length = usize::try_from(varint::read_int(rest)?).ok()?;
    let (mut body, after) = rest.split_at_checked(length)?;
    *rest = after;
    body = body.get(1..)?;
    let timestamp_delta = varint::read_long(&mut body)?;
    let offset_delta = varint::read_int(&mut body)?;
    let key = read_bytes(&mut body)?;
    let value = read_bytes(&mut body)?;
    let count = u32::try_from(varint::read_int(&mut body)?).ok()?;
    let encoded = body;
    for _ in 0..count {
        let _key = read_bytes(&mut body)??;
        let _value = read_bytes(&mut body)?;
    }
    body.is_empty().then_some(RecordRef {
        offset: Offset(frame.base_offset.wrapping_add(i64::from(offset_delta))),
        timestamp: match frame.append_time {
            None => frame.base_timestamp.wrapping_add(timestamp_delta),
            Some(time) => time,
        },
        key,
        value,
        headers: Headers { count, encoded },
    })
}

/// A length and that many bytes; a negative one is null. The outer `None` is malformed.
#[inline]
fn read_bytes<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = varint::read_int(rest)?;
    if length < 0 {
        return Some(None);
    }
    let (bytes, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(Some(bytes))
}
