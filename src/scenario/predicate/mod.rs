//! Predicates: what can be asked of a world and its history, with a yes or a no.
//!
//! One language for expectations of scenarios and goals of lessons: `orders-0.leader = b1`, `no lost`,
//! `some LeaderElected{partition=orders-0}`, `web.acked >= 10`, `acked(m)`. Names of events and of their
//! fields are the engine's, from `events.txt`, which a test keeps equal to the engine.
//!
//! - [`events`] the table of events · [`print`] predicate → text (the parser reads it back)
//! - [`history`] what is kept of the events that pass · [`fields`] an event against a pattern
//! - [`ledger`] what was told of all records against the logs · [`sends`] single records · [`readings`] who read what
//! - [`judge`] the answer · [`groups`] of groups · [`records`] of single records

pub mod events;
pub mod print;
pub mod fields;
pub mod history;
pub mod ledger;
pub mod sends;
pub mod readings;
pub mod judge;
pub mod groups;
pub mod records;

use crate::engine::command::Acks;
use crate::engine::ids::{BrokerId, Text, TopicName, TopicPartition};
use crate::engine::time::Micros;
use crate::scenario::predicate::readings::Reading;
use crate::scenario::predicate::sends::Told;

/// Something that holds or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// `not …`.
    Not(Box<Predicate>),
    /// `some E{…}`.
    Some(Pattern),
    /// `some E{…} after m`: since the record of this name was sent.
    After(Pattern, Text),
    /// `no E{…}`.
    No(Pattern),
    /// `count E{…} = 3`.
    Count(Pattern, Compare, u64),
    /// `time E{…} < 10s`: when it happened first; false when it did not.
    Time(Pattern, Compare, Micros),
    /// `E1 before E2`: both happened, and the first E1 before the first E2.
    Before(Pattern, Pattern),
    /// `no lost`: of no record the application was told success while the leader's log lacks it.
    NoneLost,
    /// `no duplicated`: no record stands twice in a leader's log.
    NoneDuplicated,
    /// `inOrder`: per producer and key, log order is send order.
    InOrder,
    /// `leaderless(orders-0) < 5s`: the longest time that its leader was not up.
    Leaderless(TopicPartition, Compare, Micros),
    /// `b1.up`, `zk.up`, `web.up`: a process exists.
    Up(Text),
    /// `orders exists`.
    Exists(TopicName),
    /// `zk[/controller]`: the znode exists.
    Znode(Text),
    /// `controller = b1`, `controller = none`.
    Controller(Option<BrokerId>),
    /// `orders-0.leader = b1`, `orders-0.leader = none`.
    Leader(TopicPartition, Option<BrokerId>),
    /// `orders-0.replicas = b1>b2>b3`, in assignment order.
    Replicas(TopicPartition, Vec<BrokerId>),
    /// `orders-0.isr = b1>b2`, in any order; empty is `none`.
    Isr(TopicPartition, Vec<BrokerId>),
    /// `orders-0.segments(b1) = 0>17`: where its segments begin.
    Segments(TopicPartition, BrokerId, Vec<u64>),
    /// `orders-0.log(b1) = m1>m2`: values of its records, oldest first; empty is `none`.
    Log(TopicPartition, BrokerId, Vec<Text>),
    /// `billing.state = Stable`, `billing.coord = b2`, `billing.assign(c1) = t-0>t-1`.
    Group(Text, GroupQuestion),
    /// `acked(m)`, `lost(m)`, `acks(m) = 1`: of the newest record of this value.
    Record(Text, RecordQuestion),
    /// `app.seen(m)`, `app.done(m)`: a consumer's application was given the record, is done with it.
    Read(Text, Reading, Text),
    /// `file(b1, t-0/00000000000000000000.log)`: a file of a broker's log directory; a star at the end
    /// stands for any rest.
    File(BrokerId, Text),
    /// `web.acked >= 10`.
    Number(Quantity, Compare, i64),
}

/// What can be asked of a group, beside numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupQuestion {
    /// Its state, by Kafka's name; `none` when nobody has such a group.
    State(Text),
    /// Who coordinates it.
    Coordinator(Option<BrokerId>),
    /// The partitions of a member, a consumer program, in any order; empty is `none`.
    Assignment(Text, Vec<TopicPartition>),
}

