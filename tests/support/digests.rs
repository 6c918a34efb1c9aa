//! What each shipped scenario does, as a digest: worked out the same way natively and in Chromium.

use highwater::scenario::ast::Scenario;
use highwater::scenario::runner::{RunOutcome, run};
use highwater::scenario::shipped::{self, Shipped};
use highwater::scenario::version::ENGINE_VERSION;

/// Runs a scenario to the end that its text names.
pub fn outcome(scenario: &Scenario) -> RunOutcome {
    run(scenario, scenario.end(), |_, _| {}).expect("a shipped scenario names no recorded place")
}

/// The engine's version, then one line a scenario: its name, how many events passed, their digest.
pub fn digests() -> String {
    let line = |shipped: &Shipped| {
        let outcome = outcome(&shipped.scenario());
        format!("{} {} {}\n", shipped.name, outcome.events, outcome.digest.hex())
    };
    let lines: String = shipped::ALL.iter().map(line).collect();
    format!("engine={ENGINE_VERSION}\n{lines}")
}
