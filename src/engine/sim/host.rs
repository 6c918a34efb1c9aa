//! One host: a disk, and the process that runs on it or ran last.

use std::rc::Rc;

use crate::engine::broker::Broker;
use crate::engine::disk::Disk;
use crate::engine::ids::{NodeId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::program::ClientProcess;
use crate::engine::protocol::Payload;
use crate::engine::sim::scheduler::Item;
use crate::engine::time::Micros;
use crate::engine::zookeeper::ZookeeperServer;

/// Life of a host's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Never started.
    Down,
    /// Running.
    Up,
    /// Told to stop, still running.
    Stopping,
    /// Ended by a signal, a failure or a power loss.
    Dead,
    /// Ended by itself.
    Stopped,
}

impl Life {
    /// Whether a process runs.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(self, Life::Up | Life::Stopping)
    }
}

/// A host.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its files; they outlive processes.
    pub disk: Disk,
    /// Its process as it runs, or as it was when it ended: a corpse that only views read.
    pub process: Option<Process>,
    /// Whether that process runs.
    pub life: Life,
    /// Since when.
    pub since: Micros,
    /// Number of the process's run, from 1; timers and connections belong to one run.
    pub run: u32,
    /// Settings that its broker was started with, beside those of the world.
    pub settings: Rc<[(Text, Text)]>,
    /// What waits for a frozen process, in the order in which it came due; `None` while it is not
    /// frozen.
    pub frozen: Option<Vec<Item>>,
}

/// What runs on a host.
#[derive(Clone, Debug)]
pub enum Process {
    /// The ZooKeeper server.
    Zookeeper(ZookeeperServer),
    /// A Kafka server.
    Broker(Box<Broker>),
    /// A client program.
    Client(Box<ClientProcess>),
}

impl Host {
    /// A host that never ran anything.
    #[must_use]
    pub fn new() -> Host {
        Host {
            disk: Disk::default(),
            process: None,
            life: Life::Down,
            since: Micros::ZERO,
            run: 0,
            settings: Rc::new([]),
            frozen: None,
        }
    }

    /// Whether its process runs, but is frozen.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.frozen.is_some()
    }

    /// A message arrived.
    pub fn on_message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, payload: Payload) {
        match self.process.as_mut() {
            Some(Process::Zookeeper(server)) => {
                server.on_message(ctx, &mut self.disk, from, payload)
            }
            Some(Process::Broker(broker)) => broker.on_message(ctx, &mut self.disk, from, payload),
            Some(Process::Client(client)) => client.on_message(ctx, from, payload),
            None => {}
        }
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        match self.process.as_mut() {
            Some(Process::Zookeeper(server)) => server.on_timer(ctx, &mut self.disk, timer),
            Some(Process::Broker(broker)) => broker.on_timer(ctx, &mut self.disk, timer),
            Some(Process::Client(client)) => client.on_timer(ctx, timer),
            None => {}
        }
    }

    /// A peer's connection broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, peer: NodeId) {
        match self.process.as_mut() {
            Some(Process::Zookeeper(server)) => server.on_connection_lost(ctx, peer),
            Some(Process::Broker(broker)) => broker.on_connection_lost(ctx, &mut self.disk, peer),
            Some(Process::Client(client)) => client.on_connection_lost(ctx, peer),
            None => {}
        }
    }
}

impl Default for Host {
    fn default() -> Host {
        Host::new()
    }
}
