//! Partitions change leader and ISR (`ZkPartitionStateMachine`, `ZkReplicaStateMachine`).
//!
//! Always the same steps: read the states from ZooKeeper, decide, write each on the condition that
//! nobody wrote in between, do those again that lost the race with their leader's AlterPartition, and
//! tell the brokers. Every write raises the leader epoch and carries the controller's epoch.

use crate::engine::config::TopicConfig;
use crate::engine::controller::ControlPlane;
use crate::engine::controller::context::Status;
use crate::engine::controller::election::{self, Leadership};
use crate::engine::controller::operation::{Phase, Question};
use crate::engine::controller::state_json::{self, LeaderAndIsr, state_path, topic_path};
use crate::engine::event::{ElectionReason, EventKind};
use crate::engine::ids::{BrokerId, LeaderEpoch, PartitionEpoch, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];
type Plans = Vec<(TopicPartition, LeaderAndIsr)>;

/// Why states are read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// A leader for partitions that have none that lives.
    Elect(ElectionReason),
    /// The same, and a replica outside the ISR will do where no member of it lives.
    ElectUnclean,
    /// The preferred replica is to lead.
    Prefer,
    /// The first target of a reassignment that can is to lead.
    Reassign,
    /// Leader and ISR stay; a new epoch tells replicas of another assignment.
    RaiseEpoch,
    /// A leader in the place of a broker that is stopping.
    HandOver,
    /// A broker, gone or stopping, leaves the ISR.
    Leave(BrokerId),
}

impl ControlPlane {
    /// Elects for every partition, or those of `topic`, that is new or offline; for a new topic's
    /// sake, only the new.
    pub(super) fn elect_leaders(&mut self, reason: ElectionReason, topic: Option<&TopicName>) {
        let wanted = |partition: &TopicPartition| topic.is_none_or(|t| *t == partition.topic);
        let new = self.context.partitions.iter().filter(|(_, p)| p.status == Status::New);
        let new = new.filter(|(p, _)| wanted(p) && !self.context.is_deleting(&p.topic));
        let plans: Plans = new
            .filter_map(|(partition, entry)| {
                let state = LeaderAndIsr {
                    leadership: election::initial(
                        &entry.replicas,
                        &self.context.live_for(partition),
                    )?,
                    leader_epoch: LeaderEpoch(0),
                    controller_epoch: self.context.epoch,
                    partition_epoch: PartitionEpoch(0),
                    recovering: false,
                };
                Some((partition.clone(), state))
            })
            .collect();
        let mut partitions = match reason {
            ElectionReason::NewPartition => Vec::new(),
            _ => self.context.in_status(Status::Offline),
        };
        partitions.retain(|p| wanted(p) && !self.context.is_deleting(&p.topic));
        let transition = Transition::Elect(reason);
        let read = Phase::ReadStates { transition, partitions };
        self.queue.then([Phase::CreateStates { plans }, read]);
    }

    /// Takes a broker out of the ISRs of partitions that have one.
    pub(super) fn leave(&mut self, broker: BrokerId, mut partitions: Vec<TopicPartition>) {
        let registered = self.context.registered_ids();
        for partition in &partitions {
            self.batch.add_stop(&self.context, broker, partition, false);
        }
        let known = &self.context.partitions;
        let without_state: Vec<TopicPartition> = partitions
            .extract_if(.., |p| known.get(p).is_none_or(|entry| entry.state.is_none()))
            .collect();
        if !without_state.is_empty() {
            self.batch.add_metadata(registered, without_state);
        }
        self.queue.then([Phase::ReadStates { transition: Transition::Leave(broker), partitions }]);
    }

    pub(super) fn read_states(
        &mut self,
        transition: Transition,
        partitions: &[TopicPartition],
        results: &Results,
    ) {
        let (mut plans, mut undecided) = (Vec::new(), Vec::new());
        for (partition, result) in partitions.iter().zip(results) {
            let Ok(ZkResult::Data { data, version, .. }) = result else { continue };
            let Some(state) = state_json::read_state(data, *version) else { continue };
            if state.controller_epoch > self.context.epoch {
                continue;
            }
            let isr = &state.leadership.isr;
            let dead = !isr.iter().any(|id| self.context.is_online(*id, partition));
            match self.decide(transition, partition, &state) {
                Some(leadership) => plans.push((partition.clone(), self.next(leadership, state))),
                None if dead && matches!(transition, Transition::Elect(_)) => {
                    undecided.push((partition.clone(), state));
                }
                None => self.stay(transition, partition, state),
            }
        }
        let settings = Phase::ReadUnclean { states: undecided };
        self.queue.then([Phase::WriteStates { transition, plans }, settings]);
    }

    /// Settings of the topics whose partitions have nobody left in the ISR
    /// (`collectUncleanLeaderElectionState`).
    pub(super) fn ask_for_unclean(&self, states: &Plans) -> Question {
        let read = |(partition, _): &(TopicPartition, LeaderAndIsr)| ZkOp::GetData {
            path: state_json::config_path(&partition.topic),
            watch: false,
        };
        Question::Pipelined(states.iter().map(read).collect())
    }

