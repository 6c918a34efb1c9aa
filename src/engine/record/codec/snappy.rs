//! Snappy, in xerial's framing as the Java client writes it, and read as raw blocks too, as
//! librdkafka and others write them (`SnappyInputStream` takes both). The blocks are the crate
//! `snap`'s; xerial's framing is ours, for no crate has it.

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use super::{CodecError, UNCOMPRESSED_MAX, take};

/// `\x82SNAPPY\0`, then two versions.
const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const VERSIONS: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 1];
/// `SnappyOutputStream.DEFAULT_BLOCK_SIZE`.
const BLOCK_BYTES: usize = 32_768;
/// More than a byte of a block can become: a copy of 64 bytes takes three.
const RATIO_MAX: usize = 64;

/// A stream in xerial's framing.
pub(super) fn compress(plain: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSIONS);
    let mut encoder = Encoder::new();
    for chunk in plain.chunks(BLOCK_BYTES) {
        let begin = out.len() + 4;
        out.resize(begin + max_compress_len(chunk.len()), 0);
        let length = encoder.compress(chunk, &mut out[begin..]).expect("room for the longest");
        out[begin - 4..begin].copy_from_slice(&(length as u32).to_be_bytes());
        out.truncate(begin + length);
    }
}

/// The content of a stream in xerial's framing, or of one raw block.
pub(super) fn decompress(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = out.len();
    let Some(mut rest) = bytes.strip_prefix(&MAGIC) else { return read_block(bytes, out, start) };
    take(&mut rest, VERSIONS.len()).ok_or(CodecError::Malformed)?;
    while !rest.is_empty() {
        // Streams may follow each other, each with its header.
        if let Some(another) = rest.strip_prefix(&MAGIC) {
            rest = another;
            take(&mut rest, VERSIONS.len()).ok_or(CodecError::Malformed)?;
            continue;
        }
        let length = take(&mut rest, 4).ok_or(CodecError::Malformed)?;
        let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
        read_block(take(&mut rest, length).ok_or(CodecError::Malformed)?, out, start)?;
    }
    Ok(())
}

/// `start` is where this batch's bytes begin in `out`.
fn read_block(block: &[u8], out: &mut Vec<u8>, start: usize) -> Result<(), CodecError> {
    let begin = out.len();
    let length = decompress_len(block).map_err(|_| CodecError::Malformed)?;
    if length > block.len().saturating_mul(RATIO_MAX) {
        return Err(CodecError::Malformed);
    }
    if (begin - start) as u64 + length as u64 > UNCOMPRESSED_MAX {
        return Err(CodecError::TooLarge);
    }
    out.resize(begin + length, 0);
    let read = Decoder::new().decompress(block, &mut out[begin..]);
    read.map(|_| ()).map_err(|_| CodecError::Malformed)
}
