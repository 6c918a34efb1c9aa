//! What an inspector opens: the inside of a replica, of ZooKeeper, of the controller.
//!
//! [`crate::view::cluster`] is the whole cluster, made for every picture; this is one thing in depth,
//! made only while somebody looks at it. Long lists come by the page, so that a log of a million
//! records costs no more than a short one.

mod controller;
mod link;
mod replica;
mod zookeeper;
#[cfg(test)]
mod tests;

use crate::engine::ids::{BrokerId, NodeId, Offset, TopicPartition};
use crate::engine::sim::world::World;

pub use controller::{Belief, ControllerInside, PartitionBelief};
pub use link::LinkInside;
pub use replica::{
    BatchView, FileView, IndexView, ProducerEntry, RecordRow, ReplicaInside, SegmentRow,
};
pub use zookeeper::{SessionView, ZnodeRow, ZookeeperInside};

/// Rows of one page of a list.
pub const PAGE: u32 = 12;

/// What somebody looks into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// One replica.
    Replica {
        /// On this broker.
        broker: BrokerId,
        /// Of this partition.
        partition: TopicPartition,
        /// Where in it.
        at: Place,
    },
    /// ZooKeeper.
    Zookeeper,
    /// The broker that believes to be the controller.
    Controller(BrokerId),
    /// The link between two hosts.
    Link(NodeId, NodeId),
}

/// Which pages of a replica are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// First of the segments shown, counted from the oldest; the newest ones when `None`.
    pub segments: Option<u64>,
    /// The segment whose indexes are open, by its first offset.
    pub index: Option<Offset>,
    /// First of the index entries shown, in both indexes.
    pub entry: u64,
    /// Offset of the first record shown; the newest ones when `None`.
    pub record: Option<Offset>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Inside {
    /// Nothing is looked into, or it is not there.
    #[default]
    Nothing,
    /// A replica.
    Replica(Box<ReplicaInside>),
    /// ZooKeeper.
    Zookeeper(Box<ZookeeperInside>),
    /// The controller.
    Controller(Box<ControllerInside>),
    /// A link.
    Link(LinkInside),
}

/// Part of a long list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paged<T> {
    /// How many stand before these.
    pub first: u64,
    /// How many there are in all.
    pub total: u64,
    /// These.
    pub rows: Vec<T>,
}

/// Looks into one thing.
#[must_use]
pub fn look(world: &World, look: &Look) -> Inside {
    match look {
        Look::Replica { broker, partition, at } => {
            let found = replica::look(world, *broker, partition, at);
            found.map_or(Inside::Nothing, |found| Inside::Replica(Box::new(found)))
        }
        Look::Link(a, b) => Inside::Link(link::look(world, *a, *b)),
        Look::Zookeeper => Inside::Zookeeper(Box::new(zookeeper::look(world))),
        Look::Controller(broker) => {
            let found = controller::look(world, *broker);
            found.map_or(Inside::Nothing, |found| Inside::Controller(Box::new(found)))
        }
    }
}
