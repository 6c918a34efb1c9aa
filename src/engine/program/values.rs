//! What generated records hold: `NAME-N` as value, padded with spaces to a size, and `kI` as key.
//!
//! Written into a buffer that is used again, so that a record costs no allocation.

use crate::engine::client::producer::RecordBuffer;
use crate::engine::ids::Text;

/// Digits of the largest number.
const DIGITS_MAX: usize = 20;

/// Writes values of one program.
#[derive(Clone, Debug)]
pub struct Values {
    /// `NAME-`.
    prefix: Text,
    /// Least size in bytes.
    bytes: u32,
}

impl Values {
    /// Values of the program `name`, of at least `bytes` bytes.
    #[must_use]
    pub fn new(name: &str, bytes: u32) -> Values {
        Values { prefix: format!("{name}-").into(), bytes }
    }

    /// Writes the value of record `number`, over the one before, which is of the same program or of
    /// one with another prefix.
    pub fn write(&self, number: u64, buffer: &mut RecordBuffer) {
        let (prefix, value) = (self.prefix.as_bytes(), &mut buffer.value);
        let mut digits = [0; DIGITS_MAX];
        let digits = decimal(number, &mut digits);
        let least = usize::try_from(self.bytes).unwrap_or(0);
        let length = (prefix.len() + digits.len()).max(least);
        if value.len() != length || !value.starts_with(prefix) {
            value.clear();
            value.extend_from_slice(prefix);
            value.resize(length, b' ');
        }
        // Only the number before this one can stand there, and it may have had more digits.
        let number = &mut value[prefix.len()..];
        let (text, padding) = number.split_at_mut(digits.len());
        text.copy_from_slice(digits);
        let before = padding.len().min(DIGITS_MAX - digits.len());
        padding[..before].fill(b' ');
    }
}

/// Writes the key `kI`.
pub fn write_key(index: u64, buffer: &mut RecordBuffer) {
    let key = buffer.key.get_or_insert_default();
    key.clear();
    key.push(b'k');
    write_decimal(key, index);
}

fn write_decimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(decimal(number, &mut [0; DIGITS_MAX]));
}

/// The digits of a number, made from the end of a buffer on.
fn decimal(mut number: u64, digits: &mut [u8; DIGITS_MAX]) -> &[u8] {
    let mut start = DIGITS_MAX;
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bytes: u32, number: u64) -> String {
        let mut buffer = RecordBuffer::default();
        Values::new("web", bytes).write(number, &mut buffer);
        String::from_utf8(buffer.value).expect("values are text")
    }

    #[test]
    fn a_value_is_the_name_and_the_number() {
        assert_eq!(value(0, 17), "web-17");
        assert_eq!(value(3, u64::MAX), format!("web-{}", u64::MAX));
    }

    #[test]
    fn a_value_is_padded_to_its_size() {
        assert_eq!(value(10, 0), "web-0     ");
    }

    #[test]
    fn a_value_is_written_over_a_longer_number_and_another_program_s() {
        let mut buffer = RecordBuffer::default();
        Values::new("web", 10).write(12_345, &mut buffer);
        Values::new("web", 10).write(7, &mut buffer);
        assert_eq!(buffer.value, b"web-7     ");
        Values::new("app", 10).write(8, &mut buffer);
        assert_eq!(buffer.value, b"app-8     ");
    }

    #[test]
    fn a_key_is_written_over_the_one_before() {
        let mut buffer = RecordBuffer::default();
        write_key(1_234, &mut buffer);
        write_key(5, &mut buffer);
        assert_eq!(buffer.key.as_deref(), Some(b"k5".as_slice()));
    }
}
