//! Folders of real segment files, each with a description beside it, `NAME.json` of the folder `NAME`.
//!
//! The description tells of each file what `anomaly::files` tells, and of each log its batches. The
//! files are also opened by the engine's own log, as after a clean stop and as after a crash: it must
//! find the same segments, index entries, epochs and producers, read every sound record, and cut what
//! is torn or damaged.

use std::collections::BTreeSet;
use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::conform::Format;
use crate::conform::anomaly::batches::split;
use crate::conform::anomaly::files::{self, Files};
use crate::conform::input::Input;
use crate::conform::report::CaseResult;
use crate::conform::vectors::{difference, hex};
use crate::engine::config::TopicConfig;
use crate::engine::disk::Disk;
use crate::engine::ids::{Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::log::{Log, Opening, read_snapshot};
use crate::engine::record::batch::verify_crc;
use crate::engine::record::reader::{records, uncompressed};

/// The format: an object with `files` by name, beside a folder of its own name.
pub const FORMAT: Format = Format { name: "segments", is, run };

/// What a partition's directory may be called here.
const DIR: &str = "orders-0";

fn is(input: &Input) -> bool {
    let described = |json: &Value| json["files"].is_object() && json["steps"].is_null();
    input.json.as_ref().is_some_and(described)
}

fn run(input: &Input) -> Vec<CaseResult> {
    let json = input.json.as_ref().expect("it was recognised as JSON");
    let name = input.stem();
    let folder = input.path.with_extension("");
    let files = match read_folder(&folder) {
        Ok(files) if files.keys().any(|file| file.ends_with(".log")) => files,
        Ok(_) => return vec![CaseResult::skipped(name, "no .log file in the folder of its name")],
        Err(problem) => {
            let problem = format!("the folder of its name cannot be read: {problem}");
            return vec![CaseResult::skipped(name, problem)];
        }
    };
    vec![match check(json, &files) {
        Ok(()) => CaseResult::passed(name),
        Err((place, expected, got)) => CaseResult::failed(name, place, expected, got),
    }]
}

/// Where, what was expected, what came.
type Differs = (String, String, String);

fn check(json: &Value, files: &Files) -> Result<(), Differs> {
    let mut told = files::list(files);
    add_producers(&mut told, files);
    let listed = json["files"].as_object().into_iter().flatten();
    for (name, wanted) in listed {
        // A file that is described and was not kept cannot be compared, unless it is a log.
        if files.contains_key(name) || name.ends_with(".log") {
            differ(wanted, &told[name], &format!("files.{name}"))?;
        }
    }
    for (name, wanted) in json["batches"].as_object().into_iter().flatten() {
        let bytes = files.get(name).cloned().unwrap_or_default();
        differ(wanted, &batches_of(&bytes), &format!("batches.{name}"))?;
    }
    check_clean(files)?;
    check_crashed(files)
}

fn differ(wanted: &Value, got: &Value, place: &str) -> Result<(), Differs> {
    difference(wanted, got, place).map_or(Ok(()), Err)
}

fn must_equal(place: &str, expected: &Value, got: &Value) -> Result<(), Differs> {
    match expected == got {
        true => Ok(()),
        false => Err((place.to_owned(), expected.to_string(), got.to_string())),
    }
}

fn read_folder(folder: &Path) -> std::io::Result<Files> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, Bytes::from(std::fs::read(&path)?));
        }
    }
    Ok(files)
}

/// The entries of each snapshot, as `kafka-dump-log` names their fields.
fn add_producers(told: &mut Value, files: &Files) {
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".snapshot")) {
        let entries = read_snapshot(bytes).map(|entries| {
            let entry = |(id, entry): &(i64, crate::engine::log::ProducerEntry)| {
                json!({
                    "producer_id": id,
                    "producer_epoch": entry.epoch,
                    "last_sequence": entry.last_sequence(),
                    "last_offset": entry.batches().last().map_or(-1, |batch| batch.last_offset.0),
                    "offset_delta": entry.batches().last().map_or(0, |batch| batch.offset_delta),
                    "timestamp": entry.last_timestamp,
                    "coordinator_epoch": entry.coordinator_epoch,
                    "current_txn_first_offset": entry.transaction_first.map_or(-1, |offset| offset.0),
                })
            };
            entries.iter().map(entry).collect::<Vec<Value>>()
        });
        told[name]["version"] = json!(1);
        told[name]["crc_ok"] = json!(entries.is_some());
        told[name]["producers"] = json!(entries);
        told[name]["entries"] = json!(entries);
    }
}

