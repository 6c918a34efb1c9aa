//! Flags of a tool: one table each, read as joptsimple reads a command line (Kafka's
//! `CommandDefaultOptions`: no abbreviations).
//!
//! A table is one text: names with blanks between, `name=` takes an argument, `name=?` may take one.
//! It drives the parser here and completion in the console; the list that `--help` prints is held
//! against it by a test (`console::help`).

use crate::engine::ids::Text;
use crate::engine::program::tool::fault::Fault;

/// Whether a flag takes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// One.
    Argument,
    /// One, unless the next word is a flag or there is none.
    Perhaps,
}

/// The flags of a table.
pub fn flags(table: &'static str) -> impl Iterator<Item = (&'static str, Takes)> {
    table.split_ascii_whitespace().map(|entry| match entry.strip_suffix("=?") {
        Some(name) => (name, Takes::Perhaps),
        None => match entry.strip_suffix('=') {
            Some(name) => (name, Takes::Argument),
            None => (entry, Takes::Nothing),
        },
    })
}

/// A command line, read.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    given: Vec<(&'static str, Option<Text>)>,
    /// What is neither a flag nor an argument of one.
    pub others: Vec<Text>,
}

impl Flags {
    /// Reads a command line (`OptionParser.parse`).
    ///
    /// # Errors
    /// joptsimple's: a flag that is not in the table, or one whose argument is missing.
    pub fn parse(table: &'static str, words: &[Text]) -> Result<Flags, Fault> {
        let mut read = Flags::default();
        let mut rest = words.iter().peekable();
        while let Some(word) = rest.next() {
            if &**word == "--" {
                read.others.extend(rest.cloned());
                break;
            }
            if !looks_like_flag(word) {
                read.others.push(word.clone());
                continue;
            }
            let body = word.strip_prefix("--").or(word.strip_prefix('-')).unwrap_or(word);
            let (name, value) = match body.split_once('=') {
                Some((name, value)) => (name, Some(Text::from(value))),
                None => (body, None),
            };
            let Some((name, takes)) = flags(table).find(|(known, _)| *known == name) else {
                return Err(unrecognized(word, name));
            };
            let value = match takes {
                Takes::Nothing => None,
                Takes::Argument | Takes::Perhaps if value.is_some() => value,
                Takes::Argument => match rest.next() {
                    Some(argument) => Some(argument.clone()),
                    None => return Err(missing_argument(name)),
                },
                Takes::Perhaps => rest.next_if(|next| !looks_like_flag(next)).cloned(),
            };
            read.given.push((name, value));
        }
        Ok(read)
    }

    /// Whether a flag is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// A flag's argument (`OptionSet.valueOf`).
    ///
    /// # Errors
    /// It is there more than once.
    pub fn value<'a>(&'a self, name: &'a str) -> Result<Option<&'a Text>, Fault> {
        let mut values = self.values(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Fault::new(
                "joptsimple.MultipleArgumentsForOptionException",
                &format!("Found multiple arguments for option {name}, but you asked for only one"),
            )),
        }
    }

    /// All flags that are there, in order, with their arguments.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, Option<&Text>)> {
        self.given.iter().map(|(name, value)| (*name, value.as_ref()))
    }

    /// A flag's arguments, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Text> {
        self.given.iter().filter(move |(given, _)| *given == name).filter_map(|(_, v)| v.as_ref())
    }

    /// A flag's argument as a whole number, in Java's `int` or `long`.
    ///
    /// # Errors
    /// It is no such number, or there is more than one.
    pub fn number(&self, name: &str, most: i64) -> Result<Option<i64>, Fault> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        match text.parse::<i64>() {
            Ok(number) if number <= most && number >= -most - 1 => Ok(Some(number)),
            _ => Err(unreadable(text, name, number_fault(text))),
        }
    }

    /// A flag's argument as an `int`.
    ///
    /// # Errors
    /// As [`Flags::number`].
    pub fn int(&self, name: &str) -> Result<Option<i32>, Fault> {
        let number = self.number(name, i64::from(i32::MAX))?;
        Ok(number.and_then(|number| i32::try_from(number).ok()))
    }
}

/// The word that a command line holds and the table does not: what a hint is about.
#[must_use]
pub fn unknown_flag(table: &'static str, words: &[Text]) -> Option<Text> {
    let words = words.iter().take_while(|word| &***word != "--");
    let names = words
        .filter_map(|word| word.strip_prefix("--"))
        .map(|body| body.split_once('=').map_or(body, |(name, _)| name));
    names.map(Text::from).find(|name| !flags(table).any(|(known, _)| *known == **name))
}

fn looks_like_flag(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

fn unrecognized(word: &str, name: &str) -> Fault {
    // A single `-` begins a cluster of one-letter flags: the first letter is what is not known.
    let shown = if word.starts_with("--") { name } else { name.get(..1).unwrap_or(name) };
    let words = format!("{shown} is not a recognized option");
    Fault::new("joptsimple.UnrecognizedOptionException", &words)
}

fn missing_argument(name: &str) -> Fault {
    let words = format!("Option {name} requires an argument");
    Fault::new("joptsimple.OptionMissingRequiredArgumentException", &words)
}

fn number_fault(text: &str) -> Fault {
    Fault::wrapping("joptsimple.internal.ReflectionException", Fault::no_number(text))
}

/// joptsimple's word for an argument that is not of its flag's type.
#[must_use]
pub fn unreadable(text: &str, name: &str, cause: Fault) -> Fault {
    let words = format!("Cannot parse argument '{text}' of option {name}");
    Fault::new("joptsimple.OptionArgumentConversionException", &words).caused(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "list topic= partitions= codec=?";

    fn read(line: &str) -> Result<Flags, Fault> {
        let words: Vec<Text> = line.split_ascii_whitespace().map(Text::from).collect();
        Flags::parse(TABLE, &words)
    }

    fn check_refused(line: &str, told: &str) {
        assert_eq!(read(line).map(|_| ()).expect_err("refused").words(), told);
    }

    #[test]
    fn a_flag_takes_the_next_word_whatever_it_is_or_what_follows_the_sign() {
        let flags = read("--topic --list --partitions=3").expect("reads");
        assert!(!flags.has("list"));
        assert_eq!(flags.value("topic").expect("one").map(|v| &**v), Some("--list"));
        assert_eq!(flags.int("partitions").expect("a number"), Some(3));
    }

    #[test]
    fn an_argument_that_may_be_left_out_is_no_flag() {
        assert_eq!(read("--codec gzip").expect("reads").values("codec").count(), 1);
        assert_eq!(read("--codec --list").expect("reads").values("codec").count(), 0);
        assert!(read("--codec").expect("reads").has("codec"));
    }

    #[test]
    fn what_is_wrong_is_told_in_joptsimples_words() {
        check_refused("--topics a", "topics is not a recognized option");
        check_refused("--topic", "Option topic requires an argument");
        check_refused("-x", "x is not a recognized option");
        let twice = read("--topic a --topic b").expect("reads");
        let told = twice.value("topic").map(|_| ()).expect_err("twice");
        assert_eq!(
            told.words(),
            "Found multiple arguments for option topic, but you asked for only one"
        );
        let many =
            read("--partitions many").expect("reads").int("partitions").expect_err("no number");
        assert_eq!(many.trace().lines().count(), 3);
    }
}
