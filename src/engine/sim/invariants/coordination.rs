//! Rules about what ZooKeeper holds: reigns of controllers and leaders.

use crate::engine::controller::state_json::{
    CONTROLLER_EPOCH, ConfigEntity, TOPICS, config_path, read_config, read_state, state_path,
};
use crate::engine::event::{EventKind, Invariant};
use crate::engine::ids::NodeId;
use crate::engine::ids::{
    BrokerId, ControllerEpoch, Offset, PartitionId, Text, TopicName, TopicPartition,
};
use crate::engine::sim::host::Process;
use crate::engine::sim::invariants::{Case, Invariants};
use crate::engine::zookeeper::ZookeeperServer;

/// Whether a znode is one that rules are about.
pub(super) fn is_watched(path: &str) -> bool {
    path == CONTROLLER_EPOCH || path.starts_with(TOPICS)
}

/// The partition whose state a znode holds.
fn partition_of(path: &str) -> Option<TopicPartition> {
    let rest = path.strip_prefix(TOPICS)?.strip_prefix('/')?.strip_suffix("/state")?;
    let (topic, partition) = rest.split_once("/partitions/")?;
    Some(TopicPartition::new(&TopicName::new(topic), PartitionId(partition.parse().ok()?)))
}

impl Invariants {
    pub(super) fn on_zookeeper(&mut self, case: &mut Case<'_>) {
        match &case.event.kind {
            EventKind::ZnodeCreated { path, .. } | EventKind::ZnodeChanged { path, .. } => {
                if &**path == CONTROLLER_EPOCH {
                    self.controller_epoch_written(case);
                } else if let Some(partition) = partition_of(path) {
                    self.state_written(case, &partition);
                }
            }
            EventKind::ZnodeDeleted { path } => {
                if let Some(partition) = partition_of(path) {
                    self.forget(&partition);
                }
            }
            _ => {}
        }
    }

    fn controller_epoch_written(&mut self, case: &mut Case<'_>) {
        let data = zookeeper(case).and_then(|server| server.get(CONTROLLER_EPOCH));
        let Some(epoch) = data.and_then(|znode| znode.data.parse().ok()).map(ControllerEpoch)
        else {
            return;
        };
        if epoch < self.controller_epoch {
            self.broken(case, Invariant::EpochFell, None, (Offset(0), Offset(0)));
        }
        self.controller_epoch = epoch;
    }

    fn state_written(&mut self, case: &mut Case<'_>, partition: &TopicPartition) {
        let Some(server) = zookeeper(case) else { return };
        let znode = server.get(&state_path(partition));
        let state = znode.and_then(|znode| read_state(&znode.data, znode.version));
        let Some(state) = state else { return };
        let unclean_allowed = self.unclean_asked || allows_unclean(case, server, &partition.topic);
        let (epoch, leader) = (state.leader_epoch, state.leadership.leader);
        let nothing = (Offset(0), Offset(0));
        let known = self.partitions.get(partition).cloned();
        if let Some(known) = &known {
            if epoch < known.epoch || state.controller_epoch < self.controller_epoch {
                self.broken(case, Invariant::EpochFell, Some(partition), nothing);
            }
            if epoch == known.epoch && leader != known.leader {
                self.broken(case, Invariant::TwoLeaders, Some(partition), nothing);
            }
        }
        let outsider =
            leader.filter(|leader| known.as_ref().is_some_and(|known| !known.isr.contains(leader)));
        if outsider.is_some() && !unclean_allowed {
            self.broken(case, Invariant::LeaderOutOfIsr, Some(partition), nothing);
        }
        let track = self.partitions.entry(partition.clone()).or_default();
        if outsider.is_some() {
            track.unclean = Some(epoch);
        }
        track.epoch = epoch;
        track.leader = leader;
        track.isr = state.leadership.isr.into();
        if let Some(leader) = leader {
            track.leaders.insert(epoch, leader);
        }
    }

    /// The topic is being deleted; another may have its name.
    fn forget(&mut self, partition: &TopicPartition) {
        self.partitions.remove(partition);
        self.reborn.insert(partition.clone());
        let theirs: Vec<_> =
            self.replicas.keys().filter(|(id, _)| id == partition).cloned().collect();
        for replica in theirs {
            self.replicas.remove(&replica);
        }
    }
}

fn zookeeper<'a>(case: &Case<'a>) -> Option<&'a ZookeeperServer> {
    match case.sight.hosts.get(&NodeId::Zookeeper)?.process.as_ref()? {
        Process::Zookeeper(server) => Some(server),
        _ => None,
    }
}

/// Whether a replica outside of the ISR may lead: by the topic's setting or the brokers'.
fn allows_unclean(case: &Case<'_>, server: &ZookeeperServer, topic: &TopicName) -> bool {
    const KEY: &str = "unclean.leader.election.enable";
    let own = server.get(&config_path(topic)).and_then(|znode| read_config(&znode.data));
    let own: Option<Text> = own.and_then(|own| own.get(KEY).cloned());
    match own {
        Some(value) => &*value == "true",
        None => {
            let of_brokers = case.sight.config.broker.get(KEY).as_deref() == Some("true");
            of_brokers || case.sight.hosts.keys().any(|node| allowed_by(server, node.broker()))
        }
    }
}

/// Whether the settings of a broker, or those of all, allow it at present.
fn allowed_by(server: &ZookeeperServer, broker: Option<BrokerId>) -> bool {
    let znode = server.get(&ConfigEntity::Broker(broker).path());
    let settings = znode.and_then(|znode| read_config(&znode.data)).unwrap_or_default();
    settings.get("unclean.leader.election.enable").is_some_and(|value| &**value == "true")
}
