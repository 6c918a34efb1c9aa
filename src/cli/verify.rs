//! `verify` and `search`: whether what a scenario expects holds, with its own seed and with others.

use std::process::ExitCode;

use crate::cli::run;
use crate::scenario::ast::Scenario;
use crate::scenario::link::encode;
use crate::scenario::predicate::print::print;
use crate::scenario::verify::{Verified, verify as run_and_verify};
use crate::scenario::version::ENGINE_VERSION;

/// `highwater verify`, of one scenario: a line an expectation, and one that sums up.
pub(super) fn verify(name: &str, scenario: &Scenario) -> ExitCode {
    let verified = match run_and_verify(scenario, |_, _| {}) {
        Ok(verified) => verified,
        Err(diverged) => {
            eprintln!("highwater: {name}: {diverged}");
            return ExitCode::from(1);
        }
    };
    for (expectation, answer) in scenario.expectations.iter().zip(&verified.answers) {
        let word = if answer.holds { "ok    " } else { "BROKEN" };
        say!("{word}  {}  found {}", print(&expectation.predicate), answer.found);
    }
    let refused = run::refused(scenario, &verified.outcome);
    let kept = run::digest_is_kept(scenario, &verified.outcome);
    let held = verified.answers.iter().filter(|answer| answer.holds).count();
    say!("{name}: {held} of {} expectations hold", verified.answers.len());
    if held == verified.answers.len() && kept && !refused {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

/// `highwater search`: seeds from the scenario's own on, until one breaks an expectation.
pub(super) fn search(scenario: &Scenario, seeds: u64) -> Result<ExitCode, String> {
    if scenario.expectations.is_empty() {
        return Err("the scenario expects nothing: say `expect …` first".to_owned());
    }
    let first = scenario.config.seed;
    for seed in first..first.saturating_add(seeds) {
        let mut tried = scenario.clone();
        tried.config.seed = seed;
        tried.digest = None;
        let verified =
            run_and_verify(&tried, |_, _| {}).map_err(|diverged| diverged.to_string())?;
        if !verified.holds() {
            tell(seed, tried, &verified);
            return Ok(ExitCode::from(1));
        }
    }
    say!("{seeds} seeds from {first} on: every expectation holds");
    Ok(ExitCode::SUCCESS)
}

/// Names what does not hold, and writes the link on which it can be watched.
fn tell(seed: u64, scenario: Scenario, verified: &Verified) {
    for (expectation, answer) in scenario.expectations.iter().zip(&verified.answers) {
        if !answer.holds {
            let predicate = print(&expectation.predicate);
            say!("seed {seed}: {predicate} does not hold: found {}", answer.found);
        }
    }
    let recorded = Scenario {
        engine: Some(ENGINE_VERSION),
        until: Some(scenario.end()),
        digest: Some(verified.outcome.digest.hex().into()),
        ..scenario
    };
    say!("open it: #{}", encode(&recorded));
}
