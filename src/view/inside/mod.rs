//! What an inspector opens: the inside of a replica, of ZooKeeper, of the controller.
//!
//! [`crate::view::cluster`] is the whole cluster, made for every picture; this is one thing in depth,
//! made only while somebody looks at it. Long lists come by the page, so that a log of a million
//! records costs no more than a short one.

mod consumer;
mod controller;
mod group;
mod link;
mod producer;
mod replica;
mod zookeeper;
#[cfg(test)]
mod tests;

use crate::engine::ids::{BrokerId, ClientId, NodeId, Offset, Text, TopicPartition};
use crate::engine::sim::world::World;

pub use crate::engine::client::consumer::watched::WatchedPartition;
pub use crate::engine::client::producer::watched::WatchedBatch;
pub use consumer::{ConsumerInside, MemberInside};
pub use controller::{Belief, ControllerInside, PartitionBelief};
pub use group::{CommitRow, GroupInside, KnownMember};
pub use link::LinkInside;
pub use producer::{ProducerInside, WaitingBatch};
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
    /// A producer program.
    Producer(ClientId),
    /// A consumer program.
    Consumer(ClientId),
    /// A group, at this coordinator.
    Group(Text, BrokerId),
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
    /// A producer.
    Producer(Box<ProducerInside>),
    /// A consumer.
    Consumer(Box<ConsumerInside>),
    /// A group.
    Group(Box<GroupInside>),
}

/// An accessor for each thing: `None` when another one was looked into.
macro_rules! found {
    ($($name:ident: $variant:ident($kind:ty);)*) => {
        impl Inside {
            $(
                #[doc = concat!("The inside of a ", stringify!($name), ".")]
                #[must_use]
                pub fn $name(&self) -> Option<&$kind> {
                    match self {
                        Inside::$variant(found) => Some(found),
                        _ => None,
                    }
                }
            )*
        }
    };
}

found! {
    replica: Replica(ReplicaInside);
    zookeeper: Zookeeper(ZookeeperInside);
    controller: Controller(ControllerInside);
    link: Link(LinkInside);
    producer: Producer(ProducerInside);
    consumer: Consumer(ConsumerInside);
    group: Group(GroupInside);
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
        Look::Producer(id) => {
            let found = producer::look(world, *id);
            found.map_or(Inside::Nothing, |found| Inside::Producer(Box::new(found)))
        }
        Look::Consumer(id) => {
            let found = consumer::look(world, *id);
            found.map_or(Inside::Nothing, |found| Inside::Consumer(Box::new(found)))
        }
        Look::Group(id, coordinator) => {
            let found = group::look(world, id, *coordinator);
            found.map_or(Inside::Nothing, |found| Inside::Group(Box::new(found)))
        }
        Look::Zookeeper => Inside::Zookeeper(Box::new(zookeeper::look(world))),
        Look::Controller(broker) => {
            let found = controller::look(world, *broker);
            found.map_or(Inside::Nothing, |found| Inside::Controller(Box::new(found)))
        }
    }
}
