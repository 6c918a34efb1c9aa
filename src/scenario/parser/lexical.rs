//! Words, numbers, times and names of the scenario language, within one line.
//!
//! A word is bare (letters and digits of any script and `_ . - + * / ! ? $ & %`) or quoted (`"two words"`,
//! with `\"`, `\\`, `\n`, `\t` and `\u{1f600}`). Every function leaves the input where the
//! trouble is, so that a failure knows its column.

use winnow::ascii::digit1;
use winnow::combinator::opt;
use winnow::error::ParserError;
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, one_of, take_while};

use crate::engine::ids::{EventId, Text};
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, TIME_MAX};
use crate::scenario::error::{Problem, Wanted};

/// One line that is being read.
pub(super) type Input<'i> = LocatingSlice<&'i str>;

/// What every parser here returns.
pub(super) type Parsed<T> = Result<T, Fail>;

/// A failure within a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fail {
    /// Byte of the line at which it shows.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
    /// A known word near the one found.
    pub suggestion: Option<Text>,
}

impl ParserError<Input<'_>> for Fail {
    type Inner = Fail;

    fn from_input(input: &Input<'_>) -> Fail {
        expected(input, Wanted::Word)
    }

    fn into_inner(self) -> Result<Fail, Fail> {
        Ok(self)
    }
}

/// "Expected `wanted` here."
pub(super) fn expected(input: &Input<'_>, wanted: Wanted) -> Fail {
    let rest: &str = input;
    let end = rest.find([' ', '\t', ',', '{', '}', '=', '|']).filter(|end| *end > 0);
    let shown: String = match end {
        Some(end) => rest[..end].chars().take(40).collect(),
        None => rest.chars().take(if rest.starts_with(is_sign) { 1 } else { 40 }).collect(),
    };
    let suggestion = meant(wanted, &shown);
    let problem = Problem::Expected { wanted, found: shown.into() };
    Fail { offset: input.current_token_start(), problem, suggestion }
}

/// What was meant by a number without its unit, by another unit's name, by a broker's number alone.
fn meant(wanted: Wanted, found: &str) -> Option<Text> {
    let digits = found.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = found.split_at(digits);
    if number.is_empty() {
        return None;
    }
    match (wanted, unit) {
        (Wanted::Broker | Wanted::Host, "") => Some(format!("b{number}").into()),
        (Wanted::Time, "" | "sec" | "secs" | "second" | "seconds" | "S") => {
            Some(format!("{number}s").into())
        }
        (Wanted::Time, "msec" | "msecs" | "millis" | "MS") => Some(format!("{number}ms").into()),
        (Wanted::Time, "mins" | "minute" | "minutes") => Some(format!("{number}m").into()),
        (Wanted::Time, "hour" | "hours") => Some(format!("{number}h").into()),
        _ => None,
    }
}

/// A failure at a byte of the line.
pub(super) fn fail_at(offset: usize, problem: Problem) -> Fail {
    Fail { offset, problem, suggestion: None }
}

/// Where the input stands, in bytes of the line.
pub(super) fn here(input: &Input<'_>) -> usize {
    input.current_token_start()
}

fn is_sign(c: char) -> bool {
    matches!(c, ',' | '{' | '}' | '=' | '|' | ' ' | '\t')
}

/// Whether a bare word may hold this character.
pub(in crate::scenario) fn is_bare(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '.' | '-' | '+' | '*' | '/' | '!' | '?' | '$' | '&' | '%')
}

/// Whether a bare host may hold this character: `-` stands between the hosts of a pair.
pub(in crate::scenario) fn is_bare_host(c: char) -> bool {
    c != '-' && is_bare(c)
}

/// Blanks, perhaps none.
pub(super) fn blanks(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., [' ', '\t']).void().parse_next(input)
}

/// Blanks, at least one, before `wanted`.
pub(super) fn gap(input: &mut Input<'_>, wanted: Wanted) -> Parsed<()> {
    let start = *input;
    let found: Parsed<&str> = take_while(1.., [' ', '\t']).parse_next(input);
    found.map(|_| ()).map_err(|_| expected(&start, wanted))
}

