//! Predicates as text: the one way to write each.

use crate::engine::command::Acks;
use crate::engine::ids::{BrokerId, Text};
use crate::scenario::predicate::readings::Reading;
use crate::scenario::predicate::sends::Told;
use crate::scenario::predicate::{
    ClientField, Compare, GroupQuestion, PartitionField, Pattern, Predicate, Quantity,
    RecordQuestion,
};
use crate::scenario::printer::{time, word};

/// A predicate as the parser reads it.
#[must_use]
pub fn print(predicate: &Predicate) -> String {
    match predicate {
        Predicate::Not(inner) => format!("not {}", print(inner)),
        Predicate::Some(event) => format!("some {}", pattern(event)),
        Predicate::After(event, record) => {
            format!("some {} after {}", pattern(event), word(record))
        }
        Predicate::No(event) => format!("no {}", pattern(event)),
        Predicate::Count(event, compare, count) => {
            format!("count {} {} {count}", pattern(event), compare.sign())
        }
        Predicate::Time(event, compare, at) => {
            format!("time {} {} {}", pattern(event), compare.sign(), time(*at))
        }
        Predicate::Before(first, then) => format!("{} before {}", pattern(first), pattern(then)),
        Predicate::NoneLost => "no lost".to_owned(),
        Predicate::NoneDuplicated => "no duplicated".to_owned(),
        Predicate::InOrder => "inOrder".to_owned(),
        Predicate::Leaderless(partition, compare, span) => {
            let partition = word(&partition.to_string());
            format!("leaderless({partition}) {} {}", compare.sign(), time(*span))
        }
        Predicate::Up(host) => word(&format!("{host}.up")),
        Predicate::Exists(topic) => format!("{} exists", word(topic.as_str())),
        Predicate::Znode(path) => format!("zk[{}]", word(path)),
        Predicate::Controller(id) => format!("controller = {}", broker(*id)),
        Predicate::Leader(partition, id) => {
            format!("{} = {}", of(partition, "leader"), broker(*id))
        }
        Predicate::Replicas(partition, ids) => {
            format!("{} = {}", of(partition, "replicas"), brokers(ids))
        }
        Predicate::Isr(partition, ids) => format!("{} = {}", of(partition, "isr"), brokers(ids)),
        Predicate::Segments(partition, id, bases) => {
            let bases = list(bases.iter().map(ToString::to_string));
            format!("{}(b{id}) = {bases}", of(partition, "segments"))
        }
        Predicate::Log(partition, id, values) => {
            let quoted = |value: &Text| match &**value {
                "none" => "\"none\"".to_owned(),
                value => word(value),
            };
            let values = list(values.iter().map(quoted));
            format!("{}(b{id}) = {values}", of(partition, "log"))
        }
        Predicate::Group(group, question) => of_group(group, question),
        Predicate::Record(record, question) => of_record(&word(record), *question),
        Predicate::Read(app, reading, record) => {
            let field = match reading {
                Reading::Seen => "seen",
                Reading::Done => "done",
            };
            format!("{}({})", of(app, field), word(record))
        }
        Predicate::File(id, path) => format!("file(b{id}, {})", word(path)),
        Predicate::Number(of, compare, number) => {
            format!("{} {} {number}", quantity(of), compare.sign())
        }
    }
}

/// A pattern of events.
#[must_use]
pub fn pattern(pattern: &Pattern) -> String {
    if pattern.fields.is_empty() {
        return pattern.event.to_string();
    }
    let field = |(name, values): &(Text, Vec<Text>)| {
        let values: Vec<String> = values.iter().map(|value| value_text(value)).collect();
        format!("{name}={}", values.join("|"))
    };
    let fields: Vec<String> = pattern.fields.iter().map(field).collect();
    format!("{}{{{}}}", pattern.event, fields.join(", "))
}

/// A value of a pattern: words with `>` between them stay a list.
fn value_text(value: &str) -> String {
    let is_list = value.contains('>') && value.split('>').all(|part| word(part) == part);
    if is_list { value.to_owned() } else { word(value) }
}

