//! What a node is given and what it gives back: sans-IO.
//!
//! A node handles one input at a time and fills an outbox: messages, timers, events. It reads time
//! and chance from its [`Ctx`], and touches nothing else. Ids of events are assigned as they are
//! emitted, so that one event can be the cause of the next within a handler.

use std::rc::Rc;

use crate::engine::event::{Event, EventKind, TimerPurpose};
use crate::engine::ids::{EventId, NodeId, Text};
use crate::engine::protocol::Payload;
use crate::engine::rng::{Stream, Streams};
use crate::engine::system::SystemCall;
use crate::engine::time::Micros;

/// A timer of some node. `tag` is the owner's, opaque to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// What it is for, as events tell it.
    pub purpose: TimerPurpose,
    /// Owner's own number: which request, which session.
    pub tag: u64,
}

/// What a handler wants the world to do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Carry a message. Its `MessageSent` event is already written.
    Send {
        /// The receiver.
        to: NodeId,
        /// The message.
        payload: Rc<Payload>,
        /// Id of its `MessageSent` event.
        message: EventId,
        /// Its number on its link, as that event tells it.
        nth: u64,
    },
    /// Fire a timer on this node, unless its process ends before.
    Timer {
        /// When.
        at: Micros,
        /// Which.
        timer: Timer,
        /// What its effects name as their cause.
        cause: Option<EventId>,
    },
    /// Close the connection to a peer: it will notice.
    Disconnect {
        /// The peer.
        peer: NodeId,
        /// Why.
        cause: Option<EventId>,
    },
    /// Ask the machine for something; the answer comes when this handler is done.
    System {
        /// What.
        call: SystemCall,
        /// What it was about.
        cause: Option<EventId>,
    },
    /// End this process: it stopped by itself, or failed with what it printed.
    Exit {
        /// What it was about.
        cause: Option<EventId>,
        /// What it printed, when it failed.
        error: Option<Text>,
    },
}

/// What caused the handler to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An event that is already written.
    Event(EventId),
    /// A timer: its event is written only when the handler has an effect.
    Timer(TimerPurpose, Option<EventId>),
}

/// Number of the next message of (receiver, API, direction) on a link from this node.
pub trait MessageCounter {
    /// Counts one message and returns its number, from 0.
    fn count(&mut self, from: NodeId, to: NodeId, payload: &Payload) -> u64;
}

/// The world as one handler sees it.
pub struct Ctx<'a> {
    /// World time.
    pub now: Micros,
    /// Milliseconds since 1970 at world time 0.
    pub epoch_ms: i64,
    /// The node that is handling.
    pub node: NodeId,
    /// What the handler wants done, in order.
    pub outputs: &'a mut Vec<Output>,
    trigger: Trigger,
    next_event: &'a mut EventId,
    events: &'a mut Vec<Event>,
    streams: &'a mut Streams,
    counter: &'a mut dyn MessageCounter,
}

/// The parts of a world that a [`Ctx`] borrows.
pub struct CtxParts<'a> {
    /// See [`Ctx::outputs`].
    pub outputs: &'a mut Vec<Output>,
    /// The id that the next event gets.
    pub next_event: &'a mut EventId,
    /// Where events go.
    pub events: &'a mut Vec<Event>,
    /// Chance.
    pub streams: &'a mut Streams,
    /// Numbers of messages per link.
    pub counter: &'a mut dyn MessageCounter,
}

