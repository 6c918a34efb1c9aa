//! Expectations and named moments: `expect orders-0.leader = b1`, `at crash+2s expect no lost`,
//! `moment crash=5s`.
//!
//! What a predicate speaks of must be known: hosts and clients of the scenario, topics that it names
//! elsewhere, events and fields of the engine. A slip would otherwise hold, or fail, for no reason.

use crate::engine::ids::{BrokerId, PartitionId, Text, TopicName, TopicPartition};
use crate::scenario::ast::{BROKERS_MAX, Expectation, Moment, TIME_MAX};
use crate::scenario::error::{ParseError, Problem, Wanted};
use crate::scenario::predicate::events::{self, Shape, is_among};
use crate::scenario::predicate::readings::Reading;
use crate::scenario::predicate::{
    ClientField, Compare, PartitionField, Pattern, Predicate, Quantity,
};
use crate::scenario::printer;
use crate::scenario::suggest::nearest;

use super::command::{broker_number, broker_out_of_range};
use super::expect_group::GROUP_FIELDS;
use super::expect_record::RECORD_WORDS;
use super::lexical::{
    Fail, Input, Parsed, blanks, expected, fail_at, gap, has_sign, here, moment, number, sign,
    time, word,
};
use super::{Mention, Reader};

/// What stands behind the last dot of `orders-0.leader`.
const FIELDS: &[&str] = &[
    "up", "leader", "replicas", "isr", "epoch", "hw", "start", "leo", "log", "segments", "n", "rf",
    "sent", "acked", "failed", "received", "done", "pos", "seen",
];

/// First words of predicates that begin with one.
const WORDS: &[&str] = &[
    "not",
    "some",
    "no",
    "count",
    "time",
    "inOrder",
    "leaderless",
    "copies",
    "controller",
    "zk",
    "acks",
    "acked",
    "result",
    "settled",
    "lost",
    "offset",
    "majority",
    "backlog",
    "file",
];

/// What a name in a predicate must be known as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Host,
    Client,
    Topic,
    Group,
}

impl Reader {
    /// `moment crash=5s`.
    pub(super) fn name_moment(&mut self, input: &mut Input<'_>) -> Parsed<()> {
        gap(input, Wanted::Moment)?;
        let start = *input;
        let name = word(input, Wanted::Moment)?;
        let plain = name.chars().all(|c| super::is_bare(c) && c != '+');
        if !name.starts_with(char::is_alphabetic) || !plain {
            return Err(expected(&start, Wanted::Moment));
        }
        self.once(here(&start), &format!("moment {name}"))
            .map_err(|_| fail_at(here(&start), Problem::Twice { what: name.clone() }))?;
        sign(input, '=')?;
        let moment = self.when(input)?;
        self.scenario.moments.push((name, moment));
        Ok(())
    }

    /// `5s`, `5s#1042`, `crash`, `crash+2s`.
    pub(super) fn when(&mut self, input: &mut Input<'_>) -> Parsed<Moment> {
        if !input.starts_with(char::is_alphabetic) {
            return moment(input);
        }
        let start = here(input);
        let whole = word(input, Wanted::Time)?;
        let (name, later) = match whole.split_once('+') {
            Some((name, later)) => (name, Some(later)),
            None => (&*whole, None),
        };
        let moments = &self.scenario.moments;
        let Some((_, found)) = moments.iter().find(|(known, _)| &**known == name) else {
            let suggestion = nearest(name, moments.iter().map(|(known, _)| &**known));
            let problem = Problem::Unknown { kind: Wanted::Moment, found: name.into() };
            return Err(Fail { offset: start, problem, suggestion });
        };
        let (found, Some(later)) = (*found, later) else { return Ok(*found) };
        let mut span = Input::new(later);
        let shift = |fail: Fail| Fail { offset: start + name.len() + 1 + fail.offset, ..fail };
        let span = time(&mut span).and_then(|micros| match span.is_empty() {
            true => Ok(micros),
            false => Err(expected(&span, Wanted::Time)),
        });
        let at = found.at + span.map_err(shift)?;
        if at > TIME_MAX {
            let most = TIME_MAX.0 / 1_000_000;
            let (what, found) = (Wanted::Time, whole.clone());
            return Err(fail_at(start, Problem::OutOfRange { what, found, least: 0, most }));
        }
        Ok(Moment { at, before: None })
    }

