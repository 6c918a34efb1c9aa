//! From fetched bytes to what the application gets: whole batches, skipped offsets, damage.
//!
//! Records are counted by the headers of their batches; one is taken apart only when the position lies
//! inside it. A batch whose CRC does not fit (`check.crcs`, on by default), or that cannot be
//! decompressed, ends the walk.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::engine::ids::{LeaderEpoch, Offset, TopicPartition};
use crate::engine::record::batch::{BatchHeader, batches};
use crate::engine::record::reader::{records, uncompressed};
use crate::engine::record::sound::is_sound;

use super::isolation::Aborted;

/// Records of an answer that an application can still be shown in full.
pub const NEWEST: u32 = 5;

/// Records that the application got, in one piece of one partition.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// How many.
    pub count: u32,
    /// The last batches that held them, oldest first and uncompressed: enough for the newest
    /// [`NEWEST`] records.
    pub tail: VecDeque<(u32, Bytes)>,
}

/// What the application gets of one partition of an answer.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Offset of its first record; `None` when there is none.
    pub first: Option<Offset>,
    /// Offset of its last record.
    pub last: Offset,
    /// How many.
    pub count: u32,
    /// The position afterwards.
    pub next: Offset,
    /// Reign of the last batch that was taken; `NONE` when there is none.
    pub epoch: LeaderEpoch,
    /// As in [`Delivered`].
    pub tail: VecDeque<(u32, Bytes)>,
    /// Base offset of a batch that cannot be taken, and why. Nothing behind it was taken.
    pub damaged: Option<(Offset, Damage)>,
}

/// Why a batch cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Its CRC does not fit its bytes.
    Crc,
    /// Its records cannot be decompressed.
    Unreadable,
}

/// Walks the batches of an answer from the position `from` on.
#[must_use]
pub(super) fn take_records(fetched: &Bytes, from: Offset, aborted: &mut Aborted) -> Taken {
    let (tail, epoch) = (VecDeque::new(), LeaderEpoch::NONE);
    let mut taken =
        Taken { first: None, last: from, count: 0, next: from, epoch, tail, damaged: None };
    for (header, bytes) in batches(fetched) {
        if !is_sound(&bytes) {
            taken.damaged = Some((header.base_offset, Damage::Crc));
            break;
        }
        let Ok(bytes) = uncompressed(&bytes) else {
            taken.damaged = Some((header.base_offset, Damage::Unreadable));
            break;
        };
        let hidden = aborted.hides(&header, &bytes);
        let added = taken.add(&header, &bytes, hidden);
        if added > 0 {
            taken.tail.push_back((added, bytes));
            trim(&mut taken.tail);
        }
    }
    taken
}

impl Taken {
    /// Takes the records of a batch from the position on; returns how many.
    fn add(&mut self, header: &BatchHeader, bytes: &[u8], hidden: bool) -> u32 {
        if header.next_offset() <= self.next {
            return 0;
        }
        let from = std::mem::replace(&mut self.next, header.next_offset());
        self.epoch = header.leader_epoch;
        if hidden {
            return 0;
        }
        let (first, count) = if header.base_offset >= from {
            (header.base_offset, u32::try_from(header.record_count).unwrap_or(0))
        } else {
            let wanted = records(bytes).flatten().filter(|record| record.offset >= from);
            (from, u32::try_from(wanted.count()).unwrap_or(u32::MAX))
        };
        if count > 0 {
            self.first.get_or_insert(first);
            self.last = header.last_offset();
            self.count += count;
        }
        count
    }
}

/// Lets go of the oldest batches that the newest records do not need.
fn trim(tail: &mut VecDeque<(u32, Bytes)>) {
    let mut held: u32 = tail.iter().map(|(count, _)| *count).sum();
    while let Some((oldest, _)) = tail.front()
        && held - oldest >= NEWEST
    {
        held -= oldest;
        tail.pop_front();
    }
}

/// What the Java consumer's exception says (`CompletedFetch.maybeEnsureValid`, `fetchRecords`).
#[must_use]
pub fn corrupt(partition: &TopicPartition, offset: Offset, damage: Damage) -> String {
    if damage == Damage::Unreadable {
        return format!(
            "Received exception when fetching the next record from {partition}. If needed, please seek \
             past the record to continue consumption."
        );
    }
    format!(
        "Record batch for partition {partition} at offset {offset} is invalid, cause: Record is \
         corrupt (stored crc does not match)"
    )
}
