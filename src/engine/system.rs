//! What a program asks of the machine that it runs on: files and processes of the brokers there.
//!
//! A world that is reached over loopback (`lab.loopback.port`) is one machine with every broker on it;
//! otherwise each broker has a machine of its own, and a program that runs on none sees none.

use bytes::Bytes;

use crate::engine::ids::{BrokerId, Text};

/// A question to the machine, or something to be done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemCall {
    /// What a file holds.
    Read(Text),
    /// Which brokers run (`ps`).
    Processes,
    /// Start a broker with the settings of its world but for these.
    StartBroker {
        /// Which.
        broker: BrokerId,
        /// Keys and values, in order.
        settings: Vec<(Text, Text)>,
    },
    /// A signal to a process: SIGKILL, or SIGTERM.
    Signal {
        /// The process.
        pid: u32,
        /// Whether it cannot be handled.
        kill: bool,
    },
}

/// The machine's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemAnswer {
    /// What the file holds; `None`: there is none.
    File(Option<Bytes>),
    /// Brokers that run, by id, with their processes' numbers.
    Processes(Vec<(BrokerId, u32)>),
    /// It was done; or what the process printed that could not be started.
    Done(Result<(), Text>),
}

/// Number of a broker's process in its `run`-th run: no two processes of a world have the same.
#[must_use]
pub fn pid(broker: BrokerId, run: u32) -> u32 {
    /// More than there are brokers in a world.
    const BROKERS: u32 = 40;
    1_000 + run * BROKERS + broker.0.unsigned_abs()
}
