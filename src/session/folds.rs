//! What a session folds over the events of its timeline: each event once, in order.
//!
//! What was folded of the future stays when the world goes back, until another future is begun; a
//! branch and an undone deed take theirs with them.

use crate::engine::event::Event;
use crate::engine::ids::EventId;
use crate::engine::sim::world::World;
use crate::session::marks::Marks;
use crate::session::terminals::Terminals;

/// Headlines and terminals of one timeline.
#[derive(Clone, Debug, Default)]
pub struct Folds {
    /// Headlines of the time bar.
    pub marks: Marks,
    /// Screens of the terminals.
    pub terminals: Terminals,
}

impl Folds {
    /// Takes the next event of a world.
    pub fn update(&mut self, event: &Event, world: &World) {
        self.marks.update(event);
        self.terminals.update(event, world);
    }

    /// Forgets what another future replaced: events from `next` on.
    pub fn cut(&mut self, next: EventId) {
        self.marks.cut(next);
        self.terminals.cut(next);
    }
}
