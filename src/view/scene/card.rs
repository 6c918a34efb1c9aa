//! Cards: what stands in the rectangles that [`Room`] gave out.
//!
//! Each card carries the facts that it shows and the places of its controls. Words are the page's.

use crate::engine::command::Acks;
use crate::engine::controller::topic_name::is_internal;
use crate::engine::ids::{
    BrokerId, ClientId, LeaderEpoch, Offset, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::program::PartitionPosition;
use crate::engine::time::Micros;
use crate::view::cluster::{
    BrokerView, ClusterView, ConsumerView, PartitionView, ProcessState, ProducerView, ReplicaView,
    Role,
};
use crate::view::group::place_of;
use crate::view::scene::path::Rect;
use crate::view::scene::reader::{ReaderMark, readers};
use crate::view::scene::room::{COMPACT_CARD, ROW, Room, TOUCH, rows};
use crate::view::scene::strip::{Axis, Lod, Mark, Strip, strip};
use crate::view::scene::{CellMark, Layout, Selection};

/// ZooKeeper's plate.
#[derive(Clone, Debug, PartialEq)]
pub struct Plate {
    /// Where.
    pub rect: Rect,
    /// Its process.
    pub state: ProcessState,
    /// `/controller`.
    pub controller: Option<BrokerId>,
    /// Every broker, and whether it is in `/brokers/ids`.
    pub ids: Vec<(BrokerId, bool)>,
    /// The `state` znode of the selected partition, else of the first: its ISR.
    pub partition: Option<(TopicPartition, Vec<BrokerId>)>,
}

/// Head of a column, with the HW line that crosses all its replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnHead {
    /// Which.
    pub partition: TopicPartition,
    /// Where its words are.
    pub rect: Rect,
    /// Baseline of the name.
    pub name_y: f64,
    /// Baseline of the HW.
    pub hw_y: f64,
    /// High watermark of the partition; no mark at tile size.
    pub hw: Option<Mark>,
    /// Whether the words of the HW stand left of its mark; right of it when there is no room.
    pub words_left: bool,
    /// From the head through every replica, in pieces that leave words free: top and bottom.
    pub line: Vec<(f64, f64)>,
    /// Whether nobody leads it.
    pub leaderless: bool,
}

/// A broker.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerCard {
    /// Which.
    pub id: BrokerId,
    /// Where.
    pub rect: Rect,
    /// Its process.
    pub state: ProcessState,
    /// For how long it has been dead, in tenths of a second.
    pub dead_for: Option<u64>,
    /// Whether it is the controller.
    pub controller: bool,
    /// Partitions that it leads.
    pub leads: u32,
    /// Groups that it coordinates.
    pub coordinates: Vec<Text>,
    /// Bytes that a power loss would take.
    pub unflushed_bytes: u64,
    /// Whether it is in the ISR of any partition.
    pub in_any_isr: bool,
    /// Its replicas that are on the stage.
    pub replicas: Vec<ReplicaShape>,
    /// Its replicas of Kafka's own topics, folded.
    pub fold: Option<Fold>,
    /// Buttons: stop and kill, or only start.
    pub controls: Vec<(Control, Rect)>,
}

/// What a button of a broker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Starts its process.
    Start,
    /// Asks it to stop.
    Stop,
    /// Kills it.
    Kill,
    /// Freezes it.
    Pause,
    /// Lets a frozen one run on.
    Resume,
}

/// A replica.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaShape {
    /// Its partition.
    pub partition: TopicPartition,
    /// Its part of the card.
    pub rect: Rect,
    /// What it believes to be.
    pub role: Role,
    /// Whether the partition's state names it leader.
    pub is_leader: bool,
    /// Leader epoch of the partition.
    pub epoch: LeaderEpoch,
    /// Whether it is in the ISR.
    pub in_isr: bool,
    /// Whether nobody leads the partition.
    pub leaderless: bool,
    /// Its log.
    pub strip: Strip,
    /// Who reads it, on the leader's.
    pub readers: Vec<ReaderMark>,
}

