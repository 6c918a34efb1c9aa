//! Zigzag variable-length integers, as records use them (`ByteUtils.writeVarint`, `writeVarlong`).
//!
//! One implementation serves both widths: a 32-bit value has the same bytes in either.

/// Most bytes of a 64-bit value.
const LONGEST: usize = 10;
/// Most bytes of a 32-bit value.
const LONGEST_INT: usize = 5;

/// Appends `value`.
#[inline]
pub fn write(buffer: &mut Vec<u8>, value: i64) {
    let mut left = zigzag(value);
    while left >= 0x80 {
        buffer.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    buffer.push(left as u8);
}

/// Writes `value` to the front of `out`, which has room for it; returns its bytes.
#[inline]
pub fn put(out: &mut [u8], value: i64) -> usize {
    let mut left = zigzag(value);
    let mut at = 0;
    while left >= 0x80 {
        out[at] = (left & 0x7f) as u8 | 0x80;
        left >>= 7;
        at += 1;
    }
    out[at] = left as u8;
    at + 1
}

/// Bytes that `value` takes, in `1..=10`.
#[inline]
#[must_use]
pub fn size(value: i64) -> u64 {
    let bits = 64 - u64::from((zigzag(value) | 1).leading_zeros());
    bits.div_ceil(7)
}

/// Takes a 64-bit value off the front of `bytes`; `None` when they end within it or it is too long.
#[inline]
pub fn read_long(bytes: &mut &[u8]) -> Option<i64> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        // Nearly every number of a record is this short.
        *bytes = rest;
        return Some(unzigzag(u64::from(*first)));
    }
    read_longer(bytes)
}

fn read_longer(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(LONGEST).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Some(unzigzag(value));
        }
    }
    None
}

/// Takes a 32-bit value off the front of `bytes`; `None` when it is longer than five bytes or they end.
/// What the fifth byte has beyond 32 bits is dropped, as in Kafka (`ByteUtils.readUnsignedVarint`).
#[inline]
pub fn read_int(bytes: &mut &[u8]) -> Option<i32> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        *bytes = rest;
        return Some(unzigzag_int(u32::from(*first)));
    }
    if let Some((second, rest)) = rest.split_first()
        && *second < 0x80
    {
        // Lengths of records and their values mostly are.
        *bytes = rest;
        return Some(unzigzag_int(u32::from(*first & 0x7f) | u32::from(*second) << 7));
    }
    read_longer_int(bytes)
}

fn read_longer_int(bytes: &mut &[u8]) -> Option<i32> {
    let mut value = 0u32;
    for (index, byte) in bytes.iter().take(LONGEST_INT).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Some(unzigzag_int(value));
        }
    }
    None
}

#[inline]
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[inline]
fn unzigzag_int(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

#[inline]
fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: i64, bytes: &[u8]) {
        let mut buffer = Vec::new();
        write(&mut buffer, value);
        assert_eq!(buffer, bytes, "{value}");
        assert_eq!(size(value), bytes.len() as u64, "{value}");
        let mut room = [0; LONGEST];
        assert_eq!((put(&mut room, value), &room[..bytes.len()]), (bytes.len(), bytes), "{value}");
        let mut rest = bytes;
        assert_eq!(read_long(&mut rest), Some(value));
        assert!(rest.is_empty());
    }

    #[test]
    fn small_numbers_of_either_sign_are_one_byte() {
        check(0, &[0x00]);
        check(-1, &[0x01]);
        check(1, &[0x02]);
        check(63, &[0x7e]);
        check(-64, &[0x7f]);
    }

    #[test]
    fn larger_numbers_take_a_byte_for_every_seven_bits() {
        check(64, &[0x80, 0x01]);
        check(-65, &[0x81, 0x01]);
        check(8_191, &[0xfe, 0x7f]);
        check(i64::from(i32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0x0f]);
        check(i64::from(i32::MIN), &[0xff, 0xff, 0xff, 0xff, 0x0f]);
        check(i64::MAX, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        check(i64::MIN, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    }

    #[test]
    fn the_fifth_byte_of_a_short_number_counts_as_far_as_it_fits() {
        assert_eq!(read_int(&mut &[0xfeu8, 0xff, 0xff, 0xff, 0x0f][..]), Some(i32::MAX));
        assert_eq!(read_int(&mut &[0xfeu8, 0xff, 0xff, 0xff, 0x1f][..]), Some(i32::MAX));
    }

    #[test]
    fn a_number_that_ends_too_early_or_never_is_refused() {
        assert_eq!(read_long(&mut &[0x80u8][..]), None);
        assert_eq!(read_long(&mut &[0x80u8; 11][..]), None);
        assert_eq!(read_int(&mut &[0xfeu8, 0xff, 0xff, 0xff, 0x8f, 0x00][..]), None);
    }
}
