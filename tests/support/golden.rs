//! Golden scenarios: what one would tell of a run, and whether what it expects holds.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use highwater::engine::event::EventKind;
use highwater::engine::ids::Text;
use highwater::scenario::parser::parse;
use highwater::scenario::predicate::fields;
use highwater::scenario::predicate::print::print;
use highwater::scenario::printer;
use highwater::scenario::verify::verify;
use highwater::view::explain::{Importance, importance};

/// Most lines of a golden.
const LINES_MAX: usize = 60;

/// Every golden scenario, by name.
pub fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/scenarios");
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "scenario")).collect();
    files.sort();
    files
}

/// The headlines of a run, and the expectations that do not hold. Times are rounded to tenths of a
/// second: a golden tells the story, the digests hold every microsecond.
pub fn told(file: &Path) -> (String, Vec<String>) {
    let text = fs::read_to_string(file).expect("the file can be read");
    let scenario = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let clients = scenario.clients();
    let mut lines: Vec<String> = Vec::new();
    let verified = verify(&scenario, |_, event| {
        if importance(&event.kind) != Importance::Headline {
            return;
        }
        let tenths = (event.at.0 + 50_000) / 100_000;
        let node = event.node.map(|node| name(node, &clients)).unwrap_or_default();
        let what = match &event.kind {
            EventKind::CommandApplied { command } => printer::command(command, &clients),
            _ => fields::text(event, &clients),
        };
        let line = format!("{:>4}.{} {node:<6} {what}", tenths / 10, tenths % 10);
        lines.push(line.trim_end().to_owned());
    });
    let verified = verified.expect("no recorded places");
    let more = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    let mut told: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if more > 0 {
        let _ = writeln!(told, "and {more} more");
    }
    let rows = scenario.expectations.iter().zip(&verified.answers);
    let broken = rows.filter(|(_, answer)| !answer.holds);
    let broken =
        broken.map(|(it, answer)| format!("{} found {}", print(&it.predicate), answer.found));
    (told, broken.collect())
}

fn name(node: highwater::engine::ids::NodeId, clients: &[Text]) -> String {
    let client = node.client().and_then(|id| clients.get(usize::from(id.0)));
    client.map_or_else(|| node.to_string(), ToString::to_string)
}

/// The code blocks of a page that are marked so.
pub fn blocks(page: &str, mark: &str) -> Vec<String> {
    let fence = format!("```{mark}\n");
    let parts = page.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The expectations of a text that do not hold, and the commands that were refused.
pub fn broken(text: &str) -> Vec<String> {
    let scenario = parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let verified = verify(&scenario, |_, _| {}).expect("no recorded places");
    let rows = scenario.expectations.iter().zip(&verified.answers);
    let broken = rows.filter(|(_, answer)| !answer.holds);
    let mut broken: Vec<String> = broken
        .map(|(it, answer)| format!("{} found {}", print(&it.predicate), answer.found))
        .collect();
    broken
        .extend(verified.outcome.refused.iter().map(|(index, error)| format!("{index}: {error}")));
    broken
}
