//! Cases of what a cluster does when things break: setup, steps, and what each step gave on a real one.

pub mod case;
pub mod cluster;

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::CaseResult;

/// The format: an object with `setup` and `steps`.
pub const FORMAT: Format = Format { name: "anomaly", is, run };

fn is(input: &Input) -> bool {
    input.json.as_ref().is_some_and(|json| json["setup"].is_object() && json["steps"].is_array())
}

fn run(input: &Input) -> Vec<CaseResult> {
    vec![CaseResult::skipped(input.stem(), "cases of this format are recognised, not run yet")]
}
