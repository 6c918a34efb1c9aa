//! The four codecs of a batch (`CompressionType`), both ways, in pure Rust.
//!
//! What is written is what Kafka's Java client reads, and what is read is what any client writes. The
//! same input gives the same bytes on every machine: events and links rest on it. What comes out is
//! bounded, so that a small batch cannot fill the memory.
//!
//! The feature `zstd` builds zstd in. The page leaves it out: it is larger than the three others
//! together, and a page says that it has no zstd.

mod lz4;
mod snappy;

use std::io::{Read, Write};

use thiserror::Error;

use crate::engine::record::batch::Codec;

/// Most bytes that the records of one batch may have, uncompressed: 128 MiB. Kafka knows no bound.
pub const UNCOMPRESSED_MAX: u64 = 134_217_728;

/// Why bytes could not be compressed or decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// The codec is not built in, or Kafka has none of that number.
    #[error("the codec {0:?} is not built in")]
    Absent(Codec),
    /// The bytes are not what the codec writes.
    #[error("the compressed records are malformed")]
    Malformed,
    /// They are more than [`UNCOMPRESSED_MAX`].
    #[error("the records are too large when uncompressed")]
    TooLarge,
}

/// Whether batches of this codec can be written and read.
#[must_use]
pub fn is_built_in(codec: Codec) -> bool {
    match codec {
        Codec::None | Codec::Gzip | Codec::Snappy | Codec::Lz4 => true,
        Codec::Zstd => cfg!(feature = "zstd"),
        Codec::Unknown(_) => false,
    }
}

/// `plain` as the codec writes it, behind what `out` holds already.
///
/// # Errors
/// The codec is not built in.
pub fn compress(codec: Codec, plain: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    match codec {
        Codec::None => out.extend_from_slice(plain),
        Codec::Gzip => gzip(plain, out),
        Codec::Snappy => snappy::compress(plain, out),
        Codec::Lz4 => lz4::compress(plain, out),
        #[cfg(feature = "zstd")]
        Codec::Zstd => {
            ruzstd::encoding::compress(plain, out, ruzstd::encoding::CompressionLevel::Fastest)
        }
        other => return Err(CodecError::Absent(other)),
    }
    Ok(())
}

/// What the codec makes of `bytes`, behind what `out` holds already.
///
/// # Errors
/// The codec is not built in, the bytes are not its own, or they grow too large. `out` may hold a part.
pub fn decompress(codec: Codec, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    match codec {
        Codec::None => {
            out.extend_from_slice(bytes);
            Ok(())
        }
        Codec::Gzip => read_bounded(flate2::read::MultiGzDecoder::new(bytes), out),
        Codec::Snappy => snappy::decompress(bytes, out),
        Codec::Lz4 => lz4::decompress(bytes, out),
        #[cfg(feature = "zstd")]
        Codec::Zstd => zstd(bytes, out),
        other => Err(CodecError::Absent(other)),
    }
}

fn gzip(plain: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::default());
    encoder.write_all(plain).expect("a vector takes every write");
    let out = encoder.finish().expect("a vector takes every write");
    if plain.len() <= SHORT
        && let Some(block) = fixed_codes(plain)
    {
        // Ten bytes before the block, CRC and length behind it.
        let (begin, end) = (start + 10, out.len() - 8);
        if begin + block.len() <= end {
            out.splice(begin..end, block);
        }
    }
}

/// Most bytes for which codes that need no table can be shorter.
const SHORT: usize = 2_048;

/// Deflated with the codes that every decoder knows. zlib, which Java uses, takes them where they are no
/// longer than codes of its own with their table (`_tr_flush_block`); this encoder never does by itself.
fn fixed_codes(plain: &[u8]) -> Option<Vec<u8>> {
    use miniz_oxide::deflate::core as deflate;
    let level = 6;
    let raw = 0;
    let fixed = deflate::CompressionStrategy::Fixed as i32;
    let flags = deflate::create_comp_flags_from_zip_params(level, raw, fixed);
    let mut block = vec![0; plain.len() * 2 + 64];
    let mut encoder = Box::new(deflate::CompressorOxide::new(flags));
    let (status, read, written) =
        deflate::compress(&mut encoder, plain, &mut block, deflate::TDEFLFlush::Finish);
    block.truncate(written);
    (status == deflate::TDEFLStatus::Done && read == plain.len()).then_some(block)
}

/// Frames one after the other, as `ZstdInputStream` reads them.
#[cfg(feature = "zstd")]
fn zstd(mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    loop {
        let frame = ruzstd::decoding::StreamingDecoder::new(&mut bytes);
        read_bounded(frame.map_err(|_| CodecError::Malformed)?, out)?;
        if bytes.is_empty() {
            return Ok(());
        }
    }
}

fn read_bounded(source: impl Read, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let held = out.len() as u64;
    let read = source.take(UNCOMPRESSED_MAX + 1).read_to_end(out);
    read.map_err(|_| CodecError::Malformed)?;
    if out.len() as u64 - held > UNCOMPRESSED_MAX { Err(CodecError::TooLarge) } else { Ok(()) }
}

/// The first `count` bytes of `rest`, which then begins behind them; `None` when it has fewer.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests;
