//! Headlines that the list keeps after they left the session's window, which details fill fast.

use std::collections::VecDeque;

use crate::engine::event::Event;
use crate::engine::ids::EventId;
use crate::session::Session;
use crate::view::explain::{Importance, importance};

/// Most headlines kept.
const KEPT_MOST: usize = 200;

/// The newest headlines of a world, oldest first.
#[derive(Default)]
pub struct Headlines {
    seen: EventId,
    kept: VecDeque<Event>,
}

impl Headlines {
    /// Takes in what happened since the last call. What a step back undid is forgotten.
    pub fn observe(&mut self, session: &Session) {
        let next = session.next_event();
        if next < self.seen {
            self.kept.retain(|event| event.id < next);
            self.seen = next;
        }
        let seen = self.seen;
        let new = session.events().rev().take_while(|event| event.id >= seen);
        let is_headline = |event: &&Event| importance(&event.kind) == Importance::Headline;
        let mut new: Vec<Event> = new.filter(is_headline).take(KEPT_MOST).cloned().collect();
        new.reverse();
        self.kept.extend(new);
        let surplus = self.kept.len().saturating_sub(KEPT_MOST);
        self.kept.drain(..surplus);
        self.seen = next;
    }

    /// Forgets everything: another world is shown.
    pub fn clear(&mut self) {
        *self = Headlines::default();
    }

    /// The headlines, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Event> {
        self.kept.iter().rev()
    }
}
