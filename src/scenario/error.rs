//! Why a text is not a scenario: where, what stands there, what was expected, what was perhaps meant.
//!
//! Nothing here is a sentence for people: [`ParseError::phrases`] are keys and arguments, put into
//! words by `i18n` (`error-scenario-…`). `Display` is the same in English, for logs and tests.

use thiserror::Error;

use crate::engine::error::ConfigError;
use crate::engine::ids::Text;
use crate::i18n::Phrase;

/// A text that was refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {problem}{}", suggestion.as_ref().map(|s| format!("; did you mean {s}?")).unwrap_or_default())]
pub struct ParseError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub problem: Problem,
    /// A known word close to the one found.
    pub suggestion: Option<Text>,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Something else was expected here.
    #[error("expected {}, found {}", wanted.word(), if found.is_empty() { "the end of the line" } else { found })]
    Expected {
        /// What would be right.
        wanted: Wanted,
        /// What stands here.
        found: Text,
    },
    /// A word that the language, the engine or the scenario does not know.
    #[error("unknown {} {found}", kind.word())]
    Unknown {
        /// What kind of word it should be.
        kind: Wanted,
        /// The word.
        found: Text,
    },
    /// A number outside its range.
    #[error("{} must be in {least}..={most}, found {found}", what.word())]
    OutOfRange {
        /// What the number is.
        what: Wanted,
        /// What stands here.
        found: Text,
        /// Least allowed.
        least: u64,
        /// Most allowed.
        most: u64,
    },
    /// A setting that the engine refuses.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something that may be said once is said again.
    #[error("{what} is already given")]
    Twice {
        /// The word.
        what: Text,
    },
    /// A host on both ends of a link, or on two sides of a split.
    #[error("a link needs two hosts, found {host} on both ends")]
    SameHost {
        /// The host.
        host: Text,
    },
    /// Something that must be said is not.
    #[error("{what} is missing")]
    Missing {
        /// The word.
        what: Text,
    },
    /// The text is larger than allowed.
    #[error("the text has {found} bytes, at most {most} are read")]
    TooLong {
        /// Bytes found.
        found: u64,
        /// Most allowed.
        most: u64,
    },
    /// More commands than allowed.
    #[error("more than {most} commands")]
    TooManyCommands {
        /// Most allowed.
        most: u64,
    },
}

/// What the grammar wants at a place. The words are also the variants that translations select on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A statement's first word.
    Statement,
    /// `5s`, `20ms`, `100us`.
    Time,
    /// A whole number.
    Number,
    /// A number of brokers.
    Brokers,
    /// A number of partitions.
    Partitions,
    /// A number of replicas.
    Replicas,
    /// A broker such as `b1`.
    Broker,
    /// `zk`, a broker or a client program.
    Host,
    /// `b1-b3`.
    Pair,
    /// A name of a topic.
    Topic,
    /// A name of a consumer group.
    Group,
    /// `orders-0`.
    Partition,
    /// A name of a client program.
    Client,
    /// A tool's name, `kafka-topics`, or `on` and a broker.
    Tool,
    /// A word or a quoted text.
    Word,
    /// A setting's name.
    Setting,
    /// A setting's value.
    Value,
    /// `Fetch`, `Produce`, …
    Api,
    /// A record such as `key:value@0`.
    Record,
    /// A file such as `b1/orders-0/x.log`.
    File,
    /// Bytes as hexadecimal digits.
    Bytes,
    /// 32 hexadecimal digits.
    Digest,
    /// The ordinal of an event.
    Event,
    /// `orders-0.leader = b1`, `no lost`, …
    Predicate,
    /// A field of an event or of a thing.
    Field,
    /// The kind of an event, such as `LeaderElected`.
    EventKind,
    /// `=`, `<`, `<=`, `>` or `>=`.
    Comparison,
    /// A name of a moment.
    Moment,
    /// `on` or `off`.
    Switch,
    /// `on`, `off`, `full` or `slow`.
    DiskState,
    /// One certain sign.
    Sign(char),
    /// One certain word.
    Keyword(&'static str),
    /// A quotation mark that ends a text.
    ClosingQuote,
    /// Nothing more on this line.
    EndOfLine,
}

