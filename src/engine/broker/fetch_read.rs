//! Fetch: what one partition answers (`Partition.fetchRecords`, `ReplicaManager.readFromLog`).

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_response::{EpochEndOffset, PartitionData};

use crate::engine::broker::Broker;
use crate::engine::broker::fetch_session::{Ask, Told};
use crate::engine::disk::Disk;
use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, PartitionId, TopicPartition};
use crate::engine::planted::{self, Bug};
use crate::engine::replication::partition::{Partition, Role};
use crate::engine::replication::truncation;

/// Who reads, and how far it may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    /// The follower that fetches; `None` for consumers.
    pub follower: Option<BrokerId>,
    /// Whether only the leader may answer. A consumer that speaks version 11 or later may read from
    /// a follower (KIP-392).
    pub leader_only: bool,
    /// Whether it is older than Kafka 0.11: what it gets is converted, and the length of that is the
    /// length of what was read ([`Piece::read_bytes`]).
    pub is_old: bool,
    /// Whether a first batch that is larger than the limits comes whole (KIP-74): not before version 3
    /// (`FetchParams.hardMaxBytesLimit`).
    pub at_least_one: bool,
}

/// What one partition answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    /// Kafka's error code; 0 is none.
    pub error: i16,
    /// Whether the cluster's metadata does not have the partition: that alone completes no fetch
    /// (`erroneous` in `KafkaApis.handleFetchRequest`).
    pub unknown: bool,
    high_watermark: Offset,
    log_start: Offset,
    /// Where the follower's log parts from this one.
    pub diverging: Option<(LeaderEpoch, Offset)>,
    /// Whole batches.
    pub records: Bytes,
    /// For an old reader: bytes read from the log, which may end within a batch.
    pub read_bytes: u64,
}

impl Broker {
    pub(super) fn read_all(
        &self,
        disk: &Disk,
        reader: Reader,
        max_bytes: u64,
        asks: &[Ask],
    ) -> Vec<Piece> {
        let mut left = max_bytes;
        let mut first = reader.at_least_one;
        let mut pieces = Vec::with_capacity(asks.len());
        for ask in asks {
            let piece = match self.hosted(ask) {
                Ok(partition) => read(disk, partition, ask, reader, (left, first)),
                Err(piece) => piece,
            };
            first &= piece.size() == 0;
            left = left.saturating_sub(piece.size());
            pieces.push(piece);
        }
        pieces
    }

    /// The replica that is asked for, or why there is none.
    fn hosted(&self, ask: &Ask) -> Result<&Partition, Piece> {
        if ask.is_unresolved() {
            return Err(Piece::unknown(ResponseError::UnknownTopicId));
        }
        self.served(&ask.id).map_err(|error| match error {
            ResponseError::UnknownTopicOrPartition => Piece::unknown(error),
            error => Piece::failed(error),
        })
    }

    /// The replica on this broker (`ReplicaManager.getPartitionOrException`), once the controller has
    /// spoken of it. Kafka looks into its metadata first, so that a follower which asks between a new
    /// topic's LeaderAndIsr and UpdateMetadata is refused, and rests; processes take no time here, and
    /// every follower would.
    pub(super) fn served(&self, id: &TopicPartition) -> Result<&Partition, ResponseError> {
        if self.log_dirs.is_offline(id) {
            return Err(ResponseError::KafkaStorageError);
        }
        let spoken = |partition: &&Partition| !matches!(partition.role, Role::Idle);
        let missing = || match self.metadata.knows(id) {
            true => ResponseError::NotLeaderOrFollower,
            false => ResponseError::UnknownTopicOrPartition,
        };
        self.partitions.get(id).filter(spoken).ok_or_else(missing)
    }
}

impl Piece {
    /// Bytes that count against the limits of a fetch.
    pub(super) fn size(&self) -> u64 {
        self.read_bytes.max(self.records.len() as u64)
    }

    /// What it tells besides records; an error tells nothing.
    pub(super) fn told(&self) -> Option<Told> {
        let told = Told { high_watermark: self.high_watermark, log_start: self.log_start };
        (self.error == 0).then_some(told)
    }

