//! Command-line tools as Kafka's sources describe them: flags with their defaults, and what is said of
//! what is wrong.
//!
//! A flag passes when the tool's table has it, its default when the list that the tool prints names it.
//! What is said passes when the tool, run so that it has to say it, prints these words, `<…>` standing
//! for anything. How to make a tool say it is in [`RUNS`]. What was measured of a real Kafka wins over
//! what was read: [`MEASURED`] names what differs.

use serde_json::Value;

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::{CaseResult, Verdict};
use crate::conform::transcript::run::outputs;
use crate::console::help;
use crate::engine::program::tool::{self, flags::flags};

/// The format: an object of tools, each with its `options`.
pub const FORMAT: Format = Format { name: "command line", is, run };

/// What makes a tool say what a file says it says: its name, the occasion, command lines that come
/// before, and the one that says it. `@` is the bootstrap server; input follows `<`.
const RUNS: &[(&str, &str, &[&str])] = &[
    ("kafka-topics", "no action or two", &["kafka-topics @ --topic a"]),
    ("kafka-topics", "no arguments", &["kafka-topics"]),
    ("kafka-topics", "no --bootstrap-server", &["kafka-topics --list"]),
    ("kafka-topics", "--create without --topic", &["kafka-topics @ --create"]),
    ("kafka-topics", "--alter without --partitions", &["kafka-topics @ --alter --topic a"]),
    ("kafka-topics", "--partitions 0", &["kafka-topics @ --create --topic a --partitions 0"]),
    (
        "kafka-topics",
        "--replication-factor 0 or > 32767",
        &["kafka-topics @ --create --topic a --replication-factor 32768"],
    ),
    (
        "kafka-topics",
        "topic exists",
        &["kafka-topics @ --create --topic a", "kafka-topics @ --create --topic a"],
    ),
    (
        "kafka-topics",
        "rf > brokers, ZooKeeper mode",
        &["kafka-topics @ --create --topic a --replication-factor 4"],
    ),
    ("kafka-topics", "invalid name", &["kafka-topics @ --create --topic 'a b'"]),
    ("kafka-topics", "empty name", &["kafka-topics @ --create --topic ''"]),
    ("kafka-topics", "name '.' or '..'", &["kafka-topics @ --create --topic ."]),
    ("kafka-topics", "name longer than 249", &["kafka-topics @ --create --topic LONG"]),
    (
        "kafka-topics",
        "collision a.b vs a_b",
        &["kafka-topics @ --create --topic a.b", "kafka-topics @ --create --topic a_b"],
    ),
    (
        "kafka-topics",
        "unknown topic in describe/alter/delete",
        &["kafka-topics @ --describe --topic nosuch"],
    ),
    (
        "kafka-topics",
        "alter to fewer / same, ZooKeeper mode",
        &[
            "kafka-topics @ --create --topic a --partitions 3",
            "kafka-topics @ --alter --topic a --partitions 2",
        ],
    ),
    (
        "kafka-topics",
        "bad --config format",
        &["kafka-topics @ --create --topic a --config nonsense"],
    ),
    ("kafka-topics", "unknown config name", &["kafka-topics @ --create --topic a --config x=y"]),
    (
        "kafka-topics",
        "no broker reachable",
        &["kafka-topics --bootstrap-server 127.0.0.1:9099 --list"],
    ),
    (
        "kafka-console-producer",
        "parse.key=true and no separator",
        &[
            "kafka-topics @ --create --topic a",
            "kafka-console-producer @ --topic a --property parse.key=true < line",
        ],
    ),
    (
        "kafka-console-producer",
        "bad header pair",
        &[
            "kafka-topics @ --create --topic a",
            "kafka-console-producer @ --topic a --property parse.headers=true < pair\tvalue",
        ],
    ),
    ("kafka-console-consumer", "neither/both topic and include", &["kafka-console-consumer @"]),
    (
        "kafka-console-consumer",
        "--offset without --partition",
        &["kafka-console-consumer @ --topic a --offset 3"],
    ),
    (
        "kafka-console-consumer",
        "--from-beginning with --offset (and --partition)",
        &["kafka-console-consumer @ --topic a --partition 0 --offset 3 --from-beginning"],
    ),
    (
        "kafka-console-consumer",
        "--group with --partition",
        &["kafka-console-consumer @ --topic a --partition 0 --group g"],
    ),
    (
        "kafka-console-consumer",
        "bad --offset",
        &["kafka-console-consumer @ --topic a --partition 0 --offset soon"],
    ),
    (
        "kafka-console-consumer",
        "--from-beginning with auto.offset.reset=latest",
        &[
            "kafka-console-consumer @ --topic a --from-beginning --consumer-property auto.offset.reset=latest",
        ],
    ),
    (
        "kafka-console-consumer",
        "--timeout-ms passed",
        &[
            "kafka-topics @ --create --topic a",
            "kafka-console-consumer @ --topic a --timeout-ms 2000",
        ],
    ),
    ("kafka-consumer-groups", "unknown group", &["kafka-consumer-groups @ --describe --group g"]),
    (
        "kafka-consumer-groups",
        "reset without scenario",
        &["kafka-consumer-groups @ --reset-offsets --group g --all-topics"],
    ),
    (
        "kafka-consumer-groups",
        "delete an unknown group",
        &["kafka-consumer-groups @ --delete --group g"],
    ),
    ("kafka-consumer-groups", "describe without group", &["kafka-consumer-groups @ --describe"]),
    ("kafka-consumer-groups", "bad --state", &["kafka-consumer-groups @ --list --state nonsense"]),
];

