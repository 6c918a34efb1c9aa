//! What a case needs of a cluster, whichever it is: the engine's world, or a real one over TCP.
//!
//! Everything that goes through Kafka's protocol is a raw request on a connection of its own
//! ([`Cluster::send`]); the rest is what a person at the machines could do and see: signals to
//! processes, files, znodes, the clock. Steps, comparison and cluster know nothing of each other.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use crate::conform::anomaly::case::{ConsumerStart, Setup};

/// Why something did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// This cluster cannot do it: the case is skipped, with this reason.
    Cannot(String),
    /// It should have happened and did not: the case fails, with what came instead.
    Failed(String),
}

/// What a cluster gives back.
pub type Outcome<T> = Result<T, Problem>;

/// How a broker's process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Running,
    /// It is stopped by SIGSTOP.
    Frozen,
    /// It is not there.
    Dead,
}

/// A partition's state as its znode has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// The leader's broker id; −1 is nobody.
    pub leader: i32,
    /// Number of its reign.
    pub leader_epoch: i32,
    /// In-sync replicas, in order.
    pub isr: Vec<i32>,
    /// zkVersion of the znode.
    pub partition_epoch: i32,
}

impl PartitionState {
    /// Reads the data of a `state` znode, whose zkVersion is `version`.
    #[must_use]
    pub fn read(data: &str, version: i32) -> Option<PartitionState> {
        let json: Value = serde_json::from_str(data).ok()?;
        let number = |key: &str| i32::try_from(json[key].as_i64()?).ok();
        Some(PartitionState {
            leader: number("leader")?,
            leader_epoch: number("leader_epoch")?,
            isr: serde_json::from_value(json["isr"].clone()).ok()?,
            partition_epoch: version,
        })
    }
}

/// A state, and when it was first seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenState {
    /// Microseconds of [`Cluster::now`].
    pub at: i64,
    /// The state.
    pub state: PartitionState,
}

/// A request on its way, on a connection of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection(pub u64);

/// What came on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A whole response frame without the length prefix, and when it came, in microseconds of
    /// [`Cluster::now`]. The connection is closed with it.
    Frame(Bytes, i64),
    /// The broker closed the connection, or never took it.
    Closed,
    /// Nothing, in the time that was given. The connection stays.
    Nothing,
}

/// A consumer group as its coordinator has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// `Stable`, `Empty`, …
    pub state: String,
    /// Every generation so far: number, protocol, members.
    pub generations: Vec<(i32, Option<String>, i32)>,
    /// Ids of its members.
    pub members: Vec<String>,
}

/// What a whole consumer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerEvent {
    /// Partitions were given to it.
    Assign(Vec<i32>),
    /// Partitions were taken from it.
    Revoke(Vec<i32>),
    /// A record was handed to the application: partition, offset, value.
    Record(i32, i64, Option<String>),
    /// The application is done with a record: partition, offset. Not among the events of a case.
    Done(i32, i64),
    /// A commit failed with this error of the protocol.
    CommitError(String),
    /// The client library told of an error.
    Error(String),
    /// It has read to the end of everything that is assigned to it.
    End,
}

/// A cluster that a case runs on. `broker` is a broker id from 1.
pub trait Cluster {
    /// Why this cluster does not have what a case needs (a word of `needs`); `None` when it has.
    fn lacks(&self, need: &str) -> Option<String>;

    /// Why a case that goes as recorded does not count as passed here: a setting of the case that
    /// this cluster does not have, say.
    fn reservation(&self) -> Option<String> {
        None
    }

    /// A rule that must always hold and has been broken, when the cluster watches itself.
    fn broken_rule(&self) -> Option<String> {
        None
    }

    /// Name of the case's topic.
    fn topic(&self) -> String;

    /// Microseconds since the cluster was set up.
    fn now(&mut self) -> i64;

    /// Milliseconds since 1970, as the brokers' clocks show.
    fn wall_ms(&mut self) -> i64;

    /// Lets this many microseconds pass.
    fn sleep(&mut self, micros: i64);

    /// Sends one whole request frame, without the length prefix, on a new connection. `answered` is
    /// false when no answer will ever come (Produce with acks 0): then the connection is closed
    /// once the frame has gone.
    ///
    /// # Errors
    /// The cluster has no such broker, or cannot send this request at all. A broker that does not
    /// take connections is no error: the reply is [`Reply::Closed`].
    fn send(&mut self, broker: i32, frame: Bytes, answered: bool) -> Outcome<Connection>;

