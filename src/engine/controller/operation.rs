//! The controller's event queue: one thing at a time (Kafka's `ControllerEventManager`).
//!
//! An event becomes a row of phases. A phase either does its work at once or asks ZooKeeper and ends
//! when the answer is there; phases may put others before the rest. The next event waits until the
//! row is empty, so that no decision is taken on half-changed knowledge.

use std::collections::{BTreeSet, VecDeque};

use kafka_protocol::messages::{AlterPartitionReassignmentsRequest, ElectLeadersRequest};

use crate::engine::controller::ControlPlane;
use crate::engine::controller::admin_znodes::{PREFERRED_ELECTION, REASSIGN_PARTITIONS, Settled};
use crate::engine::controller::alter_partition::IsrWrites;
use crate::engine::controller::elect_leaders::Ballot;
use crate::engine::controller::partitions::{Transition, fenced};
use crate::engine::controller::reassign::Assignment;
use crate::engine::controller::reassign_request::Answers;
use crate::engine::controller::state_json::LeaderAndIsr;
use crate::engine::event::ElectionReason;
use crate::engine::ids::{
    BrokerEpoch, BrokerId, ControllerEpoch, CorrelationId, NodeId, Text, TopicName, TopicPartition,
};
use crate::engine::node::Ctx;
use crate::engine::protocol::inter_broker::AlterPartitionRequest;
use crate::engine::protocol::zk::ZkOp;
use crate::engine::zookeeper::client::ZkResults;

/// Who asked, for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The node to answer.
    pub from: NodeId,
    /// The request's number.
    pub correlation: CorrelationId,
    /// Its version.
    pub version: i16,
}

/// Something for the controller to deal with.
#[derive(Clone, Debug)]
pub enum ControllerEvent {
    /// `/controller` came, went or changed, or this broker has just registered.
    ControllerChange,
    /// Brokers came or went.
    BrokerChange,
    /// Topics came.
    TopicChange,
    /// A leader wants ISRs changed.
    AlterPartition { asker: Asker, request: AlterPartitionRequest },
    /// A broker wants to stop.
    ControlledShutdown { asker: Asker, broker: BrokerId, epoch: BrokerEpoch },
    /// An admin wants leaders elected.
    ElectLeaders { asker: Asker, request: ElectLeadersRequest },
    /// Topics were marked for deletion.
    TopicDeletion,
    /// A topic's znode changed.
    PartitionModifications { topic: TopicName },
    /// A broker answered that it deleted replicas, or why not.
    ReplicasDeleted { broker: BrokerId, partitions: Vec<(TopicPartition, i16)> },
    /// An admin wants other replicas.
    Reassign { asker: Asker, request: AlterPartitionReassignmentsRequest },
    /// It is time to see whether leaders are where they belong.
    RebalanceLeaders,
    /// Unclean elections are allowed from now on, for a topic or by default.
    UncleanEnabled { topic: Option<TopicName> },
    /// Brokers have lost log directories.
    LogDirFailure,
    /// `/admin/reassign_partitions` was made, or is to be looked for.
    ZnodeReassignment,
    /// `/admin/preferred_replica_election` was made, or is to be looked for.
    ZnodeElection,
    /// A broker answered which of its replicas are in failed log directories, and which are not.
    LeaderAndIsrAnswered {
        broker: BrokerId,
        offline: Vec<TopicPartition>,
        online: Vec<TopicPartition>,
    },
}

