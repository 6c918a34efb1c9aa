//! ZooKeeper: one server with a tree of znodes, sessions, ephemerals and one-shot watches, and the
//! client that every broker carries.
//!
//! What Kafka 3.9 needs of ZooKeeper 3.8 is modelled: create (ephemeral, sequential), conditional
//! writes, multi, watches, sessions that end by silence. Every write is in the transaction log before
//! it is answered, so a restarted server has the same tree and the same sessions. Not modelled:
//! ensembles, ACLs, snapshots.

pub mod server;
pub mod tree;
pub mod session;
pub mod watch;
pub mod txn_log;
pub mod client;

#[cfg(test)]
mod tests;

pub use client::{ZkClient, ZkEvent};
pub use server::ZookeeperServer;
pub use tree::Znode;
