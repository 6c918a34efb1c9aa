//! What a record of `__consumer_offsets` says: keys and values in Kafka's own schemas
//! (`OffsetCommitKey` 1, `OffsetCommitValue` 3, `GroupMetadataKey` 2, `GroupMetadataValue` 3; older
//! versions are read too).
//!
//! Every key and value begins with its version, two bytes. A key of version 0 or 1 is a committed
//! offset's, one of version 2 a group's; others are passed over. A null value is a tombstone.

use bytes::Bytes;

use crate::engine::group::offsets::Committed;
use crate::engine::ids::{Offset, PartitionId, Text, TopicName, TopicPartition};

const OFFSET_KEY: i16 = 1;
const OFFSET_VALUE: i16 = 3;
/// A commit that names its own retention is written so, as before 2.1.
const OFFSET_VALUE_WITH_EXPIRY: i16 = 1;
const GROUP_KEY: i16 = 2;
const GROUP_VALUE: i16 = 3;

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The offset that a group committed for a partition.
    Offset(Text, TopicPartition),
    /// The group itself.
    Group(Text),
}

/// A group as it is written (`GroupMetadataValue`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGroup {
    /// `consumer`; empty for a group that nobody joined.
    pub protocol_type: Text,
    /// The generation.
    pub generation: i32,
    /// The protocol that it chose; none when it is empty.
    pub protocol: Option<Text>,
    /// Its leader's member id.
    pub leader: Option<Text>,
    /// When its state changed last, in ms since 1970; −1 when nobody wrote it down.
    pub state_since_ms: i64,
    /// Its members.
    pub members: Vec<StoredMember>,
}

/// A member as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMember {
    /// Its id.
    pub id: Text,
    /// `group.instance.id`.
    pub instance: Option<Text>,
    /// `client.id`.
    pub client_id: Text,
    /// Its address.
    pub client_host: Text,
    /// Its rebalance timeout, in ms.
    pub rebalance_timeout_ms: i32,
    /// Its session timeout, in ms.
    pub session_timeout_ms: i32,
    /// What it told with the protocol that was chosen.
    pub subscription: Bytes,
    /// What it was given.
    pub assignment: Bytes,
}

/// The key of a committed offset.
#[must_use]
pub fn offset_key(group: &str, partition: &TopicPartition) -> Vec<u8> {
    let mut bytes = OFFSET_KEY.to_be_bytes().to_vec();
    put_text(&mut bytes, group);
    put_text(&mut bytes, partition.topic.as_str());
    bytes.extend_from_slice(&partition.partition.0.to_be_bytes());
    bytes
}

/// The key of a group.
#[must_use]
pub fn group_key(group: &str) -> Vec<u8> {
    let mut bytes = GROUP_KEY.to_be_bytes().to_vec();
    put_text(&mut bytes, group);
    bytes
}

/// The value of a committed offset.
#[must_use]
pub fn offset_value(committed: &Committed) -> Vec<u8> {
    let version =
        if committed.expires_ms.is_some() { OFFSET_VALUE_WITH_EXPIRY } else { OFFSET_VALUE };
    let mut bytes = version.to_be_bytes().to_vec();
    bytes.extend_from_slice(&committed.offset.0.to_be_bytes());
    if version == OFFSET_VALUE {
        bytes.extend_from_slice(&committed.leader_epoch.to_be_bytes());
    }
    put_text(&mut bytes, &committed.metadata);
    bytes.extend_from_slice(&committed.at_ms.to_be_bytes());
    if let Some(expires) = committed.expires_ms {
        bytes.extend_from_slice(&expires.to_be_bytes());
    }
    bytes
}