/// One certain sign, with blanks around it.
pub(super) fn sign(input: &mut Input<'_>, wanted: char) -> Parsed<()> {
    blanks(input)?;
    let start = *input;
    let found: Parsed<char> = one_of(wanted).parse_next(input);
    found.map_err(|_| expected(&start, Wanted::Sign(wanted)))?;
    blanks(input)
}

/// Whether one certain sign comes next (after blanks); takes it if so.
pub(super) fn has_sign(input: &mut Input<'_>, wanted: char) -> bool {
    let start = *input;
    let found = sign(input, wanted).is_ok();
    if !found {
        *input = start;
    }
    found
}

/// Nothing more but a comment.
pub(super) fn end_of_line(input: &mut Input<'_>) -> Parsed<()> {
    blanks(input)?;
    if input.is_empty() || input.starts_with('#') {
        return Ok(());
    }
    Err(expected(input, Wanted::EndOfLine))
}

/// A word, bare or quoted.
pub(super) fn word(input: &mut Input<'_>, wanted: Wanted) -> Parsed<Text> {
    word_of(input, wanted, is_bare)
}

/// A host's name, bare (without `-`) or quoted.
pub(super) fn host_word(input: &mut Input<'_>, wanted: Wanted) -> Parsed<Text> {
    word_of(input, wanted, is_bare_host)
}

fn word_of(input: &mut Input<'_>, wanted: Wanted, bare: fn(char) -> bool) -> Parsed<Text> {
    if input.starts_with('"') {
        return quoted(input);
    }
    let start = *input;
    let found: Parsed<&str> = take_while(1.., bare).parse_next(input);
    found.map(Text::from).map_err(|_| expected(&start, wanted))
}

fn quoted(input: &mut Input<'_>) -> Parsed<Text> {
    let start = here(input);
    '"'.parse_next(input)?;
    let mut text = String::new();
    loop {
        let next: Parsed<char> = any.parse_next(input);
        match next {
            Ok('"') => return Ok(text.into()),
            Ok('\\') => text.push(escape(input)?),
            Ok(c) => text.push(c),
            Err(_) => {
                let wanted = Wanted::ClosingQuote;
                return Err(fail_at(start, Problem::Expected { wanted, found: text.into() }));
            }
        }
    }
}

fn escape(input: &mut Input<'_>) -> Parsed<char> {
    let start = *input;
    let next: Parsed<char> = any.parse_next(input);
    match next {
        Ok(c @ ('"' | '\\')) => Ok(c),
        Ok('n') => Ok('\n'),
        Ok('t') => Ok('\t'),
        Ok('u') => unicode(input).ok_or_else(|| expected(&start, Wanted::Keyword("\\u{…}"))),
        _ => Err(expected(&start, Wanted::Keyword("\\\" \\\\ \\n \\t \\u{…}"))),
    }
}

