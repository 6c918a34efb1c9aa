//! Rules 2: what would make the engine differ between two machines, or between two runs.
//!
//! Why: a link, a saved session and a lesson's verdict are a config, a seed and commands, replayed. One
//! clock read, one hash-order loop, one float that rounds elsewhere, one number as wide as a pointer,
//! and the replay shows something that never happened.

use crate::source::{Kind, Source};

/// Names that the engine never says, and why.
const NEVER: &[(&str, &str)] = &[
    ("f32", "floats round differently"),
    ("f64", "floats round differently"),
    ("HashMap", "iterates in hash order; BTreeMap does not"),
    ("HashSet", "iterates in hash order; BTreeSet does not"),
    ("SystemTime", "the engine's time is virtual"),
    ("Instant", "the engine's time is virtual"),
    ("async", "the world steps on one thread"),
    ("await", "the world steps on one thread"),
    ("Mutex", "the world steps on one thread"),
    ("Arc", "the world steps on one thread; Rc shares"),
    ("getrandom", "chance comes from the world's seeded streams"),
];

/// Paths that the engine never takes.
const NEVER_PATHS: &[(&[&str], &str)] = &[
    (&["std", ":", ":", "time"], "the engine's time is virtual"),
    (&["std", ":", ":", "thread"], "the world steps on one thread"),
    (&["std", ":", ":", "fs"], "the engine does no I/O"),
    (&["std", ":", ":", "net"], "the engine does no I/O"),
    (&["std", ":", ":", "env"], "the engine reads nothing of its surroundings"),
];

fn in_engine(source: &Source) -> bool {
    source.path.starts_with("src/engine/")
}

/// Clocks, hashes, floats, threads and I/O.
pub fn nothing_that_differs(source: &Source) -> Vec<String> {
    if !in_engine(source) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (i, token) in source.tokens.iter().enumerate() {
        match token.kind {
            Kind::Ident => {
                for (name, why) in NEVER.iter().filter(|(name, _)| token.text == *name) {
                    found.push(source.at(i, &format!("{name}: {why}")));
                }
                for (path, why) in NEVER_PATHS.iter().filter(|(path, _)| source.reads(i, path)) {
                    found.push(source.at(i, &format!("{}: {why}", path.concat())));
                }
            }
            // `pair.0.1` holds the token `0.1`, which is no number.
            Kind::Literal if is_float(&token.text) && !(i > 0 && source.is(i - 1, ".")) => {
                found.push(source.at(i, &format!("{}: floats round differently", token.text)));
            }
            _ => {}
        }
    }
    found
}

/// `usize` and `isize` in fields: 32 bits in the page, 64 natively. A type that borrows (`Reader<'a>`)
/// is a cursor over bytes in hand: nothing that borrows is stored in a world or in an event.
pub fn no_pointer_width_in_state(source: &Source) -> Vec<String> {
    if !in_engine(source) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for i in 0..source.tokens.len() {
        let is_type = (source.is(i, "struct") || source.is(i, "enum"))
            && source.tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Ident);
        if !is_type || source.reads(i + 2, &["<", "'"]) {
            continue;
        }
        let body = (i + 2..source.tokens.len())
            .find(|k| source.is(*k, "{") || source.is(*k, "(") || source.is(*k, ";"));
        let Some(open) = body.filter(|k| !source.is(*k, ";")) else { continue };
        let fields = open..source.close_of(open);
        for k in fields.filter(|k| source.is(*k, "usize") || source.is(*k, "isize")) {
            found.push(
                source.at(k, "pointer-wide number in stored state: u32 or u64 says its size"),
            );
        }
    }
    found
}

fn is_float(literal: &str) -> bool {
    let number = literal.starts_with(|c: char| c.is_ascii_digit()) && !literal.starts_with("0x");
    number && (literal.contains('.') || literal.ends_with("f32") || literal.ends_with("f64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(text: &str) -> usize {
        nothing_that_differs(&Source::new("src/engine/x.rs", text)).len()
    }

    #[test]
    fn floats_are_seen_as_types_and_as_literals() {
        assert_eq!(differs("fn f(a: f64) -> f32 { 1.5 }"), 3);
        assert_eq!(differs("fn f(p: ((u8, u8), u8)) -> u8 { p.0.1 }"), 0);
    }

    #[test]
    fn hashes_clocks_threads_and_files_are_seen() {
        assert_eq!(differs("use std::collections::HashMap;"), 1);
        assert_eq!(differs("use std::time::Instant;"), 2);
        assert_eq!(differs("fn f() { std::thread::spawn(g); std::fs::read(p); }"), 2);
        assert_eq!(differs("async fn f() {}"), 1);
    }

    #[test]
    fn words_in_comments_and_strings_are_not_code() {
        assert_eq!(differs("//! No HashMap here.\n/// Nor f64.\nconst A: &str = \"Instant\";"), 0);
    }

    #[test]
    fn other_modules_may_use_what_the_engine_may_not() {
        let source = Source::new("src/view/scene.rs", "fn f(a: f64) {}");
        assert_eq!(nothing_that_differs(&source).len(), 0);
    }

    #[test]
    fn a_usize_field_is_seen_and_a_local_one_is_not() {
        let width = |text| no_pointer_width_in_state(&Source::new("src/engine/x.rs", text)).len();
        assert_eq!(width("pub struct A<T> where T: B { at: usize }"), 1);
        assert_eq!(width("struct A(Vec<usize>);"), 1);
        assert_eq!(width("enum A { B { at: usize }, C(isize) }"), 2);
        assert_eq!(width("struct Reader<'a> { bytes: &'a [u8], at: usize }"), 0);
        assert_eq!(width("struct A; fn f() { let i: usize = 0; }"), 0);
    }
}
