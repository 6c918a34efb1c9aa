//! Command lines as argparse4j reads them, for the tools that use it, and what it says of wrong ones.
//!
//! A table of flags has the same form as those of joptsimple's tools ([`super::flags`]). Names may be
//! shortened as long as they mean one flag.

use crate::engine::ids::Text;
use crate::engine::program::tool::flags::{Takes, flags};

/// Columns of a terminal.
const WIDTH: usize = 75;

/// A command line, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    given: Vec<(&'static str, Vec<Text>)>,
}

impl Arguments {
    /// Reads one. `many` are flags that take all words up to the next flag.
    ///
    /// # Errors
    /// What argparse4j says.
    pub(super) fn parse(
        table: &'static str,
        many: &[&str],
        words: &[Text],
    ) -> Result<Arguments, String> {
        let mut read = Arguments::default();
        let mut at = 0;
        while at < words.len() {
            let rest = &words[at..];
            let Some(body) = rest[0].strip_prefix("--").filter(|_| is_flag(&rest[0])) else {
                return Err(unrecognized(rest));
            };
            let (name, value) = match body.split_once('=') {
                Some((name, value)) => (name, Some(Text::from(value))),
                None => (body, None),
            };
            let (name, takes) = find(table, name, rest)?;
            let taken: Vec<Text> = match (takes, value) {
                (Takes::Nothing, _) => Vec::new(),
                (_, Some(value)) => vec![value],
                (_, None) => {
                    let most = if many.contains(&name) { usize::MAX } else { 1 };
                    let words = rest[1..].iter().take_while(|word| !is_flag(word)).take(most);
                    words.cloned().collect()
                }
            };
            at += 1 + if body.contains('=') { 0 } else { taken.len() };
            if taken.is_empty() && takes != Takes::Nothing {
                let wanted = if many.contains(&name) { "1 argument(s)" } else { "one argument" };
                return Err(format!("argument --{name}: expected {wanted}"));
            }
            read.given.push((name, taken));
        }
        Ok(read)
    }

    /// Whether a flag is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// All words of a flag, of its last occurrence.
    pub(super) fn all(&self, name: &str) -> Option<&[Text]> {
        self.given.iter().rev().find(|(given, _)| *given == name).map(|(_, words)| &**words)
    }

    /// A flag's word.
    pub(super) fn word(&self, name: &str) -> Option<&Text> {
        self.all(name)?.first()
    }

    /// A flag's word as a number of Java's.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn number(&self, name: &str, most: i64) -> Result<Option<i64>, String> {
        let Some(text) = self.word(name) else { return Ok(None) };
        let kind = if most == i64::MAX { "Long" } else { "Integer" };
        match text.parse::<i64>() {
            Ok(number) if number <= most && number >= -most - 1 => Ok(Some(number)),
            _ => Err(unconvertible(name, text, kind)),
        }
    }

    /// The first flag that was given of two that exclude each other, when both were.
    pub(super) fn conflict(&self, group: &[&str]) -> Result<(), String> {
        let mut first: Option<&str> = None;
        for (name, _) in self.given.iter().filter(|(name, _)| group.contains(name)) {
            match first {
                Some(other) if other != *name => {
                    return Err(format!("argument --{name}: not allowed with argument --{other}"));
                }
                _ => first = Some(name),
            }
        }
        Ok(())
    }
}

/// A word that is no number of its kind.
pub(super) fn unconvertible(name: &str, text: &str, kind: &str) -> String {
    format!(
        "argument --{name}: could not convert '{text}' to {kind} (For input string: \"{text}\")"
    )
}

/// Negative numbers are no flags.
fn is_flag(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && word.parse::<i64>().is_err()
}

fn unrecognized(rest: &[Text]) -> String {
    let rest = rest.iter().map(|word| &**word).collect::<Vec<_>>().join(" ");
    format!("unrecognized arguments: '{rest}'")
}

