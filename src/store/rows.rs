//! Rows: what a store is made of, and the one promise it needs: a commit is whole or nothing.
//!
//! Four kinds of row. The *document* of a session. A *file* row for each file: a number, and a length
//! where its chunks do not tell it.
//! *Chunks* of bytes, known by the file's number and their position, so that renaming a file, as Kafka
//! does when it deletes a segment, touches no bytes. *Notes*: small texts that change seldom.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::engine::ids::{BrokerId, ClientId, NodeId, Text};
use crate::store::report::MemoryReason;
use crate::store::table::FileTable;

/// Which note of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Note {
    /// How somebody called it. It stays when the session begins anew.
    Title,
    /// [`crate::store::document::Futures`].
    Futures,
    /// Where a student stands with a lesson; its session has no document.
    Progress,
}

impl Note {
    /// All of them.
    pub const ALL: [Note; 3] = [Note::Title, Note::Futures, Note::Progress];

    /// Its name in keys.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Note::Title => "title",
            Note::Futures => "futures",
            Note::Progress => "progress",
        }
    }
}

/// A file's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Names its chunks; never used again for another file of the session.
    pub number: u64,
    /// Its length: bytes of chunks beyond it do not count. Mostly [`ENDS_WITH_CHUNKS`].
    pub length: u64,
}

/// The length of a file that ends where its chunks do: more than any, and whole in JavaScript too.
pub const ENDS_WITH_CHUNKS: u64 = (1 << 53) - 1;

/// One change of rows, within one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowWrite {
    /// Remove every row of the session but its title.
    Clear,
    /// Remove every row of the session.
    Forget,
    /// Write a note.
    PutNote(Note, Vec<u8>),
    /// Write the document, and how many bytes the session's files have.
    PutDocument(Vec<u8>, u64),
    /// Write a file's row.
    PutFile(NodeId, Text, FileRow),
    /// Remove a file's row.
    DeleteFile(NodeId, Text),
    /// Write a chunk: number, position, bytes.
    PutChunk(u64, u64, Bytes),
    /// Remove the chunks of a number that begin at this position or later.
    DeleteChunks(u64, u64),
}

/// All rows of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedRows {
    /// Its document.
    pub document: Option<Vec<u8>>,
    /// Its files, sorted by host and path.
    pub files: Vec<(NodeId, Text, FileRow)>,
    /// Its chunks, sorted by number and position.
    pub chunks: Vec<(u64, u64, Vec<u8>)>,
    /// Its notes, in the order of their keys.
    pub notes: Vec<(Note, Vec<u8>)>,
}

impl LoadedRows {
    /// A note's bytes.
    #[must_use]
    pub fn note(&self, note: Note) -> Option<&[u8]> {
        self.notes.iter().find(|(of, _)| *of == note).map(|(_, bytes)| &bytes[..])
    }

    /// What writes these rows.
    #[must_use]
    pub fn into_writes(self) -> Vec<RowWrite> {
        let bytes = FileTable::load(self.clone()).0.bytes();
        let document = self.document.map(|document| RowWrite::PutDocument(document, bytes));
        let files =
            self.files.into_iter().map(|(node, path, row)| RowWrite::PutFile(node, path, row));
        let chunks = self.chunks.into_iter();
        let chunks = chunks.map(|(number, at, bytes)| RowWrite::PutChunk(number, at, bytes.into()));
        let notes = self.notes.into_iter().map(|(note, bytes)| RowWrite::PutNote(note, bytes));
        document.into_iter().chain(files).chain(chunks).chain(notes).collect()
    }
}

/// What a list needs of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedRows {
    /// Its name.
    pub name: Text,
    /// Its document.
    pub document: Option<Vec<u8>>,
    /// Its notes.
    pub notes: Vec<(Note, Vec<u8>)>,
    /// Bytes of its files.
    pub bytes: u64,
    /// When it was saved last, in milliseconds since 1970, where the rows know a clock.
    pub saved_ms: Option<u64>,
}

/// Where rows are.
pub trait Rows {
    /// Holds a session's name for this tab as long as the tab lives. False when another one has it.
    fn hold(&mut self, session: &str) -> impl Future<Output = bool>;

    /// Reads all rows of a session.
    fn load(&mut self, session: &str) -> impl Future<Output = Result<LoadedRows, MemoryReason>>;

    /// Every session of which there are rows, by name.
    fn list(&mut self) -> impl Future<Output = Result<Vec<ListedRows>, MemoryReason>>;

    /// Whether another tab holds a session's name.
    fn is_held_elsewhere(&mut self, session: &str) -> impl Future<Output = bool>;

    /// Writes all of it, durably, in this order, or nothing.
    fn commit(
        &mut self,
        session: &str,
        writes: Vec<RowWrite>,
    ) -> impl Future<Output = Result<(), MemoryReason>>;
}

/// The host that a key names: the inverse of `NodeId`'s text.
#[must_use]
pub fn node_of(key: &str) -> Option<NodeId> {
    if key == "zk" {
        return Some(NodeId::Zookeeper);
    }
    if let Some(id) = key.strip_prefix("client") {
        return id.parse().ok().map(|id| NodeId::Client(ClientId(id)));
    }
    let id = key.strip_prefix('b')?;
    id.parse().ok().map(|id| NodeId::Broker(BrokerId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_host_names_it() {
        for node in [NodeId::Zookeeper, NodeId::Broker(BrokerId(12)), NodeId::Client(ClientId(3))] {
            assert_eq!(node_of(&node.to_string()), Some(node));
        }
        assert_eq!(node_of("x1"), None);
    }
}
