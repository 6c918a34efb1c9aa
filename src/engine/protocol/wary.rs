//! Bytes of somebody outside, read warily: a length that cannot be true ends the reading before memory is
//! asked for it.
//!
//! The crate's decoders ask for as much memory as an array says that it has elements. Here a frame is
//! first read through [`Wary`], where no number is larger than what is left of the frame plus one: an
//! array that claims more than that many elements, each of a byte at least, runs out of bytes; a number
//! that is no length may be changed by this, and does not matter, for what was read is thrown away.
//! Lengths in flexible versions are varints, read byte by byte: one that claims more than is left ends
//! the reading. Kafka's generated readers check the same
//! (`Tried to allocate a collection of size …, but there are only … bytes remaining`).

use std::ops::Range;

use bytes::{Buf, Bytes, TryGetError};
use kafka_protocol::protocol::Decodable;
use kafka_protocol::protocol::buf::{ByteBuf, NotEnoughBytesError};

/// Most elements of an array that is looked through.
const ELEMENTS_MAX: usize = 1 << 20;

/// Reads a message without asking for more memory than its bytes justify; `None` when they are none.
pub(super) fn read<T: Decodable>(bytes: &Bytes, version: i16) -> Option<T> {
    let with = |clamps| Wary { bytes: bytes.clone(), in_varint: false, clamps };
    T::decode(&mut with(true), version).ok()?;
    T::decode(&mut with(false), version).ok()
}

struct Wary {
    bytes: Bytes,
    in_varint: bool,
    /// Whether no number is larger than what is left; else they are as they stand.
    clamps: bool,
}

impl Wary {
    /// What an unsigned varint that begins with `first` says, as far as it is there.
    fn varint(&self, first: u8) -> u64 {
        let mut value = u64::from(first & 0x7f);
        for (index, byte) in (1..5).zip(&self.bytes[..]) {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }
}

impl Buf for Wary {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn try_get_i32(&mut self) -> Result<i32, TryGetError> {
        let value = self.bytes.try_get_i32()?;
        if !self.clamps {
            return Ok(value);
        }
        let most = self.bytes.remaining().saturating_add(1).min(ELEMENTS_MAX);
        Ok(value.min(i32::try_from(most).unwrap_or(i32::MAX)))
    }

    fn try_get_u8(&mut self) -> Result<u8, TryGetError> {
        let byte = self.bytes.try_get_u8()?;
        let begins = !self.in_varint && byte & 0x80 != 0;
        self.in_varint = byte & 0x80 != 0;
        // A length has one added to it.
        if begins && self.varint(byte) > self.bytes.remaining() as u64 + 1 {
            return Err(TryGetError { requested: usize::MAX, available: self.bytes.remaining() });
        }
        Ok(byte)
    }
}

impl ByteBuf for Wary {
    fn peek_bytes(&mut self, range: Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }

    fn get_bytes(&mut self, size: usize) -> Bytes {
        self.bytes.split_to(size)
    }

    fn try_get_bytes(&mut self, size: usize) -> Result<Bytes, NotEnoughBytesError> {
        if size > self.bytes.len() { Err(NotEnoughBytesError) } else { Ok(self.get_bytes(size)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{BufMut, BytesMut};
    use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
    use kafka_protocol::messages::{MetadataRequest, TopicName};
    use kafka_protocol::protocol::{Encodable, StrBytes};

    #[test]
    fn an_array_that_claims_more_than_there_is_cannot_be_read() {
        for claimed in [6, 1_000, i32::MAX] {
            let mut bytes = BytesMut::new();
            bytes.put_i32(claimed);
            bytes.put_slice(&[0, 1, b't']);
            assert_eq!(read::<MetadataRequest>(&bytes.freeze(), 1), None, "{claimed}");
        }
        let varint = [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0];
        assert_eq!(read::<MetadataRequest>(&Bytes::copy_from_slice(&varint), 12), None);
    }

    #[test]
    fn what_is_right_can_be_read_in_every_version() {
        let topic = |i: i32| {
            let name = TopicName(StrBytes::from_string(format!("{i}-{}", "t".repeat(200))));
            MetadataRequestTopic::default().with_name(Some(name))
        };
        let request = MetadataRequest::default().with_topics(Some((0..300).map(topic).collect()));
        for version in 0..=12 {
            let request = request.clone().with_allow_auto_topic_creation(true);
            let mut bytes = BytesMut::new();
            request.encode(&mut bytes, version).expect("it fits");
            assert!(read::<MetadataRequest>(&bytes.freeze(), version).is_some(), "{version}");
        }
    }
}
