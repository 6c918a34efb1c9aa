//! Kinds of settings and their text forms (`ConfigDef.Type` and its validators): whole numbers,
//! booleans, ratios, one word of a few, a list of words.
//!
//! The engine holds no floats: a ratio counts millionths.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::engine::error::ConfigError;
use crate::engine::ids::Text;

/// A value that a setting may have.
pub trait Setting: Sized {
    /// Reads Kafka's text form.
    ///
    /// # Errors
    /// The text does not parse, or the value is out of `range` (least, most).
    fn parse(key: &str, value: &str, range: (i64, i64)) -> Result<Self, ConfigError>;

    /// Kafka's text form.
    fn text(&self) -> String;
}

impl Setting for i64 {
    fn parse(key: &str, value: &str, range: (i64, i64)) -> Result<i64, ConfigError> {
        let number: i64 = value
            .trim()
            .parse()
            .map_err(|_| ConfigError::NotANumber { key: key.into(), value: value.into() })?;
        if number < range.0 || number > range.1 {
            let (least, most) = range;
            return Err(ConfigError::OutOfRange { key: key.into(), value: number, least, most });
        }
        Ok(number)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// A number that need not be set: another setting counts then. Its text form is empty.
impl Setting for Option<i64> {
    fn parse(key: &str, value: &str, range: (i64, i64)) -> Result<Option<i64>, ConfigError> {
        if value.is_empty() { Ok(None) } else { i64::parse(key, value, range).map(Some) }
    }

    fn text(&self) -> String {
        self.map_or_else(String::new, |number| number.to_string())
    }
}

impl Setting for bool {
    fn parse(key: &str, value: &str, _: (i64, i64)) -> Result<bool, ConfigError> {
        match value.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(ConfigError::NotABoolean { key: key.into(), value: value.into() }),
        }
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// A share of something, `0.5` say (`ConfigDef.Type.DOUBLE`), in millionths; what is finer is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ratio(pub i64);

/// Millionths in a whole.
const WHOLE: i64 = 1_000_000;

impl Ratio {
    /// Whether `part` of `whole` is more than this ratio.
    #[must_use]
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        i128::from(part) * i128::from(WHOLE) > i128::from(self.0) * i128::from(whole)
    }

    /// This share of a number, cut to a whole.
    #[must_use]
    pub fn of(self, number: u64) -> u64 {
        let share = u128::from(number) * u128::from(self.0.unsigned_abs())
            / u128::from(WHOLE.unsigned_abs());
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:06}", self.0 % WHOLE);
        let rest = digits.trim_end_matches('0');
        write!(f, "{}.{}", self.0 / WHOLE, if rest.is_empty() { "0" } else { rest })
    }
}

/// `range` is in wholes.
impl Setting for Ratio {
    fn parse(key: &str, value: &str, (least, most): (i64, i64)) -> Result<Ratio, ConfigError> {
        let millionths = millionths(value.trim())
            .ok_or_else(|| ConfigError::NotANumber { key: key.into(), value: value.into() })?;
        if millionths < least.saturating_mul(WHOLE) || millionths > most.saturating_mul(WHOLE) {
            let found = if millionths < 0 { -1 } else { most.saturating_add(1) };
            return Err(ConfigError::OutOfRange { key: key.into(), value: found, least, most });
        }
        Ok(Ratio(millionths))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// `-1.25` in millionths; exponents are not read.
fn millionths(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    whole.checked_mul(WHOLE)?.checked_add(part)?.checked_mul(sign)
}

/// The error for a word that is none of `allowed`.
fn not_one_of(key: &str, value: &str, allowed: &[&str]) -> ConfigError {
    let allowed = allowed.join(", ").into();
    ConfigError::NotOneOf { key: key.into(), value: value.into(), allowed }
}

/// Makes an enum of a setting that is one word of a few (`ConfigDef.ValidString`).
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:literal $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$word_doc])* $variant,)* }

        impl $name {
            /// Every word that it may be, in Kafka's order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// Its word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl $crate::engine::setting::Setting for $name {
            fn parse(
                key: &str,
                value: &str,
                _: (i64, i64),
            ) -> Result<$name, $crate::engine::error::ConfigError> {
                match value.trim() {
                    $($word => Ok($name::$variant),)*
                    _ => Err($crate::engine::setting::not_a_choice(key, value, $name::WORDS)),
                }
            }

            fn text(&self) -> String {
                self.word().to_owned()
            }
        }
    };
}