impl ControllerEvent {
    /// Kafka's name of it (`ControllerState` and the classes beside it).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            ControllerEvent::ControllerChange => "ControllerChange",
            ControllerEvent::BrokerChange => "BrokerChange",
            ControllerEvent::TopicChange => "TopicChange",
            ControllerEvent::AlterPartition { .. } => "AlterPartition",
            ControllerEvent::ControlledShutdown { .. } => "ControlledShutdown",
            ControllerEvent::ElectLeaders { .. } => "ReplicaLeaderElection",
            ControllerEvent::TopicDeletion => "TopicDeletion",
            ControllerEvent::PartitionModifications { .. } => "PartitionModifications",
            ControllerEvent::ReplicasDeleted { .. } => "TopicDeletionStopReplicaResponseReceived",
            ControllerEvent::Reassign { .. } => "ApiPartitionReassignment",
            ControllerEvent::RebalanceLeaders => "AutoPreferredReplicaLeaderElection",
            ControllerEvent::UncleanEnabled { topic: None } => "UncleanLeaderElectionEnable",
            ControllerEvent::UncleanEnabled { .. } => "TopicUncleanLeaderElectionEnable",
            ControllerEvent::LogDirFailure => "LogDirEventNotification",
            ControllerEvent::ZnodeReassignment => "ZkPartitionReassignment",
            ControllerEvent::ZnodeElection => "ReplicaLeaderElection",
            ControllerEvent::LeaderAndIsrAnswered { .. } => "LeaderAndIsrResponseReceived",
        }
    }
}

/// One phase of an event's work.
#[derive(Clone, Debug)]
pub enum Phase {
    /// Look who is the controller; claim the post when it is vacant.
    FindController,
    /// Make `/controller_epoch`, which is not there yet.
    CreateEpoch,
    /// Read `/controller_epoch`.
    ReadEpoch,
    /// Create `/controller` and raise the epoch, both or neither.
    Claim { epoch: ControllerEpoch, version: i32 },
    /// See whether a claim that failed had been granted before.
    CheckClaim { epoch: ControllerEpoch },
    /// New controller: list brokers and topics.
    ListCluster,
    /// New controller: read brokers and topics.
    LoadCluster { brokers: Vec<BrokerId>, topics: Vec<TopicName> },
    /// New controller: read the states of partitions.
    LoadStates { partitions: Vec<TopicPartition> },
    /// New controller: tell the brokers who lives and what they hold.
    Introduce,
    /// New controller: note where each partition stands.
    Classify,
    /// List brokers after a change.
    ListBrokers,
    /// Read brokers after a change.
    LoadBrokers { brokers: Vec<BrokerId> },
    /// Brokers came; with their broker epochs.
    BrokersUp { brokers: Vec<(BrokerId, i64)> },
    /// Brokers went.
    BrokersDown { brokers: Vec<BrokerId> },
    /// List topics after a change.
    ListTopics,
    /// Read new topics.
    LoadTopics { topics: Vec<TopicName> },
    /// Elect leaders of new and offline partitions, all or those of one topic.
    Elect { reason: ElectionReason, topic: Option<TopicName> },
    /// Write the first states of new partitions.
    CreateStates { plans: Vec<(TopicPartition, LeaderAndIsr)> },
    /// Read states of new partitions that turned out to be there.
    AdoptStates { partitions: Vec<TopicPartition> },
    /// Take a broker that is gone or stopping out of the ISRs of its partitions.
    Leave { broker: BrokerId, partitions: Vec<TopicPartition> },
    /// Read the states of partitions that are to change.
    ReadStates { transition: Transition, partitions: Vec<TopicPartition> },
    /// Read whether topics allow unclean elections, for partitions without a live ISR member.
    ReadUnclean { states: Vec<(TopicPartition, LeaderAndIsr)> },
    /// Write the states that were decided.
    WriteStates { transition: Transition, plans: Vec<(TopicPartition, LeaderAndIsr)> },
    /// Send what has been gathered.
    Flush,
    /// List topics that are marked for deletion.
    ListDeletions,
    /// Take the marks of these topics away.
    Unmark { topics: Vec<TopicName> },
    /// Go on with deletions.
    ResumeDeletions,
    /// Go on with this topic's deletion, if it is to be deleted.
    ResumeDeletionsOf { topic: TopicName },
    /// Have the replicas of a topic deleted that have been stopped.
    StartReplicaDeletion { topic: TopicName },
    /// Remove a deleted topic's znodes.
    RemoveTopic { topic: TopicName },
    /// Read a topic's znode again.
    ReadTopic { topic: TopicName },
    /// Begin a reassignment: write what is to be.
    Reassign { partition: TopicPartition, assignment: Assignment },
    /// Go on with a reassignment as far as its ISR allows.
    AdvanceReassignment { partition: TopicPartition },
    /// Go on with every reassignment, but those that the znode has just asked for.
    ResumeReassignments,
    /// Make replicas that are being added follow.
    StartReplicas { partition: TopicPartition, brokers: Vec<BrokerId> },
    /// Have replicas deleted that are no longer assigned.
    DeleteReplicas { partition: TopicPartition, brokers: Vec<BrokerId> },
    /// Write a partition's assignment.
    WriteAssignment { partition: TopicPartition },
    /// Tell brokers of a partition.
    TellMetadata { brokers: BTreeSet<BrokerId>, partition: TopicPartition },
    /// Tell an admin which reassignments began.
    AnswerReassignment(Answers),
    /// Write the ISRs that a leader asked for.
    WriteIsrs(IsrWrites),
    /// Tell a stopping broker what it still leads.
    AnswerShutdown { asker: Asker, broker: BrokerId },
    /// Tell an admin what became of its elections.
    AnswerElection(Ballot),
    /// List notifications of failed log directories.
    ListLogDirEvents,
    /// Read them.
    ReadLogDirEvents { names: Vec<Text> },
    /// Delete them.
    DeleteLogDirEvents { names: Vec<Text> },
    /// Look which reassignments a znode asks for.
    FindReassignments,
    /// Read that znode, to take partitions out of it.
    ReadSettled(Settled),
    /// Write what is left of it.
    WriteReassignments { left: Vec<(TopicPartition, Vec<BrokerId>)> },
    /// Look which elections a znode asks for.
    FindElections,
    /// Delete that znode.
    DeleteElections,
}

