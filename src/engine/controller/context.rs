//! What the controller knows of the cluster (Kafka's `ControllerContext`).
//!
//! It mirrors ZooKeeper: brokers registered, topics, and of each partition the assignment and the
//! state as last read or written. Only the active controller holds one. Maps share structure.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::persistent::OrdMap;
use uuid::Uuid;

use crate::engine::controller::election::LiveBrokers;
use crate::engine::controller::reassign::Assignment;
use crate::engine::controller::state_json::LeaderAndIsr;
use crate::engine::ids::{
    BrokerEpoch, BrokerId, ControllerEpoch, LeaderEpoch, TopicName, TopicPartition,
};
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::{LEADER_DURING_DELETE, PartitionState};

/// Where a partition stands (Kafka's `PartitionState`; deleted ones are not kept).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has an assignment but no state yet.
    New,
    /// It has a leader that lives.
    Online,
    /// It had a leader; nobody leads now.
    Offline,
}

/// One partition.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Assigned replicas, preferred leader first.
    pub replicas: Rc<[BrokerId]>,
    /// Those of them that are being added.
    pub adding: Rc<[BrokerId]>,
    /// Those of them that are being removed.
    pub removing: Rc<[BrokerId]>,
    /// Its `state` znode, when there is one.
    pub state: Option<LeaderAndIsr>,
    /// Where it stands.
    pub status: Status,
}

impl Partition {
    /// Its replicas, and which of them come and go.
    #[must_use]
    pub fn assignment(&self) -> Assignment {
        Assignment {
            replicas: self.replicas.to_vec(),
            adding: self.adding.to_vec(),
            removing: self.removing.to_vec(),
        }
    }
}

/// How far the deletion of one replica is (the last three of Kafka's `ReplicaState`s).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaDeletion {
    /// Its broker was told to delete it.
    Started,
    /// It is gone.
    Successful,
    /// Its broker is dead, or could not.
    Ineligible,
}

/// The cluster as the active controller knows it.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// This controller's reign.
    pub epoch: ControllerEpoch,
    /// zkVersion of `/controller_epoch`: the guard of every write.
    pub epoch_version: i32,
    /// Brokers registered, those that are stopping included, with their broker epochs.
    pub registered: LiveBrokers,
    /// Brokers that asked to stop.
    pub stopping: BTreeSet<BrokerId>,
    /// Topics and their ids.
    pub topics: OrdMap<TopicName, Uuid>,
    /// Topics that are to be deleted.
    pub deleting: BTreeSet<TopicName>,
    /// Those whose deletion has to wait.
    pub ineligible: BTreeSet<TopicName>,
    /// How far the deletion of their replicas is; replicas not named have not been asked.
    pub deletions: BTreeMap<(TopicPartition, BrokerId), ReplicaDeletion>,
    /// Partitions; changed only here.
    pub partitions: OrdMap<TopicPartition, Partition>,
    /// Rises whenever one of them has changed, come or gone.
    pub partition_changes: u64,
    /// What that was when every leader was the preferred one.
    pub leaders_at_home: Option<u64>,
    /// Replicas in failed log directories, by broker (`replicasOnOfflineDirs`).
    pub offline_replicas: BTreeMap<BrokerId, BTreeSet<TopicPartition>>,
    /// While `/admin/reassign_partitions` is there: those of its partitions that are moved.
    pub asked_by_znode: Option<BTreeSet<TopicPartition>>,
}

impl Context {
    /// Brokers that can lead: registered and not stopping.
    #[must_use]
    pub fn live(&self) -> BTreeSet<BrokerId> {
        self.registered.keys().copied().filter(|id| !self.stopping.contains(id)).ordered()
    }

    /// Brokers that can lead a partition: of those that live, without a replica of it in a failed log
    /// directory.
    #[must_use]
    pub fn live_for(&self, partition: &TopicPartition) -> BTreeSet<BrokerId> {
        let mut live = self.live();
        live.retain(|broker| !self.has_lost(*broker, partition));
        live
    }

