//! Appending: offsets, and the roll to a new segment (`UnifiedLog.append`,
//! `LogSegment.shouldRoll`).
//!
//! A leader takes one batch, gives it offset and epoch, and stores it as [`super::validator`] says; a follower
//! stores what it fetched, which may be several batches, byte for byte. One pass of CRC each.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use thiserror::Error;

use crate::engine::disk::Disk;
use crate::engine::ids::{LeaderEpoch, Offset};
use crate::engine::log::index::{self, TimeEntry};
use crate::engine::log::segment::{Arrival, Segment};
use crate::engine::log::validator::Rejected;
use crate::engine::log::{Log, RecentBatches};
use crate::engine::planted::{self, Bug};
use crate::engine::record::batch::{
    BatchError, BatchHeader, MAGIC_V2, batches, with_offset_and_epoch,
};
use crate::engine::record::reader::RecordError;
use crate::engine::record::sound;
use crate::engine::rng::mix;

/// What an append did: offsets `base..=last` are in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the first record.
    pub base: Offset,
    /// Offset of the last record.
    pub last: Offset,
    /// Bytes appended; 0 when a follower was given no whole batch.
    pub bytes: u32,
    /// Base offset of the segment that began for it.
    pub rolled: Option<Offset>,
    /// Epoch of the last batch.
    pub leader_epoch: LeaderEpoch,
    /// The batch repeats one that is in the log already: nothing was appended, and `base..=last` are
    /// that one's offsets (KIP-98).
    pub duplicate: bool,
    /// The broker's time that the records carry, with LogAppendTime; of a duplicate, as in Kafka, the
    /// largest time of the batch that is there; else −1.
    pub log_append_time: i64,
}

/// Why records were not appended. Nothing changed, except that a full segment may have rolled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AppendError {
    /// The bytes are not what their CRC or length says (`CorruptRecordException`).
    #[error("a batch is corrupt")]
    Corrupt,
    /// They are sound and still not allowed (`InvalidRecordException`).
    #[error("invalid records: {0}")]
    Invalid(&'static str),
    /// Its records cannot be decompressed (`KafkaException`).
    #[error("the records cannot be decompressed")]
    Undecodable,
    /// Some of its records are not allowed (`RecordValidationException`).
    #[error("{}", .0.message())]
    Rejected(Box<Rejected>),
    /// The batch is larger than `max.message.bytes` (`RecordTooLargeException`).
    #[error("the batch has {bytes} bytes, max.message.bytes is {most}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The setting.
        most: u64,
    },
    /// The batch is larger than `segment.bytes` (`RecordBatchTooLargeException`).
    #[error("the batch has {bytes} bytes, segment.bytes is {most}")]
    LargerThanSegment {
        /// Its size.
        bytes: u64,
        /// The setting.
        most: u64,
    },
    /// An idempotent producer's batch is not the next one (`OutOfOrderSequenceException`).
    #[error("sequence {found} came after {last}")]
    Sequence {
        /// Sequence of its first record.
        found: i32,
        /// Sequence of the last record that is known; −1 is none in this epoch.
        last: i32,
    },
    /// A newer epoch of the same producer has written here (`InvalidProducerEpochException`).
    #[error("producer epoch {found} is older than {known}")]
    ProducerEpoch {
        /// Epoch of the batch.
        found: i16,
        /// The last one known.
        known: i16,
    },
    /// A transactional batch outside of a transaction, or the reverse (`InvalidTxnStateException`).
    #[error("the record was not part of an ongoing transaction")]
    NoTransaction,
    /// A follower was given records before its end, or out of order
    /// (`UnexpectedAppendOffsetException`, `OffsetsOutOfOrderException`).
    #[error("offset {found} came where {expected} or later was expected")]
    UnexpectedOffset {
        /// Offset of the batch.
        found: Offset,
        /// Its last offset.
        last: Offset,
        /// Least that fits.
        expected: Offset,
    },
}

impl AppendError {
    /// Why records cannot be read: their form, or their codec.
    pub(super) fn of_records(error: &RecordError) -> AppendError {
        match error {
            RecordError::Codec(_) => AppendError::Undecodable,
            _ => AppendError::Invalid("a record is malformed"),
        }
    }