    /// What follows `expect`.
    pub(super) fn expect(&mut self, input: &mut Input<'_>, at: Option<Moment>) -> Parsed<()> {
        gap(input, Wanted::Predicate)?;
        let mut ahead = *input;
        let negated = &*word(&mut ahead, Wanted::Predicate)? == "not";
        if negated {
            gap(&mut ahead, Wanted::Predicate)?;
            *input = ahead;
        }
        let inner = self.predicate(input)?;
        let predicate = if negated { Predicate::Not(Box::new(inner)) } else { inner };
        self.scenario.expectations.push(Expectation { at, predicate });
        Ok(())
    }

    fn predicate(&mut self, input: &mut Input<'_>) -> Parsed<Predicate> {
        let start = *input;
        let first = word(input, Wanted::Predicate)?;
        match &*first {
            "some" => self.some(input),
            "no" => self.none(input),
            "count" => {
                let pattern = self.behind(input)?;
                let compare = compare(input)?;
                Ok(Predicate::Count(pattern, compare, number(input, Wanted::Number, 0, u64::MAX)?))
            }
            "time" => {
                let pattern = self.behind(input)?;
                Ok(Predicate::Time(pattern, compare(input)?, time(input)?))
            }
            "inOrder" => Ok(Predicate::InOrder),
            "leaderless" => {
                sign(input, '(')?;
                let partition = self.partition(input)?;
                sign(input, ')')?;
                Ok(Predicate::Leaderless(partition, compare(input)?, time(input)?))
            }
            "controller" => {
                sign(input, '=')?;
                self.broker_or_none(input).map(Predicate::Controller)
            }
            "zk" if has_sign(input, '[') => {
                let path = word(input, Wanted::Word)?;
                sign(input, ']')?;
                Ok(Predicate::Znode(path))
            }
            _ if RECORD_WORDS.contains(&&*first) => self.of_record(input, &first),
            _ => self.of_name_or_event(input, &first, start),
        }
    }

    /// `some E{…}`, `some E{…} after m`.
    fn some(&mut self, input: &mut Input<'_>) -> Parsed<Predicate> {
        let pattern = self.behind(input)?;
        let mut ahead = *input;
        if gap(&mut ahead, Wanted::Word).and_then(|()| keyword(&mut ahead, "after")).is_err() {
            return Ok(Predicate::Some(pattern));
        }
        *input = ahead;
        gap(input, Wanted::Value)?;
        Ok(Predicate::After(pattern, word(input, Wanted::Value)?))
    }

    /// A pattern behind a word.
    fn behind(&mut self, input: &mut Input<'_>) -> Parsed<Pattern> {
        gap(input, Wanted::EventKind)?;
        let start = here(input);
        let kind = word(input, Wanted::EventKind)?;
        self.pattern(input, kind, start)
    }

    fn none(&mut self, input: &mut Input<'_>) -> Parsed<Predicate> {
        gap(input, Wanted::EventKind)?;
        let start = here(input);
        let kind = word(input, Wanted::EventKind)?;
        match &*kind {
            "lost" => Ok(Predicate::NoneLost),
            "duplicated" => Ok(Predicate::NoneDuplicated),
            _ => self.pattern(input, kind, start).map(Predicate::No),
        }
    }

    /// `orders exists`, `orders-0.leader = b1`, `E1 before E2`.
    fn of_name_or_event(
        &mut self,
        input: &mut Input<'_>,
        first: &Text,
        start: Input<'_>,
    ) -> Parsed<Predicate> {
        let at = here(&start);
        if events::fields(first).is_some() {
            let pattern = self.pattern(input, first.clone(), at)?;
            gap(input, Wanted::Keyword("before"))?;
            keyword(input, "before")?;
            return Ok(Predicate::Before(pattern, self.behind(input)?));
        }
        let mut ahead = *input;
        if gap(&mut ahead, Wanted::Word).is_ok() && keyword(&mut ahead, "exists").is_ok() {
            *input = ahead;
            self.know(Known::Topic, first, at);
            return Ok(Predicate::Exists(TopicName(first.clone())));
        }
        let Some((name, field)) = first.rsplit_once('.') else {
            let known = WORDS.iter().copied().chain(events::kinds());
            let problem = Problem::Unknown { kind: Wanted::Predicate, found: first.clone() };
            return Err(Fail { offset: at, problem, suggestion: nearest(first, known) });
        };
        self.of_field(input, name, field, start)
    }

