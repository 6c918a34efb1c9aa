//! `run`, `link`, `digest`: a scenario runs to its end, and what it came to is said.

use std::process::ExitCode;

use crate::cli::print;
use crate::engine::ids::{ClientId, Text};
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::link::{SHARED_CHARS_MAX, encode};
use crate::scenario::printer;
use crate::scenario::runner::{self, RunOutcome, Runner};
use crate::scenario::version::ENGINE_VERSION;

/// What `run` prints besides the tables.
pub(super) struct Show {
    /// Every event.
    pub events: bool,
    /// Number of events and digest.
    pub digest: bool,
    /// JSON instead of plain text.
    pub json: bool,
}

/// `highwater run`.
pub(super) fn run(
    scenario: &Scenario,
    until: Option<Moment>,
    show: Show,
) -> Result<ExitCode, String> {
    let end = until.unwrap_or(scenario.end());
    let mut runner = Runner::new(scenario);
    let mut names: Vec<(ClientId, Text)> = Vec::new();
    let ran = runner.run_until(end, |world, event| {
        if show.events {
            if names.len() <= event.node.and_then(|n| n.client()).map_or(0, |id| usize::from(id.0))
            {
                names = world.client_names();
            }
            say!("{}", print::event(event, &names, show.json));
        }
    });
    if let Err(diverged) = ran {
        eprintln!("highwater: {diverged}");
        return Ok(ExitCode::from(1));
    }
    let outcome = runner.finish();
    let (events, digest) = (outcome.events, outcome.digest.hex());
    if show.json && !show.events {
        say!("{}", print::cluster_json(&outcome.world, events, &digest));
    } else if show.digest {
        say!("{events} {digest}");
    } else if !show.events {
        say_on!("{}", print::cluster(&outcome.world));
    }
    let kept = until.is_some() || digest_is_kept(scenario, &outcome);
    Ok(if refused(scenario, &outcome) || !kept { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// `highwater link`.
pub(super) fn link(scenario: &Scenario, until: Option<Moment>) -> Result<ExitCode, String> {
    let end = until.unwrap_or(scenario.end());
    let outcome = runner::run(scenario, end, |_, _| {}).map_err(|error| error.to_string())?;
    let recorded = Scenario {
        engine: Some(ENGINE_VERSION),
        until: Some(end),
        digest: Some(outcome.digest.hex().into()),
        ..scenario.clone()
    };
    let link = encode(&recorded);
    say!("#{link}");
    if link.len() > SHARED_CHARS_MAX {
        let length = link.len();
        eprintln!("highwater: {length} characters: too long to be shared as a link, send the file");
    }
    Ok(if refused(scenario, &outcome) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// `highwater digest`, of one scenario.
pub(super) fn digest(name: &str, scenario: &Scenario) -> Result<ExitCode, String> {
    let outcome =
        runner::run(scenario, scenario.end(), |_, _| {}).map_err(|error| error.to_string())?;
    say!("{} {} {name}", outcome.digest.hex(), outcome.events);
    let kept = digest_is_kept(scenario, &outcome);
    Ok(if refused(scenario, &outcome) || !kept { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Says which commands the world refused; whether there were any.
pub(super) fn refused(scenario: &Scenario, outcome: &RunOutcome) -> bool {
    let clients = scenario.clients();
    for (index, error) in &outcome.refused {
        let timed = &scenario.commands[*index];
        let statement = printer::command(&timed.command, &clients);
        eprintln!("highwater: at {} {statement}: refused: {error}", printer::time(timed.at));
    }
    !outcome.refused.is_empty()
}

/// Whether the digest is the one that the text promises, if it promises one for this engine.
pub(super) fn digest_is_kept(scenario: &Scenario, outcome: &RunOutcome) -> bool {
    let Some(promised) = &scenario.digest else { return true };
    let found = outcome.digest.hex();
    if **promised == found {
        return true;
    }
    let engine = scenario.engine.unwrap_or(ENGINE_VERSION);
    eprintln!("highwater: the digest is {found}, the text says {promised} (engine {engine})");
    engine != ENGINE_VERSION
}
