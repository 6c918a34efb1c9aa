//! Vectors: bytes that Kafka or a client wrote, and what Kafka reads in them.
//!
//! [`record_batches`] are batches as hexadecimal text, [`segments`] are folders of real segment files,
//! [`murmur2`] are keys and where they land, [`assignors`] groups and how their partitions are dealt out,
//! [`cli`] is what Kafka's sources say of its tools.

pub mod assignors;
pub mod cli;
pub mod configs;
pub mod legacy;
pub mod memory_records;
pub mod murmur2;
pub mod record_batches;
pub mod segments;

use serde_json::Value;

/// The bytes of a hexadecimal text; `None` when the value is not one.
#[must_use]
pub fn unhex(value: &Value) -> Option<Vec<u8>> {
    let digits = value.as_str()?.as_bytes();
    if digits.len() % 2 != 0 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    digits.chunks_exact(2).map(byte).collect()
}

/// Bytes as hexadecimal text; null for none.
#[must_use]
pub fn hex(bytes: Option<&[u8]>) -> Value {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bytes.map_or(Value::Null, |bytes| Value::String(digits(bytes)))
}

/// The first field of `wanted` that `got` does not have as it is there, as a path with both values;
/// fields that only `got` has are not compared. `None` when there is none.
#[must_use]
pub fn difference(wanted: &Value, got: &Value, path: &str) -> Option<(String, String, String)> {
    match (wanted, got) {
        (Value::Object(fields), Value::Object(found)) => fields.iter().find_map(|(key, wanted)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match found.get(key) {
                Some(got) => difference(wanted, got, &path),
                None => Some((path, wanted.to_string(), "nothing".to_owned())),
            }
        }),
        (Value::Array(many), Value::Array(found)) if many.len() == found.len() => {
            let pairs = many.iter().zip(found).enumerate();
            let mut found =
                pairs.filter_map(|(i, (w, g))| difference(w, g, &format!("{path}[{i}]")));
            found.next()
        }
        _ if wanted == got => None,
        _ => Some((path.to_owned(), wanted.to_string(), got.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn hexadecimal_text_reads_back() {
        let text = Value::String("00ff1a".to_owned());
        assert_eq!(hex(unhex(&text).as_deref()), text);
        assert_eq!(unhex(&Value::String("0g".to_owned())), None);
        assert_eq!(unhex(&Value::String("000".to_owned())), None);
    }

    /// Runs one of the project's own copies: how many cases passed, failed and were skipped.
    fn counts(path: &str) -> (usize, String) {
        let report = crate::conform::run(&[PathBuf::from("tests/data").join(path)]);
        (report.results().len(), report.to_string())
    }

    #[test]
    fn the_recorded_batches_are_read_as_kafka_reads_them() {
        let (cases, text) = counts("record_batches.json");
        assert_eq!((cases, text), (40, "40 passed, 0 failed, 0 skipped\n".to_owned()));
    }

    #[test]
    fn the_recorded_segments_are_opened_as_kafka_wrote_them() {
        assert_eq!(counts("segments"), (1, "1 passed, 0 failed, 0 skipped\n".to_owned()));
    }

    #[test]
    fn the_recorded_groups_get_what_kafkas_assignors_dealt_them() {
        let (cases, text) = counts("vectors/assignors.json");
        assert_eq!((cases, text), (167, "167 passed, 0 failed, 0 skipped\n".to_owned()));
        let (cases, text) = counts("vectors/assignors-random.json");
        assert_eq!((cases, text), (52, "52 passed, 0 failed, 0 skipped\n".to_owned()));
    }

    #[test]
    fn the_recorded_settings_are_those_of_the_tables() {
        let (cases, text) = counts("vectors/configs.json");
        assert_eq!((cases, text), (313, "313 passed, 0 failed, 0 skipped\n".to_owned()));
    }

    #[test]
    fn the_tools_have_the_flags_and_words_of_kafkas_sources() {
        let (cases, text) = counts("vectors/cli.json");
        assert!(cases > 100 && text.contains(" 0 failed"), "{text}");
    }

    #[test]
    fn the_recorded_keys_land_where_kafka_puts_them() {
        let (cases, text) = counts("murmur2.json");
        assert_eq!((cases, text), (76, "76 passed, 0 failed, 0 skipped\n".to_owned()));
    }
}
