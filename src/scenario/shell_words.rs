//! A command line as a shell reads it: words, quotes, backslashes, comments.
//!
//! What POSIX calls quoting, and `$'…'` for signs that no line can hold; nothing is expanded. Going to
//! words and back changes nothing.

use std::fmt::Write;

use crate::engine::ids::Text;

/// Reads a line; `None` when a quote is not closed.
#[must_use]
pub fn split(line: &str) -> Option<Vec<Text>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' => words.extend(word.take().map(Text::from)),
            '#' if word.is_none() => break,
            '\\' => word.get_or_insert_default().push(rest.next()?),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '\\' if matches!(rest.peek(), Some('"' | '\\' | '$' | '`')) => {
                            word.extend(rest.next());
                        }
                        c => word.push(c),
                    }
                }
            }
            '$' if rest.next_if_eq(&'\'').is_some() => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        '\\' => word.push(escaped(&mut rest)?),
                        c => word.push(c),
                    }
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.map(Text::from));
    Some(words)
}

/// What stands behind the backslash of `$'\n'`.
fn escaped(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    Some(match rest.next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'u' => {
            let digits: String = (0..4).map_while(|_| rest.next()).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
        }
        c => c,
    })
}

/// Words as a line that reads as them.
#[must_use]
pub fn join(words: &[Text]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// The same, with the first word in quotes whether it needs them or not.
#[must_use]
pub fn join_quoted(first: &str, rest: &[Text]) -> String {
    let mut line = quoted(first);
    if line == first {
        line = format!("'{first}'");
    }
    if !rest.is_empty() {
        line.push(' ');
        line.push_str(&join(rest));
    }
    line
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_.,:/=@%+-[]{}?*^!~|;<>()&".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if !word.chars().any(char::is_control) {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    let mut text = String::from("$'");
    for c in word.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\'' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, wanted: &[&str]) {
        let words = split(line).expect("a line");
        assert_eq!(words.iter().map(|word| &**word).collect::<Vec<_>>(), wanted, "{line}");
        assert_eq!(split(&join(&words)), Some(words), "{line}");
    }

    #[test]
    fn words_are_read_as_a_shell_reads_them() {
        check("kafka-topics --list", &["kafka-topics", "--list"]);
        check(r#"a "b c" 'd "e"' f\ g "" # end"#, &["a", "b c", "d \"e\"", "f g", ""]);
        check(r#"--topic "t\.x" 'it'\''s'"#, &["--topic", "t\\.x", "it's"]);
        check(r"$'a\tb\n\u0001' $x a#b", &["a\tb\n\u{1}", "$x", "a#b"]);
        check("", &[]);
    }

    #[test]
    fn an_open_quote_is_no_line() {
        for line in ["a 'b", "\"a", "a\\", "$'x"] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
