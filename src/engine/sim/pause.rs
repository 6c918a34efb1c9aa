//! A process frozen (SIGSTOP) and let run on (SIGCONT), as a long garbage collection does it.
//!
//! The kernel goes on for it: connections stay open and take what arrives, so peers see only silence.
//! When it runs on, its threads find what waits in the sockets, and timers that are overdue. Here what
//! waited is handled first, in the order of arrival, then the timers: Kafka's `NetworkClient.poll` and
//! ZooKeeper's `ClientCnxn` read before they look at the clock, and on a real cluster a frozen leader
//! answered the produce request in its socket before it learned of its demotion.

use std::rc::Rc;

use crate::engine::error::CommandError;
use crate::engine::event::EventKind;
use crate::engine::ids::{EventId, NodeId};
use crate::engine::sim::command_run::ADMIN;
use crate::engine::sim::scheduler::Item;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;

impl World {
    /// # Errors
    /// The process does not run, or is frozen.
    pub(super) fn not_paused(&self, node: NodeId) -> Result<(), CommandError> {
        self.running(node)?;
        match self.existing(node)?.is_paused() {
            true => Err(CommandError::Paused { node }),
            false => Ok(()),
        }
    }

    /// # Errors
    /// The admin client through which commands about topics go is frozen.
    pub(super) fn admin_ready(&self) -> Result<(), CommandError> {
        match self.client_id(ADMIN).map(NodeId::Client) {
            Some(node) if self.existing(node)?.is_paused() => Err(CommandError::Paused { node }),
            _ => Ok(()),
        }
    }

    pub(super) fn pause(&mut self, node: NodeId, cause: EventId) {
        self.write(Some(cause), node, EventKind::ProcessPaused);
        Rc::make_mut(self.hosts.get_mut(&node).expect("checked")).frozen = Some(Vec::new());
    }

    pub(super) fn resume(&mut self, node: NodeId, cause: EventId) {
        self.write(Some(cause), node, EventKind::ProcessResumed);
        let host = Rc::make_mut(self.hosts.get_mut(&node).expect("checked"));
        let waited = host.frozen.take().unwrap_or_default();
        let is_timer = |item: &Item| matches!(item, Item::Timer { .. });
        let (timers, read): (Vec<Item>, Vec<Item>) = waited.into_iter().partition(is_timer);
        for item in read.into_iter().chain(timers) {
            if let Item::Deliver(message) = item {
                self.network.read_waiting(message, self.now);
            }
            self.scheduler.push(self.now, item);
        }
    }

    /// Puts off what came due for a process that is frozen. False when it is not.
    pub(super) fn put_off(&mut self, node: NodeId, item: Item) -> bool {
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.is_paused()) else {
            return false;
        };
        if let Some(waiting) = Rc::make_mut(host).frozen.as_mut() {
            waiting.push(item);
        }
        true
    }

    /// Whether a message that is due arrived at a frozen process, and so waits in its socket.
    pub(super) fn waits_in_socket(&mut self, message: EventId, at: Micros) -> bool {
        let Some(flight) = self.network.flight(message) else { return false };
        let (node, run) = (flight.to, flight.to_run);
        let frozen = self.is_running(node, run)
            && self.hosts.get(&node).is_some_and(|host| host.is_paused());
        if !frozen || !self.network.wait(message, at) {
            return false;
        }
        self.write(Some(message), node, EventKind::MessageWaiting { message });
        self.put_off(node, Item::Deliver(message))
    }
}
