//! The digest of an event log: two worlds that agree on it did the same things.
//!
//! Each event is encoded with `postcard` (fixed order, varints: the same bytes on 32 and 64 bits) and
//! fed to XXH3-128. `derive(Hash)` is not used anywhere for this: it hashes `usize` lengths.

use xxhash_rust::xxh3::Xxh3;

use crate::engine::event::Event;

/// An event log's digest so far.
#[derive(Clone)]
pub struct Digest {
    hasher: Xxh3,
    buffer: Vec<u8>,
}

impl Digest {
    /// The digest of no events.
    #[must_use]
    pub fn new() -> Digest {
        Digest { hasher: Xxh3::new(), buffer: Vec::new() }
    }

    /// Takes in the next event.
    pub fn update(&mut self, event: &Event) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        self.buffer =
            postcard::to_extend(event, buffer).expect("an event is plain data of known length");
        self.hasher.update(&self.buffer);
    }

    /// The digest as 32 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        format!("{:032x}", self.hasher.digest128())
    }
}

impl Default for Digest {
    fn default() -> Digest {
        Digest::new()
    }
}

/// A text's own digest as 32 hexadecimal digits: a name for it.
#[must_use]
pub fn of_text(text: &str) -> String {
    let mut digest = Digest::new();
    digest.hasher.update(text.as_bytes());
    digest.hex()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::EventKind;
    use crate::engine::ids::{EventId, NodeId};
    use crate::engine::time::Micros;

    fn event(id: u64, kind: EventKind) -> Event {
        Event {
            id: EventId(id),
            at: Micros(id * 1_000),
            cause: None,
            node: Some(NodeId::Zookeeper),
            kind,
        }
    }

    fn digest(events: &[Event]) -> String {
        let mut digest = Digest::new();
        events.iter().for_each(|e| digest.update(e));
        digest.hex()
    }

    #[test]
    fn the_same_events_give_the_same_digest() {
        let events = [event(0, EventKind::ProcessStarted), event(1, EventKind::PowerLost)];
        assert_eq!(digest(&events), digest(&events));
        assert_eq!(digest(&events).len(), 32);
    }

    #[test]
    fn another_text_has_another_name() {
        assert_ne!(of_text("seed 1\n"), of_text("seed 2\n"));
        assert_eq!((of_text(""), of_text("").len()), (of_text(""), 32));
    }

    #[test]
    fn one_event_more_or_another_order_gives_another_digest() {
        let (a, b) = (event(0, EventKind::ProcessStarted), event(1, EventKind::PowerLost));
        let both = digest(&[a.clone(), b.clone()]);
        assert_ne!(both, digest(std::slice::from_ref(&a)));
        assert_ne!(both, digest(&[b, a]));
    }
}
