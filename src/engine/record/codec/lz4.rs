//! LZ4 in its frame format, as Kafka's `Lz4BlockOutputStream` writes and `Lz4BlockInputStream` reads
//! it: blocks of 64 KiB that do not refer to each other, no checksums but the header's.
//!
//! Written out here because the encoders at hand give other bytes on 32 bits than on 64.

use xxhash_rust::xxh32::xxh32;

use super::{CodecError, repeat, reserve};

const MAGIC: [u8; 4] = 0x184D_2204u32.to_le_bytes();
/// Version 1, independent blocks.
const FLAGS: u8 = 0x60;
const INDEPENDENT: u8 = 0x20;
const BLOCK_CHECKSUM: u8 = 0x10;
const CONTENT_SIZE: u8 = 0x08;
const CONTENT_CHECKSUM: u8 = 0x04;
/// Blocks of 64 KiB.
const DESCRIPTOR: u8 = 0x40;
const BLOCK_BYTES: usize = 65_536;
/// Set in a block's length when its bytes are stored as they are.
const STORED: u32 = 0x8000_0000;

/// The last bytes of a block are literals, and no match begins in the last twelve (LZ4's block format).
const LAST_LITERALS: usize = 5;
const MATCH_LIMIT: usize = 12;
const MIN_MATCH: usize = 4;
const HASH_BITS: u32 = 12;

/// One frame.
pub(super) fn compress(plain: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    let header = [FLAGS, DESCRIPTOR];
    out.extend_from_slice(&header);
    out.push(header_checksum(&header));
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    for chunk in plain.chunks(BLOCK_BYTES) {
        block.clear();
        compress_block(chunk, &mut block);
        let (length, bytes) = match block.len() < chunk.len() {
            true => (block.len() as u32, &block[..]),
            false => (chunk.len() as u32 | STORED, chunk),
        };
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&0u32.to_le_bytes());
}

fn header_checksum(header: &[u8]) -> u8 {
    (xxh32(header, 0) >> 8) as u8
}

/// Greedy matching over one hash table of positions: short, and the same on every machine.
fn compress_block(plain: &[u8], out: &mut Vec<u8>) {
    let mut table = [0u32; 1 << HASH_BITS];
    let (mut anchor, mut at) = (0, 0);
    let last_match = plain.len().saturating_sub(MATCH_LIMIT);
    while at < last_match {
        let word = word_at(plain, at);
        let slot = &mut table[(word.wrapping_mul(2_654_435_761) >> (32 - HASH_BITS)) as usize];
        // Positions are kept plus one: zero is an empty slot.
        let candidate = std::mem::replace(slot, at as u32 + 1) as usize;
        if candidate == 0 || at + 1 - candidate > 0xffff || word_at(plain, candidate - 1) != word {
            // The longer nothing is found, the larger the steps.
            at += 1 + ((at - anchor) >> 6);
            continue;
        }
        let from = candidate - 1;
        let most = plain.len() - LAST_LITERALS - at;
        let same = (MIN_MATCH..most).take_while(|i| plain[from + i] == plain[at + i]).count();
        let length = MIN_MATCH + same;
        write_sequence(out, &plain[anchor..at], Some((at - from, length)));
        at += length;
        anchor = at;
    }
    write_sequence(out, &plain[anchor..], None);
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Literals, and then a match of `(distance, length)` unless they are the last.
fn write_sequence(out: &mut Vec<u8>, literals: &[u8], found: Option<(usize, usize)>) {
    let extra = found.map_or(0, |(_, length)| length - MIN_MATCH);
    out.push((literals.len().min(15) << 4 | extra.min(15)) as u8);
    write_length(out, literals.len());
    out.extend_from_slice(literals);
    if let Some((distance, _)) = found {
        out.extend_from_slice(&(distance as u16).to_le_bytes());
        write_length(out, extra);
    }
}

/// What of a length did not fit the token's four bits.
fn write_length(out: &mut Vec<u8>, length: usize) {
    let Some(mut left) = length.checked_sub(15) else { return };
    while left >= 255 {
        out.push(255);
        left -= 255;
    }
    out.push(left as u8);
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
            0 => read_block(block, out, start, block_max),
            _ => reserve(out, start, block.len()).map(|()| out.extend_from_slice(block)),
        };
        if read.is_err() {
            return Some(read);
        }
    }
}

/// One compressed block; `start` is where the frame's content begins.
fn read_block(
    mut rest: &[u8],
    out: &mut Vec<u8>,
    start: usize,
    block_max: usize,
) -> Result<(), CodecError> {
    let begin = out.len();
    let malformed = CodecError::Malformed;
    loop {
        let token = take(&mut rest, 1).ok_or(malformed)?[0];
        let literals = read_length(&mut rest, token >> 4).ok_or(malformed)?;
        let literals = take(&mut rest, literals).ok_or(malformed)?;
        reserve(out, start, literals.len())?;
        out.extend_from_slice(literals);
        if rest.is_empty() {
            return if out.len() - begin > block_max { Err(malformed) } else { Ok(()) };
        }
        let distance = take(&mut rest, 2).ok_or(malformed)?;
        let distance = usize::from(u16::from_le_bytes([distance[0], distance[1]]));
        let length = read_length(&mut rest, token & 15).ok_or(malformed)? + MIN_MATCH;
        repeat(out, begin, distance, length)?;
        if out.len() - begin > block_max {
            return Err(malformed);
        }
    }
}

fn read_length(rest: &mut &[u8], nibble: u8) -> Option<usize> {
    let mut length = usize::from(nibble);
    if nibble == 15 {
        loop {
            let more = take(rest, 1)?[0];
            length = length.checked_add(usize::from(more))?;
            if more != 255 {
                break;
            }
        }
    }
    Some(length)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}
