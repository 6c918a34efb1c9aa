//! Rules 3 and 4: sizes, opening lines, and things left behind.
//!
//! Why: a file that one sitting can hold is read; one that it cannot is avoided. The first line says
//! whether this is the file one looks for. Code that is switched off is not tested, and version control
//! remembers it better.

use crate::source::{Kind, Source};

/// Most lines of a file; 80 to 350 is the aim.
pub const FILE_LINES_MAX: usize = 600;
/// Most lines of a function, its signature included; under 40 is the aim.
pub const FUNCTION_LINES_MAX: usize = 70;

/// Macros of unfinished work.
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// Files too long.
pub fn file_length(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines, at most {FILE_LINES_MAX}", source.path)]
}

/// Functions too long.
pub fn function_length(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (name, first, last) in functions(source) {
        let lines = last - first + 1;
        if lines > FUNCTION_LINES_MAX {
            let path = &source.path;
            found.push(format!(
                "{path}:{first}: fn {name}: {lines} lines, at most {FUNCTION_LINES_MAX}"
            ));
        }
    }
    found
}

/// Files that do not begin with what they are.
pub fn opening_line(source: &Source) -> Vec<String> {
    let said = source.text.strip_prefix("//! ").is_some_and(|rest| !rest.trim_start().is_empty());
    if said {
        Vec::new()
    } else {
        vec![format!("{}: does not open with `//! what it is`", source.path)]
    }
}

/// The one place where lints are meant to rest: a program that uses less of the engine than the crate
/// does. The same files are linted in full as the crate's.
const USES_LESS: &str = "tests/engine_alone.rs";

/// Unfinished work, and tests or warnings that are switched off.
pub fn nothing_switched_off(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for i in 0..source.tokens.len() {
        for name in UNFINISHED.iter().filter(|name| source.reads(i, &[name, "!"])) {
            found.push(source.at(i, &format!("{name}! is unfinished work")));
        }
        if source.reads(i, &["#", "[", "ignore"]) {
            found.push(source.at(i, "a test that is switched off"));
        }
        let quiet = source.reads(i, &["allow", "("]) && source.path != USES_LESS;
        let list = if quiet { i + 2..source.close_of(i + 1) } else { 0..0 };
        if list.into_iter().any(|k| source.is(k, "clippy") || source.is(k, "dead_code")) {
            found.push(source.at(i, "a lint that is switched off"));
        }
    }
    found
}

/// Comments that are code.
pub fn no_code_in_comments(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let number = index + 1;
        let within = |t: &&crate::source::Token| {
            t.kind == Kind::Str && t.line < number && number <= t.last_line
        };
        let Some(comment) = line.trim_start().strip_prefix("//") else { continue };
        let doc = comment.starts_with(['/', '!']);
        if !doc && looks_like_code(comment.trim()) && !source.tokens.iter().any(|t| within(&t)) {
            found.push(format!("{}:{number}: code in a comment", source.path));
        }
    }
    found
}

/// Name, first and last line of every function that has a body.
pub fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for i in 0..source.tokens.len() {
        let Some(name) = source.tokens.get(i + 1).filter(|t| t.kind == Kind::Ident) else {
            continue;
        };
        if !source.is(i, "fn") {
            continue;
        }
        let mut k = i + 2;
        while k < source.tokens.len() && !source.is(k, "{") && !source.is(k, ";") {
            let nested = source.is(k, "(") || source.is(k, "[");
            k = if nested { source.close_of(k) + 1 } else { k + 1 };
        }
        if source.is(k, "{") {
            let last = source.tokens[source.close_of(k)].line;
            found.push((name.text.clone(), source.tokens[i].line, last));
        }
    }
    found
}

/// Whether a comment reads as Rust: it ends as a statement or a block does, and holds what prose does
/// not.
fn looks_like_code(comment: &str) -> bool {
    let ends = [";", "{", "}", "},", "});", ");"].iter().any(|end| comment.ends_with(end));
    let keyword = ["let ", "pub ", "fn ", "use ", "impl ", "return ", "match ", "#["];
    let starts = keyword.iter().any(|word| comment.starts_with(word));
    let holds = ["(", "=", "::", "}"].iter().any(|mark| comment.contains(mark));
    ends && (starts || holds) || comment.starts_with("#[")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("src/engine/x.rs", text)
    }

    #[test]
    fn a_file_over_the_limit_is_seen() {
        assert_eq!(file_length(&source(&"//! x\n".repeat(FILE_LINES_MAX))).len(), 0);
        assert_eq!(file_length(&source(&"//! x\n".repeat(FILE_LINES_MAX + 1))).len(), 1);
    }

    #[test]
    fn a_function_over_the_limit_is_seen_and_one_at_the_limit_is_not() {
        let function = |lines: usize| {
            let body = "    go();\n".repeat(lines - 2);
            format!("impl X {{\n    fn long(a: [u8; 2]) -> u8 {{\n{body}    }}\n}}\n")
        };
        assert_eq!(function_length(&source(&function(FUNCTION_LINES_MAX))).len(), 0);
        assert_eq!(function_length(&source(&function(FUNCTION_LINES_MAX + 1))).len(), 1);
    }

    #[test]
    fn a_file_must_open_with_what_it_is() {
        assert_eq!(opening_line(&source("//! A log.\n")).len(), 0);
        assert_eq!(opening_line(&source("//!\nuse a::b;\n")).len(), 1);
        assert_eq!(opening_line(&source("use a::b;\n")).len(), 1);
    }

    #[test]
    fn unfinished_and_switched_off_code_is_seen() {
        assert_eq!(nothing_switched_off(&source("fn f() { todo!() }")).len(), 1);
        assert_eq!(nothing_switched_off(&source("fn f() { unimplemented!(); dbg!(1); }")).len(), 2);
        assert_eq!(nothing_switched_off(&source("#[test] #[ignore] fn f() {}")).len(), 1);
        assert_eq!(nothing_switched_off(&source("#[allow(clippy::all)] fn f() {}")).len(), 1);
        assert_eq!(nothing_switched_off(&source("#![allow(dead_code)]")).len(), 1);
        assert_eq!(nothing_switched_off(&source("const A: &str = \"todo!()\";")).len(), 0);
    }

    #[test]
    fn code_in_a_comment_is_seen_and_prose_is_not() {
        let code = |text: &str| no_code_in_comments(&source(text)).len();
        assert_eq!(code("// let a = b;"), 1);
        assert_eq!(code("fn f() {\n    // self.log.append(batch);\n}"), 1);
        assert_eq!(code("// if a == b {"), 1);
        assert_eq!(code("// #[derive(Debug)]"), 1);
        assert_eq!(code("// Kafka waits here (KIP-966); so do we."), 0);
        assert_eq!(code("// The leader answers; then:"), 0);
        assert_eq!(code("/// ```\n/// let a = b;\n/// ```\nstruct A;"), 0);
        assert_eq!(code("const A: &str = \"\n// let a = b;\n\";"), 0);
    }
}