/// The event being worked on.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    phases: VecDeque<Phase>,
    waiting: Option<Phase>,
}

/// The queue and the event being worked on.
#[derive(Clone, Debug, Default)]
pub struct EventQueue {
    events: VecDeque<ControllerEvent>,
    current: Option<Operation>,
    /// Number of the question to ZooKeeper that is awaited; answers to others are stale.
    serial: u64,
}

impl EventQueue {
    /// Puts phases before the rest of the current event's.
    pub fn then(&mut self, phases: impl IntoIterator<Item = Phase>) {
        let current = self.current.get_or_insert_default();
        for (place, phase) in phases.into_iter().enumerate() {
            current.phases.insert(place, phase);
        }
    }

    /// Gives the current event up; returns its phases that were not finished.
    pub fn abandon(&mut self) -> Vec<Phase> {
        self.serial += 1;
        let operation = self.current.take().unwrap_or_default();
        operation.waiting.into_iter().chain(operation.phases).collect()
    }

    /// Events that wait, first first.
    pub fn queued(&self) -> impl Iterator<Item = &ControllerEvent> {
        self.events.iter()
    }

    /// Whether an event is being worked on.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.current.is_some()
    }

    /// Takes every queued event.
    pub fn drain(&mut self) -> VecDeque<ControllerEvent> {
        std::mem::take(&mut self.events)
    }

    /// Puts an event behind the others.
    pub fn push_last(&mut self, event: ControllerEvent) {
        self.events.push_back(event);
    }

    /// Puts an event before the others.
    pub fn push_first(&mut self, event: ControllerEvent) {
        self.events.push_front(event);
    }
}

impl ControlPlane {
    /// Queues an event and works as far as is possible now.
    pub(super) fn enqueue(&mut self, ctx: &mut Ctx, event: ControllerEvent) {
        self.queue.events.push_back(event);
        self.work(ctx);
    }

    /// Works on the queue until ZooKeeper must answer or nothing is left.
    pub(super) fn work(&mut self, ctx: &mut Ctx) {
        loop {
            match &mut self.queue.current {
                Some(operation) if operation.waiting.is_some() => return,
                Some(operation) => match operation.phases.pop_front() {
                    Some(phase) => self.begin(ctx, phase),
                    None => self.queue.current = None,
                },
                None => match self.queue.events.pop_front() {
                    Some(event) => {
                        self.queue.current = Some(Operation::default());
                        self.open(ctx, event);
                    }
                    None => return,
                },
            }
        }
    }

