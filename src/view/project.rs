//! From a world to its [`ClusterView`]: the only place that looks inside processes.
//!
//! Leaders and ISRs are what the `state` znodes say; a replica's log is what its own broker holds, as
//! it was when the process ended if it did.

mod groups;
#[cfg(test)]
mod tests;

use crate::engine::broker::Phase;
use crate::engine::controller::state_json;
use crate::engine::ids::{
    BrokerId, ClientId, ControllerEpoch, LeaderEpoch, NodeId, Offset, PartitionEpoch, PartitionId,
    Text, TopicName, TopicPartition,
};
use crate::engine::program::ClientProcess;
use crate::engine::record::{batch, reader};
use crate::engine::replication::partition::Partition;
use crate::engine::sim::host::{Host, Life, Process};
use crate::engine::sim::world::World;
use crate::engine::zookeeper::ZookeeperServer;
use crate::view::cluster::{
    BrokerView, ClusterView, ConsumerView, DiskView, MemberOf, MessageView, PartitionView,
    ProcessState, ProducerView, RecordView, ReplicaView, Role, SegmentView, TopicView,
    ZookeeperView,
};

/// The cluster as it stands now.
#[must_use]
pub fn cluster(world: &World) -> ClusterView {
    let zookeeper = world.zookeeper();
    let controller = znode(zookeeper, state_json::CONTROLLER).and_then(state_json::read_controller);
    let epoch = znode(zookeeper, state_json::CONTROLLER_EPOCH).and_then(|data| data.parse().ok());
    let topics = topics(world);
    let consumers: Vec<ConsumerView> =
        clients(world).filter_map(|(id, host, client)| consumer(id, host, client)).collect();
    ClusterView {
        now: world.now(),
        controller,
        controller_epoch: ControllerEpoch(epoch.unwrap_or(0)),
        zookeeper: zookeeper_view(world),
        brokers: brokers(world, controller, &topics),
        producers: clients(world)
            .filter_map(|(id, host, client)| producer(id, host, client))
            .collect(),
        groups: groups::groups(world, &topics, &consumers),
        consumers,
        topics,
        held: world.held_links().collect(),
        cut: world.cut_links().collect(),
    }
}

/// Messages on their way now, oldest first. `before` are those of an earlier moment of the same world,
/// or none: what is in both is not looked into again, which takes reading the headers of its batches.
#[must_use]
pub fn messages(world: &World, before: &[MessageView]) -> Vec<MessageView> {
    let mut before = before.iter().peekable();
    let view = |flight: &crate::engine::network::flight::Flight| MessageView {
        id: flight.message,
        from: flight.from,
        to: flight.to,
        api: flight.payload.api(),
        response: flight.payload.is_response(),
        nth: flight.nth,
        records: flight.payload.size().records,
        error: flight.payload.error(),
        sent_at: flight.sent_at,
        arrives_at: flight.arrives_at,
    };
    let mut known = |flight: &crate::engine::network::flight::Flight| {
        while before.next_if(|old| old.id < flight.message).is_some() {}
        let same = before.next_if(|old| old.id == flight.message)?;
        Some(MessageView { arrives_at: flight.arrives_at, ..same.clone() })
    };
    world.flights().map(|flight| known(flight).unwrap_or_else(|| view(flight))).collect()
}

/// Records of one replica with offsets from `from`, at most `limit`; empty when there is no replica.
#[must_use]
pub fn records(
    world: &World,
    broker: BrokerId,
    partition: &TopicPartition,
    from: Offset,
    limit: u32,
) -> Vec<RecordView> {
    let mut found = Vec::new();
    let replica = world.broker(broker).and_then(|broker| broker.partition(partition));
    let (Some(replica), Some(disk)) = (replica, world.disk(NodeId::Broker(broker))) else {
        return found;
    };
    let end = replica.log.log_end_offset();
    let mut at = from.max(replica.log.log_start_offset());
    while at < end && found.len() < limit as usize {
        let Ok(bytes) = replica.log.read(disk, at, 65_536, end, true) else { break };
        let mut next = at;
        for (header, batch) in batch::batches(&bytes) {
            next = header.next_offset();
            read_batch(header.leader_epoch, &batch, at, &mut found);
        }
        if next <= at {
            break;
        }
        at = next;
    }
    found.truncate(limit as usize);
    found
}

