//! The controller in depth: what it believes of every partition beside what the replicas believe, and
//! the work that waits.

use crate::engine::controller::context::Partition;
use crate::engine::ids::{
    BrokerId, ControllerEpoch, LeaderEpoch, NodeId, PartitionEpoch, TopicPartition,
};
use crate::engine::protocol::Api;
use crate::engine::sim::world::World;

/// A broker that believes to be the controller. A paused one may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerInside {
    /// Which broker.
    pub broker: BrokerId,
    /// Its reign.
    pub epoch: ControllerEpoch,
    /// Brokers that are registered, with the epochs of their registrations.
    pub registered: Vec<(BrokerId, i64)>,
    /// Those of them that asked to stop.
    pub stopping: Vec<BrokerId>,
    /// Partitions, in order.
    pub partitions: Vec<PartitionBelief>,
    /// Whether an event is being worked on.
    pub working: bool,
    /// Kafka's names of the events that wait, first first.
    pub queued: Vec<&'static str>,
    /// Requests that a broker has not answered: whose, how many, and the first of them.
    pub unanswered: Vec<(BrokerId, u64, Option<Api>)>,
}

/// What somebody believes of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belief {
    /// Who leads; `None` is −1.
    pub leader: Option<BrokerId>,
    /// Number of the leader's reign.
    pub leader_epoch: LeaderEpoch,
    /// In-sync replicas.
    pub isr: Vec<BrokerId>,
    /// Version of the state.
    pub partition_epoch: PartitionEpoch,
}

/// A partition as the controller knows it, and those of its replicas that know something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionBelief {
    /// Which.
    pub partition: TopicPartition,
    /// Assigned replicas, preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// What the controller believes; `None` while the partition has no state.
    pub state: Option<Belief>,
    /// Running brokers that believe something else; `None` of one that knows nothing yet.
    pub others: Vec<(BrokerId, Option<Belief>)>,
}

/// Looks into a controller; `None` when the broker does not believe to be one.
pub fn look(world: &World, broker: BrokerId) -> Option<ControllerInside> {
    let control = world.broker(broker)?.control();
    if !control.is_controller() {
        return None;
    }
    let context = control.context();
    let partition = |(id, known): (&TopicPartition, &Partition)| believed(world, id, known);
    let unanswered = control.unanswered().filter(|(_, count, _)| *count > 0);
    Some(ControllerInside {
        broker,
        epoch: control.controller_epoch(),
        registered: context.registered.iter().map(|(id, epoch)| (*id, *epoch)).collect(),
        stopping: context.stopping.iter().copied().collect(),
        partitions: context.partitions.iter().map(partition).collect(),
        working: control.is_working(),
        queued: control.queued().collect(),
        unanswered: unanswered.map(|(id, count, first)| (id, count as u64, first)).collect(),
    })
}

fn believed(world: &World, id: &TopicPartition, known: &Partition) -> PartitionBelief {
    let state = known.state.as_ref().map(|state| Belief {
        leader: state.leadership.leader,
        leader_epoch: state.leader_epoch,
        isr: state.leadership.isr.clone(),
        partition_epoch: state.partition_epoch,
    });
    let other = |broker: &BrokerId| {
        let is_up = world.host(NodeId::Broker(*broker)).is_some_and(|host| host.life.is_up());
        let belief = is_up.then(|| replica_belief(world, *broker, id))?;
        let agree = agrees(*broker, state.as_ref(), belief.as_ref());
        (!agree).then_some((*broker, belief))
    };
    PartitionBelief {
        partition: id.clone(),
        replicas: known.replicas.to_vec(),
        others: known.replicas.iter().filter_map(other).collect(),
        state,
    }
}

fn replica_belief(world: &World, broker: BrokerId, id: &TopicPartition) -> Option<Belief> {
    let replica = world.broker(broker)?.partition(id)?;
    replica.state.as_ref()?;
    Some(Belief {
        leader: replica.leader(),
        leader_epoch: replica.leader_epoch(),
        isr: replica.isr().to_vec(),
        partition_epoch: replica.partition_epoch(),
    })
}

/// Whether a replica knows what the controller knows. Only the leader's ISR counts: a follower is told
/// of an ISR with a new leader and makes no use of it, so that an older one is in order.
fn agrees(broker: BrokerId, controller: Option<&Belief>, replica: Option<&Belief>) -> bool {
    match (controller, replica) {
        (Some(a), Some(b)) => {
            let same_reign = a.leader == b.leader && a.leader_epoch == b.leader_epoch;
            let same_isr = a.isr.len() == b.isr.len() && a.isr.iter().all(|id| b.isr.contains(id));
            same_reign && (same_isr || a.leader != Some(broker))
        }
        (None, None) => true,
        _ => false,
    }
}
