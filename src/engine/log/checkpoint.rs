//! `replication-offset-checkpoint` and `recovery-point-offset-checkpoint`: an offset per partition
//! (`OffsetCheckpointFile`).
//!
//! Text: version 0, the number of entries, then `topic partition offset` lines. Written all at once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bytes::Bytes;

use crate::engine::disk::Disk;
use crate::engine::ids::{Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::ordered::Ordered;

/// The offsets in the file at `path`; none when it is absent or not such a file (Kafka then takes
/// every offset as 0, too).
#[must_use]
pub fn read(disk: &Disk, path: &str) -> BTreeMap<TopicPartition, Offset> {
    let bytes = disk.read_path(path).unwrap_or_default();
    std::str::from_utf8(&bytes).ok().and_then(parse).unwrap_or_default()
}

/// Replaces the file at `path` with these offsets.
pub fn write<'a>(
    disk: &mut Disk,
    path: &str,
    offsets: impl Iterator<Item = (&'a TopicPartition, Offset)>,
) {
    disk.replace(path, Bytes::from(text(offsets)));
}

/// What a file with these offsets holds.
pub fn text<'a>(offsets: impl Iterator<Item = (&'a TopicPartition, Offset)>) -> String {
    let mut lines = String::new();
    let mut count = 0;
    for (id, offset) in offsets {
        push_line(&mut lines, id, offset);
        count += 1;
    }
    format!("0\n{count}\n{lines}")
}

/// A file that [`text`] made, of the same partitions, with other offsets for some of them, which come in
/// order. What lies between them is copied as it is: one of ten thousand lines costs no more than itself
/// and a copy of the bytes.
pub fn with_changed<'a>(
    text: &[u8],
    changed: impl Iterator<Item = (&'a TopicPartition, Offset)>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let head = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1);
    let mut copied = 0;
    let mut from = head.map_or(text.len(), |(end, _)| end + 1);
    let mut line = String::new();
    for (id, offset) in changed {
        let Some((start, end)) = line_of(text, from, id) else { continue };
        out.extend_from_slice(&text[copied..start]);
        line.clear();
        push_line(&mut line, id, offset);
        out.extend_from_slice(line.as_bytes());
        (copied, from) = (end, end);
    }
    out.extend_from_slice(&text[copied..]);
    out
}

/// Where the line of a partition begins, and where the next one does. Lines are in the order of
/// partitions.
fn line_of(text: &[u8], from: usize, id: &TopicPartition) -> Option<(usize, usize)> {
    let ends = |byte: &u8| *byte == b'\n';
    let (mut low, mut high) = (from, text.len());
    while low < high {
        let middle = low.midpoint(high);
        let start = text[low..middle].iter().rposition(ends).map_or(low, |at| low + at + 1);
        let end = text[start..].iter().position(ends).map_or(text.len(), |at| start + at + 1);
        let line = std::str::from_utf8(&text[start..end]).ok()?;
        let mut words = line.split_whitespace();
        let topic = words.next()?;
        let partition: i32 = words.next()?.parse().ok()?;
        match (topic, partition).cmp(&(id.topic.as_str(), id.partition.0)) {
            Ordering::Equal => return Some((start, end)),
            Ordering::Less => low = end,
            Ordering::Greater => high = start,
        }
    }
    None
}

fn push_line(lines: &mut String, id: &TopicPartition, offset: Offset) {
    lines.push_str(id.topic.as_str());
    lines.push(' ');
    push_number(lines, id.partition.0.into());
    lines.push(' ');
    push_number(lines, offset.0);
    lines.push('\n');
}

/// Thousands of lines are written at once, so digits are made without the formatter.
fn push_number(text: &mut String, number: i64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    while at == digits.len() || rest > 0 {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    if number < 0 {
        text.push('-');
    }
    text.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

fn parse(text: &str) -> Option<BTreeMap<TopicPartition, Offset>> {
    Some(entries(text, entry)?.into_iter().ordered())
}

/// The entries of a checkpoint file (`CheckpointFile.read`): a version, which is 0, how many there
/// are, and a line for each. `None` when anything is not so.
pub(super) fn entries<T>(text: &str, entry: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut lines = text.lines();
    if lines.next()? != "0" {
        return None;
    }
    let count: usize = lines.next()?.parse().ok()?;
    let entries: Vec<T> = lines.map(entry).collect::<Option<_>>()?;
    (entries.len() == count).then_some(entries)
}

fn entry(line: &str) -> Option<(TopicPartition, Offset)> {
    let mut words = line.split_whitespace();
    let topic = TopicName::new(words.next()?);
    let partition = PartitionId(words.next()?.parse().ok()?);
    let offset = Offset(words.next()?.parse().ok()?);
    words.next().is_none().then_some((TopicPartition { topic, partition }, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "replication-offset-checkpoint";

    fn id(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition::new(&TopicName::new(topic), PartitionId(partition))
    }

    #[test]
    fn the_file_is_kafkas_and_reads_back() {
        let mut disk = Disk::default();
        let entries =
            BTreeMap::from([(id("orders", 0), Offset(12)), (id("orders", 11), Offset(0))]);
        write(&mut disk, PATH, entries.iter().map(|(id, offset)| (id, *offset)));
        let text = disk.read_path(PATH).expect("it was written");
        assert_eq!(&text[..], b"0\n2\norders 0 12\norders 11 0\n");
        assert_eq!(read(&disk, PATH), entries);
    }

    #[test]
    fn changed_lines_give_the_text_that_is_made_anew() {
        let ids = ["a", "a-b", "b"].iter().flat_map(|topic| (0..12).map(|p| id(topic, p)));
        let mut all: BTreeMap<TopicPartition, Offset> = ids.map(|id| (id, Offset(9))).collect();
        let whole = |all: &BTreeMap<TopicPartition, Offset>| {
            text(all.iter().map(|(id, offset)| (id, *offset)))
        };
        let before = whole(&all);
        for (nth, offset) in all.values_mut().enumerate() {
            *offset = Offset(if nth % 5 == 0 { 1_000 + nth as i64 } else { 9 });
        }
        let changed = all.iter().filter(|(_, offset)| offset.0 != 9).map(|(id, o)| (id, *o));
        assert_eq!(with_changed(before.as_bytes(), changed), whole(&all).into_bytes());
        assert_eq!(with_changed(before.as_bytes(), std::iter::empty()), before.as_bytes());
        let stranger = id("c", 0);
        let strangers = [(&stranger, Offset(1))].into_iter();
        assert_eq!(with_changed(before.as_bytes(), strangers), before.as_bytes());
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        for number in [0, 7, -1, 10, 1_234_567_890, i64::MAX, i64::MIN] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }

    #[test]
    fn a_file_that_is_absent_or_damaged_has_no_offsets() {
        let mut disk = Disk::default();
        assert!(read(&disk, PATH).is_empty());
        for text in ["0\n2\norders 0 12\n", "0\n1\norders 0\n", "9\n0\n", "0\n1\norders 0 1 1\n"] {
            disk.replace(PATH, Bytes::from(text));
            assert!(read(&disk, PATH).is_empty(), "{text}");
        }
    }
}