/// What can be asked of a single record that an application sent, beside numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordQuestion {
    /// `acks(m) = 1`: the producer's `acks` when it took the record.
    Acks(Acks),
    /// `acked(m)`: the application was told success.
    Acked,
    /// `result(m) = acked(-1)`: what the application was told.
    Result(Told),
    /// `settled(m)`: the application was told, somebody leads the partition, and no request that may
    /// carry the record is on its way.
    Settled,
    /// `lost(m)`: settled and acked, and the leader lacks it.
    Lost,
}

/// A number of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// `orders.n`: partitions; 0 when there is no such topic.
    Partitions(TopicName),
    /// `orders.rf`: replicas of its first partition.
    ReplicationFactor(TopicName),
    /// `orders-0.epoch`, `.hw`, `.start`: of its leader.
    Partition(TopicPartition, PartitionField),
    /// `orders-0.leo(b1)`.
    LogEnd(TopicPartition, BrokerId),
    /// `web.sent`, `web.acked`, `web.failed`, `app.received`.
    Client(Text, ClientField),
    /// `app.pos(orders-0)`: next offset that the consumer asks for.
    Position(Text, TopicPartition),
    /// `billing.gen`: the group's generation.
    Generation(Text),
    /// `billing.members`.
    Members(Text),
    /// `billing.committed(orders-0)`.
    Committed(Text, TopicPartition),
    /// `billing.lag(orders-0)`: from the committed offset to the high watermark.
    Lag(Text, TopicPartition),
    /// `copies(m)`: how often the value `m` stands in leaders' logs.
    Copies(Text),
    /// `offset(m)`: the offset that the application was told; −1 with acks=0.
    Offset(Text),
    /// `majority(orders-0)`: the log end offset that more than half of the replicas have reached.
    Majority(TopicPartition),
    /// `backlog(app)`: committed records that the consumer's application is not done with.
    Backlog(Text),
}

/// A number of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionField {
    /// Its leader epoch.
    Epoch,
    /// Its high watermark.
    HighWatermark,
    /// Its leader's first offset.
    Start,
}

/// A number of a client program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientField {
    /// Records that a producer took.
    Sent,
    /// Of these, told success.
    Acked,
    /// Of these, told failure.
    Failed,
    /// Records that a consumer's application got.
    Received,
    /// Records that it is done with.
    Done,
}

/// How two things are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `=`
    Is,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Compare {
    /// Its sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Compare::Is => "=",
            Compare::Less => "<",
            Compare::AtMost => "<=",
            Compare::More => ">",
            Compare::AtLeast => ">=",
        }
    }

    /// Whether `a` stands in this relation to `b`.
    #[must_use]
    pub fn holds<T: Ord>(self, a: &T, b: &T) -> bool {
        match self {
            Compare::Is => a == b,
            Compare::Less => a < b,
            Compare::AtMost => a <= b,
            Compare::More => a > b,
            Compare::AtLeast => a >= b,
        }
    }
}

/// Events of one kind with these values in these fields: `LeaderElected{partition=orders-0, leader=b1|b2}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The event's kind, as the engine names it.
    pub event: Text,
    /// Fields and the values that they may have, written as [`fields`] writes them. `node` is the host
    /// on which it happened.
    pub fields: Vec<(Text, Vec<Text>)>,
}

impl Predicate {
    /// The patterns within it, in the order of their writing.
    #[must_use]
    pub fn patterns(&self) -> Vec<&Pattern> {
        match self {
            Predicate::Not(inner) => inner.patterns(),
            Predicate::Some(pattern)
            | Predicate::After(pattern, _)
            | Predicate::No(pattern)
            | Predicate::Count(pattern, ..)
            | Predicate::Time(pattern, ..) => vec![pattern],
            Predicate::Before(first, then) => vec![first, then],
            _ => Vec::new(),
        }
    }

    /// Whether it asks about the record of this name.
    #[must_use]
    pub fn is_about(&self, record: &str) -> bool {
        match self {
            Predicate::Not(inner) => inner.is_about(record),
            Predicate::After(_, name)
            | Predicate::Record(name, _)
            | Predicate::Read(_, _, name)
            | Predicate::Number(Quantity::Copies(name) | Quantity::Offset(name), ..) => {
                **name == *record
            }
            _ => false,
        }
    }
}
