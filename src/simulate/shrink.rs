//! Cutting a failing plan down to the commands that matter (delta debugging, Zeller's `ddmin`).

use crate::engine::command::TimedCommand;
use crate::simulate::check::{Failure, check, check_once};
use crate::simulate::faults::may_drop;
use crate::simulate::plan::Plan;

/// Most runs that cutting down may take.
const RUNS_MAX: u32 = 400;

/// The plan without the faults that the failure does not need, and the failure that it then shows.
#[must_use]
pub fn shrink(plan: Plan, failure: Failure) -> (Plan, Failure) {
    let mut best = (plan, failure);
    let mut runs = 0;
    let mut parts = 2;
    loop {
        if best.0.power.is_some() {
            runs += 1;
            let plan = Plan { power: None, ..best.0.clone() };
            if let Some(failure) = fails_like(&plan, &best.1) {
                best = (plan, failure);
            }
        }
        let faults = faults_of(&best.0);
        if faults.is_empty() || runs >= RUNS_MAX {
            return best;
        }
        let size = faults.len().div_ceil(parts).max(1);
        let smaller = faults.chunks(size).find_map(|chunk| {
            runs += 1;
            let plan = without(&best.0, chunk);
            let failure = fails_like(&plan, &best.1)?;
            Some((plan, failure))
        });
        match smaller {
            Some(smaller) => {
                best = smaller;
                parts = parts.max(3) - 1;
            }
            None if size == 1 => return best,
            None => parts = (parts * 2).min(faults.len()),
        }
    }
}

fn faults_of(plan: &Plan) -> Vec<usize> {
    (0..plan.scenario.commands.len()).filter(|at| may_drop(&plan.scenario, *at)).collect()
}

fn without(plan: &Plan, dropped: &[usize]) -> Plan {
    let mut scenario = plan.scenario.clone();
    let kept = scenario.commands.iter().enumerate().filter(|(at, _)| !dropped.contains(at));
    let kept: Vec<TimedCommand> = kept.map(|(_, timed)| timed.clone()).collect();
    scenario.commands = kept;
    Plan { scenario, power: plan.power }
}

fn fails_like(plan: &Plan, failure: &Failure) -> Option<Failure> {
    let found = match failure {
        Failure::Wire { .. } => check(plan).err(),
        _ => check_once(plan).err(),
    };
    found.filter(|found| found.is_like(failure))
}
