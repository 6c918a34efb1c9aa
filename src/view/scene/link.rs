//! Links: one line per pair of hosts that may talk, and the rings where they end.
//!
//! Between servers everything moves in the duct: ZooKeeper sessions on the first track, neighbours on
//! the second, pairs that skip a broker on the third. Clients' lines leave and arrive level; on the
//! upright stage they run in the right margin.

use crate::engine::ids::{BrokerId, NodeId, TopicName, TopicPartition};
use crate::view::cluster::{BrokerView, ClusterView, MemberOf};
use crate::view::group::GroupView;
use crate::view::scene::Layout;
use crate::view::scene::path::{Path, Point, Rect};
use crate::view::scene::room::{Room, UPRIGHT_LANES};

/// How far out a client without a card appears.
const VISITOR: f64 = 50.0;

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Its ends have business with each other.
    On,
    /// They could talk.
    Idle,
    /// It stalls.
    Held,
    /// It is cut, or one end does not run.
    Cut,
}

/// A link. Its path runs from `a` to `b`, the lesser end first.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The lesser end.
    pub a: NodeId,
    /// The greater end.
    pub b: NodeId,
    /// Its way on the stage.
    pub path: Path,
    /// How it is.
    pub state: LinkState,
}

impl Link {
    /// Distance of a point from its path.
    #[must_use]
    pub fn distance(&self, at: Point) -> f64 {
        let steps = (self.path.length() / 6.0).ceil().max(1.0);
        let near = (0..=steps as u32).map(|k| self.path.at(f64::from(k) / steps).0.distance(at));
        near.fold(f64::MAX, f64::min)
    }
}

/// All links of the cluster.
#[must_use]
pub fn links(cluster: &ClusterView, room: &Room) -> Vec<Link> {
    let mut links = Vec::new();
    let placed: Vec<(&BrokerView, &Rect)> = cluster.brokers.iter().zip(&room.cards).collect();
    for (k, (broker, card)) in placed.iter().enumerate() {
        let id = NodeId::Broker(broker.id);
        let down = Point::new(room.tracks[0], room.beat(card));
        let up = Point::new(room.tracks[0], room.plate.bottom());
        links.push(link(cluster, NodeId::Zookeeper, id, Path::line(up, down)));
        for (skip, (other, far)) in placed[k + 1..].iter().enumerate() {
            let x = room.tracks[if skip == 0 { 1 } else { 2 }];
            let (from, to) = (Point::new(x, room.beat(card)), Point::new(x, room.beat(far)));
            let path = Path::line(from, to);
            links.push(link(cluster, id, NodeId::Broker(other.id), path));
        }
        for (producer, rect) in cluster.producers.iter().zip(&room.producers) {
            let path = client_path(room, card, rect, Side::Producer);
            links.push(link(cluster, id, NodeId::Client(producer.id), path));
        }
        for (consumer, rect) in cluster.consumers.iter().zip(&room.consumers) {
            let path = client_path(room, card, rect, Side::Consumer);
            links.push(link(cluster, id, NodeId::Client(consumer.id), path));
        }
    }
    links
}

/// The way of a client that has no card (an admin tool): in from the gutter, or down the lane.
#[must_use]
pub fn visitor_path(layout: Layout, width: f64, card: &Rect) -> Path {
    let y = card.y + 12.0;
    match layout {
        Layout::Wide => Path::line(Point::new(card.x, y), Point::new(card.x - VISITOR, y)),
        Layout::Upright => {
            let lane = width - UPRIGHT_LANES[0];
            let corners =
                [Point::new(card.right(), y), Point::new(lane, y), Point::new(lane, y - VISITOR)];
            Path::bends(&corners, 7.0)
        }
    }
}

/// Which kind of client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Producer,
    Consumer,
}

/// Where a client's links leave its card.
fn client_port(room: &Room, rect: &Rect, side: Side) -> Point {
    match (room.layout, side) {
        (Layout::Wide, Side::Producer) => Point::new(rect.right(), rect.middle().y),
        (Layout::Wide, Side::Consumer) => Point::new(rect.x, rect.middle().y),
        (Layout::Upright, Side::Producer) => Point::new(rect.middle().x, rect.bottom()),
        (Layout::Upright, Side::Consumer) => Point::new(rect.right(), rect.middle().y),
    }
}

/// Where clients' links arrive at a broker.
fn broker_port(room: &Room, card: &Rect, side: Side) -> Point {
    match (room.layout, side) {
        (Layout::Wide, Side::Producer) => Point::new(card.x, card.middle().y),
        (Layout::Wide, Side::Consumer) => Point::new(card.right(), card.middle().y),
        (Layout::Upright, Side::Producer) => Point::new(card.right(), room.beat(card) - 9.0),
        (Layout::Upright, Side::Consumer) => Point::new(card.right(), room.beat(card) + 9.0),
    }
}

