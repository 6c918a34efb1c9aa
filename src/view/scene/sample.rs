//! Sample clusters for the tests of geometry.

use crate::engine::command::Acks;
use crate::engine::ids::{
    BrokerId, ClientId, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition,
};
use crate::engine::program::PartitionPosition;
use crate::engine::time::Micros;
use crate::view::cluster::{
    BrokerView, ClusterView, ConsumerView, DiskView, PartitionView, ProcessState, ProducerView,
    ReplicaView, Role, SegmentView, TopicView, ZookeeperView,
};

/// A cluster of so many of each, every partition with three replicas of eight records.
pub fn cluster(brokers: i32, partitions: i32, producers: u16, consumers: u16) -> ClusterView {
    let topic = TopicName::new("orders");
    ClusterView {
        now: Micros::from_secs(42),
        controller: Some(BrokerId(1)),
        zookeeper: ZookeeperView {
            state: ProcessState::Running,
            broker_ids: (1..=brokers).map(BrokerId).collect(),
            disk: DiskView::default(),
        },
        brokers: (1..=brokers).map(broker).collect(),
        topics: vec![TopicView {
            name: topic.clone(),
            configs: Vec::new(),
            partitions: (0..partitions).map(|p| partition(&topic, p, brokers)).collect(),
        }],
        producers: (0..producers).map(|id| producer(&topic, id, partitions)).collect(),
        consumers: (0..consumers).map(|id| consumer(&topic, 100 + id, partitions)).collect(),
        ..ClusterView::default()
    }
}

fn broker(id: i32) -> BrokerView {
    BrokerView {
        id: BrokerId(id),
        state: ProcessState::Running,
        since: Micros::ZERO,
        is_controller: id == 1,
        leads: 1,
        unflushed_bytes: 4_096,
        disk_bytes: 9_000,
        disks: Vec::new(),
    }
}

fn partition(topic: &TopicName, p: i32, brokers: i32) -> PartitionView {
    let ids: Vec<BrokerId> = (0..3).map(|k| BrokerId((p + k) % brokers + 1)).collect();
    let replica = |(k, id): (usize, &BrokerId)| replica(*id, k == 0, 8, 6);
    PartitionView {
        partition: TopicPartition::new(topic, PartitionId(p)),
        leader: Some(ids[0]),
        leader_epoch: LeaderEpoch(0),
        partition_epoch: Default::default(),
        high_watermark: Offset(6),
        replicas: ids.iter().enumerate().map(replica).collect(),
        isr: ids,
    }
}

/// A replica with records `0..end` and this high watermark.
pub fn replica(broker: BrokerId, leads: bool, end: i64, hw: i64) -> ReplicaView {
    ReplicaView {
        broker,
        role: if leads { Role::Leader } else { Role::Follower },
        in_isr: true,
        log_start_offset: Offset(0),
        log_end_offset: Offset(end),
        high_watermark: Offset(hw),
        epochs: vec![(LeaderEpoch(0), Offset(0))],
        segments: vec![SegmentView {
            base: Offset(0),
            end: Offset(end),
            bytes: 500,
            flushed_bytes: 0,
            index_entries: 0,
        }],
    }
}

fn producer(topic: &TopicName, id: u16, partitions: i32) -> ProducerView {
    ProducerView {
        id: ClientId(id),
        name: format!("web{id}").into(),
        state: ProcessState::Running,
        topic: topic.clone(),
        acks: Acks::All,
        rate: 0,
        queued: (0..partitions).map(|p| (PartitionId(p), 2)).collect(),
        in_flight: 0,
        sent: 0,
        acked: 0,
        failed: 0,
    }
}

fn consumer(topic: &TopicName, id: u16, partitions: i32) -> ConsumerView {
    ConsumerView {
        id: ClientId(id),
        name: format!("reports{id}").into(),
        state: ProcessState::Running,
        topic: topic.clone(),
        follows: topic.as_str().into(),
        positions: (0..partitions)
            .map(|p| PartitionPosition {
                partition: TopicPartition::new(topic, PartitionId(p)),
                offset: Offset(6),
                lag: None,
                paused: false,
            })
            .collect(),
        received: 6,
        newest: Vec::new(),
        member: None,
    }
}
