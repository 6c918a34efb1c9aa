//! What `StickyAssignor` sends of a member's last assignment: per topic its partitions, and since version 1
//! the generation. The version is not told: what cannot be read as version 1 is read as version 0.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::engine::assignor::consumer_protocol::{Reader, write_text};
use crate::engine::assignor::java;
use crate::engine::ids::{PartitionId, TopicName, TopicPartition};

/// Version 1, topics in the order of Java's hash map (`serializeTopicPartitionAssignment`).
#[must_use]
pub fn write(assigned: &[TopicPartition], generation: i32) -> Bytes {
    let mut topics: BTreeMap<&TopicName, Vec<i32>> = BTreeMap::new();
    for tp in assigned {
        topics.entry(&tp.topic).or_default().push(tp.partition.0);
    }
    let order = java::computed(assigned.iter().map(|tp| tp.topic.as_str()));
    let mut bytes = Vec::new();
    bytes.extend((order.len() as u32).to_be_bytes());
    for place in order {
        let topic = &assigned[place as usize].topic;
        write_text(&mut bytes, topic.as_str());
        bytes.extend((topics[topic].len() as u32).to_be_bytes());
        topics[topic].iter().for_each(|partition| bytes.extend(partition.to_be_bytes()));
    }
    bytes.extend(generation.to_be_bytes());
    bytes.into()
}

/// The partitions and the generation; `None` when it is neither version.
#[must_use]
pub fn read(bytes: &Bytes) -> Option<(Vec<TopicPartition>, Option<i32>)> {
    let mut reader = Reader(bytes);
    let mut partitions = Vec::new();
    for _ in 0..reader.count()? {
        let topic = TopicName::new(reader.text()?);
        for _ in 0..reader.count()? {
            partitions.push(TopicPartition::new(&topic, PartitionId(reader.i32()?)));
        }
    }
    Some((partitions, reader.i32()))
}
