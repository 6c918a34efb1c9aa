//! The shipped scenarios: all of them are known, none asks for what the world refuses, each does what
//! its digest says, and bytes on the wire change nothing that happens.
//!
//! `tests/data/digests.txt` is checked here natively and by `determinism_browser.rs` in Chromium. When
//! the engine is meant to behave differently: CONTRIBUTING.md tells how the file changes.

#[path = "support/digests.rs"]
mod digests;

#[path = "support/event_table.rs"]
mod event_table;
#[path = "support/golden.rs"]
mod golden;

use std::fs;

use digests::{digests, outcome};
use expect_test::expect_file;
use highwater::scenario::parser::parse;
use highwater::scenario::{printer, shipped};

#[test]
fn every_scenario_does_what_its_digest_says() {
    expect_file!["data/digests.txt"].assert_eq(&digests());
}

#[test]
fn predicates_know_every_event_and_field_of_the_engine() {
    expect_file!["../src/scenario/predicate/events.txt"].assert_eq(&event_table::table());
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

#[test]
fn every_golden_scenario_gives_the_headlines_written_beside_it_and_what_it_expects() {
    let files = golden::files();
    assert!(files.len() >= 30, "{} scenarios", files.len());
    for file in files {
        let (told, broken) = golden::told(&file);
        expect_test::expect_file![file.with_extension("events")].assert_eq(&told);
        assert_eq!(broken, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn every_example_of_the_languages_page_does_what_it_says() {
    let page = include_str!("../docs/SCENARIO.md");
    let examples = golden::blocks(page, "scenario");
    assert!(examples.len() >= 4, "{} examples", examples.len());
    for text in examples {
        assert_eq!(golden::broken(&text), Vec::<String>::new(), "{text}");
    }
    let refused = golden::blocks(page, "refused");
    assert!(refused.len() >= 2, "{} refusals", refused.len());
    for block in refused {
        let (text, error) = block.trim_end().rsplit_once('\n').expect("a text and its error");
        let found = highwater::scenario::parser::parse(text).expect_err("a refusal").to_string();
        assert_eq!(found, error, "{text}");
    }
}

#[test]
fn damaged_scenarios_are_refused_with_place_reason_and_what_was_meant() {
    let texts = include_str!("data/refused.txt").split("\n\n").map(|case| {
        let lines = case.lines().filter_map(|line| line.strip_prefix("| "));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    });
    let told = texts.map(|text| {
        let error = parse(&text).expect_err(&text);
        let shown: String = text.lines().map(|line| format!("| {line}\n")).collect();
        format!("{shown}{error}\n")
    });
    let told: Vec<String> = told.collect();
    assert!(told.len() >= 100, "{}", told.len());
    expect_file!["data/refused.txt"].assert_eq(&told.join("\n"));
}

#[test]
fn every_example_link_opens_and_holds_what_it_expects() {
    let page = include_str!("../docs/LINKS.md");
    let links: Vec<&str> = page.split('`').filter(|part| part.starts_with("#v1.e")).collect();
    assert!(links.len() >= 10, "{} links", links.len());
    for link in links {
        let opened = highwater::scenario::link::decode(link).expect(link);
        assert!(link.len() < highwater::scenario::link::SHARED_CHARS_MAX, "{link}");
        assert_ne!(opened.scenario.expectations, [], "{link}");
        assert_eq!(
            golden::broken(&printer::print(&opened.scenario)),
            Vec::<String>::new(),
            "{link}"
        );
    }
}

#[test]
fn every_link_that_was_ever_shared_opens() {
    for link in include_str!("data/links.txt").lines() {
        let opened = highwater::scenario::link::decode(link).expect(link);
        let outcome =
            highwater::scenario::runner::run(&opened.scenario, opened.scenario.end(), |_, _| {});
        let refused = outcome.map(|outcome| outcome.refused);
        assert!(opened.other_engine.is_some() || refused == Ok(Vec::new()), "{link}");
    }
}