fn find(table: &'static str, name: &str, rest: &[Text]) -> Result<(&'static str, Takes), String> {
    if let Some(exact) = flags(table).find(|(known, _)| *known == name) {
        return Ok(exact);
    }
    let meant: Vec<(&'static str, Takes)> =
        flags(table).filter(|(known, _)| known.starts_with(name)).collect();
    match meant[..] {
        [one] => Ok(one),
        [] => Err(unrecognized(&rest[..1])),
        _ => {
            let mut names: Vec<String> =
                meant.iter().map(|(known, _)| format!("--{known}")).collect();
            names.sort();
            Err(format!("ambiguous option: --{name} could match {}", names.join(", ")))
        }
    }
}

/// An error as it is printed: broken at blanks and hyphens, and filled up to the width by doubling
/// blanks from the middle (`TextHelper.wrap`).
pub(super) fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for part in parts(text) {
        if line.len() + part.len() > WIDTH && !line.is_empty() {
            lines.push(justified(&line));
            line.clear();
        }
        line.push_str(part);
    }
    lines.push(line);
    lines
}

/// A text cut where a line may end: behind blanks and behind hyphens within words.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let bytes = text.as_bytes();
    let mut start = 0;
    for at in 1..bytes.len() {
        let (before, here) = (bytes[at - 1], bytes[at]);
        let behind_blank = before == b' ' && here != b' ';
        let behind_hyphen = before == b'-' && here.is_ascii_alphabetic();
        let behind_dot = before == b'.' && here.is_ascii_alphabetic() && at - start > 1;
        let before_bracket = here == b'(' && before != b' ';
        if behind_blank || behind_hyphen || behind_dot || before_bracket {
            parts.push(&text[start..at]);
            start = at;
        }
    }
    parts.push(&text[start..]);
    parts
}

fn justified(line: &str) -> String {
    let line = line.trim_end();
    let missing = WIDTH - line.len();
    let words: Vec<&str> = line.split(' ').collect();
    let gaps = words.len() - 1;
    if gaps == 0 {
        return line.to_owned();
    }
    let (each, more) = (missing / gaps, missing % gaps);
    let first = (gaps - more).div_ceil(2);
    let mut text = String::from(words[0]);
    for (gap, word) in words[1..].iter().enumerate() {
        let extra = usize::from((first..first + more).contains(&gap));
        text.extend(std::iter::repeat_n(' ', 1 + each + extra));
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &[&str]) {
        assert_eq!(wrapped(text), wanted);
    }

    #[test]
    fn an_error_is_broken_and_filled_as_argparse4j_does() {
        check(
            "producer-performance: error: one of the arguments --record-size --payload-file \
             --payload-monotonic is required",
            &[
                "producer-performance: error: one of  the arguments --record-size --payload-",
                "file --payload-monotonic is required",
            ],
        );
        check(
            "producer-performance: error: argument --num-records: could not convert 'ten' to Long \
             (For input string: \"ten\")",
            &[
                "producer-performance: error:  argument  --num-records:  could  not  convert",
                "'ten' to Long (For input string: \"ten\")",
            ],
        );
    }

    #[test]
    fn a_flag_may_be_shortened_while_it_is_clear() {
        let words = |line: &str| line.split(' ').map(Text::from).collect::<Vec<_>>();
        let read =
            |line: &str| Arguments::parse("topic= throughput= props=", &["props"], &words(line));
        let read_well = read("--topi a --props b c --throughput -1").expect("it is clear");
        assert_eq!(read_well.word("topic").map(|word| &**word), Some("a"));
        assert_eq!(read_well.all("props").map(<[Text]>::len), Some(2));
        assert_eq!(read_well.number("throughput", i64::MAX), Ok(Some(-1)));
        assert!(read("--t a").is_err_and(|words| words.starts_with("ambiguous option")));
        assert!(read("stray a").is_err_and(|words| words == "unrecognized arguments: 'stray a'"));
    }
}