/// Every whole batch of a log file, with its place in it.
fn batches_of(bytes: &Bytes) -> Value {
    let mut position = 0;
    let (whole, _) = split(bytes);
    let told = whole.iter().map(|(header, batch)| {
        let at = position;
        position += batch.len();
        json!({
            "base": header.base_offset.0,
            "last": header.last_offset().0,
            "position": at,
            "size": batch.len(),
            "magic": header.magic,
            "attributes": header.attributes,
            "compression": header.codec().name(),
            "leader_epoch": header.leader_epoch.0,
            "base_timestamp": header.base_timestamp,
            "max_timestamp": header.max_timestamp,
            "producer_id": header.producer_id,
            "producer_epoch": header.producer_epoch,
            "base_sequence": header.base_sequence,
            "transactional": header.is_transactional(),
            "control": header.is_control(),
            "records": header.record_count,
            "crc": header.crc,
            "crc_ok": verify_crc(batch),
        })
    });
    told.collect()
}

fn open(files: &Files, clean: bool) -> (Disk, Log) {
    let mut disk = Disk::default();
    for (name, bytes) in files {
        disk.replace(&format!("{DIR}/{name}"), bytes.clone());
    }
    let partition = TopicPartition::new(&TopicName::new("orders"), PartitionId(0));
    let opening = Opening { clean, recovery_point: Offset(0), log_start_offset: Offset(0) };
    let (log, _) = Log::open(&mut disk, &partition, &TopicConfig::default(), opening);
    (disk, log)
}

/// As after a clean stop: files are believed, and everything in them is seen.
fn check_clean(files: &Files) -> Result<(), Differs> {
    let told = files::list(files);
    let (disk, log) = open(files, true);
    let bases: Vec<i64> = log.segments(&disk).map(|segment| segment.base.0).collect();
    let named: BTreeSet<i64> =
        files::logs(files).map(|(name, _)| files::base_offset(name)).collect();
    must_equal("opened: segments", &json!(named), &json!(bases))?;
    for base in bases {
        let entries = log.offset_index(&disk, Offset(base), 0, u64::MAX);
        let entries: Vec<Value> = entries.iter().map(|(o, at)| json!([o.0, at])).collect();
        let name = format!("{base:020}.index");
        if files.contains_key(&name) {
            must_equal(&format!("opened: {name}"), &told[&name]["entries"], &json!(entries))?;
        }
        let entries = log.time_index(&disk, Offset(base), 0, u64::MAX);
        let entries: Vec<Value> = entries.iter().map(|(time, o)| json!([time, o.0])).collect();
        let name = format!("{base:020}.timeindex");
        if files.contains_key(&name) {
            must_equal(&format!("opened: {name}"), &told[&name]["entries"], &json!(entries))?;
        }
    }
    let epochs: Vec<Value> = log.epochs().iter().map(|(e, start)| json!([e.0, start.0])).collect();
    must_equal("opened: epochs", &files::epochs(files), &json!(epochs))?;
    check_records(files, &disk, &log)
}

/// Every record of the sound files is read through the log, offset by offset.
fn check_records(files: &Files, disk: &Disk, log: &Log) -> Result<(), Differs> {
    if first_damage(files).is_some() {
        return Ok(());
    }
    let end = files::log_end_offset(files);
    must_equal("opened: log end offset", &json!(end), &json!(log.log_end_offset().0))?;
    let wanted: Vec<Value> = files::logs(files).flat_map(|(_, bytes)| records_of(bytes)).collect();
    let mut got = Vec::new();
    let mut next = log.log_start_offset();
    while next < log.log_end_offset() {
        let read = log.read(disk, next, 1, log.log_end_offset(), true).unwrap_or_default();
        let (whole, _) = split(&read);
        let Some((header, _)) = whole.last() else { break };
        got.extend(records_of(&read));
        next = header.next_offset();
    }
    must_equal("opened: records", &json!(wanted), &json!(got))
}

