//! Links: `#v1.` and a scenario, small enough for a chat, strict enough to be opened from anywhere.
//!
//! The payload is scenario text, with `engine=N` and the digest of the final state. A short text
//! stays readable: every sign that a URL cannot carry has another one in its place
//! (`at+5s+kill+b2;hold+b1-b3`). A longer one is deflated and written in base64url behind a `z`.
//! Nothing is executed. The reader is bounded in size before and after inflating, refuses as a whole,
//! and names what it refused and where.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use thiserror::Error;

use crate::i18n::Phrase;
use crate::scenario::ast::{Scenario, TEXT_BYTES_MAX};
use crate::scenario::error::ParseError;
use crate::scenario::parser::parse;
use crate::scenario::printer::print;
use crate::scenario::version::ENGINE_VERSION;

/// What every link of this form begins with, behind the `#`.
pub const PREFIX: &str = "v1.";
/// Longest link that is made to be shared as a link; beyond it, a file.
pub const SHARED_CHARS_MAX: usize = 2_000;
/// Longest link that is read.
pub const READ_CHARS_MAX: usize = 1_048_576;
/// A readable payload is preferred up to this length.
const READABLE_CHARS_MAX: usize = 600;

/// Signs that a URL's fragment does not carry well, and what stands for them.
const SIGNS: &[(char, char)] =
    &[(' ', '+'), ('\n', ';'), ('{', '('), ('}', ')'), ('|', '*'), ('>', '!'), ('#', '$')];

/// A link that was refused. What was open stays open.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// The hash does not begin with `v1.`.
    #[error("not a link of version 1: it begins with {found}")]
    Version {
        /// How it begins.
        found: String,
    },
    /// Nothing follows `v1.`.
    #[error("the link is empty behind v1.")]
    Empty,
    /// More characters than are read.
    #[error("the link has {found} characters, at most {most} are read")]
    TooLong {
        /// Characters found.
        found: u64,
        /// Most allowed.
        most: u64,
    },
    /// A character that no link holds.
    #[error("character {at} of the link, {found}, does not belong in a link")]
    Character {
        /// Its number, from 1, counted from the `v` of `v1.`.
        at: u64,
        /// The character.
        found: char,
    },
    /// `~` without two hexadecimal digits.
    #[error("character {at} of the link: ~ must be followed by two hexadecimal digits")]
    Escape {
        /// Its number, from 1.
        at: u64,
    },
    /// The link stops in the middle of its base64.
    #[error("the link is cut off: {found} characters of base64 are no whole number of bytes")]
    Truncated {
        /// Characters of base64.
        found: u64,
    },
    /// The bytes are no deflate stream, or end early.
    #[error("the packed text is damaged after {read} of {bytes} bytes")]
    Inflate {
        /// Bytes that could be read.
        read: u64,
        /// Bytes in all.
        bytes: u64,
    },
    /// More text than is read.
    #[error("the packed text is larger than {most} bytes")]
    TooLarge {
        /// Most allowed.
        most: u64,
    },
    /// Bytes behind the end of the packed text.
    #[error("{count} bytes stand behind the end of the packed text")]
    Trailing {
        /// How many.
        count: u64,
    },
    /// The text is not UTF-8.
    #[error("byte {at} of the text is not UTF-8")]
    NotUtf8 {
        /// Its number, from 1.
        at: u64,
    },
    /// The text is not a scenario.
    #[error("{0}")]
    Text(#[from] ParseError),
    /// The text says nothing of the engine that made it.
    #[error("the link does not say which engine made it (engine=…)")]
    NoEngine,
}

/// A link that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it holds.
    pub scenario: Scenario,
    /// `Some` when another version of the engine made it: it runs, with a notice, and nothing judges.
    pub other_engine: Option<u32>,
}

/// Writes a scenario as the part of a URL behind `#`, `v1.` included. The engine's version is put in.
#[must_use]
pub fn encode(scenario: &Scenario) -> String {
    let marked =
        Scenario { engine: Some(scenario.engine.unwrap_or(ENGINE_VERSION)), ..scenario.clone() };
    let text = print(&marked);
    let readable = transliterate(text.trim_end());
    if readable.len() <= READABLE_CHARS_MAX {
        return format!("{PREFIX}{readable}");
    }
    let packed = format!("z{}", URL_SAFE_NO_PAD.encode(deflate(text.as_bytes())));
    if packed.len() < readable.len() {
        format!("{PREFIX}{packed}")
    } else {
        format!("{PREFIX}{readable}")
    }
}

