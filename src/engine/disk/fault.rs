//! What a disk, or a part of it, does not do: dead, full or slow.
//!
//! A part is what a log directory of its own device would be: files whose path begins with its
//! prefix, `a/` say; the empty prefix is every file that no other part has. An operation that fails
//! changes nothing and is remembered, as Kafka's `LogDirFailureChannel` does it, until somebody asks.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::command::DiskState;
use crate::engine::disk::{Disk, FileId};
use crate::engine::ids::Text;
use crate::engine::time::Micros;

/// Bytes of a whole disk, as its file system tells them: 1 TiB.
pub const DISK_BYTES: u64 = 1 << 40;

/// Parts that do not simply work, and those where an operation failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    parts: BTreeMap<Text, Fault>,
    failed: BTreeSet<Text>,
}

#[derive(Clone, Copy, Debug)]
struct Fault {
    state: DiskState,
    /// Bytes that were freed since the part was full.
    room: u64,
}

impl Faults {
    /// Whether everything simply works.
    pub(super) fn is_none(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether a file at `path` may be changed without more room. If not, its part has failed.
    pub(super) fn admits(&mut self, path: &str) -> bool {
        let Some((part, fault)) = self.part_of(path) else { return true };
        let admits = fault.state != DiskState::Dead;
        if !admits {
            self.failed.insert(part);
        }
        admits
    }

    /// How many of `wanted` bytes go into a file at `path`; when not all do, its part has failed.
    fn takes(&mut self, path: &str, wanted: u64) -> u64 {
        let Some((part, fault)) = self.part_of(path) else { return wanted };
        let takes = match fault.state {
            DiskState::Works | DiskState::Slow(_) => return wanted,
            DiskState::Dead => 0,
            DiskState::Full => fault.room.min(wanted),
        };
        if takes < wanted {
            self.failed.insert(part.clone());
        }
        self.change_room(&part, |room| room - takes);
        takes
    }

    /// Whether a file of `before` bytes at `path` can be written anew with `after`, beside the old one.
    pub(super) fn replaces(&mut self, path: &str, before: u64, after: u64) -> bool {
        let Some((part, fault)) = self.part_of(path) else { return true };
        let fits = match fault.state {
            DiskState::Works | DiskState::Slow(_) => return true,
            DiskState::Dead => false,
            DiskState::Full => after <= fault.room,
        };
        match fits {
            true => self.change_room(&part, |room| room - after + before),
            false => drop(self.failed.insert(part)),
        }
        fits
    }

    fn part_of(&self, path: &str) -> Option<(Text, Fault)> {
        if self.parts.is_empty() {
            return None;
        }
        let prefix = path.split_inclusive('/').next().unwrap_or_default();
        let found = self.parts.get_key_value(prefix).or_else(|| self.parts.get_key_value(""));
        found.map(|(part, fault)| (part.clone(), *fault))
    }

    fn change_room(&mut self, part: &str, how: impl FnOnce(u64) -> u64) {
        if let Some(fault) = self.parts.get_mut(part) {
            fault.room = how(fault.room);
        }
    }
}

impl Disk {
    /// Sets what the part with this prefix does from now on.
    pub fn set_state(&mut self, part: &str, state: DiskState) {
        match state {
            DiskState::Works => drop(self.faults.parts.remove(part)),
            state => drop(self.faults.parts.insert(part.into(), Fault { state, room: 0 })),
        }
    }

    /// What the part with this prefix does.
    #[must_use]
    pub fn state(&self, part: &str) -> DiskState {
        self.faults.parts.get(part).map_or(DiskState::Works, |fault| fault.state)
    }

    /// Whether some part of it does not simply work.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        !self.faults.is_none()
    }