fn records_of(bytes: &Bytes) -> Vec<Value> {
    let (whole, _) = split(bytes);
    let mut told = Vec::new();
    for (_, batch) in whole {
        let plain = uncompressed(&batch).unwrap_or_default();
        for record in records(&plain) {
            told.push(match record {
                Ok(r) => json!([r.offset.0, r.timestamp, hex(r.key), hex(r.value)]),
                Err(error) => json!(error.to_string()),
            });
        }
    }
    told
}

/// As after a crash: every batch before the first damage stays, and nothing behind it.
fn check_crashed(files: &Files) -> Result<(), Differs> {
    let (disk, log) = open(files, false);
    let end = first_damage(files).or_else(|| files::log_end_offset(files));
    must_equal("recovered: log end offset", &json!(end), &json!(log.log_end_offset().0))?;
    for (name, bytes) in files::logs(files) {
        let left = disk.read_path(&format!("{DIR}/{name}")).unwrap_or_default();
        let place = format!("recovered: {name}");
        let same = bytes.starts_with(&left) && split(&left).1 == 0;
        must_equal(
            &place,
            &json!("its first batches"),
            &match same {
                true => json!("its first batches"),
                false => json!(format!("{} of {} bytes", left.len(), bytes.len())),
            },
        )?;
    }
    Ok(())
}

/// First offset that a scan loses: of the first batch that is damaged or torn, in order of segments.
fn first_damage(files: &Files) -> Option<i64> {
    for (name, bytes) in files::logs(files) {
        let (whole, torn) = split(bytes);
        let mut next = files::base_offset(name);
        for (header, batch) in &whole {
            if !verify_crc(batch) || header.base_offset.0 < next {
                return Some(next);
            }
            next = header.next_offset().0;
        }
        if torn > 0 {
            return Some(next);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: &str = "00000000000000000109.log";

    /// The recorded folder with a change, and what is described of it then.
    fn changed(change: impl Fn(&mut Files)) -> (Value, Files) {
        let mut files = read_folder(Path::new("tests/data/segments/plain-0")).expect("it is there");
        change(&mut files);
        (json!({ "files": files::list(&files) }), files)
    }

    fn cut(files: &mut Files, name: &str, bytes: usize) {
        let whole = files[name].clone();
        files.insert(name.to_owned(), whole.slice(..whole.len() - bytes));
    }

    fn flip(files: &mut Files, name: &str, at: usize) {
        let mut bytes = files[name].to_vec();
        bytes[at] ^= 1;
        files.insert(name.to_owned(), bytes.into());
    }

    #[test]
    fn torn_and_damaged_logs_are_opened_and_recovered_as_far_as_they_are_sound() {
        let (json, files) = changed(|files| cut(files, LAST, 7));
        assert_eq!(json["files"][LAST]["torn"], json!([333]));
        assert_eq!(check(&json, &files), Ok(()));
        for (name, at) in [(LAST, 2_000), ("00000000000000000000.log", 9_000)] {
            let (json, files) = changed(|files| flip(files, name, at));
            assert_ne!(json["files"][name]["bad_crc"], json!([]));
            assert_eq!(check(&json, &files), Ok(()), "{name}");
        }
    }

    #[test]
    fn another_entry_another_batch_and_a_missing_log_are_noticed() {
        let (mut json, files) = changed(|_| ());
        json["files"]["00000000000000000055.index"]["entries"][1] = json!([60, 1_356]);
        assert!(check(&json, &files).is_err());
        let (mut json, files) = changed(|_| ());
        json["batches"] = json!({ LAST: [{ "base": 109 }] });
        assert!(check(&json, &files).is_err());
        let (mut json, files) = changed(|_| ());
        json["files"]["00000000000000000127.log"] = json!({ "size": 0 });
        assert!(check(&json, &files).is_err());
    }
}
