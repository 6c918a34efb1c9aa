//! Writes a v2 batch (`MemoryRecordsBuilder`, `DefaultRecord.writeTo`): what a producer sends.
//!
//! Records go straight into one buffer with room for the header in front, which is filled in at the
//! end; a record costs no allocation of its own. Compression comes last, over all records at once.

use bytes::Bytes;

use crate::engine::crc::crc32c;
use crate::engine::ids::{LeaderEpoch, Offset};
use crate::engine::record::batch::{Codec, HEADER_BYTES, LOG_OVERHEAD, MAGIC_V2};
use crate::engine::record::codec;
use crate::engine::record::reader::RecordRef;
use crate::engine::record::sound::{self, Facts};
use crate::engine::record::varint;

/// A header of a record: its key, and its value or null.
pub type Header<'a> = (&'a str, Option<&'a [u8]>);

/// Most bytes of a record's length field.
const LENGTH_BYTES_MAX: usize = 5;
/// Most bytes of a record's numbers in front of its value: four lengths or offsets, the attributes, and
/// the time.
const NUMBERS_BYTES_MAX: usize = 4 * 10 + 1 + 10;

/// A batch in the making.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    buffer: Vec<u8>,
    count: i32,
    base_timestamp: i64,
    min_timestamp: i64,
    max_timestamp: i64,
    /// Whether every record so far has a key.
    keyed: bool,
    producer_id: i64,
    producer_epoch: i16,
    base_sequence: i32,
    codec: Codec,
}

impl Default for BatchBuilder {
    fn default() -> BatchBuilder {
        BatchBuilder::new()
    }
}

impl BatchBuilder {
    /// An empty batch of a producer without an id.
    #[must_use]
    pub fn new() -> BatchBuilder {
        BatchBuilder::with_capacity(0)
    }

    /// An empty batch with room for `bytes` of records before it has to grow.
    #[must_use]
    pub fn with_capacity(bytes: u32) -> BatchBuilder {
        let mut buffer = Vec::with_capacity(HEADER_BYTES + bytes as usize);
        buffer.resize(HEADER_BYTES, 0);
        BatchBuilder {
            buffer,
            count: 0,
            base_timestamp: -1,
            min_timestamp: -1,
            max_timestamp: -1,
            keyed: true,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            codec: Codec::None,
        }
    }

    /// Makes it the batch of an idempotent producer (KIP-98): its id, epoch, and the sequence of the
    /// first record.
    #[must_use]
    pub fn producer(mut self, id: i64, epoch: i16, base_sequence: i32) -> BatchBuilder {
        self.producer_id = id;
        self.producer_epoch = epoch;
        self.base_sequence = base_sequence;
        self
    }

    /// Compresses the records when the batch is built. The sizes told until then are uncompressed.
    ///
    /// # Panics
    /// The codec is not built in (see [`codec::is_built_in`]).
    #[must_use]
    pub fn compressed(mut self, codec: Codec) -> BatchBuilder {
        assert!(codec::is_built_in(codec), "settings refuse a codec that is not built in");
        self.codec = codec;
        self
    }

    /// Names the idempotent producer of a batch that is under way already.
    pub fn set_producer(&mut self, id: i64, epoch: i16, base_sequence: i32) {
        self.producer_id = id;
        self.producer_epoch = epoch;
        self.base_sequence = base_sequence;
    }

    /// Adds a record with its time in ms since 1970.
    pub fn append(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header<'_>],
    ) {
        self.append_within(u64::MAX, timestamp, (key, value), headers);
    }

    /// The same, unless it makes the batch larger than `most` bytes; a first record always fits.
    /// Returns whether it was added.
    pub fn append_within(
        &mut self,
        most: u64,
        timestamp: i64,
        (key, value): (Option<&[u8]>, Option<&[u8]>),
        headers: &[Header<'_>],
    ) -> bool {
        let is_first = self.count == 0;
        let delta = if is_first { 0 } else { timestamp - self.base_timestamp };
        let body = body_size(delta, self.count, key, value, headers);
        if !is_first && self.size() + varint::size(body as i64) + body > most {
            return false;
        }
        if is_first {
            self.base_timestamp = timestamp;
            self.min_timestamp = timestamp;
            self.max_timestamp = timestamp;
        }
        self.min_timestamp = self.min_timestamp.min(timestamp);
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.keyed &= key.is_some();
        let buffer = &mut self.buffer;
        buffer.reserve(usize::try_from(body).unwrap_or(0) + LENGTH_BYTES_MAX);
        // The numbers between the parts go together: there are many records, and most are small.
        let mut numbers = [0; NUMBERS_BYTES_MAX];
        let mut at = varint::put(&mut numbers, body as i64);
        at += 1; // record attributes: none are defined
        at += varint::put(&mut numbers[at..], delta);
        at += varint::put(&mut numbers[at..], i64::from(self.count));
        at += varint::put(&mut numbers[at..], key.map_or(-1, |key| key.len() as i64));
        if let Some(key) = key {
            buffer.extend_from_slice(&numbers[..at]);
            buffer.extend_from_slice(key);
            at = 0;
        }
        at += varint::put(&mut numbers[at..], value.map_or(-1, |value| value.len() as i64));
        buffer.extend_from_slice(&numbers[..at]);
        buffer.extend_from_slice(value.unwrap_or_default());
        varint::write(buffer, headers.len() as i64);
        for (name, content) in headers {
            write_bytes(buffer, Some(name.as_bytes()));
            write_bytes(buffer, *content);
        }
        self.count += 1;
        true
    }

    /// Bytes of the batch as it stands.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.buffer.len() as u64
    }

