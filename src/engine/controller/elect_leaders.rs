//! Leaders are moved without anybody having died (`KafkaController.processReplicaLeaderElection`,
//! `checkAndTriggerAutoLeaderRebalance`, `ReplicaManager.electLeaders`).
//!
//! An admin asks for preferred or unclean elections, of some partitions or of all; and with
//! `auto.leader.rebalance.enable` the controller looks itself, five seconds after it took office and
//! then regularly, whether too many partitions are not led by their preferred replica.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use kafka_protocol::messages::{ElectLeadersRequest, ElectLeadersResponse, TopicName as WireTopic};

use crate::engine::controller::context::Partition;
use crate::engine::controller::operation::{Asker, Phase};
use crate::engine::controller::partitions::Transition;
use crate::engine::controller::topic_plan::{Refusal, refusal};
use crate::engine::controller::{AdminTask, ControlPlane, election, tags};
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{BrokerId, PartitionId, TopicName, TopicPartition};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::{Payload, Response};
use crate::engine::time::Micros;

/// First look of a new controller (`onControllerFailover`).
const FIRST_REBALANCE: Micros = Micros(5_000_000);

/// What an election is for (`ElectionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Preferred,
    Unclean,
}

/// An ElectLeaders request being served.
#[derive(Clone, Debug)]
pub struct Ballot {
    asker: Asker,
    kind: Kind,
    /// All partitions were asked for: those that need no election are left out of the answer.
    all: bool,
    timeout: Micros,
    /// What is settled.
    results: BTreeMap<TopicPartition, Result<(), Refusal>>,
    /// What is voted on.
    electing: Vec<TopicPartition>,
    /// Leaders that this broker's clients do not see yet.
    expected: BTreeMap<TopicPartition, BrokerId>,
}

impl ControlPlane {
    /// An ElectLeaders request has its turn.
    pub(super) fn elect_as_asked(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &ElectLeadersRequest,
    ) {
        let mut ballot = Ballot::new(asker, request);
        let wanted = self.wanted(request);
        for partition in wanted {
            match self.refuse_election(ballot.kind, &partition) {
                _ if !self.active => ballot.refuse(partition, ResponseError::NotController, None),
                Some((error, words)) => ballot.refuse(partition, error, words),
                None => ballot.electing.push(partition),
            }
        }
        let transition = match ballot.kind {
            Kind::Preferred => Transition::Prefer,
            Kind::Unclean => Transition::ElectUnclean,
        };
        if ballot.electing.is_empty() {
            return ballot.answer(ctx);
        }
        let partitions = ballot.electing.clone();
        let read = Phase::ReadStates { transition, partitions };
        self.queue.then([read, Phase::Flush, Phase::AnswerElection(ballot)]);
    }

    /// The states are written: who was elected, and who could not be. The answer waits until this
    /// broker tells its clients of the new leaders (`DelayedElectLeader`).
    pub(super) fn answer_election(&mut self, ctx: &mut Ctx, mut ballot: Ballot) {
        for partition in std::mem::take(&mut ballot.electing) {
            match self.elected(ballot.kind, &partition) {
                Some(leader) => {
                    ballot.expected.insert(partition, leader);
                }
                None => ballot.fail(partition),
            }
        }
        if ballot.expected.is_empty() {
            return ballot.answer(ctx);
        }
        let timeout = ballot.timeout;
        let id = self.add_task(AdminTask::Elect(ballot));
        self.await_task(ctx, id, timeout);
    }

    /// Whether this broker's clients see the leaders that were elected.
    pub(super) fn sees_leaders(&self, ballot: &Ballot) -> bool {
        let sees = |(partition, leader): (&TopicPartition, &BrokerId)| {
            self.leader_of(partition) == Some(*leader)
        };
        self.channels.is_idle(self.broker) && ballot.expected.iter().all(sees)
    }

    /// Arms the next look at where leaders are.
    pub(super) fn schedule_rebalance(&self, ctx: &mut Ctx, first: bool) {
        if !self.config.auto_leader_rebalance_enable {
            return;
        }
        let interval = self.config.leader_imbalance_check_interval_seconds.saturating_mul(1_000);
        let pause = if first { FIRST_REBALANCE } else { Micros::from_ms(interval) };
        let tag = tags::REBALANCE + u64::from(self.context.epoch.0.cast_unsigned());
        ctx.set_timer(pause, Timer { purpose: TimerPurpose::LeaderRebalance, tag });
    }

    /// Elects the preferred replicas of every broker that leads too few of its own partitions: more
    /// than `leader.imbalance.per.broker.percentage` of them are led by others.
    pub(super) fn rebalance_leaders(&mut self) {
        let changes = self.context.partition_changes;
        if self.context.leaders_at_home == Some(changes) {
            return;
        }
        let live = self.context.live();
        let mut owned: BTreeMap<BrokerId, (i64, Vec<TopicPartition>)> = BTreeMap::new();
        for (partition, entry) in &self.context.partitions {
            let (Some(first), Some(state)) = (entry.replicas.first(), &entry.state) else {
                continue;
            };
            if self.context.is_deleting(&partition.topic) {
                continue;
            }
            let (total, elsewhere) = owned.entry(*first).or_default();
            *total += 1;
            if state.leadership.leader != Some(*first) {
                elsewhere.push(partition.clone());
            }
        }
        let all_at_home = owned.values().all(|(_, elsewhere)| elsewhere.is_empty());
        self.context.leaders_at_home = all_at_home.then_some(changes);
        let percentage = self.config.leader_imbalance_per_broker_percentage;
        let mut phases = Vec::new();
        for (total, mut partitions) in owned.into_values() {
            let strays = i64::try_from(partitions.len()).unwrap_or(i64::MAX);
            if strays.saturating_mul(100) <= percentage.saturating_mul(total) {
                continue;
            }
            let may_lead = |entry: &Partition| {
                let isr = entry.state.as_ref().map(|state| &state.leadership.isr);
                isr.is_some_and(|isr| election::preferred(&entry.replicas, isr, &live).is_some())
            };
            partitions.retain(|p| self.context.partitions.get(p).is_some_and(may_lead));
            let transition = Transition::Prefer;
            phases.extend([Phase::ReadStates { transition, partitions }, Phase::Flush]);
        }
        self.queue.then(phases);
    }