/// A folded topic: a tick for each partition, tall where the broker leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// Where.
    pub rect: Rect,
    /// Its name.
    pub topic: TopicName,
    /// Partitions that the broker leads, of all.
    pub leads: (u32, u32),
    /// Left edge of the ticks, and from one to the next; `None` without room.
    pub ticks: Option<(f64, f64)>,
    /// What the broker is to each partition.
    pub roles: Vec<FoldedRole>,
    /// The partition that a touch beside the ticks opens.
    pub first: TopicPartition,
}

/// What a broker is to a folded partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldedRole {
    /// It has no replica.
    Nothing,
    /// It follows.
    Follows,
    /// It leads.
    Leads,
}

impl Fold {
    /// The partition whose tick is nearest.
    #[must_use]
    pub fn partition_at(&self, x: f64) -> Option<TopicPartition> {
        let Some((left, pitch)) = self.ticks.filter(|(left, _)| x >= left - 4.0) else {
            return Some(self.first.clone());
        };
        let most = self.roles.len().checked_sub(1)?;
        let place = ((x - left) / pitch).max(0.0) as usize;
        let place = i32::try_from(place.min(most)).ok()?;
        Some(TopicPartition::new(&self.topic, PartitionId(place)))
    }
}

/// A producer.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerCard {
    /// Which.
    pub id: ClientId,
    /// Its name.
    pub name: Text,
    /// Where.
    pub rect: Rect,
    /// Its process.
    pub state: ProcessState,
    /// What it wants to hear.
    pub acks: Acks,
    /// Records waiting: partition (`None`: all together), how many, middle of the row.
    pub rows: Vec<(Option<PartitionId>, u32, f64)>,
    /// Batches sent and not answered.
    pub in_flight: u32,
    /// Records acked.
    pub acked: u64,
    /// Records failed.
    pub failed: u64,
    /// The selector of `acks`.
    pub select: Rect,
    /// The button that sends one record.
    pub send: Rect,
}

/// A consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerCard {
    /// Which.
    pub id: ClientId,
    /// Its name.
    pub name: Text,
    /// Where.
    pub rect: Rect,
    /// Its process.
    pub state: ProcessState,
    /// Partition (`None`: all together), next offset, records up to the HW, middle of the row.
    pub rows: Vec<(Option<PartitionId>, Offset, i64, f64)>,
    /// Records that its application got.
    pub received: u64,
    /// The newest value that it got.
    pub newest: Option<Text>,
    /// Its place among consumers: letter and colour.
    pub place: usize,
}

/// ZooKeeper's plate.
#[must_use]
pub fn plate(
    cluster: &ClusterView,
    room: &Room,
    selection: &Selection,
    all: &[&PartitionView],
) -> Plate {
    let selected = all.iter().find(|p| *selection == Selection::Partition(p.partition.clone()));
    let alive = |id: &BrokerId| cluster.zookeeper.broker_ids.contains(id);
    Plate {
        rect: room.plate,
        state: cluster.zookeeper.state,
        controller: cluster.controller,
        ids: cluster.brokers.iter().map(|b| (b.id, alive(&b.id))).collect(),
        partition: selected.or(all.first()).map(|p| (p.partition.clone(), p.isr.clone())),
    }
}

/// Brokers with their replicas.
#[must_use]
pub fn brokers(
    cluster: &ClusterView,
    room: &Room,
    columns: &[(&PartitionView, Axis)],
    marks: &[CellMark],
) -> Vec<BrokerCard> {
    let isr_of_any = |id: BrokerId| {
        cluster.topics.iter().flat_map(|t| &t.partitions).any(|p| p.isr.contains(&id))
    };
    let card = |(broker, rect): (&BrokerView, &Rect)| {
        let dead = broker.state == ProcessState::Dead;
        let replicas = columns.iter().enumerate().filter_map(|(k, (partition, axis))| {
            let replica = partition.replicas.iter().find(|r| r.broker == broker.id)?;
            let mut shape =
                replica_shape(partition, replica, axis, room, &room.columns[k], rect, marks);
            if let Some(tags_at) = room.tags_at.filter(|_| shape.is_leader && !dead) {
                let scale = (axis, room.lod);
                shape.readers =
                    readers(cluster, partition, scale, &room.columns[k], rect.y + tags_at);
            }
            Some(shape)
        });
        BrokerCard {
            id: broker.id,
            rect: *rect,
            state: broker.state,
            dead_for: dead.then(|| cluster.now.since(broker.since).0 / Micros::from_ms(100).0),
            controller: broker.is_controller,
            leads: broker.leads,
            unflushed_bytes: broker.unflushed_bytes,
            in_any_isr: isr_of_any(broker.id),
            coordinates: coordinated(cluster, broker.id),
            replicas: replicas.collect(),
            fold: fold(cluster, broker.id, room, rect),
            controls: controls(broker.state, room, rect),
        }
    };
    cluster.brokers.iter().zip(&room.cards).map(card).collect()
}