    /// Whether a replica's broker lives and its log directory works (`isReplicaOnline`).
    #[must_use]
    pub fn is_online(&self, broker: BrokerId, partition: &TopicPartition) -> bool {
        self.registered.contains_key(&broker)
            && !self.stopping.contains(&broker)
            && !self.has_lost(broker, partition)
    }

    fn has_lost(&self, broker: BrokerId, partition: &TopicPartition) -> bool {
        self.offline_replicas.get(&broker).is_some_and(|lost| lost.contains(partition))
    }

    /// Brokers that get requests: also those that are stopping.
    #[must_use]
    pub fn broker_epoch(&self, broker: BrokerId) -> BrokerEpoch {
        self.registered.get(&broker).map_or(BrokerEpoch::UNKNOWN, |epoch| BrokerEpoch(*epoch))
    }

    /// Brokers registered.
    #[must_use]
    pub fn registered_ids(&self) -> BTreeSet<BrokerId> {
        self.registered.keys().copied().ordered()
    }

    /// Adds a topic's partitions, without state.
    pub fn add_topic(
        &mut self,
        topic: &TopicName,
        id: Uuid,
        partitions: &BTreeMap<crate::engine::ids::PartitionId, Vec<BrokerId>>,
    ) {
        self.topics.insert(topic.clone(), id);
        for (partition, replicas) in partitions {
            let partition = TopicPartition::new(topic, *partition);
            let entry = Partition {
                replicas: replicas.as_slice().into(),
                adding: Rc::from([]),
                removing: Rc::from([]),
                state: None,
                status: Status::New,
            };
            self.partition_changes += 1;
            self.partitions.insert(partition, entry);
        }
    }

    /// Notes a partition's replicas.
    pub fn put_assignment(&mut self, partition: &TopicPartition, assignment: &Assignment) {
        self.partition_changes += 1;
        if let Some(entry) = self.partitions.get_mut(partition) {
            entry.replicas = assignment.replicas.as_slice().into();
            entry.adding = assignment.adding.as_slice().into();
            entry.removing = assignment.removing.as_slice().into();
        }
    }

    /// Forgets a topic.
    pub fn remove_topic(&mut self, topic: &TopicName) {
        for (partition, broker) in self.replicas_of(topic) {
            self.deletions.remove(&(partition, broker));
        }
        for partition in self.partitions_of(topic) {
            self.partition_changes += 1;
            self.partitions.remove(&partition);
        }
        self.topics.remove(topic);
        self.deleting.remove(topic);
        self.ineligible.remove(topic);
    }

    /// The topic with this id.
    #[must_use]
    pub fn topic_of(&self, id: Uuid) -> Option<TopicName> {
        self.topics.iter().find(|(_, known)| **known == id).map(|(topic, _)| topic.clone())
    }

    /// A topic's partitions, in order.
    #[must_use]
    pub fn partitions_of(&self, topic: &TopicName) -> Vec<TopicPartition> {
        let first = TopicPartition::new(topic, crate::engine::ids::PartitionId(0));
        let from = self.partitions.range(first..);
        from.take_while(|(p, _)| p.topic == *topic).map(|(p, _)| p.clone()).collect()
    }

    /// A topic's replicas, in order of partitions.
    #[must_use]
    pub fn replicas_of(&self, topic: &TopicName) -> Vec<(TopicPartition, BrokerId)> {
        let partitions = self.partitions_of(topic).into_iter();
        let replicas = partitions.flat_map(|partition| {
            let entry = self.partitions.get(&partition);
            let ids = entry.map(|entry| entry.replicas.to_vec()).unwrap_or_default();
            ids.into_iter().map(move |id| (partition.clone(), id))
        });
        replicas.collect()
    }

    /// Whether a partition has a leader.
    #[must_use]
    pub fn is_led(&self, partition: &TopicPartition) -> bool {
        let state = self.partitions.get(partition).and_then(|entry| entry.state.as_ref());
        state.is_some_and(|state| state.leadership.leader.is_some())
    }

    /// Whether replicas of a topic come or go.
    #[must_use]
    pub fn is_reassigning(&self, topic: &TopicName) -> bool {
        let moving = |partition: &TopicPartition| {
            self.partitions.get(partition).is_some_and(|entry| entry.assignment().is_moving())
        };
        self.partitions_of(topic).iter().any(moving)
    }

