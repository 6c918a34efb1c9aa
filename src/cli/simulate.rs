//! `simulate`: many seeds, and the first failures cut down to what a person can read and open.

use std::process::ExitCode;

use crate::scenario::link::encode;
use crate::scenario::printer;
use crate::simulate::{Failure, Plan, plan, simulate};

/// Failures after which it ends: more say little that is new.
const FAILURES_MAX: u32 = 5;

/// `highwater simulate --seed`: repeats one seed, and writes its link whether it fails or not.
pub(super) fn repeat(seed: u64) -> ExitCode {
    let scenario = plan(seed).written();
    say_on!("{}", printer::print(&scenario));
    say!("open it: #{}", encode(&scenario).trim_start_matches('#'));
    run(seed, 1)
}

/// `highwater simulate`: runs seeds from `first` on.
pub(super) fn run(first: u64, seeds: u64) -> ExitCode {
    let (mut passed, mut failed, mut events) = (0_u64, 0_u32, 0_u64);
    for seed in first..first.saturating_add(seeds) {
        let verdict = simulate(seed);
        events += verdict.events;
        match &verdict.failure {
            None => passed += 1,
            Some((failure, plan)) => {
                failed += 1;
                tell(seed, failure, plan);
            }
        }
        if failed == FAILURES_MAX {
            say!("…and no further after {FAILURES_MAX} failures");
            break;
        }
    }
    say!("{events} events");
    let word = if failed == 0 { "ok" } else { "FAILED" };
    say!("test result: {word}. {passed} passed; {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn tell(seed: u64, failure: &Failure, plan: &Plan) {
    say!("seed {seed}: {failure}");
    let scenario = plan.written();
    say_on!("{}", printer::print(&scenario));
    say!("open it: #{}", encode(&scenario).trim_start_matches('#'));
    say!("again: make simulate SEED={seed}");
    say!("");
}
