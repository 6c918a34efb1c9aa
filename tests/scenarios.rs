//! The shipped scenarios: all of them are known, none asks for what the world refuses, each does what
//! its digest says, and bytes on the wire change nothing that happens.
//!
//! `tests/data/digests.txt` is checked here natively and by `determinism_browser.rs` in Chromium. When
//! the engine is meant to behave differently: CONTRIBUTING.md tells how the file changes.

#[path = "support/digests.rs"]
mod digests;

use std::fs;

use digests::{digests, outcome};
use expect_test::expect_file;
use highwater::scenario::shipped;

#[test]
fn every_scenario_does_what_its_digest_says() {
    expect_file!["data/digests.txt"].assert_eq(&digests());
}

#[test]
fn every_shipped_scenario_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/www/scenarios");
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = files
        .map(|file| {
            file.expect("the folder can be read").file_name().to_string_lossy().into_owned()
        })
        .filter_map(|name| name.strip_suffix(".scenario").map(str::to_owned))
        .collect();
    names.sort();
    let mut listed: Vec<&str> = shipped::ALL.iter().map(|shipped| shipped.name).collect();
    listed.sort_unstable();
    assert_eq!(names, listed);
}

#[test]
fn wire_mode_changes_nothing_that_happens() {
    for shipped in shipped::ALL {
        let mut scenario = shipped.scenario();
        let plain = outcome(&scenario).digest.hex();
        scenario.config.wire_mode = true;
        assert_eq!(outcome(&scenario).digest.hex(), plain, "{}", shipped.name);
    }
}

#[test]
fn no_scenario_asks_for_what_the_world_refuses() {
    for shipped in shipped::ALL {
        assert_eq!(outcome(&shipped.scenario()).refused, [], "{}", shipped.name);
    }
}

#[test]
fn no_shipped_scenario_breaks_a_rule_of_kafka() {
    for shipped in highwater::scenario::shipped::ALL {
        let scenario = shipped.scenario();
        let broken = |event: &highwater::engine::event::Event| {
            let broken =
                matches!(event.kind, highwater::engine::event::EventKind::InvariantBroken { .. });
            assert!(!broken, "{}: {:?}", shipped.name, event.kind);
        };
        let ran = highwater::scenario::runner::run(&scenario, scenario.end(), |_, event| {
            broken(event);
        });
        assert!(ran.is_ok(), "{}", shipped.name);
    }
}
