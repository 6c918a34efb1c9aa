//! Conformance: files that say what a real Kafka 3.9.1 did, run through the engine and compared.
//!
//! A file is recognised by its content, never by its name. Each format is a [`Format`] in [`FORMATS`]:
//! a test whether a file is of it, and a function that runs the file's cases. To add one, write its
//! module and put it into that list. `highwater conform` prints what [`run`] returns.

pub mod anomaly;
pub mod input;
pub mod report;
pub mod transcript;
pub mod vectors;

use std::path::PathBuf;

use input::Input;
use report::{CaseResult, Report, Verdict};

/// One format of recorded facts.
#[derive(Clone, Copy)]
pub struct Format {
    /// Its name, as messages tell it.
    pub name: &'static str,
    /// Whether a file is of this format, judged by its content.
    pub is: fn(&Input) -> bool,
    /// Runs every case of the file, in order.
    pub run: fn(&Input) -> Vec<CaseResult>,
}

/// The formats that are known. The first that recognises a file runs it.
pub const FORMATS: &[Format] = &[
    anomaly::FORMAT,
    transcript::FORMAT,
    vectors::segments::FORMAT,
    vectors::record_batches::FORMAT,
    vectors::murmur2::FORMAT,
    vectors::assignors::FORMAT,
    vectors::configs::FORMAT,
    vectors::cli::FORMAT,
];

/// Runs every file, and of every folder all files within that have a known format, by name. What is
/// named itself and has none is skipped with a reason; so is a JSON file within a folder.
#[must_use]
pub fn run(paths: &[PathBuf]) -> Report {
    let mut report = Report::default();
    for found in input::find(paths) {
        match found {
            Ok(input) => run_input(&input, &mut report),
            Err(error) => report.add(CaseResult {
                name: error.path.display().to_string(),
                verdict: Verdict::Failed(format!("expected a file, got: {}", error.problem)),
            }),
        }
    }
    report
}

fn run_input(input: &Input, report: &mut Report) {
    if let Some(format) = FORMATS.iter().find(|format| (format.is)(input)) {
        (format.run)(input).into_iter().for_each(|result| report.add(result));
    } else if input.named || input.json.is_some() {
        let reason = "no format that is known here".to_owned();
        report.add(CaseResult { name: input.name(), verdict: Verdict::Skipped(reason) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_fails_and_what_is_not_known_is_skipped() {
        let missing = PathBuf::from("no/such/file.json");
        let report = run(&[missing, PathBuf::from("Cargo.toml")]);
        let text = report.to_string();
        assert!(text.contains("FAILED no/such/file.json"), "{text}");
        assert!(text.contains("SKIPPED Cargo.toml: no format that is known here"), "{text}");
        assert!(text.ends_with("0 passed, 1 failed, 1 skipped\n"), "{text}");
        assert!(report.has_failed());
    }
}
