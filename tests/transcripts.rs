//! Sessions with the real Kafka 3.9.1 tools: the tools here print the same, line by line.
#![cfg(not(target_arch = "wasm32"))]

use std::path::PathBuf;

use highwater::conform;
use highwater::conform::report::Verdict;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts")
}

/// Transcripts of tools that are not there yet.
const SKIPPED: &[&str] = &[];

#[test]
fn the_tools_print_what_the_real_ones_printed() {
    let report = conform::run(&[folder()]);
    let files = std::fs::read_dir(folder()).expect("the transcripts are there").count();
    assert_eq!(report.results().len(), files, "{report}");
    for result in report.results() {
        match &result.verdict {
            Verdict::Passed => {}
            Verdict::Skipped(_) if SKIPPED.contains(&&*result.name) => {}
            verdict => panic!("{}: {verdict:?}", result.name),
        }
    }
}

#[test]
fn a_line_that_differs_is_told_with_its_step() {
    let text = std::fs::read_to_string(folder().join("topics-create.txt")).expect("it is there");
    let changed = text.replacen("Created topic payments.", "Made topic payments.", 1);
    assert_ne!(text, changed);
    let path = std::env::temp_dir().join(format!("highwater-tools-{}.txt", std::process::id()));
    std::fs::write(&path, changed).expect("the changed transcript can be written");
    let report = conform::run(std::slice::from_ref(&path)).to_string();
    std::fs::remove_file(&path).expect("it was written");
    let told = "stdout: expected \"Made topic payments.\", got \"Created topic payments.\"";
    assert!(report.contains(told), "{report}");
    assert!(report.ends_with("0 passed, 1 failed, 0 skipped\n"), "{report}");
}
