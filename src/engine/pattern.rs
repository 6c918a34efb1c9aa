//! Regular expressions as clients and tools take them for names of topics and groups: the part of
//! `java.util.regex` that such expressions use, matched against whole names.
//!
//! Letters, `.`, classes, groups, `|`, and the repetitions `*` `+` `?` `{n,m}`, with their reluctant
//! forms; `^` and `$` at the ends. Matching goes step by step over sets of places, so that no
//! expression takes more time than its length times the name's.

/// An expression that was read.
#[derive(Clone, Debug)]
pub struct Pattern {
    root: Node,
}

#[derive(Clone, Debug)]
enum Node {
    /// One of several.
    Either(Vec<Node>),
    /// One after the other.
    Each(Vec<Node>),
    /// A character of these ranges, or of none of them.
    Class { ranges: Vec<(char, char)>, not: bool },
    /// Between `least` and `most` times.
    Repeat { node: Box<Node>, least: u32, most: u32 },
}

/// No bound of a repetition.
const UNBOUNDED: u32 = u32::MAX;
/// Deepest nesting of groups.
const DEPTH_MAX: u32 = 50;
/// Most times that a repetition counts.
const COUNT_MAX: u32 = 1_000;

impl Pattern {
    /// Reads an expression; `None` when it is not one.
    #[must_use]
    pub fn read(text: &str) -> Option<Pattern> {
        let chars: Vec<char> = text.chars().collect();
        let mut reader = Reader { rest: &chars, depth: 0 };
        let root = reader.either()?;
        reader.rest.is_empty().then_some(Pattern { root })
    }

    /// Whether the whole of a text is matched (`String.matches`).
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let mut places = vec![false; chars.len() + 1];
        places[0] = true;
        self.root.step(&chars, places).last() == Some(&true)
    }
}

impl Node {
    /// Where a match may end, of all places where one may begin.
    fn step(&self, text: &[char], from: Vec<bool>) -> Vec<bool> {
        match self {
            Node::Either(nodes) => {
                let ends = nodes.iter().map(|node| node.step(text, from.clone()));
                ends.fold(vec![false; from.len()], |all, ends| joined(&all, &ends))
            }
            Node::Each(nodes) => nodes.iter().fold(from, |from, node| node.step(text, from)),
            Node::Class { ranges, not } => {
                let mut ends = vec![false; from.len()];
                for (place, c) in text.iter().enumerate().filter(|(place, _)| from[*place]) {
                    let within = ranges.iter().any(|(a, z)| (a..=z).contains(&c));
                    ends[place + 1] = within != *not;
                }
                ends
            }
            Node::Repeat { node, least, most } => {
                let mut now = (0..*least).fold(from, |from, _| node.step(text, from));
                let mut all = now.clone();
                for _ in *least..*most {
                    now = node.step(text, now);
                    let more = joined(&all, &now);
                    if more == all {
                        break;
                    }
                    all = more;
                }
                all
            }
        }
    }
}

fn joined(a: &[bool], b: &[bool]) -> Vec<bool> {
    a.iter().zip(b).map(|(a, b)| *a || *b).collect()
}