    /// Whether an operation has failed since the last [`Disk::take_failed`] or start.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.faults.failed.is_empty()
    }

    /// The parts on which an operation has failed since the last call.
    pub fn take_failed(&mut self) -> BTreeSet<Text> {
        std::mem::take(&mut self.faults.failed)
    }

    /// How long the part with this prefix takes for records of one partition.
    #[must_use]
    pub fn write_time(&self, part: &str) -> Micros {
        match self.state(part) {
            DiskState::Slow(by) => by,
            _ => Micros::ZERO,
        }
    }

    /// Bytes of the part with this prefix, and how many of them are free. Every part is a file system
    /// of its own.
    #[must_use]
    pub fn space(&self, part: &str) -> (u64, u64) {
        let used: u64 = match part {
            "" => self.total,
            part => self
                .list(part)
                .iter()
                .filter_map(|(path, _)| self.find(path))
                .map(|file| self.filled_len(file))
                .sum(),
        };
        let free = match self.faults.parts.get(part) {
            Some(Fault { state: DiskState::Full, room }) => *room,
            _ => DISK_BYTES.saturating_sub(used),
        };
        (DISK_BYTES, free)
    }

    /// How many of the first `wanted` bytes a file takes.
    pub(super) fn taken(&mut self, file: FileId, wanted: usize) -> usize {
        let Some(path) = self.files.get(&file.0).map(|file| file.path.clone()) else { return 0 };
        let taken = self.faults.takes(&path, wanted as u64);
        usize::try_from(taken).expect("no more than were wanted")
    }

    /// Whether a file may be changed without more room.
    pub(super) fn admits(&mut self, file: FileId) -> bool {
        if self.faults.is_none() {
            return true;
        }
        let path = self.files.get(&file.0).map(|file| file.path.clone());
        path.is_some_and(|path| self.faults.admits(&path))
    }

    /// Bytes of a file go: a full part has room for as many.
    pub(super) fn free(&mut self, file: FileId, bytes: u64) {
        if self.faults.is_none() {
            return;
        }
        let Some(path) = self.files.get(&file.0).map(|file| file.path.clone()) else { return };
        if let Some((part, _)) = self.faults.part_of(&path) {
            self.faults.change_room(&part, |room| room + bytes);
        }
    }

    /// The id of a file that could not be made: it reads as empty and takes nothing.
    pub(super) fn nowhere(&mut self) -> FileId {
        let id = FileId(self.next);
        self.next += 1;
        id
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn disk_with(path: &str, content: &'static [u8]) -> (Disk, FileId) {
        let mut disk = Disk::default();
        let file = disk.open(path);
        disk.append(file, Bytes::from_static(content));
        (disk, file)
    }

    fn failed(disk: &mut Disk) -> Vec<Text> {
        disk.take_failed().into_iter().collect()
    }

    #[test]
    fn a_dead_part_changes_nothing_and_says_so_while_the_other_works() {
        let (mut disk, file) = disk_with("a/t-0/0.log", b"kept");
        disk.set_state("a/", DiskState::Dead);
        disk.append(file, Bytes::from_static(b" lost"));
        disk.delete("a/t-0/0.log");
        disk.truncate(file, 1);
        let made = disk.open("a/t-0/1.log");
        disk.append_small(made, b"x");
        disk.replace("b/marker", Bytes::from_static(b"fine"));
        assert_eq!(disk.written("a/t-0/0.log").as_deref(), Some(&b"kept"[..]));
        assert_eq!(disk.find("a/t-0/1.log"), None);
        assert_eq!(disk.written("b/marker").as_deref(), Some(&b"fine"[..]));
        assert_eq!(failed(&mut disk), ["a/".into()]);
        assert!(!disk.has_failed());
    }

    #[test]
    fn a_full_disk_takes_what_fits_and_has_room_for_what_is_freed() {
        let (mut disk, file) = disk_with("t-0/0.log", b"0123456789");
        disk.set_state("", DiskState::Full);
        assert_eq!(disk.space(""), (DISK_BYTES, 0));
        disk.truncate(file, 6);
        assert!(!disk.has_failed(), "cutting needs no room");
        disk.append(file, Bytes::from_static(b"abcdef"));
        assert_eq!(disk.written("t-0/0.log").as_deref(), Some(&b"012345abcd"[..]), "torn");
        assert_eq!(failed(&mut disk), ["".into()]);
        disk.replace("checkpoint", Bytes::from_static(b"1"));
        assert_eq!((disk.find("checkpoint"), failed(&mut disk)), (None, vec!["".into()]));
        disk.set_state("", DiskState::Works);
        disk.append_small(file, b"!");
        assert!(!disk.has_failed() && !disk.is_troubled());
    }
}
