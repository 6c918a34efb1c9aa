//! What a store answers, and what the page may promise because of it.
//!
//! *Saved* means that a strict transaction has completed; nothing else is called so.

use crate::engine::ids::{NodeId, Text};
use crate::engine::time::Micros;
use crate::store::document::{Document, Futures};

/// An answer of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageReport {
    /// A session was opened.
    Opened {
        /// Which.
        name: Text,
        /// What was kept under that name.
        kept: Kept,
        /// How somebody called it.
        title: Option<Text>,
        /// Whether another tab holds it: this one must not write.
        held_elsewhere: bool,
    },
    /// A batch is on the platter.
    Saved {
        /// The batch's number.
        serial: u64,
    },
    /// A batch could not be written; nothing of it was.
    Failed {
        /// The batch's number.
        serial: u64,
        /// Why.
        reason: MemoryReason,
    },
    /// There is no store here.
    Unavailable(MemoryReason),
    /// What is kept.
    Listed(Vec<Listed>),
    /// Everything that is kept, as one file.
    Exported(Vec<u8>),
    /// A file was taken in.
    Imported {
        /// Sessions that are there now and were not before.
        taken: u32,
        /// Sessions that were there already, byte for byte.
        same: u32,
    },
    /// What was to be removed is gone.
    Forgotten {
        /// Whether that was everything.
        all: bool,
    },
    /// What was asked of kept sessions was not done, and nothing of it changed.
    Refused(Refusal),
}

/// A kept session, in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Text,
    /// How somebody called it.
    pub title: Option<Text>,
    /// The moment that is saved; `None` where this engine cannot replay it.
    pub at: Option<Micros>,
    /// Commands given until then.
    pub commands: u64,
    /// Futures that were begun.
    pub branches: u32,
    /// Bytes of its files.
    pub bytes: u64,
    /// When it was saved last, in milliseconds since 1970.
    pub saved_ms: Option<u64>,
    /// Where a student stands with the lesson of this name, when it is one.
    pub progress: Option<Vec<u8>>,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another tab holds this session.
    HeldElsewhere(Text),
    /// The file is not one of kept sessions.
    NotAnArchive,
    /// The file was made by a later page than this one.
    LaterArchive,
    /// The file is not as it was written.
    DamagedArchive,
    /// The store could not.
    Store(MemoryReason),
}

/// What a store kept of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing.
    Nothing,
    /// Document and files, of one moment.
    Session(Box<KeptSession>),
    /// A document of another engine; its files are still there.
    OtherEngine(u32),
    /// A document that cannot be read.
    Unreadable,
}

/// A session as it was last saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// Config, commands and the moment that was saved.
    pub document: Document,
    /// Its other futures.
    pub futures: Option<Futures>,
    /// Every file, sorted by host and path.
    pub files: Vec<KeptFile>,
}

/// One stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Its host.
    pub node: NodeId,
    /// Its path on the host's disk.
    pub path: Text,
    /// Its bytes, as far as they are stored without a hole.
    pub bytes: Vec<u8>,
}

/// Why nothing is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryReason {
    /// The browser offers no storage: private window, or forbidden.
    Unavailable,
    /// The disk quota is used up.
    QuotaExceeded,
    /// Another tab keeps an older version of the database open.
    Blocked,
    /// A later version of the page has taken the database over.
    Superseded,
    /// Anything else, in the browser's words.
    Failed(Text),
}

/// What is saved and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StorageState {
    /// The store was asked and has not answered.
    #[default]
    Opening,
    /// Everything that happened is saved.
    Saved {
        /// Bytes of files written so far by this page.
        bytes: u64,
    },
    /// Some of it is on its way.
    Saving {
        /// Bytes not saved yet.
        pending: u64,
        /// Bytes saved so far by this page.
        saved: u64,
    },
    /// Nothing is saved.
    Memory {
        /// Why.
        reason: MemoryReason,
    },
    /// Another tab holds this session.
    ReadOnly,
}
