//! Faults whose command depends on what the disks hold: the page names the thing, the session looks.
//! And the lab switch, which is a setting of the world: another world with the same commands.

use crate::engine::command::{Command, DurableFile, TimedCommand};
use crate::engine::ids::NodeId;
use crate::scenario::ast::Moment;
use crate::session::Session;
use crate::session::message::Start;

/// The bit that rots: one that turns letters into letters, so that values stay readable.
const BIT: u8 = 0x04;

/// Bytes that a torn write leaves out at a file's end: less than the smallest batch.
const TORN_BYTES: u64 = 32;
/// The lab switch that brings truncation to the high watermark back.
const TRUNCATION: &str = "lab.truncation";
const TODAYS: &str = "epoch";
const OLD: &str = "hw";

impl Session {
    /// Whether followers cut their logs as releases up to 0.10.2 did: old behaviour, which the page
    /// must always say.
    #[must_use]
    pub fn is_old_truncation(&self) -> bool {
        self.config().broker.get(TRUNCATION).is_some_and(|value| value != TODAYS)
    }

    /// The same commands up to now in a world that cuts logs the old way, or today's.
    #[must_use]
    pub fn with_truncation(&self, old: bool) -> Start {
        let mut config = self.config().clone();
        let word = if old { OLD } else { TODAYS };
        config.broker.set(TRUNCATION, word).expect("the switch takes its own words");
        // Events differ from here on, so that ids of events name no places any more.
        let at_time = |timed: &TimedCommand| TimedCommand { before: None, ..timed.clone() };
        Start {
            commands: self.commands().iter().map(at_time).collect(),
            until: Moment { at: self.now(), before: None },
            playing: false,
            ..Start::new(self.name(), config)
        }
    }

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

    /// The last write of a file was torn: its last bytes are not there. Writes are torn when a process
    /// dies, so the world takes it only of one that does not run. `None` when the file is empty.
    #[must_use]
    pub fn torn_tail(&self, node: NodeId, path: &str) -> Option<Command> {
        let disk = self.world.disk(node)?;
        let bytes = disk.len(disk.find(path)?).min(TORN_BYTES);
        (bytes > 0).then(|| Command::Tear { node, path: path.into(), bytes })
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
