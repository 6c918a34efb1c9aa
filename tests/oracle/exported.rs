//! Scenarios as scripts of Kafka's tools (`highwater script`), run for real: at their end
//! `kafka-topics --describe` says the same of the real cluster and of Highwater's.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use highwater::engine::command::{Command as Deed, TimedCommand, ToolCommand};
use highwater::engine::event::EventKind;
use highwater::engine::time::Micros;
use highwater::scenario::ast::{CONSOLE, Moment, Scenario};
use highwater::scenario::{export, parser, runner, shell_words};

use super::court::Tally;
use super::kit::{BROKER, Kit, Trouble, write};
use super::servers::free_ports_in_a_row;

/// Scenarios that Kafka's tools can carry out whole.
const FOLDER: &str = "tests/data/exported";
/// Before the name of a case, on the command line as well.
pub const NAME: &str = "exported";
/// What Kafka's folder `bin` holds: each name, its class, and its heap in MB.
const PROGRAMS: &[(&str, &str, u32)] = &[
    ("zookeeper-server-start", "org.apache.zookeeper.server.quorum.QuorumPeerMain", 96),
    ("kafka-server-start", BROKER, 256),
    ("kafka-topics", "org.apache.kafka.tools.TopicCommand", 128),
    ("kafka-configs", "kafka.admin.ConfigCommand", 128),
    ("kafka-leader-election", "org.apache.kafka.tools.LeaderElectionCommand", 128),
    ("kafka-reassign-partitions", "org.apache.kafka.tools.reassign.ReassignPartitionsCommand", 128),
    ("kafka-console-producer", "org.apache.kafka.tools.ConsoleProducer", 128),
    ("kafka-console-consumer", "org.apache.kafka.tools.consumer.ConsoleConsumer", 128),
    ("kafka-producer-perf-test", "org.apache.kafka.tools.ProducerPerformance", 128),
];
/// How long after its end a cluster is described: the tool needs a moment of virtual time.
const ASKED: Micros = Micros(2_000_000);

/// Runs each of them, and tells how it went.
///
/// # Errors
/// When there is no real Kafka, or the folder cannot be read.
pub fn hear(words: &[String]) -> Result<Tally, Trouble> {
    let mut tally = Tally::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let entries = fs::read_dir(&root).map_err(|e| format!("{}: {e}", root.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = format!("{NAME} {}", stem.unwrap_or_default());
        if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
            let start = Instant::now();
            let problems = compare(&path).unwrap_or_else(|trouble| vec![trouble]);
            tally.note(&name, start, &problems);
        }
    }
    Ok(tally)
}

fn compare(path: &Path) -> Result<Vec<String>, Trouble> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let scenario = parser::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    let script = export::script(&scenario);
    if !script.left_out.is_empty() {
        return Err(format!("tools cannot do {}", script.left_out.join("; ")));
    }
    let (real, highwater) = (described_by_kafka(&script.text)?, described_here(&scenario)?);
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>, whose: &str| {
        a.difference(b).map(|line| format!("only {whose}: {line}")).collect::<Vec<String>>()
    };
    let mut problems = only(&real, &highwater, "the real Kafka");
    problems.extend(only(&highwater, &real, "Highwater"));
    if real.is_empty() {
        problems.push("nothing was described".to_owned());
    }
    Ok(problems)
}

/// Lines about topics and partitions, ids of topics left out: each cluster draws its own.
fn lines(text: &str) -> BTreeSet<String> {
    let about = |line: &&str| line.contains("Topic: ");
    let plain = |line: &str| {
        let fields = line.split('\t').filter(|field| !field.starts_with("TopicId:"));
        fields.collect::<Vec<&str>>().join("\t")
    };
    text.lines().filter(about).map(plain).collect()
}

fn described_by_kafka(script: &str) -> Result<BTreeSet<String>, Trouble> {
    let kit = Kit::find()?;
    let bin = kit.folder().join("bin");
    fs::create_dir_all(&bin).map_err(|e| format!("{}: {e}", bin.display()))?;
    for (name, class, heap_mb) in PROGRAMS {
        let path = bin.join(format!("{name}.sh"));
        write(&path, &wrapper(&kit, class, *heap_mb))?;
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&path, executable).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    let file = kit.folder().join("script.sh");
    write(&file, script)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("bash");
    bash.arg(&file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    bash.env("PATH", format!("{}:{path}", bin.display()));
    bash.env("PORT", free_ports_in_a_row()?.to_string());
    bash.env("WORK", kit.folder().join("work"));
    // Its processes are of its group, so that they can be ended together whatever becomes of it.
    let child = bash.process_group(0).spawn().map_err(|e| format!("bash: {e}"))?;
    let group = child.id();
    kit.watchdog.guard(group);
    let output = child.wait_with_output().map_err(|e| format!("bash: {e}"));
    kit.watchdog.release(group);
    let left = Command::new("kill").args(["-9", "--", &format!("-{group}")]).output();
    let output = left.map_err(|e| format!("kill: {e}")).and(output)?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(lines(&text))
}

/// A program of Kafka's `bin`: it becomes the process of its class, as theirs do.
fn wrapper(kit: &Kit, class: &str, heap_mb: u32) -> String {
    let java = kit.java(heap_mb, class, &[]);
    let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_string_lossy());
    let words: Vec<String> = java.get_args().map(quoted).collect();
    format!("#!/bin/sh\nexec java {} \"$@\"\n", words.join(" "))
}

fn described_here(scenario: &Scenario) -> Result<BTreeSet<String>, Trouble> {
    let end = scenario.end();
    let line = "kafka-topics --bootstrap-server b1:9092,b2:9092,b3:9092 --describe";
    let argv = shell_words::split(line).ok_or("a line without open quotes")?;
    let run = ToolCommand::Run { name: CONSOLE.into(), host: None, argv };
    let asked = TimedCommand { at: end.at, before: None, command: Deed::Tool(run) };
    let mut scenario = scenario.clone();
    scenario.commands.push(asked);
    let mut text = String::new();
    let until = Moment { at: end.at + ASKED, before: None };
    let outcome = runner::run(&scenario, until, |_, event| {
        if let EventKind::ToolPrinted { line, .. } = &event.kind {
            text.push_str(line);
            text.push('\n');
        }
    });
    let refused = outcome.map_err(|e| e.to_string())?.refused;
    if refused.is_empty() { Ok(lines(&text)) } else { Err(format!("refused: {refused:?}")) }
}
