//! The scene: where everything stands on the stage at one moment, as plain shapes in CSS pixels.
//!
//! Rows are brokers, columns are partitions, x is the offset. [`scene`] makes it from a
//! [`ClusterView`] and a width; messages are placed on its paths by [`moving`]. Nothing here draws,
//! measures text or holds words: shapes carry numbers and names, and `ui` puts them into words.
//! The same input gives the same scene, so a page may compare two and skip the drawing.

pub mod path;
pub mod room;
pub mod strip;
pub mod reader;
pub mod group;
pub mod card;
pub mod link;
pub mod glyph;
pub mod moving;
pub mod focus;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use crate::engine::controller::topic_name::is_internal;
use crate::engine::ids::{BrokerId, ClientId, EventId, NodeId, Offset, Text, TopicPartition};
use crate::view::cluster::{ClusterView, PartitionView};
use crate::view::group::Rebalance;

use card::{BrokerCard, ColumnHead, ConsumerCard, Plate, ProducerCard};
use group::GroupCard;
use link::Link;
use path::{Point, Rect};
use room::Room;
use strip::{Axis, Lod};

/// What is selected on the stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Nothing.
    #[default]
    None,
    /// A broker.
    Broker(BrokerId),
    /// A partition: a column.
    Partition(TopicPartition),
    /// A producer program.
    Producer(ClientId),
    /// A consumer program.
    Consumer(ClientId),
    /// A consumer group.
    Group(Text),
    /// A message in flight.
    Message(EventId),
    /// The ZooKeeper server.
    Zookeeper,
    /// A link, the lesser end first.
    Link(NodeId, NodeId),
}

/// What a reader of events knows about records that the cluster's state does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Acknowledged, and on no live replica.
    Lost,
    /// Written twice.
    Duplicate,
    /// Just cut from a log.
    Truncated,
}

/// A mark on records `from..to` of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellMark {
    /// The partition.
    pub partition: TopicPartition,
    /// On this broker only; `None`: on all.
    pub broker: Option<BrokerId>,
    /// First offset.
    pub from: Offset,
    /// Next offset after the last.
    pub to: Offset,
    /// What it says.
    pub kind: MarkKind,
}

/// What a scene is made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The cluster.
    pub cluster: &'a ClusterView,
    /// Width of the stage, in CSS pixels.
    pub width: f64,
    /// On a phone one partition is on the stage: the selected one, else the first.
    pub selection: &'a Selection,
    /// Marks on records.
    pub marks: &'a [CellMark],
    /// The newest rebalance of each group.
    pub rebalances: &'a [Rebalance],
}

/// How the stage is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Producers left, brokers in the middle, consumers right.
    Wide,
    /// Under 600 px: producers above, consumers below, clients' lanes in the right margin.
    Upright,
}

/// The stage at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Its layout.
    pub layout: Layout,
    /// Level of detail of the replicas.
    pub lod: Lod,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// ZooKeeper.
    pub zookeeper: Plate,
    /// The channel through all cards in which everything between servers moves.
    pub duct: Option<Rect>,
    /// Heads of the columns.
    pub heads: Vec<ColumnHead>,
    /// Brokers, by id.
    pub brokers: Vec<BrokerCard>,
    /// Producer programs.
    pub producers: Vec<ProducerCard>,
    /// Consumer programs that are in no group.
    pub consumers: Vec<ConsumerCard>,
    /// Consumer groups.
    pub groups: Vec<GroupCard>,
    /// Every pair of hosts that may talk.
    pub links: Vec<Link>,
    /// Rings where links end, with whose they are.
    pub ports: Vec<(Point, NodeId)>,
    /// Outlines of brokers to come, on an empty stage.
    pub ghosts: Vec<Rect>,
    /// On a phone with several partitions: one button each, to choose the one on the stage.
    pub picker: Vec<(Rect, TopicPartition, bool)>,
}