impl Wanted {
    /// One word for it, the same in every language: translations select on it.
    #[must_use]
    pub fn word(self) -> String {
        let word = match self {
            Wanted::Statement => "statement",
            Wanted::Time => "time",
            Wanted::Number => "number",
            Wanted::Brokers => "brokers",
            Wanted::Partitions => "partitions",
            Wanted::Replicas => "replicas",
            Wanted::Broker => "broker",
            Wanted::Host => "host",
            Wanted::Pair => "pair",
            Wanted::Topic => "topic",
            Wanted::Group => "group",
            Wanted::Partition => "partition",
            Wanted::Client => "client",
            Wanted::Tool => "tool",
            Wanted::Word => "word",
            Wanted::Setting => "setting",
            Wanted::Value => "value",
            Wanted::Api => "api",
            Wanted::Record => "record",
            Wanted::File => "file",
            Wanted::Bytes => "bytes",
            Wanted::Digest => "digest",
            Wanted::Event => "event",
            Wanted::Predicate => "predicate",
            Wanted::Field => "field",
            Wanted::EventKind => "event-kind",
            Wanted::Comparison => "comparison",
            Wanted::Moment => "moment",
            Wanted::Switch => "switch",
            Wanted::DiskState => "disk-state",
            Wanted::Sign(sign) => return sign.to_string(),
            Wanted::Keyword(word) => word,
            Wanted::ClosingQuote => "closing-quote",
            Wanted::EndOfLine => "end-of-line",
        };
        word.to_owned()
    }
}

impl Problem {
    /// The problem as a text to translate.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        let phrase = Phrase::new;
        match self {
            Problem::Expected { wanted, found } if found.is_empty() => {
                phrase("error-scenario-expected-more").with("wanted", wanted.word())
            }
            Problem::Expected { wanted, found } => phrase("error-scenario-expected")
                .with("wanted", wanted.word())
                .with("found", found.to_string()),
            Problem::Unknown { kind, found } => phrase("error-scenario-unknown")
                .with("wanted", kind.word())
                .with("found", found.to_string()),
            Problem::OutOfRange { what, found, least, most } => phrase("error-scenario-range")
                .with("wanted", what.word())
                .with("found", found.to_string())
                .with("least", *least)
                .with("most", *most),
            Problem::Config(error) => config_phrase(error),
            Problem::Twice { what } => {
                phrase("error-scenario-twice").with("found", what.to_string())
            }
            Problem::SameHost { host } => {
                phrase("error-scenario-same-host").with("found", host.to_string())
            }
            Problem::Missing { what } => {
                phrase("error-scenario-missing").with("found", what.to_string())
            }
            Problem::TooLong { found, most } => {
                phrase("error-scenario-too-long").with("found", *found).with("most", *most)
            }
            Problem::TooManyCommands { most } => {
                phrase("error-scenario-too-many-commands").with("most", *most)
            }
        }
    }
}

fn config_phrase(error: &ConfigError) -> Phrase {
    let (phrase, key) = match error {
        ConfigError::Unknown { key } => (Phrase::new("error-scenario-setting-unknown"), key),
        ConfigError::NotANumber { key, value } => {
            (Phrase::new("error-scenario-setting-number").with("found", value.to_string()), key)
        }
        ConfigError::NotABoolean { key, value } => {
            (Phrase::new("error-scenario-setting-boolean").with("found", value.to_string()), key)
        }
        ConfigError::NotOneOf { key, value, allowed } => {
            let phrase = Phrase::new("error-scenario-setting-word");
            let phrase = phrase.with("allowed", allowed.to_string());
            (phrase.with("found", value.to_string()), key)
        }
        ConfigError::OutOfRange { key, value, least, most } => {
            let phrase = Phrase::new("error-scenario-setting-range").with("found", *value);
            (phrase.with("least", *least).with("most", *most), key)
        }
    };
    phrase.with("setting", key.to_string())
}

impl ParseError {
    /// What is wrong and where, as phrases to show one after the other: the place, the problem, and
    /// what was perhaps meant.
    #[must_use]
    pub fn phrases(&self) -> Vec<Phrase> {
        let place = Phrase::new("error-scenario-at")
            .with("line", u64::from(self.line))
            .with("column", u64::from(self.column));
        let mut phrases = vec![place, self.problem.phrase()];
        if let Some(word) = &self.suggestion {
            phrases.push(Phrase::new("error-scenario-suggestion").with("word", word.to_string()));
        }
        phrases
    }
}

#[cfg(test)]
mod tests {
    use crate::i18n::{Lang, has};
    use crate::scenario::parser::parse;

    #[test]
    fn every_refusal_has_words_in_every_language() {
        let texts = [
            "kil b1",
            "at 5 kill b1",
            "brokers 99",
            "set no.such=1",
            "set replica.lag.time.max.ms=x",
            "set replica.lag.time.max.ms=0",
            "set controlled.shutdown.enable=maybe",
            "seed 1\nseed 1",
            "producer p{rate=1}",
            "producer p{topic=t, acks=5}",
            "expect no LeaderElectd",
            "expect some LeaderElected{leder=b1}",
            "expect loss",
            "topic t p1 rf1\nexpect t-0.hw ~ 5",
            "at crash kill b1",
            "at 5s kill",
            "at 5s hold b1-b1",
            "run c1 kafka-topcis --list",
        ];
        for text in texts {
            for phrase in parse(text).expect_err("a wrong text").phrases() {
                for lang in Lang::ALL {
                    assert!(has(*lang, phrase.key), "{} in {}", phrase.key, lang.tag());
                    assert!(!phrase.text(*lang).is_empty(), "{text}");
                }
            }
        }
    }
}