    /// ZooKeeper answered the question numbered `serial`.
    pub(super) fn on_answer(&mut self, ctx: &mut Ctx, serial: u64, results: ZkResults) {
        if serial != self.queue.serial {
            return;
        }
        let waiting = self.queue.current.as_mut().and_then(|operation| operation.waiting.take());
        if let Some(phase) = waiting {
            self.finish(ctx, phase, results);
        }
        self.work(ctx);
    }

    /// Asks ZooKeeper on behalf of a phase, which ends with the answer. Without operations there is
    /// nothing to wait for.
    pub(super) fn await_answer(&mut self, ctx: &mut Ctx, phase: Phase, question: Question) {
        if question.is_empty() {
            return self.finish(ctx, phase, Vec::new());
        }
        self.queue.serial += 1;
        let tag = crate::engine::controller::Tag::Controller(self.queue.serial);
        self.queue.current.get_or_insert_default().waiting = Some(phase);
        match question {
            Question::Pipelined(ops) => self.zk.ask(ctx, tag, ops),
            Question::Atomic(ops) => self.zk.ask_atomic(ctx, tag, ops),
            Question::Guarded(ops) => {
                let path = crate::engine::controller::state_json::CONTROLLER_EPOCH.into();
                self.zk.ask_guarded(ctx, tag, (path, self.context.epoch_version), ops);
            }
        }
    }

    fn open(&mut self, ctx: &mut Ctx, event: ControllerEvent) {
        match event {
            ControllerEvent::ControllerChange => self.queue.then([Phase::FindController]),
            ControllerEvent::BrokerChange
            | ControllerEvent::TopicChange
            | ControllerEvent::RebalanceLeaders
            | ControllerEvent::TopicDeletion
            | ControllerEvent::PartitionModifications { .. }
            | ControllerEvent::ReplicasDeleted { .. }
            | ControllerEvent::UncleanEnabled { .. }
            | ControllerEvent::LogDirFailure
            | ControllerEvent::ZnodeReassignment
            | ControllerEvent::ZnodeElection
            | ControllerEvent::LeaderAndIsrAnswered { .. }
                if !self.active => {}
            ControllerEvent::ZnodeReassignment => self.queue.then([Phase::FindReassignments]),
            ControllerEvent::ZnodeElection => self.queue.then([Phase::FindElections]),
            ControllerEvent::LogDirFailure => self.queue.then([Phase::ListLogDirEvents]),
            ControllerEvent::LeaderAndIsrAnswered { broker, offline, online } => {
                self.leader_and_isr_answered(ctx, broker, offline, &online);
            }
            ControllerEvent::TopicDeletion => self.queue.then([Phase::ListDeletions]),
            ControllerEvent::PartitionModifications { topic } => {
                self.queue.then([Phase::ReadTopic { topic }]);
            }
            ControllerEvent::ReplicasDeleted { broker, partitions } => {
                self.replicas_deleted(broker, partitions);
            }
            ControllerEvent::Reassign { asker, request } => {
                self.reassign_as_asked(ctx, asker, &request);
            }
            ControllerEvent::BrokerChange => self.queue.then([Phase::ListBrokers]),
            ControllerEvent::TopicChange => self.queue.then([Phase::ListTopics]),
            ControllerEvent::RebalanceLeaders => self.rebalance_leaders(),
            ControllerEvent::UncleanEnabled { topic } => {
                let elect = Phase::Elect { reason: ElectionReason::ReplicaReturned, topic };
                self.queue.then([elect, Phase::Flush]);
            }
            ControllerEvent::ElectLeaders { asker, request } => {
                self.elect_as_asked(ctx, asker, &request);
            }
            ControllerEvent::AlterPartition { asker, request } => {
                self.alter_partition(ctx, asker, &request);
            }
            ControllerEvent::ControlledShutdown { asker, broker, epoch } => {
                self.controlled_shutdown(ctx, asker, (broker, epoch));
            }
        }
    }

