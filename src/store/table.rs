//! The file table: which rows hold which file, and which rows a file change touches.
//!
//! Chunks are appended, not rewritten, except the newest of a file while it is small: it grows until
//! [`CHUNK_BYTES`], so that many small appends make few rows. A truncation leaves the chunk that it
//! cuts through as it is: a later chunk's bytes win over what an earlier one holds at its position and
//! beyond. A file mostly ends where its chunks do, and its row says just that, so that a file that only
//! grows costs no row but its chunks; the row tells a length while a chunk reaches beyond it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::engine::disk::DiskOp;
use crate::engine::ids::{NodeId, Text};
use crate::store::report::KeptFile;
use crate::store::rows::{ENDS_WITH_CHUNKS, FileRow, LoadedRows, RowWrite};

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
    /// What its stored row says; `None` while none is stored under its name.
    row: Option<FileRow>,
    /// Whether a stored chunk that begins before `closed` may reach beyond it, so that chunks alone do
    /// not tell the length.
    is_cut: bool,
    /// Whether chunks are stored that begin where the file has no bytes: behind a hole that somebody made.
    has_strays: bool,
}

impl Entry {
    fn length(&self) -> u64 {
        self.closed + self.open.len() as u64
    }

    /// Writes a chunk where the closed ones end: the file ends with it.
    fn put(&mut self, bytes: Bytes, writes: &mut Vec<RowWrite>) {
        writes.push(RowWrite::PutChunk(self.number, self.closed, bytes));
        self.is_cut = false;
    }

    fn wanted_row(&self) -> FileRow {
        let length = if self.is_cut { self.length() } else { ENDS_WITH_CHUNKS };
        FileRow { number: self.number, length }
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
            let stored = chunks.remove(&row.number).unwrap_or_default();
            let Assembled { mut bytes, last, is_whole } = assemble(&stored);
            let reach = bytes.len();
            bytes.truncate(usize::try_from(row.length).unwrap_or(usize::MAX));
            let is_open = bytes.len().checked_sub(last).is_some_and(|open| open < CHUNK_BYTES);
            let closed = if is_open { last } else { bytes.len() };
            let entry = Entry {
                number: row.number,
                closed: closed as u64,
                open: bytes[closed..].to_vec(),
                row: Some(row),
                is_cut: bytes.len() < reach,
                has_strays: !is_whole || bytes.len() < last,
            };
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
            let Some(entry) = self.files.get_mut(&(node, path.clone())) else { continue };
            if !entry.open.is_empty() {
                entry.put(Bytes::copy_from_slice(&entry.open), writes);
            }
            let row = entry.wanted_row();
            if entry.row.replace(row) != Some(row) {
                writes.push(RowWrite::PutFile(node, path, row));
            }
        }
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().map(Entry::length).sum()
    }

    fn entry(&mut self, node: NodeId, path: &Text, writes: &mut Vec<RowWrite>) -> &mut Entry {
        let key = (node, path.clone());
        self.changed.insert(key.clone());
        let next_number = &mut self.next_number;
        let entry = self.files.entry(key).or_insert_with(|| {
            let number = *next_number;
            *next_number += 1;
            let (row, is_cut, has_strays) = (None, false, false);
            Entry { number, closed: 0, open: Vec::new(), row, is_cut, has_strays }
        });
        if std::mem::take(&mut entry.has_strays) {
            // The open one goes with them, and is written again with the file.
            writes.push(RowWrite::DeleteChunks(entry.number, entry.closed));
        }
        entry
    }

    fn append(
        &mut self,
        node: NodeId,
        path: &Text,
        position: u64,
        bytes: &Bytes,
        writes: &mut Vec<RowWrite>,
    ) {
        if position < self.entry(node, path, writes).length() {
            self.truncate(node, path, position, writes);
        }
        let entry = self.entry(node, path, writes);
        debug_assert_eq!(entry.length(), position, "{path}: appends have no holes");
        if entry.open.is_empty() && bytes.len() >= CHUNK_BYTES {
            entry.put(bytes.clone(), writes);
            entry.closed += bytes.len() as u64;
            return;
        }
        entry.open.extend_from_slice(bytes);
        if entry.open.len() >= CHUNK_BYTES {
            let closing = std::mem::take(&mut entry.open);
            let length = closing.len() as u64;
            entry.put(closing.into(), writes);
            entry.closed += length;
        }
    }

    fn truncate(&mut self, node: NodeId, path: &Text, length: u64, writes: &mut Vec<RowWrite>) {
        let entry = self.entry(node, path, writes);
        if length >= entry.length() {
            return;
        }
        if length > entry.closed {
            entry.open.truncate(usize::try_from(length - entry.closed).unwrap_or(usize::MAX));
            return;
        }
        entry.open.clear();
        entry.is_cut = length > 0 && (entry.is_cut || length < entry.closed);
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
        if let Some(mut entry) = self.files.remove(&(node, from.clone())) {
            writes.push(RowWrite::DeleteFile(node, from.clone()));
            entry.row = None;
            self.files.insert((node, to.clone()), entry);
            self.changed.insert((node, to.clone()));
        }
    }
}

/// What chunks make.
struct Assembled {
    bytes: Vec<u8>,
    /// Where the last chunk that is in it begins.
    last: usize,
    /// Whether every chunk is in it.
    is_whole: bool,
}

/// The bytes of chunks in order of position, up to the first hole.
fn assemble(chunks: &[(u64, Vec<u8>)]) -> Assembled {
    let mut made = Assembled { bytes: Vec::new(), last: 0, is_whole: true };
    for (position, chunk) in chunks {
        let reached = made.bytes.len();
        let Some(position) = usize::try_from(*position).ok().filter(|at| *at <= reached) else {
            made.is_whole = false;
            break;
        };
        made.bytes.truncate(position);
        made.bytes.extend_from_slice(chunk);
        made.last = position;
    }
    made
}