fn replica_shape(
    partition: &PartitionView,
    replica: &ReplicaView,
    axis: &Axis,
    room: &Room,
    column: &Rect,
    card: &Rect,
    marks: &[CellMark],
) -> ReplicaShape {
    let top = card.y + room.cells_at;
    let header = if room.layout == Layout::Upright { room.cells_at - 10.0 } else { 6.0 };
    let rect = Rect::new(column.x, card.y + header, column.w, card.h - header - 4.0);
    ReplicaShape {
        partition: partition.partition.clone(),
        rect,
        role: replica.role,
        is_leader: partition.leader == Some(replica.broker),
        epoch: partition.leader_epoch,
        in_isr: replica.in_isr,
        leaderless: partition.leader.is_none(),
        strip: strip(partition, replica, axis, room.lod, top, marks),
        readers: Vec::new(),
    }
}

fn coordinated(cluster: &ClusterView, broker: BrokerId) -> Vec<Text> {
    let of = cluster.groups.iter().filter(|group| group.coordinator == Some(broker));
    of.map(|group| group.id.clone()).collect()
}

/// Room that the name of a folded topic takes, and the words behind its ticks.
const FOLD_WORDS: [f64; 2] = [146.0, 92.0];

fn fold(cluster: &ClusterView, broker: BrokerId, room: &Room, card: &Rect) -> Option<Fold> {
    let y = card.y + room.fold_at?;
    let topic = cluster.topics.iter().find(|topic| is_internal(&topic.name))?;
    let x = room.columns.first().map_or(card.x + room.spine + 48.0, |column| column.x);
    let rect = Rect::new(x, y, card.right() - 8.0 - x, 17.0);
    let role = |partition: &PartitionView| {
        let holds = partition.replicas.iter().any(|replica| replica.broker == broker);
        match (holds, partition.leader == Some(broker)) {
            (false, _) => FoldedRole::Nothing,
            (true, false) => FoldedRole::Follows,
            (true, true) => FoldedRole::Leads,
        }
    };
    let roles: Vec<FoldedRole> = topic.partitions.iter().map(role).collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let leads = roles.iter().filter(|role| **role == FoldedRole::Leads).count();
    let [before, behind] = FOLD_WORDS;
    let pitch = ((rect.w - before - behind) / roles.len().max(1) as f64).min(8.0);
    let used = cluster.groups.first().map_or(PartitionId(0), |group| group.partition);
    Some(Fold {
        rect,
        topic: topic.name.clone(),
        leads: (count(leads), count(roles.len())),
        ticks: (pitch >= 2.0).then_some((rect.x + before, pitch)),
        roles,
        first: TopicPartition::new(&topic.name, used),
    })
}

fn controls(state: ProcessState, room: &Room, card: &Rect) -> Vec<(Control, Rect)> {
    let up = state.is_up();
    if room.layout == Layout::Upright {
        let at =
            |k: f64| Rect::new(card.right() - 4.0 - (TOUCH + 2.0) * k, card.y + 3.0, TOUCH, TOUCH);
        // Two of a finger's width leave room for the role; stopping is in the inspector.
        let kill = (Control::Kill, at(1.0));
        return match state {
            ProcessState::Paused => vec![(Control::Resume, at(2.0)), kill],
            _ if up => vec![(Control::Pause, at(2.0)), kill],
            _ => vec![(Control::Start, at(1.0))],
        };
    }
    // Freezing and stopping are pictures, so that the word on Kill has room on the narrowest card.
    let (x, y, whole) = (card.x + 10.0, card.bottom() - 31.0, room.spine - 16.0);
    let at = |x: f64, w: f64| Rect::new(x, y, w, 24.0);
    let kill = (Control::Kill, at(x + 48.0, whole - 48.0));
    match state {
        ProcessState::Paused => vec![(Control::Resume, at(x, 44.0)), kill],
        _ if up => vec![(Control::Pause, at(x, 22.0)), (Control::Stop, at(x + 24.0, 22.0)), kill],
        _ => vec![(Control::Start, at(x, whole))],
    }
}

