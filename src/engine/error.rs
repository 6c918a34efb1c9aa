//! Errors of the engine's own surface: settings and commands that cannot be carried out.
//!
//! What Kafka itself answers (NOT_ENOUGH_REPLICAS, …) is `kafka_protocol::ResponseError`, in messages.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::engine::ids::{NodeId, Text, TopicPartition};

/// A setting that was refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ConfigError {
    /// No such setting is modelled.
    #[error("unknown configuration {key}")]
    Unknown {
        /// Its name.
        key: Text,
    },
    /// Not a whole number.
    #[error("{key}: {value} is not a whole number")]
    NotANumber {
        /// The setting.
        key: Text,
        /// What was given.
        value: Text,
    },
    /// Neither `true` nor `false`.
    #[error("{key}: {value} is neither true nor false")]
    NotABoolean {
        /// The setting.
        key: Text,
        /// What was given.
        value: Text,
    },
    /// A word that the setting does not know.
    #[error("{key}: {value} is not one of {allowed}")]
    NotOneOf {
        /// The setting.
        key: Text,
        /// What was given.
        value: Text,
        /// What it takes.
        allowed: Text,
    },
    /// A number outside the setting's range.
    #[error("{key}: {value} is not in {least}..={most}")]
    OutOfRange {
        /// The setting.
        key: Text,
        /// What was given.
        value: i64,
        /// Least allowed.
        least: i64,
        /// Most allowed.
        most: i64,
    },
}

/// A command that was refused. The world did not change and no event was written.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum CommandError {
    /// The world has no such host.
    #[error("no host {node}")]
    NoSuchNode {
        /// The host named.
        node: NodeId,
    },
    /// The world has no client program of that name.
    #[error("no client named {name}")]
    NoSuchClient {
        /// The name given.
        name: Text,
    },
    /// A client program of that name exists, or the name is a host's.
    #[error("the name {name} is taken")]
    NameTaken {
        /// The name given.
        name: Text,
    },
    /// The process already runs.
    #[error("{node} is already running")]
    AlreadyRunning {
        /// The host.
        node: NodeId,
    },
    /// The process does not run.
    #[error("{node} is not running")]
    NotRunning {
        /// The host.
        node: NodeId,
    },
    /// The process is frozen: it can neither be frozen again nor be told anything.
    #[error("{node} is paused")]
    Paused {
        /// The host.
        node: NodeId,
    },
    /// The process is not frozen.
    #[error("{node} is not paused")]
    NotPaused {
        /// The host.
        node: NodeId,
    },
    /// A link joins two different hosts.
    #[error("a link needs two hosts")]
    SameHost,
    /// A split needs two sides or more, each with a host, and no host in two of them.
    #[error("a split needs two sides or more, and no host in two of them")]
    BadSplit,
    /// Links to ZooKeeper lose no single message: its protocol has nobody who would miss one.
    #[error("links to ZooKeeper lose nothing")]
    ZookeeperLink,
    /// No such message is in flight.
    #[error("no such message is in flight")]
    NoSuchMessage,
    /// A setting was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The program cannot do that: a consumer cannot send, say.
    #[error("{name} is not a {wanted}")]
    WrongProgram {
        /// The client's name.
        name: Text,
        /// What the command needs.
        wanted: Text,
    },
    /// A consumer does not have that partition (`No current assignment for partition`).
    #[error("{name} does not have {partition}")]
    NotAssigned {
        /// The consumer's name.
        name: Text,
        /// The partition.
        partition: TopicPartition,
    },
    /// A host has no such log directory.
    #[error("{node} has no log directory {dir}")]
    NoSuchLogDir {
        /// The host.
        node: NodeId,
        /// What was named.
        dir: Text,
    },
    /// Only brokers meet disks that are full or slow.
    #[error("{node} is not a broker")]
    NotABroker {
        /// The host.
        node: NodeId,
    },
    /// A number outside what the engine takes.
    #[error("{what} must be in {least}..={most}")]
    OutOfRange {
        /// What was given.
        what: Text,
        /// Least allowed.
        least: i64,
        /// Most allowed.
        most: i64,
    },
}
