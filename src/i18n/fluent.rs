//! Fluent, as far as our texts go: a text is read while it is written out, without a tree in between.
//!
//! What there is: one line of text a message, arguments, references to other messages, string literals
//! and selectors, which may be nested and break lines. What there is not, because the whole of Fluent
//! weighs more in the page than all of its texts: attributes, terms, functions, escapes, text over
//! several lines. A test holds every text of every language against the crate `fluent-bundle`.

use super::{Arg, Lang};

/// How deep selectors and references nest at most: a text that names itself ends.
const DEPTH: u8 = 8;

/// The messages of one language.
pub(super) struct Texts {
    lang: Lang,
    /// Key and pattern, sorted by key.
    messages: Vec<(&'static str, &'static str)>,
}

impl Texts {
    /// The messages of Fluent files. Of a key that is there twice, the first counts.
    pub(super) fn new(lang: Lang, sources: &[&'static str]) -> Texts {
        let mut messages = Vec::new();
        for source in sources {
            read_messages(source, &mut messages);
        }
        messages.sort_by(|(a, _), (b, _)| a.cmp(b));
        Texts { lang, messages }
    }

    /// Every key, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.messages.iter().map(|(key, _)| *key)
    }

    /// The pattern of a key.
    pub(super) fn pattern(&self, key: &str) -> Option<&'static str> {
        let first = self.messages.partition_point(|(other, _)| *other < key);
        self.messages.get(first).filter(|(found, _)| *found == key).map(|(_, pattern)| *pattern)
    }

    /// The text of a key with its arguments put in; `None` for an unknown key.
    pub(super) fn format(&self, key: &str, args: &[(&str, Arg)]) -> Option<String> {
        let pattern = self.pattern(key)?;
        let mut out = String::with_capacity(pattern.len());
        let mut reader = Reader { texts: self, args, rest: pattern, depth: DEPTH };
        reader.pattern(Some(&mut out));
        Some(out)
    }
}

/// Cuts a file into messages. A line that begins with a letter begins one; comments and empty lines
/// stand between them, and every other line goes on with the one before.
fn read_messages(source: &'static str, messages: &mut Vec<(&'static str, &'static str)>) {
    let mut rest = source;
    while !rest.is_empty() {
        let end = message_end(rest);
        let (message, after) = rest.split_at(end);
        rest = after;
        if message.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some((key, pattern)) = message.split_once('=')
        {
            messages.push((key.trim_end(), pattern.trim()));
        }
    }
}

/// Where the next line begins that is not indented and does not close a selector.
fn message_end(text: &str) -> usize {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if end > 0 && !line.starts_with([' ', '}', '\n', '\r']) {
            break;
        }
        end += line.len();
    }
    end
}

struct Reader<'a> {
    texts: &'a Texts,
    args: &'a [(&'a str, Arg)],
    rest: &'a str,
    depth: u8,
}

impl<'a> Reader<'a> {
    /// Reads a pattern to the end of its line, and writes it out if there is somewhere to.
    fn pattern(&mut self, mut out: Option<&mut String>) {
        self.skip(&[' ']);
        loop {
            let end = self.rest.find(['{', '\n']).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            let goes_on = rest.starts_with('{');
            if let Some(out) = &mut out {
                out.push_str(if goes_on { text } else { text.trim_end() });
            }
            if !goes_on {
                return;
            }
            self.placeable(out.as_deref_mut());
        }
    }

    /// Reads what stands in braces.
    fn placeable(&mut self, out: Option<&mut String>) {
        self.rest = &self.rest[1..];
        self.skip(&[' ', '\n']);
        if let Some(rest) = self.rest.strip_prefix('"') {
            let (text, rest) = rest.split_once('"').unwrap_or((rest, ""));
            self.rest = rest;
            if let Some(out) = out {
                out.push_str(text);
            }
        } else if let Some(rest) = self.rest.strip_prefix('$') {
            self.rest = rest;
            self.argument(out);
        } else {
            let key = self.word();
            if let Some(out) = out {
                self.reference(key, out);
            }
        }
        self.skip(&[' ', '\n']);
        self.rest = self.rest.strip_prefix('}').unwrap_or_default();
    }

    fn reference(&self, key: &str, out: &mut String) {
        if let (Some(rest), Some(depth)) = (self.texts.pattern(key), self.depth.checked_sub(1)) {
            Reader { rest, depth, ..*self }.pattern(Some(out));
        }
    }

    /// An argument, put in or chosen by.
    fn argument(&mut self, out: Option<&mut String>) {
        let name = self.word();
        let value = self.args.iter().find(|(other, _)| *other == name).map(|(_, value)| value);
        self.skip(&[' ']);
        if let Some(rest) = self.rest.strip_prefix("->") {
            self.rest = rest;
            self.select(value, out);
        } else if let Some(out) = out {
            debug_assert!(value.is_some() || name.is_empty(), "no argument {name}");
            match value {
                Some(Arg::Text(text)) => out.push_str(text),
                Some(Arg::Number(number)) => out.push_str(&number.to_string()),
                None => out.push_str(name),
            }
        }
    }

    /// Reads all variants of a selector, then goes back and writes out the one that is meant.
    fn select(&mut self, value: Option<&Arg>, out: Option<&mut String>) {
        let mut meant = None;
        let mut otherwise = None;
        loop {
            self.skip(&[' ', '\n']);
            let is_default = self.rest.starts_with('*');
            let Some(rest) = self.rest.trim_start_matches('*').strip_prefix('[') else { break };
            let (key, rest) = rest.split_once(']').unwrap_or_default();
            self.rest = rest;
            if meant.is_none() && value.is_some_and(|value| self.is_meant(key.trim(), value)) {
                meant = Some(rest);
            }
            if is_default {
                otherwise = Some(rest);
            }
            self.pattern(None);
        }
        if let (Some(rest), Some(depth)) = (meant.or(otherwise), self.depth.checked_sub(1))
            && out.is_some()
        {
            Reader { rest, depth, ..*self }.pattern(out);
        }
    }

    /// Whether a variant is meant by a value: by the same text, the same number, or the number's plural
    /// in this language (CLDR's cardinal rules of English and Chinese).
    fn is_meant(&self, key: &str, value: &Arg) -> bool {
        match value {
            Arg::Text(text) => text == key && key.starts_with(|c: char| c.is_ascii_alphabetic()),
            Arg::Number(number) => match (self.texts.lang, key) {
                (Lang::En, "one") => number.unsigned_abs() == 1,
                (Lang::En, "other") => number.unsigned_abs() != 1,
                (Lang::ZhCn, "other") => true,
                _ => key.parse() == Ok(*number),
            },
        }
    }

    fn word(&mut self) -> &'a str {
        let ends = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        // `-` belongs to names, the arrow of a selector does not.
        let word_end = if rest.starts_with('>') { word.trim_end_matches('-') } else { word };
        self.rest = &self.rest[word_end.len()..];
        word_end
    }

    fn skip(&mut self, what: &[char]) {
        self.rest = self.rest.trim_start_matches(what);
    }
}
