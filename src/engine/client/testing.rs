//! A context without a world, for tests of single parts.

use crate::engine::ids::{ClientId, EventId, NodeId};
use crate::engine::node::{Ctx, CtxParts, MessageCounter, Trigger};
use crate::engine::protocol::Payload;
use crate::engine::rng::Streams;
use crate::engine::time::Micros;

struct Uncounted;

impl MessageCounter for Uncounted {
    fn count(&mut self, _: NodeId, _: NodeId, _: &Payload) -> u64 {
        0
    }
}

/// Runs `task` once, as a handler of the first client at time 0.
pub fn with_ctx<T>(task: impl FnOnce(&mut Ctx<'_>) -> T) -> T {
    let mut next_event = EventId(1);
    let (mut outputs, mut events) = (Vec::new(), Vec::new());
    let parts = CtxParts {
        outputs: &mut outputs,
        next_event: &mut next_event,
        events: &mut events,
        streams: &mut Streams::new(1),
        counter: &mut Uncounted,
    };
    let node = NodeId::Client(ClientId(0));
    task(&mut Ctx::new(Micros::ZERO, 0, node, Trigger::Event(EventId(0)), parts))
}
