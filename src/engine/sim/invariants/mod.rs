//! What always holds in a Kafka cluster, checked as the world moves: the always-on checker.
//!
//! An observer: it reads new events, and of the world only what they touch, so a step that touches no
//! partition costs nothing and one that does costs the same whatever the size of the world. It draws no
//! chance and sends nothing. What it finds becomes an event `InvariantBroken`, once for each rule and
//! partition.
//!
//! By induction each rule needs only the newest batch: two logs that agreed up to there, and agree on
//! that batch, agree on all. The rules: the high watermark of a leader never goes back and lies within
//! the log; it moves only where every member of the ISR has the same records, and only with
//! `min.insync.replicas` of them; what acks=all acknowledged is below it; what is below it is lost only
//! by an unclean election or with the disks of the last replicas; one leader an epoch, from the ISR;
//! epochs only grow; offsets are dense, but where compaction says otherwise; index entries point at
//! batch starts; recovery leaves no rotten batch; in a generation of a group each partition is with one
//! member and each record goes to one; what a group commits is below the high watermark, and worked on
//! where its members commit after their work.

mod track;
mod coordination;
mod replication;
mod clients;
mod groups;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::command::{Command, ElectionKind};
use crate::engine::persistent::{OrdMap, OrdSet};

use crate::engine::broker::Broker;
use crate::engine::config::WorldConfig;
use crate::engine::disk::Disk;
use crate::engine::event::{Event, EventKind, GroupState, Invariant};
use crate::engine::ids::{
    BrokerId, ClientId, ControllerEpoch, EventId, NodeId, Offset, Text, TopicPartition,
};
use crate::engine::replication::partition::Partition;
use crate::engine::sim::host::{Host, Process};

use groups::{GroupTrack, Place};
use track::{ReplicaTrack, Track};

/// What the checker remembers. A clone shares it.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// An admin has asked for an unclean election.
    unclean_asked: bool,
    partitions: OrdMap<TopicPartition, Track>,
    replicas: OrdMap<(TopicPartition, BrokerId), ReplicaTrack>,
    /// Brokers that lost unflushed bytes, each with the partitions in whose ISR it is again since.
    weak: OrdMap<BrokerId, OrdSet<TopicPartition>>,
    /// Brokers whose disks rotted: nothing is said about their bytes.
    rotten: OrdSet<BrokerId>,
    controller_epoch: ControllerEpoch,
    /// Producers whose `acks` changed under way: what they were promised is not known.
    changed_acks: OrdSet<ClientId>,
    /// What each group got and worked on.
    groups: OrdMap<(Text, TopicPartition), GroupTrack>,
    /// Members of groups, as they were last given their parts.
    places: OrdMap<ClientId, Place>,
    /// Groups with a member that commits by itself or before its work.
    loose_groups: OrdSet<Text>,
    /// Partitions of topics that were deleted: others may have their names.
    reborn: OrdSet<TopicPartition>,
    reported: OrdSet<(Invariant, Option<TopicPartition>)>,
}

/// What the checker says, to be written as an event.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The event that shows it.
    pub cause: EventId,
    /// Where.
    pub node: Option<NodeId>,
    /// `InvariantBroken`, or `CommittedRecordsLost` where the loss is allowed.
    pub kind: EventKind,
}

/// The world as the checker sees it.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// Hosts, by id.
    pub hosts: &'a BTreeMap<NodeId, Rc<Host>>,
    /// What the world started from.
    pub config: &'a WorldConfig,
}

/// One event under examination.
struct Case<'a> {
    sight: Sight<'a>,
    event: &'a Event,
    findings: &'a mut Vec<Finding>,
}

/// Requests of clients outside are bytes: any ElectLeaders may ask for it.
fn asks_for_unclean(command: &Command) -> bool {
    const ELECT_LEADERS: [u8; 2] = 43_i16.to_be_bytes();
    match command {
        Command::ElectLeaders { kind, .. } => *kind == ElectionKind::Unclean,
        Command::Frame { bytes, .. } => bytes.starts_with(&ELECT_LEADERS),
        _ => false,
    }
}

impl<'a> Sight<'a> {
    /// A broker's process as it runs or ran last, and its disk.
    fn broker(&self, id: BrokerId) -> Option<(&'a Broker, &'a Disk)> {
        let host = self.hosts.get(&NodeId::Broker(id))?;
        match host.process.as_ref()? {
            Process::Broker(broker) => Some((broker, &host.disk)),
            _ => None,
        }
    }

    fn replica(
        &self,
        id: BrokerId,
        partition: &TopicPartition,
    ) -> Option<(&'a Partition, &'a Disk)> {
        let (broker, disk) = self.broker(id)?;
        Some((broker.partition(partition)?, disk))
    }
}