/// See [`choice`].
#[must_use]
pub fn not_a_choice(key: &str, value: &str, allowed: &[&str]) -> ConfigError {
    not_one_of(key, value, allowed)
}

choice! {
    /// `message.timestamp.type`: whose clock a record's timestamp is of.
    TimestampKind {
        /// The producer's.
        "CreateTime" CreateTime,
        /// The leader's, at the append.
        "LogAppendTime" LogAppendTime,
    }
}

choice! {
    /// `lab.truncation`: how a replica that begins to follow makes its log a prefix of the leader's.
    Truncation {
        /// By leader epochs (KIP-101, KIP-279, KIP-595): only what parts from the leader's log goes.
        "epoch" Epoch,
        /// To its own high watermark, as releases up to 0.10.2 did. That loses committed records.
        "hw" HighWatermark,
    }
}

choice! {
    /// `compression.type`: how a leader stores batches.
    CompressionType {
        /// Not compressed.
        "uncompressed" Uncompressed,
        /// By Zstandard.
        "zstd" Zstd,
        /// By LZ4 frames.
        "lz4" Lz4,
        /// By Snappy, in Xerial's framing.
        "snappy" Snappy,
        /// By gzip.
        "gzip" Gzip,
        /// As the producer sent them.
        "producer" Producer,
    }
}

choice! {
    /// Which release's producer chooses partitions. Kafka's setting is `partitioner.class`; the releases
    /// are a lab switch.
    Partitioner {
        /// Round robin for records without a key, as up to 2.3.
        "2.3" Kafka23,
        /// Without a key one partition until a batch is done, as from 2.4 on (KIP-480).
        "2.4" Kafka24,
        /// Without a key one partition until `batch.size` bytes were produced, as from 3.3 on (KIP-794).
        "3.3" Kafka33,
        /// Kafka's class of this name: round robin for all records.
        "RoundRobinPartitioner" RoundRobin,
    }
}

choice! {
    /// When a member of a group commits.
    CommitMode {
        /// By itself, in `poll`, every `auto.commit.interval.ms`.
        "auto" Auto,
        /// Never.
        "none" None,
        /// Each record before it works on it, and waits: at most once.
        "before" Before,
        /// Each record after it worked on it, and waits: at least once.
        "after" After,
        /// After all that a poll brought, and waits (`commitSync`).
        "sync" Sync,
        /// After all that a poll brought, and goes on (`commitAsync`).
        "async" Async,
    }
}

/// `cleanup.policy`: what makes room in a log. A list; both may be there, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupPolicy {
    /// Keep the last record of each key (`LogConfig.compact`).
    pub compact: bool,
    /// Drop old segments, by time and size (`LogConfig.delete`).
    pub delete: bool,
}

impl CleanupPolicy {
    /// Kafka's default.
    pub const DELETE: CleanupPolicy = CleanupPolicy { compact: false, delete: true };
}

impl Setting for CleanupPolicy {
    fn parse(key: &str, value: &str, _: (i64, i64)) -> Result<CleanupPolicy, ConfigError> {
        let mut policy = CleanupPolicy { compact: false, delete: false };
        for word in value.split(',').map(str::trim) {
            match word {
                "compact" => policy.compact = true,
                "delete" => policy.delete = true,
                "" if value.trim().is_empty() => {}
                _ => return Err(not_one_of(key, word, &["compact", "delete"])),
            }
        }
        Ok(policy)
    }