/// From the broker to the client: the broker is the lesser end.
fn client_path(room: &Room, card: &Rect, rect: &Rect, side: Side) -> Path {
    let (from, to) = (broker_port(room, card, side), client_port(room, rect, side));
    match (room.layout, side) {
        (Layout::Wide, _) => Path::level(from, to),
        (Layout::Upright, Side::Producer) => {
            let (lane, turn) = (room.lanes[0], rect.bottom() + 11.0);
            let corners =
                [Point::new(lane, from.y), Point::new(lane, turn), Point::new(to.x, turn)];
            Path::bends(&[from, corners[0], corners[1], corners[2], to], 7.0)
        }
        (Layout::Upright, Side::Consumer) => {
            let lane = room.lanes[1];
            Path::bends(&[from, Point::new(lane, from.y), Point::new(lane, to.y), to], 7.0)
        }
    }
}

fn link(cluster: &ClusterView, a: NodeId, b: NodeId, path: Path) -> Link {
    Link { a, b, path, state: state(cluster, a, b) }
}

fn state(cluster: &ClusterView, a: NodeId, b: NodeId) -> LinkState {
    if cluster.held.iter().any(|(x, y)| (x.min(y), x.max(y)) == (&a, &b)) {
        return LinkState::Held;
    }
    let is_cut = cluster.cut.iter().any(|(x, y)| (x.min(y), x.max(y)) == (&a, &b));
    if is_cut || !is_up(cluster, a) || !is_up(cluster, b) {
        return LinkState::Cut;
    }
    let business = match (a, b) {
        (NodeId::Broker(one), NodeId::Broker(other)) => replicate(cluster, one, other),
        (NodeId::Broker(broker), NodeId::Client(client)) => {
            let producer = cluster.producers.iter().find(|p| p.id == client).map(|p| &p.topic);
            let consumer = cluster.consumers.iter().find(|c| c.id == client);
            match consumer.and_then(|consumer| consumer.member.as_ref()) {
                Some(member) => serves(cluster, broker, member),
                None => producer
                    .or(consumer.map(|c| &c.topic))
                    .is_some_and(|topic| leads(cluster, broker, topic)),
            }
        }
        _ => true,
    };
    if business { LinkState::On } else { LinkState::Idle }
}

fn is_up(cluster: &ClusterView, node: NodeId) -> bool {
    let state = match node {
        NodeId::Zookeeper => Some(cluster.zookeeper.state),
        NodeId::Broker(id) => cluster.brokers.iter().find(|b| b.id == id).map(|b| b.state),
        NodeId::Client(id) => {
            let producer = cluster.producers.iter().find(|p| p.id == id).map(|p| p.state);
            producer.or(cluster.consumers.iter().find(|c| c.id == id).map(|c| c.state))
        }
    };
    state.is_some_and(|state| state.is_up())
}

/// Whether one of the two leads a partition that the other holds.
fn replicate(cluster: &ClusterView, one: BrokerId, other: BrokerId) -> bool {
    let mut partitions = cluster.topics.iter().flat_map(|t| &t.partitions);
    partitions.any(|p| {
        let holds = |id: BrokerId| p.replicas.iter().any(|r| r.broker == id);
        p.leader == Some(one) && holds(other) || p.leader == Some(other) && holds(one)
    })
}

/// Whether a broker coordinates a member's group, or leads a partition that it reads.
fn serves(cluster: &ClusterView, broker: BrokerId, member: &MemberOf) -> bool {
    let coordinates =
        |group: &GroupView| group.id == member.group && group.coordinator == Some(broker);
    let leads = |partition: &TopicPartition| {
        let topic = cluster.topics.iter().find(|topic| topic.name == partition.topic);
        let found = topic.and_then(|t| t.partitions.iter().find(|p| p.partition == *partition));
        found.is_some_and(|found| found.leader == Some(broker))
    };
    cluster.groups.iter().any(coordinates) || member.owned.iter().any(leads)
}

fn leads(cluster: &ClusterView, broker: BrokerId, topic: &TopicName) -> bool {
    let mut partitions =
        cluster.topics.iter().filter(|t| t.name == *topic).flat_map(|t| &t.partitions);
    partitions.any(|p| p.leader == Some(broker))
}

/// The rings where links end.
#[must_use]
pub fn ports(cluster: &ClusterView, room: &Room) -> Vec<(Point, NodeId)> {
    let mut ports = Vec::new();
    let many = cluster.brokers.len();
    for (k, (broker, card)) in cluster.brokers.iter().zip(&room.cards).enumerate() {
        let id = NodeId::Broker(broker.id);
        if !cluster.producers.is_empty() {
            ports.push((broker_port(room, card, Side::Producer), id));
        }
        if !cluster.consumers.is_empty() {
            ports.push((broker_port(room, card, Side::Consumer), id));
        }
        let y = room.beat(card);
        ports.push((Point::new(room.tracks[0], y), NodeId::Zookeeper));
        if many > 1 {
            ports.push((Point::new(room.tracks[1], y), id));
        }
        // The third track is for pairs that skip a broker: in the middle of three there is none.
        if many > 3 || many == 3 && k != 1 {
            ports.push((Point::new(room.tracks[2], y), id));
        }
    }
    for (producer, rect) in cluster.producers.iter().zip(&room.producers) {
        ports.push((client_port(room, rect, Side::Producer), NodeId::Client(producer.id)));
    }
    for (consumer, rect) in cluster.consumers.iter().zip(&room.consumers) {
        ports.push((client_port(room, rect, Side::Consumer), NodeId::Client(consumer.id)));
    }
    ports
}
