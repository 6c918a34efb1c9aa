//! A host's disk: files by path, with a page cache that a flush makes durable.
//!
//! Appends reach the page cache. A process that dies leaves it intact; a power loss keeps only what
//! was durable ([`Disk::keep_only`]). Kafka flushes when a segment rolls and when it stops cleanly.
//!
//! A clone shares every byte and costs two counters; a write after it copies one path of a tree. So a
//! checkpoint of a world is a clone. The journal lists changes for whoever mirrors the disk; it is
//! cloned like the rest, so that a host copied on write loses nothing of it.
//!
//! A disk that is dead or full does not do what is asked of it, and remembers that it did not
//! ([`Disk::take_failed`]): who writes asks afterwards. What was read before is still in the cache.

mod fault;
mod file;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

use crate::engine::persistent::OrdMap;
use bytes::Bytes;

use crate::engine::disk::fault::Faults;
use crate::engine::disk::file::File;
use crate::engine::ids::Text;

/// A file of one disk, whatever its path becomes. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(u32);

/// One change of a disk, in the order in which it reached the page cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskOp {
    /// An empty file is there.
    Create { path: Text },
    /// Bytes follow at `position`, which was the file's end.
    Append { path: Text, position: u64, bytes: Bytes },
    /// The file ends at `len` now.
    Truncate { path: Text, len: u64 },
    /// The file is these bytes, all at once.
    Replace { path: Text, bytes: Bytes },
    /// The file is gone.
    Delete { path: Text },
    /// The file has another path; what was there is gone.
    Rename { from: Text, to: Text },
}

/// Files of one host.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    names: OrdMap<Text, FileId>,
    files: OrdMap<u32, Rc<File>>,
    next: u32,
    total: u64,
    flushed: u64,
    journal: Option<Vec<DiskOp>>,
    faults: Faults,
}

impl Disk {
    /// The file at `path`, made if it is not there.
    pub fn open(&mut self, path: &str) -> FileId {
        if let Some(id) = self.find(path) {
            return id;
        }
        if !self.faults.admits(path) {
            return self.nowhere();
        }
        let path: Text = path.into();
        self.note(|| DiskOp::Create { path: path.clone() });
        self.insert(File::new(path))
    }