fn quantity(quantity: &Quantity) -> String {
    match quantity {
        Quantity::Partitions(topic) => word(&format!("{topic}.n")),
        Quantity::ReplicationFactor(topic) => word(&format!("{topic}.rf")),
        Quantity::Partition(partition, PartitionField::Epoch) => of(partition, "epoch"),
        Quantity::Partition(partition, PartitionField::HighWatermark) => of(partition, "hw"),
        Quantity::Partition(partition, PartitionField::Start) => of(partition, "start"),
        Quantity::LogEnd(partition, id) => format!("{}(b{id})", of(partition, "leo")),
        Quantity::Client(name, field) => word(&format!("{name}.{}", field.name())),
        Quantity::Position(name, partition) => {
            format!("{}({})", word(&format!("{name}.pos")), word(&partition.to_string()))
        }
        Quantity::Generation(group) => of(group, "gen"),
        Quantity::Members(group) => of(group, "members"),
        Quantity::Committed(group, partition) => {
            format!("{}({})", of(group, "committed"), word(&partition.to_string()))
        }
        Quantity::Lag(group, partition) => {
            format!("{}({})", of(group, "lag"), word(&partition.to_string()))
        }
        Quantity::Copies(value) => format!("copies({})", word(value)),
        Quantity::Offset(value) => format!("offset({})", word(value)),
        Quantity::Majority(partition) => format!("majority({})", word(&partition.to_string())),
        Quantity::Backlog(app) => format!("backlog({})", word(app)),
    }
}

impl ClientField {
    /// Its name in the language.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ClientField::Sent => "sent",
            ClientField::Acked => "acked",
            ClientField::Failed => "failed",
            ClientField::Received => "received",
            ClientField::Done => "done",
        }
    }
}

fn of_group(group: &Text, question: &GroupQuestion) -> String {
    match question {
        GroupQuestion::State(state) => format!("{} = {state}", of(group, "state")),
        GroupQuestion::Coordinator(id) => format!("{} = {}", of(group, "coord"), broker(*id)),
        GroupQuestion::Assignment(member, partitions) => {
            let partitions = list(partitions.iter().map(|p| word(&p.to_string())));
            format!("{}({}) = {partitions}", of(group, "assign"), word(member))
        }
    }
}

fn of_record(record: &str, question: RecordQuestion) -> String {
    match question {
        RecordQuestion::Acks(wanted) => format!("acks({record}) = {}", acks(wanted)),
        RecordQuestion::Acked => format!("acked({record})"),
        RecordQuestion::Result(wanted) => format!("result({record}) = {}", told(wanted)),
        RecordQuestion::Settled => format!("settled({record})"),
        RecordQuestion::Lost => format!("lost({record})"),
    }
}

/// `acks` as it is written.
#[must_use]
pub fn acks(acks: Acks) -> &'static str {
    match acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    }
}

/// What an application was told, as it is written: `acked(-1)`, `failed(7)`, `none`.
#[must_use]
pub fn told(told: Told) -> String {
    match told {
        Told::Nothing => "none".to_owned(),
        Told::Acked(offset) => format!("acked({offset})"),
        Told::Failed(error) => format!("failed({error})"),
    }
}

fn of(thing: &impl ToString, field: &str) -> String {
    word(&format!("{}.{field}", thing.to_string()))
}

/// A broker as it is written; `none` is nobody.
#[must_use]
pub fn broker(id: Option<BrokerId>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| format!("b{id}"))
}

/// Brokers as they are written in a list; none at all is `none`.
#[must_use]
pub fn brokers(ids: &[BrokerId]) -> String {
    list(ids.iter().map(|id| format!("b{id}")))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(">") }
}

impl Compare {
    /// Every one, the longer signs first.
    pub const ALL: &'static [Compare] =
        &[Compare::AtMost, Compare::AtLeast, Compare::Is, Compare::Less, Compare::More];
}