    /// Elects replicas outside the ISR where their topic allows it.
    pub(super) fn read_unclean(&mut self, states: Plans, results: &Results) {
        let transition = Transition::ElectUnclean;
        let mut plans = Vec::new();
        for ((partition, state), result) in states.into_iter().zip(results) {
            let own = match result {
                Ok(ZkResult::Data { data, .. }) => state_json::read_config(data),
                Err(ZkError::NoNode) => Some(Default::default()),
                _ => None,
            };
            let allowed = own.is_some_and(|own| {
                TopicConfig::resolve(&self.config, &own).unclean_leader_election_enable
            });
            if let Some(leadership) =
                self.decide(transition, &partition, &state).filter(|_| allowed)
            {
                plans.push((partition, self.next(leadership, state)));
            }
        }
        self.queue.then([Phase::WriteStates { transition, plans }]);
    }

    /// The state that a decision leads to.
    fn next(&self, leadership: Leadership, state: LeaderAndIsr) -> LeaderAndIsr {
        let unclean = leadership.leader.is_some_and(|id| !state.leadership.isr.contains(&id));
        LeaderAndIsr {
            leadership,
            leader_epoch: LeaderEpoch(
                state.leader_epoch.0 + i32::from(!planted::has(Bug::EpochNotRaised)),
            ),
            controller_epoch: self.context.epoch,
            recovering: state.recovering || unclean,
            ..state
        }
    }

    pub(super) fn ask_to_write_states(&self, plans: &Plans) -> Question {
        let write = |(partition, state): &(TopicPartition, LeaderAndIsr)| ZkOp::SetData {
            path: state_path(partition),
            data: state_json::state(state),
            version: state.partition_epoch.0,
        };
        Question::Guarded(plans.iter().map(write).collect())
    }

    pub(super) fn wrote_states(
        &mut self,
        ctx: &mut Ctx,
        transition: Transition,
        plans: Plans,
        results: &Results,
    ) {
        if fenced(results) {
            return self.moved(ctx);
        }
        let mut again = Vec::new();
        for ((partition, mut state), result) in plans.into_iter().zip(results) {
            match result {
                Ok(ZkResult::Set { version }) => {
                    state.partition_epoch = PartitionEpoch(*version);
                    self.changed(ctx, transition, &partition, state);
                }
                Err(ZkError::BadVersion) => again.push(partition),
                _ => {}
            }
        }
        if !again.is_empty() {
            self.queue.then([Phase::ReadStates { transition, partitions: again }]);
        }
    }

    pub(super) fn ask_to_create_states(&self, plans: &Plans) -> Question {
        let create = |path: String, data| ZkOp::Create {
            path: path.into(),
            data,
            ephemeral: false,
            sequential: false,
        };
        let mut ops = Vec::new();
        let mut last: Option<&TopicName> = None;
        for (partition, state) in plans {
            let partitions = format!("{}/partitions", topic_path(&partition.topic));
            if last.replace(&partition.topic) != Some(&partition.topic) {
                ops.push(create(partitions.clone(), "".into()));
            }
            ops.push(create(format!("{partitions}/{}", partition.partition), "".into()));
            ops.push(create(state_path(partition).to_string(), state_json::state(state)));
        }
        Question::Guarded(ops)
    }

    /// A state that was there already (its answer was lost, or the controller before wrote it) is
    /// taken over.
    pub(super) fn created_states(&mut self, ctx: &mut Ctx, plans: Plans, results: &Results) {
        if fenced(results) {
            return self.moved(ctx);
        }
        let created: Vec<bool> = results.iter().map(Result::is_ok).collect();
        let mut index = 0;
        let mut there = Vec::new();
        let mut last: Option<TopicName> = None;
        for (partition, state) in plans {
            if last.as_ref() != Some(&partition.topic) {
                last = Some(partition.topic.clone());
                index += 1;
            }
            index += 2;
            if created.get(index - 1) == Some(&true) {
                self.started(ctx, &partition, state);
            } else {
                there.push(partition);
            }
        }
        if !there.is_empty() {
            self.queue.then([Phase::AdoptStates { partitions: there }]);
        }
    }

    /// Takes over states that somebody wrote before.
    pub(super) fn adopted_states(&mut self, partitions: &[TopicPartition], results: &Results) {
        for (partition, result) in partitions.iter().zip(results) {
            let Ok(ZkResult::Data { data, version, .. }) = result else { continue };
            let Some(state) = state_json::read_state(data, *version) else { continue };
            let led = state.leadership.leader;
            let led = led.is_some_and(|leader| self.context.is_online(leader, partition));
            let isr = state.leadership.isr.clone();
            self.context.put_state(partition, state);
            self.context.put_status(partition, if led { Status::Online } else { Status::Offline });
            self.batch.add_roles(&self.context, &isr, partition, true);
        }
    }

