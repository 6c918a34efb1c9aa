//! What a store is asked to do.

use bytes::Bytes;

use crate::engine::disk::DiskOp;
use crate::engine::ids::{NodeId, Text};
use crate::store::document::Document;

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
    /// Remove everything kept under a name.
    Forget {
        /// The session's name.
        name: Text,
    },
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
    /// When given, everything kept is replaced by these files before `ops` are done.
    pub base: Option<Vec<(NodeId, Text, Bytes)>>,
    /// File changes in world order.
    pub ops: Vec<(NodeId, DiskOp)>,
}
