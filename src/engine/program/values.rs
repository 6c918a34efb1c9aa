//! What generated records hold: `NAME-N` as value, padded with spaces to a size, and `kI` as key.
//!
//! Written into a buffer that is used again, so that a record costs no allocation.

use crate::engine::client::producer::RecordBuffer;
use crate::engine::ids::Text;

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

    /// Writes the value of record `number`.
    pub fn write(&self, number: u64, buffer: &mut RecordBuffer) {
        let value = &mut buffer.value;
        value.clear();
        value.extend_from_slice(self.prefix.as_bytes());
        write_decimal(value, number);
        let least = usize::try_from(self.bytes).unwrap_or(0);
        if value.len() < least {
            value.resize(least, b' ');
        }
    }
}

/// Writes the key `kI`.
pub fn write_key(index: u64, buffer: &mut RecordBuffer) {
    let key = buffer.key.get_or_insert_default();
    key.clear();
    key.push(b'k');
    write_decimal(key, index);
}

fn write_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
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
    fn a_key_is_written_over_the_one_before() {
        let mut buffer = RecordBuffer::default();
        write_key(1_234, &mut buffer);
        write_key(5, &mut buffer);
        assert_eq!(buffer.key.as_deref(), Some(b"k5".as_slice()));
    }
}
