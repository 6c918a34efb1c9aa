//! One link: its delay, whether it stalls, and the order of arrivals in each direction.

use crate::engine::command::LinkState;
use crate::engine::config::LinkConfig;
use crate::engine::ids::{EventId, NodeId};
use crate::engine::time::Micros;

/// Two hosts, the lesser first: the name of a link whichever way it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair(NodeId, NodeId);

impl Pair {
    /// The pair of two hosts.
    #[must_use]
    pub fn new(a: NodeId, b: NodeId) -> Pair {
        if a <= b { Pair(a, b) } else { Pair(b, a) }
    }

    /// Both ends.
    #[must_use]
    pub fn ends(self) -> (NodeId, NodeId) {
        (self.0, self.1)
    }

    /// Whether `node` is an end.
    #[must_use]
    pub fn touches(self, node: NodeId) -> bool {
        self.0 == node || self.1 == node
    }

    /// The end that is not `node`.
    #[must_use]
    pub fn other(self, node: NodeId) -> NodeId {
        if self.0 == node { self.1 } else { self.0 }
    }
}

/// State of one link.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its delay.
    pub config: LinkConfig,
    /// What it does with what is sent on it.
    pub state: LinkState,
    /// Messages that vanish, of a million.
    pub loss_ppm: u32,
    /// Messages that arrive twice, of a million.
    pub duplication_ppm: u32,
    /// Ends that will learn of their peer's death when the link heals.
    pub broken: Vec<BrokenEnd>,
    last_arrival_up: Micros,
    last_arrival_down: Micros,
}

/// An end that has not noticed that its peer died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenEnd {
    /// Who will be told.
    pub notice: NodeId,
    /// Who died.
    pub peer: NodeId,
    /// The event of its death.
    pub cause: EventId,
}

impl Link {
    /// A link that flows.
    #[must_use]
    pub fn new(config: LinkConfig) -> Link {
        Link {
            config,
            state: LinkState::Flows,
            loss_ppm: 0,
            duplication_ppm: 0,
            broken: Vec::new(),
            last_arrival_up: Micros::ZERO,
            last_arrival_down: Micros::ZERO,
        }
    }

    /// The arrival of a message that could be there `at`: not before the one sent earlier.
    pub fn in_order(&mut self, from: NodeId, to: NodeId, at: Micros) -> Micros {
        let last = if from <= to { &mut self.last_arrival_up } else { &mut self.last_arrival_down };
        *last = (*last).max(at);
        *last
    }
}