fn read_batch(epoch: LeaderEpoch, batch: &bytes::Bytes, from: Offset, found: &mut Vec<RecordView>) {
    let text =
        |bytes: Option<&[u8]>| bytes.map(|b| Text::from(String::from_utf8_lossy(b).as_ref()));
    let Ok(batch) = reader::uncompressed(batch) else { return };
    for record in reader::records(&batch).flatten() {
        if record.offset >= from {
            found.push(RecordView {
                offset: record.offset,
                leader_epoch: epoch,
                timestamp_ms: record.timestamp,
                key: text(record.key),
                value: text(record.value),
            });
        }
    }
}

fn znode<'a>(zookeeper: Option<&'a ZookeeperServer>, path: &str) -> Option<&'a str> {
    zookeeper?.get(path).map(|znode| &*znode.data)
}

fn life(host: &Host) -> ProcessState {
    match (host.life, &host.process) {
        (Life::Up | Life::Stopping, _) if host.is_paused() => ProcessState::Paused,
        (Life::Down, _) => ProcessState::Down,
        (Life::Up, Some(Process::Broker(broker))) if broker.phase() == Phase::Starting => {
            ProcessState::Starting
        }
        (Life::Up, _) => ProcessState::Running,
        (Life::Stopping, _) => ProcessState::Stopping,
        (Life::Dead, _) => ProcessState::Dead,
        (Life::Stopped, _) => ProcessState::Stopped,
    }
}

fn zookeeper_view(world: &World) -> ZookeeperView {
    let state = world.host(NodeId::Zookeeper).map_or(ProcessState::Down, life);
    let disk_state = world.disk(NodeId::Zookeeper).map(|disk| disk.state("")).unwrap_or_default();
    let disk = DiskView { dir: None, state: disk_state };
    let Some(server) = world.zookeeper() else {
        return ZookeeperView { state, disk, ..Default::default() };
    };
    let ids = format!("{}/", state_json::BROKER_IDS);
    let id = |(path, _): (&Text, _)| path.strip_prefix(&*ids)?.parse().ok().map(BrokerId);
    ZookeeperView { state, broker_ids: server.znodes().filter_map(id).collect(), disk }
}

fn brokers(world: &World, controller: Option<BrokerId>, topics: &[TopicView]) -> Vec<BrokerView> {
    let view = |(node, host): (NodeId, &Host)| {
        let id = node.broker()?;
        let led = topics.iter().flat_map(|topic| &topic.partitions);
        let leads = led.filter(|partition| partition.leader == Some(id)).count();
        Some(BrokerView {
            id,
            state: life(host),
            since: host.since,
            is_controller: controller == Some(id),
            leads: u32::try_from(leads).unwrap_or(u32::MAX),
            unflushed_bytes: host.disk.unflushed_bytes(),
            disk_bytes: host.disk.total_bytes(),
            disks: disks(world, host),
        })
    };
    world.hosts().filter_map(view).collect()
}

/// The disk of a broker, or those of its log directories, in order.
fn disks(world: &World, host: &Host) -> Vec<DiskView> {
    let dirs = &world.config().broker.log_dirs;
    let names = dirs.names().iter().cloned().map(Some).chain([None]);
    let view =
        |(prefix, dir): (Text, Option<Text>)| DiskView { state: host.disk.state(&prefix), dir };
    dirs.prefixes().into_iter().zip(names).map(view).collect()
}

/// Topics as ZooKeeper lists them.
fn topics(world: &World) -> Vec<TopicView> {
    let Some(server) = world.zookeeper() else { return Vec::new() };
    let prefix = format!("{}/", state_json::TOPICS);
    let mut topics = Vec::new();
    for (path, znode) in server.znodes() {
        let Some(name) = path.strip_prefix(&*prefix).filter(|rest| !rest.contains('/')) else {
            continue;
        };
        let Some(assignment) = state_json::read_topic(&znode.data) else { continue };
        let name = TopicName::new(name);
        let configs = server
            .get(&state_json::config_path(&name))
            .and_then(|znode| state_json::read_config(&znode.data))
            .unwrap_or_default();
        let view = |(partition, replicas): (&PartitionId, &Vec<BrokerId>)| {
            partition_view(world, server, &TopicPartition::new(&name, *partition), replicas)
        };
        let partitions = assignment.partitions.iter().map(view).collect();
        topics.push(TopicView { partitions, configs: configs.into_iter().collect(), name });
    }
    topics
}

