//! Names of things, as newtypes, so that no signature holds a bare integer.
//!
//! Plain data, ordered and serialisable: events, commands and messages are built of these. Text is
//! shared (`Rc<str>`), so copying a name costs a counter.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

/// Shared immutable text: names, keys and values that travel through events.
pub type Text = Rc<str>;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// `broker.id` of a broker; the hosts of a world are `b1`, `b2`, …
    BrokerId(i32)
);
number!(
    /// A client program of the world, in order of creation from 0.
    ClientId(u16)
);
number!(
    /// Number of a partition within its topic, from 0.
    PartitionId(i32)
);
number!(
    /// Position of a record in a partition's log, from 0. Exclusive ends: LEO is the next offset to write.
    Offset(i64)
);
number!(
    /// Number of a leader's reign over a partition; rises by one at each election (KIP-101).
    LeaderEpoch(i32)
);
number!(
    /// Version of a partition's state: the zkVersion of its `state` znode (KIP-497).
    PartitionEpoch(i32)
);
number!(
    /// Number of a controller's reign, held in `/controller_epoch`.
    ControllerEpoch(i32)
);
number!(
    /// A registration of a broker: the transaction that made its znode (czxid, KIP-380). Later ones are
    /// greater.
    BrokerEpoch(i64)
);
number!(
    /// ZooKeeper session number.
    SessionId(i64)
);
number!(
    /// Ordinal of an event in its world, from 0. A message is known by the id of its `MessageSent` event.
    EventId(u64)
);
number!(
    /// Number that pairs a response with its request on one connection.
    CorrelationId(u32)
);

impl BrokerEpoch {
    /// "No registration": never stale (`RequestConstants.UnknownBrokerEpoch`).
    pub const UNKNOWN: BrokerEpoch = BrokerEpoch(-1);
}

impl LeaderEpoch {
    /// "No epoch": the value Kafka sends where none is known.
    pub const NONE: LeaderEpoch = LeaderEpoch(-1);
    /// What StopReplica names when the topic goes: reigns do not count (`EpochDuringDelete`).
    pub const DURING_DELETE: LeaderEpoch = LeaderEpoch(-2);
    /// What StopReplica names when there is no state (`NoEpoch`).
    pub const UNKNOWN: LeaderEpoch = LeaderEpoch(-3);
}

impl Offset {
    /// "No offset": the value Kafka answers when nothing was appended.
    pub const NONE: Offset = Offset(-1);

    /// This offset moved by `records`.
    #[must_use]
    pub fn plus(self, records: i64) -> Offset {
        Offset(self.0 + records)
    }
}

/// A host and the one process on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NodeId {
    /// The ZooKeeper server, `zk`.
    Zookeeper,
    /// A Kafka server, `b1`, `b2`, …
    Broker(BrokerId),
    /// A client program; its name is in the world's client table.
    Client(ClientId),
}

impl NodeId {
    /// The broker id, when this is a broker.
    #[must_use]
    pub fn broker(self) -> Option<BrokerId> {
        match self {
            NodeId::Broker(id) => Some(id),
            _ => None,
        }
    }

    /// The client id, when this is a client program.
    #[must_use]
    pub fn client(self) -> Option<ClientId> {
        match self {
            NodeId::Client(id) => Some(id),
            _ => None,
        }
    }
}

/// Prints `zk`, `b1` or `client0`; client names are resolved by whoever has the world.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeId::Zookeeper => f.write_str("zk"),
            NodeId::Broker(id) => write!(f, "b{id}"),
            NodeId::Client(id) => write!(f, "client{id}"),
        }
    }
}

/// Name of a topic: `[a-zA-Z0-9._-]{1,249}`, not `.` or `..`.
///
/// Maps are keyed by it and every request names topics, so names that were made lately share their
/// text: to compare two is mostly to compare two pointers.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
pub struct TopicName(pub Text);

/// How many names are remembered to be shared, at most.
const SHARED_NAMES: usize = 64;

thread_local! {
    /// Texts by a number made of their bytes. It decides nothing but which equal texts are one.
    static SHARED: RefCell<[Option<Text>; SHARED_NAMES]> = const { RefCell::new([const { None }; SHARED_NAMES]) };
}

impl PartialEq for TopicName {
    #[inline]
    fn eq(&self, other: &TopicName) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl PartialOrd for TopicName {
    fn partial_cmp(&self, other: &TopicName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TopicName {
    #[inline]
    fn cmp(&self, other: &TopicName) -> Ordering {
        if Rc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl TopicName {
    /// A name from text; validity is the broker's to judge, at creation.
    #[must_use]
    pub fn new(name: &str) -> TopicName {
        let mix = |sum: usize, byte: &u8| sum.wrapping_mul(31).wrapping_add(usize::from(*byte));
        let place = name.as_bytes().iter().fold(0, mix) % SHARED_NAMES;
        SHARED.with_borrow_mut(|shared| match &mut shared[place] {
            Some(text) if **text == *name => TopicName(text.clone()),
            other => TopicName(other.insert(name.into()).clone()),
        })
    }

    /// The text of the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One partition of one topic, printed as its directory is named: `orders-0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition within it.
    pub partition: PartitionId,
}

impl TopicPartition {
    /// `topic-partition`.
    #[must_use]
    pub fn new(topic: &TopicName, partition: PartitionId) -> TopicPartition {
        TopicPartition { topic: topic.clone(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// 128 bits as Kafka prints ids: URL-safe base64 without padding, 22 characters (Kafka's `Uuid`).
#[must_use]
pub fn base64(bits: u128) -> String {
    let digit =
        |shift: u32| char::from(ALPHABET[usize::try_from((bits >> shift) & 63).unwrap_or(0)]);
    let mut text: String = (0..21).map(|index| digit(122 - 6 * index)).collect();
    // The last two bits stand at the top of the last digit.
    text.push(char::from(ALPHABET[usize::try_from((bits & 3) << 4).unwrap_or(0)]));
    text
}

/// The bits of such a text; `None` when it is not one.
#[must_use]
pub fn read_base64(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 22 {
        return None;
    }
    let mut bits = 0_u128;
    for byte in &bytes[..21] {
        bits = bits << 6 | value(*byte)?;
    }
    Some(bits << 2 | value(bytes[21])? >> 4)
}

fn value(digit: u8) -> Option<u128> {
    ALPHABET.iter().position(|known| *known == digit).map(|index| index as u128)
}