    /// Waits at most this many microseconds for what comes on a connection.
    fn receive(&mut self, connection: Connection, micros: i64) -> Reply;

    /// Ends a process at once (SIGKILL).
    ///
    /// # Errors
    /// It does not run, or cannot be killed.
    fn kill(&mut self, broker: i32) -> Outcome<()>;

    /// Asks a process to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// It does not run, or does not end.
    fn stop(&mut self, broker: i32) -> Outcome<()>;

    /// Starts a process and waits until it serves.
    ///
    /// # Errors
    /// It runs already, or does not come to serve.
    fn start(&mut self, broker: i32) -> Outcome<()>;

    /// Freezes a process (SIGSTOP).
    ///
    /// # Errors
    /// It does not run, or cannot be frozen.
    fn pause(&mut self, broker: i32) -> Outcome<()>;

    /// Lets a frozen process go on (SIGCONT).
    ///
    /// # Errors
    /// It is not frozen.
    fn resume(&mut self, broker: i32) -> Outcome<()>;

    /// How a broker's process is.
    fn life(&self, broker: i32) -> Life;

    /// The controller's broker id and the number of its reign; `None` while there is none.
    fn controller(&mut self) -> Option<(i32, i32)>;

    /// A partition's state; `None` when it has none.
    fn partition_state(&mut self, topic: &str, partition: i32) -> Option<PartitionState>;

    /// Every state of a partition that was seen since it was created, oldest first.
    fn state_history(&mut self, topic: &str, partition: i32) -> Vec<SeenState>;

    /// The files of a replica by name, also of a dead broker; empty when it has none.
    ///
    /// # Errors
    /// They cannot be read.
    fn replica_files(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Outcome<BTreeMap<String, Bytes>>;

    /// The same, but only what holds records: a look at these is cheap, where index files have room
    /// for millions of entries.
    ///
    /// # Errors
    /// They cannot be read.
    fn logs(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Outcome<BTreeMap<String, Bytes>> {
        let mut found = self.replica_files(broker, topic, partition)?;
        found.retain(|name, _| name.ends_with(".log"));
        Ok(found)
    }

    /// A file of the broker's log directory, such as a checkpoint; `None` when it is not there.
    ///
    /// # Errors
    /// It cannot be read.
    fn broker_file(&mut self, broker: i32, name: &str) -> Outcome<Option<Bytes>>;

    /// Makes a file of a replica shorter by this many bytes.
    ///
    /// # Errors
    /// There is no such file, or this cluster cannot change it.
    fn cut(&mut self, broker: i32, place: (&str, i32), file: &str, bytes: u64) -> Outcome<()>;

    /// Changes one byte of a file of a replica.
    ///
    /// # Errors
    /// There is no such byte, or this cluster cannot change it.
    fn flip(&mut self, broker: i32, place: (&str, i32), file: &str, position: u64) -> Outcome<()>;

    /// A consumer group, as its coordinator has it; with all its generations so far.
    ///
    /// # Errors
    /// This cluster cannot say.
    fn group(&mut self, group: &str) -> Outcome<Group>;

    /// Starts a whole consumer of a topic.
    ///
    /// # Errors
    /// This cluster has none that does this.
    fn start_consumer(&mut self, topic: &str, consumer: &ConsumerStart) -> Outcome<()>;

    /// Ends a whole consumer without a word to anyone.
    ///
    /// # Errors
    /// There is none of that name.
    fn kill_consumer(&mut self, name: &str) -> Outcome<()>;

    /// What a whole consumer has done since it was started.
    ///
    /// # Errors
    /// There is none of that name.
    fn consumer_events(&mut self, name: &str) -> Outcome<Vec<ConsumerEvent>>;
}

/// Sets a cluster up for a case: its brokers with their settings serve, and the broker that the case
/// wants is the controller. The topic comes later, by requests.
///
/// # Errors
/// It cannot be set up so, or did not come to serve.
pub type SetUp<'a> = &'a mut dyn FnMut(&Setup) -> Outcome<Box<dyn Cluster>>;
