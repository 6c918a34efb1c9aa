//! LZ4 in its frame format, as Kafka's `Lz4BlockOutputStream` writes and `Lz4BlockInputStream` reads
//! it: blocks that do not refer to each other, no checksums but the header's.
//!
//! The blocks are the crate `lz4_flex`'s. The frame around them is ours: the crate's `FrameEncoder`
//! hashes eight bytes on 64 bits and four on 32, so that it writes other bytes there, and its
//! `FrameDecoder` takes what Kafka refuses: frames that are cut off between two blocks, and blocks
//! that refer to each other.

use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};
use xxhash_rust::xxh32::xxh32;

use super::{CodecError, UNCOMPRESSED_MAX, take};

const MAGIC: [u8; 4] = 0x184D_2204u32.to_le_bytes();
/// Version 1, independent blocks.
const FLAGS: u8 = 0x60;
const INDEPENDENT: u8 = 0x20;
const BLOCK_CHECKSUM: u8 = 0x10;
const CONTENT_SIZE: u8 = 0x08;
const CONTENT_CHECKSUM: u8 = 0x04;
/// Blocks of 64 KiB at most.
const DESCRIPTOR: u8 = 0x40;
/// What goes into a block. Kafka puts the whole 65 536 there; from 65 535 bytes on, `lz4_flex` too
/// hashes by the machine's word.
const BLOCK_BYTES: usize = 65_534;
/// Set in a block's length when its bytes are stored as they are.
const STORED: u32 = 0x8000_0000;
/// More than a byte of a block can become: lengths go on in bytes of 255 each.
const RATIO_MAX: usize = 255;

/// One frame.
pub(super) fn compress(plain: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    let header = [FLAGS, DESCRIPTOR];
    out.extend_from_slice(&header);
    out.push(header_checksum(&header));
    for chunk in plain.chunks(BLOCK_BYTES) {
        let begin = out.len() + 4;
        out.resize(begin + get_maximum_output_size(chunk.len()), 0);
        let mut length = compress_into(chunk, &mut out[begin..]).expect("room for the longest");
        let mut stored = 0;
        if length >= chunk.len() {
            (length, stored) = (chunk.len(), STORED);
            out[begin..begin + length].copy_from_slice(chunk);
        }
        out[begin - 4..begin].copy_from_slice(&(length as u32 | stored).to_le_bytes());
        out.truncate(begin + length);
    }
    out.extend_from_slice(&0u32.to_le_bytes());
}

fn header_checksum(header: &[u8]) -> u8 {
    (xxh32(header, 0) >> 8) as u8
}

/// The content of a frame. What follows its end mark is left alone, as in Kafka.
pub(super) fn decompress(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    read_frame(bytes, out).unwrap_or(Err(CodecError::Malformed))
}

/// `None` when the bytes end too early.
fn read_frame(mut rest: &[u8], out: &mut Vec<u8>) -> Option<Result<(), CodecError>> {
    const BAD: Option<Result<(), CodecError>> = Some(Err(CodecError::Malformed));
    let start = out.len();
    if take(&mut rest, 4)? != MAGIC {
        return BAD;
    }
    let header = rest;
    let [flags, descriptor] = *take(&mut rest, 2)? else { return BAD };
    let size_bytes = if flags & CONTENT_SIZE != 0 { 8 } else { 0 };
    take(&mut rest, size_bytes)?;
    let known = flags >> 6 == 1 && flags & 0b11 == 0 && flags & INDEPENDENT != 0;
    let block_size = descriptor >> 4;
    if !known || descriptor & 0x8f != 0 || block_size < 4 {
        return BAD;
    }
    if take(&mut rest, 1)? != [header_checksum(&header[..2 + size_bytes])] {
        return BAD;
    }
    let block_max = 1usize << (8 + 2 * block_size);
    loop {
        let length = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?);
        if length == 0 {
            let checksum_bytes = if flags & CONTENT_CHECKSUM != 0 { 4 } else { 0 };
            take(&mut rest, checksum_bytes)?;
            return Some(Ok(()));
        }
        let block = take(&mut rest, (length & !STORED) as usize)?;
        if block.len() > block_max {
            return BAD;
        }
        if flags & BLOCK_CHECKSUM != 0 && take(&mut rest, 4)? != xxh32(block, 0).to_le_bytes() {
            return BAD;
        }
        let read = match length & STORED {
            0 => read_block(block, out, block_max),
            _ => {
                out.extend_from_slice(block);
                Ok(())
            }
        };
        if read.is_err() {
            return Some(read);
        }
        if (out.len() - start) as u64 > UNCOMPRESSED_MAX {
            return Some(Err(CodecError::TooLarge));
        }
    }
}

/// One compressed block, which becomes `block_max` bytes at most.
fn read_block(block: &[u8], out: &mut Vec<u8>, block_max: usize) -> Result<(), CodecError> {
    let begin = out.len();
    out.resize(begin + block_max.min(block.len().saturating_mul(RATIO_MAX)), 0);
    let read = decompress_into(block, &mut out[begin..]);
    let length = read.map_err(|_| CodecError::Malformed)?;
    out.truncate(begin + length);
    Ok(())
}
