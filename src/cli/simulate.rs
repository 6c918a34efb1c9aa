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
    print!("{}", printer::print(&scenario));
    println!("open it: #{}", encode(&scenario).trim_start_matches('#'));
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
            println!("…and no further after {FAILURES_MAX} failures");
            break;
        }
    }
    println!("{events} events");
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn tell(seed: u64, failure: &Failure, plan: &Plan) {
    println!("seed {seed}: {failure}");
    let scenario = plan.written();
    print!("{}", printer::print(&scenario));
    println!("open it: #{}", encode(&scenario).trim_start_matches('#'));
    println!("again: make simulate SEED={seed}");
    println!();
}