    fn of_field(
        &mut self,
        input: &mut Input<'_>,
        name: &str,
        field: &str,
        start: Input<'_>,
    ) -> Parsed<Predicate> {
        let at = here(&start);
        match field {
            "up" => {
                self.know(Known::Host, name, at);
                Ok(Predicate::Up(name.into()))
            }
            "n" | "rf" => {
                self.know(Known::Topic, name, at);
                let topic = TopicName::new(name);
                let quantity = match field {
                    "n" => Quantity::Partitions(topic),
                    _ => Quantity::ReplicationFactor(topic),
                };
                number_of(input, quantity)
            }
            "seen" => self.reading(input, name, Reading::Seen, at),
            "done" if input.starts_with('(') => self.reading(input, name, Reading::Done, at),
            "sent" | "acked" | "failed" | "received" | "done" => {
                self.know(Known::Client, name, at);
                let field = match field {
                    "sent" => ClientField::Sent,
                    "acked" => ClientField::Acked,
                    "failed" => ClientField::Failed,
                    "done" => ClientField::Done,
                    _ => ClientField::Received,
                };
                number_of(input, Quantity::Client(name.into(), field))
            }
            "pos" => {
                self.know(Known::Client, name, at);
                sign(input, '(')?;
                let partition = self.partition(input)?;
                sign(input, ')')?;
                number_of(input, Quantity::Position(name.into(), partition))
            }
            _ if GROUP_FIELDS.contains(&field) => self.of_group(input, name, field, at),
            _ if FIELDS.contains(&field) => {
                let partition =
                    partition_of(name).ok_or_else(|| expected(&start, Wanted::Partition))?;
                self.know(Known::Topic, partition.topic.as_str(), at);
                self.of_partition(input, partition, field)
            }
            _ => {
                let offset = at + here(input).saturating_sub(at).saturating_sub(field.len());
                let problem = Problem::Unknown { kind: Wanted::Field, found: field.into() };
                let suggestion = nearest(field, FIELDS.iter().chain(GROUP_FIELDS).copied());
                Err(Fail { offset, problem, suggestion })
            }
        }
    }

    fn of_partition(
        &mut self,
        input: &mut Input<'_>,
        partition: TopicPartition,
        field: &str,
    ) -> Parsed<Predicate> {
        let number_field = match field {
            "epoch" => Some(PartitionField::Epoch),
            "hw" => Some(PartitionField::HighWatermark),
            "start" => Some(PartitionField::Start),
            _ => None,
        };
        if let Some(field) = number_field {
            return number_of(input, Quantity::Partition(partition, field));
        }
        if matches!(field, "leo" | "log" | "segments") {
            sign(input, '(')?;
            let broker = self.known_broker(input)?;
            sign(input, ')')?;
            return match field {
                "leo" => number_of(input, Quantity::LogEnd(partition, broker)),
                "log" => {
                    sign(input, '=')?;
                    let values = list(input, |input| word(input, Wanted::Value))?;
                    Ok(Predicate::Log(partition, broker, values))
                }
                _ => {
                    sign(input, '=')?;
                    let bases = list(input, |input| number(input, Wanted::Number, 0, u64::MAX))?;
                    Ok(Predicate::Segments(partition, broker, bases))
                }
            };
        }
        sign(input, '=')?;
        match field {
            "leader" => Ok(Predicate::Leader(partition, self.broker_or_none(input)?)),
            "replicas" => {
                Ok(Predicate::Replicas(partition, list(input, |input| self.known_broker(input))?))
            }
            _ => Ok(Predicate::Isr(partition, list(input, |input| self.known_broker(input))?)),
        }
    }

    pub(super) fn known_broker(&mut self, input: &mut Input<'_>) -> Parsed<BrokerId> {
        let start = *input;
        let name = word(input, Wanted::Broker)?;
        let id = broker_number(&name).ok_or_else(|| expected(&start, Wanted::Broker))?;
        if !(1..=u64::from(BROKERS_MAX)).contains(&id) {
            return Err(broker_out_of_range(here(&start), &name));
        }
        self.know(Known::Host, &name, here(&start));
        Ok(BrokerId(i32::try_from(id).unwrap_or(i32::MAX)))
    }

    pub(super) fn broker_or_none(&mut self, input: &mut Input<'_>) -> Parsed<Option<BrokerId>> {
        if is_none(input) { Ok(None) } else { self.known_broker(input).map(Some) }
    }

