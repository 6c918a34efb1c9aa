//! Kafka's plain deserializers, as `toString()` shows what they give.

use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::Shell;

const PACKAGE: &str = "org.apache.kafka.common.serialization.";

/// What bytes are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deserializer {
    /// What they are.
    Bytes,
    /// `StringDeserializer`.
    Text,
    /// A whole number of so many bytes, by its class.
    Number(u8, &'static str),
}

/// Numbers: their classes, and how many bytes each has.
const NUMBERS: [(&str, u8); 3] =
    [("LongDeserializer", 8), ("IntegerDeserializer", 4), ("ShortDeserializer", 2)];

impl Deserializer {
    /// The one of a class; where there is none, that is told and the bytes are shown.
    pub(super) fn named(shell: &mut Shell<'_>, class: &str) -> Deserializer {
        let name = class.strip_prefix(PACKAGE).unwrap_or_default();
        if let Some((name, size)) = NUMBERS.iter().find(|(known, _)| *known == name) {
            return Deserializer::Number(*size, name);
        }
        match name {
            "StringDeserializer" => Deserializer::Text,
            "ByteArrayDeserializer" | "BytesDeserializer" => Deserializer::Bytes,
            // Once it reads, it comes here anew for every poll, and has said so.
            _ if shell.saved.is_some() => Deserializer::Bytes,
            _ => {
                shell.log_error(
                    "org.apache.kafka.tools.consumer.DefaultMessageFormatter",
                    &format!("Unable to instantiate a deserializer from {class}"),
                );
                let fault = Fault::new("java.lang.ClassNotFoundException", class);
                shell.err(fault.trace().trim_end_matches('\n'));
                Deserializer::Bytes
            }
        }
    }

    /// Bytes as text.
    ///
    /// # Errors
    /// `SerializationException`: a number does not have so many bytes.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<String, Fault> {
        let Deserializer::Number(size, name) = self else {
            return Ok(String::from_utf8_lossy(bytes).into_owned());
        };
        if bytes.len() != usize::from(*size) {
            let words = format!("Size of data received by {name} is not {size}");
            return Err(Fault::new(
                "org.apache.kafka.common.errors.SerializationException",
                &words,
            ));
        }
        let unsigned = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // The sign is the first bit of as many bytes as there are.
        let spare = 64 - 8 * u32::from(*size);
        Ok(((unsigned << spare).cast_signed() >> spare).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_sign() {
        let read = |size, bytes: &[u8]| Deserializer::Number(size, "N").read(bytes);
        assert_eq!(read(2, &[0xff, 0xfe]).expect("two bytes"), "-2");
        assert_eq!(read(4, &[0, 0, 1, 0]).expect("four bytes"), "256");
        assert_eq!(read(8, &[0xff; 8]).expect("eight bytes"), "-1");
        let told = read(8, b"1").expect_err("one byte");
        assert_eq!(told.words(), "Size of data received by N is not 8");
    }
}
