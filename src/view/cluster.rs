//! The cluster as a reader wants it: one tree of plain values, made anew from a world.
//!
//! [`crate::view::project::cluster`] makes it. What a dead host held is shown as it stood when its
//! process ended: the files are still there.

use crate::engine::client::consumer::MemberPhase;
use crate::engine::command::{Acks, DiskState};
use crate::engine::ids::{
    BrokerId, ClientId, ControllerEpoch, EventId, LeaderEpoch, NodeId, Offset, PartitionEpoch,
    PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::program::{Activity, PartitionPosition};
use crate::engine::protocol::Api;
use crate::engine::time::Micros;
use crate::view::group::GroupView;

/// The whole cluster at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterView {
    /// World time.
    pub now: Micros,
    /// What `/controller` says; `None` while nobody is.
    pub controller: Option<BrokerId>,
    /// Its reign.
    pub controller_epoch: ControllerEpoch,
    /// ZooKeeper.
    pub zookeeper: ZookeeperView,
    /// Brokers, by id.
    pub brokers: Vec<BrokerView>,
    /// Topics, by name.
    pub topics: Vec<TopicView>,
    /// Producer programs, in order of creation.
    pub producers: Vec<ProducerView>,
    /// Consumer programs, in order of creation.
    pub consumers: Vec<ConsumerView>,
    /// Consumer groups, by name.
    pub groups: Vec<GroupView>,
    /// Links that stall, each once.
    pub held: Vec<(NodeId, NodeId)>,
    /// Links that are cut, each once.
    pub cut: Vec<(NodeId, NodeId)>,
}

/// Life of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProcessState {
    /// Never started.
    #[default]
    Down,
    /// Started; a broker is not registered yet.
    Starting,
    /// Serving.
    Running,
    /// Asked to stop.
    Stopping,
    /// Frozen: it runs, but does nothing.
    Paused,
    /// Ended by a signal, a failure or a power loss.
    Dead,
    /// Ended by itself.
    Stopped,
}

impl ProcessState {
    /// Whether a process exists.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(
            self,
            ProcessState::Starting
                | ProcessState::Running
                | ProcessState::Stopping
                | ProcessState::Paused
        )
    }
}

/// The ZooKeeper server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZookeeperView {
    /// Its process.
    pub state: ProcessState,
    /// Children of `/brokers/ids`.
    pub broker_ids: Vec<BrokerId>,
    /// Its disk.
    pub disk: DiskView,
}

/// One broker.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerView {
    /// Its id.
    pub id: BrokerId,
    /// Its process.
    pub state: ProcessState,
    /// Since when its process is in that state.
    pub since: Micros,
    /// Whether it is the controller, as ZooKeeper says.
    pub is_controller: bool,
    /// Partitions that it leads, as the last election said.
    pub leads: u32,
    /// Bytes in the page cache that a power loss would take.
    pub unflushed_bytes: u64,
    /// Bytes of all its files.
    pub disk_bytes: u64,
    /// Its disk, or those of its log directories, in order.
    pub disks: Vec<DiskView>,
}

/// The disk of a broker, or of one of its log directories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskView {
    /// The log directory; `None` where there is one.
    pub dir: Option<Text>,
    /// What it does with what is written to it.
    pub state: DiskState,
}

/// One topic.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicView {
    /// Its name.
    pub name: TopicName,
    /// Its own settings.
    pub configs: Vec<(Text, Text)>,
    /// Its partitions, in order.
    pub partitions: Vec<PartitionView>,
}

/// One partition, as its `state` znode has it, with all its replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionView {
    /// Which.
    pub partition: TopicPartition,
    /// Who leads; `None` is −1.
    pub leader: Option<BrokerId>,
    /// Number of the leader's reign.
    pub leader_epoch: LeaderEpoch,
    /// Version of the state.
    pub partition_epoch: PartitionEpoch,
    /// In-sync replicas, in ISR order.
    pub isr: Vec<BrokerId>,
    /// High watermark on the leader; of the last leader when there is none.
    pub high_watermark: Offset,
    /// Replicas in assignment order.
    pub replicas: Vec<ReplicaView>,
}