/// The value of a group.
#[must_use]
pub fn group_value(group: &StoredGroup) -> Vec<u8> {
    let mut bytes = GROUP_VALUE.to_be_bytes().to_vec();
    put_text(&mut bytes, &group.protocol_type);
    bytes.extend_from_slice(&group.generation.to_be_bytes());
    put_nullable(&mut bytes, group.protocol.as_deref());
    put_nullable(&mut bytes, group.leader.as_deref());
    bytes.extend_from_slice(&group.state_since_ms.to_be_bytes());
    bytes.extend_from_slice(&count(group.members.len()).to_be_bytes());
    for member in &group.members {
        put_text(&mut bytes, &member.id);
        put_nullable(&mut bytes, member.instance.as_deref());
        put_text(&mut bytes, &member.client_id);
        put_text(&mut bytes, &member.client_host);
        bytes.extend_from_slice(&member.rebalance_timeout_ms.to_be_bytes());
        bytes.extend_from_slice(&member.session_timeout_ms.to_be_bytes());
        put_bytes(&mut bytes, &member.subscription);
        put_bytes(&mut bytes, &member.assignment);
    }
    bytes
}

/// What a key is about; `None` when it is of a version that nobody knows here
/// (`GroupMetadataManager.readMessageKey`).
#[must_use]
pub fn read_key(bytes: &[u8]) -> Option<Key> {
    let mut rest = bytes;
    match take_i16(&mut rest)? {
        0 | OFFSET_KEY => {
            let group = take_text(&mut rest)?;
            let topic = TopicName::new(&take_text(&mut rest)?);
            let partition = PartitionId(take_i32(&mut rest)?);
            Some(Key::Offset(group, TopicPartition { topic, partition }))
        }
        GROUP_KEY => Some(Key::Group(take_text(&mut rest)?)),
        _ => None,
    }
}

/// A committed offset from its value (`readOffsetMessageValue`).
#[must_use]
pub fn read_offset(bytes: &[u8]) -> Option<Committed> {
    let mut rest = bytes;
    let version = take_i16(&mut rest)?;
    if !(0..=OFFSET_VALUE).contains(&version) {
        return None;
    }
    let offset = Offset(take_i64(&mut rest)?);
    let leader_epoch = if version == OFFSET_VALUE { take_i32(&mut rest)? } else { -1 };
    let metadata = take_text(&mut rest)?;
    let at_ms = take_i64(&mut rest)?;
    let expires = if version == OFFSET_VALUE_WITH_EXPIRY { take_i64(&mut rest)? } else { -1 };
    let expires_ms = (expires != -1).then_some(expires);
    Some(Committed { offset, leader_epoch, metadata, at_ms, expires_ms })
}

/// A group from its value (`readGroupMessageValue`).
#[must_use]
pub fn read_group(bytes: &[u8]) -> Option<StoredGroup> {
    let mut rest = bytes;
    let version = take_i16(&mut rest)?;
    if !(0..=GROUP_VALUE).contains(&version) {
        return None;
    }
    let protocol_type = take_text(&mut rest)?;
    let generation = take_i32(&mut rest)?;
    let protocol = take_nullable(&mut rest)?;
    let leader = take_nullable(&mut rest)?;
    let state_since_ms = if version >= 2 { take_i64(&mut rest)? } else { -1 };
    let mut members = Vec::new();
    for _ in 0..take_i32(&mut rest)? {
        members.push(read_member(&mut rest, version)?);
    }
    Some(StoredGroup { protocol_type, generation, protocol, leader, state_since_ms, members })
}

