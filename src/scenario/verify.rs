//! Runs a scenario and answers what it expects, each expectation at its moment.

use crate::engine::event::Event;
use crate::engine::ids::EventId;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::predicate::history::History;
use crate::scenario::predicate::judge::{Answer, judge};
use crate::scenario::runner::{Diverged, RunOutcome, Runner};

/// What a run came to, and whether what was expected of it holds.
#[derive(Clone)]
pub struct Verified {
    /// The run, up to the scenario's end.
    pub outcome: RunOutcome,
    /// One answer an expectation, in the order of the text.
    pub answers: Vec<Answer>,
}

impl Verified {
    /// Whether everything that was expected holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.answers.iter().all(|answer| answer.holds)
    }
}

/// Runs a scenario to its end, and beyond it where an expectation has a later moment; each event
/// passes `on_event` once.
///
/// # Errors
/// A recorded place does not exist in this run.
pub fn verify(
    scenario: &Scenario,
    mut on_event: impl FnMut(&World, &Event),
) -> Result<Verified, Diverged> {
    let expectations = &scenario.expectations;
    let predicates = expectations.iter().map(|expectation| &expectation.predicate);
    let mut history = History::of(predicates, scenario.clients());
    let mut answers = vec![Answer { holds: false, found: String::new() }; expectations.len()];
    let mut moments: Vec<(Moment, Option<usize>)> = vec![(scenario.end(), None)];
    for (index, expectation) in expectations.iter().enumerate() {
        moments.push((expectation.at.unwrap_or(scenario.end()), Some(index)));
    }
    moments.sort_by_key(|(moment, _)| place(*moment));
    let mut runner = Runner::new(scenario);
    let mut at_end = None;
    for (moment, asked) in moments {
        runner.run_until(moment, |world, event| {
            history.observe(event);
            on_event(world, event);
        })?;
        match asked {
            Some(index) => {
                let predicate = &expectations[index].predicate;
                answers[index] = judge(predicate, runner.world(), &history);
            }
            None => at_end = Some(runner.clone()),
        }
    }
    let outcome = at_end.expect("the end is one of the moments").finish();
    Ok(Verified { outcome, answers })
}

/// Orders moments as a run reaches them: what names an event comes before what names none.
fn place(moment: Moment) -> (Micros, EventId) {
    (moment.at, moment.before.unwrap_or(EventId(u64::MAX)))
}

#[cfg(test)]
mod tests;
