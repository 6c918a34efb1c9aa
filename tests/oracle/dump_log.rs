//! Kafka's own `kafka-dump-log` reads the files that Highwater wrote in the cases, and must find in them
//! what Highwater finds.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use highwater::engine::record::batch::count_records;

use super::kit::{Kit, Trouble};

pub const NAME: &str = "kafka-dump-log accepts Highwater's files";

const TOOL: &str = "kafka.tools.DumpLogSegments";

/// What the tool prints when something is wrong with a file.
const COMPLAINTS: &[&str] = &[
    "Mismatches in",
    "Non-consecutive offsets",
    "isvalid: false",
    "Exception",
    "timestamp mismatch",
    "timestamps in",
    "out of order",
    "Could not",
    "corrupt",
];

/// Files of replicas, gathered while the cases run.
#[derive(Default)]
pub struct Shelf {
    files: Vec<PathBuf>,
    /// Replicas with gaps, as compacted ones have: the tool tells of them, as it does for Kafka's own.
    gapped: Vec<PathBuf>,
    records: usize,
}

impl Shelf {
    /// Keeps the files of one replica; with `may_gap` there may be gaps between offsets.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(
        &mut self,
        kit: &Kit,
        replica: &str,
        files: &BTreeMap<String, Bytes>,
        may_gap: bool,
    ) -> Result<(), Trouble> {
        let folder = kit.folder().join("highwater").join(replica);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        if may_gap {
            self.gapped.push(folder.clone());
        }
        for (name, bytes) in files {
            let path = folder.join(name);
            fs::write(&path, without_room(name, bytes))
                .map_err(|e| format!("{}: {e}", path.display()))?;
            let is = |ending: &str| name.ends_with(ending);
            if is(".log") {
                self.records += count_records(bytes) as usize;
            }
            if [".log", ".index", ".timeindex", ".snapshot"].into_iter().any(is) {
                self.files.push(path);
            }
        }
        Ok(())
    }

    /// Has all of them read, in two runs: logs and snapshots with their records, indexes against the
    /// logs beside them.
    ///
    /// # Errors
    /// What the tool complained of, or that it saw another number of records.
    pub fn check(&self, kit: &Kit) -> Result<(), Trouble> {
        if self.files.is_empty() {
            return Err("no case left a file".to_owned());
        }
        let is_index =
            |path: &&PathBuf| path.extension().is_some_and(|e| e == "index" || e == "timeindex");
        let (indexes, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
            self.files.iter().partition(is_index);
        let text = self.dump(kit, &others, &["--deep-iteration", "--print-data-log"])?;
        self.dump(kit, &indexes, &["--verify-index-only"])?;
        let seen = text.lines().filter(|line| line.starts_with("| offset: ")).count();
        if seen != self.records {
            return Err(format!("Kafka finds {seen} records, Highwater wrote {}", self.records));
        }
        println!("  {} files, {seen} records", self.files.len());
        Ok(())
    }

    fn dump(&self, kit: &Kit, files: &[&PathBuf], flags: &[&str]) -> Result<String, Trouble> {
        if files.is_empty() {
            return Ok(String::new());
        }
        let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        let list = names.join(",");
        let mut args = vec!["--files", list.as_str()];
        args.extend(flags);
        let (text, ended_well) = kit.tool(TOOL, &args)?;
        let mut file = "";
        for line in text.lines() {
            if line.starts_with("Dumping ") {
                file = line;
            }
            if COMPLAINTS.iter().any(|complaint| line.contains(complaint)) && !self.may_say(line) {
                return Err(format!("{file}: {line}"));
            }
        }
        if !ended_well {
            let end: Vec<&str> = text.lines().rev().take(4).collect();
            return Err(format!("kafka-dump-log failed: {}", end.join(" / ")));
        }
        Ok(text)
    }

    fn may_say(&self, line: &str) -> bool {
        let is_of = |folder: &PathBuf| line.contains(&folder.display().to_string());
        line.starts_with("Non-consecutive offsets") && self.gapped.iter().any(is_of)
    }
}

/// An active index has room for more entries, which the tool takes for entries at time nought: so it
/// does with Kafka's own. A clean stop cuts the room off, and so do we.
fn without_room<'a>(name: &str, bytes: &'a Bytes) -> &'a [u8] {
    let entry = match name.rsplit_once('.') {
        Some((_, "index")) => 8,
        Some((_, "timeindex")) => 12,
        _ => return bytes,
    };
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &bytes[..used.next_multiple_of(entry).min(bytes.len())]
}
