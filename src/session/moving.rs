//! Moving: how a session brings its world from one moment to another.
//!
//! Everything that moves the world comes through [`Session::advance`]: it does the timeline's commands
//! at their places, takes checkpoints, folds each event exactly once, and lets the mirror go on at the
//! place where it stopped.

use crate::engine::command::TimedCommand;
use crate::engine::ids::EventId;
use crate::engine::time::Micros;
use crate::scenario::ast::Moment;
use crate::session::Session;
use crate::session::checkpoint::{CHECKPOINTS_MAX, Checkpoint};
use crate::session::history::{Ran, StopAt, place_of, run_to, settle};
use crate::store::document::Place;

/// Events that a rewind brings back before the moment itself, so that the list is not empty.
const EVENTS_BEFORE: u64 = 1_000;

/// Where a move ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// The moment.
    pub at: Micros,
    /// As in [`Place`].
    pub before: Option<EventId>,
    /// Commands beyond this many are not done.
    pub commands: usize,
}

impl Target {
    /// The end of a moment, with all the commands due by then.
    pub(super) fn moment(at: Micros) -> Target {
        Target { at, before: None, commands: usize::MAX }
    }

    /// A place among the events of a moment.
    pub(super) fn among(moment: Moment) -> Target {
        Target { before: moment.before, ..Target::moment(moment.at) }
    }

    /// An exact place.
    pub(super) fn place(place: Place) -> Target {
        let commands = usize::try_from(place.commands).unwrap_or(usize::MAX);
        Target { at: place.at, before: place.before, commands }
    }
}

impl Target {
    /// Whether a command stands before it.
    fn includes(&self, timed: &TimedCommand) -> bool {
        let is_behind = match (timed.before, self.before) {
            (Some(command), Some(target)) => timed.at == self.at && command > target,
            _ => false,
        };
        timed.at <= self.at && !is_behind
    }
}

/// What to run to next on the way to a target.
enum Leg {
    Command,
    Tip,
    Target,
}

impl Session {
    /// Runs the world forward to a target, at most `steps` items, or to the first event if wanted.
    pub(super) fn advance(&mut self, target: Target, stop: StopAt, steps: &mut u64) -> Ran {
        loop {
            let (leg, at, before) = self.next_leg(target);
            let ran = self.run_leg(at, before, stop, steps);
            if ran != Ran::Arrived {
                return ran;
            }
            match leg {
                Leg::Command => {
                    self.do_next_command();
                    if stop != StopAt::Place {
                        return Ran::AtEvent;
                    }
                }
                Leg::Tip => self.saving.caught_up(&mut self.world),
                Leg::Target => return Ran::Arrived,
            }
        }
    }

    fn next_leg(&self, target: Target) -> (Leg, Micros, Option<EventId>) {
        let done = self.timeline.done() as u64;
        if let Some(tip) = self.saving.tip()
            && tip.commands == done
            && tip.at <= target.at
        {
            return (Leg::Tip, tip.at, tip.before);
        }
        match self.timeline.ahead(target.commands) {
            Some(timed) if target.includes(timed) => (Leg::Command, timed.at, timed.before),
            _ => (Leg::Target, target.at, target.before),
        }
    }

    /// Runs the world forward to a target, however long it takes.
    pub(super) fn arrive(&mut self, target: Target) {
        let mut steps = u64::MAX;
        self.advance(target, StopAt::Place, &mut steps);
    }

    /// Runs to a place in pieces that end where a checkpoint is due.
    fn run_leg(
        &mut self,
        at: Micros,
        before: Option<EventId>,
        stop: StopAt,
        steps: &mut u64,
    ) -> Ran {
        loop {
            let piece = self.checkpoints.steps_left().max(1).min(*steps);
            let mut left = piece;
            let ran = run_to(&mut self.world, at, before, stop, &mut left);
            *steps -= piece - left;
            self.checkpoints.count(piece - left);
            self.version += u64::from(left < piece);
            self.absorb();
            if ran != Ran::OutOfSteps || *steps == 0 {
                return ran;
            }
        }
    }

    /// Takes in what the world did: events, file changes, a checkpoint when one is due.
    pub(super) fn absorb(&mut self) {
        for event in self.world.drain_events() {
            self.digest.update(&event);
            self.folds.update(&event, &self.world);
            self.window.push(event);
        }
        let place = place_of(&self.world, self.timeline.done());
        self.saving.gather(&mut self.world, place);
        self.end = self.end.max(self.world.now());
        let (world, timeline, digest) = (&self.world, &self.timeline, &self.digest);
        self.checkpoints.offer(world, || Checkpoint {
            world: world.clone(),
            commands: timeline.done(),
            digest: digest.clone(),
        });
    }