struct Reader<'a> {
    rest: &'a [char],
    depth: u32,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn takes(&mut self, wanted: char) -> bool {
        let found = self.rest.first() == Some(&wanted);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn either(&mut self) -> Option<Node> {
        let mut nodes = vec![self.each()?];
        while self.takes('|') {
            nodes.push(self.each()?);
        }
        Some(Node::Either(nodes))
    }

    fn each(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while !matches!(self.rest.first(), None | Some('|' | ')')) {
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        Some(Node::Each(nodes))
    }

    fn atom(&mut self) -> Option<Node> {
        match self.next()? {
            '(' => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return None;
                }
                if self.takes('?') && !self.takes(':') {
                    return None;
                }
                let node = self.either()?;
                self.depth -= 1;
                self.takes(')').then_some(node)
            }
            '[' => self.class(),
            '.' => Some(Node::Class { ranges: Vec::new(), not: true }),
            '^' | '$' => Some(Node::Each(Vec::new())),
            '\\' => {
                let c = self.next()?;
                Some(match known_class(c) {
                    Some((ranges, not)) => Node::Class { ranges, not },
                    None if c.is_ascii_alphanumeric() => return None,
                    None => Node::Class { ranges: vec![(c, c)], not: false },
                })
            }
            '*' | '+' | '?' | '{' => None,
            c => Some(Node::Class { ranges: vec![(c, c)], not: false }),
        }
    }

    fn class(&mut self) -> Option<Node> {
        let not = self.takes('^');
        let mut ranges = Vec::new();
        loop {
            let first = match self.next()? {
                ']' if !ranges.is_empty() => return Some(Node::Class { ranges, not }),
                '\\' => {
                    let c = self.next()?;
                    if let Some((known, false)) = known_class(c) {
                        ranges.extend(known);
                        continue;
                    }
                    c
                }
                c => c,
            };
            let is_range = self.rest.first() == Some(&'-') && self.rest.get(1) != Some(&']');
            let last = if is_range && self.takes('-') { self.next()? } else { first };
            if last < first {
                return None;
            }
            ranges.push((first, last));
        }
    }

    fn repeated(&mut self, mut node: Node) -> Option<Node> {
        loop {
            let (least, most) = match self.rest.first() {
                Some('*') => (0, UNBOUNDED),
                Some('+') => (1, UNBOUNDED),
                Some('?') => (0, 1),
                Some('{') => {
                    self.next();
                    let bounds = self.bounds()?;
                    node = Node::Repeat { node: Box::new(node), least: bounds.0, most: bounds.1 };
                    let _reluctant = self.takes('?');
                    continue;
                }
                _ => return Some(node),
            };
            self.next();
            let _reluctant = self.takes('?');
            node = Node::Repeat { node: Box::new(node), least, most };
        }
    }

    fn bounds(&mut self) -> Option<(u32, u32)> {
        let least = self.count()?;
        if self.takes('}') {
            return Some((least, least));
        }
        if !self.takes(',') {
            return None;
        }
        if self.takes('}') {
            return Some((least, UNBOUNDED));
        }
        let most = self.count()?;
        (self.takes('}') && most >= least).then_some((least, most))
    }

    fn count(&mut self) -> Option<u32> {
        let digits: String = self.rest.iter().take_while(|c| c.is_ascii_digit()).collect();
        self.rest = &self.rest[digits.len()..];
        digits.parse().ok().filter(|count| *count <= COUNT_MAX)
    }
}

/// `\d`, `\w`, `\s` and their opposites.
fn known_class(c: char) -> Option<(Vec<(char, char)>, bool)> {
    let ranges = match c.to_ascii_lowercase() {
        'd' => vec![('0', '9')],
        'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
        's' => vec![(' ', ' '), ('\t', '\r')],
        _ => return None,
    };
    Some((ranges, c.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, matched: &[&str], other: &[&str]) {
        let pattern = Pattern::read(pattern).expect("an expression");
        matched.iter().for_each(|text| assert!(pattern.matches(text), "{text}"));
        other.iter().for_each(|text| assert!(!pattern.matches(text), "{text}"));
    }

    #[test]
    fn whole_names_are_matched() {
        check("or.*|em.*", &["orders", "empty"], &["fork", "border"]);
        check("page\\.views", &["page.views"], &["pageXviews"]);
        check("[a-c]+[^0-9]{2,3}", &["abxy", "cxyz"], &["ab1x", "x"]);
        check("(a|b)*?c?", &["", "abab", "abc"], &["cab"]);
        check("\\w+-\\d", &["t_1-0"], &["t-x"]);
        check("^orders$", &["orders"], &["orders-eu"]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["*", "(", "a)", "[z-a]", "a{2,1}", "\\q", "(?=a)"] {
            assert!(Pattern::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn nested_repetitions_end() {
        check("(a*)*b", &["aaab"], &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"]);
    }
}