    /// The reign that StopReplica names (`ControllerContext.leaderEpoch`).
    #[must_use]
    pub fn stop_epoch(&self, partition: &TopicPartition) -> LeaderEpoch {
        if self.is_deleting(&partition.topic) {
            return LeaderEpoch::DURING_DELETE;
        }
        let state = self.partitions.get(partition).and_then(|entry| entry.state.as_ref());
        state.map_or(LeaderEpoch::UNKNOWN, |state| state.leader_epoch)
    }

    /// A partition as UpdateMetadata carries it: one on its way out has the leader −2, which makes
    /// brokers forget it.
    #[must_use]
    pub fn partition_metadata(&self, partition: &TopicPartition) -> Option<PartitionState> {
        let mut state = self.partition_state(partition, false)?;
        if self.is_deleting(&partition.topic) {
            state.leader = Some(LEADER_DURING_DELETE);
            state.leader_epoch = LeaderEpoch(0);
        }
        let replicas = state.replicas.iter().copied();
        state.offline_replicas = replicas.filter(|id| self.has_lost(*id, partition)).collect();
        Some(state)
    }

    /// Notes a partition's state as read or written.
    pub fn put_state(&mut self, partition: &TopicPartition, state: LeaderAndIsr) {
        self.partition_changes += 1;
        if let Some(entry) = self.partitions.get_mut(partition) {
            entry.state = Some(state);
        }
    }

    /// Notes where a partition stands.
    pub fn put_status(&mut self, partition: &TopicPartition, status: Status) {
        if let Some(entry) = self.partitions.get_mut(partition)
            && entry.status != status
        {
            self.partition_changes += 1;
            entry.status = status;
        }
    }

    /// Whether a topic is on its way out.
    #[must_use]
    pub fn is_deleting(&self, topic: &TopicName) -> bool {
        self.deleting.contains(topic)
    }

    /// Partitions with a replica on `broker`, in order.
    #[must_use]
    pub fn partitions_on(&self, broker: BrokerId) -> Vec<TopicPartition> {
        let here = self.partitions.iter().filter(|(_, p)| p.replicas.contains(&broker));
        here.map(|(partition, _)| partition.clone()).collect()
    }

    /// Partitions that `broker` leads, in order.
    #[must_use]
    pub fn led_by(&self, broker: BrokerId) -> Vec<TopicPartition> {
        let led = self.partitions.iter().filter(|(_, p)| {
            p.state.as_ref().is_some_and(|state| state.leadership.leader == Some(broker))
        });
        led.map(|(partition, _)| partition.clone()).collect()
    }

    /// Partitions that stand where `status` says, in order.
    #[must_use]
    pub fn in_status(&self, status: Status) -> Vec<TopicPartition> {
        let there = self.partitions.iter().filter(|(_, p)| p.status == status);
        there.map(|(partition, _)| partition.clone()).collect()
    }

    /// Partitions that have a state, in order.
    #[must_use]
    pub fn with_state(&self) -> Vec<TopicPartition> {
        let there = self.partitions.iter().filter(|(_, p)| p.state.is_some());
        there.map(|(partition, _)| partition.clone()).collect()
    }

    /// A partition as LeaderAndIsr and UpdateMetadata carry it; `None` while it has no state.
    #[must_use]
    pub fn partition_state(
        &self,
        partition: &TopicPartition,
        is_new: bool,
    ) -> Option<PartitionState> {
        let entry = self.partitions.get(partition)?;
        let state = entry.state.as_ref()?;
        Some(PartitionState {
            partition: partition.clone(),
            topic_id: self.topics.get(&partition.topic).copied().unwrap_or_default(),
            controller_epoch: state.controller_epoch,
            leader: state.leadership.leader,
            leader_epoch: state.leader_epoch,
            isr: state.leadership.isr.clone(),
            partition_epoch: state.partition_epoch,
            replicas: entry.replicas.to_vec(),
            offline_replicas: Vec::new(),
            is_new,
        })
    }
}