    fn do_next_command(&mut self) {
        let timed = self.timeline.ahead(usize::MAX).expect("a command lies ahead").clone();
        self.timeline.pass();
        if let Err(error) = self.world.apply(timed.command) {
            self.left_out.push(error);
        }
        settle(&mut self.world, timed.at);
        self.version += 1;
        self.absorb();
    }

    /// Goes to the checkpoint from which the way to a moment is shortest, unless it is shorter from here:
    /// a checkpoint in the past, or one ahead, after a rewind.
    pub(super) fn approach(&mut self, at: Micros) {
        let chosen = self.checkpoint_before(at, EventId(u64::MAX));
        if at < self.world.now() || chosen > self.world.next_event() {
            self.restore(|kept| kept.world.next_event() <= chosen);
        }
    }

    /// Goes back to a checkpoint from which `at` and the event `before` lie ahead, with events before it.
    pub(super) fn restore_before(&mut self, at: Micros, before: EventId) {
        let chosen = self.checkpoint_before(at, before);
        self.restore(|kept| kept.world.next_event() <= chosen);
    }

    /// Which checkpoint to go to for a place, by its next event: the nearest before it, or one farther
    /// back where the list of events would be shorter than [`EVENTS_BEFORE`] else.
    fn checkpoint_before(&self, at: Micros, before: EventId) -> EventId {
        // The mirror must see every change of a file that is not saved yet, so nothing is jumped over.
        let mirrored = self.saving.mirrored();
        let is_early = |kept: &Checkpoint| {
            kept.world.now() <= at
                && kept.world.next_event() <= before
                && mirrored.is_none_or(|place| kept.is_within(place))
        };
        let known = (before.0 < u64::MAX).then_some(before);
        let nearest = self.checkpoints.find(is_early).world.next_event();
        let behind = self.checkpoints.events_behind((at, known), is_early);
        let missing = EVENTS_BEFORE.saturating_sub(behind).min(nearest.0);
        if self.window.reaches_before(nearest).is_some_and(|there| there >= missing) {
            return nearest;
        }
        let wanted = EventId(nearest.0 - missing);
        let has_enough = |kept: &Checkpoint| is_early(kept) && kept.world.next_event() <= wanted;
        self.checkpoints.find(has_enough).world.next_event()
    }

    /// Goes to the newest checkpoint that fits.
    pub(super) fn restore(&mut self, fits: impl Fn(&Checkpoint) -> bool) {
        self.saving.rewind();
        let kept = self.checkpoints.go_to(fits).clone();
        self.window.go_to(kept.world.next_event());
        self.timeline.rewind(kept.commands);
        self.world = kept.world;
        self.digest = kept.digest;
        self.saving.attach(&mut self.world);
        self.begin_branch();
    }

    /// Makes the events around one that left the window known again, by replaying a copy of the past.
    pub(super) fn recall(&mut self, id: EventId) {
        if id >= self.world.next_event() || self.window.get(id).is_some() {
            return;
        }
        let kept = self.checkpoints.find(|kept| kept.world.next_event() <= id).clone();
        let mut world = kept.world;
        world.set_mirror(false);
        let commands = self.timeline.commands();
        for timed in &commands[kept.commands.min(commands.len())..] {
            let stop = StopAt::Event(id);
            let mut steps = u64::MAX;
            run_to(&mut world, timed.at, timed.before, stop, &mut steps);
            if world.next_event() > id {
                break;
            }
            let _left_out_when_it_was_first_done = world.apply(timed.command.clone());
        }
        while world.next_event() <= id && world.step() {}
        self.window.remember(world.drain_events());
    }
}

/// What going elsewhere costs.
impl Session {
    /// How many checkpoints are kept, and how many at most: what going back may cost in memory.
    #[must_use]
    pub fn checkpoints(&self) -> (usize, usize) {
        (self.checkpoints.len(), CHECKPOINTS_MAX)
    }

    /// Steps that the world made so far, those of replays among them; and how many a seek within what was
    /// seen replays at most, beside those that bring back a list of events.
    #[must_use]
    pub fn steps(&self) -> (u64, u64) {
        (self.checkpoints.ran(), self.checkpoints.spacing())
    }
}