/// The stage of a cluster.
#[must_use]
pub fn scene(input: Input<'_>) -> Scene {
    let cluster = input.cluster;
    // Topics of Kafka's own stand folded under the strips.
    let own = cluster.topics.iter().filter(|topic| !is_internal(&topic.name));
    let all: Vec<&PartitionView> = own.flat_map(|topic| &topic.partitions).collect();
    let room = Room::new(cluster, input.width, all.len());
    let shown = shown(&all, &room, input.selection);
    let axis = |(k, partition): (usize, &&PartitionView)| {
        Axis::new(partition, room.columns[k].x, room.columns[k].w, room.lod)
    };
    let columns: Vec<(&PartitionView, Axis)> =
        shown.iter().enumerate().map(|(k, p)| (*p, axis((k, p)))).collect();
    let brokers = card::brokers(cluster, &room, &columns, input.marks);
    let producers = card::producers(cluster, &room);
    let consumers = card::consumers(cluster, &room);
    let links = link::links(cluster, &room);
    Scene {
        layout: room.layout,
        lod: room.lod,
        width: room.width,
        height: room.height,
        groups: group::groups(cluster, &room, input.rebalances),
        zookeeper: card::plate(cluster, &room, input.selection, &all),
        duct: room.duct,
        heads: card::heads(&room, &columns, &brokers),
        ports: link::ports(cluster, &room),
        ghosts: if cluster.brokers.is_empty() { room.cards.clone() } else { Vec::new() },
        picker: room
            .picker
            .iter()
            .zip(&all)
            .map(|(rect, p)| {
                (*rect, p.partition.clone(), shown.iter().any(|s| s.partition == p.partition))
            })
            .collect(),
        brokers,
        producers,
        consumers,
        links,
    }
}

/// The partitions on the stage: all of them, or on a phone the selected one.
fn shown<'a>(
    all: &[&'a PartitionView],
    room: &Room,
    selection: &Selection,
) -> Vec<&'a PartitionView> {
    if room.layout == Layout::Wide {
        return all.to_vec();
    }
    let selected = all.iter().find(|p| *selection == Selection::Partition(p.partition.clone()));
    selected.or(all.first()).copied().into_iter().collect()
}

impl Scene {
    /// What lies at a point, messages apart: the smallest thing first.
    #[must_use]
    pub fn hit(&self, at: Point) -> Selection {
        if let Some(broker) = self.brokers.iter().find(|b| b.rect.contains(at)) {
            if let Some(fold) = broker.fold.as_ref().filter(|fold| fold.rect.contains(at)) {
                return fold.partition_at(at.x).map_or(Selection::None, Selection::Partition);
            }
            let replica = broker.replicas.iter().find(|r| r.rect.contains(at));
            return match replica {
                Some(replica) => Selection::Partition(replica.partition.clone()),
                None => Selection::Broker(broker.id),
            };
        }
        if let Some(head) = self.heads.iter().find(|h| h.rect.contains(at)) {
            return Selection::Partition(head.partition.clone());
        }
        if let Some(producer) = self.producers.iter().find(|p| p.rect.contains(at)) {
            return Selection::Producer(producer.id);
        }
        if let Some(consumer) = self.consumers.iter().find(|c| c.rect.contains(at)) {
            return Selection::Consumer(consumer.id);
        }
        if let Some(group) = self.groups.iter().find(|g| g.rect.contains(at)) {
            let row = group.rows.iter().find(|row| row.rect.contains(at));
            let member = row.and_then(|row| row.consumer);
            return member.map_or_else(|| Selection::Group(group.id.clone()), Selection::Consumer);
        }
        if self.zookeeper.rect.contains(at) {
            return Selection::Zookeeper;
        }
        self.link_at(at).map_or(Selection::None, |link| Selection::Link(link.a, link.b))
    }

    /// The link nearest to a point, within reach of a finger or pointer.
    #[must_use]
    pub fn link_at(&self, at: Point) -> Option<&Link> {
        let reach = if self.layout == Layout::Upright { 12.0 } else { 7.0 };
        let near = self.links.iter().map(|link| (link.distance(at), link));
        near.filter(|(distance, _)| *distance <= reach)
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, link)| link)
    }

    /// The link between two hosts.
    #[must_use]
    pub fn link(&self, a: NodeId, b: NodeId) -> Option<&Link> {
        self.links.iter().find(|link| (link.a, link.b) == (a.min(b), a.max(b)))
    }

    /// Everything with an outline of its own, for those who must not run into it.
    #[must_use]
    pub fn cards(&self) -> Vec<Rect> {
        let mut rects = vec![self.zookeeper.rect];
        rects.extend(self.brokers.iter().map(|b| b.rect));
        rects.extend(self.producers.iter().map(|p| p.rect));
        rects.extend(self.consumers.iter().map(|c| c.rect));
        rects.extend(self.groups.iter().map(|g| g.rect));
        rects.extend(self.picker.iter().map(|(rect, _, _)| *rect));
        rects.extend(&self.ghosts);
        rects
    }
}
