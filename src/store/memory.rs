//! Rows in memory: the store of native tests, with the failures of real ones.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::engine::ids::{NodeId, Text};
use crate::store::report::MemoryReason;
use crate::store::rows::{ENDS_WITH_CHUNKS, FileRow, ListedRows, LoadedRows, Note, RowWrite, Rows};

/// Rows of all sessions. A clone is a picture of the platter at that moment.
#[derive(Clone, Debug, Default)]
pub struct MemoryRows {
    sessions: BTreeMap<Text, SessionRows>,
    /// Sessions that another tab holds.
    pub held_elsewhere: Vec<Text>,
    /// When given, every commit fails like this and writes nothing.
    pub failure: Option<MemoryReason>,
    /// Commits that succeeded.
    pub commits: u64,
}

/// Rows of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionRows {
    /// Its document.
    pub document: Option<Vec<u8>>,
    /// Its files.
    pub files: BTreeMap<(NodeId, Text), FileRow>,
    /// Its chunks by (number, position).
    pub chunks: BTreeMap<(u64, u64), Bytes>,
    /// Its notes.
    pub notes: BTreeMap<Note, Vec<u8>>,
    /// Bytes of its files, as told with the document.
    pub bytes: u64,
}

impl MemoryRows {
    /// The rows of a session, to look at or to damage.
    pub fn session(&mut self, name: &str) -> &mut SessionRows {
        self.sessions.entry(name.into()).or_default()
    }
}

impl SessionRows {
    /// Lets every file's row tell its length, as rows of earlier pages do: to look at, or to cut.
    pub fn tell_lengths(&mut self) {
        for row in self.files.values_mut().filter(|row| row.length == ENDS_WITH_CHUNKS) {
            let last = self.chunks.range((row.number, 0)..=(row.number, u64::MAX)).next_back();
            row.length = last.map_or(0, |((_, position), bytes)| position + bytes.len() as u64);
        }
    }

    fn write(&mut self, write: RowWrite) {
        match write {
            RowWrite::Clear => {
                let mut notes = std::mem::take(&mut self.notes);
                notes.retain(|note, _| *note == Note::Title);
                *self = SessionRows { notes, ..SessionRows::default() };
            }
            RowWrite::Forget => *self = SessionRows::default(),
            RowWrite::PutNote(note, bytes) => {
                self.notes.insert(note, bytes);
            }
            RowWrite::PutDocument(document, bytes) => {
                (self.document, self.bytes) = (Some(document), bytes);
            }
            RowWrite::PutFile(node, path, row) => {
                self.files.insert((node, path), row);
            }
            RowWrite::DeleteFile(node, path) => {
                self.files.remove(&(node, path));
            }
            RowWrite::PutChunk(number, position, bytes) => {
                self.chunks.insert((number, position), bytes);
            }
            RowWrite::DeleteChunks(number, from) => {
                self.chunks.retain(|(of, position), _| *of != number || *position < from);
            }
        }
    }
}

impl Rows for MemoryRows {
    async fn hold(&mut self, session: &str) -> bool {
        !self.is_held_elsewhere(session).await
    }

    async fn load(&mut self, session: &str) -> Result<LoadedRows, MemoryReason> {
        let rows = self.session(session);
        Ok(LoadedRows {
            document: rows.document.clone(),
            files: rows
                .files
                .iter()
                .map(|((node, path), row)| (*node, path.clone(), *row))
                .collect(),
            chunks: rows
                .chunks
                .iter()
                .map(|((number, position), bytes)| (*number, *position, bytes.to_vec()))
                .collect(),
            notes: rows.notes.iter().map(|(note, bytes)| (*note, bytes.clone())).collect(),
        })
    }

    async fn list(&mut self) -> Result<Vec<ListedRows>, MemoryReason> {
        let all = self.sessions.iter().filter(|(_, rows)| **rows != SessionRows::default());
        let listed = all.map(|(name, rows)| ListedRows {
            name: name.clone(),
            document: rows.document.clone(),
            notes: rows.notes.iter().map(|(note, bytes)| (*note, bytes.clone())).collect(),
            bytes: rows.bytes,
            saved_ms: None,
        });
        Ok(listed.collect())
    }

    async fn is_held_elsewhere(&mut self, session: &str) -> bool {
        self.held_elsewhere.iter().any(|held| &**held == session)
    }

    async fn commit(&mut self, session: &str, writes: Vec<RowWrite>) -> Result<(), MemoryReason> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let rows = self.session(session);
        writes.into_iter().for_each(|write| rows.write(write));
        self.commits += 1;
        Ok(())
    }
}