/// Width that the words of a HW take at 11.5 px of the mono face: `HW 12345`, or all of it upright.
fn hw_words(offset: Offset, upright: bool) -> f64 {
    let digits = offset.0.max(1).ilog10() + 1;
    let word = if upright { 15.0 } else { 3.0 };
    (f64::from(digits) + word) * 7.0 + 10.0
}

/// Heads of the columns on the stage.
#[must_use]
pub fn heads(
    room: &Room,
    columns: &[(&PartitionView, Axis)],
    brokers: &[BrokerCard],
) -> Vec<ColumnHead> {
    let first = room.cards.first().map_or(0.0, |card| card.y);
    let head = |(k, (partition, axis)): (usize, &(&PartitionView, Axis))| {
        let column = room.columns[k];
        let upright = room.layout == Layout::Upright;
        let hw = mark(room.lod, axis, partition.high_watermark);
        let words = hw.map_or(0.0, |mark| mark.x - 9.0 - hw_words(mark.offset, upright));
        let deep = if upright { 28.0 } else { 42.0 };
        ColumnHead {
            partition: partition.partition.clone(),
            rect: Rect::new(column.x, first - deep, column.w, deep - 4.0),
            name_y: first - 30.0,
            hw_y: first - 13.0,
            hw,
            words_left: words >= column.x + if upright { 70.0 } else { 0.0 },
            line: line(&partition.partition, first, brokers, hw.map(|mark| mark.x), upright),
            leaderless: partition.leader.is_none(),
        }
    };
    columns.iter().enumerate().map(head).collect()
}

fn mark(lod: Lod, axis: &Axis, offset: Offset) -> Option<Mark> {
    match lod {
        Lod::Offsets | Lod::Cells => Some(axis.mark(offset)),
        Lod::Bars => Some(Mark { x: axis.share(offset), offset, behind: false }),
        Lod::Tiles => None,
    }
}

/// How far to the right a replica's role may reach: `leader  epoch 12` and its pennant.
const ROLE_WIDE: f64 = 124.0;
/// From a strip up to where its own HW mark ends.
const OVER_STRIP: f64 = 16.0;

/// The HW line, which stands at `x`, leaves out what stands under a strip (the LEO's words, the readers,
/// folded topics) and what stands above it: the words of the role, and on an upright card its head.
fn line(
    partition: &TopicPartition,
    first: f64,
    brokers: &[BrokerCard],
    x: Option<f64>,
    upright: bool,
) -> Vec<(f64, f64)> {
    let mut pieces = Vec::new();
    let mut from = first - 7.0;
    for broker in brokers {
        let replica = broker.replicas.iter().find(|r| r.partition == *partition);
        if upright {
            pieces.push((from, broker.rect.y - 2.0));
            from = broker.rect.bottom() + 2.0;
        }
        let Some(replica) = replica else { continue };
        let strip = &replica.strip.rect;
        if upright {
            from = strip.y - OVER_STRIP;
        } else if x.is_some_and(|x| x < replica.rect.x + ROLE_WIDE) {
            pieces.push((from, broker.rect.y + 8.0));
            from = broker.rect.y + 27.0;
        }
        pieces.push((from, strip.bottom() + 6.0));
        from = broker.rect.bottom() - 3.0;
    }
    pieces
}

