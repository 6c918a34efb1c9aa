//! Cases of what a cluster does when things break: setup, steps, and what each step gave on a real one.
//!
//! [`case`] is the file, [`cluster`] what it runs on, [`simulated`] the engine as such a cluster,
//! [`runner`] performs the steps (each verb in a file of its kind), and [`compare`] judges.

pub mod admin;
pub mod batches;
pub mod case;
pub mod cluster;
pub mod compare;
pub mod files;
pub mod groups;
pub mod observe;
pub mod produce;
pub mod reads;
pub mod requests;
pub mod runner;
#[cfg(feature = "wire")]
pub mod consumers;
#[cfg(feature = "wire")]
pub mod simulated;

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::CaseResult;

/// The format: an object with `setup` and `steps`.
pub const FORMAT: Format = Format { name: "anomaly", is, run };

fn is(input: &Input) -> bool {
    input.json.as_ref().is_some_and(|json| json["setup"].is_object() && json["steps"].is_array())
}

fn run(input: &Input) -> Vec<CaseResult> {
    let json = input.json.as_ref().expect("it was recognised as JSON");
    let result = match case::Case::read(json, &input.stem()) {
        Ok(case) => run_case(&case),
        Err(problem) => CaseResult::skipped(input.stem(), problem),
    };
    vec![result]
}

#[cfg(feature = "wire")]
fn run_case(case: &case::Case) -> CaseResult {
    runner::run(case, &mut simulated::set_up)
}

#[cfg(not(feature = "wire"))]
fn run_case(case: &case::Case) -> CaseResult {
    CaseResult::skipped(&case.name, "this build has no wire formats")
}
