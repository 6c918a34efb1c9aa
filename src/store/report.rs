//! What a store answers, and what the page may promise because of it.
//!
//! *Saved* means that a strict transaction has completed; nothing else is called so.

use crate::engine::ids::{NodeId, Text};
use crate::store::document::Document;

/// An answer of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageReport {
    /// A session was opened.
    Opened {
        /// Which.
        name: Text,
        /// What was kept under that name.
        kept: Kept,
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
