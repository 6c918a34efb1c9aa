//! Just enough JSON for what Kafka keeps in znodes: whole numbers, text, arrays, objects, literals.
//!
//! Objects keep the order in which their members were written, so that a znode reads as Kafka writes
//! it. Fractions are not used in znodes and are refused.

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `true`, `false` or `null`.
    Literal(&'static str),
    /// A whole number.
    Number(i64),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text; `None` when it is not JSON of this kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Json> {
        let mut parser = Parser { rest: text };
        let value = parser.value(0)?;
        parser.skip_space();
        parser.rest.is_empty().then_some(value)
    }

    /// A member of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.members()?.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The members of an object.
    #[must_use]
    pub fn members(&self) -> Option<&[(String, Json)]> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    /// A number that fits.
    #[must_use]
    pub fn int(&self) -> Option<i32> {
        match self {
            Json::Number(number) => i32::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An array of numbers.
    #[must_use]
    pub fn ints(&self) -> Option<Vec<i32>> {
        match self {
            Json::Array(values) => values.iter().map(Json::int).collect(),
            _ => None,
        }
    }
}

/// A string as JSON writes it, with its quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if u32::from(c) < 0x20 => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Deeper than any znode of Kafka; bounds the parser's recursion.
const MAX_DEPTH: u32 = 16;

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn value(&mut self, depth: u32) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_space();
        for literal in ["true", "false", "null"] {
            if self.eat(literal) {
                return Some(Json::Literal(literal));
            }
        }
        match self.rest.chars().next()? {
            '"' => Some(Json::Text(self.string()?)),
            '[' => self.array(depth),
            '{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: u32) -> Option<Json> {
        self.eat("[");
        let mut values = Vec::new();
        if self.eat("]") {
            return Some(Json::Array(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.eat("]") {
                return Some(Json::Array(values));
            }
            self.eat(",").then_some(())?;
        }
    }

    fn object(&mut self, depth: u32) -> Option<Json> {
        self.eat("{");
        let mut members = Vec::new();
        if self.eat("}") {
            return Some(Json::Object(members));
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            self.eat(":").then_some(())?;
            members.push((key, self.value(depth + 1)?));
            if self.eat("}") {
                return Some(Json::Object(members));
            }
            self.eat(",").then_some(())?;
        }
    }

    fn number(&mut self) -> Option<Json> {
        let digits = |c: char| c.is_ascii_digit() || c == '-';
        let end = self.rest.find(|c| !digits(c)).unwrap_or(self.rest.len());
        let number = self.rest[..end].parse().ok()?;
        self.rest = &self.rest[end..];
        Some(Json::Number(number))
    }

    fn string(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix('"')?;
        let mut text = String::new();
        loop {
            let c = self.next()?;
            match c {
                '"' => return Some(text),
                '\\' => text.push(match self.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let code = u32::from_str_radix(self.rest.get(..4)?, 16).ok()?;
                        self.rest = &self.rest[4..];
                        char::from_u32(code)?
                    }
                    other => other,
                }),
                c => text.push(c),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_are_read() {
        let value = Json::parse(r#" {"a":[1,-2],"b":{"c":"x"},"d":{},"e":[],"f":true} "#)
            .expect("it is JSON");
        assert_eq!(value.get("a").and_then(Json::ints), Some(vec![1, -2]));
        assert_eq!(value.get("b").and_then(|b| b.get("c")).and_then(Json::text), Some("x"));
        assert_eq!(value.get("f"), Some(&Json::Literal("true")));
    }

    #[test]
    fn quoting_reads_back() {
        let text = "a\"b\\c\nd\te\u{1}f中";
        assert_eq!(Json::parse(&quote(text)), Some(Json::Text(text.into())));
    }

    #[test]
    fn damaged_text_is_refused() {
        for text in ["", "{", "[1,", r#"{"a"}"#, r#""abc"#, "1 2", "nul", "[1,]x", "--"] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
    }
}
