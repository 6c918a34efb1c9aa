//! The bytes in which members of a consumer group say what they want and hear what they get
//! (`ConsumerProtocol`; ConsumerProtocolSubscription and ConsumerProtocolAssignment, versions 0 to 3).
//!
//! The coordinator carries them and never looks into them. A version above 3 is read as 3.

use bytes::Bytes;

use crate::engine::assignor::java;
use crate::engine::assignor::{Assignment, Subscription};
use crate::engine::ids::{PartitionId, TopicName, TopicPartition};

/// The protocol type that JoinGroup names.
pub const PROTOCOL_TYPE: &str = "consumer";
/// The version that a Kafka 3.9 client writes.
pub const HIGHEST_VERSION: i16 = 3;

/// A subscription's bytes, topics and owned partitions sorted (`serializeSubscription`).
#[must_use]
pub fn write_subscription(subscription: &Subscription, version: i16) -> Bytes {
    let version = version.min(HIGHEST_VERSION);
    let mut bytes = version.to_be_bytes().to_vec();
    let mut topics: Vec<&TopicName> = subscription.topics.iter().collect();
    topics.sort_by(|one, other| java::compare(one.as_str(), other.as_str()));
    write_count(&mut bytes, topics.len());
    topics.iter().for_each(|topic| write_text(&mut bytes, topic.as_str()));
    write_bytes(&mut bytes, subscription.user_data.as_ref());
    if version >= 1 {
        let mut owned: Vec<&TopicPartition> = subscription.owned.iter().collect();
        owned.sort_by(|one, other| {
            let topics = java::compare(one.topic.as_str(), other.topic.as_str());
            topics.then(one.partition.cmp(&other.partition))
        });
        write_partitions(&mut bytes, &owned);
    }
    if version >= 2 {
        bytes.extend(subscription.generation.unwrap_or(-1).to_be_bytes());
    }
    if version >= 3 {
        match &subscription.rack {
            Some(rack) => write_text(&mut bytes, rack),
            None => bytes.extend((-1_i16).to_be_bytes()),
        }
    }
    bytes.into()
}

/// Reads a subscription; the instance id is not in it. `None`: not one (`SchemaException`).
#[must_use]
pub fn read_subscription(bytes: &Bytes) -> Option<Subscription> {
    let mut reader = Reader(bytes);
    let version = reader.version()?;
    let mut read = Subscription::default();
    for _ in 0..reader.count()? {
        read.topics.push(TopicName::new(reader.text()?));
    }
    read.user_data = reader.bytes()?;
    if version >= 1 {
        read.owned = reader.partitions()?;
    }
    if version >= 2 {
        read.generation = Some(reader.i32()?).filter(|generation| *generation >= 0);
    }
    if version >= 3 {
        read.rack = reader.nullable_text()?.filter(|rack| !rack.is_empty()).map(Into::into);
    }
    Some(read)
}

/// An assignment's bytes, topics in the order in which they first occur (`serializeAssignment`).
#[must_use]
pub fn write_assignment(assignment: &Assignment, version: i16) -> Bytes {
    let mut bytes = version.min(HIGHEST_VERSION).to_be_bytes().to_vec();
    let mut topics: Vec<&TopicName> = Vec::new();
    for tp in &assignment.partitions {
        if !topics.contains(&&tp.topic) {
            topics.push(&tp.topic);
        }
    }
    let mut grouped: Vec<&TopicPartition> = assignment.partitions.iter().collect();
    grouped.sort_by_key(|tp| topics.iter().position(|topic| **topic == tp.topic));
    write_partitions(&mut bytes, &grouped);
    write_bytes(&mut bytes, assignment.user_data.as_ref());
    bytes.into()
}

/// Reads an assignment. `None`: not one; nothing at all is one without partitions, as a member gets it
/// that its leader forgot.
#[must_use]
pub fn read_assignment(bytes: &Bytes) -> Option<Assignment> {
    let mut reader = Reader(bytes);
    reader.version()?;
    let partitions = reader.partitions()?;
    Some(Assignment { partitions, user_data: reader.bytes()? })
}

fn write_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(i32::try_from(count).unwrap_or(i32::MAX).to_be_bytes());
}

/// A string with its length in two bytes.
pub(super) fn write_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(i16::try_from(text.len()).unwrap_or(i16::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn write_bytes(bytes: &mut Vec<u8>, data: Option<&Bytes>) {
    match data {
        Some(data) => {
            write_count(bytes, data.len());
            bytes.extend(data);
        }
        None => bytes.extend((-1_i32).to_be_bytes()),
    }
}

/// Topics with their partitions; those of one topic stand together in `partitions`.
fn write_partitions(bytes: &mut Vec<u8>, partitions: &[&TopicPartition]) {
    let topics = || partitions.chunk_by(|one, other| one.topic == other.topic);
    write_count(bytes, topics().count());
    for topic in topics() {
        write_text(bytes, topic[0].topic.as_str());
        write_count(bytes, topic.len());
        topic.iter().for_each(|tp| bytes.extend(tp.partition.0.to_be_bytes()));
    }
}

/// Takes values off the front; `None` where the bytes end within one.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(*self.take(2)?.first_chunk()?))
    }

    /// Four bytes.
    pub fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(*self.take(4)?.first_chunk()?))
    }

    /// How many follow: not below none, and not more than there are bytes.
    pub fn count(&mut self) -> Option<i32> {
        let count = self.i32()?;
        let fits = usize::try_from(count).is_ok_and(|count| count <= self.0.len());
        fits.then_some(count)
    }

    /// A string that is there.
    pub fn text(&mut self) -> Option<&'a str> {
        self.nullable_text()?
    }

    fn nullable_text(&mut self) -> Option<Option<&'a str>> {
        let length = self.i16()?;
        if length < 0 {
            return Some(None);
        }
        let bytes = self.take(usize::try_from(length).ok()?)?;
        Some(Some(std::str::from_utf8(bytes).ok()?))
    }

    fn bytes(&mut self) -> Option<Option<Bytes>> {
        let length = self.i32()?;
        if length < 0 {
            return Some(None);
        }
        let bytes = self.take(usize::try_from(length).ok()?)?;
        Some(Some(Bytes::copy_from_slice(bytes)))
    }

    fn partitions(&mut self) -> Option<Vec<TopicPartition>> {
        let mut partitions = Vec::new();
        for _ in 0..self.count()? {
            let topic = TopicName::new(self.text()?);
            for _ in 0..self.count()? {
                partitions.push(TopicPartition::new(&topic, PartitionId(self.i32()?)));
            }
        }
        Some(partitions)
    }

    fn version(&mut self) -> Option<i16> {
        self.i16().filter(|version| *version >= 0)
    }
}
