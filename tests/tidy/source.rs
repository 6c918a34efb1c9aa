//! A Rust file as the rules see it: its text, and its tokens with line numbers.
//!
//! Rules read tokens, not text, so a word in a comment or a string is never taken for code, and code
//! inside a macro is seen like any other. Doc comments are tokens too (`#[doc = "…"]`): they are left
//! out here.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or keyword.
    Ident,
    /// One character of punctuation.
    Punct,
    /// A string literal; its text is without quotes.
    Str,
    /// Any other literal.
    Literal,
    /// `(`, `[` or `{`, or the invisible group of a macro.
    Open,
    /// Its end.
    Close,
}

/// One token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// Line of its first character, from 1.
    pub line: usize,
    /// Line of its last character.
    pub last_line: usize,
}

/// A Rust file.
pub struct Source {
    /// Its path from the repository's root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// Its tokens, groups flattened into their ends.
    pub tokens: Vec<Token>,
}

impl Source {
    /// Reads `text` as the file `path`.
    pub fn new(path: &str, text: &str) -> Source {
        let stream = TokenStream::from_str(text)
            .unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        drop_doc_attributes(&mut tokens);
        Source { path: path.to_owned(), text: text.to_owned(), tokens }
    }

    /// Whether token `i` is the name or punctuation `text`.
    pub fn is(&self, i: usize, text: &str) -> bool {
        self.tokens
            .get(i)
            .is_some_and(|t| t.text == text && !matches!(t.kind, Kind::Str | Kind::Literal))
    }

    /// Whether the tokens from `i` on read as `texts`.
    pub fn reads(&self, i: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(k, text)| self.is(i + k, text))
    }

    /// Index of the token that closes the group opened at `open`.
    pub fn close_of(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (i, token) in self.tokens.iter().enumerate().skip(open) {
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return i;
            }
        }
        unreachable!("a token stream's groups are balanced")
    }

    /// A finding at token `i`, as `path:line: what`.
    pub fn at(&self, i: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, self.tokens[i].line)
    }

    /// Whether token `i` is of a test: in a file of tests, or in a `mod tests { … }`.
    pub fn in_tests(&self, i: usize) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || (0..i).any(|k| self.reads(k, &["mod", "tests", "{"]) && i < self.close_of(k + 2))
    }

    /// The module that the file is: `src/engine/log/mod.rs` is `engine`, `log`.
    pub fn module(&self) -> Vec<String> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let inner = inner.strip_suffix("/mod").unwrap_or(inner);
        if inner == "lib" || inner == "main" {
            return Vec::new();
        }
        inner.split('/').map(str::to_owned).collect()
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let span = tree.span();
        let (line, last_line) = (span.start().line, span.end().line);
        let mut push = |kind, text: String, line, last_line| {
            tokens.push(Token { kind, text, line, last_line });
        };
        match tree {
            TokenTree::Ident(name) => push(Kind::Ident, name.to_string(), line, last_line),
            TokenTree::Punct(mark) => push(Kind::Punct, mark.to_string(), line, last_line),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                match text_of_string(&text) {
                    Some(inner) => push(Kind::Str, inner, line, last_line),
                    None => push(Kind::Literal, text, line, last_line),
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                push(Kind::Open, open.to_owned(), line, line);
                flatten(group.stream(), tokens);
                tokens.push(Token {
                    kind: Kind::Close,
                    text: close.to_owned(),
                    line: last_line,
                    last_line,
                });
            }
        }
    }
}

/// The inside of a string literal as it is written, escapes left alone; `None` for other literals.
fn text_of_string(literal: &str) -> Option<String> {
    let body = literal.trim_start_matches(['b', 'c', 'r']).trim_matches('#');
    let body = body.strip_prefix('"')?.strip_suffix('"')?;
    Some(body.to_owned())
}

fn drop_doc_attributes(tokens: &mut Vec<Token>) {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while i < tokens.len() {
        let bang = usize::from(tokens.get(i + 1).is_some_and(|t| t.text == "!"));
        let texts = |k: usize| tokens.get(i + bang + k).map(|t| (t.kind, t.text.as_str()));
        let is_doc = tokens[i].text == "#"
            && texts(1) == Some((Kind::Open, "["))
            && texts(2) == Some((Kind::Ident, "doc"))
            && texts(4).is_some_and(|(kind, _)| kind == Kind::Str)
            && texts(5) == Some((Kind::Close, "]"));
        if is_doc {
            i += bang + 6;
        } else {
            kept.push(tokens[i].clone());
            i += 1;
        }
    }
    *tokens = kept;
}
