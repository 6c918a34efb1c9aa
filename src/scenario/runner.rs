//! Runs a scenario: the world steps, commands are given at their places, events pass by.
//!
//! A place among the events of one instant is a time and the ordinal of the next event. Timers that
//! fire without effect leave no event, so several moments share such a place; the canonical one is
//! the latest: [`settle`] runs what is due now and leaves no event. Whoever records a command calls
//! it first, and replay ends up in exactly the same place.

use thiserror::Error;

use crate::engine::command::{Command, TimedCommand};
use crate::engine::error::CommandError;
use crate::engine::event::Event;
use crate::engine::ids::EventId;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::digest::Digest;

/// What a run came to.
#[derive(Clone)]
pub struct RunOutcome {
    /// The world at the end.
    pub world: World,
    /// Events that passed.
    pub events: u64,
    /// Their digest.
    pub digest: Digest,
    /// Commands that the world refused: their index in the scenario, and why.
    pub refused: Vec<(usize, CommandError)>,
}

/// A recorded place that this engine does not reach: it is another version than the recording's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("event {wanted} does not follow at {at}: the world stands before event {found}")]
pub struct Diverged {
    /// Time of the place.
    pub at: Micros,
    /// Ordinal that the next event should have.
    pub wanted: EventId,
    /// Ordinal that it has.
    pub found: EventId,
}

/// A scenario that is being run.
#[derive(Clone)]
pub struct Runner<'s> {
    scenario: &'s Scenario,
    next_command: usize,
    outcome: RunOutcome,
}

impl<'s> Runner<'s> {
    /// The scenario's world, before anything happened.
    #[must_use]
    pub fn new(scenario: &'s Scenario) -> Runner<'s> {
        let world = World::new(scenario.config.clone());
        let outcome = RunOutcome { world, events: 0, digest: Digest::new(), refused: Vec::new() };
        Runner { scenario, next_command: 0, outcome }
    }

    /// Goes on to `until`, giving the commands due on the way; each event passes `on_event` once.
    ///
    /// # Errors
    /// A recorded place does not exist in this run.
    pub fn run_until(
        &mut self,
        until: Moment,
        mut on_event: impl FnMut(&World, &Event),
    ) -> Result<(), Diverged> {
        while let Some(timed) = self.scenario.commands.get(self.next_command) {
            if timed.at > until.at || passed(timed.before, until) {
                break;
            }
            let place = Moment { at: timed.at, before: timed.before };
            self.go_to(place, &mut on_event)?;
            self.give(timed, &mut on_event);
        }
        self.go_to(until, &mut on_event)
    }

    /// The world where it stands.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.outcome.world
    }

    /// What the run came to.
    #[must_use]
    pub fn finish(self) -> RunOutcome {
        self.outcome
    }

    fn give(&mut self, timed: &TimedCommand, on_event: &mut impl FnMut(&World, &Event)) {
        if let Err(error) = self.outcome.world.apply(timed.command.clone()) {
            self.outcome.refused.push((self.next_command, error));
        }
        self.next_command += 1;
        self.pass(on_event);
    }

    /// Steps to a place, in slices, so that events never pile up.
    fn go_to(
        &mut self,
        place: Moment,
        on_event: &mut impl FnMut(&World, &Event),
    ) -> Result<(), Diverged> {
        loop {
            let world = &mut self.outcome.world;
            let reached = place.before.is_some_and(|before| world.next_event() >= before);
            if reached || world.next_at().is_none_or(|next| next > place.at) {
                break;
            }
            world.step();
            self.pass(on_event);
        }
        go_to(&mut self.outcome.world, place)
    }

    fn pass(&mut self, on_event: &mut impl FnMut(&World, &Event)) {
        for event in self.outcome.world.drain_events() {
            self.outcome.digest.update(&event);
            self.outcome.events += 1;
            on_event(&self.outcome.world, &event);
        }
    }
}

/// Whether a command's place lies behind `until`, within the same run.
fn passed(before: Option<EventId>, until: Moment) -> bool {
    match (before, until.before) {
        (Some(before), Some(until)) => before > until,
        _ => false,
    }
}

/// Runs a scenario to `until`; each event passes `on_event` once.
///
/// # Errors
/// A recorded place does not exist in this run.
pub fn run(
    scenario: &Scenario,
    until: Moment,
    on_event: impl FnMut(&World, &Event),
) -> Result<RunOutcome, Diverged> {
    let mut runner = Runner::new(scenario);
    runner.run_until(until, on_event)?;
    Ok(runner.finish())
}

/// Steps a world to a place and stops exactly there.
///
/// # Errors
/// The place does not exist: the event that should follow does not, or has passed.
pub fn go_to(world: &mut World, place: Moment) -> Result<(), Diverged> {
    let Some(before) = place.before else {
        world.advance_to(place.at);
        return Ok(());
    };
    while world.next_event() < before && world.next_at().is_some_and(|next| next <= place.at) {
        world.step();
    }
    settle_at(world, place.at);
    if world.next_event() == before && world.now() == place.at {
        return Ok(());
    }
    Err(Diverged { at: place.at, wanted: before, found: world.next_event() })
}

