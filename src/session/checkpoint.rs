//! Checkpoints: worlds kept for going back. Their number is bounded, whatever the session's length.
//!
//! They are spaced by work, not by time, since work is what a seek costs. When there are too many,
//! every second one goes and the spacing doubles, so that any moment stays as near as any other. They
//! share what has not changed between them, so what each holds alone is what its spacing changed;
//! `make bench` tells what all of an hour hold and what the slowest seek in it costs.

use crate::engine::ids::EventId;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::digest::Digest;
use crate::store::document::Place;

/// Most checkpoints kept.
pub const CHECKPOINTS_MAX: usize = 512;
/// Steps between two checkpoints of a young session.
pub(super) const SPACING_MIN: u64 = 1_250;

/// A world as it stood, and what a session folded over its events until then.
#[derive(Clone)]
pub struct Checkpoint {
    /// The world.
    pub world: World,
    /// Commands that it had seen.
    pub commands: usize,
    /// Digest of its events.
    pub digest: Digest,
}

impl Checkpoint {
    /// Whether a world at `place` has seen all that this one has.
    #[must_use]
    pub fn is_within(&self, place: Place) -> bool {
        let (at, next) = (self.world.now(), self.world.next_event());
        let is_behind = match place.before {
            Some(before) if at == place.at => next <= before,
            _ => at <= place.at,
        };
        is_behind && u64::try_from(self.commands).is_ok_and(|seen| seen <= place.commands)
    }

    fn place(&self) -> (Micros, EventId) {
        (self.world.now(), self.world.next_event())
    }
}

/// Checkpoints of one timeline, oldest first; the first is the world's beginning.
pub struct Checkpoints {
    kept: Vec<Checkpoint>,
    spacing: u64,
    steps: u64,
    /// Steps of all moves.
    ran: u64,
    /// How far the timeline was seen.
    farthest: (Micros, EventId),
}

impl Checkpoints {
    /// The checkpoints of a world that begins.
    #[must_use]
    pub fn new(beginning: Checkpoint) -> Checkpoints {
        let farthest = beginning.place();
        Checkpoints { kept: vec![beginning], spacing: SPACING_MIN, steps: 0, ran: 0, farthest }
    }

    /// Steps until the next checkpoint is wanted.
    #[must_use]
    pub fn steps_left(&self) -> u64 {
        self.spacing.saturating_sub(self.steps)
    }

    /// The world made steps.
    pub fn count(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(steps);
        self.ran += steps;
    }

    /// Steps that were made so far, those of replays among them.
    #[must_use]
    pub fn ran(&self) -> u64 {
        self.ran
    }

    /// Steps between two checkpoints at most: what a seek replays, beside a few that fill the list.
    #[must_use]
    pub fn spacing(&self) -> u64 {
        self.spacing
    }

    /// Keeps a checkpoint when one is due: enough was done since the last, and the world is past it.
    pub fn offer(&mut self, world: &World, make: impl FnOnce() -> Checkpoint) {
        self.farthest = self.farthest.max((world.now(), world.next_event()));
        if self.steps < self.spacing {
            return;
        }
        self.steps = 0;
        let newest = self.kept.last().expect("the beginning is always kept");
        if world.next_event() <= newest.world.next_event() {
            return;
        }
        self.kept.push(make());
        if self.kept.len() > CHECKPOINTS_MAX {
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.spacing = self.spacing.saturating_mul(2);
        }
    }

    /// The newest checkpoint at which `is_early_enough` holds; the beginning when none is.
    #[must_use]
    pub fn find(&self, is_early_enough: impl Fn(&Checkpoint) -> bool) -> &Checkpoint {
        let found = self.kept.iter().rev().find(|checkpoint| is_early_enough(checkpoint));
        found.unwrap_or(&self.kept[0])
    }

    /// As [`Checkpoints::find`]; the world goes on from there.
    pub fn go_to(&mut self, is_early_enough: impl Fn(&Checkpoint) -> bool) -> &Checkpoint {
        self.steps = 0;
        self.find(is_early_enough)
    }

    /// How many events a place lies behind the newest checkpoint at which `is_early_enough` holds: told
    /// by the place itself, else guessed from its moment, between that checkpoint and what follows it.
    #[must_use]
    pub fn events_behind(
        &self,
        (at, before): (Micros, Option<EventId>),
        is_early_enough: impl Fn(&Checkpoint) -> bool,
    ) -> u64 {
        let index = self.kept.iter().rposition(is_early_enough).unwrap_or(0);
        let (from, first) = self.kept[index].place();
        if let Some(before) = before {
            return before.0.saturating_sub(first.0);
        }
        let (to, last) = self.kept.get(index + 1).map_or(self.farthest, Checkpoint::place);
        let span = to.since(from).0.max(1);
        let part =
            u128::from(at.since(from).0.min(span)) * u128::from(last.0.saturating_sub(first.0));
        u64::try_from(part / u128::from(span)).unwrap_or(u64::MAX)
    }

    /// The newest checkpoint that has seen at most `commands` commands and stands before a place.
    #[must_use]
    pub fn at_place(&self, commands: usize, place: Option<(Micros, EventId)>) -> &Checkpoint {
        let fits = |kept: &&Checkpoint| {
            let is_before = |(at, next)| kept.world.now() <= at && kept.world.next_event() <= next;
            kept.commands <= commands && place.is_none_or(is_before)
        };
        self.kept.iter().rev().find(fits).unwrap_or(&self.kept[0])
    }

    /// Forgets checkpoints of a future that was replaced: those after `now` or after event `next`.
    pub fn cut(&mut self, now: Micros, next: EventId) {
        let is_past =
            |kept: &&Checkpoint| kept.world.now() <= now && kept.world.next_event() <= next;
        let len = self.kept.iter().take_while(is_past).count();
        self.kept.truncate(len.max(1));
        self.farthest = (self.farthest.0.min(now), self.farthest.1.min(next));
    }

    /// Forgets checkpoints that have seen more than `commands` commands.
    pub fn retain_before(&mut self, commands: usize) {
        let len = self.kept.iter().take_while(|kept| kept.commands <= commands).count();
        self.kept.truncate(len.max(1));
        self.farthest = self.kept.last().map_or(self.farthest, Checkpoint::place);
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Never: the beginning is always kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}