    /// The file at `path`, if it is there.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.names.get(path).copied()
    }

    /// Bytes of a file; 0 when it was deleted.
    #[must_use]
    pub fn len(&self, file: FileId) -> u64 {
        self.files.get(&file.0).map_or(0, |file| file.len())
    }

    /// Bytes of a file that were written; behind them, up to its length, is a hole.
    #[must_use]
    pub fn filled_len(&self, file: FileId) -> u64 {
        self.files.get(&file.0).map_or(0, |file| file.filled())
    }

    /// Makes a file at least `len` bytes long. What was not written reads as zeros, costs nothing and
    /// is not in the journal; the next append fills it from its start.
    pub fn extend(&mut self, file: FileId, len: u64) {
        if self.len(file) < len && self.admits(file) {
            self.change(file).extend(len);
        }
    }

    /// Bytes of a file that a power loss would leave.
    #[must_use]
    pub fn flushed_len(&self, file: FileId) -> u64 {
        self.files.get(&file.0).map_or(0, |file| file.flushed())
    }

    /// Appends `bytes` to what was written, without copying them; returns where they start. A disk
    /// that is full takes as many as fit.
    pub fn append(&mut self, file: FileId, mut bytes: Bytes) -> u64 {
        if !self.faults.is_none() {
            bytes.truncate(self.taken(file, bytes.len()));
            if bytes.is_empty() {
                return self.filled_len(file);
            }
        }
        if self.journal.is_some() {
            self.note_append(file, bytes.clone());
        }
        self.total += bytes.len() as u64;
        self.change(file).append(bytes)
    }

    /// Appends a few bytes, copied into the file's tail: for index entries and the like.
    pub fn append_small(&mut self, file: FileId, mut bytes: &[u8]) -> u64 {
        if !self.faults.is_none() {
            bytes = &bytes[..self.taken(file, bytes.len())];
            if bytes.is_empty() {
                return self.filled_len(file);
            }
        }
        if self.journal.is_some() {
            self.note_append(file, Bytes::copy_from_slice(bytes));
        }
        self.total += bytes.len() as u64;
        self.change(file).append_small(bytes)
    }

    /// Up to `len` bytes from `position`; fewer where the file ends. Not copied when they were
    /// appended as one.
    #[must_use]
    pub fn read(&self, file: FileId, position: u64, len: u64) -> Bytes {
        self.files.get(&file.0).map_or_else(Bytes::new, |file| file.read(position, len))
    }

    /// The bytes from `position` that lie together: at least one unless the file ends there. Walking
    /// a file by these copies nothing but the tail.
    #[must_use]
    pub fn read_run(&self, file: FileId, position: u64) -> Bytes {
        self.files.get(&file.0).map_or_else(Bytes::new, |file| file.read_run(position))
    }

    /// Fills `buffer` from `position`; false, and nothing useful in it, when the file ends before.
    #[must_use]
    pub fn read_exact(&self, file: FileId, position: u64, buffer: &mut [u8]) -> bool {
        self.files.get(&file.0).is_some_and(|file| file.read_exact(position, buffer))
    }

    /// What was written of the file at `path`, without the hole at its end.
    #[must_use]
    pub fn written(&self, path: &str) -> Option<Bytes> {
        let file = self.find(path)?;
        Some(self.read(file, 0, self.filled_len(file)))
    }

    /// The whole file at `path`, with the hole at its end as zeros.
    #[must_use]
    pub fn read_path(&self, path: &str) -> Option<Bytes> {
        let file = self.find(path)?;
        Some(self.read(file, 0, self.len(file)))
    }

    /// Cuts a file to `len` bytes; a shorter one stays as it is.
    pub fn truncate(&mut self, file: FileId, len: u64) {
        if self.len(file) <= len || !self.admits(file) {
            return;
        }
        self.free(file, self.filled_len(file).saturating_sub(len));
        if self.filled_len(file) > len {
            let path = self.path(file);
            self.note(|| DiskOp::Truncate { path, len });
        }
        self.resize(file, |content| content.truncate(len));
    }

    /// Makes `bytes` the whole of the file at `path`, all or nothing, and durable: Kafka writes
    /// checkpoint files to a temporary one, fsyncs it and renames it (`CheckpointFile.write`).
    pub fn replace(&mut self, path: &str, bytes: Bytes) -> FileId {
        let before = self.find(path).map_or(0, |file| self.filled_len(file));
        if !self.faults.replaces(path, before, bytes.len() as u64) {
            return self.find(path).unwrap_or_else(|| self.nowhere());
        }
        let file = match self.find(path) {
            Some(file) => file,
            None => self.insert(File::new(path.into())),
        };
        let path = self.path(file);
        self.note(|| DiskOp::Replace { path, bytes: bytes.clone() });
        self.resize(file, |content| content.replace(bytes));
        file
    }

    /// Removes the file at `path`, if it is there. Its id reads as an empty file from then on.
    pub fn delete(&mut self, path: &str) {
        let Some(file) = self.find(path) else { return };
        if !self.faults.admits(path) {
            return;
        }
        self.free(file, self.filled_len(file));
        if let Some(file) = self.names.remove(path) {
            let gone = self.forget(file);
            self.note(|| DiskOp::Delete { path: gone });
        }
    }

    /// Removes a file by its id, if it is still there.
    pub fn delete_file(&mut self, file: FileId) {
        if let Some(content) = self.files.get(&file.0) {
            let path = content.path.clone();
            self.delete(&path);
        }
    }

    /// Moves a file; its id stays. What was at `to` is gone.
    pub fn rename(&mut self, from: &str, to: &str) {
        if from == to || self.find(from).is_none() || !self.faults.admits(from) {
            return;
        }
        let Some(file) = self.names.remove(from) else { return };
        if let Some(old) = self.names.remove(to) {
            self.forget(old);
        }
        let (from, to) = (self.path(file), Text::from(to));
        self.names.insert(to.clone(), file);
        self.change(file).path = to.clone();
        self.note(|| DiskOp::Rename { from, to });
    }

    /// Files whose path starts with `prefix`, in order, with their lengths.
    #[must_use]
    pub fn list(&self, prefix: &str) -> Vec<(Text, u64)> {
        self.names
            .range::<_, str>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(|(path, _)| path.starts_with(prefix))
            .map(|(path, file)| (path.clone(), self.len(*file)))
            .collect()
    }

    /// Makes everything of a file durable.
    pub fn flush(&mut self, file: FileId) {
        if self.flushed_len(file) < self.filled_len(file) && self.admits(file) {
            self.resize(file, File::flush);
        }
    }

    /// Bytes of all files, without holes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.total
    }

    /// Bytes of all files that a power loss would take.
    #[must_use]
    pub fn unflushed_bytes(&self) -> u64 {
        self.total - self.flushed
    }

    /// Power loss: each file named keeps that many bytes, if it had them; the others are gone. What
    /// is left was on the platter, so it is durable.
    pub fn keep_only(&mut self, durable: &BTreeMap<Text, u64>) {
        let faults = std::mem::take(&mut self.faults);
        for (path, _) in self.list("") {
            match durable.get(&path) {
                Some(len) => {
                    let file = self.names[&path];
                    self.truncate(file, *len);
                    self.flush(file);
                }
                None => self.delete(&path),
            }
        }
        self.faults = faults;
    }

    /// Bytes change by themselves, from `position`, as far as the file reaches. The journal tells it
    /// as a cut and an append of the rest.
    pub fn rot(&mut self, path: &str, position: u64, bytes: &[u8]) {
        let Some(file) = self.find(path) else { return };
        self.change(file).overwrite(position, bytes);
        if self.journal.is_some() && position < self.filled_len(file) {
            let (path, rest) =
                (self.path(file), self.read(file, position, self.filled_len(file) - position));
            let cut = DiskOp::Truncate { path: path.clone(), len: position };
            self.note(|| cut);
            self.note(|| DiskOp::Append { path, position, bytes: rest });
        }
    }

    /// Turns the journal on, empty, or off.
    pub fn set_journal(&mut self, on: bool) {
        self.journal = on.then(Vec::new);
    }

    /// Changes since the last call, in order; none while the journal is off.
    pub fn take_journal(&mut self) -> Vec<DiskOp> {
        self.journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn insert(&mut self, file: File) -> FileId {
        let id = FileId(self.next);
        self.next += 1;
        self.names.insert(file.path.clone(), id);
        self.files.insert(id.0, Rc::new(file));
        id
    }

    /// Drops the content of a file whose name is already gone; returns the name.
    fn forget(&mut self, file: FileId) -> Text {
        let gone = self.files.remove(&file.0).expect("a name has a file");
        self.total -= gone.filled();
        self.flushed -= gone.flushed();
        gone.path.clone()
    }

    fn path(&self, file: FileId) -> Text {
        self.files.get(&file.0).expect("an open file was not deleted").path.clone()
    }

    fn change(&mut self, file: FileId) -> &mut File {
        Rc::make_mut(self.files.get_mut(&file.0).expect("an open file was not deleted"))
    }

    /// Changes a file and keeps the sums right.
    fn resize(&mut self, file: FileId, how: impl FnOnce(&mut File)) {
        let content = self.change(file);
        let (filled, flushed) = (content.filled(), content.flushed());
        how(content);
        let (new_filled, new_flushed) = (content.filled(), content.flushed());
        self.total = self.total - filled + new_filled;
        self.flushed = self.flushed - flushed + new_flushed;
    }

    fn note(&mut self, op: impl FnOnce() -> DiskOp) {
        if let Some(journal) = &mut self.journal {
            journal.push(op());
        }
    }

    fn note_append(&mut self, file: FileId, bytes: Bytes) {
        let (path, position) = (self.path(file), self.filled_len(file));
        self.note(|| DiskOp::Append { path, position, bytes });
    }
}

#[cfg(test)]
mod tests;
