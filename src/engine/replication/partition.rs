//! One partition on one broker (Kafka's `Partition`): its log, its role, and what the controller said.

use std::collections::BTreeMap;
use std::rc::Rc;

use kafka_protocol::messages::TopicName as WireName;
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::engine::config::TopicConfig;
use crate::engine::disk::Disk;
use crate::engine::ids::{BrokerId, LeaderEpoch, Offset, PartitionEpoch, TopicPartition};
use crate::engine::log::Log;
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::inter_broker::PartitionState;
use crate::engine::replication::isr::PendingIsr;
use crate::engine::replication::replica::Replica;
use crate::engine::time::Micros;

/// A replica of a partition, and what its broker knows of the partition.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Which.
    pub id: TopicPartition,
    /// The topic's name as messages carry it; copying it costs a counter.
    pub wire_name: WireName,
    /// The topic's id.
    pub topic_id: Uuid,
    /// The replica's log.
    pub log: Log,
    /// The topic's settings, resolved.
    pub config: Rc<TopicConfig>,
    /// First offset that is not committed, as far as this broker knows.
    pub high_watermark: Offset,
    /// What the controller said last; `None` until it spoke.
    pub state: Option<PartitionState>,
    /// What this broker is to the partition.
    pub role: Role,
}

/// What a broker is to a partition.
#[derive(Clone, Debug)]
pub enum Role {
    /// The controller has not spoken since the broker started.
    Idle,
    /// It takes writes.
    Leader(Leading),
    /// It copies; from nobody while there is no leader.
    Follower,
}

/// A leader's own state.
#[derive(Clone, Debug)]
pub struct Leading {
    /// The other replicas.
    pub followers: BTreeMap<BrokerId, Replica>,
    /// Where this reign's records start.
    pub epoch_start: Offset,
    /// The ISR that was asked of the controller and is not answered yet.
    pub pending: Option<PendingIsr>,
}

impl Partition {
    /// A replica whose broker has just opened its log.
    #[must_use]
    pub fn new(
        id: TopicPartition,
        log: Log,
        config: Rc<TopicConfig>,
        checkpoint: Offset,
    ) -> Partition {
        let high_watermark = checkpoint.min(log.log_end_offset()).max(log.log_start_offset());
        Partition {
            wire_name: WireName(StrBytes::from_string(id.topic.as_str().to_owned())),
            id,
            topic_id: Uuid::nil(),
            log,
            config,
            high_watermark,
            state: None,
            role: Role::Idle,
        }
    }

    /// The reign that the broker knows; none before the controller spoke.
    #[must_use]
    pub fn leader_epoch(&self) -> LeaderEpoch {
        self.state.as_ref().map_or(LeaderEpoch::NONE, |state| state.leader_epoch)
    }

    /// The version of the state that the broker knows.
    #[must_use]
    pub fn partition_epoch(&self) -> PartitionEpoch {
        self.state.as_ref().map_or(PartitionEpoch(-1), |state| state.partition_epoch)
    }

    /// Who leads, as the broker knows.
    #[must_use]
    pub fn leader(&self) -> Option<BrokerId> {
        self.state.as_ref().and_then(|state| state.leader)
    }

    /// The committed ISR, as the broker knows.
    #[must_use]
    pub fn isr(&self) -> &[BrokerId] {
        self.state.as_ref().map_or(&[], |state| &state.isr)
    }

    /// The leader's state, when this broker leads.
    #[must_use]
    pub fn leading(&self) -> Option<&Leading> {
        match &self.role {
            Role::Leader(leading) => Some(leading),
            _ => None,
        }
    }

    /// The leader's state, when this broker leads.
    pub fn leading_mut(&mut self) -> Option<&mut Leading> {
        match &mut self.role {
            Role::Leader(leading) => Some(leading),
            _ => None,
        }
    }

    /// Begins or goes on to lead under a new epoch (`Partition.makeLeader`). The new epoch and the
    /// log's end go to the epoch cache at once, before any record. Returns true when this broker did
    /// not lead before.
    pub fn make_leader(
        &mut self,
        disk: &mut Disk,
        me: BrokerId,
        state: PartitionState,
        now: Micros,
    ) -> bool {
        let leo = self.log.log_end_offset();
        self.log.assign_epoch_start(disk, state.leader_epoch, leo);
        let mut before = match std::mem::replace(&mut self.role, Role::Idle) {
            Role::Leader(leading) => Some(leading.followers),
            _ => None,
        };
        let newly = before.is_none();
        let mut followers = BTreeMap::new();
        for broker in state.replicas.iter().copied().filter(|broker| *broker != me) {
            let in_isr = state.isr.contains(&broker);
            let known = before.as_mut().and_then(|known| known.remove(&broker));
            let replica = match known {
                Some(mut replica) => {
                    replica.renew(now, leo, in_isr);
                    replica
                }
                None => Replica::unknown(now, leo, in_isr),
            };
            followers.insert(broker, replica);
        }
        if planted::has(Bug::HighWatermarkStartsOver) {
            self.high_watermark = self.log.log_start_offset();
        }
        self.role = Role::Leader(Leading { followers, epoch_start: leo, pending: None });
        self.topic_id = state.topic_id;
        self.state = Some(state);
        newly
    }

    /// Begins to follow, or follows another (`Partition.makeFollower`).
    pub fn make_follower(&mut self, state: PartitionState) {
        self.role = Role::Follower;
        self.topic_id = state.topic_id;
        self.state = Some(state);
    }

    /// A follower's fetch from `offset` came.
    pub fn follower_fetched(&mut self, follower: BrokerId, offset: Offset, now: Micros) {
        let leo = self.log.log_end_offset();
        if let Some(leading) = self.leading_mut()
            && let Some(replica) = leading.followers.get_mut(&follower)
        {
            replica.fetched(offset, leo, now);
        }
    }

    /// A follower at the end of the log went on fetching until `until`, without news.
    pub fn follower_kept_up(&mut self, follower: BrokerId, until: Micros) {
        if let Some(leading) = self.leading_mut()
            && let Some(replica) = leading.followers.get_mut(&follower)
        {
            replica.kept_up(until);
        }
    }

    /// Follower's rule: its high watermark is the leader's, as far as its own log reaches. Returns the
    /// move, when there is one. It may move back only by truncation.
    pub fn follow_high_watermark(&mut self, leaders: Offset) -> Option<(Offset, Offset)> {
        let to = leaders.min(self.log.log_end_offset());
        let from = self.high_watermark;
        if to <= from {
            return None;
        }
        self.high_watermark = to;
        Some((from, to))
    }
}
