//! A disk that dies or works again, and what that does to its host's process.

use std::rc::Rc;

use crate::engine::event::EventKind;
use crate::engine::ids::{EventId, NodeId};
use crate::engine::sim::world::World;

impl World {
    /// A disk dies or works again. Its process cannot go on without it.
    pub(super) fn set_disk(&mut self, node: NodeId, works: bool, cause: EventId) {
        Rc::make_mut(self.hosts.get_mut(&node).expect("checked")).disk_works = works;
        let changed = self.write(Some(cause), node, EventKind::DiskChanged { works });
        if !works {
            self.halt_without_disk(node, changed);
        }
    }

    /// What a process prints when its only disk is dead, and its end. Client programs have no files.
    pub(super) fn halt_without_disk(&mut self, node: NodeId, cause: EventId) {
        let error = match node {
            NodeId::Broker(_) => "Shutdown broker because all log dirs have failed",
            NodeId::Zookeeper => "Severe unrecoverable error, exiting",
            NodeId::Client(_) => return,
        };
        self.exited(node, Some(cause), Some(error.into()));
    }
}