    fn text(&self) -> String {
        match (self.compact, self.delete) {
            (true, true) => "compact,delete",
            (true, false) => "compact",
            (false, true) => "delete",
            (false, false) => "",
        }
        .to_owned()
    }
}

/// `log.dirs`: where a broker keeps its logs, each on a disk of its own. Empty is one directory
/// (`log.dir`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDirs(Vec<Text>);

/// Most log directories of a broker.
const LOG_DIRS_MAX: usize = 16;

impl LogDirs {
    /// The names, in order; none when there is one directory.
    #[must_use]
    pub fn names(&self) -> &[Text] {
        &self.0
    }

    /// What the paths of each directory's files begin with: `a/`, or nothing when there is one.
    #[must_use]
    pub fn prefixes(&self) -> Vec<Text> {
        match self.0.is_empty() {
            true => vec!["".into()],
            false => self.0.iter().map(|name| format!("{name}/").into()).collect(),
        }
    }
}

/// Names of lower-case letters and digits, each once.
impl Setting for LogDirs {
    fn parse(key: &str, value: &str, _: (i64, i64)) -> Result<LogDirs, ConfigError> {
        let mut names: Vec<Text> = Vec::new();
        for name in value.split(',').map(str::trim).filter(|_| !value.trim().is_empty()) {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            let good = !name.is_empty() && name.chars().all(is_name);
            if !good || names.len() == LOG_DIRS_MAX || names.iter().any(|known| **known == *name) {
                return Err(not_one_of(key, value, &["a", "a,b", "a,b,c", "…"]));
            }
            names.push(name.into());
        }
        Ok(LogDirs(names))
    }

    fn text(&self) -> String {
        self.0.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_directories_are_a_list_of_names() {
        let parse = |text| LogDirs::parse("log.dirs", text, (0, 0));
        let two = parse("a, b").expect("two names");
        assert_eq!((two.text().as_str(), two.prefixes()), ("a,b", vec!["a/".into(), "b/".into()]));
        assert_eq!(parse("").map(|one| one.prefixes()), Ok(vec!["".into()]));
        for bad in ["a,a", "a,", "/d", "t-0", "A"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    fn check_ratio(text: &str, millionths: i64, back: &str) {
        let ratio = Ratio::parse("r", text, (0, 1)).expect("a ratio");
        assert_eq!((ratio.0, ratio.text().as_str()), (millionths, back), "{text}");
    }

    #[test]
    fn a_ratio_is_read_and_printed_as_kafka_prints_doubles() {
        check_ratio("0.5", 500_000, "0.5");
        check_ratio("1", 1_000_000, "1.0");
        check_ratio(".01", 10_000, "0.01");
        check_ratio("0", 0, "0.0");
    }

    #[test]
    fn a_ratio_outside_its_range_is_refused() {
        for text in ["1.000001", "-0.1", "1e-3", "", ".", "half"] {
            assert!(Ratio::parse("r", text, (0, 1)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_ratio_is_exceeded_by_more_and_not_by_as_much() {
        assert!(!Ratio(500_000).is_exceeded_by(5, 10));
        assert!(Ratio(500_000).is_exceeded_by(6, 10));
        assert!(!Ratio(0).is_exceeded_by(0, 0));
    }

    #[test]
    fn a_cleanup_policy_is_a_list() {
        let parse = |text| CleanupPolicy::parse("cleanup.policy", text, (0, 0));
        assert_eq!(parse("delete"), Ok(CleanupPolicy::DELETE));
        assert_eq!(parse("delete, compact"), Ok(CleanupPolicy { compact: true, delete: true }));
        assert_eq!(parse(""), Ok(CleanupPolicy { compact: false, delete: false }));
        let refused = parse("compact,keep").expect_err("keep is no policy").to_string();
        assert_eq!(refused, "cleanup.policy: keep is not one of compact, delete");
    }
}
