//! What a store is asked to do.

use bytes::Bytes;

use crate::engine::disk::DiskOp;
use crate::engine::ids::{NodeId, Text};
use crate::store::document::{Document, Futures};
use crate::store::rows::Note;

/// A request to the store.
#[derive(Clone, Debug)]
pub enum StoreRequest {
    /// Read what is kept under a name, and hold the name for this tab.
    Open {
        /// The session's name.
        name: Text,
        /// Version of the engine that would replay it.
        engine: u32,
    },
    /// Write a batch. Never more than one is under way.
    Save(Box<Batch>),
    /// Remove everything kept under a name, unless another tab holds it.
    Forget {
        /// The session's name.
        name: Text,
    },
    /// Remove everything, unless another tab holds some of it.
    ForgetAll,
    /// Write a note.
    PutNote {
        /// The session's name.
        name: Text,
        /// Which note.
        note: Note,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// Tell what is kept.
    List {
        /// Version of the engine that would replay it.
        engine: u32,
    },
    /// Give everything that is kept, as one file.
    Export,
    /// Take in what such a file holds, beside what is kept.
    Import(Vec<u8>),
}

/// File changes and the document of the moment after them: written together or not at all.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Counts the batches of a page.
    pub serial: u64,
    /// The session's name.
    pub name: Text,
    /// Config, commands and moment that the files belong to.
    pub document: Document,
    /// Its other futures, when they are not as they were written last.
    pub futures: Option<Futures>,
    /// When given, everything kept is replaced by these files before `ops` are done.
    pub base: Option<Vec<(NodeId, Text, Bytes)>>,
    /// File changes in world order.
    pub ops: Vec<(NodeId, DiskOp)>,
}