fn partition_view(
    world: &World,
    server: &ZookeeperServer,
    id: &TopicPartition,
    replicas: &[BrokerId],
) -> PartitionView {
    let state = server
        .get(&state_json::state_path(id))
        .and_then(|znode| state_json::read_state(&znode.data, znode.version));
    let leader = state.as_ref().and_then(|state| state.leadership.leader);
    let isr = state.as_ref().map_or_else(Vec::new, |state| state.leadership.isr.clone());
    let views: Vec<ReplicaView> = replicas
        .iter()
        .map(|broker| replica_view(world, *broker, id, isr.contains(broker)))
        .collect();
    let of_leader = views.iter().find(|view| Some(view.broker) == leader);
    let high_watermark = match of_leader {
        Some(view) => view.high_watermark,
        None => views.iter().map(|view| view.high_watermark).max().unwrap_or_default(),
    };
    PartitionView {
        partition: id.clone(),
        leader,
        leader_epoch: state.as_ref().map_or(LeaderEpoch::NONE, |state| state.leader_epoch),
        partition_epoch: state.as_ref().map_or(PartitionEpoch(-1), |state| state.partition_epoch),
        isr,
        high_watermark,
        replicas: views,
    }
}

fn replica_view(world: &World, broker: BrokerId, id: &TopicPartition, in_isr: bool) -> ReplicaView {
    let is_up = world.host(NodeId::Broker(broker)).is_some_and(|host| host.life.is_up());
    let process = world.broker(broker);
    let replica = process.and_then(|process| process.partition(id));
    let is_lost = process.is_some_and(|process| process.log_dirs().is_offline(id));
    let role = match replica {
        Some(replica) if is_up && replica.leading().is_some() => Role::Leader,
        _ if is_up && !is_lost => Role::Follower,
        _ => Role::Offline,
    };
    let Some(replica) = replica else {
        return ReplicaView {
            broker,
            role,
            in_isr,
            log_start_offset: Offset(0),
            log_end_offset: Offset(0),
            high_watermark: Offset(0),
            epochs: Vec::new(),
            segments: Vec::new(),
        };
    };
    ReplicaView {
        broker,
        role,
        in_isr,
        log_start_offset: replica.log.log_start_offset(),
        log_end_offset: replica.log.log_end_offset(),
        high_watermark: replica.high_watermark,
        epochs: replica.log.epochs().to_vec(),
        segments: segments(world, broker, replica),
    }
}

fn segments(world: &World, broker: BrokerId, replica: &Partition) -> Vec<SegmentView> {
    let Some(disk) = world.disk(NodeId::Broker(broker)) else { return Vec::new() };
    let view = |segment: crate::engine::log::SegmentInfo| SegmentView {
        base: segment.base,
        end: segment.end,
        bytes: segment.bytes,
        flushed_bytes: segment.flushed_bytes,
        index_entries: u32::try_from(segment.index_entries).unwrap_or(u32::MAX),
    };
    replica.log.segments(disk).map(view).collect()
}

fn clients(world: &World) -> impl Iterator<Item = (ClientId, &Host, &ClientProcess)> {
    world.hosts().filter_map(|(node, host)| match (node, &host.process) {
        (NodeId::Client(id), Some(Process::Client(client))) => Some((id, host, &**client)),
        _ => None,
    })
}

fn producer(id: ClientId, host: &Host, client: &ClientProcess) -> Option<ProducerView> {
    let spec = client.producer_spec()?;
    let status = client.producer_status()?;
    Some(ProducerView {
        id,
        name: client.name().clone(),
        state: life(host),
        topic: spec.topic.clone(),
        acks: spec.acks,
        rate: spec.rate,
        queued: status.queued,
        in_flight: status.in_flight,
        sent: status.sent,
        acked: status.acked,
        failed: status.failed,
    })
}

fn consumer(id: ClientId, host: &Host, client: &ClientProcess) -> Option<ConsumerView> {
    let spec = client.consumer_spec()?;
    let status = client.consumer_status()?;
    Some(ConsumerView {
        id,
        name: client.name().clone(),
        state: life(host),
        topic: spec.topic.clone(),
        follows: spec.follows().into(),
        positions: status.positions,
        received: status.received,
        newest: status.newest,
        member: status.member.map(|member| MemberOf {
            group: member.group,
            instance: Some(spec.instance.clone()).filter(|instance| !instance.is_empty()),
            member_id: member.member_id,
            phase: member.phase,
            activity: Some(member.activity),
            owned: member.owned,
        }),
    })
}