/// Reads a link: a hash, with or without its `#`.
///
/// # Errors
/// The first thing in it that is not right; nothing of the link is used then.
pub fn decode(hash: &str) -> Result<Opened, LinkError> {
    let hash = hash.strip_prefix('#').unwrap_or(hash);
    if hash.len() > READ_CHARS_MAX {
        let (found, most) = (hash.len() as u64, READ_CHARS_MAX as u64);
        return Err(LinkError::TooLong { found, most });
    }
    let Some(payload) = hash.strip_prefix(PREFIX) else {
        return Err(LinkError::Version { found: hash.chars().take(12).collect() });
    };
    let text = match payload.strip_prefix('z') {
        _ if payload.is_empty() => return Err(LinkError::Empty),
        Some(packed) => inflate(&unpack(packed)?)?,
        None => read_back(payload)?,
    };
    let scenario = parse(&text)?;
    let engine = scenario.engine.ok_or(LinkError::NoEngine)?;
    let other_engine = (engine != ENGINE_VERSION).then_some(engine);
    Ok(Opened { scenario, other_engine })
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.=:,@/".contains(&byte)
}

fn transliterate(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some((_, sign)) = SIGNS.iter().find(|(plain, _)| *plain == c) {
            out.push(*sign);
        } else if u8::try_from(c).is_ok_and(is_plain) {
            out.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("~{byte:02x}"));
            }
        }
    }
    out
}

fn read_back(payload: &str) -> Result<String, LinkError> {
    let place = |index: usize| (PREFIX.len() + index + 1) as u64;
    let mut bytes = Vec::with_capacity(payload.len());
    let mut rest = payload.chars().enumerate();
    while let Some((index, c)) = rest.next() {
        if let Some((plain, _)) = SIGNS.iter().find(|(_, sign)| *sign == c) {
            bytes.push(u8::try_from(*plain).unwrap_or(b'?'));
        } else if c == '~' {
            let digits: String = rest.by_ref().take(2).map(|(_, digit)| digit).collect();
            let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 2);
            bytes.push(byte.ok_or(LinkError::Escape { at: place(index) })?);
        } else {
            let plain = u8::try_from(c).ok().filter(|b| is_plain(*b));
            bytes.push(plain.ok_or(LinkError::Character { at: place(index), found: c })?);
        }
    }
    to_text(bytes)
}

fn unpack(packed: &str) -> Result<Vec<u8>, LinkError> {
    URL_SAFE_NO_PAD.decode(packed).map_err(|error| match error {
        base64::DecodeError::InvalidByte(index, _)
        | base64::DecodeError::InvalidLastSymbol(index, _) => {
            let found = packed.get(index..).and_then(|rest| rest.chars().next()).unwrap_or('?');
            LinkError::Character { at: (PREFIX.len() + 1 + index + 1) as u64, found }
        }
        _ => LinkError::Truncated { found: packed.len() as u64 },
    })
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    DeflateEncoder::new(bytes, Compression::best())
        .read_to_end(&mut packed)
        .expect("reading from memory does not fail");
    packed
}

fn inflate(packed: &[u8]) -> Result<String, LinkError> {
    let most = TEXT_BYTES_MAX as u64;
    let mut decoder = DeflateDecoder::new(packed).take(most + 1);
    let mut text = Vec::new();
    let outcome = decoder.read_to_end(&mut text);
    let read = decoder.get_ref().total_in();
    let bytes = packed.len() as u64;
    if text.len() as u64 > most {
        return Err(LinkError::TooLarge { most });
    }
    outcome.map_err(|_| LinkError::Inflate { read, bytes })?;
    if read < bytes {
        return Err(LinkError::Trailing { count: bytes - read });
    }
    to_text(text)
}

fn to_text(bytes: Vec<u8>) -> Result<String, LinkError> {
    String::from_utf8(bytes)
        .map_err(|error| LinkError::NotUtf8 { at: error.utf8_error().valid_up_to() as u64 + 1 })
}

