//! `script` and `import`: from a scenario to a real cluster, and back.

use std::process::ExitCode;

use crate::cli::input;
use crate::scenario::ast::Scenario;
use crate::scenario::export;
use crate::scenario::import;
use crate::scenario::printer;

/// `highwater script`. The exit code is 1 when Kafka's tools cannot do all of it.
pub(super) fn script(scenario: &Scenario) -> ExitCode {
    let script = export::script(scenario);
    say_on!("{}", script.text);
    for statement in &script.left_out {
        eprintln!("highwater: Kafka's tools cannot do this: {statement}");
    }
    if script.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// `highwater import`. The exit code is 1 when something of the cluster is another thing here.
///
/// # Errors
/// What cannot be read or understood.
pub(super) fn import(name: &str) -> Result<ExitCode, String> {
    let text = input::text_of(name).map_err(|error| format!("{name}: {error}"))?;
    let imported = import::describe(&text)
        .map_err(|error| format!("{name}:{}:{}: {}", error.line, error.column, error.problem))?;
    say_on!("{}", printer::print(&imported.scenario));
    for (id, here) in &imported.renamed {
        eprintln!("highwater: broker {id} is b{here} here");
    }
    for setting in &imported.left_out {
        eprintln!("highwater: not modelled: {setting}");
    }
    for partition in &imported.elsewhere {
        eprintln!("highwater: {partition} is led by another replica here: its first in the ISR");
    }
    let is_whole = imported.left_out.is_empty() && imported.elsewhere.is_empty();
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
