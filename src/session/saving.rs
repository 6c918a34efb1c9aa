//! Saving: the mirror of the world's disks, between the engine and the store.
//!
//! File changes gather here as *pending* and leave in batches, never more than one under way, each
//! with the document of the very moment its files belong to. After a rewind nothing is gathered until
//! the world is back at the moment that was handed over last; if the past gets another future instead,
//! everything kept is replaced. No answer of the store reaches the engine.

use bytes::Bytes;

use crate::engine::disk::DiskOp;
use crate::engine::ids::{NodeId, Text};
use crate::engine::sim::world::World;
use crate::store::document::{Document, Futures, Place};
use crate::store::report::{MemoryReason, StorageState};
use crate::store::request::{Batch, StoreRequest};

/// Page time between two batches that hold file changes, in microseconds.
const BATCH_US_MIN: u64 = 200_000;
/// Page time after which a moment without file changes is saved too.
const MOMENT_US_MIN: u64 = 2_000_000;
/// Pending bytes at which the world waits for the store.
const PENDING_BYTES_MAX: u64 = 64 << 20;

/// What the mirror does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    /// The store has not answered yet.
    Opening,
    /// Every change is gathered.
    Following,
    /// The world stands before the moment that was handed over last: nothing new happens in it.
    Behind(Place),
    /// Nothing is saved.
    Memory(MemoryReason),
    /// Another tab saves.
    ReadOnly,
}

/// The mirror of one session.
#[derive(Clone, Debug)]
pub struct Saving {
    mode: Mode,
    base: Option<Vec<(NodeId, Text, Bytes)>>,
    ops: Vec<(NodeId, DiskOp)>,
    pending_bytes: u64,
    saved_bytes: u64,
    under_way: Option<(u64, u64)>,
    /// The last batch of the session that was left, while it is not known to be saved.
    left: Option<u64>,
    next_serial: u64,
    gathered: Place,
    handed_over: Option<Place>,
    page_us: u64,
    futures_changed: bool,
}

/// What a batch says beside file changes: name, document, and other futures when they are wanted.
pub type Said = (Text, Document, Option<Futures>);

impl Saving {
    /// A mirror whose store has not answered yet.
    #[must_use]
    pub fn opening() -> Saving {
        Saving {
            mode: Mode::Opening,
            base: None,
            ops: Vec::new(),
            pending_bytes: 0,
            saved_bytes: 0,
            under_way: None,
            left: None,
            next_serial: 0,
            gathered: Place::default(),
            handed_over: None,
            page_us: 0,
            futures_changed: false,
        }
    }

    /// A mirror for the next session of the page. Answers about the one before mean nothing to it, but
    /// that its last batch failed has to be told.
    #[must_use]
    pub fn opening_after(before: &Saving) -> Saving {
        let left = before.under_way.map(|(serial, _)| serial).or(before.left);
        Saving { next_serial: before.next_serial, left, ..Saving::opening() }
    }

    /// Nobody waits for the batch under way any more: the session is being left.
    pub fn let_go(&mut self) {
        self.left = self.under_way.take().map(|(serial, _)| serial).or(self.left);
    }

    /// Whether the failure of this batch is news of the session that was left; it is told once.
    pub fn is_of_left(&mut self, serial: u64) -> bool {
        self.left.take_if(|last| serial <= *last).is_some()
    }

    /// Branches were begun, named, shown or deleted: they are written with the next batch.
    pub fn futures_changed(&mut self) {
        self.futures_changed = true;
    }

    /// Whether the store has not answered yet.
    #[must_use]
    pub fn is_opening(&self) -> bool {
        self.mode == Mode::Opening
    }

    /// Whether the world should wait for the store.
    #[must_use]
    pub fn is_choked(&self) -> bool {
        self.pending_bytes > PENDING_BYTES_MAX
    }

    /// What the page may promise.
    #[must_use]
    pub fn state(&self) -> StorageState {
        match &self.mode {
            Mode::Opening => StorageState::Opening,
            Mode::Memory(reason) => StorageState::Memory { reason: reason.clone() },
            Mode::ReadOnly => StorageState::ReadOnly,
            Mode::Following | Mode::Behind(_) => {
                let pending = self.pending_bytes + self.under_way.map_or(0, |(_, bytes)| bytes);
                match pending == 0 && self.under_way.is_none() && self.base.is_none() {
                    true => StorageState::Saved { bytes: self.saved_bytes },
                    false => StorageState::Saving { pending, saved: self.saved_bytes },
                }
            }
        }
    }

    /// Follows a world whose files the store has exactly as they are.
    pub fn follow(&mut self, world: &mut World, place: Place) {
        world.set_mirror(true);
        self.mode = Mode::Following;
        self.gathered = place;
    }

    /// Follows a world that the store does not have: everything kept is replaced by its files.
    pub fn replace(&mut self, world: &mut World, place: Place) {
        if matches!(self.mode, Mode::Memory(_) | Mode::ReadOnly) {
            return;
        }
        self.follow(world, place);
        self.ops.clear();
        let files = files_of(world);
        self.pending_bytes = files.iter().map(|(_, _, bytes)| bytes.len() as u64).sum();
        self.base = Some(files);
        self.futures_changed = true;
        self.handed_over = None;
    }

