//! Sample clusters for the tests of geometry.

use crate::engine::command::Acks;
use crate::engine::event::GroupState;
use crate::engine::ids::{
    BrokerId, ClientId, LeaderEpoch, Offset, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::program::PartitionPosition;
use crate::engine::time::Micros;
use crate::view::cluster::{
    BrokerView, ClusterView, ConsumerView, DiskView, MemberOf, PartitionView, ProcessState,
    ProducerView, ReplicaView, Role, SegmentView, TopicView, ZookeeperView,
};
use crate::view::group::{Doing, GroupPartition, GroupView, MemberView};

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

/// The same with its consumers in groups of these sizes, each with all partitions of its first member.
pub fn with_groups(mut view: ClusterView, sizes: &[usize]) -> ClusterView {
    let partitions = view.topics[0].partitions.clone();
    let total: usize = sizes.iter().sum();
    let count = i32::try_from(partitions.len()).expect("few");
    let first = u16::try_from(view.consumers.len()).expect("few");
    for place in 0..total {
        let id = 200 + first + u16::try_from(place).expect("few");
        view.consumers.push(consumer(&view.topics[0].name, id, count));
    }
    let mut next = usize::from(first);
    for (n, size) in sizes.iter().enumerate() {
        let id: Text = format!("g{n}").into();
        let mut members = Vec::new();
        for place in 0..*size {
            let consumer = &mut view.consumers[next];
            next += 1;
            let owned: Vec<TopicPartition> = match place {
                0 => partitions.iter().map(|p| p.partition.clone()).collect(),
                _ => Vec::new(),
            };
            let group = id.clone();
            consumer.member = Some(MemberOf { group, owned: owned.clone(), ..Default::default() });
            members.push(member(consumer, owned));
        }
        let line = |p: &PartitionView| GroupPartition {
            partition: p.partition.clone(),
            owner: (*size > 0).then_some(0),
            position: Some(Offset(5)),
            committed: Some(Offset(3)),
            high_watermark: p.high_watermark,
        };
        view.groups.push(GroupView {
            id,
            partition: PartitionId(0),
            coordinator: Some(BrokerId(1)),
            state: Some(GroupState::Stable),
            generation: 3,
            protocol: Some("range".into()),
            members,
            partitions: partitions.iter().map(line).collect(),
        });
    }
    view
}

fn member(consumer: &ConsumerView, owned: Vec<TopicPartition>) -> MemberView {
    MemberView {
        name: consumer.name.clone(),
        consumer: Some(consumer.id),
        member_id: consumer.name.clone(),
        instance: None,
        leads: false,
        process: ProcessState::Running,
        doing: if owned.is_empty() { Doing::Idle } else { Doing::Reading },
        held: None,
        owned,
        given_up: Vec::new(),
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