    fn begin(&mut self, ctx: &mut Ctx, phase: Phase) {
        match phase {
            Phase::Introduce => self.introduce(ctx),
            Phase::Classify => self.classify(),
            Phase::BrokersUp { brokers } => self.brokers_up(ctx, &brokers),
            Phase::BrokersDown { brokers } => self.brokers_down(ctx, &brokers),
            Phase::Elect { reason, topic } => self.elect_leaders(reason, topic.as_ref()),
            Phase::Leave { broker, partitions } => self.leave(broker, partitions),
            Phase::Flush => self.flush(ctx),
            Phase::AnswerShutdown { asker, broker } => self.answer_shutdown(ctx, asker, broker),
            Phase::AnswerElection(ballot) => self.answer_election(ctx, ballot),
            Phase::ResumeDeletions => self.resume_deletions(),
            Phase::ResumeDeletionsOf { topic } => self.resume_deletions_of([topic]),
            Phase::StartReplicaDeletion { topic } => self.start_replica_deletion(&topic),
            Phase::AdvanceReassignment { partition } => self.advance_reassignment(ctx, partition),
            Phase::ResumeReassignments => self.resume_reassignments(None),
            Phase::StartReplicas { partition, brokers } => {
                self.start_replicas(&partition, &brokers);
            }
            Phase::DeleteReplicas { partition, brokers } => {
                for broker in brokers {
                    self.batch.add_stop(&self.context, broker, &partition, true);
                }
            }
            Phase::TellMetadata { brokers, partition } => {
                self.batch.add_metadata(brokers, [partition]);
            }
            Phase::AnswerReassignment(answers) => answers.send(ctx),
            asking => {
                let question = self.question(ctx, &asking);
                self.await_answer(ctx, asking, question);
            }
        }
    }

    fn question(&mut self, ctx: &Ctx, phase: &Phase) -> Question {
        match phase {
            Phase::FindController | Phase::CheckClaim { .. } => self.ask_for_controller(),
            Phase::CreateEpoch => self.ask_for_new_epoch(),
            Phase::ReadEpoch => self.ask_for_epoch(),
            Phase::Claim { epoch, version } => self.ask_for_post(ctx, *epoch, *version),
            Phase::ListCluster => self.ask_for_cluster(),
            Phase::LoadCluster { brokers, topics } => self.ask_for_members(brokers, topics),
            Phase::LoadStates { partitions }
            | Phase::AdoptStates { partitions }
            | Phase::ReadStates { partitions, .. } => self.ask_for_states(partitions),
            Phase::ListBrokers => self.ask_for_broker_list(),
            Phase::LoadBrokers { brokers } => self.ask_for_members(brokers, &[]),
            Phase::ListTopics => self.ask_for_topic_list(),
            Phase::LoadTopics { topics } => self.ask_for_members(&[], topics),
            Phase::CreateStates { plans } => self.ask_to_create_states(plans),
            Phase::ReadUnclean { states } => self.ask_for_unclean(states),
            Phase::WriteStates { plans, .. } => self.ask_to_write_states(plans),
            Phase::WriteIsrs(writes) => self.ask_to_write_states(&writes.plans),
            Phase::ListDeletions => self.ask_for_deletions(),
            Phase::Unmark { topics } => self.ask_to_unmark(topics),
            Phase::RemoveTopic { topic } => self.ask_to_remove_topic(topic),
            Phase::ReadTopic { topic } => self.ask_for_topic(topic),
            Phase::Reassign { partition, assignment } => {
                self.ask_to_reassign(partition, assignment)
            }
            Phase::WriteAssignment { partition } => self.ask_to_write_assignment(partition),
            Phase::ListLogDirEvents => self.ask_for_log_dir_events(),
            Phase::ReadLogDirEvents { names } => self.ask_for_failed_brokers(names),
            Phase::DeleteLogDirEvents { names } => self.ask_to_delete_log_dir_events(names),
            Phase::FindReassignments | Phase::ReadSettled(_) => {
                Self::ask_for_znode(REASSIGN_PARTITIONS)
            }
            Phase::WriteReassignments { left } => Self::ask_to_write_reassignments(left),
            Phase::FindElections => Self::ask_for_znode(PREFERRED_ELECTION),
            Phase::DeleteElections => Self::ask_to_delete_elections(),
            _ => Question::Pipelined(Vec::new()),
        }
    }