    pub(super) fn partition(&mut self, input: &mut Input<'_>) -> Parsed<TopicPartition> {
        let start = *input;
        let name = word(input, Wanted::Partition)?;
        let partition = partition_of(&name).ok_or_else(|| expected(&start, Wanted::Partition))?;
        self.know(Known::Topic, partition.topic.as_str(), here(&start));
        Ok(partition)
    }

    /// What stands behind the kind of an event: nothing, or `{field=value|value, …}`.
    fn pattern(&mut self, input: &mut Input<'_>, event: Text, start: usize) -> Parsed<Pattern> {
        let Some(known) = events::fields(&event) else {
            let problem = Problem::Unknown { kind: Wanted::EventKind, found: event.clone() };
            let suggestion = nearest(&event, events::kinds().chain(["lost", "duplicated"]));
            return Err(Fail { offset: start, problem, suggestion });
        };
        let mut fields: Vec<(Text, Vec<Text>)> = Vec::new();
        if !has_open(input) {
            return Ok(Pattern { event, fields });
        }
        loop {
            let at = here(input);
            let name = word(input, Wanted::Field)?;
            let Some((_, shape)) = known.iter().find(|(field, _)| *field == &*name) else {
                let problem = Problem::Unknown { kind: Wanted::Field, found: name.clone() };
                let suggestion = nearest(&name, known.iter().map(|(field, _)| *field));
                return Err(Fail { offset: at, problem, suggestion });
            };
            if fields.iter().any(|(field, _)| *field == name) {
                return Err(fail_at(at, Problem::Twice { what: name }));
            }
            sign(input, '=')?;
            let mut values = vec![self.value(input, *shape)?];
            while has_sign(input, '|') {
                values.push(self.value(input, *shape)?);
            }
            fields.push((name, values));
            if !has_sign(input, ',') {
                break;
            }
        }
        let closing = *input;
        input
            .starts_with('}')
            .then_some(())
            .ok_or_else(|| expected(&closing, Wanted::Sign('}')))?;
        *input = after(*input);
        Ok(Pattern { event, fields })
    }

    /// A value of a field, in the one form in which it is compared.
    fn value(&mut self, input: &mut Input<'_>, shape: Shape<'_>) -> Parsed<Text> {
        let start = *input;
        match shape {
            Shape::Number => {
                let token = word(input, Wanted::Number)?;
                let number: Option<i64> = token.parse().ok();
                let number = number.ok_or_else(|| expected(&start, Wanted::Number))?;
                Ok(number.to_string().into())
            }
            Shape::Broker => {
                let broker = self.broker_or_none(input)?;
                Ok(broker.map_or_else(|| "none".into(), |id| format!("b{id}").into()))
            }
            Shape::Brokers => {
                let ids = list(input, |input| self.known_broker(input))?;
                Ok(crate::scenario::predicate::print::brokers(&ids).into())
            }
            Shape::Partition if is_none(input) => Ok("none".into()),
            Shape::Partition => self.partition(input).map(|partition| partition.to_string().into()),
            Shape::Time => time(input).map(|micros| printer::time(micros).into()),
            Shape::Host => {
                let name = word(input, Wanted::Host)?;
                self.know(Known::Host, &name, here(&start));
                Ok(name)
            }
            Shape::Topic => {
                let name = word(input, Wanted::Topic)?;
                self.know(Known::Topic, &name, here(&start));
                Ok(name)
            }
            Shape::Text => {
                let mut text = word(input, Wanted::Value)?.to_string();
                while has_sign(input, '>') {
                    text = format!("{text}>{}", word(input, Wanted::Value)?);
                }
                Ok(text.into())
            }
            Shape::Flag => self.one_of(input, "true|false"),
            Shape::Words(words) => self.one_of(input, words),
        }
    }

    pub(super) fn one_of(&mut self, input: &mut Input<'_>, words: &str) -> Parsed<Text> {
        let start = here(input);
        let found = word(input, Wanted::Value)?;
        if is_among(words, &found) {
            return Ok(found);
        }
        let suggestion = nearest(&found, words.split('|'));
        let problem = Problem::Unknown { kind: Wanted::Value, found };
        Err(Fail { offset: start, problem, suggestion })
    }