    fn wanted(&self, request: &ElectLeadersRequest) -> Vec<TopicPartition> {
        let Some(topics) = &request.topic_partitions else {
            return self.context.partitions.keys().cloned().collect();
        };
        let all = topics.iter().flat_map(|topic| {
            let name = TopicName::new(&topic.topic);
            topic
                .partitions
                .iter()
                .map(move |index| TopicPartition::new(&name, PartitionId(*index)))
        });
        all.collect()
    }

    /// Why there is no election, before any vote.
    fn refuse_election(
        &self,
        kind: Kind,
        partition: &TopicPartition,
    ) -> Option<(ResponseError, Option<&'static str>)> {
        let Some(entry) = self.context.partitions.get(partition) else {
            let words = "The partition does not exist.";
            return Some((ResponseError::UnknownTopicOrPartition, Some(words)));
        };
        if self.context.is_deleting(&partition.topic) {
            let words = "The topic is being deleted";
            return Some((ResponseError::InvalidTopicException, Some(words)));
        }
        let leader = self.leader_of(partition);
        let needed = match kind {
            Kind::Preferred => leader != entry.replicas.first().copied(),
            Kind::Unclean => leader.is_none_or(|id| !self.context.is_online(id, partition)),
        };
        (!needed).then_some((ResponseError::ElectionNotNeeded, None))
    }

    /// The leader that an election was to bring, when it did.
    fn elected(&self, kind: Kind, partition: &TopicPartition) -> Option<BrokerId> {
        let preferred = self.context.partitions.get(partition)?.replicas.first().copied();
        let leader = self.leader_of(partition)?;
        let wanted = match kind {
            Kind::Preferred => Some(leader) == preferred,
            Kind::Unclean => self.context.is_online(leader, partition),
        };
        wanted.then_some(leader)
    }

    fn leader_of(&self, partition: &TopicPartition) -> Option<BrokerId> {
        self.context.partitions.get(partition)?.state.as_ref()?.leadership.leader
    }
}

impl Ballot {
    fn new(asker: Asker, request: &ElectLeadersRequest) -> Ballot {
        Ballot {
            asker,
            kind: if request.election_type == 1 { Kind::Unclean } else { Kind::Preferred },
            all: request.topic_partitions.is_none(),
            timeout: Micros::from_ms(i64::from(request.timeout_ms.max(0))),
            results: BTreeMap::new(),
            electing: Vec::new(),
            expected: BTreeMap::new(),
        }
    }

    /// The controller has changed: nothing more is known.
    pub(super) fn abandon(mut self, ctx: &mut Ctx) {
        for partition in std::mem::take(&mut self.electing) {
            self.refuse(partition, ResponseError::NotController, None);
        }
        self.answer(ctx);
    }

    /// The time is over.
    pub(super) fn time_out(mut self, ctx: &mut Ctx) {
        for (partition, _) in std::mem::take(&mut self.expected) {
            self.refuse(partition, ResponseError::RequestTimedOut, None);
        }
        self.answer(ctx);
    }

    pub(super) fn answer(mut self, ctx: &mut Ctx) {
        for (partition, _) in std::mem::take(&mut self.expected) {
            self.results.insert(partition, Ok(()));
        }
        let needless = ResponseError::ElectionNotNeeded.code();
        let mut topics: Vec<ReplicaElectionResult> = Vec::new();
        for (partition, result) in self.results {
            let (code, words) = match result {
                Ok(()) => (0, None),
                Err(refusal) if self.all && refusal.code == needless => continue,
                Err(refusal) => (refusal.code, refusal.message),
            };
            let row = PartitionResult::default()
                .with_partition_id(partition.partition.0)
                .with_error_code(code)
                .with_error_message(words.map(|words| words.to_string().into()));
            match topics.last_mut().filter(|last| last.topic.as_str() == partition.topic.as_str()) {
                Some(last) => last.partition_result.push(row),
                None => topics.push(
                    ReplicaElectionResult::default()
                        .with_topic(WireTopic(partition.topic.as_str().to_owned().into()))
                        .with_partition_result(vec![row]),
                ),
            }
        }
        let Asker { from, correlation, version } = self.asker;
        let response = ElectLeadersResponse::default().with_replica_election_results(topics);
        let body = Response::ElectLeaders(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }

    fn refuse(&mut self, partition: TopicPartition, error: ResponseError, words: Option<&str>) {
        let refused = Refusal { code: error.code(), message: words.map(Into::into) };
        self.results.insert(partition, Err(refused));
    }

    fn fail(&mut self, partition: TopicPartition) {
        let (error, strategy) = match self.kind {
            Kind::Preferred => (
                ResponseError::PreferredLeaderNotAvailable,
                "PreferredReplicaPartitionLeaderElectionStrategy",
            ),
            Kind::Unclean => (
                ResponseError::EligibleLeadersNotAvailable,
                "OfflinePartitionLeaderElectionStrategy(true)",
            ),
        };
        let words =
            format!("Failed to elect leader for partition {partition} under strategy {strategy}");
        self.results.insert(partition, Err(refusal(error, words.into())));
    }
}