/// Producers.
#[must_use]
pub fn producers(cluster: &ClusterView, room: &Room) -> Vec<ProducerCard> {
    let card = |(producer, rect): (&ProducerView, &Rect)| {
        let (select, send) = producer_controls(room, rect);
        let count = rows(producer.queued.len());
        let middle = |k: usize| rect.y + 46.0 + k as f64 * ROW;
        let queued = match count == producer.queued.len() {
            true => producer.queued.iter().map(|(p, n)| (Some(*p), *n)).collect::<Vec<_>>(),
            false => vec![(None, producer.queued.iter().map(|(_, n)| n).sum())],
        };
        let wide = room.layout == Layout::Wide;
        let queued = if wide { queued } else { Vec::new() };
        ProducerCard {
            id: producer.id,
            name: producer.name.clone(),
            rect: *rect,
            state: producer.state,
            acks: producer.acks,
            rows: queued.iter().enumerate().map(|(k, (p, n))| (*p, *n, middle(k))).collect(),
            in_flight: producer.in_flight,
            acked: producer.acked,
            failed: producer.failed,
            select,
            send,
        }
    };
    cluster.producers.iter().zip(&room.producers).map(card).collect()
}

/// Selector of `acks` and the send button.
fn producer_controls(room: &Room, rect: &Rect) -> (Rect, Rect) {
    let (x, w) = (rect.x + 12.0, rect.w - 20.0);
    if room.layout == Layout::Wide {
        let bottom = rect.bottom() - 32.0;
        if rect.w < COMPACT_CARD {
            let at = |y: f64| Rect::new(x, y, w, 24.0);
            return (at(bottom - 28.0), at(bottom));
        }
        let send = ((w - 4.0) * 0.38).floor();
        let select = Rect::new(x, bottom, w - 4.0 - send, 24.0);
        return (select, Rect::new(select.right() + 4.0, bottom, send, 24.0));
    }
    match rect.w {
        wide if wide > 240.0 => {
            let y = rect.y + 7.0;
            let send = Rect::new(rect.right() - 8.0 - 88.0, y, 88.0, TOUCH);
            (Rect::new(send.x - 6.0 - 98.0, y, 98.0, TOUCH), send)
        }
        half if half > 140.0 => {
            let (y, each) = (rect.bottom() - TOUCH - 6.0, (w - 6.0) / 2.0);
            (Rect::new(x, y, each + 6.0, TOUCH), Rect::new(x + each + 12.0, y, each - 6.0, TOUCH))
        }
        _ => {
            let y = rect.bottom() - 2.0 * TOUCH - 8.0;
            (Rect::new(x, y, w, TOUCH), Rect::new(x, y + TOUCH + 3.0, w, TOUCH))
        }
    }
}

/// Consumers.
#[must_use]
pub fn consumers(cluster: &ClusterView, room: &Room) -> Vec<ConsumerCard> {
    let card = |(consumer, rect): (&ConsumerView, &Rect)| {
        let lag = |at: &PartitionPosition| {
            let topic = cluster.topics.iter().find(|t| t.name == at.partition.topic);
            let partition =
                topic.and_then(|t| t.partitions.iter().find(|v| v.partition == at.partition));
            partition.map_or(0, |v| (v.high_watermark.0 - at.offset.0).max(0))
        };
        let row = |at: &PartitionPosition| (at.partition.partition, at.offset, lag(at));
        let each: Vec<(PartitionId, Offset, i64)> = consumer.positions.iter().map(row).collect();
        let middle = |k: usize| rect.y + 46.0 + k as f64 * ROW;
        let single =
            rows(each.len()) == each.len() && (room.layout == Layout::Wide || each.len() == 1);
        let rows = match single {
            true => each.iter().map(|(p, at, lag)| (Some(*p), *at, *lag)).collect(),
            false => vec![(None, Offset::NONE, each.iter().map(|(_, _, lag)| lag).sum())],
        };
        let rows: Vec<(Option<PartitionId>, Offset, i64)> = rows;
        ConsumerCard {
            id: consumer.id,
            name: consumer.name.clone(),
            rect: *rect,
            state: consumer.state,
            rows: rows
                .iter()
                .enumerate()
                .map(|(k, (p, at, lag))| (*p, *at, *lag, middle(k)))
                .collect(),
            received: consumer.received,
            newest: consumer.newest.last().cloned(),
            place: place_of(cluster, consumer.id).unwrap_or(0),
        }
    };
    let alone = cluster.consumers.iter().zip(&room.consumers);
    alone.filter(|(consumer, _)| consumer.member.is_none()).map(card).collect()
}