/// What a replica is, as its own broker believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It leads.
    Leader,
    /// It follows.
    Follower,
    /// Its broker does not run, or lost the log directory that it is in.
    Offline,
}

/// One replica.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaView {
    /// Its broker.
    pub broker: BrokerId,
    /// What it believes to be.
    pub role: Role,
    /// Whether it is in the ISR (of the `state` znode).
    pub in_isr: bool,
    /// First offset kept.
    pub log_start_offset: Offset,
    /// Next offset to write.
    pub log_end_offset: Offset,
    /// Its own high watermark (late on a follower).
    pub high_watermark: Offset,
    /// Leader epochs and where they start, as its `leader-epoch-checkpoint` has them.
    pub epochs: Vec<(LeaderEpoch, Offset)>,
    /// Segments, oldest first.
    pub segments: Vec<SegmentView>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentView {
    /// First offset: its name.
    pub base: Offset,
    /// Next offset after its last record.
    pub end: Offset,
    /// Bytes of its `.log`.
    pub bytes: u64,
    /// Bytes of it that are flushed.
    pub flushed_bytes: u64,
    /// Entries of its `.index`.
    pub index_entries: u32,
}

/// One producer program.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerView {
    /// Its id; its host is `NodeId::Client(id)`.
    pub id: ClientId,
    /// Its name.
    pub name: Text,
    /// Its process.
    pub state: ProcessState,
    /// Where it writes.
    pub topic: TopicName,
    /// What it wants to hear.
    pub acks: Acks,
    /// Records a second.
    pub rate: u32,
    /// Records waiting in the accumulator, per partition.
    pub queued: Vec<(PartitionId, u32)>,
    /// Batches sent and not answered.
    pub in_flight: u32,
    /// Records taken, told acked, told failed.
    pub sent: u64,
    /// Records whose callback said success.
    pub acked: u64,
    /// Records whose callback said failure.
    pub failed: u64,
}

/// One consumer program.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerView {
    /// Its id; its host is `NodeId::Client(id)`.
    pub id: ClientId,
    /// Its name.
    pub name: Text,
    /// Its process.
    pub state: ProcessState,
    /// What it follows.
    pub topic: TopicName,
    /// The same in one word: all topics, with commas, or the pattern.
    pub follows: Text,
    /// How it stands in each partition whose position is known.
    pub positions: Vec<PartitionPosition>,
    /// Records its application got.
    pub received: u64,
    /// Newest values that it got, newest last, at most 5.
    pub newest: Vec<Text>,
    /// Its place in its group, when it has one.
    pub member: Option<MemberOf>,
}

impl ConsumerView {
    /// The group that it is in, or wants to be in.
    #[must_use]
    pub fn group(&self) -> Option<&Text> {
        self.member.as_ref().map(|member| &member.group)
    }
}

/// A consumer's place in its group, as it knows itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberOf {
    /// `group.id`.
    pub group: Text,
    /// `group.instance.id`.
    pub instance: Option<Text>,
    /// The id that the coordinator gave it; empty before.
    pub member_id: Text,
    /// What it does about its group.
    pub phase: MemberPhase,
    /// What its application does.
    pub activity: Option<Activity>,
    /// Its partitions.
    pub owned: Vec<TopicPartition>,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView {
    /// Its name: the id of its `MessageSent` event.
    pub id: EventId,
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// What it is.
    pub api: Api,
    /// Whether it answers.
    pub response: bool,
    /// Its number on this link, for addressing it in a command.
    pub nth: u64,
    /// Records carried.
    pub records: u32,
    /// Error code of a response.
    pub error: i16,
    /// When it left.
    pub sent_at: Micros,
    /// When it will arrive; `None` while its link stalls, or once it waits in the receiver's socket.
    pub arrives_at: Option<Micros>,
}

/// One record, as an inspector or a lesson reads it from a replica's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Its offset.
    pub offset: Offset,
    /// Epoch of the leader that took it.
    pub leader_epoch: LeaderEpoch,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Its key as text (lossy); `None` is null.
    pub key: Option<Text>,
    /// Its value as text (lossy); `None` is null.
    pub value: Option<Text>,
}
