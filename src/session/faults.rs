//! Faults whose command depends on what the disks hold: the page names the thing, the session looks.

use crate::engine::command::{Command, DurableFile};
use crate::engine::ids::NodeId;
use crate::session::Session;

/// The bit that rots: one that turns letters into letters, so that values stay readable.
const BIT: u8 = 0x04;

impl Session {
    /// The power of every host goes now: each file keeps what was flushed of it.
    #[must_use]
    pub fn power_loss(&self) -> Command {
        let mut durable = Vec::new();
        for (node, host) in self.world.hosts() {
            for (path, _) in host.disk.list("") {
                let bytes = host.disk.find(&path).map_or(0, |file| host.disk.flushed_len(file));
                durable.push(DurableFile { node, path, bytes });
            }
        }
        Command::PowerLoss { durable }
    }

    /// One bit of the byte in the middle of a file turns; `None` when there is no such byte.
    #[must_use]
    pub fn flipped_bit(&self, node: NodeId, path: &str) -> Option<Command> {
        let disk = self.world.disk(node)?;
        let file = disk.find(path)?;
        let position = disk.len(file) / 2;
        let byte = disk.read(file, position, 1).first().copied()?;
        Some(Command::DiskFault { node, path: path.into(), position, bytes: vec![byte ^ BIT] })
    }
}