/// Runs what is due now and leaves no event; returns the place where the world then stands. A
/// command given here can be recorded with this place and replayed exactly.
pub fn settle(world: &mut World) -> Moment {
    let at = world.now();
    settle_at(world, at);
    Moment { at, before: Some(world.next_event()) }
}

fn settle_at(world: &mut World, at: Micros) {
    while world.next_at().is_some_and(|next| next <= at) {
        let mut ahead = world.clone();
        ahead.step();
        if ahead.next_event() != world.next_event() {
            return;
        }
        *world = ahead;
    }
    world.advance_to(at);
}

/// Gives a command here and now, and returns it with its place, ready to be recorded.
///
/// # Errors
/// The world refused the command; nothing changed but that silent timers due now have run.
pub fn give(world: &mut World, command: Command) -> Result<TimedCommand, CommandError> {
    let place = settle(world);
    world.apply(command.clone())?;
    Ok(TimedCommand { at: place.at, before: place.before, command })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::{BrokerId, NodeId};
    use crate::engine::rng::{Stream, Streams};
    use crate::scenario::link::{decode, encode};
    use crate::scenario::shipped;

    fn end(seconds: u64) -> Moment {
        Moment { at: Micros::from_secs(seconds), before: None }
    }

    /// Runs the playground by single steps and gives commands in the middle of instants, as a student
    /// does; returns what was recorded and the digest.
    fn improvised(seed: u64) -> (Scenario, String) {
        let mut recorded = shipped::playground();
        let mut chance = Streams::new(seed);
        let mut below = |bound| chance.below(Stream::Client, NodeId::Zookeeper, bound);
        let mut runner = Runner::new(&recorded);
        runner.run_until(end(2), |_, _| {}).expect("no recorded places");
        let RunOutcome { mut world, mut digest, .. } = runner.finish();
        let mut given = Vec::new();
        for _ in 0..12 {
            for _ in 0..=below(200) {
                world.step();
            }
            let node = NodeId::Broker(BrokerId(1 + i32::try_from(below(3)).expect("small")));
            let (a, b) = (NodeId::Broker(BrokerId(1)), NodeId::Broker(BrokerId(2)));
            let command = match below(5) {
                0 => Command::Kill { node },
                1 => Command::Start { node },
                2 => Command::Hold { a, b },
                3 => Command::Heal { a, b },
                _ => Command::Stop { node },
            };
            given.extend(give(&mut world, command));
        }
        let last = settle(&mut world);
        world.drain_events().iter().for_each(|event| digest.update(event));
        recorded.commands.extend(given);
        recorded.until = Some(last);
        (recorded, digest.hex())
    }

    #[test]
    fn commands_given_in_the_middle_of_an_instant_replay_exactly_through_a_link() {
        for seed in 0..20 {
            let (recorded, digest) = improvised(seed);
            let opened = decode(&encode(&recorded)).expect("a sound link").scenario;
            let outcome = run(&opened, opened.end(), |_, _| {}).expect("every place is reached");
            assert_eq!(outcome.refused, [], "seed {seed}");
            assert_eq!(outcome.digest.hex(), digest, "seed {seed}");
        }
    }

    #[test]
    fn running_in_slices_gives_the_same_events_as_running_at_once() {
        let scenario = shipped::ALL[2].scenario();
        let whole = run(&scenario, end(20), |_, _| {}).expect("it runs");
        let mut runner = Runner::new(&scenario);
        for at in (0..=20_000_000).step_by(33_333).chain([20_000_000]).map(Micros) {
            runner.run_until(Moment { at, before: None }, |_, _| {}).expect("it runs");
        }
        assert_eq!(runner.finish().digest.hex(), whole.digest.hex());
    }

    #[test]
    fn a_place_that_does_not_exist_is_an_error() {
        let mut scenario = shipped::playground();
        let command = Command::Kill { node: NodeId::Broker(BrokerId(1)) };
        let before = Some(EventId(1_000_000));
        scenario.commands.push(TimedCommand { at: Micros::from_secs(3), before, command });
        let diverged = run(&scenario, end(5), |_, _| {}).err().expect("nobody gets there");
        assert_eq!(diverged.wanted, EventId(1_000_000));
    }

    #[test]
    fn a_refused_command_is_told_by_its_number() {
        let mut scenario = shipped::playground();
        let command = Command::Start { node: NodeId::Broker(BrokerId(1)) };
        let at = Micros::from_secs(3);
        scenario.commands.push(TimedCommand { at, before: None, command });
        let outcome = run(&scenario, end(4), |_, _| {}).expect("it runs");
        let node = NodeId::Broker(BrokerId(1));
        let index = scenario.commands.len() - 1;
        assert_eq!(outcome.refused, [(index, CommandError::AlreadyRunning { node })]);
    }
}
