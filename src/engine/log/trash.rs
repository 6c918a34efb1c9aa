//! Files that are to go: renamed to `.deleted` at once, removed `file.delete.delay.ms` later
//! (`LocalLog.deleteSegmentFiles`).
//!
//! The log renames; its owner takes the names and removes them when their time has come. What a dead
//! process leaves is removed when the log is opened.

use crate::engine::disk::{Disk, FileId};

/// Suffix of a file that is to go.
pub(super) const DELETED: &str = ".deleted";

/// Files of a log that are renamed and not removed yet.
#[derive(Clone, Debug, Default)]
pub struct Trash {
    files: Vec<FileId>,
}

impl Trash {
    /// Renames a file, if it is there, and notes it.
    pub(super) fn bury(&mut self, disk: &mut Disk, path: &str) {
        if let Some(file) = disk.find(path) {
            disk.rename(path, &format!("{path}{DELETED}"));
            self.files.push(file);
        }
    }

    /// The files, which the caller removes from now on.
    pub fn take(&mut self) -> Vec<FileId> {
        std::mem::take(&mut self.files)
    }
}