    /// Notes a name that must be known at the end of the text.
    pub(super) fn know(&mut self, kind: Known, name: &str, start: usize) {
        let before = self.text.get(..start).unwrap_or(&self.text).chars().count();
        let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
        self.names.push((kind, Mention { name: name.into(), line: self.line, column }));
    }

    /// The first name in a predicate that nothing in the text makes known.
    pub(super) fn unknown_name(&self) -> Option<ParseError> {
        let clients = self.known_clients();
        let brokers = u64::from(self.scenario.config.brokers);
        let is_known = |kind: Known, name: &str| match kind {
            Known::Topic | Known::Group => self.statements.contains(&as_written(name)),
            Known::Host if name == "zk" => true,
            Known::Host if broker_number(name).is_some() => {
                broker_number(name).is_some_and(|id| (1..=brokers).contains(&id))
            }
            Known::Host | Known::Client => clients.iter().any(|client| &**client == name),
        };
        let (kind, mention) = self.names.iter().find(|(kind, m)| !is_known(*kind, &m.name))?;
        let wanted = match kind {
            Known::Host => Wanted::Host,
            Known::Client => Wanted::Client,
            Known::Topic => Wanted::Topic,
            Known::Group => Wanted::Group,
        };
        let topics = self.statements.split(|c: char| !super::is_bare(c));
        let suggestion = match kind {
            Known::Topic | Known::Group => nearest(&mention.name, topics),
            _ => nearest(&mention.name, clients.iter().map(|name| &**name)),
        };
        let problem = Problem::Unknown { kind: wanted, found: mention.name.clone() };
        Some(ParseError { line: mention.line, column: mention.column, problem, suggestion })
    }
}

/// A name as a text has it, without its quotation marks.
fn as_written(name: &str) -> String {
    let word = printer::word(name);
    let inner = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or(word.clone(), str::to_owned)
}

/// `{` right behind a kind; blanks inside are free.
fn has_open(input: &mut Input<'_>) -> bool {
    input.starts_with('{') && has_sign(input, '{')
}

/// The input behind its first character, which is an ASCII sign.
fn after(mut input: Input<'_>) -> Input<'_> {
    use winnow::stream::Stream;
    let _sign = input.next_token();
    input
}

fn keyword(input: &mut Input<'_>, wanted: &'static str) -> Parsed<()> {
    let start = *input;
    match &*word(input, Wanted::Keyword(wanted))? {
        found if found == wanted => Ok(()),
        _ => Err(expected(&start, Wanted::Keyword(wanted))),
    }
}

fn is_none(input: &mut Input<'_>) -> bool {
    let mut ahead = *input;
    let none = !input.starts_with('"')
        && word(&mut ahead, Wanted::Word).is_ok_and(|word| &*word == "none");
    if none {
        *input = ahead;
    }
    none
}

/// Values with `>` between them; `none` is an empty list.
pub(super) fn list<T>(
    input: &mut Input<'_>,
    mut item: impl FnMut(&mut Input<'_>) -> Parsed<T>,
) -> Parsed<Vec<T>> {
    if is_none(input) {
        return Ok(Vec::new());
    }
    let mut items = vec![item(input)?];
    while has_sign(input, '>') {
        items.push(item(input)?);
    }
    Ok(items)
}

fn compare(input: &mut Input<'_>) -> Parsed<Compare> {
    blanks(input)?;
    let found = Compare::ALL.iter().copied().find(|compare| input.starts_with(compare.sign()));
    let compare = found.ok_or_else(|| expected(input, Wanted::Comparison))?;
    for _ in compare.sign().chars() {
        *input = after(*input);
    }
    blanks(input)?;
    Ok(compare)
}

pub(super) fn number_of(input: &mut Input<'_>, quantity: Quantity) -> Parsed<Predicate> {
    let compare = compare(input)?;
    let start = *input;
    let token = word(input, Wanted::Number)?;
    let number: Option<i64> = token.parse().ok();
    let number = number.ok_or_else(|| expected(&start, Wanted::Number))?;
    Ok(Predicate::Number(quantity, compare, number))
}

/// `orders-0`: the number stands behind the last dash.
fn partition_of(name: &str) -> Option<TopicPartition> {
    let (topic, number) = name.rsplit_once('-')?;
    let number = i32::try_from(number.parse::<u32>().ok()?).ok()?;
    Some(TopicPartition::new(&TopicName::new(topic), PartitionId(number)))
}