    /// Saves nothing from here on.
    pub fn stop(&mut self, world: &mut World, reason: MemoryReason) {
        self.give_up(world, Mode::Memory(reason));
    }

    /// Saves nothing: another tab does.
    pub fn read_only(&mut self, world: &mut World) {
        self.give_up(world, Mode::ReadOnly);
    }

    fn give_up(&mut self, world: &mut World, mode: Mode) {
        world.set_mirror(false);
        self.mode = mode;
        self.base = None;
        self.ops = Vec::new();
        self.pending_bytes = 0;
        self.under_way = None;
    }

    /// Gathers what the world did to its files.
    pub fn gather(&mut self, world: &mut World, place: Place) {
        if self.mode != Mode::Following {
            return;
        }
        let ops = world.take_disk_ops();
        self.pending_bytes += ops.iter().map(|(_, op)| bytes_of(op)).sum::<u64>();
        self.ops.extend(ops);
        self.gathered = place;
    }

    /// The world is about to be replaced by one of its past; all it did has been gathered.
    pub fn rewind(&mut self) {
        if self.mode == Mode::Following {
            self.mode = Mode::Behind(self.gathered);
        }
    }

    /// How far the files are gathered, where any are: a world put in this one's place must not stand
    /// beyond it, or what it did on the way there would be missing.
    #[must_use]
    pub fn mirrored(&self) -> Option<Place> {
        match self.mode {
            Mode::Following => Some(self.gathered),
            Mode::Behind(place) => Some(place),
            Mode::Opening | Mode::Memory(_) | Mode::ReadOnly => None,
        }
    }

    /// A checkpoint was put in the world's place: it reports file changes only when they are new.
    pub fn attach(&self, world: &mut World) {
        world.set_mirror(self.mode == Mode::Following);
    }

    /// The place at which the mirror goes on, when the world stands before it.
    #[must_use]
    pub fn tip(&self) -> Option<Place> {
        match self.mode {
            Mode::Behind(place) => Some(place),
            _ => None,
        }
    }

    /// The world is back at [`Saving::tip`].
    pub fn caught_up(&mut self, world: &mut World) {
        world.set_mirror(true);
        self.mode = Mode::Following;
    }

    /// The next batch, when one is due: enough page time has passed, or `now`.
    pub fn next_batch(
        &mut self,
        elapsed_us: u64,
        now: bool,
        say: impl FnOnce(Place, bool) -> Said,
    ) -> Option<StoreRequest> {
        self.page_us = self.page_us.saturating_add(elapsed_us);
        if !matches!(self.mode, Mode::Following | Mode::Behind(_)) || self.under_way.is_some() {
            return None;
        }
        let has_changes = self.base.is_some()
            || !self.ops.is_empty()
            || self.futures_changed
            || self.handed_over.is_none_or(|place| place.commands != self.gathered.commands);
        let has_moved = self.handed_over != Some(self.gathered);
        let is_due = (has_changes && (now || self.page_us >= BATCH_US_MIN))
            || (has_moved && (now || self.page_us >= MOMENT_US_MIN));
        if !is_due {
            return None;
        }
        let (name, document, futures) =
            say(self.gathered, std::mem::take(&mut self.futures_changed));
        let serial = self.next_serial;
        self.next_serial += 1;
        self.page_us = 0;
        self.under_way = Some((serial, std::mem::take(&mut self.pending_bytes)));
        self.handed_over = Some(self.gathered);
        let (base, ops) = (self.base.take(), std::mem::take(&mut self.ops));
        Some(StoreRequest::Save(Box::new(Batch { serial, name, document, futures, base, ops })))
    }

    /// A batch is on the platter.
    pub fn saved(&mut self, serial: u64) {
        self.left.take_if(|last| *last == serial);
        if let Some((_, bytes)) = self.under_way.take_if(|(under_way, _)| *under_way == serial) {
            self.saved_bytes += bytes;
        }
    }

    /// Whether this batch is the one under way.
    #[must_use]
    pub fn awaits(&self, serial: u64) -> bool {
        self.under_way.is_some_and(|(under_way, _)| under_way == serial)
    }
}

/// Every file of a world.
#[must_use]
pub fn files_of(world: &World) -> Vec<(NodeId, Text, Bytes)> {
    let mut files = Vec::new();
    for (node, host) in world.hosts() {
        for (path, _) in host.disk.list("") {
            let bytes = host.disk.written(&path).expect("a listed file is there");
            files.push((node, path, bytes));
        }
    }
    files
}

/// Bytes that a change brings.
fn bytes_of(op: &DiskOp) -> u64 {
    match op {
        DiskOp::Append { bytes, .. } | DiskOp::Replace { bytes, .. } => bytes.len() as u64,
        _ => 0,
    }
}
