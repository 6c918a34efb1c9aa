//! Whether what a tool printed is what was recorded, placeholders taken for what they stand for.
//!
//! `<topic-id>` 22 characters of base64url; `<consumer-id:X>` `X-` and a UUID; `<auto-group>`
//! `console-consumer-` and up to five digits; `<epoch-ms>` 13 digits; `<date>` log4j's; `<crc>`,
//! `<pid>`, `<n>`, `<ms>`, `<b>` digits; `<b1>`, `<b2>`, … a number, the same for the same name within
//! a step and another for another.

use std::collections::BTreeMap;

/// What stands for a tool's list of options.
pub const USAGE: &str = "<usage>";

/// Values of named placeholders so far.
pub type Bound = BTreeMap<String, String>;

/// Whether a line is as recorded.
#[must_use]
pub fn matches(recorded: &str, got: &str, bound: &mut Bound) -> bool {
    let Some(start) = recorded.find('<') else { return recorded == got };
    let (literal, rest) = recorded.split_at(start);
    let Some(got_rest) = got.strip_prefix(literal) else { return false };
    let Some(end) = rest.find('>') else { return rest == got_rest };
    let (name, after) = (&rest[1..end], &rest[end + 1..]);
    let Some((least, most, is)) = shape(name) else {
        // No placeholder: a sign like any other.
        return got_rest.starts_with('<') && matches(&rest[1..], &got_rest[1..], bound);
    };
    let lead = lead(name);
    let Some(body) = got_rest.strip_prefix(&*lead) else { return false };
    let longest = body.chars().take_while(|c| is(*c)).count().min(most);
    (least..=longest).rev().any(|length| {
        let (value, tail) = body.split_at(length);
        let mut tried = bound.clone();
        let fits = binds(name, value, &mut tried) && matches(after, tail, &mut tried);
        if fits {
            *bound = tried;
        }
        fits
    })
}

fn binds(name: &str, value: &str, bound: &mut Bound) -> bool {
    let is_named = name.strip_prefix('b').is_some_and(|digits| !digits.is_empty());
    if !is_named {
        return true;
    }
    if let Some(known) = bound.get(name) {
        return known == value;
    }
    let is_new = !bound.values().any(|known| known == value);
    bound.insert(name.to_owned(), value.to_owned());
    is_new
}

/// What a placeholder's value begins with.
fn lead(name: &str) -> String {
    match name.split_once(':') {
        Some(("consumer-id", client)) => format!("{client}-"),
        _ if name == "auto-group" => "console-consumer-".to_owned(),
        _ => String::new(),
    }
}

/// Least and most length of a placeholder's value, all in ASCII, and what it consists of.
type Shape = (usize, usize, fn(char) -> bool);

fn shape(name: &str) -> Option<Shape> {
    let digit: fn(char) -> bool = |c| c.is_ascii_digit();
    let base64: fn(char) -> bool = |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let uuid: fn(char) -> bool = |c| c.is_ascii_hexdigit() || c == '-';
    let date: fn(char) -> bool = |c| c.is_ascii_digit() || matches!(c, '-' | ' ' | ':' | ',');
    Some(match name {
        "topic-id" => (22, 22, base64),
        "auto-group" => (1, 5, digit),
        "epoch-ms" => (13, 13, digit),
        "date" => (23, 23, date),
        "crc" | "pid" | "n" => (1, 20, digit),
        "ms" => (1, 20, |c| c.is_ascii_digit() || c == '.'),
        "b" => (1, 3, digit),
        _ if name.starts_with("consumer-id:") => (36, 36, uuid),
        _ => match name.strip_prefix('b') {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => (1, 3, digit),
            _ => return None,
        },
    })
}

/// The first difference between recorded and printed lines; `None`: they fit.
#[must_use]
pub fn difference(
    recorded: &[String],
    got: &[String],
    unordered: bool,
    bound: &mut Bound,
) -> Option<String> {
    if unordered {
        let mut left: Vec<&String> = got.iter().collect();
        for line in recorded {
            match left.iter().position(|got| matches(line, got, bound)) {
                Some(index) => drop(left.remove(index)),
                None => return Some(format!("expected {line:?}, and it is not among {left:?}")),
            }
        }
        return left.first().map(|line| format!("expected no more, got {line:?}"));
    }
    for (index, line) in recorded.iter().enumerate() {
        match got.get(index) {
            None => return Some(format!("expected {line:?}, got no more")),
            Some(printed) if !matches(line, printed, bound) => {
                return Some(format!("expected {line:?}, got {printed:?}"));
            }
            Some(_) => {}
        }
    }
    got.get(recorded.len()).map(|line| format!("expected no more, got {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(recorded: &str, got: &str, wanted: bool) {
        assert_eq!(matches(recorded, got, &mut Bound::new()), wanted, "{recorded} {got}");
    }

    #[test]
    fn a_placeholder_stands_for_its_kind_of_value() {
        check("[<date>] ERROR", "[2026-11-22 21:33:23,761] ERROR", true);
        check("TopicId: <topic-id>\tX", "TopicId: AAAAAAAAAAAAAAAAAAAAAQ\tX", true);
        check("TopicId: <topic-id>\tX", "TopicId: AAAAAAAAAAAAAAAAAAAAA\tX", false);
        check("crc: <crc> is", "crc: 123 is", true);
        check("crc: <crc> is", "crc: x is", false);
        check("<consumer-id:c>  /1", "c-0123456789ab-0123456789ab-0123456789ab  /1", false);
        check("--a <String: x>  y", "--a <String: x>  y", true);
        check("Group <auto-group>,", "Group console-consumer-12345,", true);
    }

    #[test]
    fn a_named_broker_is_the_same_everywhere_and_no_other() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let recorded = lines("L: <b1> R: <b1>,<b2>");
        let differs =
            |got: &str| difference(&recorded, &lines(got), false, &mut Bound::new()).is_some();
        assert!(!differs("L: 3 R: 3,1"));
        assert!(differs("L: 3 R: 1,3"));
        assert!(differs("L: 3 R: 3,3"));
    }
}