    /// Bytes of the batch if that record were added (`MemoryRecordsBuilder.hasRoomFor`).
    #[must_use]
    pub fn would_be_size(
        &self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header<'_>],
    ) -> u64 {
        let delta = if self.count == 0 { 0 } else { timestamp - self.base_timestamp };
        let body = body_size(delta, self.count, key, value, headers);
        self.size() + varint::size(body as i64) + body
    }

    /// Records so far.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.count.unsigned_abs()
    }

    /// Whether nothing was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The batch: base offset 0 and no leader epoch, which are the leader's to assign.
    ///
    /// # Panics
    /// Nothing was added: Kafka has no empty batch from a producer.
    #[must_use]
    pub fn build(mut self) -> Bytes {
        assert!(self.count > 0, "a producer never sends an empty batch");
        if self.codec != Codec::None {
            let plain = std::mem::take(&mut self.buffer);
            self.buffer = plain[..HEADER_BYTES].to_vec();
            codec::compress(self.codec, &plain[HEADER_BYTES..], &mut self.buffer)
                .expect("a builder takes only codecs that are built in");
        }
        let length = i32::try_from(self.buffer.len() - LOG_OVERHEAD)
            .expect("batch.size keeps a batch far below 2 GiB");
        let header = &mut self.buffer[..HEADER_BYTES];
        header[..8].copy_from_slice(&Offset(0).0.to_be_bytes());
        header[8..12].copy_from_slice(&length.to_be_bytes());
        header[12..16].copy_from_slice(&LeaderEpoch::NONE.0.to_be_bytes());
        header[16..17].copy_from_slice(&MAGIC_V2.to_be_bytes());
        header[21..23].copy_from_slice(&self.codec.id().to_be_bytes());
        header[23..27].copy_from_slice(&(self.count - 1).to_be_bytes());
        header[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        header[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        header[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        header[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        header[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        header[57..61].copy_from_slice(&self.count.to_be_bytes());
        let crc = crc32c(&self.buffer[21..]);
        self.buffer[17..21].copy_from_slice(&crc.to_be_bytes());
        let built = Bytes::from(self.buffer);
        match self.codec {
            Codec::None => {
                let (earliest, latest) = (self.min_timestamp, self.max_timestamp);
                sound::remember_written(&built, Facts { earliest, latest, keyed: self.keyed });
            }
            _ => sound::remember(&built),
        }
        built
    }
}

/// Writes one record with its time and offset as they count from the batch's.
pub(super) fn write_record(
    buffer: &mut Vec<u8>,
    record: &RecordRef<'_>,
    timestamp_delta: i64,
    offset_delta: i64,
) {
    let mut body = vec![0];
    varint::write(&mut body, timestamp_delta);
    varint::write(&mut body, offset_delta);
    write_bytes(&mut body, record.key);
    write_bytes(&mut body, record.value);
    varint::write(&mut body, i64::from(record.headers.count()));
    for (name, content) in record.headers.iter() {
        write_bytes(&mut body, Some(name));
        write_bytes(&mut body, content);
    }
    varint::write(buffer, body.len() as i64);
    buffer.extend_from_slice(&body);
}

fn write_bytes(buffer: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            varint::write(buffer, bytes.len() as i64);
            buffer.extend_from_slice(bytes);
        }
        None => varint::write(buffer, -1),
    }
}

#[inline]
fn bytes_size(bytes: Option<&[u8]>) -> u64 {
    bytes.map_or(1, |bytes| varint::size(bytes.len() as i64) + bytes.len() as u64)
}

/// Bytes of a record without its length field.
#[inline]
fn body_size(
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header<'_>],
) -> u64 {
    let fixed = 1 + varint::size(timestamp_delta) + varint::size(i64::from(offset_delta));
    let each =
        |(name, content): &Header<'_>| bytes_size(Some(name.as_bytes())) + bytes_size(*content);
    let headers_size = varint::size(headers.len() as i64) + headers.iter().map(each).sum::<u64>();
    fixed + bytes_size(key) + bytes_size(value) + headers_size
}
