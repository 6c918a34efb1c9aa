//! The command `highwater`, as it is typed: what it prints, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A text as a file of its own.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a file can be written");
    path
}

fn highwater(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("it was asked for");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// Exit code, standard output, standard error.
fn told(arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = highwater(arguments, input);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

const WORLD: &str = "brokers 3\nseed 5\ntopic t p1 rf1\nuntil=5s\n";

#[test]
fn run_prints_the_cluster_its_events_or_json() {
    let (code, table, _) = told(&["run", "-"], WORLD);
    assert_eq!(code, 0);
    assert!(table.contains("t-0  leader b"), "{table}");
    let (_, events, _) = told(&["run", "-", "--events"], WORLD);
    assert!(events.lines().any(|line| line.contains("LeaderElected")), "{events}");
    let (_, json, _) = told(&["run", "-", "--json"], WORLD);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["now_us"], 5_000_000);
}

#[test]
fn events_may_be_read_in_part() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    let path = file("part.scenario", "brokers 3\nseed 5\ntopic t p9 rf3\nuntil=60s\n");
    command.arg("run").arg(path).arg("--events").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it was asked for"));
    let mut first = String::new();
    lines.read_line(&mut first).expect("a line");
    drop(lines);
    let output = child.wait_with_output().expect("it ends");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!first.is_empty() && error.is_empty(), "{error}");
    assert_eq!(output.status.code(), Some(141));
}

#[test]
fn verify_says_what_holds_and_ends_with_1_where_something_does_not() {
    let (code, out, _) = told(&["verify", "-"], &format!("{WORLD}expect t.n = 1\n"));
    assert_eq!((code, out.contains("1 of 1 expectations hold")), (0, true), "{out}");
    let (code, out, _) = told(&["verify", "-"], &format!("{WORLD}expect t.n = 2\n"));
    assert_eq!((code, out.starts_with("BROKEN  t.n = 2  found 1")), (1, true), "{out}");
}

#[test]
fn search_finds_a_seed_that_breaks_an_expectation_and_its_link_shows_that() {
    // Where the only replica is placed is a matter of the seed.
    let text = format!("{WORLD}expect t-0.leader = b1\n");
    let (code, out, _) = told(&["search", "-", "--seeds", "40"], &text);
    assert_eq!(code, 1, "{out}");
    let link = out.lines().find_map(|line| line.strip_prefix("open it: ")).expect("a link");
    let (code, out, _) = told(&["verify", link], "");
    assert_eq!((code, out.starts_with("BROKEN  t-0.leader = b1")), (1, true), "{out}");
    let always = format!("{WORLD}expect t.n = 1\n");
    assert_eq!(told(&["search", "-", "--seeds", "3"], &always).0, 0);
}

#[test]
fn a_slip_is_told_as_a_sentence_with_its_place_and_nothing_runs() {
    let path = file("slip.scenario", "brokers 3\nat 5 kill b1\n");
    let name = path.to_str().expect("a plain name").to_owned();
    let (code, out, error) = told(&["run", &name], "");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains(&format!("{name}:2:4: expected a time such as 5s")), "{error}");
    assert!(error.contains("Did you mean “5s”?"), "{error}");
}

#[test]
fn text_prints_what_it_reads_back_the_same() {
    let (_, once, _) = told(&["text", "-"], WORLD);
    let (code, twice, _) = told(&["text", "-"], &once);
    assert_eq!((code, &twice), (0, &once));
}

#[test]
fn a_described_cluster_becomes_a_scenario_and_a_scenario_a_script() {
    let described = "Topic: t\tPartitionCount: 1\tReplicationFactor: 2\tConfigs: \n\
        \tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1,2\tIsr: 1,2\n";
    let (code, scenario, _) = told(&["import", "-"], described);
    assert_eq!((code, scenario.contains("topic t: b1>b2")), (0, true), "{scenario}");
    let (code, script, _) = told(&["script", "-"], &scenario);
    assert_eq!((code, script.contains("kafka-topics")), (0, true), "{script}");
    let (code, _, error) = told(&["script", "-"], &format!("{WORLD}at 3s hold b1-b2\n"));
    assert_eq!((code, error.contains("hold b1-b2")), (1, true), "{error}");
}