/// What a real Kafka 3.9.1 was measured to do otherwise: a tool, an occasion or a flag, and what.
const MEASURED: &[(&str, &str, &str)] = &[(
    "kafka-topics",
    "empty name",
    "the admin client refuses it itself: The given topic name '' cannot be represented in a request.",
)];

fn is(input: &Input) -> bool {
    tools(input).next().is_some()
}

/// Tools of the file: whatever has options and is none of ours in name is skipped later.
fn tools(input: &Input) -> impl Iterator<Item = (&String, &Value)> {
    let fields = input.json.as_ref().and_then(Value::as_object).into_iter().flatten();
    fields.filter(|(_, value)| value["options"].is_array() && value["source"].is_string())
}

fn run(input: &Input) -> Vec<CaseResult> {
    let mut results = Vec::new();
    for (name, described) in tools(input) {
        let Some(known) = tool::find(name) else {
            results.push(CaseResult::skipped(name, "this tool is not there"));
            continue;
        };
        for option in described["options"].as_array().into_iter().flatten() {
            results.push(option_case(known, option.as_str().unwrap_or_default()));
        }
        for key in ["errors", "messages"] {
            for case in described[key].as_array().into_iter().flatten() {
                results.push(said_case(name, case));
            }
        }
    }
    results
}

/// `--batch-size (16384)`, `--topic | --include <regex>`, `--compression-codec [codec]`.
fn option_case(known: &tool::Tool, text: &str) -> CaseResult {
    let name = format!("{} {text}", known.name);
    let wanted: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '(')
        .filter_map(|w| w.strip_prefix("--"))
        .collect();
    let missing = wanted.iter().find(|flag| !flags(known.flags).any(|(known, _)| known == **flag));
    if let Some(flag) = missing {
        return CaseResult::failed(name, "flag", flag, "no such flag");
    }
    let within = text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let default = within.map_or("", |(default, _)| default);
    let is_number = !default.is_empty() && default.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let list = help::lines(known.name);
    let flag = format!("--{}", wanted.first().copied().unwrap_or_default());
    let entry: Vec<&str> = list
        .iter()
        .skip_while(|line| line.split_whitespace().next() != Some(&*flag))
        .enumerate()
        .take_while(|(number, line)| *number == 0 || !line.starts_with("--"))
        .flat_map(|(_, line)| line.split_whitespace())
        .collect();
    let told = entry.join(" ");
    if is_number && !told.contains(&format!("(default: {default})")) {
        return CaseResult::failed(name, "default", default, told);
    }
    if default == "required" && !told.contains("REQUIRED") {
        return CaseResult::failed(name, "required", "REQUIRED", told);
    }
    CaseResult::passed(name)
}

/// One thing that a tool says: `stdout`, `stderr`, `message` or `log`.
fn said_case(name: &str, case: &Value) -> CaseResult {
    let when = case["when"].as_str().unwrap_or_default();
    let title = format!("{name}: {when}");
    if let Some((_, _, why)) = MEASURED.iter().find(|(t, w, _)| *t == name && *w == when) {
        return CaseResult::skipped(title, *why);
    }
    if when.contains("KRaft") {
        return CaseResult::skipped(title, "a cluster with ZooKeeper does not say that");
    }
    let Some((_, _, lines)) = RUNS.iter().find(|(t, w, _)| *t == name && *w == when) else {
        return CaseResult::skipped(title, "no command line is known that makes it say that");
    };
    let fields = ["stdout", "stderr", "message", "log"].into_iter();
    let wanted: Vec<&str> = fields.filter_map(|field| case[field].as_str()).collect();
    let long = "x".repeat(250);
    let lines: Vec<String> = lines
        .iter()
        .map(|line| line.replace('@', "--bootstrap-server 127.0.0.1:9091").replace("LONG", &long))
        .collect();
    let printed = match outputs(&lines) {
        Ok(printed) => printed,
        Err(why) => return CaseResult { name: title, verdict: Verdict::Skipped(why) },
    };
    match wanted.iter().find(|wanted| !alternatives(wanted).any(|words| holds(&printed, words))) {
        Some(wanted) => {
            CaseResult::failed(title, "output", format!("{wanted:?}"), format!("{printed:?}"))
        }
        None => CaseResult::passed(title),
    }
}

/// A text may name several that fit, and go on with remarks in brackets.
fn alternatives(text: &str) -> impl Iterator<Item = &str> {
    let usual = text.split_once("(usually: \"").and_then(|(_, rest)| rest.split_once("\")"));
    let named = text.split("  /  ").map(|one| one.split("  (").next().unwrap_or(one));
    named.chain(usual.map(|(usual, _)| usual))
}

/// Whether a text is among what was printed; `<…>` and `...` stand for anything.
fn holds(printed: &str, wanted: &str) -> bool {
    let mut rest = printed;
    let mut left = wanted.trim_start_matches("... ").trim_start_matches('\n');
    loop {
        let end = left.find(['<', '[']).unwrap_or(left.len());
        let end = left[..end].find("...").unwrap_or(end);
        // A bracket of the text itself is a sign like any other.
        let literal = &left[..end];
        match rest.find(literal) {
            Some(at) => rest = &rest[at + literal.len()..],
            None => return false,
        }
        left = &left[end..];
        let close = match left.chars().next() {
            None => return true,
            Some('<') => left.find('>').map(|at| at + 1),
            Some('[') => left.find(']').map(|at| at + 1),
            Some(_) => Some(3),
        };
        left = close.map_or("", |at| &left[at..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_brackets_stands_for_anything() {
        let printed = "Error : Topic 'a' already exists.\n[2026] ERROR x";
        assert!(holds(printed, "Error : Topic '<name>' already exists."));
        assert!(holds(printed, "Error : <message>"));
        assert!(!holds(printed, "Topic '<name>' does not exist"));
    }
}