    fn started(&mut self, ctx: &mut Ctx, partition: &TopicPartition, state: LeaderAndIsr) {
        emit(ctx, partition, &state, ElectionReason::NewPartition);
        let isr = state.leadership.isr.clone();
        self.context.put_state(partition, state);
        self.context.put_status(partition, Status::Online);
        self.batch.add_roles(&self.context, &isr, partition, true);
    }

    fn decide(
        &self,
        transition: Transition,
        partition: &TopicPartition,
        state: &LeaderAndIsr,
    ) -> Option<Leadership> {
        let replicas = &self.context.partitions.get(partition)?.replicas;
        let isr = &state.leadership.isr;
        let live = self.context.live_for(partition);
        match transition {
            Transition::Elect(_) => election::offline(replicas, isr, &live),
            Transition::ElectUnclean => {
                let clean = election::offline(replicas, isr, &live);
                clean.or_else(|| election::unclean(replicas, &live))
            }
            Transition::Prefer => election::preferred(replicas, isr, &live),
            Transition::Reassign => election::reassigned(replicas, isr, &live),
            Transition::RaiseEpoch => Some(state.leadership.clone()),
            Transition::HandOver => {
                let mut registered = self.context.registered_ids();
                let stopping = &self.context.stopping;
                registered.retain(|id| stopping.contains(id) || live.contains(id));
                election::controlled_shutdown(replicas, isr, &registered, stopping)
            }
            Transition::Leave(broker) => election::without(&state.leadership, broker),
        }
    }

    /// Nothing is written. A broker that had left the ISR before is still told to the others.
    fn stay(&mut self, transition: Transition, partition: &TopicPartition, state: LeaderAndIsr) {
        if let Transition::Leave(broker) = transition {
            self.context.put_state(partition, state);
            self.tell(partition, |id| id != broker);
        }
    }

    fn changed(
        &mut self,
        ctx: &mut Ctx,
        transition: Transition,
        partition: &TopicPartition,
        state: LeaderAndIsr,
    ) {
        let has_leader = state.leadership.leader.is_some();
        let entry = self.context.partitions.get(partition);
        let known = entry.and_then(|entry| entry.state.as_ref()).map(|state| &state.leadership.isr);
        let clean = known.zip(state.leadership.leader).is_none_or(|(isr, id)| isr.contains(&id));
        let reason = match transition {
            Transition::Elect(reason) => reason,
            Transition::ElectUnclean if clean => ElectionReason::ReplicaReturned,
            Transition::ElectUnclean => ElectionReason::UncleanElection,
            Transition::Prefer => ElectionReason::PreferredReplica,
            Transition::Reassign | Transition::RaiseEpoch => ElectionReason::Reassignment,
            Transition::HandOver => ElectionReason::ControlledShutdown,
            Transition::Leave(_) if has_leader => ElectionReason::FollowerLeft,
            Transition::Leave(_) => ElectionReason::LeaderDied,
        };
        let leaving = self.context.is_deleting(&partition.topic);
        if !leaving && transition != Transition::RaiseEpoch {
            emit(ctx, partition, &state, reason);
        }
        self.context.put_state(partition, state);
        match transition {
            Transition::RaiseEpoch => self.tell(partition, |_| true),
            Transition::Leave(broker) => self.tell(partition, |id| id != broker),
            Transition::Prefer | Transition::Reassign => {
                self.context.put_status(partition, Status::Online);
                self.tell(partition, |_| true);
            }
            Transition::Elect(_) | Transition::ElectUnclean => {
                self.context.put_status(partition, Status::Online);
                let live = self.context.live_for(partition);
                self.tell(partition, |id| live.contains(&id));
            }
            Transition::HandOver => {
                self.context.put_status(partition, Status::Online);
                let registered = self.context.registered_ids();
                self.tell(partition, |id| registered.contains(&id));
            }
        }
    }

    fn tell(&mut self, partition: &TopicPartition, wanted: impl Fn(BrokerId) -> bool) {
        let Some(entry) = self.context.partitions.get(partition) else { return };
        if self.context.is_deleting(&partition.topic) {
            return;
        }
        let replicas: Vec<BrokerId> =
            entry.replicas.iter().copied().filter(|id| wanted(*id)).collect();
        self.batch.add_roles(&self.context, &replicas, partition, false);
    }
}

/// Whether another controller has raised the epoch in the meantime.
pub(super) fn fenced(results: &Results) -> bool {
    results.contains(&Err(ZkError::Fenced))
}

fn emit(ctx: &mut Ctx, partition: &TopicPartition, state: &LeaderAndIsr, reason: ElectionReason) {
    ctx.emit(EventKind::LeaderElected {
        partition: partition.clone(),
        leader: state.leadership.leader,
        leader_epoch: state.leader_epoch,
        isr: state.leadership.isr.clone(),
        reason,
    });
}
