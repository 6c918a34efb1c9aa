//! A disk that dies, fills up, slows down or works again, and what that does to its host's process.

use std::rc::Rc;

use crate::engine::command::DiskState;
use crate::engine::error::CommandError;
use crate::engine::event::EventKind;
use crate::engine::ids::{EventId, NodeId, Text};
use crate::engine::sim::links::check_span;
use crate::engine::sim::world::World;

impl World {
    /// # Errors
    /// No such host or log directory, a time out of range, or a full or slow disk of another host than
    /// a broker's.
    pub(super) fn check_disk(
        &self,
        node: NodeId,
        dir: Option<&Text>,
        state: DiskState,
    ) -> Result<(), CommandError> {
        self.existing(node)?;
        let known = |dir: &Text| self.config.broker.log_dirs.names().contains(dir);
        if let Some(dir) = dir.filter(|dir| node.broker().is_none() || !known(dir)) {
            return Err(CommandError::NoSuchLogDir { node, dir: dir.clone() });
        }
        match state {
            DiskState::Slow(_) | DiskState::Full if node.broker().is_none() => {
                Err(CommandError::NotABroker { node })
            }
            DiskState::Slow(by) => check_span(by),
            _ => Ok(()),
        }
    }

    /// A disk, or one log directory's, is so from now on. ZooKeeper cannot go on without its own.
    pub(super) fn set_disk(
        &mut self,
        node: NodeId,
        dir: Option<Text>,
        state: DiskState,
        cause: EventId,
    ) {
        let parts = match (&dir, node.broker()) {
            (Some(dir), _) => vec![format!("{dir}/").into()],
            (None, Some(_)) => self.config.broker.log_dirs.prefixes(),
            (None, None) => vec!["".into()],
        };
        let host = Rc::make_mut(self.hosts.get_mut(&node).expect("checked"));
        for part in parts {
            host.disk.set_state(&part, state);
        }
        let changed = self.write(Some(cause), node, EventKind::DiskChanged { dir, state });
        if state == DiskState::Dead && node == NodeId::Zookeeper {
            self.halt_without_disk(node, changed);
        }
    }

    /// What ZooKeeper prints when it cannot write, and its end.
    pub(super) fn halt_without_disk(&mut self, node: NodeId, cause: EventId) {
        self.exited(node, Some(cause), Some("Severe unrecoverable error, exiting".into()));
    }
}
