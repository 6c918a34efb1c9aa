//! The table of events: their kinds and fields, as predicates name them.
//!
//! `events.txt` is made from the engine's own types by `tests/scenarios.rs` and never written by hand:
//! a kind and its fields a line, each field with what its values look like.

use crate::engine::ids::Text;

const TABLE: &str = include_str!("events.txt");

/// What the values of a field look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<'t> {
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// `b1`, or `none`.
    Broker,
    /// `b1>b2`, or `none`.
    Brokers,
    /// `zk`, `b1` or a client's name.
    Host,
    /// `orders-0`, or `none`.
    Partition,
    /// `5s`.
    Time,
    /// A topic.
    Topic,
    /// Any text.
    Text,
    /// One of these words.
    Words(&'t str),
}

/// Every kind of event, in the engine's order.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(|line| line.split(' ').next())
}

/// The fields of a kind of event, `node` included; `None` when there is no such kind.
#[must_use]
pub fn fields(kind: &str) -> Option<Vec<(&'static str, Shape<'static>)>> {
    let line = TABLE.lines().find(|line| line.split(' ').next() == Some(kind))?;
    let field = |word: &'static str| {
        let (name, shape) = word.split_once('=')?;
        Some((name, shape_of(shape)))
    };
    Some([("node", Shape::Host)].into_iter().chain(line.split(' ').filter_map(field)).collect())
}

fn shape_of(word: &'static str) -> Shape<'static> {
    match word {
        "number" => Shape::Number,
        "flag" => Shape::Flag,
        "broker" => Shape::Broker,
        "brokers" => Shape::Brokers,
        "host" => Shape::Host,
        "partition" => Shape::Partition,
        "time" => Shape::Time,
        "topic" => Shape::Topic,
        words if words.starts_with(char::is_uppercase) => Shape::Words(words),
        _ => Shape::Text,
    }
}

/// Whether one of the words of a [`Shape::Words`] is `word`.
#[must_use]
pub fn is_among(words: &str, word: &Text) -> bool {
    words.split('|').any(|known| known == &**word)
}