impl Invariants {
    /// Whether an event of this kind says anything to the checker.
    #[must_use]
    pub fn watches(kind: &EventKind) -> bool {
        use EventKind::*;
        match kind {
            BatchAppended { .. }
            | HighWatermarkAdvanced { .. }
            | LogTruncated { .. }
            | LogRecovered { .. }
            | BecameLeader { .. }
            | BecameFollower { .. }
            | ReplicaDeleted { .. }
            | IsrExpanded { .. }
            | RecordsAcked { .. }
            | RecordsDelivered { .. }
            | PartitionsAssigned { .. }
            | RecordsProcessed { .. }
            | OffsetCommitted { .. }
            | GroupStateChanged { state: GroupState::Stable, .. }
            | PowerLost
            | DiskRotted { .. } => true,
            CommandApplied { command } => asks_for_unclean(command),
            ClientChanged { key, .. } => matches!(&**key, "acks" | "commit"),
            ZnodeCreated { path, .. } | ZnodeChanged { path, .. } | ZnodeDeleted { path } => {
                coordination::is_watched(path)
            }
            _ => false,
        }
    }

    /// Takes new events, in order, after the step that wrote them. Returns what they break.
    pub fn observe(&mut self, events: &[Event], sight: Sight<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for event in events.iter().filter(|event| Invariants::watches(&event.kind)) {
            let mut case = Case { sight, event, findings: &mut findings };
            self.unclean_asked |= matches!(event.kind, EventKind::CommandApplied { .. });
            match event.node {
                Some(NodeId::Broker(broker)) => self.on_broker(&mut case, broker),
                Some(NodeId::Zookeeper) => self.on_zookeeper(&mut case),
                Some(NodeId::Client(client)) => self.on_client(&mut case, client),
                None => {}
            }
        }
        findings
    }

    fn on_broker(&mut self, case: &mut Case<'_>, broker: BrokerId) {
        use EventKind::*;
        match &case.event.kind {
            BatchAppended { partition, base, last, leader, .. } => {
                self.appended(case, (partition, broker), (*base, *last), *leader);
            }
            HighWatermarkAdvanced { partition, to, leader: true, .. } => {
                self.leaders_watermark(case, (partition, broker), *to);
            }
            HighWatermarkAdvanced { partition, to, .. } => {
                self.followers_watermark(case, (partition, broker), *to);
            }
            LogTruncated { partition, to, high_watermark, .. } => {
                self.truncated(case, (partition, broker), *to, *high_watermark);
            }
            LogRecovered { partition, log_end_offset, scanned, .. } => {
                self.recovered(case, (partition, broker), *log_end_offset, *scanned);
            }
            BecameLeader { partition, leader_epoch, log_end_offset } => {
                self.became_leader(case, (partition, broker), *leader_epoch, *log_end_offset);
            }
            BecameFollower { partition, .. } => {
                self.replica_mut(partition, broker).leads = None;
            }
            ReplicaDeleted { partition } => {
                self.replicas.remove(&(partition.clone(), broker));
            }
            IsrExpanded { partition, added, .. } => {
                for member in added {
                    self.joined(case, (partition, broker), *member);
                    if let Some(restored) = self.weak.get_mut(member) {
                        restored.insert(partition.clone());
                    }
                }
            }
            OffsetCommitted { group, partition, offset } => {
                self.offset_committed(case, broker, group, partition, *offset);
            }
            GroupStateChanged { group, .. } => self.generation_assigned(case, broker, group),
            PowerLost => {
                self.weak.insert(broker, OrdSet::new());
            }
            DiskRotted { .. } => {
                self.rotten.insert(broker);
            }
            _ => {}
        }
    }

    fn replica_mut(&mut self, partition: &TopicPartition, broker: BrokerId) -> &mut ReplicaTrack {
        self.replicas.entry((partition.clone(), broker)).or_default()
    }

    /// Whether a broker lost bytes that the cluster may count on, and is not restored in the partition.
    fn is_weak(&self, broker: BrokerId, partition: &TopicPartition) -> bool {
        self.rotten.contains(&broker)
            || self.weak.get(&broker).is_some_and(|restored| !restored.contains(partition))
    }

    /// Says that a rule is broken, the first time.
    fn broken(
        &mut self,
        case: &mut Case<'_>,
        rule: Invariant,
        partition: Option<&TopicPartition>,
        (from, to): (Offset, Offset),
    ) {
        let partition = partition.cloned();
        if self.reported.insert((rule, partition.clone())) {
            let kind = EventKind::InvariantBroken { rule, partition, from, to };
            case.say(kind);
        }
    }
}

impl Case<'_> {
    fn say(&mut self, kind: EventKind) {
        let (cause, node) = (self.event.id, self.event.node);
        self.findings.push(Finding { cause, node, kind });
    }
}
