//! History: where in a world's course something stands, and how to get there again.
//!
//! A place is (time, id of the next event), as in [`TimedCommand`]. Everything due before that time
//! has run. Of what is due at that very time, all has run when `before` is `None`; else everything up
//! to the item that writes the event of that id. Timers without effect leave no event, so it is they
//! that make a place ambiguous, and [`settle`] that does not: a session's world is settled whenever
//! something may be recorded, and so is a replayed one. Then two worlds of the same config and
//! commands that stand at the same place are equal. `scenario::runner` keeps the same rule.

use crate::engine::command::TimedCommand;
use crate::engine::error::CommandError;
use crate::engine::ids::EventId;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::store::document::Place;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The place is reached.
    Arrived,
    /// The budget is used up; the instant that was under way is complete.
    OutOfSteps,
    /// An event was written, as wanted.
    AtEvent,
}

/// Which event ends a run early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopAt {
    /// None does.
    Place,
    /// The first event with this id or a later one.
    Event(EventId),
}

/// Runs a world to a place, at most `steps` items and the rest of the instant then under way.
pub fn run_to(
    world: &mut World,
    at: Micros,
    before: Option<EventId>,
    stop: StopAt,
    steps: &mut u64,
) -> Ran {
    while let Some(due) = world.next_at() {
        let is_ahead = before.is_none_or(|id| world.next_event() < id);
        if due > at || (due == at && !is_ahead) {
            break;
        }
        if *steps == 0 && due > world.now() {
            return Ran::OutOfSteps;
        }
        world.step();
        *steps = steps.saturating_sub(1);
        if let StopAt::Event(id) = stop
            && world.next_event() > id
        {
            settle(world, world.now());
            return Ran::AtEvent;
        }
    }
    settle(world, at);
    Ran::Arrived
}

/// Runs what is due by `at` and leaves no event, up to the first item that leaves one; the clock
/// stands at `at` when there is none.
pub fn settle(world: &mut World, at: Micros) {
    while world.next_at().is_some_and(|due| due <= at) {
        let mut ahead = world.clone();
        ahead.step();
        if ahead.next_event() != world.next_event() {
            return;
        }
        *world = ahead;
    }
    world.advance_to(at);
}

/// Where a world stands, after `commands` commands.
#[must_use]
pub fn place_of(world: &World, commands: usize) -> Place {
    let is_mid_instant = world.next_at().is_some_and(|due| due <= world.now());
    Place {
        at: world.now(),
        before: is_mid_instant.then(|| world.next_event()),
        commands: u64::try_from(commands).expect("a list's length fits"),
    }
}

/// Carries out commands, each at its place. Returns those that were refused: a refused command
/// changes nothing, so the others mean the same with it and without it.
pub fn replay(world: &mut World, commands: &[TimedCommand]) -> Vec<(usize, CommandError)> {
    let mut refused = Vec::new();
    for (index, timed) in commands.iter().enumerate() {
        arrive_at(world, timed.at, timed.before);
        if let Err(error) = world.apply(timed.command.clone()) {
            refused.push((index, error));
        }
    }
    refused
}

fn arrive_at(world: &mut World, at: Micros, before: Option<EventId>) {
    let mut steps = u64::MAX;
    run_to(world, at, before, StopAt::Place, &mut steps);
}

/// Runs a world to a place, its commands up to there being done.
pub fn run_to_place(world: &mut World, place: Place) {
    arrive_at(world, place.at, place.before);
}

/// The commands of a session, and how many of them the world has seen.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    commands: Vec<TimedCommand>,
    done: usize,
}

impl Timeline {
    /// A timeline of commands that lie ahead.
    #[must_use]
    pub fn new(commands: Vec<TimedCommand>) -> Timeline {
        Timeline { commands, done: 0 }
    }

    /// All commands, those ahead included.
    #[must_use]
    pub fn commands(&self) -> &[TimedCommand] {
        &self.commands
    }

    /// Commands that the world has seen.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// The next command ahead, among the first `limit` of the timeline.
    #[must_use]
    pub fn ahead(&self, limit: usize) -> Option<&TimedCommand> {
        self.commands[..limit.min(self.commands.len())].get(self.done)
    }

    /// The next command ahead is done.
    pub fn pass(&mut self) {
        self.done += 1;
    }

    /// The world went back to where it had seen `done` commands.
    pub fn rewind(&mut self, done: usize) {
        self.done = done;
    }

    /// A command was given now: what lay ahead is cut.
    pub fn give(&mut self, command: TimedCommand) {
        self.commands.truncate(self.done);
        self.commands.push(command);
        self.done += 1;
    }
}
