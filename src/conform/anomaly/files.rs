//! Files of a replica as cases write them: sizes, index entries, batches of logs, texts of checkpoints.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::conform::anomaly::batches;
use crate::engine::record::batch::verify_crc;

/// Files of one replica, by name.
pub type Files = BTreeMap<String, Bytes>;

/// What a step `file list` tells of each file.
#[must_use]
pub fn list(files: &Files) -> Value {
    let mut told = Map::new();
    for (name, bytes) in files {
        told.insert(name.clone(), describe(name, bytes));
    }
    Value::Object(told)
}

fn describe(name: &str, bytes: &Bytes) -> Value {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let mut told = json!({ "size": bytes.len() });
    match ending {
        "log" => log(&mut told, name, bytes),
        "index" => told["entries"] = offset_entries(name, bytes),
        "timeindex" => told["entries"] = time_entries(name, bytes),
        _ if name.ends_with("checkpoint") => {
            told["text"] = json!(String::from_utf8_lossy(bytes));
        }
        _ => {}
    }
    told
}

fn log(told: &mut Value, name: &str, bytes: &Bytes) {
    let (whole, torn) = batches::split(bytes);
    let bad = whole.iter().filter(|(_, batch)| !verify_crc(batch));
    told["bad_crc"] = bad.map(|(header, _)| json!(header.base_offset.0)).collect();
    told["batches"] = json!(whole.len());
    told["first"] = whole.first().map_or(Value::Null, |(header, _)| json!(header.base_offset.0));
    let next = whole.last().map_or_else(|| base_offset(name), |(last, _)| last.next_offset().0);
    told["next"] = json!(next);
    told["torn"] = if torn > 0 { json!([torn]) } else { json!([]) };
}

/// The offset in the name of a segment's file.
#[must_use]
pub fn base_offset(name: &str) -> i64 {
    name.split('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// `[offset, position]` of each entry; the zeros that fill a preallocated index are none.
fn offset_entries(name: &str, bytes: &Bytes) -> Value {
    let base = base_offset(name);
    let entries = bytes.chunks_exact(8).map(|entry| {
        let number = |at: usize| {
            i64::from(i32::from_be_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]))
        };
        (number(0), number(4))
    });
    let written = entries.enumerate().take_while(|(i, entry)| *i == 0 || *entry != (0, 0));
    let written = written.filter(|(_, entry)| *entry != (0, 0));
    written.map(|(_, (offset, position))| json!([base + offset, position])).collect()
}

/// `[timestamp, offset]` of each entry; the zeros that fill a preallocated index are none.
fn time_entries(name: &str, bytes: &Bytes) -> Value {
    let base = base_offset(name);
    let entries = bytes.chunks_exact(12).map(|entry| {
        let (mut time, mut offset) = ([0; 8], [0; 4]);
        time.copy_from_slice(&entry[..8]);
        offset.copy_from_slice(&entry[8..]);
        (i64::from_be_bytes(time), i64::from(i32::from_be_bytes(offset)))
    });
    let written = entries.take_while(|entry| *entry != (0, 0));
    written.map(|(time, offset)| json!([time, base + offset])).collect()
}

/// The .log files of a replica, in order of offset.
pub fn logs(files: &Files) -> impl Iterator<Item = (&String, &Bytes)> {
    files.iter().filter(|(name, _)| name.ends_with(".log"))
}

/// All batches of a replica, one segment after the other.
#[must_use]
pub fn all_batches(files: &Files) -> Vec<Value> {
    logs(files).flat_map(|(_, bytes)| batches::to_json(bytes)).collect()
}

/// The log end offset: after the last batch, or the last segment's base when it is empty.
#[must_use]
pub fn log_end_offset(files: &Files) -> Option<i64> {
    let (name, bytes) = logs(files).last()?;
    let (whole, _) = batches::split(bytes);
    Some(whole.last().map_or_else(|| base_offset(name), |(last, _)| last.next_offset().0))
}

/// The entries of a `leader-epoch-checkpoint`: `[[epoch, start], …]`.
#[must_use]
pub fn epochs(files: &Files) -> Value {
    let text = files.get("leader-epoch-checkpoint");
    let text = text.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
    let entries = text.lines().skip(2).filter_map(|line| {
        let (epoch, start) = line.split_once(' ')?;
        Some(json!([epoch.parse::<i64>().ok()?, start.parse::<i64>().ok()?]))
    });
    entries.collect()
}

/// The offset of a partition in an offset checkpoint: `version`, `entries`, then a line each.
#[must_use]
pub fn checkpointed(text: &str, topic: &str, partition: i32) -> Option<i64> {
    let line = format!("{topic} {partition} ");
    text.lines().find_map(|found| found.strip_prefix(&line)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_preallocated_index_end_where_zeros_begin() {
        let mut index = Vec::new();
        for number in [4i32, 100, 9, 200, 0, 0, 0, 0] {
            index.extend_from_slice(&number.to_be_bytes());
        }
        let told = offset_entries("00000000000000000050.index", &Bytes::from(index));
        assert_eq!(told, json!([[54, 100], [59, 200]]));
    }

    #[test]
    fn an_empty_log_ends_at_the_offset_of_its_name() {
        let files = Files::from([("00000000000000000040.log".to_owned(), Bytes::new())]);
        assert_eq!(log_end_offset(&files), Some(40));
    }

    #[test]
    fn checkpoints_are_read() {
        assert_eq!(checkpointed("0\n2\nother 0 5\nt 0 127\n", "t", 0), Some(127));
        let text = Bytes::from_static(b"0\n2\n0 0\n3 7\n");
        let files = Files::from([("leader-epoch-checkpoint".to_owned(), text)]);
        assert_eq!(epochs(&files), json!([[0, 0], [3, 7]]));
    }
}
