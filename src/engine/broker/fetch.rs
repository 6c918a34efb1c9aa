//! Fetch, leader's side: for followers up to the log's end, for consumers below the high watermark.
//!
//! A follower's fetch is also its acknowledgement. Data is read before the follower's progress is
//! taken in, so what this answer brings is acknowledged only by the next fetch, and the high watermark
//! in it is the one from before (`ReplicaManager.fetchMessages`, `DelayedFetch`).

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_response::{EpochEndOffset, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse, TopicName as WireName};

use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{BrokerId, EventId, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Response;
use crate::engine::replication::partition::Partition;
use crate::engine::replication::truncation;
use crate::engine::time::Micros;

/// A fetch that waits for data.
#[derive(Clone, Debug)]
pub struct ParkedFetch {
    caller: Caller,
    /// The event of its arrival: the cause of an answer that no news brought.
    asked: Option<EventId>,
    follower: Option<BrokerId>,
    min_bytes: u64,
    max_bytes: u64,
    asks: Vec<Ask>,
}

/// One partition of a fetch.
#[derive(Clone, Debug)]
struct Ask {
    wire_name: WireName,
    id: TopicPartition,
    offset: Offset,
    leader_epoch: LeaderEpoch,
    last_fetched_epoch: LeaderEpoch,
    max_bytes: u64,
}

/// What one partition answers.
#[derive(Clone, Debug, Default)]
struct Piece {
    error: i16,
    high_watermark: Offset,
    log_start: Offset,
    diverging: Option<(LeaderEpoch, Offset)>,
    records: Bytes,
}

impl Broker {
    pub(super) fn fetch(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        request: &FetchRequest,
    ) {
        let fetch = parse(caller, ctx.timer_cause(), request);
        let pieces = self.read_all(disk, &fetch);
        if let Some(follower) = fetch.follower {
            self.acknowledge(ctx, disk, follower, &fetch.asks);
        }
        let bytes: u64 = pieces.iter().map(|piece| piece.records.len() as u64).sum();
        let urgent = pieces.iter().any(|piece| piece.error != 0 || piece.diverging.is_some());
        let wait = Micros::from_ms(i64::from(request.max_wait_ms));
        if urgent || bytes >= fetch.min_bytes || wait == Micros::ZERO || fetch.asks.is_empty() {
            answer(ctx, &fetch, pieces);
            return;
        }
        let watched = fetch.asks.iter().map(|ask| ask.id.clone()).collect();
        let armed = self.fetch_purgatory.park(fetch, watched, ctx.now + wait);
        arm(ctx, armed);
    }

    /// The follower has everything before the offsets that it asks for.
    fn acknowledge(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, follower: BrokerId, asks: &[Ask]) {
        for ask in asks {
            let Some(partition) = self.partitions.get_mut(&ask.id) else { continue };
            if check_epoch(partition, ask.leader_epoch).is_err() {
                continue;
            }
            let leo = partition.log.log_end_offset();
            if ask.offset > leo {
                continue;
            }
            partition.follower_fetched(follower, ask.offset, ctx.now);
            self.maybe_expand(ctx, &ask.id, follower);
            self.advance_leader_watermark(ctx, disk, &ask.id);
        }
    }

    fn read_all(&self, disk: &Disk, fetch: &ParkedFetch) -> Vec<Piece> {
        let mut left = fetch.max_bytes;
        let mut first = true;
        let mut pieces = Vec::with_capacity(fetch.asks.len());
        for ask in &fetch.asks {
            let piece = match self.partitions.get(&ask.id) {
                Some(partition) => read(disk, partition, ask, fetch.follower, left, first),
                None => self.missing(&ask.id),
            };
            first &= piece.records.is_empty();
            left = left.saturating_sub(piece.records.len() as u64);
            pieces.push(piece);
        }
        pieces
    }

    fn missing(&self, id: &TopicPartition) -> Piece {
        let error = if self.metadata.knows(id) {
            ResponseError::NotLeaderOrFollower
        } else {
            ResponseError::UnknownTopicOrPartition
        };
        Piece::failed(error)
    }

    /// Answers the fetches that a change of this partition completes: new data for followers, a
    /// higher watermark for consumers.
    pub(super) fn complete_fetches(&mut self, ctx: &mut Ctx<'_>, disk: &Disk, id: &TopicPartition) {
        for waiting in self.fetch_purgatory.watching(id) {
            let Some(fetch) = self.fetch_purgatory.get(waiting) else { continue };
            if self.has_news(disk, fetch, id) {
                self.answer_parked(ctx, disk, waiting);
            }
        }
    }

    /// Answers the fetches of a partition that this broker no longer leads.
    pub(super) fn fail_fetches(&mut self, ctx: &mut Ctx<'_>, id: &TopicPartition) {
        let disk = Disk::default();
        for waiting in self.fetch_purgatory.watching(id) {
            let Some(fetch) = self.fetch_purgatory.take(waiting) else { continue };
            let failed = |ask: &Ask| match ask.id == *id {
                true => Piece::failed(ResponseError::NotLeaderOrFollower),
                false => self.partitions.get(&ask.id).map_or_else(
                    || self.missing(&ask.id),
                    |partition| read(&disk, partition, ask, fetch.follower, 0, false),
                ),
            };
            let pieces = fetch.asks.iter().map(failed).collect();
            answer(ctx, &fetch, pieces);
        }
    }

    /// The timer of the fetch purgatory fired.
    pub(super) fn fetch_waited(&mut self, ctx: &mut Ctx<'_>, disk: &Disk) {
        for id in self.fetch_purgatory.expired(ctx.now) {
            if let Some(asked) = self.fetch_purgatory.get(id).and_then(|fetch| fetch.asked) {
                ctx.set_cause(asked);
            }
            self.answer_parked(ctx, disk, id);
        }
        let armed = self.fetch_purgatory.arm();
        arm(ctx, armed);
    }

    fn answer_parked(&mut self, ctx: &mut Ctx<'_>, disk: &Disk, id: u64) {
        if let Some(fetch) = self.fetch_purgatory.take(id) {
            let pieces = self.read_all(disk, &fetch);
            answer(ctx, &fetch, pieces);
        }
    }

    /// Whether a parked fetch can be answered, seen from the partition that changed.
    fn has_news(&self, disk: &Disk, fetch: &ParkedFetch, id: &TopicPartition) -> bool {
        let changed = fetch.asks.iter().filter(|ask| ask.id == *id).any(|ask| {
            self.partitions.get(id).is_none_or(|partition| {
                check_epoch(partition, ask.leader_epoch).is_err()
                    || upper_bound(partition, fetch.follower) > ask.offset
            })
        });
        if !changed || fetch.min_bytes <= 1 {
            return changed;
        }
        let pieces = self.read_all(disk, fetch);
        pieces.iter().map(|piece| piece.records.len() as u64).sum::<u64>() >= fetch.min_bytes
    }
}

impl Piece {
    fn failed(error: ResponseError) -> Piece {
        Piece {
            error: error.code(),
            high_watermark: Offset::NONE,
            log_start: Offset::NONE,
            diverging: None,
            records: Bytes::new(),
        }
    }
}

fn parse(caller: Caller, asked: Option<EventId>, request: &FetchRequest) -> ParkedFetch {
    let replica = request.replica_id.0.max(request.replica_state.replica_id.0);
    let asks = request.topics.iter().flat_map(|topic| {
        let name = TopicName::new(&topic.topic.0);
        topic.partitions.iter().map(move |p| Ask {
            wire_name: topic.topic.clone(),
            id: TopicPartition::new(&name, PartitionId(p.partition)),
            offset: Offset(p.fetch_offset),
            leader_epoch: LeaderEpoch(p.current_leader_epoch),
            last_fetched_epoch: LeaderEpoch(p.last_fetched_epoch),
            max_bytes: u64::try_from(p.partition_max_bytes).unwrap_or(0),
        })
    });
    ParkedFetch {
        caller,
        asked,
        follower: (replica >= 0).then_some(BrokerId(replica)),
        min_bytes: u64::try_from(request.min_bytes).unwrap_or(0),
        max_bytes: u64::try_from(request.max_bytes).unwrap_or(0),
        asks: asks.collect(),
    }
}

/// Older reigns are fenced, newer ones are news to this broker; −1 is not checked.
pub(super) fn check_epoch(partition: &Partition, asked: LeaderEpoch) -> Result<(), ResponseError> {
    let known = partition.leader_epoch();
    if asked != LeaderEpoch::NONE && asked < known {
        return Err(ResponseError::FencedLeaderEpoch);
    }
    if asked > known {
        return Err(ResponseError::UnknownLeaderEpoch);
    }
    match partition.leading() {
        Some(_) => Ok(()),
        None => Err(ResponseError::NotLeaderOrFollower),
    }
}

/// First offset that the reader may not see: the log's end for followers, the high watermark for
/// consumers.
fn upper_bound(partition: &Partition, follower: Option<BrokerId>) -> Offset {
    match follower {
        Some(_) => partition.log.log_end_offset(),
        None => partition.high_watermark,
    }
}

fn read(
    disk: &Disk,
    partition: &Partition,
    ask: &Ask,
    follower: Option<BrokerId>,
    left: u64,
    first: bool,
) -> Piece {
    if let Err(error) = check_epoch(partition, ask.leader_epoch) {
        return Piece::failed(error);
    }
    let log = &partition.log;
    let mut piece = Piece {
        error: 0,
        high_watermark: partition.high_watermark,
        log_start: log.log_start_offset(),
        diverging: None,
        records: Bytes::new(),
    };
    match truncation::divergence(log, ask.last_fetched_epoch, ask.offset) {
        Ok(Some(diverging)) => {
            piece.diverging = Some(diverging);
            return piece;
        }
        Ok(None) => {}
        Err(truncation::UnknownEpoch) => return Piece::failed(ResponseError::OffsetOutOfRange),
    }
    if ask.offset > log.log_end_offset() || ask.offset < log.log_start_offset() {
        return Piece::failed(ResponseError::OffsetOutOfRange);
    }
    let upper = upper_bound(partition, follower);
    let most = ask.max_bytes.min(left);
    if ask.offset < upper && (most > 0 || first) {
        match log.read(disk, ask.offset, most, upper, first) {
            Ok(records) => piece.records = records,
            Err(_) => return Piece::failed(ResponseError::OffsetOutOfRange),
        }
    }
    piece
}

fn arm(ctx: &mut Ctx<'_>, at: Option<Micros>) {
    if let Some(at) = at {
        let timer = Timer { purpose: TimerPurpose::FetchWait, tag: 0 };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(at.since(ctx.now), timer, cause);
    }
}

fn answer(ctx: &mut Ctx<'_>, fetch: &ParkedFetch, pieces: Vec<Piece>) {
    let mut responses: Vec<FetchableTopicResponse> = Vec::new();
    for (ask, piece) in fetch.asks.iter().zip(pieces) {
        let mut data = PartitionData::default()
            .with_partition_index(ask.id.partition.0)
            .with_error_code(piece.error)
            .with_high_watermark(piece.high_watermark.0)
            .with_last_stable_offset(piece.high_watermark.0)
            .with_log_start_offset(piece.log_start.0)
            .with_records(Some(piece.records));
        if let Some((epoch, end)) = piece.diverging {
            let diverging = EpochEndOffset::default().with_epoch(epoch.0).with_end_offset(end.0);
            data = data.with_diverging_epoch(diverging);
        }
        match responses.last_mut() {
            Some(topic) if topic.topic == ask.wire_name => topic.partitions.push(data),
            _ => responses.push(
                FetchableTopicResponse::default()
                    .with_topic(ask.wire_name.clone())
                    .with_partitions(vec![data]),
            ),
        }
    }
    let body = Response::Fetch(FetchResponse::default().with_responses(responses));
    ctx.send(fetch.caller.node, fetch.caller.answer(body));
}