impl<'a> Ctx<'a> {
    /// A context for one handler run of `node` at `now`.
    pub fn new(
        now: Micros,
        epoch_ms: i64,
        node: NodeId,
        trigger: Trigger,
        parts: CtxParts<'a>,
    ) -> Ctx<'a> {
        Ctx {
            now,
            epoch_ms,
            node,
            outputs: parts.outputs,
            trigger,
            next_event: parts.next_event,
            events: parts.events,
            streams: parts.streams,
            counter: parts.counter,
        }
    }

    /// Wall-clock milliseconds as the node's clock shows them: what record timestamps hold.
    #[must_use]
    pub fn wall_ms(&self) -> i64 {
        self.epoch_ms + self.now.as_ms()
    }

    /// The event that what happens now is caused by. Writes the timer's event when that is needed.
    pub fn cause(&mut self) -> Option<EventId> {
        match self.trigger {
            Trigger::Event(id) => Some(id),
            Trigger::Timer(purpose, cause) => {
                let id = self.write(cause, EventKind::TimerFired { purpose });
                self.trigger = Trigger::Event(id);
                Some(id)
            }
        }
    }

    /// The cause that a re-armed periodic timer should keep: the original one, not this firing, so
    /// that chains do not grow with time.
    #[must_use]
    pub fn timer_cause(&self) -> Option<EventId> {
        match self.trigger {
            Trigger::Event(id) | Trigger::Timer(_, Some(id)) => Some(id),
            Trigger::Timer(_, None) => None,
        }
    }

    /// Makes `id` the cause of what this handler does next; returns the one before.
    pub fn set_cause(&mut self, id: EventId) -> Trigger {
        std::mem::replace(&mut self.trigger, Trigger::Event(id))
    }

    /// Puts back what [`Ctx::set_cause`] returned.
    pub fn restore_cause(&mut self, trigger: Trigger) {
        self.trigger = trigger;
    }

    /// Writes an event of this node, caused by what runs now.
    pub fn emit(&mut self, kind: EventKind) -> EventId {
        let cause = self.cause();
        self.write(cause, kind)
    }

    /// Writes an event of this node with a cause of its own.
    pub fn emit_from(&mut self, cause: EventId, kind: EventKind) -> EventId {
        self.write(Some(cause), kind)
    }

    /// Sends a message; returns its name.
    pub fn send(&mut self, to: NodeId, payload: Payload) -> EventId {
        let cause = self.cause();
        self.send_caused(cause, to, payload)
    }

    /// Sends a message with a cause of its own (a parked request answered by an append, say).
    pub fn send_from(&mut self, cause: EventId, to: NodeId, payload: Payload) -> EventId {
        self.send_caused(Some(cause), to, payload)
    }

    /// Sets a timer after `delay`, caused by what runs now.
    pub fn set_timer(&mut self, delay: Micros, timer: Timer) {
        let cause = self.cause();
        self.set_timer_caused(delay, timer, cause);
    }

    /// Sets a timer with a cause of its own; `timer_cause()` for a periodic one.
    pub fn set_timer_caused(&mut self, delay: Micros, timer: Timer, cause: Option<EventId>) {
        self.outputs.push(Output::Timer { at: self.now + delay, timer, cause });
    }

    /// A number in `0..bound` from this node's stream.
    pub fn random_below(&mut self, stream: Stream, bound: u64) -> u64 {
        self.streams.below(stream, self.node, bound)
    }

    /// 64 random bits from this node's stream.
    pub fn random_u64(&mut self, stream: Stream) -> u64 {
        self.streams.next_u64(stream, self.node)
    }

    /// Closes the connection to a peer, which learns it one link delay later.
    pub fn disconnect(&mut self, peer: NodeId) {
        let cause = self.cause();
        self.outputs.push(Output::Disconnect { peer, cause });
    }

    /// Asks the machine for something.
    pub fn system(&mut self, call: SystemCall) {
        let cause = self.cause();
        self.outputs.push(Output::System { call, cause });
    }

    /// Ends this process after the handler: it stopped as it should.
    pub fn exit(&mut self) {
        let cause = self.cause();
        self.outputs.push(Output::Exit { cause, error: None });
    }

    /// Ends this process after the handler: it cannot go on, and prints why.
    pub fn fail(&mut self, error: Text) {
        let cause = self.cause();
        self.outputs.push(Output::Exit { cause, error: Some(error) });
    }

    fn send_caused(&mut self, cause: Option<EventId>, to: NodeId, payload: Payload) -> EventId {
        let nth = self.counter.count(self.node, to, &payload);
        let size = payload.size();
        let message = self.write(
            cause,
            EventKind::MessageSent {
                to,
                api: payload.api(),
                response: payload.is_response(),
                nth,
                records: size.records,
                bytes: size.bytes,
                error: payload.error(),
            },
        );
        self.outputs.push(Output::Send { to, payload: Rc::new(payload), message, nth });
        message
    }

    fn write(&mut self, cause: Option<EventId>, kind: EventKind) -> EventId {
        let id = *self.next_event;
        self.next_event.0 += 1;
        self.events.push(Event { id, at: self.now, cause, node: Some(self.node), kind });
        id
    }
}