impl LinkError {
    /// What was refused and where, as phrases to show one after the other.
    #[must_use]
    pub fn phrases(&self) -> Vec<Phrase> {
        let phrase = Phrase::new;
        let one = match self {
            LinkError::Version { found } => {
                phrase("error-link-version").with("found", found.as_str())
            }
            LinkError::Empty => phrase("error-link-empty"),
            LinkError::TooLong { found, most } => {
                phrase("error-link-too-long").with("found", *found).with("most", *most)
            }
            LinkError::Character { at, found } => {
                phrase("error-link-character").with("at", *at).with("found", found.to_string())
            }
            LinkError::Escape { at } => phrase("error-link-escape").with("at", *at),
            LinkError::Truncated { found } => phrase("error-link-truncated").with("found", *found),
            LinkError::Inflate { read, bytes } => {
                phrase("error-link-inflate").with("read", *read).with("bytes", *bytes)
            }
            LinkError::TooLarge { most } => phrase("error-link-too-large").with("most", *most),
            LinkError::Trailing { count } => phrase("error-link-trailing").with("count", *count),
            LinkError::NotUtf8 { at } => phrase("error-link-utf8").with("at", *at),
            LinkError::NoEngine => phrase("error-link-no-engine"),
            LinkError::Text(error) => {
                let mut phrases = vec![phrase("error-link-text")];
                phrases.extend(error.phrases());
                return phrases;
            }
        };
        vec![one]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::Command;
    use crate::engine::ids::{BrokerId, NodeId};

    const TEXT: &str = "brokers 3\nseed 7\ntopic t: b1>b2>b3 | b2>b1 {min.insync.replicas=2}\n\
        producer web{topic=t, acks=1}\nat 5.000123s#42 kill b2\nat 6s send web \"两 个\" k:v@1\n";

    fn scenario() -> Scenario {
        parse(TEXT).expect("a scenario")
    }

    fn long_scenario() -> Scenario {
        let lines: String =
            (0..60).map(|n| format!("at {}s send web record-{n}\n", n + 2)).collect();
        parse(&format!("{TEXT}{lines}")).expect("a scenario")
    }

    fn refused(hash: &str) -> LinkError {
        decode(hash).expect_err("the link is damaged")
    }

    #[test]
    fn a_short_link_can_be_read_by_eye_and_carries_no_percent_sign() {
        let link = encode(&scenario());
        assert!(link.contains("topic+t:+b1!b2!b3+*+b2!b1+(min.insync.replicas=2)"), "{link}");
        let safe = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&b);
        assert!(link.bytes().all(safe), "{link}");
    }

    #[test]
    fn what_was_encoded_is_decoded_short_and_long() {
        for made in [scenario(), long_scenario()] {
            let opened = decode(&format!("#{}", encode(&made))).expect("a sound link");
            assert_eq!(opened.other_engine, None);
            assert_eq!(opened.scenario, Scenario { engine: Some(ENGINE_VERSION), ..made });
        }
        assert!(encode(&long_scenario()).starts_with("v1.z"), "long texts are packed");
    }

    #[test]
    fn another_engine_is_a_notice_and_not_an_error() {
        let made = Scenario { engine: Some(ENGINE_VERSION + 1), ..scenario() };
        let opened = decode(&encode(&made)).expect("it opens all the same");
        assert_eq!(opened.other_engine, Some(ENGINE_VERSION + 1));
    }

    #[test]
    fn what_is_refused_is_named_with_its_place() {
        assert_eq!(refused("#v2.abc"), LinkError::Version { found: "v2.abc".into() });
        assert_eq!(refused("#v1."), LinkError::Empty);
        assert_eq!(refused("#v1.seed+1%20"), LinkError::Character { at: 10, found: '%' });
        assert_eq!(refused("#v1.seed~2"), LinkError::Escape { at: 8 });
        assert_eq!(refused("#v1.seed+1"), LinkError::NoEngine);
        assert_eq!(refused("#v1.~ff"), LinkError::NotUtf8 { at: 1 });
        assert_eq!(refused("#v1.zA*"), LinkError::Character { at: 6, found: '*' });
        let LinkError::Text(error) = refused("#v1.engine=1;kil+b1") else { panic!("a text error") };
        assert_eq!((error.line, error.column, error.suggestion.as_deref()), (2, 1, Some("kill")));
    }

    #[test]
    fn a_packed_link_that_was_cut_or_extended_is_refused() {
        let link = encode(&long_scenario());
        for end in 5..link.len() {
            assert!(decode(&link[..end]).is_err(), "cut at {end}");
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(&link[4..]).expect("base64");
        bytes.extend([1, 2, 3]);
        let extended = format!("v1.z{}", URL_SAFE_NO_PAD.encode(bytes));
        assert_eq!(refused(&extended), LinkError::Trailing { count: 3 });
    }

    #[test]
    fn a_small_link_cannot_become_a_large_text() {
        let bomb = URL_SAFE_NO_PAD.encode(deflate(&vec![b' '; 10_000_000]));
        let most = TEXT_BYTES_MAX as u64;
        assert_eq!(refused(&format!("v1.z{bomb}")), LinkError::TooLarge { most });
    }

    #[test]
    fn any_single_damaged_character_is_noticed_or_leaves_a_sound_scenario() {
        let link = encode(&long_scenario());
        for at in 4..link.len() {
            let mut damaged = link.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).expect("ASCII");
            if let Ok(opened) = decode(&damaged) {
                assert_ne!(opened.scenario, Scenario { engine: Some(1), ..long_scenario() });
            }
        }
    }

    #[test]
    fn a_link_keeps_the_commands_of_a_session() {
        let made = scenario();
        let kill = &made.commands.iter().find(|c| c.before.is_some()).expect("a recorded command");
        assert_eq!(kill.command, Command::Kill { node: NodeId::Broker(BrokerId(2)) });
        assert!(decode(&encode(&made)).expect("sound").scenario.commands.contains(kill));
    }
}