    /// Kafka's error code, as a produce response carries it.
    #[must_use]
    pub fn code(&self) -> i16 {
        let error = match self {
            AppendError::Corrupt => ResponseError::CorruptMessage,
            AppendError::Invalid(_) => ResponseError::InvalidRecord,
            AppendError::Undecodable => ResponseError::UnknownServerError,
            AppendError::Rejected(rejected) if rejected.invalid_timestamp => {
                ResponseError::InvalidTimestamp
            }
            AppendError::Rejected(_) => ResponseError::InvalidRecord,
            AppendError::TooLarge { .. } => ResponseError::MessageTooLarge,
            AppendError::LargerThanSegment { .. } => ResponseError::RecordListTooLarge,
            AppendError::Sequence { .. } => ResponseError::OutOfOrderSequenceNumber,
            AppendError::ProducerEpoch { .. } => ResponseError::InvalidProducerEpoch,
            AppendError::NoTransaction => ResponseError::InvalidTxnState,
            AppendError::UnexpectedOffset { .. } => ResponseError::UnknownServerError,
        };
        error.code()
    }
}

/// What is known of records that are about to be appended.
struct Validated {
    base: Offset,
    last: Offset,
    /// Largest timestamp of a batch, and that batch's last offset.
    largest: TimeEntry,
    leader_epoch: LeaderEpoch,
}

impl Validated {
    fn arrival(&self, wall_ms: i64) -> Arrival {
        Arrival { last: self.last, largest: self.largest, wall_ms }
    }
}

impl Log {
    /// Appends a producer's batch: offset and `epoch` are assigned here. `wall_ms` is the broker's
    /// clock in ms since 1970.
    ///
    /// # Errors
    /// The batch is not valid; the order of the checks is Kafka's (`ProduceRequest.validateRecords`,
    /// `UnifiedLog.analyzeAndValidateRecords`, `LogValidator`).
    pub fn append_as_leader(
        &mut self,
        disk: &mut Disk,
        records: &Bytes,
        epoch: LeaderEpoch,
        wall_ms: i64,
    ) -> Result<Appended, AppendError> {
        let sound = self.limits.rules.check(&self.dir, records, wall_ms)?;
        let (header, bytes) = (sound.header, sound.bytes);
        let base = self.log_end_offset.plus(i64::from(planted::has(Bug::OffsetGap)));
        let last = base.plus(i64::from(header.last_offset_delta));
        let stored = with_offset_and_epoch(&bytes, base, epoch);
        sound::remember(&stored);
        let largest = TimeEntry { timestamp: header.max_timestamp, offset: last };
        self.epochs.assign(disk, &self.dir, epoch, base);
        let what = Validated { base, last, largest, leader_epoch: epoch };
        // As in Kafka the roll comes first: a batch that is refused or a duplicate may cause one too.
        let rolled = self.maybe_roll(disk, stored.len() as u64, what.arrival(wall_ms));
        if header.producer_id >= 0 && !planted::has(Bug::DuplicateAppended) {
            if let Some(known) = self.producers.duplicate_of(&header) {
                return Ok(Appended {
                    base: known.first_offset(),
                    last: known.last_offset,
                    bytes: 0,
                    rolled,
                    leader_epoch: epoch,
                    duplicate: true,
                    log_append_time: known.timestamp,
                });
            }
            self.producers.check(&header)?;
        }
        let assigned = BatchHeader { base_offset: base, leader_epoch: epoch, ..header };
        self.producers.appended(&assigned, &stored);
        let stored = self.store(disk, stored, &what, (rolled, wall_ms));
        Ok(Appended { log_append_time: sound.log_append_time.unwrap_or(-1), ..stored })
    }

    /// Appends what a follower fetched, as it is. A batch that is cut off at the end is left out. A
    /// gap before the first batch is allowed, as compaction leaves them.
    ///
    /// # Errors
    /// A batch is corrupt, or its offsets are not past what is already here.
    pub fn append_as_follower(
        &mut self,
        disk: &mut Disk,
        records: &Bytes,
        wall_ms: i64,
    ) -> Result<Appended, AppendError> {
        let Some((validated, size)) = self.validate_from_leader(records)? else {
            let end = self.log_end_offset;
            let leader_epoch = self.latest_epoch().unwrap_or(LeaderEpoch::NONE);
            return Ok(Appended {
                base: end,
                last: end.plus(-1),
                bytes: 0,
                rolled: None,
                leader_epoch,
                duplicate: false,
                log_append_time: -1,
            });
        };
        let whole = records.slice(..size);
        for (header, _) in batches(&whole) {
            self.epochs.assign(disk, &self.dir, header.leader_epoch, header.base_offset);
        }
        let rolled = self.maybe_roll(disk, size as u64, validated.arrival(wall_ms));
        if !planted::has(Bug::FollowersForgetProducers) {
            for (header, batch) in batches(&whole) {
                self.producers.appended(&header, &batch);
            }
        }
        Ok(self.store(disk, whole, &validated, (rolled, wall_ms)))
    }