fn read_member(rest: &mut &[u8], version: i16) -> Option<StoredMember> {
    let id = take_text(rest)?;
    let instance = if version >= 3 { take_nullable(rest)? } else { None };
    let client_id = take_text(rest)?;
    let client_host = take_text(rest)?;
    let rebalance = if version >= 1 { Some(take_i32(rest)?) } else { None };
    let session_timeout_ms = take_i32(rest)?;
    Some(StoredMember {
        id,
        instance,
        client_id,
        client_host,
        rebalance_timeout_ms: rebalance.unwrap_or(session_timeout_ms),
        session_timeout_ms,
        subscription: take_bytes(rest)?,
        assignment: take_bytes(rest)?,
    })
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let length = i16::try_from(text.len()).unwrap_or(i16::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_nullable(bytes: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => put_text(bytes, text),
        None => bytes.extend_from_slice(&(-1_i16).to_be_bytes()),
    }
}

fn put_bytes(bytes: &mut Vec<u8>, content: &[u8]) {
    bytes.extend_from_slice(&count(content.len()).to_be_bytes());
    bytes.extend_from_slice(content);
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn take_i16(rest: &mut &[u8]) -> Option<i16> {
    take(rest, 2)?.try_into().ok().map(i16::from_be_bytes)
}

fn take_i32(rest: &mut &[u8]) -> Option<i32> {
    take(rest, 4)?.try_into().ok().map(i32::from_be_bytes)
}

fn take_i64(rest: &mut &[u8]) -> Option<i64> {
    take(rest, 8)?.try_into().ok().map(i64::from_be_bytes)
}

fn take_text(rest: &mut &[u8]) -> Option<Text> {
    take_nullable(rest)?
}

fn take_nullable(rest: &mut &[u8]) -> Option<Option<Text>> {
    let length = take_i16(rest)?;
    if length < 0 {
        return Some(None);
    }
    let bytes = take(rest, usize::try_from(length).ok()?)?;
    Some(Some(String::from_utf8_lossy(bytes).as_ref().into()))
}

fn take_bytes(rest: &mut &[u8]) -> Option<Bytes> {
    let length = usize::try_from(take_i32(rest)?).ok()?;
    take(rest, length).map(Bytes::copy_from_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(expires_ms: Option<i64>) -> Committed {
        let metadata = "where I was".into();
        Committed { offset: Offset(7), leader_epoch: 3, metadata, at_ms: 99, expires_ms }
    }

    fn orders() -> TopicPartition {
        TopicPartition::new(&TopicName::new("orders"), PartitionId(2))
    }

    #[test]
    fn a_committed_offset_is_written_in_kafkas_bytes() {
        let key = offset_key("g", &orders());
        assert_eq!(key, b"\x00\x01\x00\x01g\x00\x06orders\x00\x00\x00\x02");
        assert_eq!(read_key(&key), Some(Key::Offset("g".into(), orders())));
        let value = offset_value(&committed(None));
        assert_eq!(value[..14], *b"\x00\x03\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x03");
        assert_eq!(read_offset(&value), Some(committed(None)));
    }

    #[test]
    fn a_commit_with_a_retention_of_its_own_is_written_as_before_2_1() {
        let value = offset_value(&committed(Some(500)));
        let read = read_offset(&value).expect("it was just written");
        assert_eq!(read, Committed { leader_epoch: -1, ..committed(Some(500)) });
    }

    #[test]
    fn a_group_is_read_as_it_was_written() {
        let member = StoredMember {
            id: "c1-x".into(),
            instance: Some("one".into()),
            client_id: "c1".into(),
            client_host: "/127.0.0.1".into(),
            rebalance_timeout_ms: 300_000,
            session_timeout_ms: 45_000,
            subscription: Bytes::from_static(b"sub"),
            assignment: Bytes::new(),
        };
        let group = StoredGroup {
            protocol_type: "consumer".into(),
            generation: 4,
            protocol: Some("range".into()),
            leader: Some("c1-x".into()),
            state_since_ms: 12,
            members: vec![member],
        };
        assert_eq!(read_group(&group_value(&group)), Some(group.clone()));
        assert_eq!(read_key(&group_key("g")), Some(Key::Group("g".into())));
    }

    #[test]
    fn keys_of_unknown_versions_and_torn_ones_are_passed_over() {
        assert_eq!(read_key(b"\x00\x09\x00\x01g"), None);
        assert_eq!(read_key(b"\x00\x02\x00\x05g"), None);
    }
}
