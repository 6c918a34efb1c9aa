//! The shipped scenarios: all of them are known, none asks for what the world refuses, and bytes on
//! the wire change nothing that happens. Their digests are `src/scenario/version.rs`'s.

use std::fs;

use highwater::scenario::ast::Scenario;
use highwater::scenario::runner::{RunOutcome, run};
use highwater::scenario::shipped;

fn outcome(scenario: &Scenario) -> RunOutcome {
    run(scenario, scenario.end(), |_, _| {}).expect("a shipped scenario names no recorded place")
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
