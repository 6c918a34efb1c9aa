//! The file table: which rows hold which file, and which rows a file change touches.
//!
//! Chunks are appended, not rewritten, except the newest of a file while it is small: it grows until
//! [`CHUNK_BYTES`], so that many small appends make few rows. A truncation leaves the chunk that it
//! cuts through as it is: a later chunk's bytes win over what an earlier one holds at its position and
//! beyond, and the file's length wins over both.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::engine::disk::DiskOp;
use crate::engine::ids::{NodeId, Text};
use crate::store::report::KeptFile;
use crate::store::rows::{FileRow, LoadedRows, RowWrite};

/// A chunk of this many bytes or more is closed.
pub const CHUNK_BYTES: usize = 8 << 10;

/// Files of one session, as their rows are.
#[derive(Clone, Debug, Default)]
pub struct FileTable {
    files: BTreeMap<(NodeId, Text), Entry>,
    changed: BTreeSet<(NodeId, Text)>,
    next_number: u64,
}

/// One file: the length of its closed chunks, and its open one.
#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    closed: u64,
    open: Vec<u8>,
}

impl Entry {
    fn length(&self) -> u64 {
        self.closed + self.open.len() as u64
    }
}

impl FileTable {
    /// The table of stored rows, and the files that they make.
    #[must_use]
    pub fn load(rows: LoadedRows) -> (FileTable, Vec<KeptFile>) {
        let mut chunks: BTreeMap<u64, Vec<(u64, Vec<u8>)>> = BTreeMap::new();
        for (number, position, bytes) in rows.chunks {
            chunks.entry(number).or_default().push((position, bytes));
        }
        let mut table = FileTable::default();
        let mut files = Vec::new();
        for (node, path, row) in rows.files {
            let (mut bytes, last) = assemble(&chunks.remove(&row.number).unwrap_or_default());
            bytes.truncate(usize::try_from(row.length).unwrap_or(usize::MAX));
            let is_open = bytes.len().checked_sub(last).is_some_and(|open| open < CHUNK_BYTES);
            let closed = if is_open { last } else { bytes.len() };
            let entry =
                Entry { number: row.number, closed: closed as u64, open: bytes[closed..].to_vec() };
            table.next_number = table.next_number.max(row.number + 1);
            table.files.insert((node, path.clone()), entry);
            files.push(KeptFile { node, path, bytes });
        }
        (table, files)
    }

    /// Carries out a file change.
    pub fn apply(&mut self, node: NodeId, op: DiskOp, writes: &mut Vec<RowWrite>) {
        match op {
            DiskOp::Create { path } => self.replace(node, &path, &Bytes::new(), writes),
            DiskOp::Append { path, position, bytes } => {
                self.append(node, &path, position, &bytes, writes);
            }
            DiskOp::Truncate { path, len } => self.truncate(node, &path, len, writes),
            DiskOp::Replace { path, bytes } => self.replace(node, &path, &bytes, writes),
            DiskOp::Delete { path } => self.delete(node, &path, writes),
            DiskOp::Rename { from, to } => self.rename(node, &from, &to, writes),
        }
    }

    /// Gives a file these bytes, whatever it held.
    pub fn replace(
        &mut self,
        node: NodeId,
        path: &Text,
        bytes: &Bytes,
        writes: &mut Vec<RowWrite>,
    ) {
        self.truncate(node, path, 0, writes);
        self.append(node, path, 0, bytes, writes);
    }

    /// Writes what is open of the changed files, and their rows: the end of a batch.
    pub fn finish(&mut self, writes: &mut Vec<RowWrite>) {
        for (node, path) in std::mem::take(&mut self.changed) {
            let Some(entry) = self.files.get(&(node, path.clone())) else { continue };
            if !entry.open.is_empty() {
                let open = Bytes::copy_from_slice(&entry.open);
                writes.push(RowWrite::PutChunk(entry.number, entry.closed, open));
            }
            let row = FileRow { number: entry.number, length: entry.length() };
            writes.push(RowWrite::PutFile(node, path, row));
        }
    }

    fn entry(&mut self, node: NodeId, path: &Text) -> &mut Entry {
        let key = (node, path.clone());
        self.changed.insert(key.clone());
        let next_number = &mut self.next_number;
        self.files.entry(key).or_insert_with(|| {
            let number = *next_number;
            *next_number += 1;
            Entry { number, closed: 0, open: Vec::new() }
        })
    }

    fn append(
        &mut self,
        node: NodeId,
        path: &Text,
        position: u64,
        bytes: &Bytes,
        writes: &mut Vec<RowWrite>,
    ) {
        if position < self.entry(node, path).length() {
            self.truncate(node, path, position, writes);
        }
        let entry = self.entry(node, path);
        debug_assert_eq!(entry.length(), position, "{path}: appends have no holes");
        if entry.open.is_empty() && bytes.len() >= CHUNK_BYTES {
            writes.push(RowWrite::PutChunk(entry.number, entry.closed, bytes.clone()));
            entry.closed += bytes.len() as u64;
            return;
        }
        entry.open.extend_from_slice(bytes);
        if entry.open.len() >= CHUNK_BYTES {
            let closing = std::mem::take(&mut entry.open);
            let position = entry.closed;
            entry.closed += closing.len() as u64;
            writes.push(RowWrite::PutChunk(entry.number, position, closing.into()));
        }
    }

    fn truncate(&mut self, node: NodeId, path: &Text, length: u64, writes: &mut Vec<RowWrite>) {
        let entry = self.entry(node, path);
        if length >= entry.length() {
            return;
        }
        if length > entry.closed {
            entry.open.truncate(usize::try_from(length - entry.closed).unwrap_or(usize::MAX));
            return;
        }
        entry.open.clear();
        entry.closed = length;
        writes.push(RowWrite::DeleteChunks(entry.number, length));
    }

    fn delete(&mut self, node: NodeId, path: &Text, writes: &mut Vec<RowWrite>) {
        if let Some(entry) = self.files.remove(&(node, path.clone())) {
            writes.push(RowWrite::DeleteFile(node, path.clone()));
            writes.push(RowWrite::DeleteChunks(entry.number, 0));
        }
    }

    fn rename(&mut self, node: NodeId, from: &Text, to: &Text, writes: &mut Vec<RowWrite>) {
        self.delete(node, to, writes);
        if let Some(entry) = self.files.remove(&(node, from.clone())) {
            writes.push(RowWrite::DeleteFile(node, from.clone()));
            self.files.insert((node, to.clone()), entry);
            self.changed.insert((node, to.clone()));
        }
    }
}

/// The bytes of chunks in order of position, up to the first hole, and where the last one begins.
fn assemble(chunks: &[(u64, Vec<u8>)]) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let mut last = 0;
    for (position, chunk) in chunks {
        let Some(position) = usize::try_from(*position).ok().filter(|at| *at <= bytes.len()) else {
            break;
        };
        bytes.truncate(position);
        bytes.extend_from_slice(chunk);
        last = position;
    }
    (bytes, last)
}