    fn finish(&mut self, ctx: &mut Ctx, phase: Phase, results: ZkResults) {
        match phase {
            Phase::FindController => self.found_controller(ctx, &results),
            Phase::CreateEpoch => self.queue.then([Phase::ReadEpoch]),
            Phase::ReadEpoch => self.found_epoch(&results),
            Phase::Claim { epoch, .. } => self.claimed(ctx, epoch, &results),
            Phase::CheckClaim { epoch } => self.checked_claim(ctx, epoch, &results),
            Phase::ListCluster => self.found_cluster(&results),
            Phase::LoadCluster { brokers, topics } => {
                self.loaded_cluster(&brokers, &topics, &results);
            }
            Phase::LoadStates { partitions } => self.loaded_states(&partitions, &results),
            Phase::ListBrokers => self.found_brokers(&results),
            Phase::LoadBrokers { brokers } => self.loaded_brokers(&brokers, &results),
            Phase::ListTopics => self.found_topics(&results),
            Phase::LoadTopics { topics } => self.loaded_topics(&topics, &results),
            Phase::CreateStates { plans } => self.created_states(ctx, plans, &results),
            Phase::AdoptStates { partitions } => self.adopted_states(&partitions, &results),
            Phase::ReadStates { transition, partitions } => {
                self.read_states(transition, &partitions, &results);
            }
            Phase::WriteStates { transition, plans } => {
                self.wrote_states(ctx, transition, plans, &results);
            }
            Phase::ReadUnclean { states } => self.read_unclean(states, &results),
            Phase::WriteIsrs(writes) => self.wrote_isrs(ctx, writes, &results),
            other => self.finish_admin(ctx, other, &results),
        }
    }

    fn finish_admin(&mut self, ctx: &mut Ctx, phase: Phase, results: &ZkResults) {
        match phase {
            Phase::ListDeletions => self.found_deletions(results),
            Phase::ListLogDirEvents => self.found_log_dir_events(results),
            Phase::ReadLogDirEvents { names } => self.read_log_dir_events(ctx, names, results),
            Phase::RemoveTopic { topic } => self.removed_topic(ctx, &topic, results),
            Phase::ReadTopic { topic } => self.found_topic(&topic, results),
            Phase::Reassign { partition, assignment } => {
                self.reassigned(ctx, partition, &assignment, results);
            }
            Phase::FindReassignments => self.found_reassignments(results),
            Phase::ReadSettled(settled) => self.read_settled(&settled, results),
            Phase::WriteReassignments { left } => self.wrote_reassignments(ctx, left, results),
            Phase::FindElections => self.found_elections(results),
            Phase::DeleteElections => self.deleted_elections(ctx, results),
            Phase::Unmark { .. }
            | Phase::WriteAssignment { .. }
            | Phase::DeleteLogDirEvents { .. }
                if fenced(results) =>
            {
                self.moved(ctx);
            }
            _ => {}
        }
    }
}

/// What a phase asks of ZooKeeper.
#[derive(Clone, Debug)]
pub enum Question {
    /// Operations one after the other.
    Pipelined(Vec<ZkOp>),
    /// All or none.
    Atomic(Vec<ZkOp>),
    /// Each only while this controller's epoch lasts.
    Guarded(Vec<ZkOp>),
}

impl Question {
    fn is_empty(&self) -> bool {
        let (Question::Pipelined(ops) | Question::Atomic(ops) | Question::Guarded(ops)) = self;
        ops.is_empty()
    }
}
