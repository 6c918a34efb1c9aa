//! Files of offsets for `--reset-offsets --from-file`: `topic,partition,offset`, with the group before
//! where there are several (`CsvUtils`, read as Jackson reads CSV).

use std::collections::BTreeMap;

use crate::engine::ids::Text;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::partitions::Partition;

/// Offsets, by group.
pub(super) type Plan = BTreeMap<Text, Vec<(Partition, i64)>>;

/// A file, read.
pub(super) struct Read {
    /// Why its first line is none without a group: Kafka prints that, whatever it was to be.
    pub(super) odd: Option<Fault>,
    /// What it says.
    pub(super) plan: Result<Plan, Fault>,
}

/// Columns of a line, and what each is.
const COLUMNS: [(&str, Kind); 4] = [
    ("group", Kind::Text),
    ("topic", Kind::Text),
    ("partition", Kind::Int),
    ("offset", Kind::Long),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Long,
}

/// A line: group, topic, partition and offset.
type Row = (String, String, i32, i64);

/// Reads a file; `single` is the group that it is about, when that is one.
pub(super) fn read(text: &str, single: Option<&Text>) -> Read {
    let mut lines: Vec<&str> = text.split('\n').collect();
    while lines.len() > 1 && lines.pop_if(|last| last.is_empty()).is_some() {}
    let odd = row(lines.first().copied().unwrap_or(""), false).err();
    let group = single.filter(|_| odd.is_none());
    let mut plan = Plan::new();
    for line in lines {
        match row(line, group.is_none()) {
            Ok((named, topic, partition, offset)) => {
                let group = group.cloned().unwrap_or_else(|| named.as_str().into());
                let offsets = plan.entry(group).or_default();
                let partition = (Text::from(topic.as_str()), partition);
                offsets.retain(|(known, _)| *known != partition);
                offsets.push((partition, offset));
            }
            Err(fault) => return Read { odd, plan: Err(fault) },
        }
    }
    Read { odd, plan: Ok(plan) }
}

fn row(line: &str, with_group: bool) -> Result<Row, Fault> {
    let columns = if with_group { &COLUMNS[..] } else { &COLUMNS[1..] };
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(empty());
    }
    let (mut group, mut topic, mut partition, mut offset) = (String::new(), String::new(), 0, 0);
    let mut at = 1;
    for (index, word) in line.split(',').enumerate() {
        let plain = word.trim().trim_matches('"');
        let Some((name, kind)) = columns.get(index) else {
            return Err(too_many(columns.len(), plain, at));
        };
        match (*name, plain) {
            ("group", word) => word.clone_into(&mut group),
            ("topic", word) => word.clone_into(&mut topic),
            (_, "") => {}
            ("partition", word) => {
                partition = word.parse().map_err(|_| wrong(word, (name, *kind), with_group, at))?;
            }
            (_, word) => {
                offset = word.parse().map_err(|_| wrong(word, (name, *kind), with_group, at))?;
            }
        }
        at += word.chars().count() + 1;
    }
    Ok((group, topic, partition, offset))
}

/// `com.fasterxml.jackson.databind.exc.InvalidFormatException`.
fn wrong(word: &str, (name, kind): (&str, Kind), with_group: bool, column: usize) -> Fault {
    let kind = if kind == Kind::Int { "int" } else { "long" };
    let record = if with_group { "CsvRecordWithGroup" } else { "CsvRecordNoGroup" };
    let words = format!(
        "Cannot deserialize value of type `{kind}` from String \"{word}\": not a valid `{kind}` \
         value\n at [Source: (StringReader); line: 1, column: {column}] (through reference chain: \
         org.apache.kafka.tools.consumer.group.CsvUtils${record}[\"{name}\"])"
    );
    Fault::new("com.fasterxml.jackson.databind.exc.InvalidFormatException", &words)
}

fn too_many(most: usize, word: &str, column: usize) -> Fault {
    let words = format!(
        "Too many entries: expected at most {most} (value #{most} ({} chars) \"{word}\")\n at \
         [Source: (StringReader); line: 1, column: {column}]",
        word.chars().count()
    );
    Fault::new("com.fasterxml.jackson.dataformat.csv.CsvReadException", &words)
}

fn empty() -> Fault {
    let words = "No content to map due to end-of-input\n at [Source: (StringReader); line: \
                 UNKNOWN, column: UNKNOWN]";
    Fault::new("com.fasterxml.jackson.databind.exc.MismatchedInputException", words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, single: Option<&str>, plan: &[(&str, &str, i32, i64)]) {
        let single = single.map(Text::from);
        let read = read(text, single.as_ref()).plan.expect("it reads");
        let rows = read.iter().flat_map(|(group, rows)| {
            rows.iter().map(move |((topic, index), offset)| (&**group, &**topic, *index, *offset))
        });
        assert_eq!(rows.collect::<Vec<_>>(), plan);
    }

    #[test]
    fn a_line_may_have_a_group_or_fewer_columns() {
        check("orders,0,8\n", Some("app"), &[("app", "orders", 0, 8)]);
        check(
            "app,orders,0,8\nb,orders,1,2",
            None,
            &[("app", "orders", 0, 8), ("b", "orders", 1, 2)],
        );
        check("orders;0;8", Some("app"), &[("app", "orders;0;8", 0, 0)]);
    }

    #[test]
    fn a_word_that_is_no_number_is_told_with_its_place() {
        let read = read("app,orders,0,1", None);
        let odd = read.odd.expect("it has a group").trace();
        assert!(odd.contains("line: 1, column: 5] (through"), "{odd}");
    }
}
