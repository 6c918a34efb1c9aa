//! A link in depth: what it does with what is sent on it.

use crate::engine::command::LinkState;
use crate::engine::ids::NodeId;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;

/// A link between two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkInside {
    /// Whether it carries, stalls or refuses.
    pub state: LinkState,
    /// Least one-way delay.
    pub latency: Micros,
    /// Most that is added at random.
    pub jitter: Micros,
    /// Messages that vanish, of a million.
    pub loss_ppm: u32,
    /// Messages that arrive twice, of a million.
    pub duplication_ppm: u32,
}

/// Looks at a link.
pub fn look(world: &World, a: NodeId, b: NodeId) -> LinkInside {
    let link = world.link(a, b);
    LinkInside {
        state: link.state,
        latency: link.config.latency,
        jitter: link.config.jitter,
        loss_ppm: link.loss_ppm,
        duplication_ppm: link.duplication_ppm,
    }
}