    /// Whole batches of a fetch, checked, and their bytes; `None` when there is none.
    fn validate_from_leader(
        &self,
        records: &Bytes,
    ) -> Result<Option<(Validated, usize)>, AppendError> {
        let mut found: Option<Validated> = None;
        let mut expected = self.log_end_offset;
        let mut walk = batches(records);
        for (header, bytes) in walk.by_ref() {
            if header.magic != MAGIC_V2 || !sound::is_sound(&bytes) {
                return Err(AppendError::Corrupt);
            }
            let (base, last) = (header.base_offset, header.last_offset());
            if base < expected || header.last_offset_delta < 0 {
                return Err(AppendError::UnexpectedOffset { found: base, last, expected });
            }
            expected = last.plus(1);
            let all = found.get_or_insert(Validated {
                base: header.base_offset,
                last,
                largest: TimeEntry { timestamp: header.max_timestamp, offset: last },
                leader_epoch: header.leader_epoch,
            });
            all.last = last;
            all.leader_epoch = header.leader_epoch;
            if header.max_timestamp > all.largest.timestamp {
                all.largest = TimeEntry { timestamp: header.max_timestamp, offset: last };
            }
        }
        let size = walk.position();
        let rest = &records[size..];
        if let Err(BatchError::BadLength(_)) = BatchHeader::parse(rest) {
            return Err(AppendError::Corrupt);
        }
        Ok(found.map(|validated| (validated, size)))
    }

    fn store(
        &mut self,
        disk: &mut Disk,
        bytes: Bytes,
        what: &Validated,
        (rolled, wall_ms): (Option<Offset>, i64),
    ) -> Appended {
        let size = bytes.len() as u64;
        let arrival = what.arrival(wall_ms);
        let interval = self.limits.index_interval_bytes;
        let position = self.active.append(disk, bytes, arrival, interval);
        self.recent.push(what.base, position);
        self.log_end_offset = what.last.plus(1);
        if self.log_end_offset.0 - self.recovery_point.0 >= self.limits.flush_messages {
            self.flush(disk, wall_ms);
        }
        Appended {
            base: what.base,
            last: what.last,
            bytes: u32::try_from(size).expect("an append fits a segment, which is below 2 GiB"),
            rolled,
            leader_epoch: what.leader_epoch,
            duplicate: false,
            log_append_time: -1,
        }
    }

    fn maybe_roll(&mut self, disk: &mut Disk, size: u64, arrival: Arrival) -> Option<Offset> {
        self.should_roll(disk, size, arrival).then(|| self.roll(disk))
    }

    fn should_roll(&self, disk: &Disk, size: u64, arrival: Arrival) -> bool {
        let active = &self.active;
        // An empty segment takes anything: a follower may fetch more than its own segment.bytes when
        // that was lowered. (Kafka refuses such records for ever; see AppendError::LargerThanSegment.)
        active.bytes > 0
            && (active.bytes + size > self.limits.segment_bytes
                || arrival.last.0 - active.base.0 > i64::from(i32::MAX)
                || self.is_old(disk, arrival)
                || index::is_full(disk, active.offset_index, active.time_index))
    }

    /// Whether the active segment has been filled for `segment.ms`, less its jitter.
    fn is_old(&self, disk: &Disk, arrival: Arrival) -> bool {
        let age = self.active.age_ms(disk, arrival.largest.timestamp, arrival.wall_ms);
        age > self.limits.segment_ms - self.jitter_ms()
    }

    /// The active segment's own part of `segment.jitter.ms` (`LogConfig.randomSegmentJitter`).
    fn jitter_ms(&self) -> i64 {
        if self.limits.segment_jitter_ms == 0 {
            return 0;
        }
        let draw = mix(self.jitter_seed ^ self.active.base.0.unsigned_abs()) >> 1;
        i64::try_from(draw).unwrap_or(0) % self.limits.segment_jitter_ms
    }

    /// Starts a new segment at the end of the log; the full one is flushed, and what is known of
    /// producers is written down.
    pub(super) fn roll(&mut self, disk: &mut Disk) -> Offset {
        let base = self.log_end_offset;
        self.active.become_inactive(disk);
        let next = Segment::create(disk, &self.dir, base, self.limits.segment_index_bytes);
        let mut full = std::mem::replace(&mut self.active, next);
        full.end = base;
        self.sealed.push_back(full);
        self.recent = RecentBatches::default();
        self.producers.ends_at(base);
        self.producers.take_snapshot(disk, &self.dir);
        self.flush_sealed(disk);
        base
    }
}
