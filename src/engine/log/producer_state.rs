//! What a log knows of idempotent producers (`ProducerStateManager`, `ProducerAppendInfo`,
//! `ProducerStateEntry`; KIP-98): the epoch and the last five batches of each.
//!
//! The log itself is the source: every replica builds the same state from the batches that it
//! appends, so a new leader knows the producers. A `.snapshot` holds the state before its offset, so
//! that opening a log or cutting it reads only what came after. Snapshots are written at every roll,
//! at a clean stop and after recovery. What always holds: `end` is where the log ends, and no
//! snapshot on the disk is later.
//!
//! Only the last batch of a producer is in a snapshot, as in Kafka: older ones are recognised as
//! duplicates only as long as the process lives, or when the log behind the snapshot is read again.

use std::collections::BTreeSet;

use crate::engine::crc::crc32c;
use crate::engine::persistent::OrdMap;
use bytes::{BufMut, Bytes};

use crate::engine::disk::Disk;
use crate::engine::ids::Offset;
use crate::engine::log::AppendError;
use crate::engine::log::segment::path;
use crate::engine::planted::{self, Bug};
use crate::engine::record::batch::BatchHeader;
use crate::engine::record::control::ControlRecord;

/// `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`.
const RETAINED: usize = 5;
/// `ProducerStateManager.PRODUCER_SNAPSHOT_VERSION`.
const SNAPSHOT_VERSION: i16 = 1;
/// Where the entries of a snapshot begin: behind version and CRC.
const CRC_COVERS: usize = 6;
/// Bytes of one entry of a snapshot.
const ENTRY_BYTES: usize = 46;

/// A batch that a producer is known to have appended (`BatchMetadata`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProducerBatch {
    /// Sequence of its last record.
    pub last_sequence: i32,
    /// Offset of its last record.
    pub last_offset: Offset,
    /// From its first record to its last.
    pub offset_delta: i32,
    /// Its largest timestamp, in ms since 1970.
    pub timestamp: i64,
}

impl ProducerBatch {
    /// Sequence of its first record.
    #[must_use]
    pub fn first_sequence(&self) -> i32 {
        decrement_sequence(self.last_sequence, self.offset_delta)
    }

    /// Offset of its first record.
    #[must_use]
    pub fn first_offset(&self) -> Offset {
        self.last_offset.plus(-i64::from(self.offset_delta))
    }
}

/// What is known of one producer in one partition (`ProducerStateEntry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    /// Its epoch; −1 while only an empty control batch told of it.
    pub epoch: i16,
    /// Epoch of the transaction coordinator that last wrote a marker for it; −1 is none.
    pub coordinator_epoch: i32,
    /// Timestamp of what it wrote last, in ms since 1970: `producer.id.expiration.ms` counts from it.
    pub last_timestamp: i64,
    /// First offset of its open transaction.
    pub transaction_first: Option<Offset>,
    batches: [ProducerBatch; RETAINED],
    held: u8,
}

impl ProducerEntry {
    const EMPTY: ProducerEntry = ProducerEntry {
        epoch: -1,
        coordinator_epoch: -1,
        last_timestamp: -1,
        transaction_first: None,
        batches: [ProducerBatch {
            last_sequence: 0,
            last_offset: Offset(0),
            offset_delta: 0,
            timestamp: 0,
        }; RETAINED],
        held: 0,
    };

    /// Its last batches, oldest first; five at most.
    #[must_use]
    pub fn batches(&self) -> &[ProducerBatch] {
        &self.batches[..usize::from(self.held)]
    }

    /// Sequence of its last record; −1 when no batch is known.
    #[must_use]
    pub fn last_sequence(&self) -> i32 {
        self.batches().last().map_or(-1, |batch| batch.last_sequence)
    }

    /// A new epoch forgets the batches of the one before (`maybeUpdateProducerEpoch`).
    fn enter_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.held = 0;
        }
    }

    fn add(&mut self, batch: ProducerBatch) {
        if usize::from(self.held) == RETAINED {
            self.batches.rotate_left(1);
            self.held -= 1;
        }
        self.batches[usize::from(self.held)] = batch;
        self.held += 1;
        self.last_timestamp = batch.timestamp;
    }
}

