//! A member of a group (`MemberMetadata`).

use bytes::Bytes;

use crate::engine::group::Asker;
use crate::engine::ids::Text;

/// A member.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its id, which the coordinator gave it.
    pub id: Text,
    /// `group.instance.id`: a static member has one (KIP-345).
    pub instance: Option<Text>,
    /// `client.id`.
    pub client_id: Text,
    /// Its address.
    pub client_host: Text,
    /// How long a rebalance waits for it, in ms: `max.poll.interval.ms`.
    pub rebalance_timeout_ms: i32,
    /// Silence after which it is taken for dead, in ms: `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `consumer`.
    pub protocol_type: Text,
    /// The protocols that it can take part in, the one that it likes most first, with what it tells
    /// in each.
    pub protocols: Vec<(Text, Bytes)>,
    /// What it was given.
    pub assignment: Bytes,
    /// Its JoinGroup that waits for the others.
    pub awaiting_join: Option<Asker>,
    /// Its SyncGroup that waits for the leader's.
    pub awaiting_sync: Option<Asker>,
    /// Whether it has not seen a generation yet: then it does not send heartbeats.
    pub is_new: bool,
}

impl Member {
    /// What it tells in a protocol; nothing when it does not know it.
    #[must_use]
    pub fn metadata(&self, protocol: &str) -> Bytes {
        let told = self.protocols.iter().find(|(name, _)| **name == *protocol);
        told.map_or_else(Bytes::new, |(_, metadata)| metadata.clone())
    }

    /// Whether these protocols are what it told before.
    #[must_use]
    pub fn matches(&self, protocols: &[(Text, Bytes)]) -> bool {
        self.protocols == protocols
    }

    /// Whether silence is no sign of death now: it waits for an answer itself
    /// (`MemberMetadata.hasSatisfiedHeartbeat`).
    #[must_use]
    pub fn is_excused(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }
}
