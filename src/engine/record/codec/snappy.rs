//! Snappy, in xerial's framing as the Java client writes it, and read as raw blocks too, as
//! librdkafka and others write them (`SnappyInputStream` takes both).

use super::{CodecError, repeat, reserve};

/// `\x82SNAPPY\0`, then two versions.
const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const VERSIONS: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 1];
/// `SnappyOutputStream.DEFAULT_BLOCK_SIZE`.
const BLOCK_BYTES: usize = 32_768;
const HASH_BITS: u32 = 12;

/// A stream in xerial's framing.
pub(super) fn compress(plain: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSIONS);
    for chunk in plain.chunks(BLOCK_BYTES) {
        let length_at = out.len();
        out.extend_from_slice(&[0; 4]);
        compress_block(chunk, out);
        let length = (out.len() - length_at - 4) as u32;
        out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// One raw block: its length, then literals and copies. Greedy, by one hash table of positions.
fn compress_block(plain: &[u8], out: &mut Vec<u8>) {
    write_varint(out, plain.len());
    let mut table = [0u32; 1 << HASH_BITS];
    let (mut anchor, mut at) = (0, 0);
    while at + 4 <= plain.len() {
        let word = word_at(plain, at);
        let slot = &mut table[(word.wrapping_mul(0x1e35_a7bd) >> (32 - HASH_BITS)) as usize];
        // Positions are kept plus one: zero is an empty slot.
        let candidate = std::mem::replace(slot, at as u32 + 1) as usize;
        if candidate == 0 || word_at(plain, candidate - 1) != word {
            at += 1 + ((at - anchor) >> 5);
            continue;
        }
        let from = candidate - 1;
        let most = plain.len() - at;
        let length = 4 + (4..most).take_while(|i| plain[from + i] == plain[at + i]).count();
        write_literals(out, &plain[anchor..at]);
        write_copy(out, at - from, length);
        at += length;
        anchor = at;
    }
    write_literals(out, &plain[anchor..]);
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn write_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn write_literals(out: &mut Vec<u8>, literals: &[u8]) {
    let Some(last) = literals.len().checked_sub(1) else { return };
    match last {
        0..60 => out.push((last << 2) as u8),
        60..256 => out.extend_from_slice(&[60 << 2, last as u8]),
        // A block is 32 KiB at most.
        _ => out.extend_from_slice(&[61 << 2, last as u8, (last >> 8) as u8]),
    }
    out.extend_from_slice(literals);
}

/// Copies of up to 64 bytes with a distance of two bytes.
fn write_copy(out: &mut Vec<u8>, distance: usize, mut length: usize) {
    while length > 0 {
        let now = length.min(64);
        out.push((now - 1) as u8 * 4 + 2);
        out.extend_from_slice(&(distance as u16).to_le_bytes());
        length -= now;
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

fn read_block(block: &[u8], out: &mut Vec<u8>, start: usize) -> Result<(), CodecError> {
    let mut rest = block;
    let begin = out.len();
    let length = read_varint(&mut rest).ok_or(CodecError::Malformed)?;
    reserve(out, start, length.min(block.len().saturating_mul(64)))?;
    while !rest.is_empty() {
        read_element(&mut rest, out, begin)?;
        if out.len() - begin > length {
            return Err(CodecError::Malformed);
        }
    }
    if out.len() - begin == length { Ok(()) } else { Err(CodecError::Malformed) }
}

/// A literal or a copy; its kind is in the lowest two bits of its tag.
fn read_element(rest: &mut &[u8], out: &mut Vec<u8>, begin: usize) -> Result<(), CodecError> {
    let mut number = |count: usize| {
        let bytes = take(rest, count)?;
        Some(bytes.iter().rev().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    let tag = number(1).ok_or(CodecError::Malformed)?;
    let high = tag >> 2;
    let (distance, length) = match tag & 3 {
        0 => {
            let more = if high < 60 { Some(high) } else { number(high - 59) };
            let literals = more.and_then(|last| take(rest, last.checked_add(1)?));
            let literals = literals.ok_or(CodecError::Malformed)?;
            reserve(out, begin, literals.len())?;
            out.extend_from_slice(literals);
            return Ok(());
        }
        1 => (number(1).map(|low| (tag >> 5) << 8 | low), 4 + (high & 7)),
        2 => (number(2), 1 + high),
        _ => (number(4), 1 + high),
    };
    repeat(out, begin, distance.ok_or(CodecError::Malformed)?, length)
}

fn read_varint(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = take(rest, 1)?[0];
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value as usize);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}