/// The producers of a log. A clone shares its entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Producers {
    entries: OrdMap<i64, ProducerEntry>,
    /// The state is that of the log up to here (`lastMapOffset`).
    end: Offset,
    /// Where the latest snapshot was taken (`lastSnapOffset`).
    snapshot: Offset,
}

impl Producers {
    pub(super) fn entries(&self) -> impl Iterator<Item = (i64, &ProducerEntry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// A log that holds nothing before `start`.
    pub(super) fn starting_at(start: Offset) -> Producers {
        Producers { entries: OrdMap::new(), end: start, snapshot: start }
    }

    /// The batch that `header` repeats: same epoch and the same first and last sequence as one of the
    /// last five. Content is not compared (`findDuplicateBatch`; ANOMALIES §11).
    pub(super) fn duplicate_of(&self, header: &BatchHeader) -> Option<ProducerBatch> {
        let entry = self.entries.get(&header.producer_id)?;
        if entry.epoch != header.producer_epoch {
            return None;
        }
        let (first, last) = (header.base_sequence, last_sequence(header));
        let same =
            |batch: &&ProducerBatch| batch.first_sequence() == first && batch.last_sequence == last;
        entry.batches().iter().find(same).copied()
    }

    /// Whether a client's batch may follow what is known of its producer
    /// (`ProducerAppendInfo.checkProducerEpoch`, `checkSequence`). A producer that is not known may
    /// begin at any sequence.
    ///
    /// # Errors
    /// The epoch is older than the last one, or the sequence is not the next one.
    pub(super) fn check(&self, header: &BatchHeader) -> Result<(), AppendError> {
        if header.is_transactional() {
            // Nobody can have added the partition to a transaction: there is no coordinator.
            return Err(AppendError::NoTransaction);
        }
        let Some(entry) = self.entries.get(&header.producer_id) else { return Ok(()) };
        if header.producer_epoch < entry.epoch {
            return Err(AppendError::ProducerEpoch {
                found: header.producer_epoch,
                known: entry.epoch,
            });
        }
        let (found, last) = (header.base_sequence, entry.last_sequence());
        let fits = if header.producer_epoch != entry.epoch {
            found == 0 || entry.epoch == -1
        } else {
            entry.epoch == -1
                || i64::from(found) == i64::from(last) + 1
                || (found == 0 && last == i32::MAX)
        };
        if !fits && !planted::has(Bug::SequenceGapsTaken) {
            return Err(AppendError::Sequence { found, last });
        }
        if entry.transaction_first.is_some() {
            return Err(AppendError::NoTransaction);
        }
        Ok(())
    }

    /// Takes account of a batch that is in the log now, whoever appended it.
    pub(super) fn appended(&mut self, header: &BatchHeader, bytes: &[u8]) {
        self.end = header.next_offset();
        if header.producer_id < 0 {
            return;
        }
        let mut entry =
            self.entries.get(&header.producer_id).copied().unwrap_or(ProducerEntry::EMPTY);
        if header.is_control() {
            // An empty control batch means that its whole transaction was compacted away.
            if let Some(marker) = ControlRecord::of(bytes) {
                entry.enter_epoch(header.producer_epoch);
                entry.coordinator_epoch = marker.coordinator_epoch;
                entry.transaction_first = None;
                entry.last_timestamp = marker.timestamp;
            }
        } else {
            entry.enter_epoch(header.producer_epoch);
            entry.add(ProducerBatch {
                last_sequence: last_sequence(header),
                last_offset: header.last_offset(),
                offset_delta: header.last_offset_delta,
                timestamp: header.max_timestamp,
            });
            if entry.transaction_first.is_none() && header.is_transactional() {
                entry.transaction_first = Some(header.base_offset);
            }
        }
        self.entries.insert(header.producer_id, entry);
    }

    /// The log ends at `end` from now on, with nothing known of producers in between: a roll, or the
    /// end of a rebuild.
    pub(super) fn ends_at(&mut self, end: Offset) {
        self.end = end;
    }

    /// When the one without an open transaction that is silent for longest was last heard (wall clock, ms).
    pub(super) fn silent_since(&self) -> Option<i64> {
        let idle = self.entries.values().filter(|entry| entry.transaction_first.is_none());
        idle.map(|entry| entry.last_timestamp).min()
    }

    /// Forgets producers without an open transaction that have been silent for `expiration_ms`
    /// (`removeExpiredProducers`). Returns how many.
    pub(super) fn expire(&mut self, wall_ms: i64, expiration_ms: i64) -> u32 {
        let expired = |entry: &ProducerEntry| {
            entry.transaction_first.is_none() && wall_ms - entry.last_timestamp >= expiration_ms
        };
        let gone: Vec<i64> =
            self.entries.iter().filter(|(_, entry)| expired(entry)).map(|(id, _)| *id).collect();
        for id in &gone {
            self.entries.remove(id);
        }
        u32::try_from(gone.len()).unwrap_or(u32::MAX)
    }

    /// Writes a snapshot of the state at its end, unless the latest one is there already.
    pub(super) fn take_snapshot(&mut self, disk: &mut Disk, dir: &str) {
        if self.end > self.snapshot {
            disk.replace(&path(dir, self.end, SUFFIX), encode(&self.entries));
            self.snapshot = self.end;
        }
    }

    /// The log starts at `start` from now on (`onLogStartOffsetIncremented`).
    pub(super) fn log_starts_at(&mut self, disk: &Disk, dir: &str, start: Offset) {
        self.end = self.end.max(start);
        self.snapshot = snapshots(disk, dir).last().copied().unwrap_or(start);
    }

    /// The log was emptied and starts at `start` (`truncateFullyAndStartAt`): no producer is known and
    /// no snapshot is left.
    pub(super) fn start_over(&mut self, disk: &mut Disk, dir: &str, start: Offset) {
        for offset in snapshots(disk, dir) {
            delete_snapshot(disk, dir, offset);
        }
        *self = Producers::starting_at(start);
    }

    /// Goes back to the latest snapshot that holds for a log from `start` to `end`, and forgets the
    /// others outside of it (`truncateAndReload`). The batches between [`Producers::end`] and `end`
    /// are to be appended again.
    pub(super) fn reload(&mut self, disk: &mut Disk, dir: &str, start: Offset, end: Offset) {
        for offset in snapshots(disk, dir) {
            if offset > end || offset <= start {
                delete_snapshot(disk, dir, offset);
            }
        }
        if end == self.end {
            self.log_starts_at(disk, dir, start);
            return;
        }
        *self = Producers::starting_at(start);
        for offset in snapshots(disk, dir).into_iter().rev() {
            let bytes = disk.read_path(&path(dir, offset, SUFFIX)).unwrap_or_default();
            if let Some(entries) = decode(&bytes) {
                *self = Producers { entries, end: offset, snapshot: offset };
                return;
            }
            delete_snapshot(disk, dir, offset);
        }
    }

    pub(super) fn end(&self) -> Offset {
        self.end
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// What the file of a snapshot ends in.
const SUFFIX: &str = "snapshot";

/// Offsets of the snapshots in a log's directory, in order.
pub(super) fn snapshots(disk: &Disk, dir: &str) -> Vec<Offset> {
    let prefix = format!("{dir}/");
    let offset = |path: &str| {
        let digits = path.strip_prefix(&prefix)?.strip_suffix(SUFFIX)?.strip_suffix('.')?;
        (digits.len() == 20).then(|| digits.parse().ok().map(Offset))?
    };
    disk.list(&prefix).iter().filter_map(|(path, _)| offset(path)).collect()
}

/// Deletes the snapshot at `offset`: as its segment goes, or as it turned out to be damaged.
pub(super) fn delete_snapshot(disk: &mut Disk, dir: &str, offset: Offset) {
    disk.delete(&path(dir, offset, SUFFIX));
}

/// Deletes snapshots that belong to no segment, but for the latest one if it is later than every
/// segment's start: a clean stop wrote it (`removeStraySnapshots`).
pub(super) fn delete_strays(disk: &mut Disk, dir: &str, bases: &BTreeSet<Offset>) {
    let mut strays: Vec<Offset> =
        snapshots(disk, dir).into_iter().filter(|offset| !bases.contains(offset)).collect();
    if strays.last() >= bases.last() {
        strays.pop();
    }
    for offset in strays {
        delete_snapshot(disk, dir, offset);
    }
}

/// Sequence of the last record; sequences go on at 0 after 2³¹−1 (`DefaultRecordBatch`).
fn last_sequence(header: &BatchHeader) -> i32 {
    if header.base_sequence < 0 {
        return -1;
    }
    let sum = i64::from(header.base_sequence) + i64::from(header.last_offset_delta);
    i32::try_from(sum).unwrap_or_else(|_| (sum - i64::from(i32::MAX) - 1) as i32)
}

fn decrement_sequence(sequence: i32, by: i32) -> i32 {
    if sequence < by { i32::MAX - (by - sequence) + 1 } else { sequence - by }
}

/// The bytes of a snapshot; 10 when there is no producer.
fn encode(entries: &OrdMap<i64, ProducerEntry>) -> Bytes {
    let mut bytes = Vec::with_capacity(CRC_COVERS + 4 + entries.len() * ENTRY_BYTES);
    bytes.put_i16(SNAPSHOT_VERSION);
    bytes.put_u32(0);
    bytes.put_i32(i32::try_from(entries.len()).expect("producers are counted in 32 bits"));
    for (id, entry) in entries {
        let last = entry.batches().last();
        bytes.put_i64(*id);
        bytes.put_i16(entry.epoch);
        bytes.put_i32(entry.last_sequence());
        bytes.put_i64(last.map_or(-1, |batch| batch.last_offset.0));
        bytes.put_i32(last.map_or(0, |batch| batch.offset_delta));
        bytes.put_i64(entry.last_timestamp);
        bytes.put_i32(entry.coordinator_epoch);
        bytes.put_i64(entry.transaction_first.map_or(-1, |offset| offset.0));
    }
    let crc = crc32c(&bytes[CRC_COVERS..]);
    bytes[2..CRC_COVERS].copy_from_slice(&crc.to_be_bytes());
    Bytes::from(bytes)
}

/// The producers in a snapshot; `None` when it is damaged or of another version. What follows the
/// entries is covered by the CRC and otherwise ignored, as in Kafka.
fn decode(bytes: &[u8]) -> Option<OrdMap<i64, ProducerEntry>> {
    let mut rest = bytes;
    let version = i16::from_be_bytes(take(&mut rest)?);
    let crc = u32::from_be_bytes(take(&mut rest)?);
    if version != SNAPSHOT_VERSION || crc != crc32c(rest) {
        return None;
    }
    let count = i32::from_be_bytes(take(&mut rest)?);
    let mut entries = OrdMap::new();
    for _ in 0..u32::try_from(count).ok()? {
        let id = i64::from_be_bytes(take(&mut rest)?);
        let epoch = i16::from_be_bytes(take(&mut rest)?);
        let last_sequence = i32::from_be_bytes(take(&mut rest)?);
        let last_offset = Offset(i64::from_be_bytes(take(&mut rest)?));
        let offset_delta = i32::from_be_bytes(take(&mut rest)?);
        let timestamp = i64::from_be_bytes(take(&mut rest)?);
        let coordinator_epoch = i32::from_be_bytes(take(&mut rest)?);
        let first = Offset(i64::from_be_bytes(take(&mut rest)?));
        let mut entry = ProducerEntry { epoch, coordinator_epoch, ..ProducerEntry::EMPTY };
        if last_offset >= Offset(0) {
            entry.add(ProducerBatch { last_sequence, last_offset, offset_delta, timestamp });
        }
        entry.last_timestamp = timestamp;
        entry.transaction_first = (first >= Offset(0)).then_some(first);
        entries.insert(id, entry);
    }
    Some(entries)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

/// The producers in the bytes of a `.snapshot` file, by id; `None` when it is damaged.
#[must_use]
pub fn read_snapshot(bytes: &[u8]) -> Option<Vec<(i64, ProducerEntry)>> {
    Some(decode(bytes)?.iter().map(|(id, entry)| (*id, *entry)).collect())
}

#[cfg(test)]
#[path = "tests/producer_state.rs"]
mod tests;
