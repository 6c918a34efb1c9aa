//! Recorded facts of a real Kafka, run through the engine: which pass, and which cannot be run yet.
#![cfg(all(feature = "wire", not(target_arch = "wasm32")))]

use std::path::PathBuf;

use highwater::conform;
use highwater::conform::report::Verdict;

fn data(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder)
}

/// Cases that are skipped, and a word of the reason.
const SKIPPED: &[(&str, &str)] =
    &[("s09-cooperative-sticky", "librdkafka"), ("s16-transactions", "transactions")];

#[test]
fn what_a_real_cluster_did_when_things_broke_the_engine_does() {
    let folder = data("anomalies");
    let report = conform::run(std::slice::from_ref(&folder));
    let files = std::fs::read_dir(&folder).expect("the cases are there").count();
    assert_eq!(report.results().len(), files, "{report}");
    for result in report.results() {
        let skipped = SKIPPED.iter().find(|(name, _)| *name == result.name);
        match (&result.verdict, skipped) {
            (Verdict::Passed, None) => {}
            (Verdict::Skipped(reason), Some((_, word))) if reason.contains(word) => {}
            (verdict, _) => panic!("{}: {verdict:?}", result.name),
        }
    }
}

#[test]
fn a_case_may_use_every_step_field_and_condition_of_the_format() {
    let report = conform::run(&[data("conform/every-step.json")]);
    assert_eq!(report.to_string(), "1 passed, 0 failed, 0 skipped\n");
}

#[test]
fn a_case_with_another_outcome_fails_and_names_what_came() {
    let text = std::fs::read_to_string(data("anomalies/s01-acks1-leader-killed.json"))
        .expect("the case is there");
    let changed = text.replacen(r#""leo": 5, "hw": 3"#, r#""leo": 5, "hw": 5"#, 1);
    assert_ne!(text, changed);
    let path = std::env::temp_dir().join(format!("highwater-conform-{}.json", std::process::id()));
    std::fs::write(&path, changed).expect("the changed case can be written");
    let report = conform::run(std::slice::from_ref(&path));
    std::fs::remove_file(&path).expect("it was written");
    let told = report.to_string();
    let line = "FAILED s01-acks1-leader-killed: step 9 (observe before kill): \
                replicas.1.hw: expected 5, got 3\n0 passed, 1 failed, 0 skipped\n";
    assert_eq!(told, line);
}