fn unicode(input: &mut Input<'_>) -> Option<char> {
    let open: Parsed<char> = '{'.parse_next(input);
    open.ok()?;
    let digits: Parsed<&str> = take_while(1..=6, |c: char| c.is_ascii_hexdigit()).parse_next(input);
    let digits = digits.ok()?;
    let close: Parsed<char> = '}'.parse_next(input);
    close.ok()?;
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

/// A whole number in a range.
pub(super) fn number(input: &mut Input<'_>, what: Wanted, least: u64, most: u64) -> Parsed<u64> {
    let start = *input;
    let digits: Parsed<&str> = digit1.parse_next(input);
    let digits = digits.map_err(|_| expected(&start, what))?;
    if input.chars().next().is_some_and(char::is_alphanumeric) {
        return Err(expected(&start, what));
    }
    let value: Option<u64> = digits.parse().ok();
    value.filter(|v| (least..=most).contains(v)).ok_or_else(|| {
        fail_at(here(&start), Problem::OutOfRange { what, found: digits.into(), least, most })
    })
}

/// A span of time: `5s`, `5.000123s`, `20ms`, `100us`, `3m`, `1h`; exact to the microsecond.
pub(super) fn time(input: &mut Input<'_>) -> Parsed<Micros> {
    let start = *input;
    read_time(input).ok_or_else(|| expected(&start, Wanted::Time)).and_then(|micros| {
        if micros > TIME_MAX {
            let found: Text = start.split([' ', '#']).next().unwrap_or_default().into();
            let what = Wanted::Time;
            let most = TIME_MAX.0 / 1_000_000;
            let problem = Problem::OutOfRange { what, found, least: 0, most };
            return Err(fail_at(here(&start), problem));
        }
        Ok(micros)
    })
}

fn read_time(input: &mut Input<'_>) -> Option<Micros> {
    let whole: Parsed<&str> = digit1.parse_next(input);
    let whole: u64 = whole.ok()?.parse().ok()?;
    let dotted: Parsed<Option<char>> = opt('.').parse_next(input);
    let fraction = match dotted.ok()? {
        Some(_) => {
            let digits: Parsed<&str> = digit1.parse_next(input);
            digits.ok()?
        }
        None => "",
    };
    let unit: Parsed<&str> = take_while(1.., char::is_alphabetic).parse_next(input);
    let unit: u64 = match unit.ok()? {
        "us" | "µs" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" | "min" => 60_000_000,
        "h" => 3_600_000_000,
        _ => return None,
    };
    let mut micros = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.bytes().map(|d| u64::from(d - b'0')) {
        if digit != 0 && !place.is_multiple_of(10) {
            return None;
        }
        place /= 10;
        micros = micros.checked_add(digit * place)?;
    }
    Some(Micros(micros))
}

/// A time, and with `#` the ordinal of the event to come: `5.000123s#1042`.
pub(super) fn moment(input: &mut Input<'_>) -> Parsed<Moment> {
    let at = time(input)?;
    let before = if input.starts_with('#') {
        let hash: Parsed<char> = '#'.parse_next(input);
        hash?;
        Some(EventId(number(input, Wanted::Event, 0, u64::MAX)?))
    } else {
        None
    };
    Ok(Moment { at, before })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole<T>(text: &str, parser: impl FnOnce(&mut Input<'_>) -> Parsed<T>) -> Parsed<T> {
        let mut input = Input::new(text);
        let value = parser(&mut input)?;
        end_of_line(&mut input)?;
        Ok(value)
    }

    #[test]
    fn times_are_exact_to_the_microsecond() {
        assert_eq!(whole("5.000123s", time), Ok(Micros(5_000_123)));
        assert_eq!(whole("20ms", time), Ok(Micros(20_000)));
        assert_eq!(whole("1.5m", time), Ok(Micros(90_000_000)));
        assert!(whole("0.5us", time).is_err(), "half a microsecond cannot be kept");
        assert!(whole("5", time).is_err(), "a time has a unit");
        assert!(whole("99999999999h", time).is_err());
    }

    #[test]
    fn a_moment_may_name_the_event_it_stands_before() {
        let moment = whole("5s#1042", moment).expect("a moment");
        assert_eq!(moment, Moment { at: Micros(5_000_000), before: Some(EventId(1_042)) });
    }

    #[test]
    fn quoted_words_hold_any_character() {
        let read = whole(r#""a \"b\" \\ \n \u{4f60}好 #""#, |i| word(i, Wanted::Word));
        assert_eq!(read.as_deref(), Ok("a \"b\" \\ \n 你好 #"));
    }

    #[test]
    fn a_quote_that_does_not_end_is_named_where_it_begins() {
        let fail = whole("\"abc", |i| word(i, Wanted::Word)).expect_err("no end");
        assert_eq!(fail.offset, 0);
        let wanted = Wanted::ClosingQuote;
        assert_eq!(fail.problem, Problem::Expected { wanted, found: "abc".into() });
    }

    #[test]
    fn numbers_keep_to_their_range() {
        assert_eq!(whole("32", |i| number(i, Wanted::Brokers, 1, 32)), Ok(32));
        assert!(whole("33", |i| number(i, Wanted::Brokers, 1, 32)).is_err());
        assert!(whole("99999999999999999999", |i| number(i, Wanted::Number, 0, u64::MAX)).is_err());
        assert!(whole("3x", |i| number(i, Wanted::Number, 0, 9)).is_err());
    }
}
