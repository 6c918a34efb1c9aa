//! Transcripts: sessions with the real Kafka 3.9.1 tools, run with the tools here and compared line by
//! line.
//!
//! A file is a fresh cluster and steps in order: `$` runs a tool, `<` is its input, then come the lines
//! of its standard output as they are, `!` those of standard error, `?` the exit code where it is not
//! 0, and `\` where the output ended without a line end; `@` is something else that is done. What
//! differs from run to run stands in placeholders ([`compare`]).

pub mod compare;
pub mod read;
pub mod run;

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::{CaseResult, Verdict};

/// Transcripts, as [`crate::conform`] knows them.
pub const FORMAT: Format = Format { name: "transcript", is, run };

fn is(input: &Input) -> bool {
    input.bytes.starts_with(b"# title:")
}

fn run(input: &Input) -> Vec<CaseResult> {
    let text = String::from_utf8_lossy(&input.bytes);
    let verdict = match read::transcript(&text) {
        Err(why) => Verdict::Failed(why),
        Ok(transcript) => run::run(&transcript),
    };
    vec![CaseResult { name: input.stem(), verdict }]
}
