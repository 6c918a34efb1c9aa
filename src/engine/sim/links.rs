//! Commands about links and single messages, carried out: hold, cut, heal, loss, delay, duplication.

use crate::engine::command::{LinkState, MessageAddress};
use crate::engine::error::CommandError;
use crate::engine::event::{DropReason, EventKind};
use crate::engine::ids::{EventId, NodeId};
use crate::engine::network::fate::Fate;
use crate::engine::network::flight::Flight;
use crate::engine::network::link::Link;
use crate::engine::sim::command_run::within;
use crate::engine::sim::scheduler::Item;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;

/// Longest span of a delay: 1,000 hours, in µs.
const SPAN_MAX: i64 = 3_600_000_000_000;

impl World {
    /// A link as it is now.
    #[must_use]
    pub fn link(&self, a: NodeId, b: NodeId) -> Link {
        self.network.look(a, b)
    }

    /// # Errors
    /// A host does not exist, or both are the same.
    pub(super) fn check_link(&self, a: NodeId, b: NodeId) -> Result<(), CommandError> {
        self.existing(a)?;
        self.existing(b)?;
        if a == b { Err(CommandError::SameHost) } else { Ok(()) }
    }

    /// # Errors
    /// There are not two sides, one is empty, or a host is missing or named twice.
    pub(super) fn check_split(&self, sides: &[Vec<NodeId>]) -> Result<(), CommandError> {
        let all: Vec<NodeId> = sides.iter().flatten().copied().collect();
        all.iter().try_for_each(|node| self.existing(*node).map(|_| ()))?;
        let twice = all.iter().enumerate().any(|(i, node)| all[..i].contains(node));
        if sides.len() < 2 || sides.iter().any(Vec::is_empty) || twice {
            return Err(CommandError::BadSplit);
        }
        Ok(())
    }

    /// # Errors
    /// The link does not exist, leads to ZooKeeper, or more than all messages are to be lost.
    pub(super) fn check_loss(
        &self,
        (a, b): (NodeId, NodeId),
        loss_ppm: u32,
        duplication_ppm: u32,
    ) -> Result<(), CommandError> {
        self.check_link(a, b)?;
        if a == NodeId::Zookeeper || b == NodeId::Zookeeper {
            return Err(CommandError::ZookeeperLink);
        }
        within("loss", i64::from(loss_ppm), 0, 1_000_000)?;
        within("dup", i64::from(duplication_ppm), 0, 1_000_000)
    }

    /// # Errors
    /// No such message is in flight or to come, its link stalls, or the span is out of range.
    pub(super) fn check_message(
        &self,
        message: &MessageAddress,
        span: Micros,
    ) -> Result<(), CommandError> {
        self.existing(message.from)?;
        self.existing(message.to)?;
        check_span(span)?;
        match self.network.find(message) {
            Some(flight) if flight.arrives_at.is_some() => Ok(()),
            None if self.network.is_to_come(message) => Ok(()),
            _ => Err(CommandError::NoSuchMessage),
        }
    }

    pub(super) fn split(&mut self, sides: &[Vec<NodeId>], to: LinkState, cause: EventId) {
        for (index, side) in sides.iter().enumerate() {
            for other in &sides[index + 1..] {
                for (a, b) in side.iter().flat_map(|a| other.iter().map(|b| (*a, *b))) {
                    self.set_link_state(a, b, to, cause);
                }
            }
        }
    }

    pub(super) fn set_link_state(&mut self, a: NodeId, b: NodeId, to: LinkState, cause: EventId) {
        match to {
            LinkState::Held => self.hold(a, b, cause),
            LinkState::Cut => self.cut(a, b, cause),
            LinkState::Flows => self.heal(a, b, cause),
        }
    }

    fn hold(&mut self, a: NodeId, b: NodeId, cause: EventId) {
        self.network.hold(a, b);
        self.write_event(Some(cause), None, EventKind::LinkHeld { a, b });
    }

    fn cut(&mut self, a: NodeId, b: NodeId, cause: EventId) {
        let cut = self.write_event(Some(cause), None, EventKind::LinkCut { a, b });
        let (lost, ends) = self.network.cut(a, b);
        for flight in lost {
            self.tell_dropped(flight.message, flight.to, DropReason::Cut, cut);
        }
        for (node, peer, delay) in ends {
            self.schedule_lost(node, peer, delay, cut);
        }
    }

    fn heal(&mut self, a: NodeId, b: NodeId, cause: EventId) {
        let healed = self.write_event(Some(cause), None, EventKind::LinkHealed { a, b });
        let (released, broken) = self.network.heal(a, b, self.now, &mut self.streams);
        for (message, at) in released {
            self.scheduler.push(at, Item::Deliver(message));
        }
        for end in broken {
            self.schedule_lost(end.notice, end.peer, self.config.link.latency, healed);
        }
    }

    pub(super) fn drop_message(&mut self, address: &MessageAddress, cause: EventId) {
        if let Some(flight) = self.network.drop_message(address) {
            self.tell_dropped(flight.message, flight.from, DropReason::Commanded, cause);
        } else {
            self.network.decide(address, Fate::Drop);
        }
    }

    pub(super) fn delay_message(&mut self, address: &MessageAddress, by: Micros, cause: EventId) {
        let Some(flight) = self.network.find(address) else {
            return self.network.decide(address, Fate::Delay(by));
        };
        let (message, from) = (flight.message, flight.from);
        if let Some(at) = self.network.delay(message, by) {
            self.write(Some(cause), from, EventKind::MessageDelayed { message, by });
            self.scheduler.push(at, Item::Deliver(message));
        }
    }

    pub(super) fn duplicate_message(
        &mut self,
        address: &MessageAddress,
        after: Micros,
        cause: EventId,
    ) {
        match self.network.find(address).cloned() {
            Some(flight) => self.copy_message(flight, after, cause),
            None => self.network.decide(address, Fate::Duplicate(after)),
        }
    }

    /// Puts a second copy of a message on its way.
    pub(super) fn copy_message(&mut self, flight: Flight, after: Micros, cause: EventId) {
        let kind = EventKind::MessageDuplicated { message: flight.message };
        let message = self.write(Some(cause), flight.from, kind);
        let at = self.now + after;
        self.network.send_copy(Flight { message, arrives_at: Some(at), copy: true, ..flight });
        self.scheduler.push(at, Item::Deliver(message));
    }

    pub(super) fn tell_dropped(
        &mut self,
        message: EventId,
        at: NodeId,
        reason: DropReason,
        cause: EventId,
    ) -> EventId {
        self.write(Some(cause), at, EventKind::MessageDropped { message, reason })
    }
}

/// # Errors
/// The time is not in 1 µs to 1,000 hours.
pub(super) fn check_span(span: Micros) -> Result<(), CommandError> {
    within("span", i64::try_from(span.0).unwrap_or(i64::MAX), 1, SPAN_MAX)
}