    pub(super) fn data(self, partition: PartitionId) -> PartitionData {
        let data = PartitionData::default()
            .with_partition_index(partition.0)
            .with_error_code(self.error)
            .with_high_watermark(self.high_watermark.0)
            .with_last_stable_offset(self.high_watermark.0)
            .with_log_start_offset(self.log_start.0)
            .with_aborted_transactions(None)
            .with_records(Some(self.records));
        match self.diverging {
            Some((epoch, end)) => data.with_diverging_epoch(
                EpochEndOffset::default().with_epoch(epoch.0).with_end_offset(end.0),
            ),
            None => data,
        }
    }

    pub(super) fn failed(error: ResponseError) -> Piece {
        Piece {
            error: error.code(),
            high_watermark: Offset::NONE,
            log_start: Offset::NONE,
            ..Piece::default()
        }
    }

    fn unknown(error: ResponseError) -> Piece {
        Piece { unknown: true, ..Piece::failed(error) }
    }
}

/// Older reigns are fenced, newer ones are news to this broker; −1 is not checked
/// (`Partition.getLocalLog`).
pub(super) fn check_epoch(
    partition: &Partition,
    asked: LeaderEpoch,
    leader_only: bool,
) -> Result<(), ResponseError> {
    let known = partition.leader_epoch();
    if asked != LeaderEpoch::NONE && asked < known {
        return Err(ResponseError::FencedLeaderEpoch);
    }
    if asked > known {
        return Err(ResponseError::UnknownLeaderEpoch);
    }
    if leader_only && partition.leading().is_none() {
        return Err(ResponseError::NotLeaderOrFollower);
    }
    Ok(())
}

/// First offset that the reader may not see: the log's end for followers, the high watermark for
/// consumers.
pub(super) fn upper_bound(partition: &Partition, follower: Option<BrokerId>) -> Offset {
    match follower {
        Some(_) => partition.log.log_end_offset(),
        None if planted::has(Bug::ServesUncommitted) => partition.log.log_end_offset(),
        None => partition.high_watermark,
    }
}

fn read(
    disk: &Disk,
    partition: &Partition,
    ask: &Ask,
    reader: Reader,
    (left, first): (u64, bool),
) -> Piece {
    if let Err(error) = check_reader(partition, ask, reader) {
        return Piece::failed(error);
    }
    let log = &partition.log;
    let mut piece = Piece {
        high_watermark: partition.high_watermark,
        log_start: log.log_start_offset(),
        ..Piece::default()
    };
    if ask.offset < log.log_start_offset() {
        return Piece::failed(ResponseError::OffsetOutOfRange);
    }
    match truncation::divergence(log, ask.last_fetched_epoch, ask.offset) {
        Ok(Some(diverging)) => {
            piece.diverging = Some(diverging);
            return piece;
        }
        Ok(None) => {}
        Err(truncation::UnknownEpoch) => return Piece::failed(ResponseError::OffsetOutOfRange),
    }
    if ask.offset > log.log_end_offset() {
        return Piece::failed(ResponseError::OffsetOutOfRange);
    }
    let upper = upper_bound(partition, reader.follower);
    let most = ask.max_bytes.min(left);
    if ask.offset < upper && (most > 0 || first) {
        if reader.is_old {
            piece.read_bytes = log.read_bytes(disk, ask.offset, most, upper, first);
        }
        match log.read(disk, ask.offset, most, upper, first) {
            Ok(records) => piece.records = records,
            Err(_) => return Piece::failed(ResponseError::OffsetOutOfRange),
        }
    }
    piece
}

/// Epoch and leadership; then whether a follower is one of this partition
/// (`Partition.followerReplicaOrThrow`).
fn check_reader(partition: &Partition, ask: &Ask, reader: Reader) -> Result<(), ResponseError> {
    check_epoch(partition, ask.leader_epoch, reader.leader_only)?;
    let assigned = |id| partition.leading().is_some_and(|l| l.followers.contains_key(&id));
    match reader.follower {
        Some(follower) if !assigned(follower) => Err(match ask.leader_epoch {
            LeaderEpoch::NONE => ResponseError::NotLeaderOrFollower,
            _ => ResponseError::UnknownLeaderEpoch,
        }),
        _ => Ok(()),
    }
}
