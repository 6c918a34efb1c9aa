//! Simulation: random worlds, random work, random faults, each from one seed, and what must hold.
//!
//! A seed makes a plan (`plan.rs`): a scenario whose faults end with everything healed and started.
//! It runs with the checker of invariants on (`check.rs`); afterwards, within a bound, every partition
//! must have a leader and a full ISR, producers must have nothing left and consumers must be at the
//! end; and the same plan with bytes on the wire must give the same events. A plan that fails is cut
//! down to the commands that matter (`shrink.rs`), which is what a person wants to see, as a link.
//!
//! Chance comes from the engine's own streams: a seed gives the same plan on every machine.

mod chance;
mod plan;
mod faults;
mod admin;
mod disk;
mod power;
mod promises;
mod check;
mod shrink;

#[cfg(test)]
mod tests;

pub use check::{Failure, check};
pub use plan::{Plan, plan};
pub use shrink::shrink;

/// What became of one seed.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The seed.
    pub seed: u64,
    /// Events of the run, of one of both modes.
    pub events: u64,
    /// What is wrong, and the plan cut down to what shows it.
    pub failure: Option<(Failure, Plan)>,
}

/// Plans, runs and checks one seed; a failing plan is cut down.
#[must_use]
pub fn simulate(seed: u64) -> Verdict {
    let plan = plan(seed);
    match check(&plan) {
        Ok(events) => Verdict { seed, events, failure: None },
        Err(failure) => {
            let (plan, failure) = shrink(plan, failure);
            Verdict { seed, events: 0, failure: Some((failure, plan)) }
        }
    }
}
